"""Results that take a while, computed one after the other, a piece at a time."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Readings(Generic[Key]):
    """Results by key, and the keys still to be read. `read(key)` yields None after each piece of work, and last the
    result."""

    def __init__(self, read: Callable[[Key], Iterator[Any]]):
        self._read = read
        self.results: dict[Key, Any] = {}
        self._wanted: list[Key] = []
        self._under_way: Iterator[Any] | None = None

    @property
    def pending(self) -> int:
        """How many results are still to come."""
        return len(self._wanted)

    @property
    def wanted(self) -> list[Key]:
        return list(self._wanted)

    def want(self, keys: Iterable[Key]) -> None:
        """Read these after what is wanted already, but nothing twice."""
        known = {*self.results, *self._wanted}
        self._wanted += [key for key in dict.fromkeys(keys) if key not in known]

    def begin_again(self, keys: Iterable[Key]) -> None:
        """Forget all results, because what is read has changed, and read these."""
        self.results, self._wanted, self._under_way = {}, [], None
        self.want(keys)

    def work(self) -> bool:
        """Do a piece of work. False if there was nothing to do."""
        if not self._wanted:
            return False
        self._under_way = self._under_way or self._read(self._wanted[0])
        found = next(self._under_way)
        if found is not None:
            self.results[self._wanted.pop(0)] = found
            self._under_way = None
        return True
