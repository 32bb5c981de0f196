"""What a person can do on any page, as the calls that the page makes: the same list for both runtimes.

A page needs nothing of its own to be compared: it is opened, worked at, and every one of its parameters is moved once.
What can be asked of it besides is in `ASKED`, by page. A page that can do more has a file of its name beside this one.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from parity.sessions.exporting import exports

from pyapp import pages
from pyapp.experiment.frame import Experiment
from pyapp.experiment.params import Param
from pyapp.parity.check import SEVEN

Call = Callable[..., Any]
Said = dict[str, Any]
# of work where two are not right: a time, or too long, or it ends in exports of trained floats
STEPS = {"arena": 0, "guidelines": 3, "encoder": 0, "gestures": 0, "vision": 1, "anomaly": 1}
FLOATS = ("digits", "vision")  # whose exports hold trained floats, which differ in their last bits
NUMBERS = "0.5, -1.25, 3\n2, 0, -0.75"  # for a parameter into which numbers can be pasted
OWN = {"prompt": "one mole of", "table": "mole 1 2, creature 3 -1.25", "cell": 5}  # for others, by name
DRAWING = [{"strokes": SEVEN}, {"strokes": np.empty((0, 3), np.float32)}, {"index": 7}]
ASKED = {
    "inference": DRAWING,
}


def moved(param: Param) -> Any:
    """Another value than the default."""
    if param.name in OWN:
        return OWN[param.name]
    if param.kind == "choice":
        return next(choice for choice in reversed(param.choices) if choice != param.default)
    if param.kind == "bool":
        return not param.default
    if param.kind == "text":
        return NUMBERS
    middle = (param.lo * param.hi) ** 0.5 if param.log else (param.lo + param.hi) / 2
    value = int(middle) if param.kind == "int" else middle
    return value if value != param.default else param.lo


def session(call: Call, page: str) -> Said:
    """Open a page, work, move each of its parameters, ask what can be asked, work again."""
    said = {"opened": call("open", page=page, params={})}
    run, steps = said["opened"]["run"], STEPS.get(page, 2)
    if steps:
        said["worked"] = call("advance", run=run, steps=steps)
    said["exported"] = exports(call, run, page, exact=page not in FLOATS)
    for param in pages.page(page).PARAMS:
        value = moved(param)
        said[f"{param.name} {value}"[:24]] = call("change", run=run, name=param.name, value=value)
        if param.name == "format" and steps:  # beside which the settings of a grid would not be seen
            said["worked in a format"] = call("advance", run=run, steps=steps)
            said["back to the default"] = call("change", run=run, name=param.name, value=param.default)
    for function in pages.page(page).LIVE:  # edited by a comment, so that the edited path gives the shipped numbers
        source = inspect.getsource(function) + "# edited\n"
        said[f"edit {function.__name__}"] = call("edit", run=run, name=function.__name__, source=source)
    for i, inputs in enumerate(ASKED.get(page, [])):
        said[f"asked {i}"] = call("predict", run=run, inputs=inputs)
    if steps:
        said["worked again"] = call("advance", run=run, steps=steps)
    if pages.page(page).snapshot is not Experiment.snapshot:
        saved = call("snapshot", run=run)
        said["reset"] = call("reset", run=run)
        said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
        said["after restoring"] = call("advance", run=run, steps=2)
    left = call("save", run=run)
    said["as left"] = call("open", page=page, params={}, file=left["file"], name=left["name"])
    said["closed"] = call("close", run=run)
    return said
