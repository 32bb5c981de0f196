"""ITAMax: a logit scale on which the exponential is a shift, in one pass over the row or block by block.

e^(S q) = 2^(S q log2 e). With S log2 e = 2^-k (the paper's eps') that is a shift by q / 2^k, rounded: no multiplier and
no table. Islamoglu et al., ISLPED 2023, arXiv 2307.03493; code pulp-platform/ITA, PyITA/softmax.py.
"""

import math
from typing import ClassVar

import numpy as np

from pyapp.softmax.method import Hardware, Softmax
from pyapp.softmax.rescale import Rescale

TOP, BOTTOM = 127, -128  # the int8 codes of logits
ONE = np.int64(256)  # a term of the sum for the row's maximum
FULL = np.int64(255 * 256)  # the reciprocal's numerator
FARTHEST_SHIFT = 62  # past the last bit of every number here; an int64 cannot be shifted by 64
FARTHEST_TERM = 256  # no code is as many halvings below another
WIDTH = 16  # columns that the accelerator takes at once


def halvings(difference: np.ndarray, bits: int) -> np.ndarray:
    """difference / 2^bits to the nearest, half up: the shift, in places, of a code that far below the maximum."""
    return (difference + ((1 << bits) >> 1)) >> bits


def shifted(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    """x >> places for int64, any number of places from 0."""
    return x >> np.minimum(places, FARTHEST_SHIFT)


def one_pass(q: np.ndarray, bits: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Codes 0 to 255, int64 (R, N), of int8 logits (R, N) whose eps' is 2^-bits.

    s = round((max q - q) eps'), D = floor(sum 256 / 2^s), R = 65280 // D, y = R >> s: PyITA's fastSoftmax. The sum is
    rounded down, not its terms, so two terms of a half count as one; with eps' 1/32 every term is whole.
    """
    q, mask = _wide(q, mask)
    s = halvings(q.max(axis=1, keepdims=True) - q, bits)
    return np.where(mask, shifted(FULL // np.maximum(whole_sum(s, mask), 1), s), 0)


def whole_sum(s: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """floor(sum 256 / 2^s) over the columns that count, exactly, int64 (R, 1).

    int64 has room for 54 - log2 N bits below the point. The smaller terms, less than 2^-bits each, are left out; where
    all of them together could carry into the whole part, the row is summed again in Python's integers.
    """
    places = 54 - s.shape[1].bit_length()
    total = np.where(mask, shifted(ONE << places, s), 0).sum(axis=1, keepdims=True)
    fraction = total & ((1 << places) - 1)
    whole = total >> places
    for row in np.flatnonzero(fraction + s.shape[1] >> places):
        exact = sum(1 << (FARTHEST_TERM - int(each)) for each in s[row, mask[row]])
        whole[row] = (exact << 8) >> FARTHEST_TERM
    return whole


def streaming(q: np.ndarray, bits: int, mask: np.ndarray | None = None, width: int = WIDTH) -> np.ndarray:
    """ITAMax with the row read in blocks of `width`: the sum so far is shifted when a block has a larger maximum.

    Here every term is rounded down by itself, D = sum (256 >> s), as the accelerator's registers have it. A second pass
    with the final maximum gives the codes. Sums lose bits with each shift, and each shift is rounded separately, so the
    codes depend on the order of the blocks.
    """
    q, mask = _wide(q, mask)
    rows, columns = q.shape
    largest, total = np.full((rows, 1), BOTTOM, np.int64), np.zeros((rows, 1), np.int64)
    for start in range(0, columns, width):
        block, counts = q[:, start: start + width], mask[:, start: start + width]
        new = np.maximum(largest, block.max(axis=1, keepdims=True))
        total = shifted(total, halvings(new - largest, bits))
        total = total + np.where(counts, shifted(ONE, halvings(new - block, bits)), 0).sum(axis=1, keepdims=True)
        largest = new
    return np.where(mask, shifted(FULL // np.maximum(total, 1), halvings(largest - q, bits)), 0)


def _wide(q: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Logits as int64 with masked columns at the lowest code, and the mask, all True if there is none."""
    mask = np.ones(q.shape, bool) if mask is None else mask
    return np.where(mask, q.astype(np.int64), BOTTOM), mask


class ITAMax(Softmax):
    """Logits of any scale are first requantised to ITA's own, S = 2^-k ln 2, with the row's maximum at the top code."""

    name = "itamax"
    title = "ITAMax (ε′ = 1/32)"
    source = "Islamoglu et al., ISLPED 2023, arXiv 2307.03493; pulp-platform/ITA, PyITA/softmax.py before Nov 2024"
    about = "The logit scale is chosen so that the exponential is a shift; 8 halvings, 5.5 nats, are its whole range."
    breaks = ("Whatever lies 5.52 nats or more below the maximum is one code. Halvings are whole: ties appear. Where "
              "the sum passes 65280 (255 equal logits) the reciprocal is 0 and so are all codes, as in the original.")
    hardware = Hardware(
        multiplications="none, and one division per row; 1 to requantise the logits", table_bytes=0, passes=3,
        accumulator_bits=19, source="RTL of pulp-platform/ITA (19-bit sum, rows up to 2048); counted in PyITA")
    unit = 1 / 255
    epsilon_bits: ClassVar[int] = 5  # eps' = 2^-5

    def __init__(self, scale: float):
        super().__init__(scale)
        self.rescale = Rescale(self.scale / (math.log(2) / 2**self.epsilon_bits), BOTTOM - TOP)

    def requantized(self, below: np.ndarray) -> np.ndarray:
        """int8 logits on ITA's scale, the maximum at 127; int64."""
        return TOP + self.rescale(below)

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return one_pass(self.requantized(below), self.epsilon_bits, mask)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """2^-s with s whole, no more than the grid reaches."""
        t = (z.max(axis=1, keepdims=True) - z) / np.log(2)
        e = 2.0 ** -np.floor(np.minimum(t, (TOP - BOTTOM) / 2**cls.epsilon_bits) + 0.5)
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """A code lost in each column, and one of the reciprocal's for each term of the sum.

        Nothing is rounded up, but for the sum's fraction being dropped, and that belongs to terms below 1, whose codes
        are 0 (the reciprocal is 255 at most, and their shift 9 at least).
        """
        return max(0.0, 1 - 2 * n / 255), 1.0


class ITAMaxStreaming(ITAMax):
    """ITAMax with the row in blocks of 16, as it leaves the accelerator's multipliers."""

    name = "itamax-streaming"
    title = "ITAMax streaming (ε′ = 1/32)"
    about = "ITAMax while the logits arrive: the sum is shifted whenever a larger maximum comes."
    breaks = (ITAMax.breaks + " Each shift of the sum is rounded by itself: 16 codes more than the last maximum halve "
              "it, 15 leave it, so that rows whose maximum grows in steps add up to less or more than 1, and the order "
              "of the columns matters.")
    hardware = Hardware(
        multiplications="none, and one division per row; 1 to requantise the logits", table_bytes=0, passes=2,
        accumulator_bits=19, source=ITAMax.hardware.source)
    ordered = True

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return streaming(self.requantized(below), self.epsilon_bits, mask)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Each of B blocks rounds its shift of the sum, half up: a term is halved at most twice as often as its code,
        and at least that often less floor((15 B + 16) / 32).

        Sums are then at most (1 + Σ x) / (1 + Σ x²) over n - 1 numbers x, which is (1 + √n) / 2 at most; and the sum,
        256 at least, is short by less than 2.
        """
        blocks = -(-n // WIDTH)
        late = (15 * blocks + 16) // 32
        high = (1 + math.sqrt(n)) / 2 * 256 / 254 if blocks > 1 else 1.0
        return max(0.0, 2.0**-late - 2 * n / 255), high


class ITAMaxWide(ITAMax):
    """ITAMax at eps' = 1: each code below the maximum is a halving, and S = ln 2."""

    name = "itamax-wide"
    title = "ITAMax (ε′ = 1)"
    source = "Islamoglu et al., ISLPED 2023, arXiv 2307.03493; pulp-platform/ITA since 39236c9 (Nov 2024)"
    about = "ITAMax as its code is now: one step of the logits is one halving, and 177 nats fit in int8."
    breaks = ("Logits are rounded to 0.69 nats before anything else. The sum is rounded down once, as the reference "
              "does it: logits 9 or more halvings below the maximum, whose own codes are 0, still lower the others, "
              "and [12, 3, 3] gives [254, 0, 0]. The reference shifts an int64 by up to 255 places and divides by 0 "
              "where that is 64 or more; here the sum is exact. Where it passes 65280 (255 equal logits) the "
              "reciprocal is 0 and so are all codes.")
    hardware = Hardware(
        multiplications=ITAMax.hardware.multiplications, table_bytes=0, passes=3, accumulator_bits=64,
        source="PyITA sums fractions in float64, here int64 holds them; the RTL streams and needs 19 bits")
    epsilon_bits = 0


class ITAMaxWideStreaming(ITAMaxWide):
    """ITAMax block by block at eps' = 1, where shifts are whole and only bits below the point are lost."""

    name = "itamax-wide-streaming"
    title = "ITAMax streaming (ε′ = 1)"
    about = ITAMaxStreaming.about
    breaks = ("Logits are rounded to 0.69 nats before anything else. Each term of the sum is rounded down by itself, "
              "so logits 9 or more halvings below the maximum count for nothing. The sum loses its lowest bits with "
              "each larger maximum. Where it passes 65280 (255 equal logits) the reciprocal is 0 and so are all codes.")
    hardware = ITAMaxStreaming.hardware
    ordered = True
    codes = ITAMaxStreaming.codes

    def row_sums(self, n: int) -> tuple[float, float]:
        """As in one pass, but the sum, 256 or more, is short by less than 2: each shift halves the losses before it."""
        return max(0.0, 1 - 2 * n / 255), 1 + 2 / 256
