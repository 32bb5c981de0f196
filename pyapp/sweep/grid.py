"""The grid of a sweep: which combinations there are, and how a setting is written as text.

The fields of `Settings`, or of another network's, are all that is declared: their order is the order of the grid, their
defaults stand where nothing is asked for, and the type of a default says how a cell is read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

from pyapp.quant.alone import HQQ, OWN
from pyapp.quant.schemes import GRID
from pyapp.quantized.settings import OF_GRIDS, Settings
from pyapp.quantized.trained import LEARNED

NONE = "none"
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Settings)}
WITHOUT_CHANCE = ("round", "hqq", "gptq")  # methods that draw no random number
Combination = dict[str, Any]


def whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def whole_or_none(text: str) -> int | None:
    try:
        return None if text == NONE else whole(text)
    except ValueError as error:
        raise ValueError(f"{error}, nor {NONE!r}") from None


def yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


READERS: dict[type, Callable[[str], Any]] = {bool: yes_or_no, int: whole, type(None): whole_or_none, str: str}


def read(name: str, text: str, defaults: Mapping[str, Any] = DEFAULTS) -> Any:
    """A setting from its text. ValueError if it cannot be read."""
    return READERS[type(defaults[name])](text)


def written(value: Any) -> str:
    """A setting as text: "none" for None, yes or no, else as Python prints it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NONE if value is None else str(value)


def applies(name: str, combination: Combination) -> bool:
    """Whether a setting changes anything: `calibrate` without activations does not, nor a seed without chance, nor
    what training finds itself, nor the bits of a grid beside a number format."""
    if name in ("format", "prepare"):
        return combination[name] != DEFAULTS[name]
    if name in OF_GRIDS and combination["format"] != GRID:
        return False
    if combination["method"] == "qat" and name in LEARNED:
        return False
    if combination["method"] == HQQ and name in OWN:
        return False
    if name == "calibrate":
        return combination["activations"] is not None
    if name == "reconstruction":
        return combination["method"] == "adaround"
    if name == "seed":
        return combination["method"] not in WITHOUT_CHANCE
    return True


@dataclass(frozen=True)
class Space:
    """The settings that a network has."""

    defaults: Mapping[str, Any]  # in the order of the grid
    applies: Callable[[str, Combination], bool]  # whether a setting changes anything beside the others
    check: Callable[[str, Any], Any]  # ValueError for a value that no combination could use


# Some values make sense only beside activations.
DIGITS = Space(DEFAULTS, applies, lambda name, value: Settings(**{"activations": 8, name: value}))


def cells(combination: Combination, space: Space = DIGITS) -> dict[str, str]:
    """The settings' part of a row. A setting that does not apply is an empty cell, so equal meanings are equal rows."""
    return {name: written(value) if space.applies(name, combination) else "" for name, value in combination.items()}


def combinations(grid: Mapping[str, Iterable[Any]], space: Space = DIGITS) -> list[Combination]:
    """The product of all lists, in the order of the settings' fields, the last one fastest; equal meanings once.

    A setting that the grid does not name, or that changes nothing, has its default. ValueError for what no combination
    could use: an unknown name, an empty list, a value that is refused by itself.
    """
    defaults = space.defaults
    if unknown := set(grid) - set(defaults):
        raise ValueError(f"there is no setting {', '.join(sorted(unknown))}; use {', '.join(defaults)}")
    lists = {name: list(grid.get(name, [default])) for name, default in defaults.items()}
    for name, values in lists.items():
        if not values:
            raise ValueError(f"{name} is an empty list; give at least one value, or leave it out")
        for value in values:
            space.check(name, value)
    every = (dict(zip(lists, values, strict=True)) for values in product(*lists.values()))
    used = ({name: one[name] if space.applies(name, one) else defaults[name] for name in one} for one in every)
    return list({tuple(one.values()): one for one in used}.values())
