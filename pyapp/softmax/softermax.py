"""Softermax: powers of two in fixed point, and the row's sum kept up to date while the row is read.

y = 2^(x - m) / sum 2^(x - m). Stevens et al., DAC 2021, arXiv 2103.09301. Its formats, Q(i, f) with i integer and f
fraction bits: input Q(6,2), unnormalised exponential Q(1,15), sum Q(10,6), reciprocal Q(1,7), output Q(1,7). We know
the table of formats from a reader's notes and the segments' coefficients not at all: ours meet the curve at their ends.
"""

import math
from typing import ClassVar

import numpy as np

from pyapp.softmax.integers import bit_length
from pyapp.softmax.method import Hardware, Softmax
from pyapp.softmax.rescale import Rescale

INPUT, EXPONENTIAL, SUM, RECIPROCAL, OUTPUT = 2, 15, 6, 7, 7  # fraction bits
LOWEST = -(1 << 7)  # the last of Q(6,2): 32 octaves below
LARGEST_SUM = (1 << 16) - 1  # of Q(10,6)
SEGMENTS = 4
SLICE = 32  # columns read at once

# Four segments of 2^f begin at f = 0, 1/4, 1/2, 3/4: exactly the fractions that Q(6,2) has, so no slope is ever used.
POWERS = np.rint(2.0 ** (np.arange(SEGMENTS) / SEGMENTS + EXPONENTIAL)).astype(np.int64)
# 1/u at u = 1, 5/4, ..., 2, with 15 fraction bits
ENDS = np.rint(2.0**EXPONENTIAL / (1 + np.arange(SEGMENTS + 1) / SEGMENTS)).astype(np.int64)


def exponential(t: np.ndarray) -> np.ndarray:
    """2^t in Q(1,15), int64, of t <= 0 in Q(6,2)."""
    return np.take(POWERS, t & (SEGMENTS - 1)) >> -(t >> INPUT)


def reciprocal(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1/u in Q(1,7) and k, int64, of a sum 2^k u in Q(10,6) with u in [1, 2): four straight lines between ENDS."""
    bits = bit_length(total)
    u = total << (16 - bits)  # 15 fraction bits, the leading one in front
    segment, rest = (u >> 13) & (SEGMENTS - 1), u & ((1 << 13) - 1)
    left, right = np.take(ENDS, segment), np.take(ENDS, segment + 1)
    line = left - (((left - right) * rest) >> 13)
    return line >> (EXPONENTIAL - RECIPROCAL), bits - 1 - SUM


class Softermax(Softmax):
    """For networks that were trained with the usual softmax: log2 e is part of the logits' scale.

    Online, for each slice of the row: m' = max(m, ceil(max x)), d = (d >> (m' - m)) + sum 2^(x - m'). A numerator keeps
    the m that it was made with and is shifted by what m has grown since; m is whole, so every rescaling is a shift.
    The published unit is given x itself, and rounds the maximum like all others; here x is the difference to the row's
    maximum, so that a constant added to the logits changes nothing and the maximum has no error.
    """

    name = "softermax"
    title = "Softermax, log2 e folded in"
    source = "Stevens et al., DAC 2021, arXiv 2103.09301; formats second-hand, segments ours"
    about = "Base 2, 16 bits inside and 8 outside, normalised while the row is read: a drop-in for the usual softmax."
    breaks = ("Probabilities below 1/128 are 0: rows of more than 128 equal logits give all 0, long before the sum, "
              "which saturates at 1024. Logits 32 octaves below the maximum are one code. The sum loses bits with each "
              "larger maximum, so the order of slices matters.")
    hardware = Hardware(
        multiplications="1, and 1 per row for the reciprocal's line; 1 to requantise the logits",
        table_bytes=2 * (SEGMENTS + SEGMENTS + 1), passes=2, accumulator_bits=24,  # Q(1,15) · Q(1,7)
        source="arXiv 2103.09301, table I (second-hand); counted in this project's code")
    ordered = True
    octaves: ClassVar[float] = math.log2(math.e)  # for each nat of the logits

    def __init__(self, scale: float, width: int | None = SLICE, output_fraction: int = OUTPUT):
        """Slices of `width` columns, None: the whole row, which is the usual form in two passes."""
        super().__init__(scale)
        self.width, self.output_fraction = width, output_fraction
        self.unit = 2.0**-output_fraction
        self.rescale = Rescale(self.scale * self.octaves * 2**INPUT, LOWEST)

    def online(self, x: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numerators Q(1,15), int64 (R, N), and their sum Q(10,6), int64 (R, 1), of x in Q(6,2)."""
        rows, columns = x.shape
        width = self.width or columns
        x = np.where(mask, x, LOWEST)
        largest, total = np.full((rows, 1), LOWEST >> INPUT, np.int64), np.zeros((rows, 1), np.int64)
        slices = []
        for start in range(0, columns, width):
            part, counts = x[:, start: start + width], mask[:, start: start + width]
            ceiling = -(-part.max(axis=1, keepdims=True) >> INPUT)
            new = np.maximum(largest, ceiling)
            e = np.where(counts, exponential(part - (new << INPUT)), 0)
            total = total >> (new - largest)
            total = np.minimum(total + (e.sum(axis=1, keepdims=True) >> (EXPONENTIAL - SUM)), LARGEST_SUM)
            slices.append((e, new))
            largest = new
        return np.concatenate([e >> (largest - made_with) for e, made_with in slices], axis=1), total

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e, total = self.online(self.rescale(below), mask)
        inverse, k = reciprocal(np.maximum(total, 1 << SUM))  # less only where a row is masked as a whole
        return (e * inverse) >> (EXPONENTIAL + RECIPROCAL - self.output_fraction + k)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """Straight lines for 2^f and for 1/u, nothing rounded."""
        t = (z - z.max(axis=1, keepdims=True)) * cls.octaves
        knots = np.arange(SEGMENTS + 1) / SEGMENTS
        e = np.interp(t - np.floor(t), knots, 2.0**knots) * 2.0 ** np.floor(t)
        total = e.sum(axis=1, keepdims=True)
        k = np.floor(np.log2(total))
        return e * np.interp(total / 2.0**k, 1 + knots, 1 / (1 + knots)) * 2.0**-k

    def row_sums(self, n: int) -> tuple[float, float]:
        """A code lost in each column, and 1 of 64 in the reciprocal, whose line lies up to 1.25 % above 1/u.

        The sum, 64 units at least, is short of one unit for each slice and for each shift, or saturated.
        """
        short = 2 * -(-n // (self.width or n)) / 2**SUM
        high = (1 + short) * 1.0125 * max(1.0, n * 2**SUM / LARGEST_SUM)
        return max(0.0, 1 - 2.0 ** (1 - RECIPROCAL) - n * self.unit - n * 2.0**-EXPONENTIAL), min(high, float(n))


class SoftermaxNative(Softermax):
    """As published: 2^z of the logits as they are, which is a softmax at temperature 1 / ln 2."""

    name = "softermax-native"
    title = "Softermax, base 2"
    about = "The published form: base 2 without log2 e. Right for networks that were fine-tuned with it, for no others."
    breaks = Softermax.breaks + " A network trained with base e gets other probabilities, however many bits there are."
    octaves = 1.0
