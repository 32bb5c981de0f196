"""CSV files with an image per line: its label first or last, or under a heading, and the pixels row by row.

Lines are read one at a time. Those before the table, such as a title, are skipped. A first line without a
number is a heading, and so is one with a word for the label, or whose numbers only count the columns, as pandas writes
it.
"""

import csv
import math
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from pyapp.core.words import counted
from pyapp.data.commas import is_cell
from pyapp.data.digits import DataError
from pyapp.data.importers.csv_lines import cells_of, first_of, lines, table_in
from pyapp.data.importers.found import Found, labelled, split_named
from pyapp.data.importers.images import AT_ONCE, few, of_array
from pyapp.data.importers.source import PICTURES, File, Source

ENDINGS = (".csv", ".tsv")
LABELS = ("label", "labels", "class", "target", "digit", "letter", "y")  # of a column
FEWEST = 4  # pixels
LOOKED_AT = 2000  # rows by which it is found whether the label is first or last
WORST = 20  # lines that are listed as skipped


class NoTable(DataError):
    """A file has no table of images."""


def read(source: Source) -> Found | None:
    """Images from CSV files; None if there are none. A file without labels is skipped; DataError if no file is left."""
    files = [file for file in source.files if file.ending in ENDINGS or (
        file.ending == ".txt" and len(source.files) == 1)]
    if not files:
        return None
    found, why = Found("CSV"), []
    for file in source.files:
        if file not in files:
            source.skip(file, "it is not a CSV file")
    for file in files:
        try:
            _read(file, found, source)
        except NoTable as error:
            source.skip(file, str(error))
            why.append(f"{file.path}: {error}")
    if not found.images:
        folders = ("; list the pictures in the columns id and label, or put them into folders named by class"
                   if any(file.ending in PICTURES for file in source.files) else "")
        raise DataError(f"{source.name}: no table of images in it ({why[0]}){folders}")
    return found


def _read(file: File, found: Found, source: Source) -> None:
    with file.stream() as stream:
        table = Table(lines(stream, file.path, found.note), file, source)
    values, names, note = table.images_and_names()
    rows_skipped: set[int] = set()

    def skip(i: int, why: str) -> None:
        rows_skipped.add(i)
        if len(rows_skipped) <= WORST:
            source.skip(f"{file.path}, image {i + 1}", why)

    images, rows, notes = of_array(values, file.path, skip)
    found.add(split_named(file.stem), images, [names[i] for i in rows.tolist()])
    for each in (note, *notes):
        found.note(each)


