"""HQQ, half-quadratic quantisation: zero points between the codes, chosen so that a few large errors may stay large.

Badri and Shaji 2023, "Half-quadratic quantization of large machine learning models" (mobiusml.github.io/hqq_blog). No
data: only the weights are looked at.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import FLOAT_BYTES, NOT_FINITE, TOO_FAR_APART, Granularity, check_bits

P, BETA, KAPPA, ROUNDS = 0.7, 10.0, 1.01, 20  # the authors' norm, strength, its growth per round, and rounds
FINENESS = 2.0**12  # zero points are multiples of 1/4096, so that the last bit of a power decides no code


@dataclass(frozen=True)
class RealZeros:
    """Codes that stand for (code - zero) · scale, with a zero that is no whole number."""

    codes: np.ndarray  # uint8 or uint16, 0 .. 2^bits - 1
    scale: np.ndarray  # float32, shape per.scales(codes.shape)
    zero: np.ndarray  # float32, the same shape
    bits: int
    per: Granularity

    def dequantize(self) -> np.ndarray:
        scale, zero = (self.per.spread(part, self.codes.shape) for part in (self.scale, self.zero))
        return (self.codes.astype(np.float32) - zero) * scale

    @property
    def nbytes(self) -> int:
        """Packed codes, and a float32 scale and zero for each group."""
        return (self.codes.size * self.bits + 7) // 8 + 2 * FLOAT_BYTES * self.scale.size


def hqq(w: np.ndarray, bits: int, per: str | Granularity = "tensor", rounds: int = ROUNDS) -> RealZeros:
    """Codes round(W/S + z) with S = (max - min) / (2^b - 1) of each group and the z that lowers Σ|W - Ŵ|^p, p = 0.7.

    z starts at -min/S. Then, again and again, with the errors e = (W - Ŵ)/S in steps of the grid:

        e ← sign(e) · max(|e| - |e|^(p-1)/β, 0),   z ← mean over the group of (code - W/S + e),   β ← κ β.

    What shrinks to 0 moves z, what stays is an outlier that z does not follow. The paper shrinks the errors of the
    weights themselves, where its β fits weights of about 1; in steps it fits any. Of all rounds each group keeps the z
    of least Σ|e|^p, so that Σ|W - Ŵ|^p is never more than with the first. ValueError for NaN, infinity, and a
    range that is no float32.
    """
    w, per, levels = np.asarray(w, np.float32), Granularity.parse(per), (1 << check_bits(bits)) - 1
    if not np.isfinite(w).all():
        raise ValueError(NOT_FINITE)
    lowest, highest = per.reduce(np.minimum, w), per.reduce(np.maximum, w)
    with np.errstate(over="ignore"):
        scale = (highest - lowest) / np.float32(levels)
    if not np.isfinite(scale).all():
        raise ValueError(TOO_FAR_APART)
    scale = np.where(scale == 0, np.where(lowest == 0, np.float32(1), np.abs(lowest)), scale)  # all numbers are equal
    ratio = (w / per.spread(scale, w.shape)).astype(np.float64)
    count = per.reduce(np.add, np.ones(w.shape, np.float64))

    def codes_of(zero: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(ratio + per.spread(zero, w.shape)), 0, levels)

    zero, beta = _fine(-lowest.astype(np.float64) / scale), BETA
    best, least = zero, np.full(zero.shape, np.inf, np.float64)
    for _ in range(rounds + 1):
        codes = codes_of(zero)
        error = ratio - (codes - per.spread(zero, w.shape))
        cost = per.reduce(np.add, np.abs(error) ** P)
        best, least = np.where(cost < least, zero, best), np.minimum(cost, least)
        zero = _fine(per.reduce(np.add, codes - ratio + shrunk(error, beta)) / count)
        beta *= KAPPA
    codes = codes_of(best).astype(np.uint8 if bits <= 8 else np.uint16)
    return RealZeros(codes, scale, best.astype(np.float32), bits, per)


def shrunk(error: np.ndarray, beta: float, p: float = P) -> np.ndarray:
    """sign(e) · max(|e| - |e|^(p-1)/β, 0), the proximal step of |e|^p that the authors use."""
    size = np.abs(error)
    pull = np.where(size > 0, size, 1.0) ** (p - 1) / beta
    return np.sign(error) * np.maximum(size - pull, 0)


def _fine(zero: np.ndarray) -> np.ndarray:
    return np.rint(zero * FINENESS) / FINENESS
