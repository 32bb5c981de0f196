"""WordPiece tokens, as BERT and MobileBERT read text (Devlin et al. 2019; Schuster and Nakajima 2012).

Text is cleaned, lower-cased and stripped of accents, split at spaces and around marks and Chinese characters; each word
is then cut from the left into the longest pieces that the vocabulary has, where "##ing" is "ing" inside a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyapp.data import text as texts
from pyapp.data.text import TextError

PAD, UNKNOWN, FIRST, LAST = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
INSIDE = "##"  # before a piece that does not begin a word
LONGEST = 100  # characters of a word; a longer one is unknown
CHINESE = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
           (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # CJK ideographs, which are words by themselves


class Tokens(NamedTuple):
    """A text as a network reads it, [CLS] and [SEP] included."""

    ids: np.ndarray  # int32 (T,)
    types: np.ndarray  # int32 (T,): 0 of the first text, 1 of a second one
    pieces: tuple[str, ...]  # in words
    unknown: tuple[str, ...]  # words that became [UNK], each once
    cut: int  # pieces that did not fit


class WordPiece:
    """A vocabulary, one piece for each id."""

    def __init__(self, pieces: Iterable[str], lower: bool = True):
        """TextError if a special token is missing, or a piece is there twice."""
        self.pieces, self.lower = tuple(pieces), lower
        self._ids = {piece: i for i, piece in enumerate(self.pieces)}
        if missing := [token for token in SPECIAL if token not in self._ids]:
            raise TextError(f"the vocabulary has no {missing[0]}; use the vocab.txt that belongs to the model")
        if len(self._ids) < len(self.pieces):
            twice = next(piece for i, piece in enumerate(self.pieces) if self._ids[piece] != i)
            raise TextError(f"the vocabulary has {twice!r} twice; use the vocab.txt that belongs to the model")

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, text: str, second: str | None = None, context: int = 512) -> Tokens:
        """[CLS] text [SEP], or [CLS] text [SEP] second [SEP]. Where that is more than `context` tokens, pieces are
        dropped from the end of the longer text, one after another. TextError if there is no room for any text."""
        found = [self._cut(each) for each in (text, second) if each is not None]
        parts, room = [pieces for pieces, _ in found], context - 1 - len(found)
        if room < len(found):
            raise TextError(f"{context} tokens leave no room for a text; use more")
        total = sum(map(len, parts))
        for _ in range(total - room):
            max(reversed(parts), key=len).pop()
        pieces, types = [FIRST], [0]
        for kind, part in enumerate(parts):
            pieces += [*part, LAST]
            types += [kind] * (len(part) + 1)
        unknown = dict.fromkeys(word for _, words in found for word in words)
        return Tokens(np.array([self._ids[piece] for piece in pieces], np.int32), np.array(types, np.int32),
                      tuple(pieces), tuple(unknown), max(0, total - room))

    def _cut(self, text: str) -> tuple[list[str], list[str]]:
        """The pieces of a text, and the words that have none."""
        pieces, unknown = [], []
        for word in split(text, self.lower):
            cut = list(self._pieces_of(word)) if len(word) <= LONGEST else [UNKNOWN]
            if UNKNOWN in cut:
                cut = [UNKNOWN]
                unknown.append(word)
            pieces += cut
        return pieces, unknown

    def _pieces_of(self, word: str) -> Iterator[str]:
        start = 0
        while start < len(word):
            prefix = INSIDE if start else ""
            stop = next((stop for stop in range(len(word), start, -1) if prefix + word[start:stop] in self._ids), 0)
            if not stop:
                yield UNKNOWN
                return
            yield prefix + word[start:stop]
            start = stop


def split(text: str, lower: bool = True) -> list[str]:
    """The words of a text, and each of its marks and Chinese characters as a word of its own."""
    return [word for chunk in re.split(r"[ \t\n\r]+", text) for word in _words(chunk, lower)]


@lru_cache(1 << 12)  # most words of a text are known by then
def _words(chunk: str, lower: bool) -> tuple[str, ...]:
    spaced = "".join(f" {c} " if _chinese(c) else " " if c.isspace() else c for c in chunk if not _control(c))
    if lower:
        spaced = "".join(c for c in unicodedata.normalize("NFD", spaced.lower()) if unicodedata.category(c) != "Mn")
    return tuple("".join(f" {c} " if _mark(c) else c for c in spaced).split())


def _chinese(c: str) -> bool:
    return any(low <= ord(c) <= high for low, high in CHINESE)


def _control(c: str) -> bool:
    """Whether a character is not text: a control or format character, or the sign that stands for a damaged one."""
    return c == "\ufffd" or (c not in "\t\n\r" and unicodedata.category(c).startswith("C"))


def _mark(c: str) -> bool:
    """Whether a character is punctuation, or another ASCII character that is no letter, digit or space."""
    return unicodedata.category(c).startswith("P") or (c.isascii() and not c.isalnum() and not c.isspace())


def load(path: Path, lower: bool = True) -> WordPiece:
    """The vocabulary in a vocab.txt, one piece per line. TextError says what is wrong with it."""
    try:
        return WordPiece(texts.read(path).removesuffix("\n").split("\n"), lower)
    except TextError as error:
        raise TextError(f"{path}: {error}") from None
