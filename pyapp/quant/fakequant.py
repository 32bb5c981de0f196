"""Fake quantisation: numbers go to the grid and back in the forward pass, and a gradient finds its way through.

Rounding has the gradient 0 nearly everywhere, so the backward pass treats it as the identity (the straight-through
estimator, Bengio et al. 2013). LSQ (Esser et al. 2020, arXiv 1902.08153) learns the scale by the same idea.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.quant.schemes import PER_TENSOR, Granularity

# How x becomes a code before it is clamped; they differ on ties and in the last bit only. Training uses "divide", the
# rule of Grid.quantize and of ONNX, so that the exported codes are the trained ones. The others are torch's:
# "reciprocal" in fake_quantize_per_*_affine and in the forward pass of _fake_quantize_learnable_*. The backward pass of
# the latter adds z before rounding: "shifted" in float32 operations, "fused" where the processor multiplies and adds in
# one, with the product not rounded. Of 2,151 ties and their neighbours (torch 2.13, AVX-512, one scale per tensor, z 3,
# 17 and 100) none differs from "fused", and 76 from "shifted".
RULES = {
    "divide": lambda x, scale, zero_point: np.rint(x / scale) + zero_point,
    "reciprocal": lambda x, scale, zero_point: np.rint(x * (x.dtype.type(1) / scale)) + zero_point,
    "fused": lambda x, scale, zero_point: np.rint(_fused(x, x.dtype.type(1) / scale, zero_point)),
    "shifted": lambda x, scale, zero_point: np.rint(x * (x.dtype.type(1) / scale) + zero_point),
}


def _fused(x: np.ndarray, factor: np.ndarray, summand: np.ndarray) -> np.ndarray:
    """x · factor + summand rounded once to x's dtype: in float64 the product of two float32 is exact."""
    return (x.astype(np.float64) * np.asarray(factor, np.float64) + summand).astype(x.dtype)


@dataclass(frozen=True)
class FakeQuantized:
    """x on a grid, with what the backward pass needs. Codes are whole numbers kept as floats."""

    ratio: np.ndarray  # x / S
    steps: np.ndarray  # code - zero point, so that steps · S is the number that the code stands for
    inside: np.ndarray  # bool: the code was between low and high before clamping
    scale: np.ndarray

    @property
    def values(self) -> np.ndarray:
        return self.steps * self.scale

    def gradient(self, dy: np.ndarray) -> np.ndarray:
        """Straight through: dL/dx = dL/dy where the code was not clamped, else 0."""
        return dy * self.inside  # twice as fast as np.where natively, and as fast in Pyodide

    def scale_gradient(self, dy: np.ndarray, dx: np.ndarray, per: Granularity = PER_TENSOR) -> np.ndarray:
        """LSQ, eq. 3: dy/dS = steps - x / S inside, and steps (the bound that clamped it) outside; one sum per scale.

        `dx` is `gradient(dy)`, which the caller needs anyway. Zero where clamped, it picks the places inside.
        """
        return _sum_of_products(dy, self.steps, per) - _sum_of_products(dx, self.ratio, per)


def fake_quantize(x: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | int, low: int, high: int,
                  rule: str = "divide") -> FakeQuantized:
    """ŷ = (clip(round(x / S) + z, low, high) - z) · S, for a scale and zero point that broadcast against x.

    Arithmetic is in x's dtype (float32 in training). NaN stays NaN: who exports codes refuses it (Grid.quantize).
    """
    dtype = x.dtype.type
    low, high = dtype(low), dtype(high)
    if rule == "divide" and np.ndim(zero_point) == 0 and zero_point == 0:  # training: no pass over x more than needed
        return FakeQuantized(*fake_steps(x, scale, low, high), scale)
    free = RULES[rule](x, scale, np.asarray(zero_point, x.dtype))
    codes = np.clip(free, low, high)
    return FakeQuantized(x / scale, codes - np.asarray(zero_point, x.dtype), free == codes, scale)


@accelerated
def fake_steps(x: np.ndarray, scale: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """x / S, round(x / S) clipped to low..high, and where nothing was clipped."""
    ratio = x / scale
    free = np.rint(ratio)
    steps = np.clip(free, low, high)
    return ratio, steps, free == steps


def _sum_of_products(a: np.ndarray, b: np.ndarray, per: Granularity) -> np.ndarray:
    """Σ a·b over all numbers that share a scale; no product array is made per tensor and per channel."""
    if per.kind == "group" or per.axis:
        return per.reduce(np.add, a * b)
    if per.kind == "tensor":
        return np.asarray(np.vdot(a, b))
    return np.einsum("ci,ci->c", a.reshape(len(a), -1), b.reshape(len(b), -1))


def lsq_scale(x: np.ndarray, high: int, per: Granularity = PER_TENSOR) -> np.ndarray:
    """Where LSQ starts: S = 2·mean|x| / √high (Esser et al., section 2.1), for each scale; 1 where all numbers are 0.

    Summed in float64, so that every runtime rounds to the same scale.
    """
    size = np.abs(x).astype(np.float64)
    scale = 2 * per.reduce(np.add, size) / per.reduce(np.add, np.ones_like(size)) / np.sqrt(high)
    return np.where(scale == 0, 1.0, scale).astype(x.dtype)


def lsq_factor(count: int, high: int) -> float:
    """What LSQ multiplies the scale's gradient with, 1/√(N · high), so that a scale moves no faster, relative to its
    size, than the N numbers that share it (Esser et al., section 2.2)."""
    return 1.0 / float(np.sqrt(count * high))
