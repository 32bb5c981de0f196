"""Protocol Buffers, as far as ONNX files need them, so that the page reads and writes these without a library.

A message is its fields in a row: a key, which is number · 8 + kind, then the value. The kinds here are 0, a varint
(seven bits to a byte, the lowest first, the top bit set in all but the last), 1, a float64, 2, a length and so many
bytes, which may be a message again, and 5, a float32. https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterable, Iterator

import numpy as np

from pyapp.parts import Parts, held

VARINT, FLOAT64, BYTES, FLOAT32 = 0, 1, 2, 5
FIXED = {FLOAT64: "<d", FLOAT32: "<f"}
MASK = (1 << 64) - 1
LONGEST = 10  # bytes of a varint
Value = int | float | str | bytes
InPlace = memoryview | Parts  # bytes of a file that are where they are
IN_PLACE = (memoryview, Parts)
Found = int | float | bytes | InPlace
Fields = dict[int, list[Found]]


class Malformed(ValueError):
    """Bytes are not a message; the error says what was found."""


def message(*fields: tuple[int, Value | Iterable[Value]]) -> bytes:
    """The bytes of a message. A field is its number and its value; a list or tuple is a repeated field."""
    found = bytearray()
    for number, value in fields:
        for each in value if isinstance(value, list | tuple) else (value,):
            found += _field(number, each)
    return bytes(found)


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | FLOAT32) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """A whole number; a negative one takes ten bytes, as two's complement of 64 bits."""
    value, found = value & MASK, bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def parsed(data: bytes | InPlace) -> Fields:
    """A message's values by the numbers of their fields, in order. Malformed if the bytes are no message."""
    found: Fields = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def fields(data: bytes | InPlace) -> Iterator[tuple[int, Found]]:
    """Number and value of one field after another; bytes are slices of `data`. Malformed where it is no message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value - ((value >> 63) << 64)
        elif kind == BYTES or kind in FIXED:
            length, at = _varint(data, at) if kind == BYTES else (struct.calcsize(FIXED[kind]), at)
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise Malformed(f"a field of {length:,} bytes with {len(data) - at + length:,} left")
            yield number, value if kind == BYTES else struct.unpack(FIXED[kind], value)[0]
        else:
            raise Malformed(f"a field of kind {kind}, where ONNX has {VARINT}, {FLOAT64}, {BYTES} and {FLOAT32}")


def varints(data: bytes | InPlace) -> np.ndarray:
    """The whole numbers of a packed field, int64. Malformed if the last one has no end, or one is too long."""
    each = np.frombuffer(held(data), np.uint8)
    ends = np.flatnonzero(each < 0x80)
    if each.size and (not ends.size or ends[-1] != each.size - 1):
        raise Malformed("a number that has no end")
    starts = np.append(0, ends + 1)[:-1]
    lengths = ends - starts + 1
    if lengths.max(initial=0) > LONGEST:
        raise Malformed(f"a number of more than {LONGEST} bytes")
    found = np.zeros(ends.size, np.uint64)
    for i in range(lengths.max(initial=0)):
        has = lengths > i
        found[has] |= (each[starts[has] + i] & 0x7F).astype(np.uint64) << np.uint64(7 * i)
    return found.view(np.int64)


def _varint(data: bytes | InPlace, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where the next item begins."""
    value = 0
    for shift in range(0, 7 * LONGEST, 7):
        if at >= len(data):
            raise Malformed("a number that has no end")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & MASK, at
    raise Malformed(f"a number of more than {LONGEST} bytes")
