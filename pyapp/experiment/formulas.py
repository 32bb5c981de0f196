"""Panels' formulas, and matrices in numbers; `panels` explains entries, values and templates."""

from pyapp.experiment.declarations import declaration
from pyapp.experiment.panels import Block, Entry, Template, Value


@declaration
class Matrix(Block):
    """A small array [rows, columns] as numbers. rows, columns: lists with the names at its side and above it.

    shade: an array with the strength, 0 to 1, of the colour behind each number; where it is NaN, a dot is shown. With
    `both` it goes from -1 to 1, and its sign decides the colour.
    framed: an array; a cell has a frame where it is not 0
    chosen: the row and the column that are marked; where one is empty, the whole row or column
    pick: parameters that a click sets, to "@row" and "@column"; arrow keys move over the cells
    sign, read: within an `Equation`, the sign before it, and a cell in words
    """

    array: Entry = ""
    format: str = "fixed:2"
    role: str = ""
    rows: Entry = ""
    columns: Entry = ""
    shade: Entry = ""
    both: bool = False
    framed: Entry = ""
    chosen: tuple[Entry, ...] = ()
    pick: tuple[tuple[str, Value], ...] = ()
    corner: str = ""
    caption: Template = ""
    sign: str = ""
    read: Template = ""


@declaration
class Equation(Block):
    """Matrices with signs between them; below them the cell that is pointed at is read in words."""

    blocks: tuple[Matrix, ...] = ()


@declaration
class Formula(Block):
    """TeX on a line of its own; equations with \\qquad between them share it where they fit."""

    tex: str = ""
