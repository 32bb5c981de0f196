"""What a person does on the attention page."""

import pytest

from pyapp.runner import Runner
from pyapp.softmax.methods import METHODS

CONTROLS = {"source": "random", "head": 2, "length": 12, "causal": True, "seed": 5, "bits": 3, "method": "ibert",
            "shift": "row-max", "row": 7, "column": 4}


def frame(**params):
    return Runner().open("attention", params, strict=True)["frame"]


def text(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace("-", "−")


def wait_l1(tab, **params) -> None:
    """Both mean L1 are those that Python has here for these parameters."""
    expected = frame(**params).scalars
    for side in ("plain", "shifted"):
        tab.wait_text(f"{side}-l1", text(expected[side]["l1_per_row"], 4))


def test_every_control_moves_the_numbers_to_those_of_python(visit):
    tab, params = visit("#attention"), {}
    wait_l1(tab)
    for name, value in CONTROLS.items():
        params[name] = value
        control = tab[name]
        if name in ("source", "method", "shift"):
            control.select_option(value)
        elif name == "causal":
            control.check()
        else:
            control.fill(str(value))
            control.blur()
        wait_l1(tab, **params)
    expected = frame(**params)
    tab.wait_text("cell-title", f"Query 7 “{expected.scalars['queries'][6]}” looks at key 4")
    cell = expected.scalars["cell"]
    assert tab.text("cell-float-logit") == text(cell["logit"], 4)
    for side in ("plain", "shifted"):
        assert tab.text(f"cell-{side}-q") == text(cell[side]["q"], 0)
        assert tab.text(f"cell-{side}-probability") == text(cell[side]["probability"], 5)
        row_sum = expected.scalars["this_row"][side]["row_sum"]
        assert tab.number(f"{{this_row.{side}.row_sum}}") == pytest.approx(row_sum, abs=1e-3)
        assert tab.text(f"{side}-broken") == str(expected.scalars[side]["broken_rows"])
    assert tab.text("verdict") == expected.scalars["words"]
    for bits in ("Home", "End"):
        tab.slide("bits", bits)
        wait_l1(tab, **params | {"bits": 2 if bits == "Home" else 8})


@pytest.mark.thorough
def test_the_head_that_is_shown_is_named(visit):
    tab = visit("#attention?head=7")
    tab.wait_text("source-about", "Head 4 of 4.")
    tab["source"].select_option("vision transformer")
    tab.wait_text("source-about", "Head 7 of 16.")


@pytest.mark.thorough
def test_every_method_can_be_chosen_and_says_what_it_is(visit):
    tab = visit("#attention?bits=6")
    wait_l1(tab, bits=6)
    for name, method in METHODS.items():
        tab["method"].select_option(name)
        tab.wait_text("method-about", method.about)
        wait_l1(tab, bits=6, method=name)


@pytest.mark.parametrize("name", ["float", "plain", "shifted", "plain-error", "shifted-error"])
def test_a_click_in_any_matrix_picks_the_cell(visit, name):
    tab = visit("#attention?length=16")
    tab["cell-title"].wait_for()
    tab[f"map-{name}"].scroll_into_view_if_needed()
    box = tab[f"map-{name}"].bounding_box()
    tab[f"map-{name}"].click(position={"x": box["width"] / 16 * 11.5, "y": box["height"] / 16 * 2.5})
    tab.wait_text("cell-title", "Query 3 ")
    tab.page.locator("[data-test='cell-title']", has_text="key 12").wait_for()
    facts = frame(length=16, row=3, column=12)
    tab.wait_text("cell-shifted-difference", text(facts.scalars["cell"]["shifted"]["difference"], 5))
    assert "row=3" in tab.page.url and "column=12" in tab.page.url


def test_matrices_and_bars_are_read_and_a_cell_is_picked_by_keyboard(visit):
    tab = visit("#attention?length=16&causal=true&row=7&column=2")
    tab.wait_text("cell-title", "Query 7 ")
    tab["map-shifted"].focus()
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("ArrowRight")
    arrays = frame(length=16, causal=True).arrays
    tab.wait_text("map-shifted-value", "query 6")
    said = tab.text("map-shifted-value")
    for wanted in (text(arrays["logits"][5, 2], 3), text(arrays["float"][5, 2], 4), text(arrays["plain_p"][5, 2], 4),
                   text(arrays["shifted_p"][5, 2], 4), f"code {text(arrays['shifted_q'][5, 2], 0)}"):
        assert wanted in said
    tab.page.keyboard.press("Enter")
    tab.wait_text("cell-title", "Query 6 ")
    for _ in range(4):
        tab.page.keyboard.press("ArrowRight")
    tab.wait_text("map-shifted-value", "masked: exactly 0")
    tab["row-bars"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("row-bars-value", "key 2")
    assert text(arrays["plain_p"][5, 1], 4) in tab.text("row-bars-value")
    tab.page.keyboard.press("End")
    tab.wait_text("row-bars-value", "key 16")
    assert "masked, exactly 0" in tab.text("row-bars-value")


@pytest.mark.thorough
def test_both_scales_are_shown_and_shared(visit):
    tab = visit("#attention?bits=2")
    limits = frame(bits=2).scalars["limits"]
    tab.wait_text("probability-scale", text(limits["probability"], 3))
    assert f"+{limits['difference']:.3f}" in tab.text("difference-scale")
