"""Text as numbers, one per character."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pyapp import files

SHOWN = 10  # characters that an error names
LONGEST = 500_000  # characters of a text of one's own: more than a network learns in an hour in the page
MOST = 256  # different characters in it: each has a row in the network's tables, and has to be seen often enough


class TextError(ValueError):
    """A text is too short, or has characters that a vocabulary lacks."""


class Vocabulary:
    """The characters that a network knows, sorted by code point; token t is the character number t."""

    def __init__(self, characters: str):
        self.characters = "".join(sorted(set(characters)))
        self._codes = _code_points(self.characters)  # N, rising

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def beginning(self) -> str:
        """The character that an empty prompt stands for: a line break or a space, if the vocabulary has one."""
        return next((c for c in "\n " if c in self.characters), self.characters[:1])

    def unknown(self, text: str) -> str:
        """The characters of the text that are not in the vocabulary, each once."""
        return "".join(sorted(set(text) - set(self.characters)))

    def encode(self, text: str) -> np.ndarray:
        """Tokens int32 (n,). TextError names the characters that are unknown."""
        points = _code_points(text)
        tokens = np.searchsorted(self._codes, points).astype(np.int32)
        if len(points) and not (len(self) and (self._codes[np.minimum(tokens, len(self) - 1)] == points).all()):
            unknown = self.unknown(text)
            more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
            raise TextError(f"the text has {unknown[:SHOWN]!r}{more}, which the network has never seen; leave out what "
                            "is not one of its characters")
        return tokens

    def decode(self, tokens: np.ndarray) -> str:
        return "".join(self.characters[int(t)] for t in tokens)


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def read(path: str | Path) -> str:
    """The text of a UTF-8 file, with its lines ended by \\n. TextError says why it cannot be read."""
    try:
        data = files.read(path)
    except OSError as error:
        raise TextError(f"{path} cannot be read ({error.strerror}); name a text file") from None
    return lines(decode(data, str(path)))


def lines(text: str) -> str:
    """The text with its lines ended by \n."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode(data: bytes, name: str) -> str:
    """The text in a file's bytes. TextError if they are not UTF-8, or no text at all."""
    try:
        text = data.decode("utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as error:
        raise TextError(f"{name}: expected text in UTF-8, found the byte 0x{data[error.start]:02x} at {error.start:,}; "
                        "save it as UTF-8") from None
    if "\0" in text:
        raise TextError(f"{name}: expected text, found a zero byte at {text.index(chr(0)):,}; choose a text file")
    return text


def tidy(text: str) -> tuple[str, list[str]]:
    """A reader's text in the form in which it is learned, and notes about what was changed: lines end with a line feed,
    and characters beyond `LONGEST` are left out. TextError if it is empty or has too many different characters."""
    whole, notes = lines(text), []
    text = whole[:LONGEST]
    if len(whole) > LONGEST:
        notes = [f"The text has {len(whole):,} characters; the first {LONGEST:,} are used."]
    if not text.strip():
        raise TextError("the text is empty; paste some pages of it, or open a file")
    if (different := len(set(text))) > MOST:
        raise TextError(f"the text has {different:,} different characters; use one with at most {MOST}, in an alphabet "
                        "rather than in thousands of signs")
    return text, notes


def split(tokens: np.ndarray, context: int) -> tuple[np.ndarray, np.ndarray]:
    """The first 90 % to train on, the last 10 % to validate. TextError if a part has not a context and one more."""
    at = len(tokens) * 9 // 10
    if len(tokens) - at < context + 1:
        raise TextError(f"the text has {len(tokens)} character{'s' * (len(tokens) != 1)}; with a context of "
                        f"{context} it needs {10 * context + 1} or more, of which the last tenth validates")
    return tokens[:at], tokens[at:]


def windows(tokens: np.ndarray, context: int) -> tuple[np.ndarray, np.ndarray]:
    """All windows to learn from, as views: tokens (n - context, context), and the token that follows each of them."""
    view = np.lib.stride_tricks.sliding_window_view
    return view(tokens[:-1], context), view(tokens[1:], context)


def in_turn(tokens: np.ndarray, context: int, chunk: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The whole text in windows that do not overlap, at most `chunk` (B, T) at a time, with the tokens that follow.

    Each token but the first is asked for exactly once; the last window may be shorter.
    """
    n = len(tokens) - 1
    whole = n - n % context
    x, y = tokens[:whole].reshape(-1, context), tokens[1 : whole + 1].reshape(-1, context)
    for start in range(0, len(x), chunk):
        yield x[start : start + chunk], y[start : start + chunk]
    if whole < n:
        yield tokens[None, whole:n], tokens[None, whole + 1 :]
