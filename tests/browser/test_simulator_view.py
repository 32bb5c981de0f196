"""What a person does on the simulator page."""

import pytest

from pyapp.pages.base import tensors
from pyapp.quant.error import quantization_error
from pyapp.quant.schemes import quantize

NORMAL = tensors.draw("normal", (16, 32), 1)  # what the page shows at first


def ratio(bits: int, **settings) -> float:
    return quantization_error(NORMAL, quantize(NORMAL, bits, **settings)).sqnr_db


def set_link(tab, link: str) -> None:
    """Change the link of the page that is open."""
    tab.page.evaluate("(link) => (location.hash = link)", link)


def test_bits_scheme_and_granularity(visit):
    tab = visit("#simulator")
    assert tab.number("sqnr") == pytest.approx(ratio(4), abs=0.006)
    tab.slide("bits", 6)
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(6)}) < 0.006")
    tab["scheme"].select_option("affine")
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(6, scheme='affine')}) < 0.006")
    tab["per"].select_option("channel")
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(6, scheme='affine', per='channel')}) < 0.006")
    assert "bits=6" in tab.page.url and "scheme=affine" in tab.page.url and "per=channel" in tab.page.url
    tab["grid-next"].click()
    tab.wait_text("grid-shown", "one of 16 grids: row 2")
    assert "part=2" in tab.page.url


@pytest.mark.thorough
def test_at_a_glance_all_four_and_one_chosen(visit):
    tab = visit("#simulator")
    for bits in (2, 4, 8, 16):
        assert tab.number(f"glance-sqnr-{bits}") == pytest.approx(ratio(bits), abs=0.06)
    tab["choose-8"].click()
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(8)}) < 0.006")
    tab["zoom-line"].wait_for()
    assert tab["bits"].input_value() == "8"


def test_clipping_is_shown_apart(visit):
    tab = visit("#simulator")
    assert tab.number("clipping-count") == 0
    tab.slide("clip", 30)
    tab.wait_number("clipping-count", "x > 100")
    assert tab.number("clipping-count") + tab.number("rounding-count") == NORMAL.size
    assert tab.number("shares-clipping-share") > 90


def test_a_pasted_tensor_is_quantised_and_is_in_the_link(visit):
    tab = visit("#simulator?bits=3")
    assert not tab["values"].evaluate("(field) => field.spellcheck")  # numbers are no words
    tab["values"].fill("0 1 2 3\n-3 -2.4 -1 0.6")
    tab["values"].blur()
    tab.wait_number("max-error", "x === 0.4")
    tab.page.locator("summary", has_text="8 codes").click()
    assert tab.text("codes-text").split() == ["0", "1", "2", "3", "-3", "-2", "-1", "1"]
    tab.follow(tab.page.url.removeprefix(tab.url))
    assert tab.number("max-error") == 0.4 and tab["values"].input_value() == "0 1 2 3\n-3 -2.4 -1 0.6"


def test_a_text_that_is_no_tensor_is_said_and_nothing_is_lost(visit):
    tab = visit("#simulator?values=1+2+3")
    before = tab.text("sqnr")
    tab["values"].fill("1 2\n3 four")
    tab["values"].blur()
    tab.page.locator("[data-param=values] [role=alert]", has_text="“four” in row 2 is not a number").wait_for()
    assert tab["values"].input_value() == "1 2\n3 four"  # to be mended
    assert tab.text("sqnr") == before and "values=1+2+3" in tab.page.url  # and the old tensor is still shown
    tab["bits"].press("ArrowRight")
    tab.wait_text("code-range", "−15 to 15")
    assert tab["values"].input_value() == "1 2\n3 four"
    tab["values"].fill("1 2\n3 4")
    tab["values"].blur()
    tab.page.wait_for_function("document.querySelector('[data-param=values] [role=alert]') === null")
    tab.page.wait_for_function("location.hash.includes('3+4')")


def test_a_link_with_a_bad_text_opens(visit):
    tab = visit("#simulator?values=1+nan")
    assert "nan in row 1" in tab.text("notes")
    assert tab.number("sqnr") == pytest.approx(ratio(4), abs=0.006)


@pytest.mark.thorough
def test_other_numbers_at_a_click(visit):
    tab = visit("#simulator?values=1+2+3")
    tab["unpaste"].click()
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(4)}) < 0.006")
    tab["draw-anew"].click()
    tab.page.wait_for_function("location.hash.includes('seed=')")
    tab.wait_number("sqnr", f"Math.abs(x - {ratio(4)}) > 0.001")


@pytest.mark.thorough
def test_a_constant_tensor_is_exact(visit):
    tab = visit("#simulator?values=0+0+0")
    assert tab.text("sqnr") == "exact"
    tab.page.get_by_text("All numbers are the same").wait_for()


@pytest.mark.parametrize("picture", ["number-line", "error-line"])
def test_exact_values_by_keyboard_and_pointer(visit, picture):
    tab = visit("#simulator?values=-1+0.5+2&bits=3")
    tab[picture].focus()
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text(f"{picture}-value", "−1 → code −2 → −1.333, error −0.33333 (rounded)")
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text(f"{picture}-value", "0.5 → code 1")
    tab[picture].blur()
    box = tab[picture].bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 20)
    tab.wait_text(f"{picture}-value", "2 → code 3 → 2, error 0.00000")


def test_histogram_and_matrix_are_read_by_keyboard(visit):
    tab = visit("#simulator?values=-1+0.5+2&bits=3")
    tab["histogram"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("histogram-value", "to 2: 1 before, 1 after")
    tab["matrix-after"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text("matrix-after-value", "row 1, column 1: −1 → code −2 → −1.333")


@pytest.mark.thorough
def test_the_largest_numbers_keep_the_page_narrow(visit):
    tab = visit("#simulator?values=1e38 -1e38")
    for link in ("", "&scheme=affine&bits=4"):
        set_link(tab, "#simulator?values=1e38 -1e38" + link)
        tab.wait_text("max-error", "e36" if link else "0")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert max(len(text) for text in tab.page.locator("td.number").all_inner_texts()) < 20
    tab.page.locator("text=moved by up to half a step").wait_for()


@pytest.mark.thorough
@pytest.mark.parametrize("link", ["?values=", "?bits=5"])
def test_a_link_drops_a_text_that_was_refused(visit, link):
    tab = visit("#simulator")
    set_link(tab, "#simulator?values=1 2;3")
    alert = tab.page.locator("[data-param='values'] [role=alert]")
    alert.wait_for()
    assert tab["values"].input_value() == "1 2;3"  # to be mended
    set_link(tab, "#simulator" + link)
    alert.wait_for(state="detached")
    tab.page.wait_for_function("document.querySelector(\"[data-test='values']\").value === ''")
    assert tab.page.locator("[data-param='values'] .note").count() == 0
