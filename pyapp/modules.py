"""Which modules the page's Python imports, and when: web/modules.json, from which the packs are made."""

import dis
import importlib
import sys
from collections.abc import Iterator
from types import CodeType

from pyapp import pages

SPARED = {"ssl"}  # asyncio tries it, and does without where it is missing: the browser makes the connections here


def listed() -> dict[str, list[str]]:
    """{"start": modules that the first page imports in Pyodide, "pages": more that others do, "shown": those of ours
    whose source a page shows or lets its reader edit}."""
    from pyapp.hosts import HostError, Node  # not at the top: this module is imported there, too, and would count it

    with Node() as node:
        node.call("open", page=pages.names()[0])
        start = [name for name in node.run(__name__, "imported") if name not in SPARED]
        for name in pages.names():
            try:
                node.call("open", page=name)
            except HostError as error:
                if error.type != "UnknownPage":
                    raise
                raise HostError(f"Node's packs do not have the page {name!r} yet",
                                hint="run python serve.py --provision, and then this again") from None
        shown = {name.rpartition(".")[0] for page in pages.names() for name in pages.sources(page) + pages.live(page)}
        return {"start": start, "pages": sorted(set(node.run(__name__, "imported_anywhere")) - set(start)),
                "shown": sorted(shown)}


def imported() -> list[str]:
    """The modules here that come from a file."""
    return sorted(name for name, module in list(sys.modules.items())
                  if getattr(getattr(module, "__spec__", None), "has_location", False) and name != __name__)


def imported_anywhere() -> list[str]:
    """The modules of `imported`, and those that our modules import inside of functions, except for edited texts."""
    ours = [module for name in imported() if name.startswith("pyapp")
            and not (module := sys.modules[name]).__file__.endswith(".so")]
    codes = [module.__loader__.get_code(module.__name__) for module in ours]
    for name in sorted({name for code in codes for name in _names(code) if not name.startswith("micropip")}):
        try:
            importlib.import_module(name)
        except ImportError:  # another runtime's, such as Pillow, or no module
            continue
    return imported()


def _names(code: CodeType) -> Iterator[str]:
    """What a code object and the functions in it import; of `from a import b` both a and a.b, which may be a module."""
    package = ""
    for each in dis.get_instructions(code):
        if each.opname == "IMPORT_NAME":
            yield (package := each.argval)
        elif each.opname == "IMPORT_FROM":
            yield f"{package}.{each.argval}"
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
