"""Modules that arrive later: the site starts with what the first page needs, and loads the rest on demand.

The host (web/boot.js) says with `expect` which modules it has not brought yet. An import of one of them raises NotYet,
which the bridge answers with the name of the pack; the host brings it, says so with `arrived`, and calls again.
Elsewhere everything is there, and nothing is expected.
"""

import importlib
import json
import sys
from importlib.machinery import ModuleSpec

PAGES = "pages"  # the pack with the sources of pyapp


class NotYet(BaseException):
    """A module or source is in a pack that has not been brought; `file` is its path on the site. No Exception, so that
    no `except ImportError` takes it for a module that does not exist."""

    def __init__(self, pack: str):
        super().__init__(f"{pack}.pack has not been brought yet")
        self.file = f"{pack}.pack"


class Finder:
    """The last of Python's finders: asked only for what the others have not found."""

    def __init__(self):
        self.packs: dict[str, str] = {}  # module -> pack

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self.packs:
            raise NotYet(self.packs[name])
        return None


_finder = Finder()


def expect(modules: str) -> None:
    """Set which modules come later, as JSON: {module: pack}."""
    _finder.packs = json.loads(modules)
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


def arrived(pack: str) -> None:
    """Note that the files of a pack are there now."""
    _finder.packs = {name: other for name, other in _finder.packs.items() if other != pack}
    importlib.invalidate_caches()


def need(pack: str) -> None:
    """Raise NotYet unless everything of a pack is there."""
    if pack in _finder.packs.values():
        raise NotYet(pack)
