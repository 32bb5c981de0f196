"""A run as a text of Python that reproduces it under CPython: the same page, parameters, steps and changes."""

from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment
from pyapp.run import Run
from pyapp.sessions import MOST_LOG

HEAD = "from pyapp.runner import Runner\n\nrunner = Runner()"
LOST = f"# This run was changed more than {MOST_LOG:,} times: this script starts with the settings that it has now."
FILE = "# This run goes on from a file: put {name!r} beside this script."
BROUGHT = "# What was opened on the page is not in this script: save a session there, and restore that file here."
DRAWING = "import numpy as np\n\nstrokes = np.array({points}, np.float32)  # rows of x, y and the number of the stroke"
MOST_POINTS = 2000  # of a drawing that a script holds: a few strokes have some hundred
TO_END = 'while not runner.{work}(run, ms=1000)["done"]:\n    pass'


def script(run: Run) -> str:
    """The Python text of a run. It ends by printing the step and the numbers of the frame, and what the page reads in a
    drawing."""
    experiment = run.experiment
    log, lost = run.told(), not run.told() and bool(run.log)
    if experiment.WORK == "train" and not lost:
        start, log = _folded(run.first, log)
    else:
        start, log = dict(experiment.params), [each for each in log if each[0] in ("edit", "act")]
        log += [["steps", "", run.step]] if lost and run.step else []
    drawn = _drawn(run.drawn)
    unsaid = (experiment.brought and "file" not in [kind for kind, *_ in log]) or (run.drawn and not drawn)
    lines = [HEAD, *([LOST] if lost else []), *([BROUGHT] if unsaid else []),
             f'run = runner.open("{run.page}", {_said(experiment, start)})["run"]']
    for kind, name, value in log:
        lines += [_line(kind, name, value)]
    if experiment.WORK == "auto" or (experiment.WORK == "asked" and run.done):
        lines.append(TO_END.format(work="advance"))
    if type(experiment).background is not Experiment.background:
        lines.append(TO_END.format(work="background"))
    return "\n".join([*lines, "frame = runner.look(run)", "print(frame.step, frame.scalars)", *drawn, ""])


def _drawn(drawn: dict[str, Any]) -> list[str]:
    """Lines that read a drawing, or an image by its number; none for a picture or too many points."""
    if "index" in drawn:
        return [f"print(runner.predict(run, {{'index': {drawn['index']}}}).scalars)"]
    if "strokes" not in drawn or len(drawn["strokes"]) > MOST_POINTS:
        return []
    points = [[float(str(value)) for value in point] for point in np.asarray(drawn["strokes"], np.float32)]
    return [DRAWING.format(points=points), "print(runner.predict(run, {'strokes': strokes}).scalars)"]


def _folded(start: dict[str, Any], log: list[list]) -> tuple[dict[str, Any], list[list]]:
    """The start and the log, where settings made before the first step become part of the start."""
    start, log = dict(start), list(log)
    while log and log[0][0] == "set":
        _, name, value = log.pop(0)
        start[name] = value
    return start, log


def _said(experiment: Experiment, params: dict[str, Any]) -> str:
    """The parameters that are not at their defaults, as text."""
    return repr({param.name: params[param.name] for param in experiment.PARAMS
                 if params[param.name] != param.default or param.usual})


def _line(kind: str, name: str, value: Any) -> str:
    if kind == "steps":
        return f"runner.advance(run, steps={value})"
    if kind == "file":
        return (f"{FILE.format(name=name)}\nfrom pathlib import Path\n\n"
                f"runner.restore(run, Path({name!r}).read_bytes(), {name!r})")
    does = {"set": "change", "edit": "edit", "act": "act"}[kind]
    return f"runner.{does}(run, {name!r}, {value!r})"
