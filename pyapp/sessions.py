"""Sessions: files that hold a page as a reader left it, with its run, so that it opens like that again.

A session is an .npz file with the ending .bitladder. It is read strictly, and reading one cannot run code:

    about       uint8   JSON: format, version, page, step, curves ({name: [stride, seen]}), edits (texts of edited
                        functions, which are only offered), first (the parameters that the run began with), log (what
                        was done to it), drawn, name, scalars
    params      uint8   JSON: the parameters of the page
    run.*       what the page's `snapshot` gave; none where there is no run yet
    curve.*     float64 (2, N): steps and values, see pyapp/curves.py
    drawn.*     arrays of what was drawn or opened; its other parts are in `about`
    frame.*     of a pinned run: the arrays of what it showed, beside `scalars`
    pin.*       uint8: the sessions of the pinned runs, in order; their bytes are backwards, because a file cut off
                after one would otherwise be read as that one

A file from before sessions, a page's checkpoint, opens that page as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pyapp import store
from pyapp.checkpoint import PARAMS, Contents, packed_json, unpacked_json
from pyapp.curves import Curve
from pyapp.experiment.frame import Frame
from pyapp.parts import Parts
from pyapp.store import ABOUT, StoreError

FORMAT, VERSION, ENDING = "bitladder session", 2, ".bitladder"
BEGINNING = 256  # bytes in which `pack` has written FORMAT
# Parameters of the pages that count what was picked: from 0 in version 1, from 1 since.
PICKED = {"simulator": ("part",), "errors": ("cell",), "methods": ("row",), "generator": ("picked",),
          "attention": ("head", "row", "column"), "matmul": ("row", "column")}
# Bytes of a file that goes on with a run: its arrays are stored as they are, so the page takes none that is larger.
MOST_UNPACKED = 100_000_000
RUN, CURVE, DRAWN, FRAME, PIN = "run.", "curve.", "drawn.", "frame.", "pin."
MOST_PINS, MOST_NAME, MOST_LOG = 8, 200, 2000
BROKEN = (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError, OverflowError)


def _from_1(about: dict, arrays: dict) -> tuple[dict, dict]:
    """Version 1 in the form of version 2: parameters that count from 0 count from 1."""
    names = PICKED.get(about["page"], ())

    def moved(values: dict) -> dict:
        return {name: value + 1 if name in names and type(value) is int else value for name, value in values.items()}

    log = [[kind, name, moved({name: value})[name] if kind == "set" else value] for kind, name, value in about["log"]]
    return (about | {"first": moved(about["first"]), "log": log},
            arrays | {PARAMS: packed_json(moved(unpacked_json(arrays[PARAMS])))})


# From an older version to the next, of (about, arrays). A change of the format, or of what a parameter's numbers mean,
# comes with its step here.
MIGRATIONS: dict[int, Callable[[dict, dict], tuple[dict, dict]]] = {1: _from_1}


class OtherPage(StoreError):
    """A session belongs to another page, `page`."""

    def __init__(self, name: str, page: str):
        super().__init__(f"{name} was saved by the page {page}")
        self.page, self.hint = page, f"open it on the page {page}"


@dataclass
class Saved:
    """A page as a reader left it. `frame` is what a pinned run showed, under `name`."""

    page: str
    params: dict[str, Any]
    step: int = 0
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    drawn: dict[str, Any] = field(default_factory=dict)
    edits: dict[str, str] = field(default_factory=dict)
    log: list[list] = field(default_factory=list)
    pins: list["Saved"] = field(default_factory=list)
    first: dict[str, Any] = field(default_factory=dict)  # the parameters that the run began with
    name: str = ""
    frame: Frame | None = None


def pack(saved: Saved) -> bytes:
    """A session as the bytes of its file; equal sessions give equal bytes."""
    drawn = {key: value for key, value in saved.drawn.items() if isinstance(value, np.ndarray)}
    about = {"format": FORMAT, "version": VERSION, "page": saved.page, "step": saved.step, "edits": saved.edits,
             "first": saved.first, "log": saved.log, "name": saved.name,
             "scalars": plain(saved.frame.scalars) if saved.frame else None,
             "curves": {name: [curve.stride, curve.seen] for name, curve in saved.curves.items()},
             "drawn": {key: value for key, value in saved.drawn.items() if key not in drawn}}
    pins = [pack(replace(pin, pins=[]))[::-1] for pin in saved.pins]
    return store.pack({
        ABOUT: packed_json(about), PARAMS: packed_json(saved.params),
        **_under(RUN, saved.arrays), **_under(CURVE, {name: each.array() for name, each in saved.curves.items()}),
        **_under(DRAWN, drawn), **_under(FRAME, saved.frame.arrays if saved.frame else {}),
        **{f"{PIN}{i}": np.frombuffer(pin, np.uint8) for i, pin in enumerate(pins)}})


def is_session(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether arrays are those of a session, of whatever version, and not of a checkpoint."""
    try:
        return unpacked_json(arrays[ABOUT])["format"] == FORMAT
    except BROKEN:
        return False


