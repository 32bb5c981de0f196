"""CSV files: one matrix, a line per row, as RFC 4180 has it; semicolons, tabs and blanks between cells are read too.

Lines before the table, such as a title, and a first line without a number, a heading, are skipped, and so are lines of
words that begin with #. Where a comma does not separate cells, it is a decimal comma.
"""

import csv
import io
from array import array

import numpy as np

from pyapp.core.words import counted
from pyapp.data.commas import is_cell
from pyapp.data.importers.csv_lines import cells_of, first_of, lines, table_in
from pyapp.data.tensors.tensor import Damaged, Tensor
from pyapp.parts import Parts

MOST_BYTES = 2**24  # text takes far more memory than its numbers


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """One float64 matrix (rows, columns) under the name of the file. Damaged names the first that is not a number."""
    if len(data) > MOST_BYTES:
        raise Damaged(f"{len(data):,} bytes of text; at most {MOST_BYTES:,} are read: save it as .npy")
    values, rows, headed = array("d"), 0, False
    try:
        numbered = list(lines(io.BytesIO(bytes(data)), name, lambda note: None))
        separator, begin, columns = table_in([line for _, line in first_of(iter(numbered))])
        for i, (line, text) in enumerate(numbered):
            cells = cells_of(text, separator)
            if not rows:
                numbers, told = list(map(is_cell, cells)), cells[0].startswith("#")
                if (i < begin and not all(numbers)) or (not any(numbers) and (told or not headed)):
                    headed |= i >= begin and not told
                    continue
            if len(cells) != columns:
                raise Damaged(f"{counted(len(cells), 'cell')} in line {line:,}, where most lines have {columns:,}")
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
