"""Every page's panels and frames fit, whatever its parameters are."""

import re

import names
import pytest

from pyapp import pages
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
def test_every_name_of_a_panel_is_in_the_frame(name, some):
    page, runner = pages.page(name), Runner()
    for given in [{}, *some(states(name))]:
        answer = runner.open(name, given)
        faults = names.check(page, answer["frame"], answer["params"], read(runner, answer["run"], name))
        assert not faults, f"{given}: {faults[:5]}"
        if page.WORK in ("auto", "asked"):
            frame = runner.advance(answer["run"], ms=UNITS)["frame"]
            assert not (faults := names.check(page, frame, answer["params"])), f"{given}, later: {faults[:5]}"
        runner.close(answer["run"])


@pytest.mark.parametrize("name", DECLARED)
def test_the_page_shows_all_that_its_frame_has(name):
    page, answer = pages.page(name), Runner().open(name)
    faults = names.check(page, answer["frame"], answer["params"])
    assert not names.unshown(page, answer["frame"], faults)


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
