"""One pass of the float32 network, in float64, that finds all ranges which a transformer in integers needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pyapp.core.attention import float_softmax
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quant.schemes import Grid, affine_grid, symmetric_grid
from pyapp.quantized.attention_softmax import QuantizedSoftmax, round_up


class Range(NamedTuple):
    """From the lowest to the highest number of a tensor, 0 included."""

    low: float = 0.0
    high: float = 0.0

    @property
    def largest(self) -> float:
        return max(-self.low, self.high)

    def __or__(self, other: "Range") -> "Range":
        return Range(min(self.low, other.low), max(self.high, other.high))

    @classmethod
    def of(cls, x: np.ndarray) -> "Range":
        return cls(min(float(x.min()), 0.0), max(float(x.max()), 0.0))

    def symmetric(self, bits: int) -> Grid:
        """A signed grid with 0 in its middle. Its scale is rounded up, so that it is the same in every runtime."""
        high = (1 << (bits - 1)) - 1
        return symmetric_grid(np.float32(_up(self.largest / high) * high), bits)

    def affine(self, bits: int) -> Grid:
        """An unsigned grid with a zero point; both ends are rounded outwards."""
        return affine_grid(np.float32(-_up(-self.low)), np.float32(_up(self.high)), bits)


def _up(x: float) -> float:
    return round_up(x) if x > 0 else 0.0


@dataclass
class Ranges:
    """Ranges by name, "block1.up in" and "block1.up out", and the calibrated softmax of each block."""

    found: dict[str, Range] = field(default_factory=dict)
    softmax: dict[str, QuantizedSoftmax] = field(default_factory=dict)

    def note(self, name: str, x: np.ndarray) -> None:
        self.found[name] = self.found.get(name, Range()) | Range.of(x)

    def __getitem__(self, name: str) -> Range:
        return self.found[name]


class _Observed:
    """A layer of the float32 network whose inputs and outputs are noted."""

    def __init__(self, name: str, layer, ranges: Ranges):
        self.name, self.layer, self.ranges = name, layer, ranges

    def __getattr__(self, name: str):
        return getattr(self.layer, name)

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        y = self.layer.forward(p, x)
        self.ranges.note(f"{self.name} in", x)
        self.ranges.note(f"{self.name} out", y)
        return y


def ranges_of(model: ViT | GPT, p: Parameters, inputs: np.ndarray,
              softmax: Callable[[], QuantizedSoftmax]) -> Ranges:
    """Ranges of a fresh float32 network with weights p on images (B, 784) or tokens (B, T). It is not for use after.

    Names are "block1.norm1 in" and the like; queries, keys and values are "block1.q", "block1.k" and "block1.v".
    """
    ranges = Ranges()
    for i, block in enumerate(model.blocks, 1):
        name, attention = f"block{i}", block.attention
        for part in ("norm1", "norm2", "up", "gelu", "down"):
            setattr(block, part, _Observed(f"{name}.{part}", getattr(block, part), ranges))
        attention.out = _Observed(f"{name}.out", attention.out, ranges)
        attention.softmax = _calibrating(name, attention, ranges, softmax())
    model.norm = _Observed("norm", model.norm, ranges)
    ranges.note("logits", model.forward(p.astype(np.float64), inputs))
    return ranges


def _calibrating(name: str, attention, ranges: Ranges, softmax: QuantizedSoftmax) -> Callable:
    def probabilities(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        for part in "qkv":
            ranges.note(f"{name}.{part}", getattr(attention, part))
        softmax.calibrate(scores, mask)
        ranges.softmax[name] = softmax
        return float_softmax(scores, mask)
    return probabilities
