"""Softmax with powers of two from one small table: the simplest method that loses next to nothing."""

import math

import numpy as np

from pyapp.softmax.method import Hardware, Softmax

INDEX_BITS = 5  # 32 steps to an octave; 16 are hardly worse, 8 a little
FRACTION = 16  # bits of the multiplier's and of the table's fraction
LARGEST_SHIFT = 40  # 2^16 >> 40 is 0, and a shift of 64 is not defined


class LUT2(Softmax):
    """e^(-S d) = 2^(-i) T[k] with S d log2 e = i + k/32: a shift, and a table of one octave.

    Built: m = round(2^16 S log2 e), T[k] = round(2^16 · 2^(-k/32)), k = 0 to 32. For each row, d = max - q:
    t = d m, i = t >> 16, k = the 16 bits below rounded to 5, E = T[k] / 2^i rounded, y = round(255 E / sum E).
    """

    name = "lut2"
    title = "Base-2 table, 32 entries"
    source = "no paper: range reduction to base 2 as in Softermax (arXiv 2103.09301), table instead of lines"
    about = "In base 2 the range reduction is a shift, and all there is to store is one octave in 33 numbers."
    breaks = ("The multiplier is rounded to 2^-16, which over the 255 steps of int8 logits is at most 0.0014 nats. "
              "Wider logits at fine scales need more digits: at 1e-4 it is 4.8 % off, and below 5.2e-6 it is 0 and "
              "every row uniform.")
    hardware = Hardware(
        multiplications="1 by a constant, and a division", table_bytes=4 * (2**INDEX_BITS + 1), passes=3,
        accumulator_bits=32,
        source="counted in this project's code, for int8 logits, scales up to 1 and rows up to 2^14")
    unit = 1 / 255

    def __init__(self, scale: float, index_bits: int = INDEX_BITS):
        super().__init__(scale)
        # from 2^30 on every d > 0 is past the largest shift anyway, and d m stays in 63 bits for every int32 q
        self.multiplier = np.int64(round(min(math.log2(math.e) * self.scale * 2**FRACTION, 2.0**30)))
        steps = 2**index_bits
        self.table = np.rint(2.0 ** (FRACTION - np.arange(steps + 1) / steps)).astype(np.int64)
        self.drop = FRACTION - index_bits  # bits of the fraction that the table does not see

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        t = -below * self.multiplier  # R, N: octaves below the maximum, 16 fraction bits
        octaves = np.minimum(t >> FRACTION, LARGEST_SHIFT)
        k = ((t & ((1 << FRACTION) - 1)) + (1 << (self.drop - 1))) >> self.drop  # 0 to 32
        e = (np.take(self.table, k) + ((np.int64(1) << octaves) >> 1)) >> octaves
        e = np.where(mask, e, 0)
        total = np.maximum(e.sum(axis=1, keepdims=True), 1)  # 1 for a row that is masked as a whole
        return (2 * 255 * e + total) // (2 * total)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """2^-t with t to the nearest 32nd."""
        t = (z.max(axis=1, keepdims=True) - z) * np.float64(math.log2(math.e))
        e = 2.0 ** -(np.floor(t * 2**INDEX_BITS + 0.5) / 2**INDEX_BITS)
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Half a code lost or gained in each column; rounding at most doubles what is not rounded to 0."""
        return max(0.0, 1 - n / 510), min(2.0, 1 + n / 510)
