"""Panels' formulas, and matrices in numbers; what entries, values and templates are stands in `panels`."""

from dataclasses import dataclass
from typing import ClassVar

from pyapp.experiment.panels import Block, Entry, Template, Value


@dataclass(frozen=True)
class Matrix(Block):
    """A small array [rows, columns] in numbers. rows, columns: lists with the names at its side and above it.

    shade: an array with the share, 0 to 1, of the colour behind each number; where it is no number, a dot stands. With
    `both` it goes from -1 to 1, and its sign says the colour.
    framed: an array, a cell has a frame where it is not 0
    chosen: the row and the column that are marked; where one is empty, all along it
    pick: parameters that a click sets, to "@row" and "@column"; arrow keys go over the cells
    sign, read: within an `Equation`, what stands before it, and a cell in words
    """

    kind: ClassVar[str] = "matrix"
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


@dataclass(frozen=True)
class Equation(Block):
    """Matrices with signs between them; below them the cell that is pointed at is read in words."""

    kind: ClassVar[str] = "equation"
    blocks: tuple[Matrix, ...] = ()


@dataclass(frozen=True)
class Formula(Block):
    """TeX on a line of its own; equations with \\qquad between them share it where they fit."""

    kind: ClassVar[str] = "formula"
    tex: str = ""
