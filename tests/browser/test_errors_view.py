"""What a person does on the error map."""

import numpy as np
import pytest

from pyapp.nets import mlp
from pyapp.quant.schemes import quantize

W = mlp.load()


def counts(layer: str, bits: int, low: float = 0.001, high: float = 0.01) -> list[int]:
    w = W[f"{layer}.weight"]
    error = np.abs(w - quantize(w, bits).dequantize())
    below, above = int((error < np.float32(low)).sum()), int((error >= np.float32(high)).sum())
    return [below, w.size - below - above, above]


def wait_counts(tab, expected: list[int]) -> None:
    for band, n in enumerate(expected):
        tab.wait_number(f"bands-{band}-count", f"x === {n}")


def test_three_bands_are_counted_and_follow_bits_and_thresholds(visit):
    tab = visit("#errors")
    wait_counts(tab, counts("layer1", 6))
    tab.slide("bits", 2)
    wait_counts(tab, counts("layer1", 2))
    tab["layer"].select_option("layer2")
    wait_counts(tab, counts("layer2", 2))
    tab.slide("low", "End")  # above the upper threshold: that one follows
    tab.page.locator("[data-param='low'] .note", has_text="high is now 1").wait_for()
    wait_counts(tab, counts("layer2", 2, 1.0, 1.0))


def test_a_clicked_cell_shows_its_numbers_and_keeps_them_through_a_change(visit):
    tab = visit("#errors?layer=layer3&bits=4")
    tab.wait_number("bands-2-count", "x > 0")
    box = tab["error-map"].bounding_box()
    tab["error-map"].click(position={"x": box["width"] / 64 * 7.5, "y": box["height"] / 10 * 3.5})
    tab["cell-code"].wait_for()
    w, tensor = W["layer3.weight"][3, 7], quantize(W["layer3.weight"], 4)
    assert tab.text("cell-title") == "Neuron 4, input 8" and "cell=200" in tab.page.url
    assert tab.text("cell-weight") == f"{w:.6f}".replace("-", "−")
    assert tab.text("cell-code") == str(tensor.codes[3, 7]).replace("-", "−")
    assert tab.text("cell-restored") == f"{tensor.dequantize()[3, 7]:.6f}".replace("-", "−")
    assert tab.text("cell-scale") == f"{float(tensor.scale):.6f}" and tab.text("cell-zero-point") == "0"
    assert tab.number("cell-error") == pytest.approx(abs(w - tensor.dequantize()[3, 7]), abs=1e-6)
    tab.slide("bits", 16)
    tab.wait_text("cell-scale", f"{float(quantize(W['layer3.weight'], 16).scale):.6f}")
    assert tab.text("cell-weight") == f"{w:.6f}".replace("-", "−")
    tab["layer"].select_option("layer2")
    tab["cell-empty"].wait_for()
    tab.page.wait_for_function("!location.hash.includes('cell=')")


def test_the_first_click_picks_the_cell_that_is_read_and_nothing_moves_below_the_pointer(visit):
    tab = visit("#errors?layer=layer2")
    tab.wait_number("bands-2-count", "x > 0")
    tab["error-map"].scroll_into_view_if_needed()
    before = tab["error-map"].bounding_box()
    tab.page.mouse.move(before["x"] + 0.3 * before["width"], before["y"] + 0.7 * before["height"])
    read = tab.text("error-map-value")
    tab.page.mouse.down()
    tab.page.mouse.up()
    tab["cell-code"].wait_for()
    assert tab["error-map"].bounding_box() == before
    assert tab.text("cell-title").lower() == read.splitlines()[0]
    tab.page.mouse.move(before["x"] + 0.3 * before["width"] + 1, before["y"] + 0.7 * before["height"])
    assert tab.text("error-map-value") == read


@pytest.mark.thorough
def test_a_cell_is_read_and_picked_by_keyboard(visit):
    tab = visit("#errors")
    tab.wait_number("bands-2-count", "x > 0")
    tab["error-map"].focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        tab.page.keyboard.press(key)
    tab.wait_text("error-map-value", "neuron 2, row 2, column 3")
    assert "threshold" in tab.text("error-map-value") and "code" in tab.text("error-map-value")
    tab.page.keyboard.press("Enter")
    tab.page.locator("h2", has_text="Neuron 2, pixel in row 2, column 3").wait_for()
    assert tab.text("cell-weight") == f"{W['layer1.weight'][1, 30]:.6f}".replace("-", "−")


def test_the_accuracy_with_this_layer_rounded_comes_by_itself(visit):
    tab = visit("#errors?layer=layer2&bits=2")
    tab.page.wait_for_function(
        "!document.querySelector(\"[data-test='accuracy'] .quant\").textContent.startsWith('–')")
    assert "99.17 %" in tab.text("accuracy")  # the float network


@pytest.mark.thorough
def test_a_link_with_crossed_thresholds_opens_and_says_so(visit):
    tab = visit("#errors?low=0.5&high=0.1")
    tab.page.locator("[data-test='notes']", has_text="high is now 0.5").wait_for()
