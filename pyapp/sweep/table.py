"""The table of a sweep: a CSV file to which rows are added as they are measured, so that a killed sweep can go on."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

Row = dict[str, str]
Key = tuple[str, ...]


class Table:
    """Rows by their key, the first `keys` of the columns; as a context, the file open for more rows.

    A last line that is not whole, which a killed sweep may leave, is no row, and is cut off when rows are added.
    ValueError for a file that is no such table: it is not touched.
    """

    def __init__(self, path: str | Path, columns: Sequence[str], keys: int):
        self.path, self.columns, self.keys = Path(path), list(columns), keys
        self.rows: dict[Key, Row] = {}
        data = self.path.read_bytes() if self.path.exists() else b""
        self._whole = data.rfind(b"\n") + 1
        if data and not (self._whole == 0 and self._lines([]).encode().startswith(data)):
            self._read(data[: self._whole or None].decode(errors="replace"))

    def _read(self, text: str) -> None:
        header, *lines = text.splitlines()
        if header != ",".join(self.columns):
            raise ValueError(f"{self.path}: expected a sweep's columns, {','.join(self.columns[:4])} and so on, found "
                             f"{header[:60]!r}; name another file with --out")
        for number, line in enumerate(lines, start=2):
            (values,) = csv.reader([line])
            if len(values) != len(self.columns):
                raise ValueError(f"{self.path}, line {number}: expected {len(self.columns)} cells, found "
                                 f"{len(values)}; remove the line, and it is measured again")
            self._keep(dict(zip(self.columns, values, strict=True)))

    def key(self, row: Row) -> Key:
        return tuple(row[name] for name in self.columns[: self.keys])

    def _keep(self, row: Row) -> None:
        self.rows[self.key(row)] = row

    def __enter__(self) -> "Table":
        self._file = open(self.path, "a", encoding="utf-8", newline="")
        self._file.truncate(self._whole)
        if not self._whole:
            self._write(self._lines([]))
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """Keep a row and hand it to the operating system at once: from here on, killing the process loses nothing."""
        row = {name: row.get(name, "") for name in self.columns}
        self._write(self._lines([row], header=False))
        self._keep(row)

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()

    def _lines(self, rows: Iterable[Row], header: bool = True) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def rewrite(self, first: Sequence[Key]) -> None:
        """Put the rows with these keys first, in this order, then all others as they were; in one step, or not."""
        self.rows = {key: self.rows[key] for key in (*first, *self.rows)}
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            part.write_text(self._lines(self.rows.values()), encoding="utf-8", newline="")
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)
