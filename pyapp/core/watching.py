"""Progress of long work: a function that is told how many pieces are done."""

from collections.abc import Callable, Iterable
from typing import Any

Watch = Callable[[int, int], None]  # is told how many pieces are done, and of how many


def unwatched(done: int, total: int) -> None:
    """A watch that does nothing, for work whose progress nobody follows."""


def last(pieces: Iterable[Any], total: int, watch: Watch) -> Any:
    """The last item of work that yields one item per piece, and perhaps one more, its result; None if it yields none.
    `watch` is told after each."""
    found = None
    for done, item in enumerate(pieces, 1):
        found = item
        watch(min(done, total), total)
    return found