def begins(data: bytes | Parts, name: str) -> bool:
    """Whether a file is a session, by its name or its first bytes: kept under a title, or renamed, it is still one."""
    return name.endswith(ENDING) or FORMAT.encode() in bytes(data[:BEGINNING])


def unpack(data: bytes, name: str) -> Saved:
    """A session from the bytes of its file, or of a page's checkpoint. StoreError says why it cannot be read."""
    return read(store.unpack(data, name, MOST_UNPACKED), name)


def read(arrays: dict[str, np.ndarray], name: str) -> Saved:
    """A session from the arrays of its file. StoreError says why it cannot be read."""
    if not is_session(arrays):
        return _of_checkpoint(arrays, name)
    try:
        about = unpacked_json(arrays[ABOUT])
        version = about["version"]
        if type(version) is not int or version < 1:
            raise ValueError(f"its version is {str(version)[:40]!r}")
    except BROKEN as error:
        raise _damaged(name, error) from None
    if version > VERSION:
        raise StoreError(f"{name} is a session of version {version}, but this Bitladder reads versions up to "
                         f"{VERSION}; open it with a newer Bitladder")
    try:
        while version < VERSION:
            about, arrays = MIGRATIONS[version](about, arrays)
            version += 1
        return _checked(about, arrays, name)
    except StoreError:
        raise
    except BROKEN as error:
        raise _damaged(name, error) from None


def _checked(about: dict[str, Any], arrays: dict[str, np.ndarray], name: str) -> Saved:
    params, pins = unpacked_json(arrays[PARAMS]), _of(PIN, arrays)
    texts = {**{"page": about["page"], "name": about["name"]}, **about["edits"]}
    if not all(isinstance(key, str) and isinstance(text, str) for key, text in texts.items()):
        raise ValueError("a text is not text")
    if len(about["page"]) > MOST_NAME or len(about["name"]) > MOST_NAME or len(about["log"]) > MOST_LOG:
        raise ValueError("a name or its list of changes is too long")
    if type(about["step"]) is not int or about["step"] < 0 or not isinstance(params, dict):
        raise ValueError("its step or its parameters are missing")
    if len(pins) > MOST_PINS or set(pins) != {str(i) for i in range(len(pins))}:
        raise ValueError("its pinned runs are incomplete")
    curves = _of(CURVE, arrays)
    if set(curves) != set(about["curves"]):
        raise ValueError("its curves are incomplete")
    return Saved(
        about["page"], params, about["step"], _of(RUN, arrays),
        {key: Curve.of(curves[key], *about["curves"][key]) for key in curves},
        _drawn(dict(about["drawn"]) | _of(DRAWN, arrays)), dict(about["edits"]), list(map(_event, about["log"])),
        [_pin(pins[str(i)], name) for i in range(len(pins))], dict(about["first"]), about["name"],
        None if about["scalars"] is None else Frame(about["step"], dict(about["scalars"]), _of(FRAME, arrays)))


def _drawn(drawn: dict[str, Any]) -> dict[str, Any]:
    for key, value in drawn.items():
        if key == "index":
            fits = type(value) is int
        else:
            fits = (key in ("strokes", "input") and value.ndim == 2 and value.dtype == np.float32
                    and value.size <= 10**6 and np.isfinite(value).all())
        if not fits:
            raise ValueError(f"what was drawn is not readable as {str(key)[:40]!r}")
    return drawn


def _event(event: list) -> list:
    """A checked event of the log: ["set" | "edit" | "act" | "file", name, value] or ["steps", "", how many].
    ValueError if it is none."""
    kind, name, value = event
    if kind not in ("set", "edit", "act", "file", "steps") or not isinstance(name, str) or (
            kind == "steps" and (type(value) is not int or value < 1)):
        raise ValueError("its list of changes is not readable")
    return [kind, name, value]


def _pin(data: np.ndarray, name: str) -> Saved:
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError("a pinned run is not a session")
    pin = unpack(data.tobytes()[::-1], f"{name}, a pinned run")
    if pin.pins or pin.frame is None or not pin.name:
        raise ValueError("a pinned run is incomplete")
    return pin


def _of_checkpoint(arrays: dict[str, np.ndarray], name: str) -> Saved:
    """The session in a checkpoint that a page has saved: it has no curves, and the page reads its parameters."""
    saved = Contents(arrays, name)
    if not saved.by.startswith("page "):
        raise StoreError(f"{name} holds {saved.words}; expected a session, as “Save session as a file” writes it")
    params = {}
    if PARAMS in arrays:
        params = unpacked_json(arrays[PARAMS])
    return Saved(saved.by.removeprefix("page "), params if isinstance(params, dict) else {}, 0, dict(arrays))


def plain(value: Any) -> Any:
    """Scalars of a frame in the form of JSON: no NumPy types, None where a number is not finite."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {prefix + name: np.asarray(array) for name, array in arrays.items()}


def _of(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _damaged(name: str, error: Exception) -> StoreError:
    why = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())[:200]
    return StoreError(f"{name}: expected a Bitladder session, found one that is damaged ({why}); use another copy")
