"""One view of quantised matrices of every kind: uniform grids, formats with scales of their own, and GGUF's blocks.

Pictures are drawn from it: the code of each number, the numbers that share a scale, and what their codes stand for.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pyapp.quant.formats.elements import Integers
from pyapp.quant.formats.gguf import GGUFTensor
from pyapp.quant.formats.scales import Elements
from pyapp.quant.formats.tensor import FormatTensor
from pyapp.quant.parameters import Encoded
from pyapp.quant.schemes import Granularity, Grid, QuantizedTensor


@dataclass(frozen=True)
class Cell:
    """Numbers of a matrix that share a scale, and what their codes stand for."""

    index: int
    rows: slice
    columns: slice
    codes: np.ndarray  # int32 (L,), of each line
    lines: np.ndarray  # float32 (L,), ascending
    scale: float
    zero_point: int | None  # only on a uniform grid
    half_step: float  # half of the widest gap between two lines: how far rounding to nearest moves a number at most

    def of_matrix(self, x: np.ndarray) -> np.ndarray:
        """This cell's numbers of a matrix, in a row."""
        return x[self.rows, self.columns].reshape(-1)


class Matrix:
    """The base of all kinds; each has `codes`, `scales`, `per`, `all_codes`, `clips` and its own `_lines`."""

    codes: np.ndarray  # of each number, int32 (rows, columns)
    scales: np.ndarray  # float32, of each cell, row by row
    per: Granularity  # which numbers are a cell
    all_codes: np.ndarray  # int32, that stand for numbers, ascending in these

    def cell(self, index: int) -> Cell:
        """Number `index` of the cells, row by row; the last one if there are fewer."""
        (height, width), index = self.codes.shape, min(index, self.scales.size - 1)
        rows, columns = slice(0, height), slice(0, width)
        if self.per.kind != "tensor":
            size = self.per.size if self.per.kind == "group" else width
            row, group = divmod(index, -(-width // size))
            rows, columns = slice(row, row + 1), slice(group * size, min((group + 1) * size, width))
        return Cell(index, rows, columns, *self._lines(index, rows.start, columns.start))

    def clips(self, x: np.ndarray) -> np.ndarray:
        """True where a number lies more than half a gap beyond the outermost line, so that its error has no bound."""
        raise NotImplementedError

    def _lines(self, index: int, row: int, column: int) -> tuple[np.ndarray, np.ndarray, float, int | None, float]:
        """Of the cell that begins at a row and column: codes, lines, scale, zero point and half of the widest gap."""
        reals, first = np.unique(self._reals(index, row, column), return_index=True)  # -0 is 0, and there is one line
        codes = self.all_codes[first] if reals.size > 1 else self.codes[row, column][None]
        return codes, reals, float(self.scales[index]), None, float(np.diff(reals).max(initial=0)) / 2

    def _reals(self, index: int, row: int, column: int) -> np.ndarray:
        """What each of `all_codes` stands for in a cell, float32."""
        raise NotImplementedError


class OnGrid(Matrix):
    def __init__(self, tensor: QuantizedTensor):
        self.grid, self.per = tensor.grid, tensor.grid.per
        self.codes, self.scales = tensor.codes.astype(np.int32), tensor.scale.reshape(-1)
        self.all_codes = np.arange(self.grid.low, self.grid.high + 1, dtype=np.int32)

    def clips(self, x: np.ndarray) -> np.ndarray:
        return self.grid.clips(x)

    def _lines(self, index: int, row: int, column: int) -> tuple[np.ndarray, np.ndarray, float, int | None, float]:
        scale, zero_point = self.scales[index], self.grid.zero_point.reshape(-1)[index]
        alone = Grid(scale, zero_point, self.grid.bits, self.grid.low, self.grid.high)
        return (self.all_codes, alone.dequantize(self.all_codes), float(scale), int(zero_point), float(scale) / 2)


class InFormat(Matrix):
    def __init__(self, tensor: FormatTensor):
        self.format, self.scale, self.per = tensor.format, tensor.scale, tensor.format.per
        self.codes, self.scales = tensor.codes.astype(np.int32), tensor.scale.reshape(-1)
        self.all_codes, self.levels = levels(tensor.format.elements)

    def clips(self, x: np.ndarray) -> np.ndarray:
        scale = self.format.spread(self.scale, x.shape)
        return _beyond(np.divide(x, scale, out=np.zeros_like(x), where=scale > 0), *self.levels[[0, 1, -2, -1]])

    def _reals(self, index: int, row: int, column: int) -> np.ndarray:
        return self.levels * self.scales[index]


class InBlocks(Matrix):
    def __init__(self, tensor: GGUFTensor):
        self.format, self.layout, self.blocks = tensor.format, tensor.format.layout, tensor.codes
        self.height, self.width = tensor.shape
        self.all_codes = np.sort(self._signed(np.arange(1 << self.layout.codes.shape[1], dtype=np.uint8)))
        self.codes = self._laid(self._signed(self.layout.read(self.blocks, self.layout.codes)))
        self.per = Granularity("group", self.layout.block // (1 if self.layout.scales is None
                                                              else len(self.layout.scales)))

    @cached_property
    def scales(self) -> np.ndarray:
        """The distance of neighbouring codes: the block's scale, times the sub-block's."""
        steps = self._laid(np.abs(self._with(1, self.blocks) - self._with(0, self.blocks)))
        return np.ascontiguousarray(steps[:, ::self.per.size]).reshape(-1)

    def clips(self, x: np.ndarray) -> np.ndarray:
        ends = np.stack([self._laid(self._with(code, self.blocks)) for code in self.all_codes[[0, 1, -2, -1]]])
        return _beyond(x, *np.where(ends[0] > ends[3], ends[::-1], ends))  # some scales are negative

    def _reals(self, index: int, row: int, column: int) -> np.ndarray:
        at, place = divmod(column, self.layout.block)
        block = self.blocks.reshape(self.height, -1, self.layout.nbytes)[row, at]
        return self._with(self.all_codes[:, None], np.repeat(block[None], self.all_codes.size, 0))[:, place]

    def _signed(self, codes: np.ndarray) -> np.ndarray:
        """Codes as they are counted, int32: those of Q8_0 have a sign."""
        return (codes.view(np.int8) if self.format.name == "q8_0" else codes).astype(np.int32)

    def _laid(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of blocks (N, block) as the matrix has them, without those that fill up its rows."""
        return numbers.reshape(self.height, -1)[:, :self.width]

    def _with(self, code: np.ndarray | int, blocks: np.ndarray) -> np.ndarray:
        """What blocks would stand for if every number had this code, or each block's its own (N, 1)."""
        bits = np.unpackbits(blocks, axis=1, bitorder="little")
        places = self.layout.codes  # (block, bits)
        bits[:, places] = (np.asarray(code)[..., None] >> np.arange(places.shape[1])) & 1
        return self.format.decode(np.packbits(bits, axis=1, bitorder="little"))


def matrix(tensor: Encoded) -> Matrix:
    """A quantised matrix (rows, columns) of any kind."""
    kinds = {QuantizedTensor: OnGrid, FormatTensor: InFormat, GGUFTensor: InBlocks}
    return kinds[type(tensor)](tensor)


def levels(elements: Elements) -> tuple[np.ndarray, np.ndarray]:
    """The codes of a format's elements that stand for numbers, int32, and the numbers, float32, ascending."""
    values = np.asarray(elements.values)
    lowest = -elements.high if isinstance(elements, Integers) else 0
    order = np.argsort(values, kind="stable")
    order = order[np.isfinite(values[order])]
    return (order + lowest).astype(np.int32), values[order]


def _beyond(x: np.ndarray, low: np.ndarray, after: np.ndarray, before: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where x is more than half a gap outside, with the first two lines and the last two."""
    return (x < low - (after - low) / 2) | (x > high + (high - before) / 2)
