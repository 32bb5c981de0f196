"""The lines of a text with a table: decoded one at a time, what separates their cells, and where the table begins."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from pyapp.data.commas import is_cell
from pyapp.data.digits import DataError

SEPARATORS = ";\t,"  # a decimal comma is never alone with another separator beside it
MOST_LINE, MOST_BYTES = 2**25, 2**31  # of one line, of a file
FIRST = 200  # lines that tell what separates cells and where the table begins; loggers write many before it
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lines(stream: BinaryIO, name: str, note: Callable[[str], None]) -> Iterator[tuple[int, str]]:
    """Numbers and texts of the lines that are not empty: UTF-16 by its mark at the beginning, else UTF-8, or
    Windows-1252 where a line is no UTF-8, which `note` is told. They may end as on any system; a first line with which
    a file tells Excel its separator is left out. DataError if one is too long, or the file."""
    wide = stream.read(2) in WIDE
    stream.seek(0)
    reader = io.TextIOWrapper(stream, "utf-16" if wide else "latin-1")  # the latter has all bytes
    total = number = 0
    while line := reader.readline(MOST_LINE):
        number, total = number + 1, total + len(line)
        if len(line) == MOST_LINE or total > MOST_BYTES:
            raise DataError(f"{name}, line {number:,}: longer than {MOST_LINE:,} bytes, or the file longer than "
                            f"{MOST_BYTES:,}; use a CSV file with an image per line")
        text = (line if wide else _decoded(line.encode("latin-1"), name, note)).strip("\ufeff\r\n \0")
        if text.strip(SEPARATORS) and not (number == 1 and text[:4].lower() == "sep="):
            yield number, text


def _decoded(line: bytes, name: str, note: Callable[[str], None]) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        note(f"{name} is not UTF-8; its text is read as Windows-1252")
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:  # five bytes that it leaves open
        return line.decode("latin-1")


def first_of(lines: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    """The first lines: FIRST of them, or as many as the longest line may be long."""
    found, size = [], 0
    while len(found) < FIRST and size < MOST_LINE and (line := next(lines, None)):
        found.append(line)
        size += len(line[1])
    return found


def table_in(first: Sequence[str]) -> tuple[str, int, int]:
    """Of the first lines of a text: what separates its cells, how many lines stand before its table, such as a title,
    and how many cells the table's lines have, which is as many as most have. Without lines, three times nothing."""
    separator = _separator(first)
    widths = [len(_cells(line, separator)) for line in first]
    width = Counter(widths).most_common(1)[0][0] if widths else 0
    return separator, widths.index(width) if widths else 0, width


def _separator(first: Sequence[str]) -> str:
    """The one of which half of the lines, or more, have equally many: a semicolon or a tab before a comma, which may be
    a decimal comma; else a blank, unless a line has nothing but numbers between commas."""
    for each in SEPARATORS:
        counts = Counter(n for line in first if (n := line.count(each)))
        if counts and 2 * max(counts.values()) >= len(first):
            return each
    by_commas = (_cells(line, ",") for line in first)
    return "," if any(len(cells) > 1 and all(map(is_cell, cells)) for cells in by_commas) else " "


def _cells(line: str, separator: str) -> list[str]:
    try:
        return cells_of(line, separator)
    except csv.Error:
        return []


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line without blanks around them, as quotes have it. csv.Error if it is no table."""
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
