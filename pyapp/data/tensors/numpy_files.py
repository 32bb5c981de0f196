"""NumPy's .npy and .npz files.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html; an .npz is a zip of .npy files, stored
or deflated. Only plain arrays are read, so no file can run code.
"""

import io
import math
import zipfile
from collections.abc import Callable

import numpy as np

from pyapp import npz
from pyapp.data.tensors.joined import joined
from pyapp.data.tensors.kinds import COMPLEX
from pyapp.data.tensors.tensor import Damaged, Tensor, checked_shape, few
from pyapp.parts import Parts, held

MOST_UNPACKED = 2**32  # bytes of all members
PIECE = 2**20  # bytes that are unpacked at once
DIRECTORY = 2**24  # bytes of a zip's table of contents
UNREAD = {"c": COMPLEX, "S": "it holds text", "U": "it holds text"}
TORCH = "data.pkl"  # ends the name of a member of every file that torch.save wrote


def npy(data: memoryview | Parts, name: str) -> list[Tensor]:
    """The array of an .npy file, under the name of the file. Damaged if it holds none."""
    return [_tensor(bytes(data[: npz.BEGINNING]), len(data), name, lambda start, stop: held(data[start:stop]))]


def zipped(data: memoryview | Parts, name: str) -> list[Tensor]:
    """The arrays of an .npz file. Damaged if it is none."""
    view = View(data, DIRECTORY)
    try:
        file = zipfile.ZipFile(view)
        members = npz.members_of(file)
    except (Damaged, npz.Damaged):
        raise
    except Exception as error:  # a damaged zip file makes zipfile raise almost anything
        raise Damaged(f"a damaged one ({error})") from None
    view.most = len(data)
    few(len(members))
    if any(member.filename.endswith(TORCH) for member in members):
        raise Damaged("a file of torch.save")
    npz.check(members, MOST_UNPACKED)
    if sum(member.compress_size for member in members) > len(data):
        raise Damaged("members that overlap")
    return joined([_member(file, member) for member in members])


def _member(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> Tensor:
    opened = Member(file, member)
    try:
        head = bytes(opened.read(0, npz.BEGINNING))
    finally:
        opened.close()
    return _tensor(head, member.file_size, member.filename.removesuffix(".npy"), opened.read)


def _tensor(head: bytes, total: int, name: str, read: Callable[[int, int], memoryview]) -> Tensor:
    """The array that `head` begins, of `total` bytes with it; `read(start, stop)` gives these."""
    dtype, fortran, axes, start = npz.form(head, total, name)
    shape = checked_shape(name, axes)

    def part(first: int, last: int) -> np.ndarray:
        data = read(start + first * dtype.itemsize, start + last * dtype.itemsize)
        if len(data) != (last - first) * dtype.itemsize:
            raise Damaged("it was cut short")
        return np.frombuffer(data, dtype, last - first).astype(dtype.newbyteorder("="), copy=False)

    def whole() -> np.ndarray:
        return part(0, math.prod(shape)).reshape(shape, order="F" if fortran else "C")

    return Tensor(name, shape, dtype.name, total - start, whole, UNREAD.get(dtype.kind, ""), part, fortran)


class Member:
    """A member of a zip file. It is unpacked from where the last reading ended, or from its beginning if the next one
    starts before that: a pass over a large array takes the memory of a piece."""

    def __init__(self, file: zipfile.ZipFile, member: zipfile.ZipInfo):
        self.file, self.member = file, member
        self.stream: zipfile.ZipExtFile | None = None

    def read(self, start: int, stop: int) -> memoryview:
        """Bytes `start` to `stop`, fewer where the member ends. Damaged if they cannot be unpacked."""
        found = bytearray()
        try:
            self.stream = self.stream or self.file.open(self.member)
            self.stream.seek(start)
            while piece := self.stream.read(min(PIECE, stop - start - len(found))):
                found += piece
        except Exception as error:
            self.close()
            if isinstance(error, MemoryError):
                raise
            raise Damaged(f"a damaged one ({error})") from None
        if stop >= self.member.file_size:
            self.close()
        return memoryview(found)

    def close(self) -> None:
        """Begin again with the next reading; until then it needs no memory."""
        if self.stream:
            self.stream.close()
        self.stream = None


class View(io.RawIOBase):
    """Bytes as a file that is read in pieces. Damaged if more than `most` are asked for at once, because zipfile trusts
    the sizes that a file claims."""

    def __init__(self, data: memoryview | Parts, most: int):
        self.data, self.most, self.at = data, most, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = max(0, offset + (0, self.at, len(self.data))[whence])
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        left = max(0, len(self.data) - self.at)
        size = left if size is None or size < 0 else min(size, left)
        if size > self.most:
            raise Damaged(f"a table of contents of {size:,} bytes")
        found = bytes(self.data[self.at : self.at + size])
        self.at += size
        return found
