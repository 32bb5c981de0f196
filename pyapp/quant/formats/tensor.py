"""A tensor in a format: codes, scales, and the way back."""

from dataclasses import dataclass, replace

import numpy as np

from pyapp.quant.formats.scales import Elements, Largest, PowerOfTwo, SmallFloat
from pyapp.quant.schemes import NOT_FINITE, Granularity

Rule = Largest | PowerOfTwo | SmallFloat


@dataclass(frozen=True)
class FormatTensor:
    """Codes in the shape of the tensor and the scales of its blocks."""

    codes: np.ndarray  # uint8, or int8 for whole numbers
    scale: np.ndarray  # float32, shape per.scales(codes.shape)
    format: "Format"

    def dequantize(self) -> np.ndarray:
        return self.format.elements.decode(self.codes) * self.format.spread(self.scale, self.codes.shape)

    @property
    def nbytes(self) -> int:
        return self.format.elements.nbytes(self.codes.size) + self.format.rule.nbytes(self.scale.size)


@dataclass(frozen=True)
class Format:
    """Elements, the rule of their scales, and how many numbers share one. x ≈ element(code) · scale."""

    name: str
    title: str
    elements: Elements
    rule: Rule
    per: Granularity
    source: str

    def with_per(self, per: str | Granularity) -> "Format":
        """This format with a scale for each `per` instead: its elements stay."""
        return replace(self, per=Granularity.parse(per))

    def encode(self, x: np.ndarray) -> FormatTensor:
        """Each number over its scale, in float32, moved to the nearest element; too large ones to the largest.

        Blocks lie along the last axis, and the last one of a row may be shorter. ValueError for NaN and infinity.
        """
        x = np.asarray(x, np.float32)
        if not np.isfinite(x).all():
            raise ValueError(NOT_FINITE)
        scale = np.zeros(self.per.scales(self._laid(x.shape)), np.float32)
        if x.size:
            scale[...] = self.rule.fit(x.reshape(self._laid(x.shape)), self.elements, self.per)
        spread = self.spread(scale, x.shape)
        inside = np.divide(x, spread, out=np.zeros_like(x), where=spread > 0)
        return FormatTensor(self.elements.encode(inside), scale, self)

    def spread(self, scale: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The scale of each number of a tensor of this shape."""
        laid = self._laid(shape)
        return np.broadcast_to(self.per.spread(scale, laid), laid).reshape(shape)

    def _laid(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A vector, or one number, is a row where blocks are cut."""
        return (1, *(shape or (1,))) if self.per.kind == "group" and len(shape) < 2 else shape

    def bits(self, shape: tuple[int, ...]) -> float:
        """Bits per number of a tensor of this shape, scales included."""
        count, scales = int(np.prod(shape)), int(np.prod(self.per.scales(self._laid(shape))))
        return 8 * (self.elements.nbytes(count) + self.rule.nbytes(scales)) / max(count, 1)
