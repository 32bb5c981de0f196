"""A tensor in a file: its name, shape and type at once, its numbers when they are wanted."""

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pyapp.data.tensors.rows import Columns, Flat, Part, Row
from pyapp.safetensors import shown
from pyapp.store import StoreError

MOST_TENSORS = 2**16  # in a file
MOST_AXES = 32
MOST_NUMBERS = 2**31 - 1  # in a tensor: what a 32-bit runtime can count
LONGEST_NAME = 1000  # bytes
HELD = 2**27  # bytes: a larger tensor, or one of half as many numbers, is measured without being in memory whole
MOST = 200  # characters of what was found
# What NumPy, struct and zipfile raise for bytes that are not what their header says.
WRONG = (ValueError, OverflowError, struct.error, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


class Damaged(ValueError):
    """A file is not as its format has it; the message says what was found, cut to a readable length."""

    def __init__(self, found: str):
        super().__init__(found if len(found) <= MOST else f"{found[:MOST]}...")


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file. `dtype` is the type of its numbers there, such as "float32", "bfloat16" or "q4_k"; of codes
    with a scale of their own it ends in " scaled"."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int  # in the file, its scales counted
    load: Callable[[], np.ndarray]
    unread: str = ""  # why its numbers cannot be read; "" if they can
    part: Part | None = None  # of its numbers row after row, or where it is stored by `columns`, column after column
    columns: bool = False

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def read(self) -> np.ndarray:
        """The numbers that it stands for, in its shape: as they are in the file, or float32 where NumPy has no such
        type, or codes have scales. StoreError says why there are none."""
        return self._tried(lambda: self.load().reshape(self.shape))

    def flat(self) -> Flat:
        """Its numbers one after another, row by row; those of a large tensor are read in parts. StoreError as `read`.
        """
        if self.part is None or (self.nbytes <= HELD and self.size <= HELD // 2) or self.unread:
            return self.read().reshape(-1)
        stored = Row(self.size, lambda start, stop: self._tried(lambda: self.part(start, stop)))
        return Columns(stored, self.shape) if self.columns else stored

    def _tried(self, work: Callable[[], np.ndarray]) -> np.ndarray:
        if self.unread:
            raise StoreError(f"the tensor {shown(self.name)} cannot be read: {self.unread}")
        try:
            return work()
        except (*WRONG, OSError, MemoryError) as error:
            why = " ".join(str(error).split()) or ("it needs more memory than there is" if isinstance(
                error, MemoryError) else type(error).__name__)
            raise StoreError(f"the tensor {shown(self.name)} cannot be read: {why[:MOST]}") from None


def checked_shape(name: str, axes: Sequence[int]) -> tuple[int, ...]:
    """The axes as a shape. Damaged if they are no lengths, or too many numbers for any runtime."""
    if len(axes) > MOST_AXES:
        raise Damaged(f"{len(axes):,} axes in {shown(name)}; at most {MOST_AXES} are read")
    shape = tuple(int(axis) for axis in axes)
    if min(shape, default=0) < 0 or math.prod(max(axis, 1) for axis in shape) > MOST_NUMBERS:
        raise Damaged(f"a shape in {shown(name)} that no tensor of at most {MOST_NUMBERS:,} numbers has: {shape}")
    return shape


def text(data: bytes | memoryview) -> str:
    """A name in UTF-8. Damaged if it is none, or far too long for one."""
    if len(data) > LONGEST_NAME:
        raise Damaged(f"a name of {len(data):,} bytes; at most {LONGEST_NAME:,} are read")
    try:
        return bytes(data).decode()
    except UnicodeDecodeError:
        raise Damaged(f"a name that is not UTF-8: {bytes(data[:20])!r}") from None


def few(count: int) -> None:
    """Damaged if a file has more tensors than are listed."""
    if count > MOST_TENSORS:
        raise Damaged(f"{count:,} tensors; at most {MOST_TENSORS:,} are listed")