class Table:
    """The rows of a file: pixels as float32 or uint8, and the cells at their ends as text."""

    def __init__(self, lines: Iterator[tuple[int, str]], file: File, source: Source):
        self.file, self.source = file, source
        self._skipped = 0
        first = first_of(lines)
        self.separator, begin, width = table_in([line for _, line in first])
        if all(line.endswith(self.separator) for _, line in first[begin:]):  # as C's printf("%d,") ends them
            first, lines = list(_without_end(first, self.separator)), _without_end(lines, self.separator)
        for number, line in first[:begin]:
            if 2 * (n := len(self._cells(line))) > width:  # no title, but a heading that leaves a column out
                raise NoTable(f"its line {number:,} has {n:,} cells where most lines have {width:,}; name every column")
            self._skip(number, "it is no line of the table that follows")
        cells = self._cells(first[begin][1]) if first else []
        if len(cells) < FEWEST + 1:
            raise NoTable(f"its first line has {counted(len(cells), 'cell')}; expected a label and pixels")
        self.columns, self.counted = len(cells), _counts(cells)
        self.heading = self.counted or not any(map(is_cell, cells)) or _names_label(cells)
        self.index = int(self.counted and not cells[0])  # pandas' own column, without a name
        label = self._named(cells) if self.heading else None
        self.before, self.after = self._around(cells, label)
        self.label = label
        self.parts: list[np.ndarray] = []
        self.ends: list[tuple[list[str], list[str]]] = []  # of each row, the cells before and after the pixels
        self.numbers: list[int] = []  # of each row, of its line
        self._collect(chain(first[begin + self.heading :], lines))

    def _named(self, cells: list[str]) -> int | None:
        """The column of the labels; None if the heading has no words."""
        names = [_word(cell) for cell in cells]
        if (at := next((names.index(name) for name in LABELS if name in names), None)) is not None:
            return at
        words = [i for i, name in enumerate(names) if name and not is_cell(name)]
        if not self.counted or len(words) > 1:
            raise NoTable(f"its heading names no column of labels ({', '.join(LABELS)})")
        return words[0] if words else None

    def _around(self, cells: list[str], label: int | None) -> tuple[int, int]:
        """How many columns lie before the pixels, and after them. Without a heading one column at an end is the label,
        so both ends are kept as text."""
        if label is None:
            return 1 + self.index, 1
        n = len(cells)
        for before, after in ((label + 1, 0), (label, 1), (0, n - label)):
            side = round((n - before - after) ** 0.5)
            if before >= 0 and side * side == n - before - after >= FEWEST:
                return before, after
        raise NoTable(f"its heading has {counted(n, 'column')}; expected a label and a square number of pixels, "
                      "such as 784")

    def _collect(self, lines: Iterator[tuple[int, str]]) -> None:
        rows: list[np.ndarray] = []
        for number, line in lines:
            row = self._row(line)
            if isinstance(row, str):
                self._skip(number, row)
                continue
            rows.append(row)
            self.numbers.append(number)
            if len(rows) == AT_ONCE:
                self._keep(rows)
                rows = []
        self._keep(rows)
        if not self.ends:
            raise NoTable("no line of it is an image with a label")

    def _row(self, line: str) -> np.ndarray | str:
        """The pixels of a line, float32, whose ends are kept; or a text that says why it has none."""
        if '"' in line or self.separator == " ":
            line = self.separator.join(cell.replace(self.separator, " ") for cell in self._cells(line))
        if (n := line.count(self.separator) + 1) != self.columns:
            return f"{counted(n, 'cell')} where the first line has {self.columns}"
        parts = line.split(self.separator, self.before)
        before, rest = parts[:-1], parts[-1]
        parts = rest.rsplit(self.separator, self.after)
        middle, after = parts[0], parts[1:]
        pixels = _numbers(middle, self.separator)
        if pixels.size != self.columns - self.before - self.after:
            return "a pixel in it is not a number"
        if not np.isfinite(pixels).all():
            return "a pixel in it is NaN or infinite"
        self.ends.append((before, after))
        return pixels

    def _keep(self, rows: list[np.ndarray]) -> None:
        """Rows in as little memory as holds them exactly."""
        if rows:
            part = np.stack(rows)
            small = part.astype(np.uint8) if (part >= 0).all() and (part <= 255).all() else None
            self.parts.append(small if small is not None and (small == part).all() else part)
            few(len(self.ends), self.file.path)

    def _skip(self, number: int, why: str) -> None:
        self._skipped += 1
        if self._skipped <= WORST:
            self.source.skip(f"{self.file.path}, line {number:,}", why)

    def _cells(self, line: str) -> list[str]:
        try:
            return cells_of(line, self.separator)
        except csv.Error as error:
            raise NoTable(f"a text that is no table ({error})") from None

    def images_and_names(self) -> tuple[np.ndarray, list[str], str]:
        """Pixels (N, H·W), the class name of each image, and a sentence about where the labels are. Lines whose label
        is missing are skipped; NoTable if all are."""
        values, names, note = self._all()
        for number, name in zip(self.numbers, names, strict=True):
            if not labelled(name):
                self._skip(number, "its label is missing")
        there = np.flatnonzero([labelled(name) for name in names])
        if not len(there):
            raise NoTable("no line of it has a label")
        return values if len(there) == len(names) else values[there], [names[i] for i in there], note

    def _all(self) -> tuple[np.ndarray, list[str], str]:
        kind = np.result_type(*(part.dtype for part in self.parts))
        values = np.concatenate([part.astype(kind, copy=False) for part in self.parts])
        if self.label is not None:
            first = self.label < self.before
            names = [before[self.label] if first else after[self.label - self.columns] for before, after in self.ends]
            return values, list(map(_name, names)), f"the column {self.label + 1} is the label, by its heading"
        cells = self.columns - self.index
        if math.isqrt(cells - 1) ** 2 != cells - 1:
            bare = ", so its labels may be missing" if math.isqrt(cells) ** 2 == cells else ""
            raise NoTable(f"its lines have {counted(cells, 'cell')}{bare}; expected a label and a square number of "
                          "pixels, such as 784")
        first, last = ([_name(end[side][-1]) for end in self.ends] for side in (0, 1))
        at_first = self._label_is_first(first, last)
        other = _numbers(";".join(last if at_first else first), ";")
        if other.size != len(values):
            raise NoTable("its first and its last column have words in them; one of them has to be a pixel")
        pixel = other[:, None].astype(kind if (np.mod(other, 1) == 0).all() and other.min() >= 0 and
                                      other.max() <= 255 else np.float32)
        parts = (values, pixel) if at_first else (pixel, values)
        how = "the heading only counts the columns" if self.heading else "there is no heading"
        return np.concatenate(parts, axis=1), first if at_first else last, (
            f"{how}; the {'first' if at_first else 'last'} column is read as the label")

    def _label_is_first(self, first: list[str], last: list[str]) -> bool:
        """Whether the label is the first column, else the last: words are a label, and a corner of an image hardly
        changes. NoTable if that does not tell."""
        first, last = ([name for name in column if name] for column in (first, last))
        words = [not all(map(is_cell, column[:LOOKED_AT])) for column in (first, last)]
        if words[0] != words[1]:
            return words[0]
        kinds = [len(set(column)) for column in (first, last)]
        whole = [all(name.isdecimal() for name in set(column)) for column in (first, last)]
        if whole[0] != whole[1]:
            return whole[0]
        if (kinds[0] > 1) != (kinds[1] > 1):
            return kinds[0] > 1
        alike = [np.array([name == "0" for name in column]).mean() for column in (first, last)]
        if abs(alike[0] - alike[1]) > 0.5:
            return bool(alike[0] < alike[1])
        raise NoTable("either its first or its last column can be the label; add a heading with the word label")


