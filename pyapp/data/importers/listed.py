"""Pictures whose classes a CSV file beside them lists: a line per picture with its name or number, and its label."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice

from pyapp.data.digits import DataError
from pyapp.data.importers.csv_lines import cells_of, lines
from pyapp.data.importers.csv_table import ENDINGS, LABELS, WORST
from pyapp.data.importers.found import SPLITS, Found, labelled, split_named, words_of
from pyapp.data.importers.images import few, of_picture
from pyapp.data.importers.pictures import pictures, read_picture
from pyapp.data.importers.source import MOST_FILES, File, Source
from pyapp.data.picture import PictureError

MORE_LABELS = (*LABELS, "category", "species", "breed")
WIDEST = 20  # columns of a list: a table of pixels has more
LOOKED_AT = 50  # lines by which the column of the pictures is found
SEPARATORS = ",;\t"
GUESSES = {"submission", "sample"}  # words of files whose labels only show a format

Rows = list[tuple[int, list[str]]]  # of a file, by the numbers of their lines


def read(source: Source) -> Found | None:
    """Images from pictures that CSV files list; None if no CSV file names two of them. A picture that no line names, or
    with a missing label, is skipped. DataError if a list has no column of labels."""
    there = pictures(source)
    tables = [file for file in source.files if file.ending in ENDINGS]
    by_name = _by_name(there) if len(there) > 1 and tables else {}
    listed: dict[File, tuple[str, str]] = {}
    found, used = Found("pictures listed in a CSV file"), set()
    for file in tables if by_name else ():
        rows = _rows(file, found)
        at = _column(rows, by_name)
        if at is None or GUESSES & set(words_of(file.stem)):
            continue
        used.add(file)
        label, heading = _label(rows, at, by_name, file)
        found.note(f"{file.path}: the column {at + 1} names the picture, the column {label + 1} is its label")
        _collect(rows[heading:], (at, label), by_name, listed, file, source)
    if not used:
        return None
    few(len(listed), source.name)
    for file in source.files:
        if file not in listed and file not in used:
            source.skip(file, "no line names it" if file in there else "it lists no labels of the pictures")
    for file, (split, name) in listed.items():
        try:
            found.add(split, of_picture(read_picture(file)), name, file.path)
        except (PictureError, DataError) as error:
            source.skip(file, str(error).removeprefix(f"{file.path} "))
    return found


def _by_name(there: list[File]) -> dict[str, File]:
    """Pictures by path, by name, and by name without its ending; names that several pictures share are left out."""
    names = {file: {file.path, file.name, file.stem, "/".join([*file.folders[1:], file.name])} for file in there}
    lower = {file: {name.lower() for name in each} for file, each in names.items()}
    times = Counter(name for each in lower.values() for name in each)
    return {name: file for file, each in lower.items() for name in each if times[name] == 1}


def _rows(file: File, found: Found) -> Rows:
    """The lines of a narrow table; none of a wide one."""
    with file.stream() as stream:
        there = lines(stream, file.path, found.note)
        first = next(there, (0, ""))
        separator = max(SEPARATORS, key=first[1].count)
        if not 1 <= first[1].count(separator) < WIDEST:
            return []
        return list(islice(_split(chain([first], there), separator), MOST_FILES))


def _split(there: Iterator[tuple[int, str]], separator: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in there:
        try:
            yield number, cells_of(line, separator)
        except csv.Error:
            continue  # no table, so no list either


def _column(rows: Rows, by_name: Mapping[str, File]) -> int | None:
    """The column whose cells name most pictures; None if no column names two different ones."""
    near = [cells for _, cells in rows[:LOOKED_AT]]
    named = [len({file.path for cells in near if (file := _picture(cells[i : i + 1], by_name))})
             for i in range(max(map(len, near), default=0))]
    for i, heading in enumerate(near[0] if near else []):
        if heading.lower() in MORE_LABELS:
            named[i] = 0  # a label may be called as a picture is: 3 and 3.png
    return named.index(max(named)) if named and max(named) > 1 else None


def _picture(cell: list[str], by_name: Mapping[str, File]) -> File | None:
    """The picture that a cell, or none, names: by as much of its path as is known here, whatever system wrote it."""
    parts = "".join(cell).lower().replace("\\", "/").split("/")
    return next((by_name[name] for i in range(len(parts)) if (name := "/".join(parts[i:])) in by_name), None)


def _label(rows: Rows, at: int, by_name: Mapping[str, File], file: File) -> tuple[int, int]:
    """The column of the labels, by its heading or else the only other one, and how many lines the heading has."""
    names = [cell.lstrip("# ").lower() for cell in rows[0][1]]
    others = [i for i in range(len(names)) if i != at]
    headed = [i for i in others if names[i] in MORE_LABELS]
    heading = at < len(names) and not _picture([names[at]], by_name) and bool(headed or _is_heading(names[at]))
    if len(others) != 1 and not (heading and headed):
        raise DataError(f"{file.path} names pictures in one of {len(names)} columns; call the column of their classes "
                        "label")
    return (headed if heading and headed else others)[0], int(heading)


def _is_heading(cell: str) -> bool:
    """Whether a cell in the column of the pictures heads it: id, image, file name."""
    return bool(set(words_of(cell)) & {"id", "image", "file", "filename", "name", "picture", "path", "img"})


def _collect(rows: Rows, columns: tuple[int, int], by_name: Mapping[str, File], listed: dict[File, tuple[str, str]],
             file: File, source: Source) -> None:
    """Add the part and the class of each listed picture, and report the first lines that name none."""
    skipped = 0
    for number, cells in rows:
        name, label = (cells[i] if i < len(cells) else "" for i in columns)
        picture, why = _picture([name], by_name), ""
        if picture is None:
            why = f"there is not exactly one picture {name[:100]!r}"
        elif not labelled(label):
            why = "its label is missing"
        elif listed.setdefault(picture, (_part(picture) or split_named(file.stem), label))[1] != label:
            why = f"an earlier line gives {picture.path} another label"
        if why and (skipped := skipped + 1) <= WORST:
            source.skip(f"{file.path}, line {number:,}", why)


def _part(picture: File) -> str:
    """The part that a folder around a picture is named as, or ""."""
    return next((SPLITS[folder.lower()] for folder in picture.folders if folder.lower() in SPLITS), "")
