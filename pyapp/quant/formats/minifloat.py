"""Floating-point numbers of 4 to 8 bits: a sign, an exponent and a mantissa, with subnormal numbers.

Positive numbers in ascending order have the codes 0, 1, 2 and so on, so a table of them is all that is needed in both
directions. The nearest number is taken; in the middle between two, the one with the even code.

Sources: OCP 8-bit Floating Point Specification 1.0 (E4M3, E5M2); OCP Microscaling Formats 1.0 (E3M2, E2M3, E2M1).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class MiniFloat:
    """Numbers of 1 + exponent + mantissa bits: (-1)^s · 2^(e - bias) · (1 + m / 2^mantissa); for e = 0 they are
    subnormal, (-1)^s · 2^(1 - bias) · m / 2^mantissa.

    `special` says what the largest codes stand for: "none" (finite numbers only), "nan" (the last one is NaN), or
    "ieee" (the last exponent is infinity and NaN).
    """

    name: str
    exponent: int  # bits
    mantissa: int  # bits
    special: str = "none"

    @property
    def bits(self) -> int:
        return 1 + self.exponent + self.mantissa

    @property
    def bias(self) -> int:
        return (1 << (self.exponent - 1)) - 1

    @cached_property
    def magnitudes(self) -> np.ndarray:
        """The finite numbers from 0 on, float64, ascending: the code of each is its index."""
        codes = np.arange((1 << (self.bits - 1)) - self._specials)
        fraction, exponent = codes & ((1 << self.mantissa) - 1), codes >> self.mantissa
        whole = np.where(exponent > 0, fraction + (1 << self.mantissa), fraction)
        return np.ldexp(whole.astype(np.float64), np.maximum(exponent, 1) - self.bias - self.mantissa)

    @property
    def largest(self) -> float:
        return float(self.magnitudes[-1])

    @property
    def nan(self) -> int | None:
        """The code of NaN, or None."""
        return None if self.special == "none" else (1 << (self.bits - 1)) - 1

    @property
    def infinity(self) -> int | None:
        """The code of +∞, or None."""
        return len(self.magnitudes) if self.special == "ieee" else None

    @cached_property
    def values(self) -> np.ndarray:
        """The number that each code stands for, float32, NaN and infinities included: (2^bits,)."""
        half = np.full(1 << (self.bits - 1), np.nan)
        half[: len(self.magnitudes)] = self.magnitudes
        if self.infinity is not None:
            half[self.infinity] = np.inf
        return np.concatenate([half, -half]).astype(np.float32)

    def encode(self, x: np.ndarray, saturate: bool = True) -> np.ndarray:
        """The codes of the nearest numbers, uint8 in the shape of x.

        Beyond the largest number: with `saturate`, that number, for infinity too; otherwise infinity, or NaN in a
        format without infinity, from half a step beyond the largest on. NaN stays NaN. ValueError for NaN, and without
        `saturate` for a number that is too large, where the format has no code for it.
        """
        x = np.asarray(x)
        size, missing = np.abs(x.astype(np.float64)), np.isnan(x)
        codes = np.asarray(np.searchsorted(self._thresholds, size))
        beyond = codes == len(self.magnitudes)
        if saturate:
            codes[beyond] = len(self.magnitudes) - 1
        elif beyond.any():
            codes[beyond] = self._code(self.nan if self.infinity is None else self.infinity, "numbers that large")
        if missing.any():
            codes[missing] = self._code(self.nan, "NaN")
        return (codes | np.signbit(x) << (self.bits - 1)).astype(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """The float32 numbers that codes stand for."""
        return self.values[codes]

    def nbytes(self, count: int) -> int:
        """Bytes of `count` packed codes."""
        return (count * self.bits + 7) // 8

    @property
    def _specials(self) -> int:
        """How many positive codes stand for no finite number."""
        return {"none": 0, "nan": 1, "ieee": 1 << self.mantissa}[self.special]

    @cached_property
    def _thresholds(self) -> np.ndarray:
        """Above the i-th, the code is larger than i; the middle after an odd code goes to the next code, which is even.
        """
        step = self.magnitudes[-1] - self.magnitudes[-2]
        ends = np.append(self.magnitudes, self.magnitudes[-1] + step)
        middles = (ends[1:] + ends[:-1]) / 2
        middles[1::2] = np.nextafter(middles[1::2], 0)
        return middles

    def _code(self, code: int | None, what: str) -> int:
        if code is None:
            raise ValueError(f"{self.name} has no code for {what}; remove them, or choose FP8")
        return code


E4M3 = MiniFloat("FP8 E4M3", 4, 3, "nan")
E5M2 = MiniFloat("FP8 E5M2", 5, 2, "ieee")
E3M2 = MiniFloat("FP6 E3M2", 3, 2)
E2M3 = MiniFloat("FP6 E2M3", 2, 3)
E2M1 = MiniFloat("FP4 E2M1", 2, 1)
