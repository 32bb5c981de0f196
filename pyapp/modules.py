"""Which modules the page's Python imports, and when: web/modules.json, from which the packs are made."""

import ast
import importlib
import inspect
import sys

from pyapp import pages


def listed() -> dict[str, list[str]]:
    """{"start": modules that the first page imports in Pyodide, "pages": more that others do}."""
    from pyapp.hosts import Node  # not at the top: there this module is imported to be asked, and would count it

    with Node() as node:
        node.call("open", page=pages.names()[0])
        start = node.run(__name__, "imported")
        for name in pages.names():
            node.call("open", page=name)
        return {"start": start, "pages": sorted(set(node.run(__name__, "imported_anywhere")) - set(start))}


def imported() -> list[str]:
    """The modules here that come from a file."""
    return sorted(name for name, module in list(sys.modules.items())
                  if getattr(getattr(module, "__spec__", None), "has_location", False) and name != __name__)


def imported_anywhere() -> list[str]:
    """The same after what our modules import inside of their functions, but for what edited texts need."""
    ours = [module for name in imported() if name.startswith("pyapp")
            and not (module := sys.modules[name]).__file__.endswith(".so")]
    nodes = [node for module in ours for node in ast.walk(ast.parse(inspect.getsource(module)))]
    for name in {name for node in nodes for name in _names(node)} - {"micropip", "micropip.package_index"}:
        try:
            importlib.import_module(name)
        except ImportError:  # another runtime's, such as Pillow
            continue
    return imported()


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
