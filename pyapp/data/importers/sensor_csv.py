"""A CSV file of sensors: a row per moment, a column per sensor, with or without a column of time.

Time is ISO 8601, in one column or in two (date and time of day), seconds or milliseconds (or µs, ns) since 1970,
seconds from anywhere, or a plain count of rows. Afterwards the rows are evenly spaced: where they were not, values are
interpolated, and a note says so.
"""

import csv
import io
import math
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np

from pyapp.core.words import counted
from pyapp.data.digits import DataError
from pyapp.data.importers.csv_lines import cells_of, first_of, lines, table_in
from pyapp.data.importers.source import File, of_path
from pyapp.data.recording import Recording

ENDINGS = (".csv", ".tsv", ".txt")
TIMES = ("time", "timestamp", "datetime", "date", "t", "ts", "epoch", "seconds", "unixtime", "zeit")
TRUTHS = ("label", "labels", "anomaly", "is_anomaly", "fault", "class", "target", "outlier")
FINE = ("", "0", "0.0", "normal", "ok", "false", "no", "none", "healthy")  # of such a column, where nothing is wrong
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", "?")
MOST_ROWS, MOST_COLUMNS, LEAST_ROWS = 1_000_000, 64, 10
UNITS = ((1e17, 1e-9, "nanoseconds"), (1e14, 1e-6, "microseconds"), (1e11, 1e-3, "milliseconds"))  # from which epoch
EPOCH = 1e8  # seconds: 1973; a smaller number is no date
LARGEST = 1e100  # of a reading: programs write 1.8e308 for none, and the deviation of a column with it is infinite
UNEVEN = 0.1  # of a step: rows that lie further from the grid are interpolated
NO_TEXT = re.compile(r"[\0-\x08\x0e-\x19\x1c-\x1f]")  # controls besides tabs, ends of lines and of DOS files
WORST = 20  # lines that are listed as skipped


def looks_like_sensors(file: File) -> bool:
    """Whether the first lines of a file are those of sensors and not of images: they name or hold times, or have fewer
    cells than the smallest image."""
    with file.stream() as stream:
        first = [line for _, line in first_of(lines(stream, file.path, lambda note: None))]
    separator, begin, width = table_in(first)
    if not width:
        return False
    rows = [_cells(line, separator) for line in first[begin:]]
    named = any(_word(cell) in TIMES for cell in rows[0])
    return named or any(_moment(row[0]) is not None for row in rows) or (
        len(rows[0]) < 17 and _word(rows[0][0]) not in TRUTHS and any(_number(cell) is not None for row in rows
                                                                      for cell in row))


def read(data: bytes, name: str) -> Recording:
    """The recording in a file's bytes. DataError says why there is none."""
    return read_file(File(name, lambda: io.BytesIO(data)))


def read_path(path: str | Path) -> Recording:
    """The recording at a path: a CSV file, or a folder or zip file with one. DataError says why there is none."""
    found = of_path(Path(path))
    files = [file for file in found.files if file.ending in ENDINGS] or found.files[:1]
    if len(files) != 1:
        raise DataError(f"{path} holds {len(files)} CSV files; name one of them")
    return read_file(files[0])


def read_file(file: File) -> Recording:
    """The recording in a CSV file. DataError says why there is none."""
    notes: list[str] = []
    with file.stream() as stream:
        numbered = list(islice(lines(stream, file.path, lambda note: notes.append(note)), MOST_ROWS + 2))
    if len(numbered) > MOST_ROWS + 1:
        raise DataError(f"{file.path} has more than {MOST_ROWS:,} rows; use a part of them")
    if not numbered:
        raise DataError(f"{file.path} is empty; expected a row per moment and a column per sensor")
    if 2 * sum(NO_TEXT.search(line) is not None for _, line in numbered) > len(numbered):
        raise DataError(f"{file.path} is no text; expected a CSV file with a row per moment and a column per sensor")
    return _Table(file.path, numbered, notes).recording()


