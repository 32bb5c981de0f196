"""The names of what a classifier tells apart."""

from typing import Any

TEN = tuple("0123456789")  # the digits, where nothing else is said
MOST, LONGEST = 1000, 60  # classes, and letters in a name


def are_names(classes: Any) -> bool:
    """Whether these can be the names of classes: two or more, each once, of letters that can be printed."""
    return isinstance(classes, list | tuple) and 2 <= len(classes) <= MOST and all(
        map(is_name, classes)) and len(set(classes)) == len(classes)


def is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST and name.isprintable()
