"""What a person does on the page about the shift."""

import pytest

from pyapp.runner import Runner
from pyapp.softmax.compare import BITS, compare
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.shift import RULES

SMALL = "rows=32&length=16"


def measured(tab) -> None:
    tab.wait_text("progress", "100 % measured")


def gains(**params) -> dict[str, dict[str, str]]:
    """The gains that the page shows, by kind of logits and rule."""
    runner = Runner()
    frame = runner.advance(runner.open("shift", params)["run"], ms=1e9)["frame"]
    return {family["name"]: {rule: f"{gain['mean']:+.2f}".replace("-", "−") for rule, gain in family["gains"].items()}
            for family in frame.scalars["families"]}


@pytest.mark.thorough
def test_gains_and_every_number_behind_them(visit):
    tab = visit(f"#shift?{SMALL}&seed=4")
    measured(tab)
    expected = gains(rows=32, length=16, seed=4)
    for family in FAMILIES:
        for rule in RULES[1:]:
            assert tab.text(f"gains-{rule}-{family}") == expected[family][rule]
        for rule in RULES:
            for bits in BITS:
                l1 = compare(draw(family, 32, 16, 4), "exact", bits, rule).l1_per_row
                assert tab.number(f"l1-{family}-{rule}-{bits}") == pytest.approx(l1, abs=5.1e-5)
        assert expected[family]["row-mean"] + " bits" in tab.text(f"gain-{family}")


@pytest.mark.thorough
def test_the_protocols_own_batch_says_what_it_found_and_that_the_control_holds(visit):
    tab = visit("#shift")
    measured(tab)
    tab["finding"].wait_for()
    found = gains()
    for rule in ("row-mean", "row-max", "row-max-clip"):
        assert f"{found['offset'][rule]} bits" in tab.text("finding")
    assert "good" in tab["control"].get_attribute("class") and "The control holds" in tab.text("control")
    assert f"{found['centred']['row-mean']} bits" in tab.text("control")
    about = tab.text("gains-about")
    assert "tensor mean and row mean" in about and "Mid-range and maximum shorten" in about


def test_a_rule_is_chosen_by_mouse_keyboard_and_control(visit):
    tab = visit(f"#shift?{SMALL}")
    measured(tab)
    found = gains(rows=32, length=16)
    tab["gains-row-max-offset"].click()
    tab.wait_text("gain-offset", found["offset"]["row-max"] + " bits")
    tab["gains-pick-row-midrange"].focus()
    tab.page.keyboard.press("Enter")
    tab.wait_text("gain-offset", found["offset"]["row-midrange"] + " bits")
    tab["rule"].select_option("row-max-clip")
    tab.wait_text("gain-skewed", found["skewed"]["row-max-clip"] + " bits")
    assert "100 %" in tab.text("progress") and "rule=row-max-clip" in tab.page.url


@pytest.mark.thorough
def test_points_without_an_answer_of_the_original_are_marked(visit):
    tab = visit("#shift?method=ibert")
    measured(tab)
    assert "above 1.67 nats" in tab.text("guarded")
    assert tab.text("l1-offset-none-4").endswith(" *") and "*" not in tab.text("l1-offset-none-5")
    tab["curves-offset"].focus()
    tab.wait_text("curves-offset-value", "2 bits: no shift")
    assert "(original breaks)" in tab.text("curves-offset-value")


@pytest.mark.thorough
def test_another_measure_and_another_network(visit):
    tab = visit(f"#shift?{SMALL}")
    measured(tab)
    tab["measure"].select_option("kl")
    kl = compare(draw("offset", 32, 16, 0), "exact", 3, "row-max").kl
    tab.wait_text("l1-offset-row-max-3", f"{kl:.4f}")
    assert "KL divergence" in tab.text("measure-name") and "KL divergence" in tab.text("numbers-title")
    tab["net"].select_option("gpt")
    tab.wait_text("gains-row-max-clip-trained", gains(rows=32, length=16, net="gpt")["gpt"]["row-max-clip"])


@pytest.mark.thorough
def test_every_control_is_moved_and_the_numbers_follow(visit):
    tab = visit(f"#shift?{SMALL}")
    measured(tab)
    tab["method"].select_option("lut2")
    tab["other"].click()
    tab.slide("rows", 48)
    tab.slide("length", 12)
    tab["seed"].fill("7")
    tab["seed"].press("Tab")
    z, other = (draw("offset", 48, 12, 7, batch=batch) for batch in (0, 1))
    l1 = compare(z, "lut2", 5, "row-mean", calibration=other).l1_per_row
    tab.wait_text("l1-offset-row-mean-5", f"{l1:.4f}")
    measured(tab)
    tab.slide("seeds", 2)
    tab.wait_text("progress", "seeds 7, 8")
    measured(tab)
    assert " to " in tab.text("gains-row-mean-offset")


def test_curves_are_read_by_keyboard_and_pointer(visit):
    tab = visit(f"#shift?{SMALL}")
    measured(tab)
    tab["curves-offset"].focus()
    tab.page.keyboard.press("End")
    tab.wait_text("curves-offset-value", "8 bits: no shift")
    tab.page.keyboard.press("ArrowLeft")
    tab.wait_text("curves-offset-value", "7 bits: no shift")
    l1 = compare(draw("offset", 32, 16, 0), "exact", 7, "row-max").l1_per_row
    assert f"row maximum {l1:.4f}" in tab.text("curves-offset-value")
    tab["curves-centred"].hover(position={"x": 42, "y": 60})
    tab.wait_text("curves-centred-value", "2 bits: no shift")


@pytest.mark.thorough
def test_a_rule_is_chosen_by_finger(visit):
    tab = visit(f"#shift?{SMALL}", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    measured(tab)
    tab["gains-pick-row-max"].tap()
    tab.wait_text("gain-offset", gains(rows=32, length=16)["offset"]["row-max"])
