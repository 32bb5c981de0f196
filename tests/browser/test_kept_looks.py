"""What a reader sees besides numbers: the colour of a bar, columns that fit a phone, words that do not overlap."""

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def shown(tab, selector: str, style: str) -> str:
    """A computed style of the first such element."""
    return tab.page.locator(selector).first.evaluate(f"(element) => getComputedStyle(element)['{style}']")


def colour(tab, role: str) -> str:
    """The computed colour of text of a role."""
    return tab.page.evaluate("""(role) => {
        const probe = document.body.appendChild(document.createElement("span"));
        probe.className = role;
        const found = getComputedStyle(probe).color;
        probe.remove();
        return found;
    }""", role)


def test_a_bar_has_the_colour_of_what_it_counts(visit):
    tab = visit("#simulator?bits=4&clip=50")
    for name, role in (("rounding", "quant"), ("clipping", "bad")):
        assert shown(tab, f"[data-test='shares-{name}'] .bar", "backgroundColor") == colour(tab, role)
    tab.follow("#errors?bits=6")
    tab.wait_number("bands-2-count", "x > 0")
    bars = [shown(tab, f"[data-test='bands-{band}'] .bar", "backgroundColor") for band in range(3)]
    swatches = [shown(tab, f"[data-test='bands-{band}'] th .band-{band}", "backgroundColor") for band in range(3)]
    assert bars[1:] == swatches[1:] and len(set(bars)) == 3  # paper on paper would not be seen
    widths = [tab.page.locator(f"[data-test='bands-{band}'] .bar").bounding_box()["width"] for band in range(3)]
    assert widths[2] > widths[1] > widths[0] > 0


def test_a_neuron_that_no_longer_learns_is_red(visit):
    tab = visit("#rung3?seed=1&activation=relu")
    tab["play"].click()
    tab.wait_text("first-state", "dead")
    assert shown(tab, "[data-test='first-state'] .bad", "color") == colour(tab, "bad")


@pytest.mark.thorough
def test_small_slopes_are_not_shown_as_nothing(visit):
    tab = visit("#rung3?seed=151")
    tab["play"].click()
    tab.page.wait_for_function("document.querySelector(\"[data-test='first-slopes']\").textContent.includes('e−')")


def test_a_charts_axis_is_named_beside_its_last_number(visit):
    tab = visit("#digits")
    tab["loss-curves"].scroll_into_view_if_needed()
    ends = tab["loss-curves"].evaluate("""(svg) => {
        const texts = [...svg.querySelectorAll("text")];
        const named = texts.find((text) => text.textContent === "step").getBoundingClientRect();
        const number = texts.filter((text) => text.textContent === "10").at(-1).getBoundingClientRect();
        return [number.right, named.left, named.right, svg.getBoundingClientRect().right];
    }""")
    assert ends == sorted(ends)


def test_two_tables_below_each_other_stand_apart(visit):
    tab = visit("#rung2")
    first, second = tab.boxes("chain", "reached")
    assert second["y"] - first["y"] - first["height"] >= 16 and second["width"] < first["width"]


def test_shipped_results_and_probabilities_fit_a_phone(visit):
    fits = "(table) => table.offsetWidth <= table.parentElement.clientWidth"
    tab = visit("#digits", **PHONE)
    assert tab["shipped"].evaluate(fits)
    tab.follow("#rung7")
    assert tab["words"].evaluate(fits)


def test_on_a_phone_pictures_that_are_compared_stand_beside_each_other(visit):
    tab = visit("#vision", **PHONE)
    places = tab.boxes("look", "look-quant", "look-error")
    assert len({place["y"] for place in places}) == 1
    assert [place["x"] for place in places] == sorted(place["x"] for place in places)


def test_what_a_network_writes_keeps_its_spaces_and_long_lines_are_broken(visit):
    tab = visit("#learn?size=small&batch=1", **PHONE)
    sample = tab["samples-float"].locator("code").first
    sample.wait_for()
    assert sample.evaluate("(code) => getComputedStyle(code).whiteSpace") == "pre-wrap"
    assert tab["samples-float"].locator("thead").is_visible()  # a row per sample, no cards
    assert tab["excerpt"].evaluate("(text) => text.scrollWidth <= text.clientWidth")
