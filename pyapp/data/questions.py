"""Short stories with a question after them, whose answer is one of six people: a task that needs attention.

"mia likes nora. tom waits by the sea, but he likes finn. ada sees nora. who likes nora?" Each sentence of a story
belongs to the grammar of `pyapp.data.stories` and is about another person. Of the others, one does the same to somebody
else, or something else to the same one, so that neither the verb nor its object gives the answer away, and counting
words even less: who did what to whom has to be read.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import numpy as np

from pyapp.core.rng import generator
from pyapp.data import stories

PEOPLE = tuple(name for names in stories.NAMES.values() for name in names)  # the classes
PRONOUN = {name: who for who, names in stories.NAMES.items() for name in names}
DOES, DOES_TO = stories.WORDS["does"][0], stories.WORDS["does to"][0]
ASKED = "who"
AT_ONCE = 4096  # random numbers; asked for one by one they would take longer than all the rest
T = TypeVar("T")


def words() -> tuple[str, ...]:
    """All words and marks of stories and questions, sorted."""
    places = " ".join(stories.PLACES).split()
    return tuple(sorted({*PEOPLE, *PRONOUN.values(), *DOES, *DOES_TO, *places, *stories.LINKS, ASKED, *".,?"}))


def write(seed: int, count: int, without: Collection[str] = (), easy: bool = False) -> tuple[list[str], np.ndarray]:
    """Stories with their questions, all different and none of those in `without`, and the answers: indices in PEOPLE,
    int64 (count,). In easy ones each sentence has three words: who does what to whom."""
    found: dict[str, int] = {}
    choices, without = _Choices(seed), frozenset(without)
    while len(found) < count:
        text, answer = _story(choices, easy)
        if text not in without:
            found[text] = answer
    return list(found), np.array(list(found.values()), np.int64)


class _Choices:
    """Choices from a seed, the same in every runtime."""

    def __init__(self, seed: int):
        self._numbers = self._draw(seed)

    @staticmethod
    def _draw(seed: int) -> Iterator[int]:
        rng = generator(seed, "questions")
        while True:
            yield from rng.integers(0, 2**31 - 1, AT_ONCE, dtype=np.int32).tolist()

    def one(self, items: Sequence[T]) -> T:
        return items[next(self._numbers) % len(items)]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different items, in random order."""
        left = list(items)
        return [left.pop(next(self._numbers) % len(left)) for _ in range(count)]


def _story(choices: _Choices, easy: bool) -> tuple[str, int]:
    """A text and its answer. The first of the facts is asked for; the others share the verb or the object with it."""
    people = choices.some(PEOPLE, choices.one((2, 3, 3)))
    verb, other_verb, free_verb = choices.some(DOES_TO, 3)
    whom, other = choices.some([person for person in PEOPLE if person not in people], 2)
    facts = [(verb, whom), *choices.some([(verb, other), (other_verb, whom)], 2)]
    plain = easy or choices.one((True, False))
    told = [_sentence(choices, person, *fact, "" if plain else free_verb)
            for person, fact in zip(people, facts, strict=False)]
    return f"{' '.join(choices.some(told, len(told)))} {ASKED} {verb} {whom}?", PEOPLE.index(people[0])


def _sentence(choices: _Choices, person: str, verb: str, whom: str, free_verb: str) -> str:
    """A sentence about the person that tells the fact; with a free verb at times before or after something else that
    the person does."""
    fact, form = f"{verb} {whom}", choices.one(("alone", "first", "last", "last"))
    if form == "alone" or not free_verb:
        return f"{person} {fact}."
    besides = (f"{free_verb} {whom}" if choices.one((True, False)) else
               choices.one(DOES) + choices.one(("", *(f" {place}" for place in stories.PLACES))))
    first, last = (fact, besides) if form == "first" else (besides, fact)
    return f"{person} {first}, {choices.one(stories.LINKS)} {PRONOUN[person]} {last}."
