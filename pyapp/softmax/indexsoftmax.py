"""IndexSoftmax of IntAttention: the distance to the row's maximum is nothing but an index into 32 bytes."""

import numpy as np

from pyapp.softmax.integers import divide_half_even
from pyapp.softmax.method import Hardware, Softmax

CUT = 6.6  # nats below the maximum from which on a probability is 0: the paper's c
LAST = 31  # index of the table's last entry, which is 0
WIDEST = 2.0**40  # codes: past the difference of any two int32


class IndexSoftmax(Softmax):
    """y = round(255 E / sum E) with E = T[trunc(31 d / c)], d = min(max - q, c), T[k] = round(255 e^(-6.6 k / 31)).

    c = trunc(6.6 / S) codes; T[0] = 255 and T[31] = 0. Works on the int32 accumulator of Q·Kᵀ as it is.
    With `nearest`, c and the index are rounded, which halves the step's error: so does the paper's NEON kernel, in
    blocks of 16 columns.
    """

    name = "indexsoftmax"
    title = "IndexSoftmax, 32 bytes"
    source = "IntAttention, MLSys 2026, arXiv 2511.21513; code WanliZhong/IntAttention, idx_softmax"
    about = "Cut off 6.6 nats below the maximum, divide the rest into 31 steps, look the exponential up in bytes."
    breaks = ("At scales above 6.6 the cut is 0 codes and the original divides by 0; here it is 1 code, so that "
              "only the largest logits count.")
    hardware = Hardware(
        multiplications="2, and 2 divisions: by the cut, and by the sum", table_bytes=LAST + 1, passes=3,
        accumulator_bits=32,
        source="arXiv 2511.21513 and its NEON kernel (32-byte table, S32 in, U8 out); operations counted in the code")
    unit = 1 / 255
    guarded_above = CUT

    def __init__(self, scale: float, nearest: bool = False):
        super().__init__(scale)
        self.cut = np.int64(max(1.0, min(CUT / self.scale + nearest / 2, WIDEST)))
        self.half = self.cut // 2 if nearest else np.int64(0)
        self.table = np.rint(255 * _exponentials()).astype(np.int64)

    def index(self, d: np.ndarray) -> np.ndarray:
        """Which entry stands for d codes below the maximum, 0 to 31, int64."""
        return (np.minimum(d, self.cut) * LAST + self.half) // self.cut

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = np.where(mask, np.take(self.table, self.index(-below)), 0)  # R, N
        total = np.maximum(e.sum(axis=1, keepdims=True), 1)  # 1 for a row that is masked as a whole
        return divide_half_even(255 * e, total)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """e^(-6.6 k / 31) with k = trunc(31 d / 6.6), and 0 from 6.6 on."""
        d = np.minimum(z.max(axis=1, keepdims=True) - z, CUT)
        e = np.take(_exponentials(), (d * (LAST / CUT)).astype(np.int64))
        return e / e.sum(axis=1, keepdims=True)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Half a code lost or gained in each column; rounding at most doubles what is not rounded to 0."""
        return max(0.0, 1 - n / 510), min(2.0, 1 + n / 510)


def _exponentials() -> np.ndarray:
    """e^(-6.6 k / 31) for k = 0 to 30, and a last 0; float64 (32,)."""
    steps = np.exp(-CUT * np.arange(LAST + 1) / LAST)
    steps[LAST] = 0
    return steps
