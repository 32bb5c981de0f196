"""The safetensors format, written and read strictly: a header in JSON that names every tensor, then their bytes.

Format: https://github.com/huggingface/safetensors#format. Eight bytes say how long the header is, lowest first. The
header maps a name to dtype, shape and data_offsets (begin and end, counted from the end of the header), and
`__metadata__` to strings. Tensors follow each other without gaps.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pyapp import files
from pyapp.parts import Parts

METADATA = "__metadata__"
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
          "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?"}
BF16 = "BF16"  # the upper half of a float32; NumPy has no such type, so it is read as float32
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
READ = {**{name: 8 * np.dtype(dtype).itemsize for name, dtype in DTYPES.items()}, BF16: 16}  # bits a number
LONGEST = 100_000_000  # bytes of a header, as in the reference implementation
FIELDS = {"dtype", "shape", "data_offsets"}  # of every tensor in the header
AXES = 32
ALIGNED = 8  # bytes: spaces fill the header up, so that the numbers are aligned


class Damaged(ValueError):
    """Bytes are not a safetensors file; the message says what was found, and in which tensor."""


def recognises(data: bytes) -> bool:
    """Whether bytes begin as such a file does: a length, then a JSON object."""
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= LONGEST


def pack(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Arrays as the bytes of a file; equal arrays give equal bytes. ValueError for a type that the format lacks."""
    header: dict[str, object] = {METADATA: dict(metadata)}
    parts, at = [], 0
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        if little.dtype not in NAMES:
            raise ValueError(f"{name} has dtype {array.dtype}, which safetensors cannot hold")
        parts.append(little.tobytes())
        place = [at, at := at + little.nbytes]
        header[name] = {"dtype": NAMES[little.dtype], "shape": list(array.shape), "data_offsets": place}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNED)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def unpack(data: bytes, most: int = files.LARGEST) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata of a file. Damaged names the first tensor that is not as the format has it; a file
    of more than `most` bytes is refused."""
    if len(data) > most:
        raise Damaged(f"{len(data):,} bytes, more than {most:,}")
    found, metadata = entries(data, READ)
    return {each.name: _array(data, each) for each in found}, metadata


def entries(data: bytes | memoryview | Parts, bits: Mapping[str, int], longest: int = LONGEST
            ) -> tuple[list["Entry"], dict[str, str]]:
    """The tensors that a file's header names, in its order, and its metadata; no number is read. `bits` are those of
    the types that the caller reads. Damaged names the first tensor that is not as the format has it."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(longest, len(data) - 8):
        raise Damaged(f"a header of {length:,} bytes in {len(data):,}: the file was cut off, or is something else")
    try:
        header = files.json_of(bytes(data[8 : 8 + length]))
        if not isinstance(header, dict):
            raise ValueError("it is not a JSON object that names tensors")
        metadata = header.pop(METADATA, {})
        if not (isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())):
            raise ValueError("its metadata is not a map of strings")
    except (ValueError, RecursionError) as error:
        raise Damaged(f"a header that cannot be read ({error})") from None
    for name, entry in header.items():
        if not (isinstance(entry, dict) and entry.keys() >= FIELDS):
            raise Damaged(f"the tensor {shown(name)}: it needs dtype, shape and data_offsets")
        if not (_wholes(entry["shape"]) and _wholes(entry["data_offsets"]) and len(entry["data_offsets"]) == 2):
            raise Damaged(f"the tensor {shown(name)}: its shape or data_offsets is not a list of whole numbers")
    ordered = sorted(header.items(), key=lambda entry: entry[1]["data_offsets"])
    found, at, body = {}, 0, len(data) - 8 - length
    for name, entry in ordered:
        found[name] = _entry(name, entry, at, body, bits)
        at = found[name].stop
    if at != body:
        raise Damaged(f"{body - at:,} bytes that belong to no tensor")
    return [found[name].behind(8 + length) for name in header], metadata


@dataclass(frozen=True)
class Entry:
    """A tensor of a file: its type and shape, and where its bytes are."""

    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int

    def behind(self, header: int) -> "Entry":
        """The entry with bytes counted from the start of the file, which has a header of so many."""
        return replace(self, start=self.start + header, stop=self.stop + header)


def _entry(name: str, entry: Mapping, at: int, body: int, bits: Mapping[str, int]) -> Entry:
    """An entry whose bytes have to begin at `at` of `body` bytes."""
    kind, shape, (start, stop) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    why = ""
    if len(shape) > AXES:
        why = f"it has {len(shape):,} axes; at most {AXES} are read"
    elif not isinstance(kind, str) or kind not in bits:
        why = f"its dtype is {str(kind)[:20]!r}; expected one of {', '.join(bits)}"
    elif start != at or stop > body:
        why = f"its bytes are {start:,} to {stop:,}, but they have to begin at {at:,}, and the file has {body:,}"
    elif math.prod(shape) * bits[kind] != 8 * (stop - start):
        why = f"shape {shape} of {kind} does not fill its {stop - start:,} bytes"
    if why:
        raise Damaged(f"the tensor {shown(name)}: {why}")
    return Entry(name, kind, shape, start, stop)


def _wholes(numbers: object) -> bool:
    return isinstance(numbers, list) and all(type(n) is int and n >= 0 for n in numbers)


def _array(data: bytes, entry: Entry) -> np.ndarray:
    dtype = np.dtype("<u2" if entry.kind == BF16 else DTYPES[entry.kind])
    array = np.frombuffer(memoryview(data)[entry.start : entry.stop], dtype)
    if entry.kind == BF16:
        array = (array.astype("<u4") << 16).view("<f4")
    return array.reshape(entry.shape).astype(array.dtype.newbyteorder("="))


def shown(name: str) -> str:
    """A tensor's name as errors quote it: without control characters, and not longer than a reader takes in."""
    return repr(re.sub(r"[^ -~]", "?", name[:60]))
