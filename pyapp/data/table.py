"""Numbers without brackets: a row per line, as people write them and as spreadsheets, pandas and Markdown have them."""

import re

from pyapp.data.commas import EMPTY, HARD, SHOWN, Row, by_commas
from pyapp.data.numerals import is_number

NAME = re.compile(r"[A-Za-z_]\w*\s*=(?!=)")
QUOTED = re.compile(r""""([^"\n]*)"|'([^'\n]*)'""")
SERIES = re.compile(r"(?:Name: [^,]*, )?(?:Length: \d+, )?dtype: \w+")  # the last line of a printed pandas series
BETWEEN = re.compile(r"[\s,;]+")


def table(text: str) -> tuple[list[Row], list[str]]:
    """The rows of words in a text without brackets, and notes. NumbersError where its commas have two meanings."""
    text = NAME.sub("", text, count=1) if NAME.match(text) else text
    lines = [line for line in text.split("\n") if line.strip(" \t;,")]
    series = len(lines) > 1 and SERIES.fullmatch(lines[-1].strip()) is not None
    lines, notes = _framed(lines[:-1] if series else lines)
    lines = [QUOTED.sub(lambda cell: f" {_cell(cell[1] or cell[2] or '')} ", line) for line in lines]
    lines, heading = _without_heading(lines)
    rows, said = by_commas(lines)
    rows, labels = _without_labels(rows, series, _words(heading))
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


def _without_heading(lines: list[str]) -> tuple[list[str], str]:
    """A first line without a single number, above lines that have some, is the heading of a spreadsheet."""
    numbers = [any(is_number(word.partition(HARD)[0]) for word in _words(line)) for line in lines[:2]]
    return (lines[1:], lines[0]) if numbers == [False, True] else (lines, "")


def _without_labels(rows: list[Row], series: bool, names: list[str]) -> tuple[list[Row], list[str]]:
    """The rows without the labels 0, 1, ... that pandas prints before rows and above unnamed columns; `names` are the
    words of a heading, if there was one."""
    if series and all(len(row) == 2 for row in rows):
        return [[row[1] for row in rows]], ["The first column was left out as the labels of a pandas series."]
    body = rows
    if not names and len(rows) > 1:
        names, body = rows[0], rows[1:]
        if names != [str(i) for i in range(len(names))]:
            return rows, []
    labels = [row[0] for row in body if len(row) == len(names) + 1]
    if not labels or labels != [str(i) for i in range(len(body))]:
        return rows, []
    return [row[1:] for row in body], ["The first column was left out as the labels of a pandas table."]
