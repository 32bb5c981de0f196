"""Numbers without brackets: a row per line, as people write them and as spreadsheets, pandas and Markdown have them."""

import re

from pyapp.data.commas import EMPTY, HARD, SHOWN, Row, by_commas
from pyapp.data.numerals import NumbersError, is_number

NAME = re.compile(r"\A\s*[A-Za-z_]\w*\s*=(?!=)")
QUOTED = re.compile(r""""([^"\n]*)"|'([^'\n]*)'""")
SERIES = re.compile(r"(?:Name: [^,]*, )?(?:Length: \d+, )?dtype: \w+")  # the last line of a printed pandas series
BETWEEN = re.compile(r"[\s,;]+")


def table(text: str) -> tuple[list[Row], list[str]]:
    """The rows of words in a text without brackets, and notes. NumbersError where its commas have two meanings."""
    text = NAME.sub("", text, count=1)
    lines = [line for line in text.split("\n") if line.strip(" \t;,")]
    series = len(lines) > 1 and SERIES.fullmatch(lines[-1].strip()) is not None
    lines, notes = _framed(lines[:-1] if series else lines)
    lines = [QUOTED.sub(lambda cell: f" {_cell(cell[1] or cell[2] or '')} ", line) for line in lines]
    for separator in "\t;":
        _check_cells([line.split(separator) for line in lines])
    lines, heading = _without_heading(lines)
    rows, said = by_commas(lines)
    _ask_about_numbering(lines, rows)
    rows, labels = _without_labels(rows, series, _words(heading), _leaves_room(heading, lines))
    return rows, [*notes, *([f"The first line, “{_shown(heading)}”, was read as a heading."] if heading else []),
                  *said, *labels]


def _cell(text: str) -> str:
    """A cell as one word: nothing in it separates numbers."""
    return "␣".join(text.split()).replace(",", HARD) or EMPTY


def _words(line: str) -> list[str]:
    return [word for word in BETWEEN.split(line) if word]


def _shown(line: str) -> str:
    return " ".join(line.replace(HARD, ",").replace("␣", " ").replace(EMPTY, "").split())[:SHOWN]


def _framed(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of a table framed by |, as in Markdown, without its rule and the heading above it."""
    if not any("|" in line for line in lines):
        return lines, []
    rules = {i for i, line in enumerate(lines) if set(line) <= set("|-:=+ \t") and "-" in line}
    cells = {i: [_cell(cell) for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
             for i, line in enumerate(lines) if i not in rules}
    heading = [cells[i] for i in cells if rules and i < max(rules)]
    rows = [cells[i] for i in cells if not rules or i > max(rules)]
    if not heading or not rows:
        return [" ".join(row) for row in cells.values()], []
    notes = [f"The heading, “{_shown(' '.join(heading[-1]))}”, was left out."]
    if heading[-1][0] == EMPTY:
        rows = [row[1:] for row in rows]
        notes.append("The first column has no heading and was left out as labels.")
    return [" ".join(row) for row in rows], notes


def _check_cells(rows: list[Row]) -> None:
    """Lines with as many cells each are part of a sheet. There a cell may be empty in every line, which only leaves
    room, and so may the corner above labels; instead of any other its neighbour would be read: NumbersError."""
    if len(set(map(len, rows))) > 1:  # tabs that align columns, or semicolons that end rows
        return
    for column, cells in enumerate(zip(*rows, strict=True)):
        empty = [not cell.strip(" \t,;") for cell in cells]
        if any(empty[not column:]) and not all(empty):
            raise NumbersError(f"line {empty.index(True) + 1} has an empty cell where other lines have one that is not",
                               "write a number into it")


def _without_heading(lines: list[str]) -> tuple[list[str], str]:
    """A first line without a single number, above lines that have some, is the heading of a spreadsheet."""
    numbers = [any(is_number(word.partition(HARD)[0]) for word in _words(line)) for line in lines[:2]]
    return (lines[1:], lines[0]) if numbers == [False, True] else (lines, "")


def _leaves_room(heading: str, lines: list[str]) -> bool:
    """Whether the heading has an empty cell above the first column, or is printed further to the right than it."""
    def indent(line: str) -> int:
        return len(line) - len(line.lstrip())

    first = heading.lstrip(" ")
    return first.startswith((EMPTY, ",", ";")) or indent(heading) > max(map(indent, lines), default=0)


def _ask_about_numbering(lines: list[str], rows: list[Row]) -> None:
    """1. and 2. at the beginning of lines can be numbers of a list; printed numbers are padded or all end in one."""
    if len(lines) > 1 and all(re.match(rf"\s*{i}\. \S", line) for i, line in enumerate(lines, 1)) and \
            not all(word.endswith(".") for row in rows for word in row):
        raise NumbersError("the lines begin with 1., 2., ...: they can be numbered, or these are numbers",
                           "take them out if the lines are numbered, or write 1.0")


def _without_labels(rows: list[Row], series: bool, names: list[str], room: bool) -> tuple[list[Row], list[str]]:
    """The rows without the labels that pandas and R print before rows, one more than the columns have names; `names`
    are the words of a heading, if there was one, and `room` says that it leaves room above labels. Without room, labels
    must be counted 0, 1, ... or 1, 2, ..., or be no numbers: NumbersError asks about others. A heading of one word
    can then be a title above two columns, and only 0, 1, ... are labels."""
    if series and all(len(row) == 2 for row in rows):
        return [[row[1] for row in rows]], ["The first column was left out as the labels of a pandas series."]
    body, names = rows, names[names[:1] == [EMPTY]:]
    if not names and len(rows) > 1:
        names, body = rows[0], rows[1:]
        if names != [str(i) for i in range(len(names))]:
            return rows, []
        room = True
    labels = [row[0] for row in body if len(row) == len(names) + 1]
    if not names or not labels or len(labels) < len(body):
        return rows, []
    counted = [int(label) - i for i, label in enumerate(labels) if label.isdecimal()]
    if not room and counted != [0] * len(labels):
        if len(names) == 1:
            return rows, []
        if any(map(is_number, labels)) and counted != [1] * max(2, len(labels)):
            raise NumbersError(f"the heading has {len(names)} words, but the rows have {len(names) + 1} numbers: the "
                               "first can be a label", "take out the heading, or the labels")
    return [row[1:] for row in body], ["The first column was left out as the labels of the rows."]
