"""What edited code finds around it: names that it cannot take away from the page, and a place to print."""

import io
import sys
from collections.abc import Mapping
from typing import Any

MOST_PRINTED = 10_000  # characters that are kept until they are fetched
MOST_SAID = 1000  # characters of a message
KEEP = "remove only names that the text itself has made"


def cut(text: str, most: int = MOST_SAID) -> str:
    """The beginning of a text that is too long to read, and that would take seconds to cross to the page."""
    return text if len(text) <= most else f"{text[:most]}…"


class Printed(io.StringIO):
    """Keeps the beginning of what is written into it."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MOST_PRINTED + 1 - self.tell())])
        return len(text)

    @property
    def text(self) -> str:
        found = self.getvalue()
        return found if len(found) <= MOST_PRINTED else f"{found[:MOST_PRINTED]}\n… and more\n"


class Scope(dict):
    """The globals of edited texts, where the page's other functions look up theirs as well. A text may give a name
    another value, but may not remove one that was there when `hold` was called: NameError at the line that tries.

    Python can also be told to remove names without asking this class (`dict.clear(globals())`). So edited code runs in
    `with scope:`, which at its end puts back what is missing, and raises then.
    """

    _held: Mapping[str, Any] = {}
    _line: int | None = None  # of the last `del`

    def hold(self, but: str | None = None) -> None:
        """From now on all present names have to stay, except `but`, which a text is about to redefine."""
        self._held = {name: value for name, value in self.items() if name != but}

    def become(self, names: dict[str, Any]) -> None:
        """Replace all names by these."""
        super().clear()
        self.update(names)

    def clear(self) -> None:
        raise NameError(f"this would remove every name that the page needs: {KEEP}")

    def popitem(self) -> tuple[str, Any]:
        return self.clear()

    def pop(self, name: str, *default: Any) -> Any:
        self._check(name)
        return super().pop(name, *default)

    def __delitem__(self, name: str) -> None:
        """Remove a name; it is refused only at the end, because Python rewords every error of a `del` statement."""
        super().__delitem__(name)
        self._line = sys._getframe(1).f_lineno

    def _check(self, name: str) -> None:
        if name in self._held:
            raise NameError(f"the page needs the name {name}: {KEEP}")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_) -> None:
        if self.keys() >= self._held.keys():
            return
        lost = [name for name in self._held if name not in self]
        self.update((name, self._held[name]) for name in lost)
        error = NameError(f"the text has removed {cut(', '.join(lost), 60)}, which the page needs: {KEEP}")
        error.line, self._line = self._line, None
        raise error
