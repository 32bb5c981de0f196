"""The shift: what is subtracted from logits before they are rounded, and the grid that remains for them.

softmax(z - c) = softmax(z) for any c of a row, so a shift changes no probability; but it changes which codes are used.
An integer softmax subtracts the row's largest code, which comes too late: the rounding is done by then.
Shapes: R rows, N columns; `mask`, bool (R, N), is True where a column counts.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.core.losses import softmax
from pyapp.quant.schemes import check_bits

RULES = ("none", "tensor-mean", "row-mean", "row-midrange", "row-max", "row-max-clip")
UNSIGNED = ("row-max", "row-max-clip")  # nothing lies above the maximum, so no code is spent there
CLIPS = (np.arange(2, 13, dtype=np.float64), np.linspace(-0.8, 0.8, 9, dtype=np.float64))  # nats: coarse, then around


@dataclass(frozen=True)
class Logits:
    """Logits as codes: z ≈ scale · q + offset. `q` feeds a method as it is."""

    q: np.ndarray  # int32 (R, N)
    scale: float
    low: int  # lowest code of the grid
    high: int
    offset: np.ndarray  # float64 (R, 1): what was subtracted

    def dequantize(self) -> np.ndarray:
        """The logits that the codes stand for, scale · q + offset, float64 (R, N)."""
        return self.scale * self.q + self.offset


@dataclass(frozen=True)
class Shift:
    """A rule with all that is fixed before the logits are seen: the grid, and the tensor's mean where it is used."""

    rule: str
    scale: float
    low: int
    high: int
    mean: float = 0.0

    def quantize(self, z: np.ndarray, mask: np.ndarray | None = None) -> Logits:
        """q = clip(round((z - c) / scale), low, high), half to even, of z float64 (R, N); masked columns get `low`."""
        _check(z, mask)
        offset = offsets(z, self.rule, mask, self.mean)
        clean = z if mask is None else np.where(mask, z, 0)  # whatever stands in masked columns
        q = logit_codes(clean, offset, self.scale, self.low, self.high)
        q = q if mask is None else np.where(mask, q, np.int32(self.low))
        return Logits(q, self.scale, self.low, self.high, offset)


@accelerated
def logit_codes(z: np.ndarray, offset: np.ndarray, scale: float, low: int, high: int) -> np.ndarray:
    """clip(round((z - offset) / scale), low, high), int32 (R, N), for z (R, N) and offset (R, 1)."""
    return np.clip(np.rint((z - offset) / scale), low, high).astype(np.int32)


def offsets(z: np.ndarray, rule: str, mask: np.ndarray | None, mean: float) -> np.ndarray:
    """What the rule subtracts from each row, float64 (R, 1); 0 for a row whose columns are all masked."""
    if mask is None:  # a reduction that looks at a mask takes several times as long
        if rule in ("none", "tensor-mean"):
            return np.full((len(z), 1), mean if rule == "tensor-mean" else 0.0)
        if rule == "row-mean":
            return z.sum(axis=1, keepdims=True) / z.shape[1]
        high = z.max(axis=1, keepdims=True)
        return high if rule in UNSIGNED else high / 2 + z.min(axis=1, keepdims=True) / 2
    there = mask.any(axis=1, keepdims=True)  # R, 1
    if rule in ("none", "tensor-mean"):
        return np.where(there, mean if rule == "tensor-mean" else 0.0, 0.0)
    if rule == "row-mean":
        return np.where(mask, z, 0).sum(axis=1, keepdims=True) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
    high = np.where(there, z.max(axis=1, keepdims=True, where=mask, initial=-np.inf), 0)
    low = np.where(there, z.min(axis=1, keepdims=True, where=mask, initial=np.inf), 0)
    return high if rule in UNSIGNED else high / 2 + low / 2  # the sum of both may overflow


