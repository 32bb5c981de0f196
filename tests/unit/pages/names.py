"""Panels held against frames: every name of a panel that is shown leads to something that the frame has."""

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any, get_args

import numpy as np

from pyapp import store
from pyapp.experiment.formulas import Matrix
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Block, Button, Column, Custom, Each, Entry, Panel, Table, Template, Value, Words
from pyapp.experiment.pictures import Bars, Chart, Curves, Heatmap, Images

SLOT = re.compile(r"\{([^{}]+)\}")
FORMATS = {"scalar", "count", "fixed", "percent", "signed", "bytes", "megabytes", "scientific", "small", "decibels",
           "milliseconds", "words", "text", "s"}
WHOLE = {"", "scalar", "count", "text", "fixed:0"}  # these write a count of 1 as "1"
PLURAL = re.compile(r"(?<![\w.,] )(?<![\w.,-])1 (?:(?!of|to|in|by|is)[\w-]+ )?(?!is|was|has|as|its)[\w-]{2,}s\b")
ROOTS = {"params", "picks", "shipped", "read", "glossary"}  # names that are looked up before those of a frame
COLOURS = {"ink", "muted", "faint", "hair", "float", "quant", "error", "proof"}  # of web/style.css
MISSING = object()


class Scope:
    """As web/ui/scope.js: where names are looked up."""

    def __init__(self, frame: Frame, roots: dict, items: tuple = (), at: dict | None = None):
        self.frame, self.roots, self.items, self.at = frame, roots, items, at or {}

    def inside(self, item: Any, index: int) -> "Scope":
        return Scope(self.frame, self.roots, (item, *self.items), {**self.at, "index": index})

    def reading(self, **at: int) -> "Scope":
        return Scope(self.frame, self.roots, self.items, {**self.at, **at})

    def get(self, path: str) -> Any:
        optional = path.endswith("?")
        first, *rest = path.removesuffix("?").split(".")
        value = self._first(first)
        for part in rest:
            if value is None or value is MISSING:
                break
            if part.startswith("@"):
                index = self._index(part[1:])
                value = value[index] if index < len(value) else None
            elif isinstance(value, (list, tuple)):
                value = value[int(part)] if int(part) < len(value) else MISSING
            else:
                value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
        return None if value is MISSING and optional else value

    def _index(self, name: str) -> int:
        """What is read, or the number that an array has there; where it is empty nothing is read, and any will do."""
        return self.at[name] if name in self.at else next(iter(np.ravel(self._first(name))[self.at["i"] :].tolist()), 0)

    def uses(self, path: str) -> set[str]:
        """The names of the frame's entries in a path: its first, and those whose numbers are its indices."""
        first, *rest = path.removeprefix("!").removesuffix("?").split(".")
        inner = {part[1:] for part in rest if part.startswith("@") and part[1:] not in self.at}
        own = any(isinstance(item, dict) and first in item for item in self.items)
        return inner if own or first in self.roots else {first, *inner}

    def _first(self, name: str) -> Any:
        if name.startswith("@"):
            return self.at[name[1:]] + 1 if name[1:] in self.at else MISSING
        if name in self.roots:
            return self.roots[name]
        for item in self.items:
            if isinstance(item, dict) and name in item:
                return item[name]
            if name == "item":
                return item
        for place in (self.frame.scalars, self.frame.arrays, {"step": self.frame.step}):
            if name in place:
                return place[name]
        return MISSING

    def holds(self, condition: str) -> bool:
        if not condition:
            return True
        value = self.get(condition.removeprefix("!"))
        there = value is not MISSING and (isinstance(value, np.ndarray) or bool(value))
        return there != condition.startswith("!")


