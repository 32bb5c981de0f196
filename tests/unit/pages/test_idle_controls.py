"""A control is disabled only while it changes nothing, and then it says why."""

import numpy as np
import pytest

from pyapp import pages
from pyapp.experiment.params import find
from pyapp.runner import Runner

IDLE = [(page, name, idle) for page in pages.names() for idle in pages.page(page).IDLE for name in idle.names]
PIECES = {"mixed": 40}  # of work after opening, in which a parameter may show; elsewhere fewer
QUICK = {"mixed": {"method": "round"}}
OTHER = {"speed", "next_seed"}  # entries of times, and of what the parameter itself is


def values(page: str, name: str) -> list:
    param = find(pages.page(page).PARAMS, name)
    if param.kind == "choice":
        return [param.choices[0], param.choices[-1]]
    if param.kind == "text":
        return [(words * 300)[: int(param.hi)] for words in ("a hen waits. ", "no bird sings. ")]
    return [False, True] if param.kind == "bool" else [param.lo, min(param.hi, 1 << 16)]


def plain(value):
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key not in OTHER}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def shown(page: str, params: dict):
    runner = Runner()
    run = runner.open(page, QUICK.get(page, {}) | params)["run"]
    frame = runner.advance(run, steps=PIECES.get(page, 2))["frame"]
    read = runner.predict(run, {"index": 18}) if page == "vision" else frame  # which shows little without a digit
    return repr(plain([frame.scalars, frame.arrays, read.scalars, read.arrays]))


@pytest.mark.parametrize(("page", "name", "idle"), IDLE, ids=[f"{page}-{name}" for page, name, _ in IDLE])
def test_a_disabled_control_changes_nothing_and_an_enabled_one_does(page, name, idle):
    other, how, when = idle.other, idle.how, idle.values
    declared = find(pages.page(page).PARAMS, other)
    assert how in ("is", "is not") and all(declared.parse(value)[0] == value for value in when)
    others = {"": "1 2 3; 4 5 6"}.get(when[0]) or next(
        value for value in [declared.default, *values(page, other)] if value not in when)
    off, on = (when[0], others) if how == "is" else (others, when[0])
    first, last = values(page, name)
    assert shown(page, {other: off, name: first}) == shown(page, {other: off, name: last})
    assert shown(page, {other: on, name: first}) != shown(page, {other: on, name: last})
    assert next(param for param in page_of(page)["params"] if param["name"] == name)["idle"] == idle.as_dict()


def page_of(name: str) -> dict:
    return next(page for page in pages.describe() if page["name"] == name)
