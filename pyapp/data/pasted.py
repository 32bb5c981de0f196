"""Numbers pasted as text: what people write, spreadsheets copy, and programs print.

A text with brackets is read as Python, NumPy, torch, JAX, TensorFlow, JavaScript, JSON, MATLAB, C and C++ write them
(`bracketed`); one without as a table (`table`). Reading takes time proportional to the length of the text.
"""

import re
from typing import NamedTuple

import numpy as np

from pyapp.core.words import counted
from pyapp.data.bracketed import bracketed
from pyapp.data.claims import check_type
from pyapp.data.numerals import WRITE, NumbersError, is_number, number
from pyapp.data.table import BETWEEN, table

LARGEST = 64 * 64  # numbers in a tensor
SIGNS = dict.fromkeys(map(ord, "−‐‑‒–﹣－"), "-")  # what word processors turn a minus sign into
NOTHING = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))  # characters without width
INSIDE = re.compile(r"(?<=[\w.])[\ufeff\u200b\u200c\u200d\u2060]+(?=[\w.])")  # hidden between two digits
COLOUR = re.compile(r"\x1b\[[\d;:]*m")  # of a terminal
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# #N/A, #REF!, #DIV/0!, #VALEUR!, #NV, and the ### of a column that is too narrow
ERROR_CELL = re.compile(r"#(?:N/[A-Z]\b|NV\b|[A-ZÀ-Ý_]+(?:/0)?[!?])|(?<=\t)#+(?=[ ]*(?:\t|$))|^##+(?=\t)", re.MULTILINE)
FRACTION = re.compile(r"(?<!\d)\d+//\d+")  # of Julia
LINES = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\x0b": "\n", "\x0c": "\n"})
# 1 234 567, 1'234.5
GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2007\u2009\u202f'’]\d{3})+(?:[.,]\d+)?(?![\d'])")
SPACED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3}){0,2} 0\d\d(?:[.,]\d+)?(?![\d.,])")  # 10 000: 000 is no number
_THOUSANDS = r"[1-9]\d{0,2}(?: \d{3}){1,3}(?:[.,]\d+)?"
CELL = re.compile(rf"(?m)\t{_THOUSANDS}(?=\t|$)|^{_THOUSANDS}(?=\t)")  # between tabs
PROMPT = re.compile(r"(?m)^Out ?\[\d+\]: ?")
# How libtorch, older torch, MXNet and pandas end what they print, and xxd -i what it declares.
ENDING = re.compile(r"\n\[ ?(?:\w+Type\{[\d,]*\}|torch\.[\w.]*Tensor of size [\dx]+|\d+ rows x \d+ columns) ?\]\s*\Z"
                    r"|\n<NDArray [\dx]+ @\w+\(\d\)>\s*\Z"
                    r"|;\s*(?:const )?(?:unsigned )?(?:int|long|size_t) \w+_len = \d+;\s*\Z")
CAST = re.compile(r"(?<![\w.])\((?:const )?((?:(?:un)?signed )?(?:u?int\d+_t|int|char|short|long|float|double))\) ?"
                  r"(?=([-+.\d][\w.+-]*))")

# What programs print that is not read, and how they print what is.
PRINTED_BY = (
    (re.compile(r"^ *\[1\] |\[,1\]|\bc\("), "in R, print it with write.table(x, row.names=FALSE, col.names=FALSE)"),
    (re.compile(r"\d[×x]\d+ (?:Matrix|Array)\{|element Vector\{|\b(?:Float|Int)\d+\[|\d//\d"),
     "in Julia, print it with using DelimitedFiles; writedlm(stdout, float.(x))"),
    (re.compile(r"[\d.]+(?:[eE][+-]?\d+)? +\*(?=\s)|Columns \d+ (?:through|to) \d+"),
     "print it without a common factor, and whole: in MATLAB with disp(mat2str(x)), in libtorch number by number"),
)
LOOKED_AT = 2000  # characters of a refused text


class Pasted(NamedTuple):
    """A matrix, float32 (rows, columns), and notes on how the text was read."""

    values: np.ndarray
    notes: list[str]


def parse(text: str) -> np.ndarray:
    """A matrix, float32 (rows, columns), from numbers as people and programs write them; `read` without its notes."""
    return read(text).values


def read(text: str) -> Pasted:
    """A matrix from numbers as people and programs write them.

    Without brackets a row ends at a line's end or at ;, and numbers have spaces or commas between them. Commas are
    decimal commas where tabs or semicolons separate the numbers, or where only this makes all rows equally long. With
    brackets the innermost one is a row, however many lines it takes. NumbersError names what is wrong, or asks where a
    text has two meanings.
    """
    try:
        return _read(text)
    except NumbersError as error:
        hint = next((hint for sign, hint in PRINTED_BY if sign.search(text[:LOOKED_AT])), error.hint)
        raise NumbersError(str(error), hint) from None


