"""Sentences from a small grammar of our own, and a parser that says whether a sentence belongs to it.

One table of rules serves both: `write` picks rules at random, `accepts` looks for rules that fit. The grammar is
context free. What has to agree, a noun with its verb or a person with her pronoun, is part of the symbols: "does of
she" is another symbol than "does of they", so that a verb has to agree with a noun even across a clause between them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from pyapp.core.rng import generator

NAMES = {"she": ("mia", "ada", "nora"), "he": ("tom", "emil", "finn")}
HERS = {"she": "her", "he": "his", "it": "its", "they": "their"}
NUMBER = {"she": "one", "he": "one", "it": "one", "they": "many"}
WORDS = {  # kind: (for one, for many)
    "determiner": (("a", "the"), ("two", "the")),
    "animal": (("dog", "cat", "bird", "mouse"), ("dogs", "cats", "birds", "mice")),
    "thing": (("ball", "drum", "kite"), ("balls", "drums", "kites")),
    "does": (("sleeps", "sings", "waits"), ("sleep", "sing", "wait")),  # needs no object
    "does to": (("sees", "likes", "finds"), ("see", "like", "find")),
}
ADJECTIVES = ("red", "small")
PLACES = ("in the park", "by the sea")
LINKS = ("and", "but")

START = "sentence"
END = "\n"  # after each sentence
DRAWN_AT_ONCE = 4096  # random numbers; asked for one by one they would take longer than all the rest

Rules = dict[str, tuple[tuple[str, ...], ...]]  # symbol -> its alternatives, each a row of symbols and words


@cache
def rules() -> Rules:
    """The grammar. What is no key of it is a word, a comma or a full stop."""
    table: Rules = {START: tuple((f"told of {who}", ".") for who in HERS)}
    table |= {"adjective": _each(ADJECTIVES), "place": _each(PLACES), "link": _each(LINKS)}
    table |= {f"name {who}": _each(names) for who, names in NAMES.items()}
    table |= {f"{kind} {number}": _each(words) for kind, pair in WORDS.items()
              for number, words in zip(("one", "many"), pair, strict=True)}
    for number in ("one", "many"):
        table |= _of_number(number)
    for who, number in NUMBER.items():
        table |= _of_whom(who, number)
    table["person"] = (("name she",), ("name he",))
    table["object"] = (("person",), ("things one",), ("things many",))
    table["belongings"] = (("thing one",), ("thing many",))
    return table


def _each(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split()) for text in texts)


def _of_number(n: str) -> Rules:
    """The rules that depend on singular or plural: a noun, and the clause that says which one is meant."""
    noun, animals = ((f"animal {n}",), (f"thing {n}",)), f"animals {n}"
    return {
        f"things {n}": tuple((f"determiner {n}", *adjective, *each)
                             for adjective in ((), ("adjective",)) for each in noun),
        animals: ((f"determiner {n}", f"animal {n}"),),
        f"those {n}": ((animals, "that", f"does to {n}", "object"), (animals, "that", "person", "does to one"),
                       *((animals, "that", f"animals {other}", f"does to {other}") for other in ("one", "many"))),
    }


def _of_whom(who: str, n: str) -> Rules:
    """A sentence about her, him, it or them. `who` is also the pronoun that goes on with it after a comma."""
    subject = {"they": (("animals many",), ("name she", "and", "name he"), ("name he", "and", "name she")),
               "it": (("animals one",),)}
    phrase, short = f"does of {who}", (f"subject {who}", f"does of {who}")
    with_clause = ((f"those {n}", phrase),) if who in subject else ()
    return {
        f"told of {who}": (short, *with_clause, (*short, ",", "link", who, phrase)),
        f"subject {who}": subject.get(who, ((f"name {who}",),)),
        phrase: ((f"does {n}",), (f"does {n}", "place"), (f"does to {n}", "object"),
                 (f"does to {n}", HERS[who], "belongings")),
    }


def write(seed: int, sentences: int) -> str:
    """Random sentences, each ended by a full stop and a new line; equal in every runtime."""
    numbers = _random(seed)
    return "".join(_spelled(_expand(START, numbers)) + END for _ in range(sentences))


def _random(seed: int) -> Iterator[int]:
    rng = generator(seed, "stories")
    while True:
        yield from rng.integers(0, 2**31 - 1, DRAWN_AT_ONCE, dtype=np.int32).tolist()


def _expand(symbol: str, numbers: Iterator[int]) -> Iterator[str]:
    """The words of a symbol, each rule as likely as its alternatives."""
    alternatives = rules().get(symbol)
    if alternatives is None:
        yield symbol
        return
    for part in alternatives[next(numbers) % len(alternatives)]:
        yield from _expand(part, numbers)


def _spelled(words: Iterable[str]) -> str:
    """Words with spaces between them, but none before a comma or a full stop."""
    return re.sub(r" (?=[,.])", "", " ".join(words))


def accepts(sentence: str) -> bool:
    """Whether the grammar has this sentence, full stop included and without the new line after it.

    A recursive descent that keeps all places where a symbol may end. Each symbol is looked for at a place at most once,
    and no symbol contains itself, so that the time grows with the length of the sentence and no faster.
    """
    words = re.findall(r"[a-z]+|[,.]", sentence)
    return _spelled(words) == sentence and len(words) in _Ends(words).of(START, 0)


class _Ends:
    """Where a symbol that begins at a word may end: the numbers of the words after it."""

    def __init__(self, words: list[str]):
        self._words = words
        self._known: dict[tuple[str, int], set[int]] = {}

    def of(self, symbol: str, start: int) -> set[int]:
        alternatives = rules().get(symbol)
        if alternatives is None:
            return {start + 1} if self._words[start : start + 1] == [symbol] else set()
        if (symbol, start) not in self._known:
            self._known[symbol, start] = set().union(*(self._of_row(row, start) for row in alternatives))
        return self._known[symbol, start]

    def _of_row(self, row: tuple[str, ...], start: int) -> set[int]:
        ends = {start}
        for part in row:
            ends = set().union(*(self.of(part, end) for end in ends))
        return ends


def score(text: str) -> float:
    """The share of the text's sentences, one per line, that the grammar has, 0 to 1; 0 if there are none."""
    lines = [line for line in text.split(END) if line]
    return sum(map(accepts, lines)) / max(1, len(lines))
