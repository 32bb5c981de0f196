"""What a code can stand for before its scale: whole numbers, or the levels of a codebook; `minifloat` has small floats.

Each kind has `values` (the number of each code), `largest` (what a scale maps the largest number to), `encode`,
`decode` and `nbytes` (of so many packed codes).
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

from pyapp.quant.schemes import check_bits

TRITS = 5  # in a byte: 3^5 = 243


@dataclass(frozen=True)
class Integers:
    """The whole numbers -Q to Q with Q = 2^(bits - 1) - 1, times `unit`; codes are int8 two's complement."""

    bits: int
    unit: float = 1.0

    def __post_init__(self):
        if check_bits(self.bits) > 8:
            raise ValueError(f"bits is {self.bits}; these codes have at most 8")

    @property
    def high(self) -> int:
        return (1 << (self.bits - 1)) - 1

    @property
    def largest(self) -> float:
        return self.high * self.unit

    @property
    def values(self) -> np.ndarray:
        return self.decode(np.arange(-self.high, self.high + 1, dtype=np.int8))

    def encode(self, x: np.ndarray) -> np.ndarray:
        """The nearest whole numbers, half to even, int8."""
        return np.clip(np.rint(x / np.float32(self.unit)), -self.high, self.high).astype(np.int8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return codes.astype(np.float32) * np.float32(self.unit)

    def nbytes(self, count: int) -> int:
        return (count * self.bits + 7) // 8


@dataclass(frozen=True)
class Levels:
    """A codebook: code i stands for the i-th of ascending levels; in the middle between two, the lower one is taken."""

    name: str
    levels: tuple[float, ...]

    @property
    def bits(self) -> float:
        """Bits per packed code: of three levels, five codes share a byte."""
        return 8 / TRITS if len(self.levels) == 3 else float(int(len(self.levels) - 1).bit_length())

    @cached_property
    def values(self) -> np.ndarray:
        return np.array(self.levels, np.float32)

    @property
    def largest(self) -> float:
        return float(max(abs(level) for level in self.levels))

    def encode(self, x: np.ndarray) -> np.ndarray:
        levels = self.values.astype(np.float64)
        return np.asarray(np.searchsorted((levels[1:] + levels[:-1]) / 2, np.asarray(x, np.float64))).astype(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return self.values[codes]

    def nbytes(self, count: int) -> int:
        return -(-count // TRITS) if len(self.levels) == 3 else (count * int(self.bits) + 7) // 8


def normal_float(bits: int) -> Levels:
    """NormalFloat of 2 to 8 bits: quantiles of the normal distribution, so that normal numbers use all codes alike.

    2^(bits-1) levels above 0, one less below, and 0 itself; scaled so that the ends are 1 and -1. The outermost
    quantile is the mean of 1 - 1/(2·(2^bits - 1)) and 1 - 1/(2·2^bits) (Dettmers et al. 2023, arXiv 2305.14314,
    section 3, and create_normal_map in bitsandbytes).
    """
    above = 1 << (check_bits(bits) - 1)
    outermost = 1 - (1 / (2 * (2 * above - 1)) + 1 / (4 * above)) / 2
    quantile = NormalDist().inv_cdf

    def side(count: int) -> list[float]:
        return [quantile(float(p)) for p in np.linspace(outermost, 0.5, count + 1)[:-1]]

    largest = quantile(outermost)
    levels = sorted([0.0, *(q / largest for q in side(above)), *(-q / largest for q in side(above - 1))])
    return Levels(f"NF{bits}", tuple(levels))


NF4, NF2 = normal_float(4), normal_float(2)
TERNARY = Levels("ternary", (-1.0, 0.0, 1.0))
BINARY = Levels("binary", (-1.0, 1.0))
