"""AWQ: columns of a weight matrix that meet large activations are scaled up before they are rounded.

Lin et al. 2023, "AWQ: activation-aware weight quantization for LLM compression and acceleration" (arXiv 2306.00978),
section 3.2. Rounding moves a weight by up to half a step, whatever the weight; a column multiplied by s, whose input is
divided by s, is moved by 1/s of that as long as the scale of its group stays. The paper's search for clipping is apart:
`fit_weight_grid` has one.
"""

from collections.abc import Callable

import numpy as np

from pyapp.core.ops import linear
from pyapp.quant.schemes import NOT_FINITE

FINENESS = 12  # significant bits of a scale: the last bits of sums differ between runtimes, and codes should not
STEPS = 20  # α is 0, 1/20, ..., 19/20, as in the authors' code


def awq_scales(w: np.ndarray, x: np.ndarray, rounded: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """s_j = mean|X_j|^α for each input j, float64 (I,), with W (O, I), X (N, I) and the α of least output error.

    The error is ‖X (Ŵ - W)ᵀ‖² with Ŵ = rounded(W · s) / s (equations 4 and 5). As in the authors' code, s is divided
    by √(max s · min s), so that it is centred on 1. An input that was always 0 keeps s = 1, and counts for nothing.
    α = 0 is s = 1: on X the result is never worse than plain rounding. The first of equally good α wins. ValueError for
    shapes that do not fit together, no examples, NaN and infinity.
    """
    w, x = np.asarray(w, np.float64), np.asarray(x, np.float64)
    if not len(x) or x.shape[1:] != w.shape[1:]:
        raise ValueError(f"AWQ has inputs of shape {x.shape} for weights {w.shape}; give (N, {w.shape[1]}), N from 1")
    if not (np.isfinite(w).all() and np.isfinite(x).all()):
        raise ValueError(NOT_FINITE)
    size = np.abs(x).mean(axis=0)  # I
    tried = [_centred(size, step / STEPS) for step in range(STEPS)]
    errors = [np.square(linear(x, rounded(w * s) / s - w)).sum() for s in tried]
    return tried[int(np.argmin(errors))]


def steady(s: np.ndarray) -> np.ndarray:
    """Scales with 12 significant bits, and 1 where s is not positive and finite; float64."""
    mantissa, exponent = np.frexp(np.where(np.isfinite(s) & (s > 0), s, 1.0))
    return np.ldexp(np.rint(np.ldexp(mantissa, FINENESS)), exponent - FINENESS)


def _centred(size: np.ndarray, alpha: float) -> np.ndarray:
    """size^α over the geometric mean of its ends, 1 where the size is 0."""
    live = size > 0
    s = np.where(live, size, 1.0) ** alpha
    if live.any():
        s /= np.sqrt(s[live].max() * s[live].min())
    return np.where(live, s, 1.0)
