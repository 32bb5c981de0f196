"""What a picture of a grid needs: one grid of many, its lines, and histograms on common bins."""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import Grid

BINS = 61  # odd, so that a symmetric range has 0 in the middle of a bin


@dataclass(frozen=True)
class Cell:
    """One of a matrix's grids, and the numbers that lie on it."""

    index: int
    grid: Grid  # per tensor
    rows: slice
    columns: slice

    @classmethod
    def of(cls, grid: Grid, shape: tuple[int, int], index: int) -> "Cell":
        """Number `index` of the grids of a (rows, columns) matrix, row by row; the last one if there are fewer."""
        index = min(index, grid.scale.size - 1)
        rows, columns = slice(0, shape[0]), slice(0, shape[1])
        if grid.per.kind != "tensor":
            row, group = divmod(index, -(-shape[1] // grid.per.size) if grid.per.kind == "group" else 1)
            rows = slice(row, row + 1)
            if grid.per.kind == "group":
                columns = slice(group * grid.per.size, min((group + 1) * grid.per.size, shape[1]))
        alone = Grid(grid.scale.reshape(-1)[index], grid.zero_point.reshape(-1)[index], grid.bits, grid.low, grid.high)
        return cls(index, alone, rows, columns)

    def of_matrix(self, x: np.ndarray) -> np.ndarray:
        """This grid's numbers of a matrix, in a row."""
        return x[self.rows, self.columns].reshape(-1)


def lines(grid: Grid, first: int | None = None, last: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Codes int32 from first to last, by default all, and the float32 numbers they stand for; one grid per tensor."""
    codes = np.arange(grid.low if first is None else first, (grid.high if last is None else last) + 1, dtype=np.int32)
    return codes, grid.dequantize(codes)


def ends(grid: Grid) -> tuple[float, float]:
    """The smallest and the largest number on the grid."""
    _, reals = lines(grid)
    return float(reals[0]), float(reals[-1])


def edges(*tensors: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Edges float64 (bins + 1,) of equal bins that hold every number of the tensors; some width even for a constant."""
    lowest, highest = (float(ufunc([ufunc(x) for x in tensors])) for ufunc in (np.min, np.max))
    if lowest == highest:
        margin = abs(lowest) / 2 or 1.0
        lowest, highest = lowest - margin, highest + margin
    return np.linspace(lowest, highest, bins + 1, dtype=np.float64)


def histogram(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many numbers of x lie in each bin, int32."""
    return np.histogram(x.astype(np.float64), edges)[0].astype(np.int32)