class Faults(list):
    """Sentences about what is wrong. `there` is what the frames had, `used` what a panel named of it where it was
    shown; `shown` and `hidden` are the parts of panels that were, by their ids."""

    def __init__(self):
        super().__init__()
        self.there, self.used = set[str](), set[str]()
        self.shown, self.hidden = dict[int, Any](), dict[int, Any]()

    def meets(self, part: Any, shown: bool) -> bool:
        """Remember whether a part was shown in this state, and give it back."""
        (self.shown if shown else self.hidden)[id(part)] = part
        return shown

    def join(self, other: "Faults") -> "Faults":
        """Both, of two states of one page."""
        self.extend(other)
        for name in ("there", "used", "shown", "hidden"):
            setattr(self, name, getattr(self, name) | getattr(other, name))
        return self

    def unshown(self, page: type[Experiment]) -> set[str]:
        """What the frames had and nothing on the page showed, though the page does not say why; and what it says so of
        though it is shown. A part that no state showed is taken to show all that it names."""
        left = [part for key, part in self.hidden.items() if key not in self.shown]
        never = set().union(*map(_mentioned, left))
        return (self.there - self.used - never - set(page.UNSHOWN)) | (self.there & self.used & set(page.UNSHOWN))

    def entry(self, where: str, scope: Scope, path: str) -> None:
        path = path.removeprefix("!")
        if not path:
            return
        self.used |= scope.uses(path)
        if scope.get(path) is MISSING:
            self.append(f"{where} names {path}, which the frame does not have")

    def value(self, where: str, scope: Scope, spec: str) -> None:
        path, _, written = spec.partition(":")
        self.entry(where, scope, path)
        if written and written.split(":")[0] not in FORMATS:
            self.append(f"{where} writes {path} as {written}, which is no format")

    def template(self, where: str, scope: Scope, text: str) -> None:
        for spec in SLOT.findall(text):
            self.value(where, scope, spec)
            if ":" not in spec and isinstance(found := scope.get(spec), str):  # which may be a template itself
                self.template(where, scope, found)
        if wrong := PLURAL.search(written := filled(scope, text)):
            self.append(f"{where} reads “{wrong[0]}” in “{written}”")


def filled(scope: Scope, text: str) -> str:
    """A template as it reads, as far as the grammar of counts goes: other numbers are "…"; no marks."""
    def value(spec: str) -> str:
        path, _, written = spec.partition(":")
        found = scope.get(path)
        alone = isinstance(found, int | float | np.number) and not isinstance(found, bool) and found == 1
        if written == "s":
            return "" if alone else "s"
        if isinstance(found, str):
            return filled(scope, found) if not written else found
        return "1" if alone and written in WHOLE else "…"

    return re.sub(r"\*\*|`|\[|\]\([^)]*\)", "", SLOT.sub(lambda slot: value(slot[1]), text))


def check(page: type[Experiment], frame: Frame, params: dict, read: Frame | None = None) -> Faults:
    """What is wrong between a page's panels and one of its frames; `read` is what the page reads of a drawing. Lines
    of `Curves` are no part of a frame: see `curves`."""
    shipped = {name: store.recipe(store.WEIGHTS / f"{name}.npz") for name in page.SHIPPED}
    seen = None if read is None else {**read.scalars, **read.arrays}
    faults, scope = Faults(), Scope(frame, {"params": params, "picks": params, "shipped": shipped, "read": seen})
    faults.there = {*frame.scalars, *(name for name, array in frame.arrays.items() if isinstance(array, np.ndarray))}
    faults += [f"the frame has {name}, which means something else to panels" for name in ROOTS & {*frame.scalars}]
    faults.template("the headline", scope, page.BAR)
    if page.RUN:
        _blocks(faults, page, Panel("strip", "", (page.RUN,)), scope)
    for panel in page.PANELS:
        faults.entry(panel.name, scope, panel.when)
        if faults.meets(panel, scope.holds(panel.when)):
            faults.template(panel.name, scope, panel.title)
            _blocks(faults, page, panel, scope)
    return faults


def _blocks(faults: Faults, page: type[Experiment], holder: Panel | Block | Column, scope: Scope) -> None:
    for block in holder.blocks:
        where = f"{page.__module__.rpartition('.')[2]}: {block.name or block.kind}"
        faults.entry(where, scope, block.when)
        if faults.meets(block, scope.holds(block.when)):
            _block(faults, page, block, scope, where)


