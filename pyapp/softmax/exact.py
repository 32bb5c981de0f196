"""The softmax that all others are measured against: float64, no integer after the logits."""

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.core.losses import softmax
from pyapp.softmax.method import Hardware, Method, below_maximum
from pyapp.softmax.shift import Shift, check_finite, logit_codes


class Exact(Method):
    """p_j = exp(S·d_j) / Σ_k exp(S·d_k), d = q - max q. It has no codes, so it is a Method, but not a Softmax."""

    name = "exact"
    title = "Exact (float)"
    source = "the definition, in float64"
    about = "Exponential and division in floating point: what is left is the rounding of the logits."
    hardware = Hardware("1, and a float exponential", 0, 3, 64, "counted from the code of pyapp/core/losses.py")
    unit = 1.0

    def probabilities(self, q: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        if mask is None and q.dtype == np.int32 and q.ndim == 2 and q.size:
            return code_softmax(q, self.scale)
        below, mask = below_maximum(q, mask)
        e = np.where(mask, np.exp(self.scale * below), 0.0)
        return e / np.maximum(e.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)  # a row without columns is 0

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        return softmax(np.asarray(z, np.float64))

    def row_sums(self, n: int) -> tuple[float, float]:
        return 1 - n * 2.0**-52, 1 + n * 2.0**-52


@accelerated
def code_softmax(q: np.ndarray, scale: float) -> np.ndarray:
    """exp(scale · q) divided by its row's sum, float64 (R, N), for codes q int32 (R, N)."""
    return softmax(scale * (q - q.max(axis=1, keepdims=True).astype(np.int64)))


@accelerated
def rounded_softmax(z: np.ndarray, offset: np.ndarray, shift: Shift, out: np.ndarray) -> None:
    """`code_softmax` of z float64 (R, N), less each row's offset (R, 1), on the grid of a shift; written to `out`."""
    check_finite(z)
    out[:] = code_softmax(logit_codes(z, offset, shift.scale, shift.low, shift.high), shift.scale)
