"""The .npz format read strictly: plain arrays in a zip file. Nothing in a file can run code, recurse, or claim memory
that is not checked first.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3. Only what NumPy writes
is read: members stored or deflated, headers of the three known keys.
"""

import io
import math
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from pyapp.files import LARGEST

MAGIC = b"\x93NUMPY"
HEADER = 10_000  # bytes at most, as NumPy has it
BEGINNING = len(MAGIC) + 2 + 4 + HEADER  # bytes that hold every header
SIZES = {1: "<H", 2: "<I", 3: "<I"}  # how the header's length is stored, by the format's major version
MOST = 200  # characters of what was found
LONGEST = 2**31 - 1  # of an axis: what a 32-bit runtime can count
COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ENCRYPTED = 1  # bit of a member's flags
LAST = struct.Struct("<4s6xH10x")  # a zip file's last record: its mark and how many members there are
# One entry of a header's dictionary: a key and a string, a truth value, or a tuple of whole numbers. No two of the
# repeated parts can match the same character, so that no header makes this slow.
ENTRY = re.compile(r"""\s*['"](\w+)['"]\s*:\s*(?:['"]([^'"]*)['"]|(True|False)|\(([\dL,\s]*)\))\s*(?:,|(?=\}))""")
PLAIN = re.compile(r"[<>=|]?[biufcSU]\d{1,4}")  # dtypes; not objects, structures or dates


class Damaged(ValueError):
    """Bytes are not an .npz file of plain arrays; the message says what was found, cut to a readable length: names in a
    damaged file may be as long as the file."""

    def __init__(self, found: str):
        super().__init__(found if len(found) <= MOST else f"{found[:MOST]}...")


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of an .npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def pack_one(array: np.ndarray) -> bytes:
    """An array as the bytes of an .npy file, row by row."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def unpack(data: bytes, most: int = LARGEST) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, in this machine's byte order. Damaged says what is wrong. A file that would unpack
    to more than `most` bytes is refused before it is unpacked."""
    return _each(data, most, _array)


def outline(data: bytes, most: int = LARGEST) -> dict[str, np.ndarray]:
    """What `unpack` would give, in shape and dtype, from the headers alone: every number is 0 and takes no memory. By
    it a file is refused before the work of unpacking it."""
    return _each(data, most, _outline)


def _each(data: bytes, most: int, read: Callable[[zipfile.ZipFile, zipfile.ZipInfo], np.ndarray]) -> dict:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = members_of(file)
            check(members, most)
            return {_key(member): read(file, member) for member in members}
    except (Damaged, MemoryError):
        raise
    except Exception as error:  # a damaged zip file makes zipfile and zlib raise almost anything
        raise Damaged(f"a damaged one ({' '.join(str(error).split()) or type(error).__name__})") from None


def members_of(file: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of a zip file. Damaged if its last record counts others: one changed byte in the table of contents
    makes a member's comment of those that follow, and zipfile leaves them out without a word."""
    members = file.infolist()
    file.fp.seek(-LAST.size - len(file.comment), io.SEEK_END)
    mark, count = LAST.unpack(file.fp.read(LAST.size))
    if mark == b"PK\x05\x06" and count != 2**16 - 1 and (len(members) - count) % 2**16:  # macOS counts on from 0
        raise Damaged(f"a damaged one, in which only {len(members):,} of {count:,} files can be found")
    return members


def check(members: list[zipfile.ZipInfo], most: int) -> None:
    """Damaged if members are encrypted, packed in a way that NumPy does not use, named alike, or too large together."""
    for member in members:
        name = member.filename
        if member.flag_bits & ENCRYPTED:
            raise Damaged(f"an encrypted one: {name} needs a password")
        if member.compress_type not in COMPRESSIONS:
            kind = zipfile.compressor_names.get(member.compress_type, f"method {member.compress_type}")
            raise Damaged(f"{name} compressed with {kind}; save it with numpy.savez or numpy.savez_compressed")
    if (total := sum(member.file_size for member in members)) > most:
        raise Damaged(f"one that unpacks to {total:,} bytes, more than {most:,}")
    (key, times), = Counter(map(_key, members)).most_common(1) or [("", 0)]
    if times > 1:
        raise Damaged(f"{key} in it {times} times")


def _key(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _outline(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with file.open(member) as opened:
        dtype, _, shape, _ = form(opened.read(BEGINNING), member.file_size, _key(member))
    return np.broadcast_to(np.zeros((), dtype.newbyteorder("=")), shape)


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with file.open(member) as opened:
        data = opened.read(member.file_size)  # never more than was checked; without a number zlib unpacks all there is
    if len(data) != member.file_size:
        raise Damaged(f"{member.filename} cut short")
    dtype, fortran, shape, start = form(data, len(data), _key(member))
    return np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape, order="F" if fortran else "C").astype(
        dtype.newbyteorder("="))


def form(data: bytes, total: int, name: str) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """dtype, whether the first axis is the fastest, shape, and where the numbers begin, of an .npy file of `total`
    bytes, from the first BEGINNING of them. Damaged if it is no plain array, or has another size than it says."""
    if not data.startswith(MAGIC):
        raise Damaged(f"something other than an array in {name}")
    size = SIZES.get(data[len(MAGIC)] if len(data) > len(MAGIC) else 0)
    begin = len(MAGIC) + 2 + struct.calcsize(size or "")
    if size is None or len(data) < begin:
        raise Damaged(f"{name} in an unknown version of the format, or cut short")
    (length,) = struct.unpack_from(size, data, len(MAGIC) + 2)
    if length > HEADER or begin + length > len(data):
        raise Damaged(f"a header of {length:,} bytes in {name}, which is too long")
    dtype, fortran, shape = _header(data[begin : begin + length].decode("latin-1"), name)
    expected = math.prod(shape) * dtype.itemsize
    if max(shape, default=0) > LONGEST or begin + length + expected != total:
        raise Damaged(f"{total - begin - length:,} bytes of numbers in {name}, whose shape "
                      f"{_short(shape)} of {dtype} would need {_short(expected)}")
    return dtype, fortran, shape, begin + length


def _header(text: str, name: str) -> tuple[np.dtype, bool, tuple[int, ...]]:
    entries = {}
    at = 1
    while entry := ENTRY.match(text, at):
        entries[entry[1]], at = entry.groups()[1:], entry.end()
    try:
        if text[:1] != "{" or text[at:].strip() != "}" or set(entries) != {"descr", "fortran_order", "shape"}:
            raise ValueError
        descr, fortran, shape = entries["descr"][0], entries["fortran_order"][1], entries["shape"][2]
        axes = tuple(int(axis.strip().rstrip("L")) for axis in shape.split(",") if axis.strip())
        if descr == "|O":
            raise Damaged(f"Python objects in {name}, which only running code could read; save it as text or numbers, "
                          f"for example {name}.astype(str)")
        if not PLAIN.fullmatch(descr) or fortran is None:
            raise ValueError
        return np.dtype(descr), fortran == "True", axes
    except Damaged:
        raise
    except (ValueError, TypeError, AttributeError):
        raise Damaged(f"a header in {name} that does not describe a plain array: {text[:60]!r}") from None


def _short(number: object) -> str:
    """A number or shape that a file claims, cut short, because it may have thousands of digits."""
    try:
        text = f"{number:,}" if isinstance(number, int) else str(number)
    except ValueError:  # more digits than Python prints
        return "more than can be printed"
    return text if len(text) < 60 else f"{text[:50]}..."
