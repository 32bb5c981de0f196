"""Layers whose numbers lie on integer grids that a first pass has calibrated."""

from collections.abc import Sequence

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.quant.calibrate import calibrate
from pyapp.quant.schemes import Grid


class Activation:
    """Moves numbers onto a grid, which the first ones that it is given decide."""

    def __init__(self, bits: int, method: str):
        self.bits, self.method = bits, method
        self.grid: Grid | None = None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if self.grid is None:
            self.grid = calibrate(x, self.method, self.bits)
        return self.grid.fake_quantize(x)


class OnGrids:
    """A layer for inference: its inputs, or its outputs in equal parts of their columns, are moved onto grids."""

    def __init__(self, layer, before: Activation | None = None, after: Sequence[Activation] = ()):
        self.layer, self.before, self.after = layer, before, after
        self.shapes = layer.shapes

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        y = self.layer.forward(p, x if self.before is None else self.before(x))
        parts = np.split(y, len(self.after), axis=1) if self.after else []
        for part, activation in zip(parts, self.after, strict=True):
            part[:] = activation(part)
        return y
