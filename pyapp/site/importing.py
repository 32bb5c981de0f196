"""How the page's Python finds the modules of its start: in a list, where a search asks the file system each time.

The packs have this file as `sitecustomize`, which Python imports before it imports more, and beside it the list
`modules.txt`: the name of each module, and the compiled file or extension that it comes from.
"""

import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourcelessFileLoader


class Listed:
    """A finder of modules by a list."""

    def __init__(self, words: list[str]):
        self.places = dict(zip(words[::2], words[1::2], strict=True))

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module is, as Python's search would tell; None if it is not listed."""
        if name not in self.places:
            return None
        place = self.places[name]
        folder, _, file = place.rpartition("/")
        loader = ExtensionFileLoader if file.endswith(".so") else SourcelessFileLoader
        spec = ModuleSpec(name, loader(name, place), origin=place, is_package=file == "__init__.pyc")
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec


if __name__ == "sitecustomize":
    with open(f"{__file__.rpartition('/')[0]}/modules.txt", encoding="utf-8") as _list:
        sys.meta_path.insert(0, Listed(_list.read().split()))
