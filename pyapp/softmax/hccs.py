"""HCCS, head-calibrated clipped-linear softmax: a straight line in place of the exponential, three integers per head.

Danopoulos et al. 2026, arXiv 2604.02292; code dimdano/aie4ml, kernel softmax_i8: int8 logits, uint8 probabilities.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from pyapp.softmax.method import Hardware
from pyapp.softmax.rescale import Rescale
from pyapp.softmax.weighted import Weighted

INVERSE_BITS = 15  # the kernel's INV_SHIFT
FULL = np.int64(255 << INVERSE_BITS)  # the reciprocal's numerator
SUM = 32767  # what N peaks may add up to: the kernel's scores and reciprocals are int16
LEAST_SUM = 256  # of N floors, so that the reciprocal fits too
STEEPEST, FARTHEST = 127, 127  # the kernel's slope is int8, and so is its distance once clipped
CUT = 1.79  # nats: of all lines from 1 down to 0, the one that ends here has the least squared distance to e^-t, t >= 0
REACHES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 31, 39, 49, 61, 77, 97, 127)  # of the coarse search
TRIED = 16  # slopes for each of them
STARTS = 3  # of the best of these, from which the search goes on


@dataclass(frozen=True)
class Integers:
    """A head's line: a logit d codes below its row's maximum scores peak - slope · min(d, reach), never below 0."""

    peak: int = 256  # B in the paper
    slope: int = 4  # S
    reach: int = 64  # Dmax

    def __post_init__(self):
        if not (0 < self.peak <= SUM and 0 <= self.slope <= STEEPEST and 1 <= self.reach <= FARTHEST):
            raise ValueError(f"{self}: use a peak from 1 to {SUM}, a slope from 0 to {STEEPEST} and a reach from 1 to "
                             f"{FARTHEST}")
        if self.floor < 0:
            raise ValueError(f"{self}: the line ends at {self.floor}; use a smaller slope or reach")

    @property
    def floor(self) -> int:
        """The score of logits at `reach` and beyond."""
        return self.peak - self.slope * self.reach

    def fits(self, n: int) -> bool:
        """What the kernel's code generator asks of rows of n logits: N peaks ≤ 32767 and N floors ≥ 256.

        It asks more than int16 numbers need: a peak of 256 alone keeps the reciprocal small, whatever the floor.
        """
        return self.peak * n <= SUM and self.floor * n >= LEAST_SUM


class HCCS(Weighted):
    """E = peak - slope · min(d, reach); R = floor(255 · 2^15 / ΣE); y = (E · R) >> 15, d = max q - q.

    With `integers`, which `fit` finds, d is in codes of the logits as they are. Without, logits are first requantised
    to steps of 1.79 / 64 nats, for which the defaults of `Integers` are the best line through e^-t.
    """

    name = "hccs"
    title = "HCCS, clipped linear"
    source = "Danopoulos et al. 2026, arXiv 2604.02292; dimdano/aie4ml, softmax_i8"
    about = "No exponential at all: a line falls from the maximum and is cut off, with three integers for each head."
    breaks = ("A line is not an exponential, and the paper trains networks again with it; with the unfitted integers "
              "used here whatever lies 1.79 nats below the maximum gets 0. The kernel's int16 numbers need N peaks "
              "up to 32767 and N floors from 256 on; here sums are wider and every row has an answer. Everything is "
              "rounded down, so long flat rows lose mass.")
    hardware = Hardware(
        multiplications="2, and one division per row; 1 to requantise the logits unless integers are fitted",
        table_bytes=0, passes=3, accumulator_bits=32,
        source="kernel softmax_i8 of dimdano/aie4ml: int16 scores, int32 sums and products")
    unit = 1 / 255

    def __init__(self, scale: float, integers: Integers | None = None):
        super().__init__(scale)
        self.integers = integers or Integers()
        own = self.scale if integers else CUT / self.integers.reach
        self.rescale = Rescale(self.scale / own, -self.integers.reach)
        self.reach = -int(self.rescale.farthest)

    def weight(self, d: np.ndarray) -> np.ndarray:
        return self.integers.peak + self.integers.slope * self.rescale(-d)

    def normalised(self, e: np.ndarray, total: np.ndarray) -> np.ndarray:
        return (e * (FULL // total)) >> INVERSE_BITS

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """max(0, 1 - t / 1.79) with t nats below the maximum, divided by the row's sum."""
        e = np.maximum(1 - (z.max(axis=1, keepdims=True) - z) / CUT, 0)
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Each column loses up to a code, and up to E / 2^15 of one by the reciprocal."""
        return max(0.0, 1 - n * (1 + self.integers.peak / (1 << INVERSE_BITS)) / 255), 1.0


def fit(q: np.ndarray, p: np.ndarray, mask: np.ndarray | None = None, checked: bool = True) -> Integers:
    """The integers whose codes have the least mean L1 distance to probabilities p, float64 (R, N), of logits q, int32.

    The peak is the largest that N logits may have; slope and reach are searched on a coarse grid, then by steps from
    the best three, among those that `fits` allows. Without `checked` the peak is 256 at least and the line may end
    at 0. ValueError for rows of more than 32,767 logits.
    """
    n = q.shape[1]
    if n > SUM:
        raise ValueError(f"rows have {n:,} logits; HCCS's int16 sums hold {SUM:,} at most")
    peak, floor = (SUM // n, -(-LEAST_SUM // n)) if checked else (max(LEAST_SUM, SUM // n), 0)

    @cache
    def error(integers: Integers) -> float:
        return float(np.abs(HCCS(1.0, integers).probabilities(q, mask) - p).sum(axis=1).mean())

    def around(at: Integers) -> list[Integers]:
        """Other reaches, other slopes, and other slopes whose line ends at about the same score."""
        pairs = [(at.slope, at.reach + by) for by in (-2, -1, 1, 2)] + [(max(at.slope - 1, 0), at.reach),
                                                                        (at.slope + 1, at.reach)]
        pairs += [(slope, at.slope * at.reach // slope + by) for slope in (at.slope - 1, at.slope + 1) if slope > 0
                  for by in (-1, 0, 1)]
        return [Integers(peak, slope, reach) for slope, reach in pairs
                if 1 <= reach <= FARTHEST and slope <= min(STEEPEST, (peak - floor) // reach)]

    coarse = sorted((Integers(peak, int(slope), reach) for reach in REACHES for slope in
                np.unique(np.linspace(0, min(STEEPEST, (peak - floor) // reach), TRIED).astype(np.int64))), key=error)
    found = []
    for best in coarse[:STARTS]:
        while (better := min([best, *around(best)], key=error)) != best:
            best = better
        found.append(best)
    return min(found, key=error)
