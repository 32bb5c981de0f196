"""The table of a sweep: a CSV file to which rows are added as they are measured. A killed sweep can resume, and several
sweeps may write into one file at the same time."""

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyapp import files

Row = dict[str, str]
Key = tuple[str, ...]


class Table:
    """Rows by their key, the first `keys` of the columns; as a context, the file ready for more rows.

    Every change is made under a lock, after reading what others have added meanwhile, so no row is lost. An
    incomplete last line, which a killed sweep may leave, is ignored, and cut off when rows are added. An older file may
    lack columns named in `newer`: their cells are empty, and the file gets the columns when rows are added.
    ValueError, with the file untouched, if it is not such a table or if `check` refuses a row.
    """

    def __init__(self, path: str | Path, columns: Sequence[str], keys: int,
                 check: Callable[[Row], Any] = lambda row: None, newer: Sequence[str] = ("made_on",)):
        self.path, self.columns, self.keys, self._check = Path(path), list(columns), keys, check
        self.newer = frozenset(newer)
        self._known = self.columns  # the columns that the file has
        self.rows: dict[Key, Row] = {}
        self._forget()
        self._catch_up()

    def _forget(self) -> None:
        # What was read of the file: its hash, because a system gives the number of a replaced file to the next one;
        # and how many bytes and lines.
        self._read, self._whole, self._lines = hashlib.sha256(), 0, 0

    def _catch_up(self) -> None:
        """Read the new lines, or all lines if the file no longer begins with those that were read."""
        data, known = self._data(), {}
        if hashlib.sha256(data[: self._whole]).digest() != self._read.digest():
            known, self.rows = self.rows, {}
            self._forget()
        self._read_lines(data[self._whole :])
        self.rows |= {key: row for key, row in known.items() if key not in self.rows}

    def _data(self) -> bytes:
        if not self.path.exists():
            return b""
        if not self.path.is_file():
            raise ValueError(f"{self.path} is not an ordinary file; name another file with out=FILE")
        return files.read(self.path)

    def _read_lines(self, data: bytes) -> None:
        whole = data.rfind(b"\n") + 1
        if not self._whole and not whole and not self._text([]).encode().startswith(data):
            whole = len(data)  # no line at all, nor the beginning of ours
        for line in data[:whole].decode(errors="replace").splitlines():
            self._lines += 1
            self._read_line(line)
        self._read.update(data[:whole])
        self._whole += whole

    def _read_line(self, line: str) -> None:
        if self._lines == 1:
            self._known = line.split(",")
            if self._known != [name for name in self.columns if name in self._known or name not in self.newer]:
                raise ValueError(f"{self.path}: expected a sweep's columns, {','.join(self.columns[:4])} and so on, "
                                 f"found {line[:60]!r}; name another file with out=FILE")
            return
        try:
            (values,) = csv.reader([line])
            if len(values) != len(self._known):
                raise ValueError(f"expected {len(self._known)} cells, found {len(values)}; remove the line, and it is "
                                 "measured again")
            row = dict.fromkeys(self.columns, "") | dict(zip(self._known, values, strict=True))
            self._check(row)
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{self.path}, line {self._lines}: {error}") from None
        self._keep(row)

    def key(self, row: Row) -> Key:
        return tuple(row[name] for name in self.columns[: self.keys])

    def _keep(self, row: Row) -> None:
        self.rows[self.key(row)] = row

    def __enter__(self) -> "Table":
        with files.locked(self.path):
            self._catch_up()
            if self._known != self.columns:
                self._put_all()
            self._append([])
        return self

    def __exit__(self, *error: object) -> None:
        """Does nothing: `add` has written every row already."""

    def add(self, row: Row) -> None:
        """Keep a row and hand it to the operating system at once: from here on, killing the process loses nothing."""
        row = {name: row.get(name, "") for name in self.columns}
        with files.locked(self.path):
            self._catch_up()
            self._append([row])
            self._keep(row)

    def _append(self, rows: Sequence[Row]) -> None:
        """Append rows to the last complete line; if the disk has no room for all of them, none stays."""
        new = [*self.rows.values(), *rows] if not self._whole else rows  # the file may have been removed
        text = self._text(new, header=not self._whole).encode()
        try:
            with open(self.path, "ab") as file:
                file.truncate(self._whole)
                file.write(text)
        except OSError:
            with suppress(OSError):
                os.truncate(self.path, self._whole)
            raise
        self._written(text, len(new) + (not self._whole))

    def _written(self, text: bytes, lines: int) -> None:
        self._read.update(text)
        self._whole, self._lines = self._whole + len(text), self._lines + lines

    def _text(self, rows: Iterable[Row], header: bool = True) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def rewrite(self, first: Sequence[Key]) -> None:
        """Put the rows with these keys first, in this order, then all others as they were; in one step, or not."""
        with files.locked(self.path):
            self._catch_up()
            self.rows = {key: self.rows[key] for key in (*first, *self.rows)}
            self._put_all()

    def _put_all(self) -> None:
        text = self._text(self.rows.values()).encode()
        files.place(self.path, text)
        self._forget()
        self._known = self.columns
        self._written(text, 1 + len(self.rows))


def number(row: Row, name: str, read: Callable[[str], Any]) -> Any:
    """A cell as `read` understands it, such as int or float. ValueError names the column."""
    try:
        return read(row[name])
    except ValueError:
        raise ValueError(f"{name} is {row[name]!r}, which is not a value of this column; remove the line, and it is "
                         "measured again") from None
