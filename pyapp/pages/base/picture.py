"""The lines of a uniform grid, for its picture."""

import numpy as np

from pyapp.quant.schemes import Grid


def lines(grid: Grid, first: int | None = None, last: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Codes int32 from first to last, by default all, and the float32 numbers they stand for; one grid per tensor."""
    codes = np.arange(grid.low if first is None else first, (grid.high if last is None else last) + 1, dtype=np.int32)
    return codes, grid.dequantize(codes)


def ends(grid: Grid) -> tuple[float, float]:
    """The smallest and the largest number on the grid."""
    _, reals = lines(grid)
    return float(reals[0]), float(reals[-1])
