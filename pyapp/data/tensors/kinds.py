"""Types of numbers in files, and how their bytes are decoded: NumPy's own, small floats, and codes of 2 and 4 bits.

Sources: OCP 8-bit Floating Point Specification 1.0 (float8_e4m3, float8_e5m2) and Microscaling Formats 1.0
(float4_e2m1, float8_e8m0); Noune et al. 2022, arXiv 2206.02915 (the fnuz forms: one more exponent, no infinity and no
-0, whose code is NaN). Two codes of 4 bits lie in a byte, the first in its low half; so do four of 2 bits.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.parts import Parts, held
from pyapp.quant.formats.minifloat import E2M1, E4M3, E5M2, MiniFloat
from pyapp.quant.packing import unpack

Decode = Callable[[memoryview, int], np.ndarray]
PIECE = 2**16  # codes of less than a byte that are unpacked at once


@dataclass(frozen=True)
class Kind:
    """A type of numbers: its bits in the file, and what decodes bytes into an array; None if these are not real."""

    bits: int
    decode: Decode | None = None
    why: str = ""  # it has none

    def nbytes(self, count: int) -> int:
        return (count * self.bits + 7) // 8

    def part(self, data: bytes | memoryview | Parts, start: int, stop: int) -> np.ndarray:
        """Numbers `start` to `stop` of those in `data`, where `start` begins a byte."""
        return self.array(data[start * self.bits // 8 : self.nbytes(stop)], (stop - start,))

    def array(self, data: bytes | memoryview | Parts, shape: tuple[int, ...]) -> np.ndarray:
        """The numbers in `data`, which has to have just as many bytes as they need. ValueError if it has not."""
        count = math.prod(shape)
        if len(data) != self.nbytes(count):
            raise ValueError(f"{len(data):,} bytes where shape {shape} needs {self.nbytes(count):,}")
        return self.decode(held(data), count).reshape(shape)


def _plain(dtype: str) -> Kind:
    kind = np.dtype(dtype)
    return Kind(8 * kind.itemsize, lambda data, count: np.frombuffer(data, kind, count).astype(
        kind.newbyteorder("="), copy=False))


def _table(values: np.ndarray) -> Kind:
    return Kind(8, lambda data, count: values[np.frombuffer(data, np.uint8, count)])


def _packed(bits: int, signed: bool, values: np.ndarray | None = None) -> Kind:
    def decode(data: memoryview, count: int) -> np.ndarray:
        found = np.empty(count, (np.int8 if signed else np.uint8) if values is None else values.dtype)
        for start in range(0, count, PIECE):  # unpacking takes many bytes a code
            stop = min(start + PIECE, count)
            packed = np.frombuffer(data[start * bits // 8 : (stop * bits + 7) // 8], np.uint8)
            codes = unpack(packed, bits, stop - start, signed)
            found[start:stop] = codes if values is None else values[codes]
        return found
    return Kind(bits, decode)


def _upper_half(data: memoryview, count: int) -> np.ndarray:
    found = np.zeros((count, 2), "<u2")
    found[:, 1] = np.frombuffer(data, "<u2", count)
    return found.view("<f4").reshape(count).astype(np.float32, copy=False)


def _fnuz(exponent: int, mantissa: int) -> np.ndarray:
    values = MiniFloat("", exponent, mantissa).values / np.float32(2)
    values[0x80] = np.nan
    return values


def _powers() -> np.ndarray:
    return np.append(np.ldexp(np.float32(1), np.arange(-127, 128, dtype=np.int32)), np.float32(np.nan))


COMPLEX = "complex numbers have no format here"
KINDS: dict[str, Kind] = {
    **{name: _plain(dtype) for name, dtype in (
        ("float64", "<f8"), ("float32", "<f4"), ("float16", "<f2"), ("int64", "<i8"), ("int32", "<i4"),
        ("int16", "<i2"), ("int8", "i1"), ("uint64", "<u8"), ("uint32", "<u4"), ("uint16", "<u2"), ("uint8", "u1"))},
    "bool": Kind(8, lambda data, count: np.frombuffer(data, np.uint8, count) != 0),
    "bfloat16": Kind(16, _upper_half),
    "float8_e4m3": _table(E4M3.values), "float8_e5m2": _table(E5M2.values),
    "float8_e4m3fnuz": _table(_fnuz(4, 3)), "float8_e5m2fnuz": _table(_fnuz(5, 2)), "float8_e8m0": _table(_powers()),
    "float4_e2m1": _packed(4, False, E2M1.values),
    "int4": _packed(4, True), "uint4": _packed(4, False), "int2": _packed(2, True), "uint2": _packed(2, False),
    "complex64": Kind(64, why=COMPLEX), "complex128": Kind(128, why=COMPLEX),
    "float6_e2m3": Kind(6, why="no specification says in which order its bits lie in the file"),
    "float6_e3m2": Kind(6, why="no specification says in which order its bits lie in the file"),
}