def _without_end(lines: Iterable[tuple[int, str]], separator: str) -> Iterator[tuple[int, str]]:
    """Lines without the separator at their end, after which there is no cell."""
    return ((number, line.removesuffix(separator)) for number, line in lines)


def _numbers(text: str, separator: str) -> np.ndarray:
    """The numbers of a text, float32, up to the first cell that is not a number."""
    if separator != ",":
        text = text.replace(",", ".").replace(separator, ",")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.fromstring(text, np.float32, sep=",")
        except ValueError:
            return np.empty(0, np.float32)


def _name(cell: str) -> str:
    """A label's cell as the name of a class: 3.0 is 3."""
    cell = cell.strip().strip('"').strip()
    try:
        return str(int(float(cell))) if float(cell).is_integer() else cell
    except (ValueError, OverflowError):
        return cell


def _word(cell: str) -> str:
    return cell.lstrip("# ").lower()  # NumPy puts a # before a heading


def _counts(cells: list[str]) -> bool:
    """Whether the numbers of a line, at least FEWEST, are 0, 1, 2, ... or 1, 2, 3, ..."""
    numbers = [int(cell) for cell in map(_word, cells) if cell.isdecimal()]
    others = [cell for cell in cells if not _word(cell).isdecimal()]
    return (len(numbers) >= FEWEST and numbers[0] in (0, 1) and not any(map(is_cell, others)) and
            numbers == list(range(numbers[0], numbers[0] + len(numbers))))


def _names_label(cells: list[str]) -> bool:
    """Whether a line has a word for the label, and no two cells alike, as in headings: a class may be the letter y."""
    return any(_word(cell) in LABELS for cell in cells) and len(set(cells)) == len(cells)
