"""What the commas in a text mean: they separate numbers or thousands, or are decimal commas. The whole text is read in
one way, and an error asks where that is ambiguous.
"""

import re

from pyapp.data.numerals import NumbersError

Row = list[str]
HARD = "\0"  # a comma inside a cell that quotes or | delimit, where it does not separate
EMPTY = '""'  # a cell with nothing in it
DECIMAL = re.compile(r"[+-]?\d+[,\0]\d+(?:[eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+(?:[eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[,\0]\d{3}){1,3}(?:\.\d*)?")
POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3}){1,3}[,\0]\d+")  # 1.234,5 with points between thousands
SHOWN = 60


def by_commas(lines: list[str]) -> tuple[list[Row], list[str]]:
    """The rows, with every comma interpreted, and a note if they are decimal commas. NumbersError for an empty cell,
    and for a text that can be read in two ways."""
    for line in lines:
        if re.search(r"(?:^|[,;\t])\s*,", line) or EMPTY in line:
            raise NumbersError(f"“{line.strip()[:SHOWN].replace(HARD, ',')}” has an empty cell",
                               "write a number into it")
    parts = [[part.strip(" \t,") for part in line.split(";") if part.strip(" \t,")] for line in lines]
    grid = len(parts) > 1 and len(parts[0]) > 1 and len(set(map(len, parts))) == 1  # ; between cells, as of a .csv
    separate = _separate(parts, grid)
    chunks = [chunk for line in parts for part in line for chunk in _chunks(part)]
    doubtful = [chunk for chunk in chunks if "," in chunk or HARD in chunk]
    if not doubtful:
        return separate
    _ask_about_thousands(doubtful)
    decimal = _decimal(parts, grid), [_note(doubtful[0])]
    if not any("," in chunk for chunk in doubtful):
        return decimal
    hard = grid or any("\t" in part for line in parts for part in line)
    if not all(DECIMAL.fullmatch(chunk) or WHOLE.fullmatch(chunk) for chunk in chunks):
        if hard and (cell := next(filter(DECIMAL.fullmatch, doubtful), "")):  # beside 2.5, say
            _ask(cell, separate[0], decimal[0])
        return separate
    spaced = any(re.search(r",\s", part) for line in parts for part in line)
    even = [_even(rows) for rows in (separate[0], decimal[0])]
    if (hard and not spaced) or even == [False, True]:
        return decimal
    if even == [True, True]:
        _ask(doubtful[0], separate[0], decimal[0])
    return separate


def _chunks(part: str) -> list[str]:
    """Split a text at spaces, and at commas that have a space beside them."""
    return [chunk for chunk in re.split(r"\s*,\s+|\s+,|\s+", part) if chunk]


def _separate(parts: list[list[str]], grid: bool) -> tuple[list[Row], list[str]]:
    """The rows and notes if commas separate numbers."""
    rows = [[part.replace(",", " ").split() for part in line] for line in parts]
    if grid and all(len(cell) == 1 for line in rows for cell in line):
        return [[cell[0] for cell in line] for line in rows], ["Semicolons were read as separators of cells, because "
                                                               "every line has the same number of them."]
    return [part for line in rows for part in line], []


def _decimal(parts: list[list[str]], grid: bool) -> list[Row]:
    """The rows if commas are decimal commas."""
    rows = [[[re.sub(rf"[,{HARD}]", ".", chunk) for chunk in _chunks(part)] for part in line] for line in parts]
    single = all(len(cell) == 1 for line in rows for cell in line)
    if single and (grid or len(rows) == 1):
        return [[cell[0] for cell in line] for line in rows]
    return [part for line in rows for part in line]


def _even(rows: list[Row]) -> bool:
    return len(set(map(len, rows))) == 1


def _note(chunk: str) -> str:
    shown = chunk.replace(HARD, ",")
    return f"Commas were read as decimal commas: {shown} is {shown.replace(',', '.')}."


def _ask_about_thousands(doubtful: list[str]) -> None:
    first = doubtful[0].replace(HARD, ",")
    if all(map(THOUSANDS.fullmatch, doubtful)):
        joined, parts = first.replace(",", ""), " and ".join(first.split(","))
        point = f", or one with a decimal comma, {first.replace(',', '.')}"
        point = point if WHOLE.fullmatch(first.replace(",", "", 1)) else ""
        raise NumbersError(f"“{first}” can be one number with a thousands separator, {joined}, or several, "
                           f"{parts}{point}",
                           f"write “{joined}” for one number, or “{first.replace(',', ', ')}” with a "
                           "space after the comma for several, or a decimal point instead of the comma")
    points = [chunk.replace(HARD, ",") for chunk in doubtful if POINTS.fullmatch(chunk)]
    if points and all(POINTS.fullmatch(chunk) or DECIMAL.fullmatch(chunk) for chunk in doubtful):
        first, joined = points[0], points[0].replace(".", "").replace(",", ".")
        raise NumbersError(f"“{first}” can be one number with a decimal comma, {joined}, or two, "
                           f"{' and '.join(first.split(','))}",
                           f"write “{joined}” for one number, or “{first.replace(',', ', ')}” with a space for two")


def _ask(chunk: str, separate: list[Row], decimal: list[Row]) -> None:
    one, two = re.split(rf"[,{HARD}]", chunk)
    counts = [sum(map(len, rows)) for rows in (separate, decimal)]
    raise NumbersError(f"“{chunk}” can be two numbers, {one} and {two}, or one with a decimal comma, {one}.{two}: the "
                       f"text has {counts[0]} numbers or {counts[1]}",
                       f"write “{one}, {two}” with a space after the comma for two, “{one}.{two}” with a point for one")


def is_cell(cell: str) -> bool:
    """Whether a cell of a CSV file is a number, with a decimal point or a decimal comma."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
