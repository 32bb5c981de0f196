"""What a person does on the page that sets float beside integers."""

import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.parity.check import SEVEN
from pyapp.quantized.network import Settings, quantize_network

WEIGHTS = mlp.load()


def changed(settings: Settings) -> int:
    images, _ = mnist.shipped("test")
    network = quantize_network(WEIGHTS, settings, mnist.calibration())
    exact = MLP().forward(WEIGHTS, images).argmax(axis=1)
    return int((network.integer().logits(images).argmax(axis=1) != exact).sum())


def set_link(tab, link: str) -> None:
    tab.page.evaluate("(link) => (location.hash = link)", link)


def wait_done(tab) -> None:
    tab.wait_number("{done}", "x === 3000")


def test_a_drawn_seven_is_read_by_both_and_the_outputs_are_set_apart(visit):
    tab = visit("#inference")
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")
    tab.wait_text("quant-prediction", "7")
    tab.wait_number("{read.logit_difference}", "x > 0")
    assert tab.number("{read.difference}") >= 0
    tab.page.wait_for_function("document.querySelector(\"[data-test='gap-7-score']\").textContent.length > 3")
    tab["codes-hidden1"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("codes-hidden1-value", "neuron 2: code")
    tab["clear"].click()
    tab.wait_text("prediction", "empty")


def test_a_held_out_digit_asked_for_while_the_page_still_answers_is_shown(visit):
    tab = visit("#inference")
    tab["held-out"].click()  # the first answer for the empty pad may be under way
    tab.wait_text("label", "Its label is")


@pytest.mark.thorough
def test_changed_predictions_are_counted_and_one_can_be_looked_at(visit):
    tab = visit("#inference?bits=3&activations=4")
    wait_done(tab)
    expected = changed(Settings(3, per="channel", activations=4))
    assert abs(tab.number("changed") - expected) <= 1  # a sum's last bit may decide another code here than natively
    assert tab.number("lost") + tab.number("won") + tab.number("other") == tab.number("changed")
    assert tab.page.locator("[data-test='changed-digit'] button").count() == min(expected, 24)
    words = tab["changed-digit-0"].inner_text().split()
    tab["changed-digit-0"].click()
    tab.wait_text("prediction", words[0])
    tab.wait_text("quant-prediction", words[2])
    tab.wait_text("label", f"Its label is {words[-1]}")


def test_the_answer_follows_the_settings_and_the_two_arithmetics_are_compared(visit):
    tab = visit("#inference?bits=8")
    tab.draw(SEVEN)
    wait_done(tab)
    tab.wait_text("agreement", "every prediction is the same")
    before = tab.number("{read.logit_difference}")
    tab.slide("bits", "Home")
    wait_done(tab)
    tab.wait_number("{read.logit_difference}", f"x > {2 * before}")
    tab.wait_number("changed", "x > 1000")
    assert "bits=2" in tab.page.url


@pytest.mark.thorough
def test_float_activations_leave_no_codes(visit):
    tab = visit("#inference?activations=none")
    wait_done(tab)
    tab.wait_text("refusal", "Activations are float")
    tab.draw(SEVEN)
    tab.wait_text("prediction", "7")
    tab.page.locator("text=there are no codes between the layers").wait_for()


@pytest.mark.thorough
def test_the_picture_of_the_codes_is_what_python_computed(visit):
    """The shade of a pixel's cell is its code's."""
    tab = visit("#inference?activations=2")
    wait_done(tab)
    tab["changed-digit-0"].click()
    tab.wait_text("label", "Its label is")
    shades = tab.page.wait_for_function("""() => {
        const canvas = document.querySelector("[data-test='codes-input']");
        if (!canvas) return false; // Python is still reading the digit
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0); // Chromium warns of canvases that are read again and again
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        const shades = [...new Set(data.filter((_, i) => i % 4 === 0))];
        return shades.length > 1 && shades;
    }""").json_value()
    assert 2 <= len(np.unique(shades)) <= 4  # two bits: four codes


@pytest.mark.thorough
@pytest.mark.parametrize("start", ["#inference", "#exponential"])
def test_an_unknown_parameter_is_named_until_the_next_change(visit, start):
    tab, name = visit(start), "There is no parameter “index” here; it is ignored."
    gone = "name => !document.body.textContent.includes(name)"
    set_link(tab, "#inference?index=5")
    tab.wait_text("notes", name)
    set_link(tab, "#inference?bits=3")
    tab.page.wait_for_function(gone, arg=name)
    set_link(tab, "#inference?index=5&bits=3")
    tab.wait_text("notes", name)
    tab["rounding"].select_option("double")
    tab.page.wait_for_function(gone, arg=name)


def test_a_cell_of_the_confusion_matrix_shows_its_digits_and_arrow_keys_choose_another(visit):
    images, labels = mnist.shipped("test")
    ours = quantize_network(WEIGHTS, Settings(2, per="channel", activations=8), mnist.calibration()).integer()
    said = ours.logits(images).argmax(axis=1)
    tab = visit("#inference?bits=2&cell=149")  # a 4 that is read as a 9 by the quantised network
    wait_done(tab)
    fours = np.flatnonzero((labels == 4) & (said == 9))
    tab.wait_text("wrong-words", f"{len(fours)} digits 4 that the quantised network reads as 9")
    tab["confusion"].focus()
    tab.page.keyboard.press("ArrowLeft")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_function("location.hash.includes('cell=148')")
    tab.wait_text("wrong-words", "that the quantised network reads as 8")
