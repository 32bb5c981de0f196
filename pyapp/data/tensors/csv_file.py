"""CSV files: one matrix, a line per row, as RFC 4180 has it; semicolons and tabs between cells are read too.

A first line without a number is a heading. Where semicolons or tabs separate cells, a comma is a decimal comma.
"""

import csv
import io
from array import array

import numpy as np

from pyapp.core.words import counted
from pyapp.data.commas import is_cell
from pyapp.data.tensors.tensor import Damaged, Tensor
from pyapp.parts import Parts

MOST_BYTES = 2**24  # text takes far more memory than its numbers
SEPARATORS = ";\t,"  # the first of them that is in the first line


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """One float64 matrix (rows, columns) under the name of the file. Damaged names the first that is not a number."""
    if len(data) > MOST_BYTES:
        raise Damaged(f"{len(data):,} bytes of text; at most {MOST_BYTES:,} are read: save it as .npy")
    try:
        written = bytes(data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Damaged(f"text that is not UTF-8, at byte {error.start:,}") from None
    first = written.partition("\n")[0]
    separator = next((each for each in SEPARATORS if each in first), ",")
    values, rows, columns = array("d"), 0, 0
    try:
        for line, cells in enumerate(csv.reader(io.StringIO(written, newline=""), delimiter=separator), 1):
            cells = [cell.strip() for cell in cells]
            if not any(cells) or (line == 1 and not any(map(is_cell, cells))):
                continue
            columns = columns or len(cells)
            if len(cells) != columns:
                raise Damaged(f"{counted(len(cells), 'cell')} in line {line:,}, where the first row has {columns:,}")
            values.extend(_number(cell, line, separator) for cell in cells)
            rows += 1
    except csv.Error as error:
        raise Damaged(f"a text that is no table ({error})") from None
    if not rows:
        raise Damaged("no numbers")
    matrix = np.array(values, np.float64).reshape(rows, columns)
    return [Tensor(name, matrix.shape, "text", len(data), lambda: matrix)]


def _number(cell: str, line: int, separator: str) -> float:
    try:
        return float(cell if separator == "," else cell.replace(",", "."))
    except ValueError:
        raise Damaged(f"{cell[:40]!r} in line {line:,}, which is not a number") from None