class _Table:
    """The cells of a file by columns, and what was understood of them."""

    def __init__(self, name: str, numbered: list[tuple[int, str]], notes: list[str]):
        self.name, self.notes, self.skipped = name, notes, []
        separator, begin, width = table_in([line for _, line in first_of(iter(numbered))])
        rows = [(number, _cells(line, separator)) for number, line in numbered]
        if not width:
            raise DataError(f"{name} holds no table; expected a row per moment and a column per sensor")
        if width > MOST_COLUMNS:
            raise DataError(f"{name} has {width} columns; at most {MOST_COLUMNS} are read: leave some out")
        first = rows[begin][1]
        heading = len(first) == width and not any(
            _number(cell) is not None or _moment(cell) is not None for cell in first if _word(cell) not in MISSING)
        self.names = _unique([cell.strip() or f"column {i + 1}" for i, cell in enumerate(first)]) if heading else [
            f"column {i + 1}" for i in range(width)]
        self.heading = heading
        self.rows = []
        for i, (number, cells) in enumerate(rows):
            if heading and i == begin:
                continue
            if len(cells) == width:
                self.rows.append(cells)
            else:
                self._skip(f"{name}, line {number:,}", f"{counted(len(cells), 'cell')} where most lines have {width}")
        if len(self.rows) < LEAST_ROWS:
            raise DataError(f"{name} has {counted(len(self.rows), 'row')} of {counted(width, 'cell')}; expected at "
                            f"least {LEAST_ROWS}, a row per moment and a column per sensor")

        self._join()

    def _join(self) -> None:
        """A column of dates and a time of day in the next one become one column of moments."""
        for i in range(len(self.names) - 1):
            both = [f"{cells[i]} {cells[i + 1]}" for cells in self.rows]
            if 2 * sum(":" in cells[i + 1] and _moment(cells[i]) is not None and _moment(each) is not None
                       for cells, each in zip(self.rows, both, strict=True)) > len(self.rows):
                self.rows = [[*cells[:i], each, *cells[i + 2 :]] for cells, each in zip(self.rows, both, strict=True)]
                del self.names[i + 1]
                return

    def _skip(self, what: str, why: str) -> None:
        if len(self.skipped) < WORST:
            self.skipped.append((what, why))

    def recording(self) -> Recording:
        columns = list(zip(*self.rows, strict=True))
        at, times = self._times(columns)
        truth = next((i for i, name in enumerate(self.names) if _word(name) in TRUTHS and i != at), None)
        labels = None if truth is None else np.array([_word(cell) not in FINE for cell in columns[truth]])
        channels, values = self._values(columns, {at, truth})
        if truth is not None:
            self.notes.append(f"the column {self.names[truth]} says where something is wrong; it is not learned from")
        if times is None:
            return Recording(self.name, channels, self._filled(values), 1.0, False, labels, *self._told())
        return self._even(times, channels, values, labels)

    def _told(self) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        return tuple(dict.fromkeys(self.notes)), tuple(self.skipped)

    def _times(self, columns: list[tuple[str, ...]]) -> tuple[int | None, np.ndarray | None]:
        """The column of times and the times in seconds; None where rows are only counted."""
        at = next((i for i, name in enumerate(self.names) if self.heading and _word(name) in TIMES), None)
        cells = columns[0 if at is None else at]
        dates = np.array([math.nan if (found := _moment(cell)) is None else found for cell in cells])
        numbers = np.array([math.nan if (found := _number(cell)) is None else found for cell in cells])
        if 2 * np.isfinite(dates).sum() > len(cells):
            self.notes.append(f"{self.names[at or 0]} holds dates by ISO 8601")
            return at or 0, dates
        rising = np.isfinite(numbers).all() and len(columns) > 1 and bool((np.diff(numbers) > 0).all())
        if at is None and not (rising and (numbers[0] >= EPOCH or (np.diff(numbers) == 1).all())):
            self.notes.append("no column holds times, so rows are counted")
            return None, None
        if 2 * np.isfinite(numbers).sum() <= len(cells):
            self.notes.append(f"{self.names[at or 0]} holds neither dates by ISO 8601 (2024-05-01T12:00:00) nor "
                              f"numbers, such as {cells[0][:40]!r}, so rows are counted")
            return at or 0, None
        middle = float(np.nanmedian(numbers))
        if middle < EPOCH and (np.diff(numbers) == 1).all():
            self.notes.append(f"{self.names[at or 0]} counts the rows")
            return at or 0, None
        scale, unit = next(((scale, unit) for least, scale, unit in UNITS if middle >= least), (1.0, "seconds"))
        header = self.names[at or 0].lower()
        if middle < EPOCH and ("ms" in header or "milli" in header):
            scale, unit = 1e-3, "milliseconds"
        self.notes.append(f"{self.names[at or 0]} holds {unit}{' since 1970' if middle >= EPOCH else ''}")
        return at or 0, (numbers - (numbers[0] if np.isfinite(numbers[0]) else middle)) * scale

    def _values(self, columns: list[tuple[str, ...]], others: set) -> tuple[tuple[str, ...], np.ndarray]:
        """Columns of numbers with their names, float64 (N, C), NaN where a cell is missing."""
        channels, values = [], []
        for i, cells in enumerate(columns):
            if i in others:
                continue
            column = np.array([math.nan if (found := _number(cell)) is None else found for cell in cells])
            there = int(np.isfinite(column).sum())
            if 2 * there <= len(cells):
                words = next((cell for cell in cells if _word(cell) not in MISSING and _number(cell) is None), "")
                self._skip(f"{self.name}, column {self.names[i]}", f"it holds no numbers, such as {words[:30]!r}"
                           if words else "more than half of its cells are empty")
                continue
            odd = sum(_word(cell) not in MISSING and _number(cell) is None for cell in cells)
            if odd:
                self.notes.append(f"{counted(odd, 'cell')} of {self.names[i]} without a number below {LARGEST:g}, "
                                  "read as missing")
            channels.append(self.names[i])
            values.append(column)
        if not channels:
            why = "".join(f" ({what.removeprefix(f'{self.name}, ')}: {why})" for what, why in self.skipped[-1:])
            raise DataError(f"{self.name} has no column of numbers besides times and labels{why}; add one per sensor")
        return tuple(channels), np.stack(values, axis=1)

    def _filled(self, values: np.ndarray, places: np.ndarray | None = None) -> np.ndarray:
        """The values, with missing ones put on the straight line between their neighbours in time."""
        places = np.arange(len(values), dtype=np.float64) if places is None else places
        holes = ~np.isfinite(values)
        if holes.any():
            self.notes.append(f"{counted(int(holes.sum()), 'missing value')}, interpolated")
        return np.stack([np.interp(places, places[~hole], column[~hole]) for column, hole in zip(
            values.T, holes.T, strict=True)], axis=1)

    def _even(self, times: np.ndarray, channels: tuple[str, ...], values: np.ndarray,
              labels: np.ndarray | None) -> Recording:
        """The values at equal distances in time, the median of those in the file."""
        known = np.isfinite(times)
        if not known.all():
            self.notes.append(f"{counted(int((~known).sum()), 'row')} without a time, left out")
        order = np.flatnonzero(known)[np.argsort(times[known], kind="stable")]
        if (np.diff(order) < 0).any():
            self.notes.append("the rows are sorted by time")
        order = order[np.concatenate([[True], np.diff(times[order]) > 0])]
        if (same := int(known.sum()) - len(order)):
            self.notes.append(f"{counted(same, 'row')} with the time of another row, left out")
        if len(order) < LEAST_ROWS:
            raise DataError(f"{self.name} has {counted(len(order), 'row')} with different times; expected "
                            f"at least {LEAST_ROWS}")
        times = times[order] - times[order[0]]
        values = self._filled(values[order], times)
        step = float(np.median(np.diff(times)))
        count = times[-1] / step + 1
        if count > MOST_ROWS:
            raise DataError(f"{self.name}: at the usual distance of {step:g} s its times span {count:,.0f} rows; at "
                            f"most {MOST_ROWS:,} are read: use a part of them")
        labels = None if labels is None else labels[order]
        if np.abs(times / step - np.arange(len(times))).max() > UNEVEN:
            grid = step * np.arange(math.floor(count + 1e-6))
            gap = float(np.diff(times).max())
            self.notes.append(f"the times are uneven (the longest gap is {gap:.3g} s), so values are interpolated "
                              f"linearly, every {step:.3g} s")
            nearest = np.clip(np.searchsorted(times, grid - step / 2), 0, len(times) - 1)
            values = np.stack([np.interp(grid, times, column) for column in values.T], axis=1)
            labels = None if labels is None else labels[nearest]
        return Recording(self.name, channels, values, 1 / step, True, labels, *self._told())


def _cells(line: str, separator: str) -> list[str]:
    try:
        return cells_of(line, separator)
    except csv.Error:
        return []


def _word(cell: str) -> str:
    """A heading or a word without its unit: Time (s), time [ms], time_ms are time."""
    word = cell.strip().lstrip("# ").lower()
    for mark in ("(", "[", "/"):
        word = word.partition(mark)[0].strip() if word not in MISSING else word
    return word.removesuffix("_s").removesuffix("_ms")


def _number(cell: str) -> float | None:
    """A cell's number below LARGEST, with a decimal point or comma; None for anything else."""
    try:
        found = float(cell.strip().replace(",", "."))
    except ValueError:
        return None
    return found if abs(found) < LARGEST else None


def _moment(cell: str) -> float | None:
    """Seconds since 1970 of a date by ISO 8601, in UTC if it names no zone; None for anything else."""
    text = cell.strip()
    if len(text) < 8 or "-" not in text[1:] or not text[:4].isdecimal():
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _unique(names: list[str]) -> list[str]:
    """The names, with a number added where one comes again."""
    seen: Counter[str] = Counter()
    found = []
    for name in (name[:40] for name in names):
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return found


