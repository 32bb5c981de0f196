"""Tables of tensors as commands and pages write them: their columns in order, numbers as text, and CSV."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyapp.safetensors import shown

COLUMNS = ("name", "shape", "dtype", "numbers", "bytes", "mean_magnitude", "maximum", "kurtosis", "zeros", "outliers",
           "not_finite", "format", "bits", "sqnr_db", "format_bytes", "note")
PAIR = ("name", "shape", "dtype", "other_dtype", "mean_difference", "maximum_difference", "sqnr_db", "note")
ASCENDING = ("name", "dtype", "format", "note", "other_dtype", "sqnr_db")  # other columns are sorted largest first
WIDE = 40  # characters of a name in a table
Row = Mapping[str, Any]
Cells = Sequence[tuple[str, str, Callable[[Any], str]]]  # a head, a key of the rows, and how its values are written


def name_of(name: str) -> str:
    """A tensor's name without control characters, cut to WIDE."""
    plain = shown(name)[1:-1]
    return plain if len(plain) <= WIDE else f"{plain[: WIDE - 1]}…"


def shape_of(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "()"


def number(value: Any) -> str:
    """A value as text: whole numbers in full, floats with four digits, lists as shapes, - for a missing one."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return shape_of(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)


def places(count: int) -> Callable[[float | None], str]:
    """What writes a number with `count` decimal places; an infinite one, such as an SQNR without error, is "exact"."""
    return lambda value: "-" if value is None else "exact" if value == math.inf else f"{value:.{count}f}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


LISTED: Cells = (("tensor", "name", name_of), ("shape", "shape", shape_of), ("type", "dtype", str),
                 ("mean |x|", "mean_magnitude", number), ("max |x|", "maximum", number),
                 ("kurtosis", "kurtosis", places(2)), ("zeros", "zeros", percent), ("beyond 4 σ", "outliers", percent),
                 ("format", "format", str), ("bits", "bits", places(2)), ("SQNR dB", "sqnr_db", places(1)))
COMPARED: Cells = (("tensor", "name", name_of), ("shape", "shape", shape_of), ("type", "dtype", str),
                   ("other", "other_dtype", str), ("mean |x - y|", "mean_difference", number),
                   ("max |x - y|", "maximum_difference", number), ("SQNR dB", "sqnr_db", places(1)), ("", "note", str))
WORDS = (str, name_of, shape_of)  # these stand at the left, numbers at the right


def ordered(rows: Sequence[Row], column: str) -> list[Any]:
    """Rows by a column: words from a to z, numbers from the largest down, SQNR from the worst up; missing ones last."""
    there = [row for row in rows if row[column] is not None]
    there.sort(key=lambda row: math.prod(row[column]) if column == "shape" else row[column],
               reverse=column not in ASCENDING)
    return [*there, *(row for row in rows if row[column] is None)]


def as_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A line of column names and one per row, UTF-8. Numbers have all their digits; missing values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([shape_of(row[key]) if key == "shape" else "" if row[key] is None else row[key] for key in columns]
                     for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def as_text(rows: Sequence[Row], columns: Cells) -> str:
    """The table as text: words aligned left, numbers right, each column as wide as it needs."""
    cells = [[head for head, _, _ in columns], *([form(row[key]) for _, key, form in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = [form in WORDS for _, _, form in columns]
    return "\n".join("  ".join(cell.ljust(width) if at else cell.rjust(width) for cell, width, at in
                               zip(line, widths, left, strict=True)).rstrip() for line in cells)
