"""Layers whose numbers lie on integer grids that a first pass has calibrated."""

from collections.abc import Sequence

import numpy as np

from pyapp.core.attention import float_softmax
from pyapp.core.engine import accelerated
from pyapp.core.parameters import Parameters
from pyapp.nets.transformer import Block
from pyapp.quant.calibrate import RowGrids, calibrate
from pyapp.quant.hadamard import RotatedGrid, rotated_grid
from pyapp.quant.matmul import product, row_sums
from pyapp.quant.schemes import Grid, QuantizedTensor
from pyapp.softmax.shift import Shift

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

    def grid_of(self, x: np.ndarray) -> Grid:
        """The grid that x is moved onto, or the grids of its rows."""
        grid = self._grid(x)
        return grid.of(x) if isinstance(grid, RowGrids) else grid

    def _grid(self, x: np.ndarray) -> Grid | RotatedGrid | RowGrids:
        if self.grid is None or self.follows:
            self.grid = (rotated_grid if self.rotated else calibrate)(x, self.method, self.bits)
        return self.grid


class OnGrids:
    """A layer whose inputs, or whose outputs in equal parts of their columns, are moved onto grids.

    A dense layer that is given its weights as codes multiplies codes by codes, where both have 8 bits at most:
    y = s_a s_w (Σ a·w - z_a Σ w) + b in float64, with sums in int32, which are exact and faster.
    """

    def __init__(self, layer, before: Activation | None = None, after: Sequence[Activation] = (),
                 weight: QuantizedTensor | None = None):
        self.layer, self.before, self.after = layer, before, after
        self.shapes = layer.shapes
        in_integers = weight is not None and max(weight.bits, before.bits) <= BYTE and weight.grid.per.kind != "group"
        self.weight = weight if in_integers else None
        self._sums = row_sums(weight.codes) if in_integers else None
        self._scales = np.full(len(weight.codes), weight.scale) if in_integers else None
        self._last: tuple[Grid, np.ndarray, np.ndarray] | None = None  # see line

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        fixed = [each.grid for each in self.after]
        if self.weight is None or not all(isinstance(grid, Grid) for grid in fixed):
            fixed = []  # not decided yet, or by each row
        if self.weight is not None:
            grid = self.before.grid_of(x)
            y = dense_on_grid(x, grid, self.weight.codes, *self.line(p, grid, len(x)), fixed)
        else:
            y = self.layer.forward(p, x if self.before is None else self.before(x))
        after = self.after[len(fixed):]
        parts = np.split(y, len(after), axis=1) if after else []
        for part, activation in zip(parts, after, strict=True):
            part[:] = activation(part)
        return y

    def backward(self, p: Parameters, dy: np.ndarray, **options) -> np.ndarray | None:
        """Straight through the grids, which clip nothing if they follow the numbers from end to end; the weights'
        gradient is that of the inputs on their grid."""
        return self.layer.backward(p, dy, **options)

    @property
    def fixed(self) -> bool:
        """Whether codes are multiplied, and every grid is known and the same for all rows."""
        around = [self.before, *self.after]
        return self.weight is not None and all(isinstance(each.grid, Grid) and not each.follows for each in around)

    def line(self, p: Parameters, grid: Grid, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """What turns sums into y: the factor s_a s_w and the summand b - s_a s_w z_a Σ w, float64 (O,), or (R, O) if
        rows have grids of their own."""
        if self._last is None or self._last[0] is not grid:  # a fixed grid is the same object in every pass
            scale, zero = grid.spread((rows, 1))  # of the input: (), or (R, 1)
            factor = scale.astype(np.float64) * self._scales
            self._last = grid, factor, factor * (zero * self._sums)
        _, factor, offset = self._last
        return factor, p[self.layer.bias] - offset


@accelerated
def dense_on_grid(x: np.ndarray, grid: Grid, weights: np.ndarray, factor: np.ndarray, shift: np.ndarray,
                  after: Sequence[Grid]) -> np.ndarray:
    """factor · Σ a·w + shift, float64 (R, O), of the codes a of x (R, I) on a grid and weights w (O, I), and each equal
    part of the columns moved onto a grid of its own."""
    y = product(grid.quantize(x), weights).astype(np.float64)
    y *= factor
    y += shift
    for part, its in zip(np.split(y, len(after), axis=1) if after else [], after, strict=True):
        part[:] = its.fake_quantize(part)
    return y


def between_grids(block: Block, p: Parameters, x: np.ndarray, tokens: int, queries: int) -> np.ndarray | None:
    """`Block.infer` in one call of a kernel, or None if its layers have to do it."""
    attention, layers = block.attention, block.linears
    softmax, shift = attention.softmax, getattr(attention.softmax, "constant", None)
    known = softmax is float_softmax or shift is not None
    if attention.causal or not (known and all(layer.fixed for layer in layers)):
        return None
    grids = [each.grid for each in (*attention.qkv.after, *(layer.before for layer in layers))]
    norms = [p[name] for norm in (block.norm1, block.norm2) for name in norm.shapes]
    codes = [(layer.weight.codes, *layer.line(p, layer.before.grid, 1)) for layer in layers]
    return whole_block(x, norms, codes, grids, shift, attention.depth**-0.5, attention.heads, tokens, queries)


@accelerated
def whole_block(x: np.ndarray, norms: Sequence[np.ndarray], layers: Sequence[tuple], grids: Sequence[Grid],
                shift: Shift | None, shrink: float, heads: int, tokens: int, queries: int) -> np.ndarray | None:
    """A block of a transformer with these norms (gain, shift, gain, shift), codes, factors and summands of its four
    dense layers, and grids of q, k, v and of the inputs of those layers; None if no kernel does that in one call."""
    return None
