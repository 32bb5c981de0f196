"""The only interface between the page and Python: a method's name and plain data in, plain data out, errors as data.

In the JSON text an array is {"$array": i, "shape": [...], "dtype": "float32"} and item i of the list beside it; a file
of the page that is read in parts is {"$file": i}. Under CPython, tests and the command line use the same interface.
"""

import importlib
import importlib.util
import inspect
import json
import math
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import later, pages
from pyapp.core import engine as arithmetic
from pyapp.core import kernels
from pyapp.experiment.frame import Frame
from pyapp.experiment.live import PARAM, blame, missing, pulse
from pyapp.experiment.live_scope import cut
from pyapp.parts import Parts
from pyapp.places import PACKAGE
from pyapp.runner import Runner

DTYPES = ("float32", "float64", "uint8", "int8", "int16", "int32")  # what JavaScript has typed arrays for
NAMES = {np.dtype(name): name for name in DTYPES}  # looked up, for NumPy puts `dtype.name` together at each use
# Far beyond what any page answers: what only edited code can have made must not fill the memory of the page.
MOST_BYTES = 2**26  # of all arrays
MOST_STRING, MOST_NOTES = 500_000, 20  # characters: as many as the longest parameter, a text of one's own
MOST_ITEMS = 1_000_000  # of a list
MOST_TEXT = 7_000_000  # characters of the JSON text, in which an emoji of such a string has twelve
runner = Runner()


class TooLarge(ValueError):
    """An answer is so large that it would fill the page's memory."""


class InstallError(ValueError):
    """A package that edited code imports cannot be installed; `param` attributes the error to the code."""

    param = PARAM

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


def call_json(name: str, args: str, arrays: Any = ()) -> tuple[str, list[np.ndarray]]:
    """Run a method. The text is {"ok": result} or {"error": {type, message, hint, param, ...}}; no error of a method
    is raised. Where the error has a `file`, only that file was missing: the host may bring it and call again.
    """
    out: list[np.ndarray] = []
    try:
        if name not in METHODS:
            raise ValueError(f"there is no method {name!r}; there are {', '.join(sorted(METHODS))}")
        result = METHODS[name](**_unpack(json.loads(args), list(arrays)))
        text = json.dumps({"ok": _pack(result, out)}, allow_nan=False)
        _bounded(len(text), MOST_TEXT, "characters")
        _bounded(sum(array.nbytes for array in out), MOST_BYTES, "bytes of arrays")
        return text, out
    except BaseException as error:
        found = error if isinstance(error, later.NotYet) else blame(error) or error
        if not isinstance(found, (Exception, later.NotYet)):  # not from edited code: Ctrl-C was pressed
            raise
        return json.dumps({"error": _facts(found)}), []


def watch(tell: Callable[[], None]) -> None:
    """Have `tell` called from time to time while calls of edited code keep returning."""
    pulse.tell = tell


async def install_json(source: str) -> str:
    """What a text imports and is not here is fetched, if there is a connection: {"ok": {"installed": names}} or
    {"error": ...} as above."""
    try:
        names = missing(source)
        if names:
            await _install(names)
        return json.dumps({"ok": {"installed": names}})
    except (Exception, later.NotYet) as error:
        return json.dumps({"error": _facts(error)})


async def _install(names: list[str]) -> None:
    """Through micropip, which only Pyodide has."""
    what = " and ".join(names)
    if sys.platform != "emscripten":
        raise InstallError(f"{what} cannot be imported here", f"install with: python -m pip install {' '.join(names)}")
    try:
        import micropip
        from micropip.package_index import DEFAULT_INDEX_URLS

        await micropip.install(names, index_urls=DEFAULT_INDEX_URLS[0])
        if any(importlib.util.find_spec(name) is None for name in names):  # Pyodide's list only complains in the log
            raise ImportError("no such module arrived")
    except Exception as error:
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise InstallError(f"{what} could not be fetched: {reason[0]}",
                           "imports beyond NumPy and the standard library need a connection to PyPI and a package in "
                           "pure Python") from error


