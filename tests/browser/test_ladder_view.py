"""What a person does on the ladder: descend, move a word, generate a sentence."""

import numpy as np
import pytest

from pyapp.ladder import line, toy
from pyapp.ladder.table import parse

RUNGS = {"rung1": "Line", "rung2": "Bend", "rung3": "Stack", "rung4": "Embeddings", "rung5": "Self-attention",
         "rung6": "MLP block", "rung7": "Next word"}


def test_each_rung_opens_by_its_link_and_one_cold(visit):
    """The highest, which Python starts on, and from there each of the others."""
    tab = None
    for rung in reversed(RUNGS):
        print(rung)  # is shown with a failure
        tab = tab.follow(f"#{rung}") if tab else visit(f"#{rung}", cold=True)
        assert tab.page.locator("h1").inner_text() == RUNGS[rung]
        tab.wait_text("code-state", "The shipped function is running.")
        assert "def " in tab.text("code-text"), rung
        tab.page.locator("math").nth(1).wait_for(state="attached")  # the story comes by itself


def test_the_line_descends_to_where_the_formula_says(visit):
    tab = visit("#rung1")
    w, b = line.closed_form(line.X, line.Y)
    assert tab.number("closed-b") == pytest.approx(b) and tab.number("closed-w") == pytest.approx(w)
    assert tab.number("dw") == pytest.approx(line.gradients(line.X, line.Y, 1.0, -1.0)[0])
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["play"].click()
    tab.wait_number("loss", "x < 0.2501")
    tab["play"].click()
    assert tab.number("b-now") == pytest.approx(b, abs=0.05)
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    tab["surface"].focus()
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_number("w-now", "x === 0.95")
    tab.slide("b", "Home")
    tab.wait_number("b-now", "x === -6")
    assert "b=-6" in tab.page.url


@pytest.mark.thorough
def test_the_bend_learns_a_stair(visit):
    tab = visit("#rung2")
    assert tab.text("{through_layers}") == "9.54e−7"
    tab["points"].select_option("stair")
    tab["play"].click()
    tab.wait_number("loss", "x < 0.02")


@pytest.mark.thorough
def test_the_stack_reaches_zero_and_loses_its_fit_in_bits(visit):
    tab = visit("#rung3")
    tab["activation"].select_option("relu")
    tab.page.locator("[data-test='rate'][aria-valuetext='0.17']").wait_for()
    tab["play"].click()
    tab.wait_number("loss", "x < 1e-6")
    tab["play"].click()
    assert tab.text("first-state").startswith("alive")
    tab.slide("bits", "Home")
    tab.wait_number("quantised-loss", "x > 0.01")
    tab["seed"].fill("1")
    tab["seed"].press("Enter")
    tab.wait_number("step-count", "x === 0")
    tab["play"].click()
    tab.wait_text("first-state", "dead")


def test_a_moved_word_moves_the_arrow_on_the_next_rung(visit):
    tab = visit("#rung4")
    tab["cells-blue-1"].fill("2")
    tab.wait_text("cells-blue-1-value", "2.00")
    assert tab["table-reset"].is_enabled()
    tab["next-page"].locator("a").click()
    tab["arrows-2-product"].wait_for()
    table = parse("blue 1 2", toy.load()["E"])
    blue, creature = table[toy.WORDS.index("blue")], table[toy.WORDS.index("creature")]
    assert tab.number("arrows-2-product") == pytest.approx(float(blue @ creature), abs=6e-5)
    unmoved = toy.load()["E"][toy.WORDS.index("blue")]
    assert tab.number("arrows-2-product") != pytest.approx(float(unmoved @ creature), abs=1e-3)
    tab["scaled"].check()
    tab.wait_number("arrows-2-score", f"Math.abs(x - {float(blue @ creature) / np.sqrt(3)}) < 6e-5")
    tab["look-2"].click()
    tab["arrows-2-product"].wait_for(state="detached")
    tab["tabs"].get_by_text("4 Embeddings").click()
    tab.wait_text("cells-blue-1-value", "2.00")
    tab["table-reset"].click()
    tab.wait_text("cells-blue-1-value", f"{unmoved[0]:.2f}".replace("-", "−"))


@pytest.mark.thorough
def test_the_block_says_which_neurons_fired(visit):
    tab = visit("#rung6")
    found = toy.forward(toy.tokens(toy.PROMPT), toy.load())
    for i, value in enumerate(found["hidden"][-1], 1):
        assert tab.text(f"neurons-{i}-state") == ("fired" if value > 0 else "silent")
    assert tab["on"].locator("th[scope=row]").first.inner_text() == "roamed"
    tab["mlp"].uncheck()
    tab.wait_number("sum-output-1", f"Math.abs(x - {found['refined'][-1][0]}) < 6e-4")


def test_a_sentence_is_told_and_told_otherwise_in_two_bits(visit):
    tab = visit("#rung7")
    assert tab["words"].locator("th[scope=row]").first.inner_text() == "roamed"
    tab["step"].click()
    tab.wait_number("{step}", "x === 1")
    tab["play"].click()
    tab.wait_text("next", "ended")
    words = tab["sentence"].locator("strong").all_inner_texts()
    assert words == ["roamed", "the", "forest", "."]
    tab.slide("bits", "Home")
    tab["reset"].click()
    tab.wait_number("{step}", "x === 0")
    tab["play"].click()
    tab.wait_number("{step}", "x === 12")
    assert tab["sentence"].locator("strong").all_inner_texts() != words
