"""Embeddings that a reader has moved, as text: it travels in the link, from rung to rung.

"creature 3 -1.25, blue 1 0.5" sets the third number of creature and the first of blue; all other cells are as fitted.
A later entry wins, so that a cell is set by appending to the text.
"""

import math

import numpy as np

from pyapp.experiment.params import Param, ParamError
from pyapp.ladder import toy

LIMIT = 4.0  # largest |number| of a cell
STEP = 0.01
TABLE = Param("table", "Moved cells", "text", "", hi=4000,
              doc="Cells of the table that are not as fitted, such as: creature 3 -1.25, blue 1 0.5")


def parse(text: str, fitted: np.ndarray) -> np.ndarray:
    """The table with the cells of the text. ParamError names the entry that cannot be understood."""
    table = fitted.copy()
    for entry in filter(str.strip, text.split(",")):
        word, dimension, number = _parts(entry)
        table[toy.WORDS.index(word), dimension - 1] = round(number, 2)
    return table


def _parts(entry: str) -> tuple[str, int, float]:
    """An entry's word, dimension (counted from 1) and number. ParamError if it is no such entry."""
    try:
        word, dimension, text = entry.split()
        number = float(text)
    except ValueError:
        raise _error(entry, "a word, a dimension and a number") from None
    if word not in toy.WORDS:
        raise _error(entry, f"one of the words {' '.join(toy.WORDS)}")
    if dimension not in ("1", "2", "3"):
        raise _error(entry, "dimension 1, 2 or 3")
    if not math.isfinite(number) or abs(number) > LIMIT:
        raise _error(entry, f"a number from {-LIMIT:g} to {LIMIT:g}")
    return word, int(dimension), number


def _error(entry: str, expected: str) -> ParamError:
    return ParamError(TABLE.name, f"the cell {entry.strip()!r} cannot be read", f"use {expected}")


def write(table: np.ndarray, fitted: np.ndarray) -> str:
    """The text for the cells that differ."""
    return ", ".join(f"{toy.WORDS[row]} {column + 1} {table[row, column]:g}"
                     for row, column in np.argwhere(table != fitted))
