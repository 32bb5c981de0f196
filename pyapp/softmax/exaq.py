"""EXAQ, exponent-aware quantisation: so few levels below the maximum that the exponential is a table of 4 or 8 entries.

Shkolnik et al. 2024, arXiv 2410.03185; code Anonymous1252022/EXAQ, lm_eval/experimental/utils.py (ClipEstimator with
GAUSS, quant_dequant), and again beside IntAttention's.
"""

from typing import ClassVar

import numpy as np

from pyapp.softmax.method import Hardware, below_maximum
from pyapp.softmax.rescale import Rescale
from pyapp.softmax.weighted import Weighted

CLIPS = {2: (-1.66, -1.85), 3: (-1.75, -2.06), 4: (-1.83, -2.27)}  # C* = a σ + b: the paper's Table 1, and its code
SIGMA = 2.0  # nats: the standard deviation of all logits below their maxima that is assumed where none is measured
ONE = 1 << 20  # the table's entry for the maximum
BYTE = 8


class EXAQ2(Weighted):
    """k = min(round(d S / Δ), 2^b - 1), E = round(2^20 e^(-kΔ)), y = round(255 E / ΣE), with Δ = -C* / (2^b - 1).

    C* = a σ + b is the clip that keeps e^x best for normal logits with standard deviation σ below their maxima, no
    farther than the lowest of them. Levels are packed into bytes, and one look-up adds up all levels of a byte.
    """

    name = "exaq2"
    title = "EXAQ, 2 bits"
    source = "Shkolnik et al. 2024, arXiv 2410.03185; Anonymous1252022/EXAQ; WanliZhong/IntAttention, EXAQ.py"
    about = "Only 4 levels, as far down as the logits' spread makes worthwhile; one look-up sums a whole byte of them."
    breaks = ("No probability falls below e^C of the row's largest, however far its logit lies below, so in long rows "
              "the tail adds up to much. The original measures σ on its first 25 batches; here it is 2 nats unless one "
              "is given. The original's exponentials and division are float; here they are integers.")
    hardware = Hardware(
        multiplications="2, and a division", table_bytes=4 * 4 + 4 * 256, passes=3, accumulator_bits=32,
        source="counted in this project's code: 4 exponentials, and the sums of the 256 bytes that hold 4 levels each")
    unit = 1 / 255
    bits: ClassVar[int] = 2

    def __init__(self, scale: float, sigma: float = SIGMA, lowest: float = -np.inf):
        """σ and the lowest logit, both in nats and of logits less their row's maximum. ValueError if no range is left.
        """
        super().__init__(scale)
        clip = max(clip_of(self.bits, sigma), lowest)
        if not clip < 0:
            raise ValueError(f"the lowest logit is {lowest}, which leaves no range below the maximum; use one below 0")
        self.last = (1 << self.bits) - 1  # the lowest level
        self.rescale = Rescale(self.scale * self.last / -clip, -self.last)
        self.reach = -int(self.rescale.farthest)
        self.table = np.rint(ONE * np.exp(clip * np.arange(self.last + 1) / self.last)).astype(np.int64)
        self.together = BYTE // self.bits  # levels in a byte
        fields = np.arange(1 << (self.together * self.bits), dtype=np.int64)
        self.sums = sum(self.table[(fields >> (place * self.bits)) & self.last] for place in range(self.together))

    def level(self, d: np.ndarray) -> np.ndarray:
        """How many steps of Δ a logit lies below the maximum if it is d codes below it: 0 to 2^b - 1, int64."""
        return -self.rescale(-d)

    def weight(self, d: np.ndarray) -> np.ndarray:
        return np.take(self.table, self.level(d))

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """As in `Weighted`, but masked columns are packed as the lowest level and then subtracted from the sum."""
        levels = np.where(mask, self.level(-below), self.last)  # R, N
        total = self.packed_sum(levels) - (~mask).sum(axis=1, keepdims=True, dtype=np.int64) * self.table[self.last]
        return self.normalised(np.where(mask, np.take(self.table, levels), 0), np.maximum(total, 1))

    def packed_sum(self, levels: np.ndarray) -> np.ndarray:
        """Σ E over each row of levels (R, N), one look-up per byte, int64 (R, 1)."""
        rows, columns = levels.shape
        missing = -columns % self.together
        padding = np.full((rows, missing), self.last, np.int64)
        fields = np.concatenate([levels, padding], axis=1).reshape(
            rows, (columns + missing) // self.together, self.together)
        places = np.arange(self.together, dtype=np.int64) * self.bits
        packed = (fields << places).sum(axis=2)  # R, N / together
        return np.take(self.sums, packed).sum(axis=1, keepdims=True) - missing * self.table[self.last]

    def normalised(self, e: np.ndarray, total: np.ndarray) -> np.ndarray:
        return (2 * 255 * e + total) // (2 * total)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """e^(-kΔ) with σ = 2."""
        last = (1 << cls.bits) - 1
        step = -clip_of(cls.bits, SIGMA) / last
        k = np.minimum(np.floor((z.max(axis=1, keepdims=True) - z) / step + 0.5), last)
        e = np.exp(-step * k)
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Half a code lost or gained in each column; rounding at most doubles what is not rounded to 0."""
        return max(0.0, 1 - n / 510), min(2.0, 1 + n / 510)


class EXAQ3(EXAQ2):
    """EXAQ with 3 bits, 8 levels."""

    name = "exaq3"
    title = "EXAQ, 3 bits"
    about = "EXAQ with 8 levels, two to a byte."
    hardware = Hardware(
        multiplications="2, and a division", table_bytes=4 * 8 + 4 * 64, passes=3, accumulator_bits=32,
        source="counted in this project's code: 8 exponentials, and the sums of the 64 pairs of levels")
    bits = 3


def clip_of(bits: int, sigma: float) -> float:
    """C* = a σ + b in nats, for 2 to 4 bits. ValueError unless σ is a number from 0 on."""
    if not (np.isfinite(sigma) and sigma >= 0):
        raise ValueError(f"sigma is {sigma}; use a number of nats from 0 on")
    slope, base = CLIPS[bits]
    return slope * sigma + base


def spread(q: np.ndarray, scale: float, mask: np.ndarray | None = None) -> tuple[float, float]:
    """σ and the lowest of all unmasked logits, less their row's maximum, in nats: EXAQ is calibrated with these.

    Computed from whole numbers, so that every runtime finds the same. ValueError if every logit is masked.
    """
    below, mask = below_maximum(q, mask)
    d = below[mask]
    if not d.size:
        raise ValueError("no logit counts; give rows with at least one that is not masked")
    mean = int(d.sum()) / d.size
    return scale * float(np.sqrt(int((d * d).sum()) / d.size - mean * mean)), scale * float(d.min())
