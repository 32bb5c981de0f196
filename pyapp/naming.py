"""Names of pinned runs, made of the settings in which they differ."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from pyapp.experiment.frame import Experiment
from pyapp.experiment.params import Param
from pyapp.sessions import MOST_NAME, Saved

SAID = 4  # parameters that a name lists
LETTERS = 24  # of a text


def unused_name(name: str, experiment: Experiment, run: Saved, others: Iterable[Saved]) -> str:
    """A name for a run that none of the others has: the one given, or what sets it apart from the default settings and
    from the others, such as "bits per weight 4, scales per channel, step 120"."""
    others = list(others)
    if not (name := " ".join(name.split())[:MOST_NAME - 10]):
        parts = [said(param, run.params[param.name]) for param in experiment.PARAMS
                 if any(run.params[param.name] != params.get(param.name, param.default)
                        for params in ({}, *(other.params for other in others)))]
        more = [f"{len(parts) - SAID} more"] if len(parts) > SAID else []
        step = [f"step {run.step:,}"] if run.step else []
        name = ", ".join([*(parts[:SAID] or ["default settings"]), *more, *step])
    taken = {other.name for other in others}
    return next(each for i in count(1) if (each := name if i == 1 else f"{name} ({i})") not in taken)


def said(param: Param, value: Any) -> str:
    """A parameter and its value in few words."""
    label = param.label if param.label[1:2].isupper() else param.label[:1].lower() + param.label[1:]
    if param.kind == "bool":
        return label if value else f"no {label}"
    if param.kind == "text":
        return f"{label} “{value[:LETTERS]}{'…' if len(value) > LETTERS else ''}”"
    return f"{label} {f'{value:g}' if isinstance(value, float) else value}"
