"""What a person can do on each page, as the calls that the page makes: the same list for both runtimes.

A page needs nothing here to be compared: it is opened, worked at, and every one of its parameters is moved once. What
can be asked of it besides is in `ASKED`, by page.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from pyapp import check, pages
from pyapp.check import SEVEN
from pyapp.data import mnist
from pyapp.params import Param

Call = Callable[..., Any]
Said = dict[str, Any]
STEPS = {"arena": 0, "guidelines": 3}  # of work where two are not right: measured times differ from run to run
NUMBERS = "0.5, -1.25, 3\n2, 0, -0.75"  # for a parameter into which numbers can be pasted
TEXTS = {"prompt": "one mole of", "table": "mole 1 2, creature 3 -1.25"}  # for the others, by name
DRAWING = [{"strokes": SEVEN}, {"strokes": np.empty((0, 3), np.float32)}, {"index": 7}]
ASKED = {
    "errors": [{"index": 5}],
    "inference": DRAWING,
}


def moved(param: Param) -> Any:
    """Another value than the default."""
    if param.kind == "choice":
        return next(choice for choice in reversed(param.choices) if choice != param.default)
    if param.kind == "bool":
        return not param.default
    if param.kind == "text":
        return TEXTS.get(param.name, NUMBERS)
    middle = (param.lo * param.hi) ** 0.5 if param.log else (param.lo + param.hi) / 2
    value = int(middle) if param.kind == "int" else middle
    return value if value != param.default else param.lo


def session(call: Call, page: str) -> Said:
    """Open a page, work, move each of its parameters, ask what can be asked, work again."""
    said = {"opened": call("open", page=page, params={})}
    run, steps = said["opened"]["run"], STEPS.get(page, 2)
    if steps:
        said["worked"] = call("advance", run=run, steps=steps)
    for param in pages.page(page).PARAMS:
        value = moved(param)
        said[f"{param.name} {value}"[:24]] = call("change", run=run, name=param.name, value=value)
    for function in pages.page(page).LIVE:  # edited by a comment, so that the edited path gives the shipped numbers
        source = inspect.getsource(function) + "# edited\n"
        said[f"edit {function.__name__}"] = call("edit", run=run, name=function.__name__, source=source)
    for i, inputs in enumerate(ASKED.get(page, [])):
        said[f"asked {i}"] = call("predict", run=run, inputs=inputs)
    if steps:
        said["worked again"] = call("advance", run=run, steps=steps)
    said["closed"] = call("close", run=run)
    return said


def digits(call: Call) -> Said:
    """Training, drawing, saving and going on: what only some pages can."""
    said = {"opened": call("open", page="digits", params={"seed": "4", "shift": "9"})}
    run = said["opened"]["run"]
    said["five steps"] = call("advance", run=run, steps=5)
    said["rate"] = call("change", run=run, name="rate", value=0.02)
    said["adam"] = call("change", run=run, name="optimiser", value="adam")
    said["five more"] = call("advance", run=run, steps=5)
    said["bits"] = call("change", run=run, name="bits", value="4")
    said["drawn"] = call("predict", run=run, inputs={"strokes": SEVEN})
    said["held out"] = call("predict", run=run, inputs={"index": 7})
    said["picture"] = call("predict", run=run, inputs={"image": 255 - mnist.load().images[100]})
    said["empty"] = call("predict", run=run, inputs={"strokes": np.empty((0, 3), np.float32)})
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    said["pretrained"] = call("change", run=run, name="weights", value="pretrained")
    said["two bits"] = call("change", run=run, name="bits", value="2")
    said["seed"] = call("change", run=run, name="seed", value=2**32 - 1)
    said["closed"] = call("close", run=run)
    return said


def proof(call: Call) -> Said:
    """The list of pages, a source, and the check itself, whose differences are its own affair."""
    said = {"pages": call("pages"), "source": call("source", names=["pyapp.core.layers.Linear"])}
    run = call("open", page="check", params={})["run"]
    said["check"] = call("advance", run=run, steps=len(check.FIXTURES))
    del said["check"]["frame"]["scalars"]["difference"]
    return said


SPECIAL: dict[str, Callable[[Call], Said]] = {"digits": digits, "check": proof}


def run(call: Call, page: str) -> Said:
    return SPECIAL[page](call) if page in SPECIAL else session(call, page)
