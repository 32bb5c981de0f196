"""The number format of the weights, as several pages let one choose it; `changes` are other fields of Param."""

from collections.abc import Container
from dataclasses import replace
from typing import Any

from pyapp.experiment.frame import Idle
from pyapp.experiment.params import Param, Values
from pyapp.pages.base.measured import ternary
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.schemes import GRID

SEARCHED = tuple(name for name in FORMATS if name.endswith("_k"))  # a search that a large network makes long
TITLES = {GRID: "uniform grid"} | {name: kind.title for name, kind in FORMATS.items()}


def number_format(leave_out: Container[str] = (), **changes: Any) -> Param:
    choices = tuple(name for name in TITLES if name not in leave_out)
    return replace(Param("format", "Format", "choice", GRID, choices=choices, titles=TITLES,
                         doc="A uniform grid with the settings beside it, or a number format, which has bits, scales "
                             "and blocks of its own"), **changes)


def in_words(values: Values) -> str:
    """The number format that the weights have: its title, or the bits of a uniform grid."""
    form = values["format"]
    return f"{values['bits']} bits{ternary(values)}" if form == GRID else TITLES[form]


def idle_in_formats(*names: str) -> Idle:
    """Parameters of a uniform grid, which have no effect on a number format."""
    return Idle(names, "format", "is not", (GRID,), "the number format has its own")
