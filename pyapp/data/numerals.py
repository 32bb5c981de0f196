"""One number as people and programs write it, and the error that says what is wrong with a pasted text."""

import re

BEYOND = 1e38  # the range of larger numbers, highest - lowest, might not fit into float32
WRITE = "write numbers with spaces or commas between them and end a row with ; or a new line, as in 0.5 -1.2; 3 4"
TRUTH = {"true": 1.0, "false": 0.0}
MISSING = {"none", "null", "undefined", "na", "n/a", "<na>", "nat"}
SUFFIX = re.compile(r"(?:[fFdDn]|[uU][lL]{0,2}|[lL]{1,2}[uU]?|_?[fiu](?:8|16|32|64))\Z")  # 1.5f, 127u, 5n, 0.5f32
HEX_SUFFIX = re.compile(r"([pP][+-]?\d+)[fFlL]\Z")  # 0x1p-3f
BASES = re.compile(r"([+-]?)0(?:[xX]([0-9a-fA-F_]+)|[bB]([01_]+)|[oO]([0-7_]+))[uUlLn]{0,3}")


class NumbersError(ValueError):
    """A text is not a tensor; `hint` says what to write instead."""

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


def number(word: str, row: int) -> float:
    """The number that a word stands for. NumbersError names the word and its row if it is not finite in float32."""
    try:
        value = float(word)
    except ValueError:
        value = _written_otherwise(word, row)
    if value - value != 0 and not any(digit in word for digit in "0123456789"):  # NaN and infinity
        raise NumbersError(f"{word} in row {row} is not a finite number", "remove NaN and infinity, or replace them")
    if abs(value) > BEYOND:
        raise NumbersError(f"{word[:40]} in row {row} is too large for a float32 range",
                           "use numbers from -1e38 to 1e38")
    return value


def is_number(word: str) -> bool:
    """Whether a word stands for a value, even a missing or an infinite one."""
    if word.lower() in MISSING or word == "--":
        return True
    try:
        number(word, 1)
    except NumbersError as error:
        return "not a number" not in str(error)
    return True


def _written_otherwise(word: str, row: int) -> float:
    """True, np.False_, 0x7f, 0b101, 0x1p-3, 1.5f, 127UL, 5n, 1.0D+02: what `float` does not read."""
    plain = word.rpartition(".")[2].rstrip("_").lower()
    if plain in TRUTH:
        return TRUTH[plain]
    if found := BASES.fullmatch(word):
        base = next(base for base, digits in zip((16, 2, 8), found.groups()[1:], strict=True) if digits)
        try:
            return float(int(found[1] + "".join(filter(None, found.groups()[1:])), base))
        except (ValueError, OverflowError):
            raise NumbersError(f"{word[:40]} in row {row} is too large for a float32 range",
                               "use numbers from -1e38 to 1e38") from None
    for attempt in (float.fromhex if "x" in word.lower() else float, lambda text: float(re.sub("[dD]", "e", text))):
        try:
            return attempt(SUFFIX.sub("", word) if attempt is float else HEX_SUFFIX.sub(r"\1", word))
        except (ValueError, OverflowError):
            pass
    raise _no_number(word, row)


def _no_number(word: str, row: int) -> NumbersError:
    shown = word[:40]
    if word[-1:] in "ijIJ" and word[:1] in "+-.0123456789" and any(digit in word for digit in "0123456789"):
        return NumbersError(f"{shown} in row {row} is complex",
                            "use real numbers; real and imaginary parts can be pasted one after the other")
    if word == "--":
        return NumbersError(f"a number in row {row} is masked (--)", "fill it before printing, for example x.filled(0)")
    if word.lower() in MISSING:
        return NumbersError(f"a value in row {row} is missing ({shown})", "write a number in its place")
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3}){2,4}", word):
        return NumbersError(f"“{shown}” in row {row} is not a number: it has thousands separators",
                            f"write {word.replace('.', '')}")
    return NumbersError(f"“{shown}” in row {row} is not a number", WRITE)
