"""Every page's panels and frames fit, whatever its parameters are."""

import re
from dataclasses import replace

import names
import pytest

from pyapp import pages
from pyapp.experiment.panels import Panel, Words
from pyapp.experiment.pictures import Curves, Line
from pyapp.runner import Runner

DECLARED = [name for name in pages.names() if pages.page(name).PANELS]
UNITS = 40  # of work, after which more is known
DRAWN = {name: {"index": 18} for name in ("vision", "digits", "inference")} | {"text": {"side": "quant", "at": 3}}


def alternatives(param) -> list:
    """Other values of a parameter: every choice, both ends of a number that is cheap to move."""
    if param.kind == "choice":
        return [choice for choice in param.choices if choice != param.default]
    if param.kind == "bool":
        return [not param.default]
    if param.kind in ("int", "float"):
        return [value for value in {param.lo, param.hi} if value != param.default and value <= 1 << 16]
    return []


def read(runner, run, name):
    return runner.predict(run, DRAWN[name]) if name in DRAWN else None


def states(name):
    yield {param.name: param.lo for param in pages.page(name).PARAMS if param.kind == "int"}  # many counts of 1
    for param in pages.page(name).PARAMS:
        for value in alternatives(param):
            yield {param.name: value}


@pytest.mark.parametrize("name", DECLARED)
def test_panels_and_frames_fit(name, some):
    """Every name of a panel is in the frame, and every entry of a frame is shown by a panel."""
    page, runner, all_faults = pages.page(name), Runner(), names.Faults()
    for given in [{}, *some(states(name))]:
        answer = runner.open(name, given)
        faults = names.check(page, answer["frame"], answer["params"], read(runner, answer["run"], name))
        assert not faults, f"{given}: {faults[:5]}"
        all_faults.join(faults)
        if page.WORK in ("auto", "asked"):
            frame = runner.advance(answer["run"], ms=UNITS)["frame"]
            faults = names.check(page, frame, answer["params"])
            assert not faults, f"{given}, later: {faults[:5]}"
            all_faults.join(faults)
        runner.close(answer["run"])
    assert not all_faults.unshown(page)


def test_an_entry_that_nothing_shows_is_found_and_so_is_an_excuse_that_is_not_needed():
    """Its name may be a word on the page, or that of a part of something else."""
    page, answer = pages.page("affine"), Runner().open("affine")
    frame = answer["frame"]
    assert not names.check(page, frame, answer["params"]).unshown(page)
    frame.scalars |= {"title": 1, "error": 2}
    assert names.check(page, frame, answer["params"]).unshown(page) == {"title", "error"}
    excused = type("Page", (page,), {"UNSHOWN": {"title": "", "error": "", "bits": "though it is shown"}})
    assert names.check(excused, frame, answer["params"]).unshown(excused) == {"bits"}


def test_what_no_state_has_shown_is_taken_to_show_what_it_names():
    page, answer = pages.page("affine"), Runner().open("affine")
    hidden = Panel("more", "More", (Words(text="{title}", when="asked"),), when="asked")
    more = type("Page", (page,), {"PANELS": (*page.PANELS, hidden)})
    found = {}
    for asked in (False, True):
        answer["frame"].scalars |= {"title": "Title", "asked": asked}
        found[asked] = names.check(more, answer["frame"], answer["params"])
    other = replace(hidden, blocks=())
    assert not found[False].unshown(more) and not found[True].unshown(more)
    without = type("Page", (page,), {"PANELS": (*page.PANELS, other)})
    assert names.check(without, answer["frame"], answer["params"]).unshown(without) == {"title"}


UNITS_TO_JUDGE = 1500  # after as many the slowest page has reported all its curves
ROUNDED = {"digits": {"bits": "4"}}  # what a curve of quantised weights needs, where float32 is the default


def unreported(page, name, units=UNITS_TO_JUDGE) -> set[str]:
    """The curves of a page that its work has not reported, with the settings of one who plays."""
    runner, missing = Runner(), names.curves(page)
    answer = runner.open(name, {param: value for param, value, _ in page.PLAYS} | ROUNDED.get(name, {}))
    run = answer["run"]
    for _ in range(units):
        missing -= answer["history"].keys()
        if not missing:
            break
        answer = runner.advance(run, ms=0)  # one unit
    return missing


@pytest.mark.parametrize("name", [name for name in DECLARED if names.curves(pages.page(name))])
def test_every_curve_is_reported_by_the_work(name):
    assert not unreported(pages.page(name), name)


def test_a_curve_that_no_work_reports_is_found():
    page = pages.page("rung1")
    more = Panel("more", "More", (Curves(lines=(Line("nobody"), Line("loss"))),))
    assert unreported(type("Page", (page,), {"PANELS": (*page.PANELS, more)}), "rung1", 9) == {"nobody"}


@pytest.mark.parametrize("name", DECLARED)
def test_every_parameter_has_a_control(name):
    page = pages.page(name)
    grouped = [param for _, params in page.GROUPS for param in params]
    blocks = [block for panel in page.PANELS for block in names.every(panel)]
    picked = {param for block in blocks for param in names.params(block)}
    if grouped:
        assert sorted({*grouped, *picked}) == sorted(param.name for param in page.PARAMS)
        assert len({*grouped}) == len(grouped)


def test_a_name_that_no_frame_has_is_found():
    page = type("Page", (pages.page("affine"),), {"BAR": "{nobody:count} bits, {bits:nothing}"})
    frame = Runner().open("affine")
    faults = names.check(page, frame["frame"], frame["params"])
    assert any("nobody" in fault for fault in faults) and any("no format" in fault for fault in faults)


def test_a_lone_one_before_a_plural_is_found():
    frame = Runner().open("matmul", {"rows": 1})
    for bar, plural in (("{rows} inputs", True), ("{rows} input{rows:s}", False), ("{inner} number{inner:s}", False)):
        faults = names.check(type("Page", (pages.page("matmul"),), {"BAR": bar}), frame["frame"], frame["params"])
        assert any("1 inputs" in fault for fault in faults) == plural


def test_an_entry_that_panels_cannot_reach_is_found():
    answer = Runner().open("affine")
    answer["frame"].scalars["read"] = 1
    faults = names.check(pages.page("affine"), answer["frame"], answer["params"])
    assert any("means something else" in fault for fault in faults)


def test_an_accuracy_says_what_it_was_measured_with():
    """Four bits have another figure on each of these pages: each says of what."""
    for name in ("start", "digits", "qat", "inference", "mixed"):
        blocks = [block for panel in pages.page(name).PANELS for block in names.every(panel)]
        told = [block.text for block in blocks if getattr(block, "name", "") == "measured-with"]
        made = Runner().open(name)["frame"].scalars  # where Python has the words for what can be chosen
        told = [re.sub(r"{(\w+_words)}", lambda match, made=made: made[match[1]], text) for text in told]
        assert told and all("images" in text and "scale per" in text and "activations" in text for text in told)