def _read(text: str) -> Pasted:
    text, left_out = _clean(text)
    rows, notes = (bracketed if any(sign in text for sign in "[](){}<") else table)(text)
    rows = [row for row in rows if row]
    _check_shape(rows)
    numbers = [[number(word, i) for word in row] for i, row in enumerate(rows, 1)]
    return Pasted(np.array(numbers, np.float64).astype(np.float32), [*left_out, *notes])


def _clean(text: str) -> tuple[str, list[str]]:
    """The text without comments and prompts, with plain spaces, line ends and minus signs, and notes on the comments.
    NumbersError if numbers are left out, digits are grouped, or characters that are not shown are among them."""
    if "..." in text or "…" in text:
        raise NumbersError("the text has “...”: numbers were left out when it was printed",
                           "print it whole, for example after torch.set_printoptions(threshold=10**6) or "
                           "np.set_printoptions(threshold=10**6)")
    text = COLOUR.sub("", text)
    if found := INSIDE.search(text) or CONTROL.search(text):
        raise NumbersError(f"the text has a character that is not shown, U+{ord(found[0][0]):04X}, among its numbers",
                           "take it out, or put a space in its place")
    text = text.translate(NOTHING).translate(LINES).replace("\r\n", "\n").replace("\r", "\n")
    text, notes = _without_comments(text.translate(SIGNS))
    if found := GROUPED.search(text) or SPACED.search(text) or CELL.search(text):
        first, joined = found[0].strip(), re.sub(r"[^\d.]", "", found[0].replace(",", "."))
        raise NumbersError(f"“{first}” can be one number, {joined}, or several: it has a thousands separator",
                           f"write {joined} for one number, or put commas between several")
    text = CAST.sub(_cast, ENDING.sub("", PROMPT.sub("", text)))
    return text.replace("Parameter containing:", " "), notes


def _cast(found: re.Match) -> str:
    """Nothing, where a cast changes nothing. NumbersError for (int8_t)0x80 or (int)1.9."""
    check_type([found[2]], found[1].split())
    return ""


def _without_comments(text: str) -> tuple[str, list[str]]:
    """The text without comments, and a note if a comment has a number: /* */, // and # to the end of the line. The
    value of a #define stays. NumbersError where such a mark belongs to a value."""
    if found := ERROR_CELL.search(text):
        raise NumbersError(f"a value is missing: the text has the cell “{found[0][:40]}”",
                           "write a number in its place")
    if found := FRACTION.search(text):
        raise NumbersError(f"“{found[0][:40]}” is a fraction", "write decimal numbers; in Julia, print float.(x)")
    if text.lstrip().startswith("%%MatrixMarket"):
        raise NumbersError("the text is a MatrixMarket file", "paste the matrix itself: a row per line")
    comments = []

    def leave_out(found: re.Match) -> str:
        comments.append(found[0].strip())
        return ""

    parts, start = [], 0
    while (begin := text.find("/*", start)) >= 0:
        end = text.find("*/", begin + 2)
        if end < 0:
            raise NumbersError("a comment that begins with /* does not end", "end it with */, or take it out")
        parts += [text[start:begin], " "]
        comments.append(text[begin:end + 2])
        start = end + 2
    text = "".join(parts) + text[start:]
    if "#" in text:
        text = re.sub(r"(?m)^[ \t]*#[ \t]*define[ \t]+\w+", "", text)
        text = re.sub(r"(?<!\.)#[^\n]*", leave_out, text)  # 1.#INF is what old C libraries print
    text = re.sub(r"(?m)//[^\n]*|^[ \t]*%[^\n]*", leave_out, text)
    shown = next((each for each in comments if any(map(is_number, BETWEEN.split(each.strip("#/*%"))))), "")
    return text, [f"“{' '.join(shown.split())[:60]}” was left out as a comment."] if shown else []


def _check_shape(rows: list[list[str]]) -> None:
    if not rows:
        raise NumbersError("there is no number in the text", WRITE)
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise NumbersError(f"row {i + 1} has {counted(len(row), 'number')}, but row 1 has {len(rows[0])}",
                               "give every row the same number of numbers; a row ends at ; or at the end of a line")
    if (size := len(rows) * len(rows[0])) > LARGEST:
        raise NumbersError(f"the text has {size:,} numbers", f"use at most {LARGEST:,}")
