"""Long work that tells how far it is."""

from collections.abc import Callable, Iterable
from typing import Any

Watch = Callable[[int, int], None]  # is told how many pieces are done, and of how many


def unwatched(done: int, total: int) -> None:
    """The watch of work that nobody waits for."""


def last(pieces: Iterable[Any], total: int, watch: Watch) -> Any:
    """The last item of work done in `total` pieces, an item each, or one more that is the result."""
    found = None
    for done, item in enumerate(pieces, 1):
        found = item
        watch(min(done, total), total)
    return found
