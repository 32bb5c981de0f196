"""Parameters of the pages that show integer softmaxes, each built in one place; `changes` are other fields of Param."""

from dataclasses import replace
from typing import Any

from pyapp.experiment.params import Param
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES


def softmax(**changes: Any) -> Param:
    return replace(Param("softmax", "Softmax", "choice", "exact", choices=tuple(METHODS),
                         doc="exact is the float softmax of the rounded logits; the others are integer methods"),
                   **changes)


def shift(**changes: Any) -> Param:
    return replace(Param("shift", "Shift", "choice", "none", choices=RULES,
                         doc="What is subtracted from each row of logits before rounding, which a softmax does not "
                             "notice"), **changes)
