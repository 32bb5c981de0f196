"""The lines of a text with a table: decoded one at a time, and what separates their cells."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from pyapp.data.digits import DataError

SEPARATORS = ";\t,"  # a decimal comma is never alone with another separator beside it
MOST_LINE, MOST_BYTES = 2**20, 2**31  # of one line, of a file
FEWEST = 4  # separators of a line
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


def separator_of(first: Sequence[str]) -> str:
    """What separates the cells of the first lines: a semicolon or a tab if most of the lines have equally many, else
    a comma, or a blank if the first line has too few of all."""
    for each in SEPARATORS:
        counts = [line.count(each) for line in first]
        if each != "," and counts[0] >= FEWEST and 2 * counts.count(counts[0]) > len(counts):
            return each
    return "," if first[0].count(",") >= FEWEST or len(first[0].split()) <= FEWEST else " "


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line without blanks around them, as quotes have it. csv.Error if it is no table."""
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
