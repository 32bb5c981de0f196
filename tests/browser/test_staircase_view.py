"""What a person does on the page about staircases."""

import numpy as np
import pytest

from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.staircase import BITS, ELEMENTWISE, Probability

OTHERS = np.array([0, 1, -1, 2.5])


def l1(curve, bits: int, way: str) -> float:
    return curve.l1(curve.steps(bits)[way])


def test_the_steps_are_counted_and_measured(visit):
    tab = visit("#staircase?bits=3")
    assert tab.text("{codes}") == "7" and "Exact is rounded to the chosen bits again" in tab.text("methods-about")
    curve = Probability(OTHERS)
    for way in ("input", "output", "both"):
        assert tab.number(f"{{l1.{way}}}") == pytest.approx(l1(curve, 3, way), rel=1e-3)
        assert tab.number(f"{{levels.{way}}}") == np.unique(curve.steps(3)[way]).size
    tab.slide("bits", "Home")
    tab.wait_number("{levels.both}", f"x === {np.unique(curve.steps(2)['both']).size}")
    tab.slide("bits", 8)
    tab.wait_number("{l1.both}", f"Math.abs(x - {l1(curve, 8, 'both')}) < 1e-6")
    assert "bits=8" in tab.page.url


@pytest.mark.thorough
def test_every_curve_can_be_chosen(visit):
    tab = visit("#staircase")
    for name, curve in ELEMENTWISE.items():
        tab["curve"].select_option(name)
        tab.wait_number("{l1.both}", f"Math.abs(x / {l1(curve, 4, 'both')} - 1) < 1e-3")


@pytest.mark.thorough
def test_the_error_of_every_number_of_bits_is_read_by_keys(visit):
    tab = visit("#staircase?curve=sigmoid")
    tab["l1"].focus()
    tab.wait_text("l1-value", "2 bits")
    tab.page.keyboard.press("End")
    tab.wait_text("l1-value", f"8 bits: input only {l1(ELEMENTWISE['sigmoid'], 8, 'input'):.2e}".replace("e-0", "e−"))


@pytest.mark.thorough
def test_a_method_makes_its_own_steps_and_its_own_row(visit):
    tab = visit("#staircase?bits=5")
    for name in METHODS:
        tab.wait_text(f"methods-{name}-now", "0.")
        assert tab.number(f"methods-{name}-now") == pytest.approx(l1(Probability(OTHERS, name), 5, "both"), abs=6e-6)
    tab["methods-pick-itamax"].click()
    tab.wait_text("about", METHODS["itamax"].about)
    curve = Probability(OTHERS, "itamax")
    grid = curve.grid(5)
    codes = make("itamax", float(grid.scale))(grid.quantize(curve.rows(np.array([1.0]))))[0]
    assert [tab.number(f"row-{i}-y") for i in range(1, 6)] == codes.tolist()
    assert tab.number("row-sum") == pytest.approx(codes.sum() / 255, abs=6e-5)
    assert tab.text("breaks") == METHODS["itamax"].breaks and "method=itamax" in tab.page.url
    tab["method"].select_option("exact")
    tab.wait_text("row-1-y", "–")


def test_choosing_a_method_leads_back_to_the_softmax_curve(visit):
    tab = visit("#staircase?curve=exp")
    tab.wait_text("methods-lut2-now", "0.")
    tab["methods-pick-lut2"].click()
    tab.wait_text("about", METHODS["lut2"].about)
    assert tab["curve"].input_value() == "softmax" and "method=lut2" in tab.page.url


def test_the_point_moves_by_pointer_keys_and_slider_and_the_row_follows(visit):
    tab = visit("#staircase?bits=6")
    curve = Probability(OTHERS)

    def first(point: float) -> str:
        return f"{curve.real(np.array([point]))[0]:.4f}"

    assert tab.text("row-1-p") == first(1.0)
    tab["stairs-both"].focus()
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.wait_text("row-1-p", first(1.2))
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text("stairs-both-value", "1.18: float")
    assert "point=1.18" in tab.page.url
    box = tab["stairs-both"].bounding_box()
    tab.page.mouse.click(box["x"] + box["width"] - 18, box["y"] + 60)
    tab.wait_number("row-1-p", f"x > {curve.real(np.array([6.0]))[0]}")
    tab.slide("point", -8)
    tab.wait_text("row-1-p", first(-8.0))


def test_keys_faster_than_python_all_count(visit):
    tab = visit("#staircase")  # whose methods are still being measured: frames come that know nothing of the newest key
    tab["stairs-both"].focus()
    for key in ("Shift+ArrowRight",) * 6 + ("ArrowLeft",) * 6:
        tab.page.keyboard.press(key)
        tab.page.wait_for_timeout(15)
    tab.wait_text("row-1-p", f"{Probability(OTHERS).real(np.array([2.08]))[0]:.4f}")
    tab.wait_text("methods-shiftmax-now", "0.")
    assert "point=2.08" in tab.page.url


@pytest.mark.thorough
def test_another_row_and_what_is_no_row(visit):
    tab = visit("#staircase")
    tab["others"].fill("0, 20")
    tab["others"].press("Tab")
    tab.wait_number("{row.scale}", "Math.abs(x - 20 / 7) < 1e-3")
    assert tab["row"].locator("tbody tr").count() == 3
    tab["others"].fill("0, many")
    tab["others"].press("Tab")
    tab.page.get_by_role("alert").filter(has_text="“many” in row 1 is not a number").wait_for()
    assert tab["row"].locator("tbody tr").count() == 3


@pytest.mark.thorough
def test_bits_are_moved_by_finger(visit):
    tab = visit("#staircase?method=tflite", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for bits in BITS:
        tab.slide("bits", bits)
        tab.wait_number("{l1.input}", f"Math.abs(x / {l1(Probability(OTHERS), bits, 'input')} - 1) < 1e-3")
