"""Layers whose numbers lie on integer grids that a first pass has calibrated."""

from collections.abc import Sequence

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.quant.calibrate import RowGrids, calibrate
from pyapp.quant.hadamard import RotatedGrid, rotated_grid
from pyapp.quant.matmul import product, row_sums
from pyapp.quant.schemes import Grid, QuantizedTensor

BYTE = 8  # bits of the codes that have an integer product


class Activation:
    """Moves numbers onto a grid. Its first numbers decide the grid; if it `follows` them, as in training, each call
    finds a grid of its own. If `rotated`, the grid is for the numbers after a Hadamard rotation, which is undone
    afterwards."""

    def __init__(self, bits: int, method: str, follows: bool = False, rotated: bool = False):
        self.bits, self.method, self.follows, self.rotated = bits, method, follows, rotated
        self.grid: Grid | RotatedGrid | RowGrids | None = None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self._grid(x).fake_quantize(x)

    def codes(self, x: np.ndarray) -> tuple[np.ndarray, Grid]:
        """The codes of x, and their grid."""
        grid = self._grid(x)
        grid = grid.of(x) if isinstance(grid, RowGrids) else grid
        return grid.quantize(x), grid

    def _grid(self, x: np.ndarray) -> Grid | RotatedGrid | RowGrids:
        if self.grid is None or self.follows:
            self.grid = (rotated_grid if self.rotated else calibrate)(x, self.method, self.bits)
        return self.grid


class OnGrids:
    """A layer whose inputs, or whose outputs in equal parts of their columns, are moved onto grids.

    A dense layer that is given its weights as codes multiplies codes by codes, where both have 8 bits at most:
    y = s_a s_w (Σ a·w - z_a Σ w) + b in float64, with sums in int32, which are exact and take half the time.
    """

    def __init__(self, layer, before: Activation | None = None, after: Sequence[Activation] = (),
                 weight: QuantizedTensor | None = None):
        self.layer, self.before, self.after = layer, before, after
        self.shapes = layer.shapes
        in_integers = weight is not None and max(weight.bits, before.bits) <= BYTE and weight.grid.per.kind != "group"
        self.weight = weight if in_integers else None

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        if self.weight is not None:
            y = self._of_codes(p, x)
        else:
            y = self.layer.forward(p, x if self.before is None else self.before(x))
        parts = np.split(y, len(self.after), axis=1) if self.after else []
        for part, activation in zip(parts, self.after, strict=True):
            part[:] = activation(part)
        return y

    def backward(self, p: Parameters, dy: np.ndarray, **options) -> np.ndarray | None:
        """Straight through the grids, which clip nothing if they follow the numbers from end to end; the weights'
        gradient is that of the inputs on their grid."""
        return self.layer.backward(p, dy, **options)

    def _of_codes(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        codes, grid = self.before.codes(x)
        weights, (scale, zero) = self.weight.codes, grid.spread(codes.shape)  # of the input: one, or (R, 1)
        scale = scale.astype(np.float64) * self.weight.scale  # (O,) or one for all, of each row or of all
        y = product(codes, weights).astype(np.float64)  # R, O
        y *= scale
        y += p[self.layer.bias] - scale * (zero * row_sums(weights))
        return y
