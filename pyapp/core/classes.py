"""The names of what a classifier tells apart."""

from collections.abc import Sequence
from typing import Any

TEN = tuple("0123456789")  # the digits, where nothing else is said
MOST, LONGEST = 1000, 60  # classes, and letters in a name


def are_names(classes: Any) -> bool:
    """Whether these can be the names of classes: two or more, each once, of letters that can be printed."""
    return isinstance(classes, list | tuple) and 2 <= len(classes) <= MOST and all(
        map(is_name, classes)) and len(set(classes)) == len(classes)


def is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST and name.isprintable()


def numbered(n: int) -> tuple[str, ...]:
    """The names of n classes that have none: 0, 1, 2, ..."""
    return tuple(map(str, range(n)))


def unnamed(classes: Sequence[str]) -> bool:
    """Whether the classes are only numbered, 0 to n - 1, as a foreign file's are; 0 to 9 are names, those of digits."""
    return tuple(classes) == numbered(len(classes)) != TEN
