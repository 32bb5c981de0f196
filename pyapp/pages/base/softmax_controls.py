"""Parameters of the pages that show integer softmaxes, each built in one place; `changes` are other fields of Param."""

from dataclasses import replace
from typing import Any

from pyapp.experiment.params import Param
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

SOFTMAX_TITLES = {name: method.title for name, method in METHODS.items()}
SHIFT_TITLES = {"none": "no shift", "tensor-mean": "tensor mean", "row-mean": "row mean",
                "row-midrange": "row mid-range", "row-max": "row maximum", "row-max-clip": "row maximum, clipped"}


def softmax(**changes: Any) -> Param:
    return replace(Param("softmax", "Softmax", "choice", "exact", choices=tuple(METHODS), titles=SOFTMAX_TITLES,
                         doc="Exact is the float softmax of the rounded logits; the others are integer methods"),
                   **changes)


def shift(**changes: Any) -> Param:
    return replace(Param("shift", "Shift", "choice", "none", choices=RULES, titles=SHIFT_TITLES,
                         doc="What is subtracted from each row of logits before rounding, which a softmax does not "
                             "notice"), **changes)
