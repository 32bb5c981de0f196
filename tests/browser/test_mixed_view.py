"""What a person does on the page of mixed precision."""

import pytest

from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quantized.mixing import mix
from pyapp.quantized.network import Settings

QUICK = "#mixed?method=round&clip=minmax"  # a network takes a moment
FINDINGS = "18 of 18"


def chosen(budget: int) -> dict:
    """The choice that the page should make, computed natively."""
    labels = mnist.shipped("train")[1][mnist.calibration_rows()]
    found = mix(mlp.load(), Settings(per="channel"), budget, mnist.calibration(), labels)
    return {"bits": ", ".join(map(str, found.chosen.bits.values())), "bytes": found.chosen.nbytes}


def wait_measured(tab, count: int) -> None:
    tab.wait_number("verified", f"x >= {count}")


def test_the_known_mixture_is_found_and_measured_beside_its_rivals(visit):
    tab = visit("#mixed?budget=45000")
    tab.wait_text("found", FINDINGS)
    tab.wait_text("{chosen.bits}", "3, 5, 6")
    assert tab.number("{chosen.bytes}") == 44_848 and tab.number("mixed-bytes") == 44_848
    assert [tab.number(f"parts-{part}-bytes") for part in ("layer1", "layer2", "layer3", "rest", "free")] == [
        38_144, 5_376, 520, 808, 152]
    tab.wait_number("mixed-accuracy", "x > 98.5")
    assert tab.text("mixed-predicted") == "2.76e−3" and tab.text("mixed-kl").endswith("e−3")
    tab.wait_number("uniform-accuracy", "x > 98")
    wait_measured(tab, 8)
    tab.wait_text("verdict", "the same network")
    tab.wait_text("ratios", "Sensitivities do not add")
    tab.wait_text("smallest", "bytes, 98.")  # of those that keep the accuracy
    tab["take-smallest"].click()
    tab.wait_number("{chosen.bytes}", "x < 44848")
    assert f"{tab.number('{chosen.bytes}'):,.0f} bytes" in tab.text("smallest").replace("\u202f", ",")


def test_the_budget_is_obeyed_while_it_is_dragged_and_stands_in_the_link(visit):
    tab = visit(f"{QUICK}&budget=60000")
    tab.wait_text("found", FINDINGS)
    for budget in (60_000, 43_000):
        tab.slide("budget", budget)
        expected = chosen(budget)
        tab.wait_text("{chosen.bits}", expected["bits"])
        tab.wait_number("{chosen.bytes}", f"x === {expected['bytes']}")
        assert f"budget={budget}" in tab.page.url
    tab.slide("budget", "Home")
    tab.wait_text("refusal", "20,000 bytes")
    tab.wait_text("refusal", "needs 28,912")
    tab.slide("budget", "End")
    tab.wait_text("{chosen.bits}", "8, 8, 8")


@pytest.mark.thorough
def test_a_point_of_the_front_sets_the_budget_by_key_and_by_click(visit):
    tab = visit(f"{QUICK}&budget=29000")
    tab.wait_text("found", FINDINGS)
    front = tab["front"]
    front.press("End")
    tab.wait_text("{chosen.bits}", "8, 8, 8")
    tab.wait_text("front-value", "8, 8, 8 bits: 110,800 bytes")
    front.press("Home")
    tab.wait_text("{chosen.bits}", "2, 2, 2")
    assert "budget=28912" in tab.page.url
    front.press("ArrowRight")
    tab.wait_text("front-value", "28,992 bytes")
    tab.wait_number("{chosen.bytes}", "x === 28992")
    square = tab.page.locator("[data-test='front'] rect.ring").nth(3)
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    tab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.wait_text("{chosen.bits}", "5, 5, 5")
    wait_measured(tab, 7)
    tab["accuracy-front"].press("Home")
    tab.wait_text("{chosen.bits}", "2, 2, 2")
    tab.wait_text("accuracy-front-value", "measured")


@pytest.mark.thorough
def test_exact_sensitivities_are_read_by_key_and_pointer(visit):
    tab = visit(QUICK)
    tab.wait_text("found", FINDINGS)
    tab["sensitivity"].press("ArrowRight")
    tab.wait_text("sensitivity-value", "layer2 at 3 bits: KL")
    tab["sensitivity"].press("End")
    tab.wait_text("sensitivity-value", "layer3 at 8 bits: KL")
    box = tab["sensitivity"].bounding_box()
    tab.page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    tab.wait_text("sensitivity-value", "layer1 at 2 bits: KL")
    tab.page.mouse.move(1, 1)
    tab.page.wait_for_function("document.querySelector(\"[data-test='sensitivity-value']\").textContent === ''")


@pytest.mark.thorough
def test_every_setting_starts_the_search_anew_and_the_page_stays_alive(visit):
    tab = visit("#mixed")
    for name, value in (("method", "round"), ("scheme", "affine"), ("per", "tensor"), ("clip", "minmax"),
                        ("activations", "8"), ("calibrate", "mse")):
        tab[name].select_option(value)
        tab.page.wait_for_function("(text) => location.hash.includes(text)", arg=f"{name}={value}")
    tab.slide("budget", 60_000)
    tab.wait_text("found", FINDINGS)
    tab.wait_number("{chosen.bytes}", "x > 40000 && x <= 60000")
    tab["measure"].select_option("loss")
    tab.page.locator("text=Increase in loss (nats)").first.wait_for()
    tab["undo-change"].click()
    tab.page.locator("text=KL divergence from the float32 network (nats)").first.wait_for()
    tab.wait_number("mixed-accuracy", "x > 90")
    tab.wait_text("ratios", "ignores the error of the activations")