def _facts(error: BaseException) -> dict[str, Any]:
    """An error as data; `function` and `line` are those of edited code."""
    kind = cut(type(error).__name__)
    return {"type": kind, "message": cut(str(error)) or kind,
            "hint": cut(getattr(error, "hint", "")), "param": getattr(error, "param", None),
            "line": getattr(error, "line", None), "function": getattr(error, "function", None),
            "file": getattr(error, "file", None), "page": getattr(error, "page", None)}


def _unpack(value: Any, arrays: list) -> Any:
    """Plain data with arrays put back in."""
    if isinstance(value, dict):
        if "$array" in value:
            if value["dtype"] not in DTYPES:
                raise ValueError(f"an array is {value['dtype']}; use one of {', '.join(DTYPES)}")
            return np.frombuffer(arrays[value["$array"]], value["dtype"]).reshape(value["shape"]).copy()
        if "$file" in value:
            return _in_parts(arrays[value["$file"]])
        return {key: _unpack(item, arrays) for key, item in value.items()}
    return [_unpack(item, arrays) for item in value] if isinstance(value, list) else value


def _in_parts(file: Any) -> Parts:
    """A File of the page. Reading raises OSError once it has changed on the disk."""
    from js import FileReaderSync  # exists only there
    from pyodide.ffi import JsException

    reader = FileReaderSync.new()

    def read(start: int, stop: int) -> bytes:
        try:
            return reader.readAsArrayBuffer(file.slice(start, stop)).to_bytes()
        except JsException:
            raise OSError(f"{file.name} has changed or is gone; open it again") from None

    return Parts(read, file.size)


def _pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """Plain data with arrays taken out; numbers that are not finite become null, as JSON has none. Long strings are
    cut."""
    if (kind := type(value)) is int or kind is bool or value is None:
        return value  # most of what a frame holds needs no more than this
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Frame):
        value = vars(value) | {"notes": [cut(note) for note in value.notes[:MOST_NOTES]]}
    if isinstance(value, str):
        return cut(value, MOST_STRING)
    if isinstance(value, (dict, list, tuple)):
        _bounded(len(value), MOST_ITEMS, "items")
    if isinstance(value, dict):
        return {key: _pack(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, np.ndarray):
        if (name := NAMES.get(value.dtype)) is None:
            raise TypeError(f"an array of {value.dtype} cannot cross to the page; use one of {', '.join(DTYPES)}")
        arrays.append(np.ascontiguousarray(value).reshape(-1))
        return {"$array": len(arrays) - 1, "shape": list(value.shape), "dtype": name}
    return value


def _bounded(size: int, most: int, of: str) -> None:
    if size > most:
        raise TooLarge(f"the answer has {size:,} {of}; the page takes at most {most:,}")


def runtime() -> dict:
    """This runtime: versions, and whether kernels compute or why not, for the status line and the log."""
    engine = platform.python_implementation()
    if sys.platform == "emscripten":
        import pyodide  # exists only there

        engine = f"Pyodide {pyodide.__version__}"
    why_not = f": {kernels.WHY_NOT}" if kernels.WHY_NOT else ""
    said = "SIMD kernels" if arithmetic.name() == arithmetic.KERNELS else f"no SIMD kernels{why_not}"
    return {"python": platform.python_version(), "numpy": np.__version__, "engine": engine, "kernels": said}


def source(names: list[str]) -> dict:
    """The source of functions and classes that the stories show or readers may edit: {name: {code, file, line}}."""
    later.need(later.PAGES)
    return {"sources": {name: _source(name) for name in names}}


def _source(name: str) -> dict:
    if not pages.shows(name):
        raise ValueError(f"no page shows the source of {name!r}; name it in a block ```python source of a story")
    module, _, attribute = name.rpartition(".")
    thing = inspect.unwrap(getattr(importlib.import_module(module), attribute))  # what a cache hides
    lines, first = inspect.getsourcelines(thing)
    file = Path(inspect.getsourcefile(thing)).resolve().relative_to(PACKAGE.parent)
    return {"code": "".join(lines), "file": file.as_posix(), "line": first}


METHODS: dict[str, Callable[..., Any]] = {
    "runtime": runtime,
    "pages": lambda: {"pages": pages.describe()},
    "source": source,
    **{name: getattr(runner, name) for name in (
        "open", "advance", "background", "act", "change", "reset", "edit", "predict", "look", "rewind", "pin", "rename",
        "unpin", "script", "snapshot", "save", "restore", "close")},
}
