"""CSV files: one matrix, a line per row, as RFC 4180 has it; semicolons, tabs and blanks between cells are read too.

A first line without a number is a heading, after lines that begin with # or name Excel's separator. Where a comma does
not separate cells, it is a decimal comma.
"""

import codecs
import csv
import io
from array import array
from contextlib import suppress

import numpy as np

from pyapp.core.words import counted
from pyapp.data.commas import is_cell
from pyapp.data.tensors.tensor import Damaged, Tensor
from pyapp.parts import Parts

MOST_BYTES = 2**24  # text takes far more memory than its numbers
SEPARATORS = ";\t,"  # the first of them that is in the first line; else a blank
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BEFORE = ("#", "sep=")  # begin lines before the heading


def read(data: memoryview | Parts, name: str) -> list[Tensor]:
    """One float64 matrix (rows, columns) under the name of the file. Damaged names the first that is not a number."""
    if len(data) > MOST_BYTES:
        raise Damaged(f"{len(data):,} bytes of text; at most {MOST_BYTES:,} are read: save it as .npy")
    written = _text(bytes(data))
    first = next((line for line in io.StringIO(written) if line.strip() and not line.startswith(BEFORE)), "")
    separator = next((each for each in SEPARATORS if each in first), " ")
    values, rows, columns, begin = array("d"), 0, 0, 0
    try:
        for line, cells in enumerate(csv.reader(io.StringIO(written, newline=""), delimiter=separator,
                                                skipinitialspace=separator == " "), 1):
            cells = [cell.strip() for cell in (cells if separator != " " else filter(None, cells))]
            if not any(cells) or (not begin and cells[0].startswith(BEFORE) and not any(map(is_cell, cells))):
                continue
            begin = begin or line
            if line == begin and not any(map(is_cell, cells)):
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


def _text(data: bytes) -> str:
    """UTF-16 by its mark, as Excel writes "Unicode text", else UTF-8, or Latin-1, from which other encodings of a byte
    per character differ only in headings."""
    with suppress(UnicodeDecodeError):
        return data.decode("utf-16" if data.startswith(WIDE) else "utf-8-sig")
    return data.decode("latin-1")


def _number(cell: str, line: int, separator: str) -> float:
    try:
        return float(cell if separator == "," else cell.replace(",", "."))
    except ValueError:
        raise Damaged(f"{cell[:40]!r} in line {line:,}, which is not a number") from None
