"""Protocol Buffers, as much of them as an ONNX file needs, so that the page writes one without a library.

A message is its fields in a row: a key, which is number · 8 + kind, then the value. The kinds here are 0, a varint
(seven bits to a byte, the lowest first, the top bit set in all but the last), 2, a length and so many bytes, which may
be a message again, and 5, a float32. https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterable

from pyapp.export.seal import Broken

VARINT, BYTES, FLOAT32 = 0, 2, 5
MASK = (1 << 64) - 1
Value = int | float | str | bytes
Fields = dict[int, list[int | float | bytes]]


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


def parsed(data: bytes) -> Fields:
    """A message's values by the numbers of their fields, in order. Broken if the bytes are no message."""
    found, at = {}, 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            value -= (value >> 63) << 64
        elif kind in (BYTES, FLOAT32):
            length, at = _varint(data, at) if kind == BYTES else (4, at)
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise Broken(f"a field of {length:,} bytes with {len(data) - at + length:,} left")
            value = struct.unpack("<f", value)[0] if kind == FLOAT32 else value
        else:
            raise Broken(f"a field of kind {kind}, where ONNX has {VARINT}, {BYTES} and {FLOAT32}")
        found.setdefault(number, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Broken("a number that has no end")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & MASK, at
    raise Broken("a number of more than ten bytes")