def calibrate(z: np.ndarray, bits: int, rule: str, mask: np.ndarray | None = None, clip: float | None = None) -> Shift:
    """The shift and its grid, one scale for the tensor, for logits like z, float64 (R, N).

    Symmetric: codes -(2^(b-1) - 1) .. 2^(b-1) - 1, scale = max |z - c| / (2^(b-1) - 1). Below the row's maximum:
    codes -(2^b - 1) .. 0, scale = max |z - c| / (2^b - 1), or clip / (2^b - 1) for "row-max-clip"; without a `clip`
    that is `best_clip`. Where nothing is left to cover, the scale is 1. ValueError names what cannot be used.
    """
    check_bits(bits)
    if rule not in RULES:
        raise ValueError(f"there is no shift {rule!r}; use one of {', '.join(RULES)}")
    _check(z, mask)
    if clip is not None and not (np.isfinite(clip) and clip > 0):
        raise ValueError(f"the clip is {clip}; use a number of nats above 0")
    counted = z.reshape(-1) if mask is None else z[mask]
    mean = float(counted.mean()) if rule == "tensor-mean" and counted.size else 0.0
    offset = offsets(z, rule, mask, mean)
    apart = ([end(axis=1, keepdims=True) - offset for end in (z.max, z.min)] if mask is None  # no array as large as z
             else [np.where(mask, z - offset, 0)])
    reach = max(max(float(each.max()), -float(each.min())) for each in apart)  # |apart| would be one array more
    if rule == "row-max-clip":
        reach = min(reach, best_clip(z, bits, mask) if clip is None else clip)
    high = 0 if rule in UNSIGNED else (1 << (bits - 1)) - 1
    low = 1 - (1 << bits) if rule in UNSIGNED else -high
    return Shift(rule, reach / -low or 1.0, low, high, mean)


def quantize_logits(z: np.ndarray, bits: int, rule: str, mask: np.ndarray | None = None,
                    clip: float | None = None) -> Logits:
    """Logits float64 (R, N) as codes, on the grid that `calibrate` finds for themselves."""
    return calibrate(z, bits, rule, mask, clip).quantize(z, mask)


def best_clip(z: np.ndarray, bits: int, mask: np.ndarray | None = None) -> float:
    """How many nats below each row's maximum to keep so that the float softmax of the codes has the least L1 error.

    A coarse search from 2 to 12 nats, then a fine one around its best.
    """
    mask = _checked(z, mask)
    mask = mask & mask.any(axis=1, keepdims=True)
    x = np.where(mask, z - offsets(z, "row-max", mask, 0.0), -np.inf)[mask.any(axis=1)]  # R, N
    if not x.size:
        return float(CLIPS[0][0])
    p = softmax(x)
    best = 0.0
    for grid in CLIPS:
        best = min(best + grid, key=lambda clip: _clip_error(x, p, float(clip) / ((1 << bits) - 1), 1 - (1 << bits)))
    return float(best)


def _clip_error(x: np.ndarray, p: np.ndarray, scale: float, low: int) -> float:
    """Mean L1 per row of the softmax of x, rounded to codes low..0, where p is that of x itself; -inf is left out."""
    rounded = np.where(np.isfinite(x), scale * np.maximum(np.rint(x / scale), low), -np.inf)
    return float(np.abs(softmax(rounded) - p).sum(axis=1).mean())


def _checked(z: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The mask, all columns by default; ValueError if z or mask cannot be used."""
    _check(z, mask)
    return np.ones(z.shape, bool) if mask is None else mask


def _check(z: np.ndarray, mask: np.ndarray | None) -> None:
    if z.ndim != 2 or z.size == 0:
        raise ValueError(f"logits have the shape {z.shape}; give rows and columns, at least one of each")
    if mask is not None and (mask.shape != z.shape or mask.dtype != bool):
        raise ValueError(f"the mask is {mask.dtype} {mask.shape}; give bool {z.shape}")
    check_finite(z if mask is None else z[mask])


def check_finite(z: np.ndarray) -> None:
    """ValueError for NaN or infinity."""
    if not np.isfinite(z).all():
        raise ValueError("the logits have NaN or infinity, which no grid can hold; remove them, or mask them")
