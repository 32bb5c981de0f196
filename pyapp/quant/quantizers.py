"""Quantisers for training: each puts a tensor on its grid in the forward pass and brings the gradient back.

In order of increasing complexity. Where a scale is kept between steps it is a parameter like any other, so optimisers,
files and snapshots need not know about it. Zero points are 0: weights are symmetric, activations come out of a ReLU.
"""

from typing import ClassVar

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.quant.fakequant import fake_quantize, lsq_factor, lsq_scale
from pyapp.quant.parameters import Encoded
from pyapp.quant.schemes import NOT_FINITE, PER_TENSOR, Granularity, Grid, QuantizedTensor

MIN_BITS, MAX_BITS = 2, 8  # a product of longer codes would not stay exact in float32
ONE = np.float32(1)
SMALLEST = np.float32(1e-6)  # a scale that falls to zero or below stays here, from where it can grow again
MOMENTUM = 0.95  # of a moving maximum, as in I-BERT (Kim et al. 2021)


class Float:
    """No quantisation: every number stands for itself."""

    shapes: ClassVar[dict[str, tuple[int, ...]]] = {}  # of the parameters that it needs

    def start(self, p: Parameters, x: np.ndarray) -> None:
        """Set the scale from typical values x, before training starts."""

    def forward(self, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and a scale, so that numbers · scale is x on its grid."""
        return x, ONE

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        """dL/dx from dL/dy for y = x on its grid; only training calls this."""
        return dy

    def tensor(self, p: Parameters, x: np.ndarray) -> Encoded | None:
        """The codes that `forward` computes with; None if x stays float."""
        return None


class InFormat(Float):
    """Weights in a number format: every step finds scales and codes anew. The whole gradient passes straight through
    (Bengio et al. 2013, arXiv 1308.3432), also where a power-of-two scale clips, so that such a weight can come back.
    """

    def __init__(self, name: str):
        from pyapp.quant.formats.catalogue import find  # here, because the first page has no formats
        self.format = find(name)

    def forward(self, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.tensor(p, x).dequantize(), ONE

    def tensor(self, p: Parameters, x: np.ndarray) -> Encoded:
        return self.format.encode(x)


class Fixed(Float):
    """Numbers from 0 to 1 on a grid that does not move, S = 1 / (2^b - 1): the pixels of an image."""

    def __init__(self, bits: int):
        self.bits, self.per = check_training_bits(bits), PER_TENSOR
        self.low, self.high = 0, (1 << bits) - 1

    def scale(self, p: Parameters, x: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(ONE / np.float32(self.high))

    def forward(self, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes as whole floats and their scale; per group, where no scale can be taken out of a product, numbers."""
        scale = self.per.spread(self.scale(p, x), x.shape)
        self.fake = fake_quantize(x, scale, 0, self.low, self.high)
        return (self.fake.values, ONE) if self.per.kind == "group" else (self.fake.steps, scale)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        return self.fake.gradient(dy)

    def grid(self, p: Parameters, x: np.ndarray | None = None) -> Grid:
        """The grid at its present scale; `quantize` on it gives the very codes of `forward`. ValueError if the scale
        is NaN or infinite."""
        scale = np.array(self.scale(p, x), np.float32)
        if not np.isfinite(scale).all():
            raise ValueError(NOT_FINITE)
        return Grid(scale, np.zeros(scale.shape, np.int32), self.bits, self.low, self.high, self.per)

    def tensor(self, p: Parameters, x: np.ndarray) -> QuantizedTensor:
        grid = self.grid(p, x)
        return QuantizedTensor(grid.quantize(x), grid)


class LargestWeight(Fixed):
    """STE for weights: S = max|w| / Qmax, recomputed each time. Nothing is clamped, so all of the gradient passes."""

    def __init__(self, bits: int, per: Granularity):
        self.bits, self.per = check_training_bits(bits), per
        self.high = (1 << (bits - 1)) - 1
        self.low = -self.high

    def scale(self, p: Parameters, x: np.ndarray | None = None) -> np.ndarray:
        largest = np.maximum(self.per.reduce(np.maximum, x), -self.per.reduce(np.minimum, x))  # spares a pass for |x|
        return np.where(largest == 0, ONE, largest / largest.dtype.type(self.high))

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        return dy


class MovingRange(Fixed):
    """STE for activations after ReLU: the scale follows a moving average of each batch's largest value."""

    def __init__(self, name: str, bits: int):
        super().__init__(bits)
        self.name, self.shapes = name, {name: ()}

    def start(self, p: Parameters, x: np.ndarray) -> None:
        p[self.name][...] = max(self._of(x), SMALLEST)

    def _of(self, x: np.ndarray) -> np.ndarray:
        return x.max() / x.dtype.type(self.high)

    def scale(self, p: Parameters, x: np.ndarray | None = None) -> np.ndarray:
        return p[self.name]

    def forward(self, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.found = self._of(x)
        return super().forward(p, x)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        scale = p[self.name]
        dx = super().backward(p, dy)
        scale[...] = np.maximum(scale + (self.found - scale) * scale.dtype.type(1 - MOMENTUM), SMALLEST)
        return dx


class Learned(Fixed):
    """LSQ: the scale has a gradient and is learned with the weights (Esser et al. 2020)."""

    def __init__(self, name: str, bits: int, signed: bool, shape: tuple[int, ...], per: Granularity = PER_TENSOR):
        self.bits, self.per = check_training_bits(bits), per
        self.high = (1 << (bits - signed)) - 1
        self.low = -self.high if signed else 0
        self.name, self.shapes = name, {name: per.scales(shape)}
        sharing = int(np.prod(shape)) / max(int(np.prod(per.scales(shape))), 1)  # numbers that share a scale
        self.factor = lsq_factor(sharing, self.high)

    def start(self, p: Parameters, x: np.ndarray) -> None:
        p[self.name][...] = lsq_scale(x, self.high, self.per)

    def scale(self, p: Parameters, x: np.ndarray | None = None) -> np.ndarray:
        return np.maximum(p[self.name], SMALLEST, out=p[self.name])

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        dx = self.fake.gradient(dy)
        p.grad[self.name][...] = self.fake.scale_gradient(dy, dx, self.per) * dy.dtype.type(self.factor)
        return dx


def check_training_bits(bits: int) -> int:
    """Return `bits` if it is a whole number from 2 to 8; otherwise a ValueError says so."""
    if int(bits) != bits or not MIN_BITS <= bits <= MAX_BITS:
        raise ValueError(f"bits is {bits}; training with codes takes a whole number from {MIN_BITS} to {MAX_BITS}")
    return int(bits)
