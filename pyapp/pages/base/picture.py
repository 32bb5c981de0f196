"""What a picture of a grid needs: one grid of many, and its lines."""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import Grid


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