def _block(faults: Faults, page: type[Experiment], block: Block, scope: Scope, where: str) -> None:
    inner = [scope]
    if isinstance(block, Table | Each | Words) and (over := getattr(block, "rows", "") or getattr(block, "over", "")):
        faults.entry(where, scope, over)
        inner = [scope.inside(item, i) for i, item in enumerate(_list(scope.get(over)))]
        faults.meets(block, bool(inner))
    if isinstance(block, Each):
        for item in inner:
            _blocks(faults, page, block, item)
        return
    reads = {Bars: {"i": 0}, Chart: {"i": 0}, Custom: {"i": 0}, Images: {"i": 0},
             Heatmap: {"i": 0, "tile": 0, "row": 0, "column": 0}, Matrix: {"i": 0, "row": 0, "column": 0}}
    read = [scope.reading(**at) for kind, at in reads.items() if isinstance(block, kind)] or inner
    for field, kind, value in declared(block):
        if (isinstance(block, Table) and field == "rows") or field in ("over", "kind") or not value:
            continue
        if field in ("caption", "label") and not isinstance(block, Images):
            places = inner if isinstance(block, Words) else [scope.inside({"limit_shown": 1.0}, 0)]
        else:
            places = read if field in ("read", "words", "value", "label", "pick") else inner
        for place in places:
            _named(faults, where, place, kind, value)
    if isinstance(block, Table):
        for column in block.columns:
            faults.entry(where, scope, column.when)
            if not faults.meets(column, scope.holds(column.when)):
                continue
            faults.template(where, scope, column.title)
            for item in inner:
                _blocks(faults, page, column, item)
                for field, kind, value in declared(column):
                    if field not in ("title", "when") and value:
                        _named(faults, where, item, kind, value)
    else:
        for part in _parts(block):
            faults.entry(where, scope, when := getattr(part, "when", ""))
            for field, kind, value in declared(part) if faults.meets(part, scope.holds(when)) else ():
                if not (isinstance(block, Curves) and field == "y"):  # a name of the history
                    _named(faults, where, scope, kind, value)
    for part in _coloured(scope, block) if isinstance(block, Chart) else ():
        for name in ("x", "y", "hollow"):
            if isinstance(entry := part.get(name), str):
                faults.entry(where, scope, entry)
        faults.template(where, scope, part.get("label") or part.get("text") or "")
        if (role := part.get("role", "float")) not in COLOURS:
            faults.append(f"{where} draws something in {role}, which is no colour: it would not be seen")
    for param in params(block):
        if param not in {each.name for each in page.PARAMS}:
            faults.append(f"{where} sets {param}, which is no parameter")
    if hasattr(block, "blocks"):
        _blocks(faults, page, block, scope)


def _named(faults: Faults, where: str, scope: Scope, kinds: tuple, value: Any) -> None:
    for one in _texts(value):
        if Template in kinds and ("{" in one or Value not in kinds):
            faults.template(where, scope, one)
        elif Value in kinds:
            faults.value(where, scope, one)
        elif Entry in kinds:
            faults.entry(where, scope, one)


def _texts(value: Any) -> list[str]:
    """The texts of a field: one, several, or those of (parameter, value)."""
    found = [one[1] if isinstance(one, tuple) else one for one in (value if isinstance(value, tuple) else [value])]
    return [one for one in found if isinstance(one, str) and one]


def declared(part: Any) -> Iterator[tuple[str, tuple, Any]]:
    """(name, kinds of names that it may hold, value) of every field of a declaration."""
    return ((name, kinds, getattr(part, name)) for name, kinds in _kinds(type(part)))


@cache
def _kinds(part: type) -> list[tuple[str, tuple]]:
    found = []
    for field in fields(part):
        args = get_args(field.type)
        types = {field.type, *args, *(each for arg in args for each in get_args(arg))}
        kinds = tuple(kind for kind in (Entry, Value, Template) if kind in types)
        if kinds:
            found.append((field.name, kinds))
    return found


def _parts(block: Block) -> Iterator[Any]:
    for field in fields(block):
        value = getattr(block, field.name)
        for part in value if isinstance(value, tuple) else [value]:
            if hasattr(part, "__dataclass_fields__") and not isinstance(part, Block):
                yield part


def _coloured(scope: Scope, block: Chart) -> list[dict]:
    """The lines and marks of a chart."""
    lines = [{"role": line.role} for line in block.lines] if isinstance(block.lines, tuple) else scope.get(block.lines)
    return [*_list(lines), *_list(scope.get(block.marks) if block.marks else None)]


def params(block: Block) -> Iterator[str]:
    """Parameters that a block sets."""
    for name in ("pick", "sort", "best"):
        value = getattr(block, name, "")
        yield from [value] if isinstance(value, str) and value else [param for param, _ in value or ()]
    yield from (param for param, _ in getattr(block, "also", ()))
    for part in _parts(block):
        if isinstance(part, Button):
            yield from (param for param, _ in part.sets)


def every(holder: Panel | Block) -> Iterator[Block]:
    """All blocks of a panel, and those within them."""
    for block in getattr(holder, "blocks", ()):
        yield block
        yield from every(block)


def _list(value: Any) -> list:
    return [] if value is None or value is MISSING else list(value)


def _mentioned(part: Any) -> set[str]:
    """The first names in all that a part and the parts within it declare."""
    found: set[str] = set()
    for _, kinds, value in declared(part):
        for one in _texts(value):
            is_template = Template in kinds and ("{" in one or Value not in kinds)
            for spec in SLOT.findall(one) if is_template else [one]:
                found.add(re.split(r"[.:?]", spec.removeprefix("!"))[0])
    for inner in (*_parts(part), *getattr(part, "blocks", ())):
        found |= _mentioned(inner)
    return found


def curves(page: type[Experiment]) -> set[str]:
    """The names of the history that the page draws."""
    blocks = (block for panel in page.PANELS for block in every(panel))
    return {line.y for block in blocks if isinstance(block, Curves) for line in block.lines}
