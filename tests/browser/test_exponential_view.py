"""What a person does on the page about the exponential."""

import math

import pytest

from pyapp.pages.exponential import LOWEST
from pyapp.softmax.exponential import IExp


def integers(method: str, scale: float, q: int) -> dict[str, int]:
    return {step.name: step.integer for step in IExp(method, scale).trace(q, q * scale)}


def shown(tab, name: str) -> int:
    return int(tab.text(name).replace(",", "").replace("−", "-"))


def test_every_integer_of_the_point_is_shown(visit):
    tab = visit("#exponential")
    for name, integer in integers("ibert", 0.1, -25).items():
        assert shown(tab, f"steps-{name}-integer") == integer, name
    assert tab.text("point-exact") == f"{math.exp(-2.5):.5f}"
    assert tab.text("point-made") == f"{float(IExp('ibert', 0.1).values(IExp('ibert', 0.1).codes(-2.5))[0]):.5f}"


def test_the_point_is_dragged_along_the_curve(visit):
    tab = visit("#exponential")
    box = tab["curve"].bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] * 0.3, middle, steps=5)
    tab.page.mouse.up()
    tab.page.wait_for_url(lambda url: -7 < float(url.partition("x=")[2] or 0) < -5)  # a link to this very point
    x = float(tab.page.url.partition("x=")[2])
    tab.wait_text("point-x", f"{x:.4f}".replace("-", "−"))
    for name, integer in integers("ibert", 0.1, round(x / 0.1)).items():
        assert shown(tab, f"steps-{name}-integer") == integer, name


def test_the_point_is_moved_by_keys_and_read(visit):
    tab = visit("#exponential")
    tab["curve"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("point-q", "−24")
    tab.page.keyboard.press("Shift+ArrowLeft")
    tab.wait_text("point-q", "−34")
    tab.wait_text("curve-value", "q = −34, x = −3.4000")
    assert tab["curve"].get_attribute("role") == "slider"
    assert tab["curve"].get_attribute("aria-valuetext").startswith("q = −34")
    tab.page.keyboard.press("End")
    tab.wait_text("point-exact", "1.00000")
    assert shown(tab, "point-q") == 0
    tab.page.keyboard.press("Home")
    tab.wait_text("point-q", "−80")


@pytest.mark.thorough
def test_both_sets_of_constants_beside_the_published_maximum(visit):
    tab = visit("#exponential")
    assert tab.text("gaps-code-maximum") == "0.001913" and tab.text("gaps-code-at") == "−0.140"
    assert tab.text("gaps-paper-maximum") == "0.002128"
    assert "to the two digits that are printed" in tab.text("gap-about")
    tab["gap"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("gap-value", "p = 0.0000")


@pytest.mark.thorough
def test_every_control_is_moved_once(visit):
    tab = visit("#exponential")
    tab["method"].select_option("ibert-paper")
    tab.wait_text("steps-period-integer", "6")
    tab["method"].select_option("ibert-ln2")
    tab.wait_text("steps-period-integer", "28,391")
    tab.slide("exponent", 4)
    tab.wait_text("widest", "n = 4")
    tab.slide("x", -1)
    tab.wait_text("point-q", "−10")
    tab.slide("scale", "Home")
    tab.wait_text("point-q", "−500")
    assert tab.text("periods-ibert-ln2-worst") == f"{IExp('ibert-ln2', 0.002, 4).worst(LOWEST):.5f}"
    assert "scale=0.002" in tab.page.url and "method=ibert-ln2" in tab.page.url


@pytest.mark.parametrize("link, sentences, words", [("scale=0.6", 0, ""), ("scale=0.8", 1, "a period is one code"),
                                                    ("scale=1.7", 2, "divides 0 by 0"),
                                                    ("scale=0.8&method=ibert-paper", 1, "divides by it"),
                                                    ("scale=0.8&method=ibert-ln2", 0, "")])
@pytest.mark.thorough
def test_the_page_says_where_the_original_breaks(visit, link, sentences, words):
    tab = visit(f"#exponential?{link}")
    assert tab["breaks"].count() == sentences
    if words:
        assert words in tab["breaks"].last.inner_text()


@pytest.mark.thorough
def test_the_error_over_the_scale_is_read_by_keys(visit):
    tab = visit("#exponential")
    assert tab.text("periods-ibert-codes") == "7" and tab.text("{ln2_codes}") == "6.9315"
    assert tab.text("periods-ibert-off") == "+0.989 %"
    tab["scales"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("scales-value", "S = 2.5")
