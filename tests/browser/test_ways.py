"""The ways through the site: a rail of few entries, tabs of their pages, and what goes along from tab to tab."""

import pytest

from pyapp import pages

FACTS = {page["name"]: page for page in pages.describe()}
WIDTHS = (1440, 1280, 820, 360, 320)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def tabs_of(tab) -> list[str]:
    return tab["tabs"].locator("a").all_inner_texts()


def come(tab, name: str) -> None:
    """Wait until the page is there and Python has it."""
    tab.page.wait_for_function("""([name, title]) => location.hash.split("?")[0] === `#${name}`
        && document.querySelector("h1")?.textContent === title""", arg=[name, FACTS[name]["title"]])
    tab.wait_ready()


def test_every_page_opens_by_its_old_link_and_stands_in_the_rail(visit):
    tab = visit("#start")
    rail = tab.page.locator("#rail a")
    entries = list(dict.fromkeys(page["entry"] for page in FACTS.values() if page["entry"]))
    assert rail.all_inner_texts() == entries and len(entries) <= 10
    for name, page in FACTS.items():
        tab.page.evaluate("(link) => { location.hash = link; }", name)
        tab.page.locator("h1", has_text=page["title"]).wait_for()
        assert not tab.page.get_by_text("There is no page").count()
        current = tab.page.locator("#rail [aria-current='page']").all_inner_texts()
        assert current == [page["entry"]] * bool(page["entry"])
        siblings = [each for each in FACTS.values() if page["entry"] == each["entry"] != ""]
        if len(siblings) > 1:
            assert tabs_of(tab) == [each["tab"] for each in siblings]
            assert tab["tabs"].locator("[aria-current='page']").all_inner_texts() == [page["tab"]]
        else:
            assert tab["tabs"].count() == 0
    assert tab.page.locator("#foot a").all_inner_texts() == [FACTS["check"]["title"]]


def test_tabs_are_walked_by_keyboard_and_the_rail_remembers_the_last(visit):
    tab = visit("#start", cold=True)  # nothing was seen before
    tab.page.locator("#rail a", has_text="Rounding").focus()
    tab.page.keyboard.press("Enter")
    come(tab, "simulator")
    tab["tabs"].locator("a").first.focus()
    for name in ("affine", "errors"):
        tab.page.keyboard.press("Tab")
        tab.page.keyboard.press("Enter")
        come(tab, name)
        assert tab.page.evaluate("document.activeElement.textContent") == FACTS[name]["tab"]
    tab.page.keyboard.press("Shift+Tab")
    tab.page.keyboard.press("Enter")
    come(tab, "affine")
    tab.page.locator("#rail a", has_text="Start").click()
    come(tab, "start")
    tab.page.locator("#rail a", has_text="Rounding").click()
    come(tab, "affine")


def test_the_tabs_of_the_softmax_lab_share_logits_bits_shift_and_method(visit):
    tab = visit("#staircase", cold=True)  # nothing was set before

    def go(name: str) -> None:
        tab.page.evaluate("document.documentElement.dataset.state = 'following'")
        tab["tabs"].locator("a", has_text=FACTS[name]["tab"]).click()
        come(tab, name)

    assert "stay as you set them" in tab.text("tabs")
    tab.slide("bits", 3)
    tab["method"].select_option("softermax")
    go("attention")
    assert (tab["bits"].input_value(), tab["method"].input_value()) == ("3", "softermax")
    tab["source"].select_option("gpt")
    tab["shift"].select_option("row-max")
    go("exponential")  # which has neither bits nor shift, and not that method
    assert tab["method"].input_value() == "ibert"
    go("shift")
    assert (tab["rule"].input_value(), tab["method"].input_value(), tab["net"].input_value()) == (
        "row-max", "softermax", "gpt")
    go("methods")
    assert (tab["logits"].input_value(), tab["bits"].input_value(), tab["shift"].input_value(),
            tab["method"].input_value()) == ("gpt", "3", "row-max", "softermax")
    tab["shift"].select_option("none")  # which the page of attention always shows beside: it stays as it was left
    tab.slide("bits", 8)  # as it comes here, and chosen all the same
    go("attention")
    assert (tab["bits"].input_value(), tab["shift"].input_value()) == ("8", "row-max")
    tab.follow("#attention")  # a plain link means the defaults
    assert (tab["bits"].input_value(), tab["source"].input_value()) == ("4", "offsets")


def test_an_embedded_page_has_neither_rail_nor_tabs(visit):
    tab = visit("#attention?embed=1")
    assert not tab["tabs"].is_visible() and not tab.page.locator("#rail").is_visible()
    tab.follow("#attention")
    assert tab["tabs"].is_visible() and tab.page.locator("#rail").is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_tabs_fit_every_screen_and_none_is_cut(visit, width):
    tab = visit("#rung1", **({} if width > 400 else PHONE))
    tab.page.set_viewport_size({"width": width, "height": 720})
    for name in ("rung7", "shift", "arena", "learn", "rung1"):
        tab.follow(f"#{name}")
        tab.page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)
        inside = tab["tabs"].locator("[aria-current]").evaluate("""(link) => {
            const [own, list] = [link, link.closest("ul")].map((each) => each.getBoundingClientRect());
            return own.left >= list.left - 1 && own.right <= list.right + 1 && own.right <= innerWidth;
        }""")
        assert inside, f"the tab of {name} is out of sight"
        assert not tab.page.locator("#rail a, [data-test='tabs'] a").evaluate_all(
            "(links) => links.filter((link) => link.scrollWidth > link.clientWidth + 1).map((link) => link.innerText)")


CUT = """() => [...document.querySelectorAll(".control select, .control label")].filter((each) => {
    if (each.tagName === "LABEL") return each.scrollWidth > each.clientWidth + 1;
    const whole = each.cloneNode(true); // as wide as its longest choice
    whole.style.cssText = "position: absolute; width: max-content; max-width: none; min-width: 0";
    each.after(whole);
    const width = whole.offsetWidth;
    whole.remove();
    return width > each.offsetWidth;
}).map((each) => each.dataset.test ?? each.textContent)"""


def test_no_choice_and_no_label_of_a_control_is_cut(visit):
    tab = visit("#start")
    for name in FACTS:
        tab.page.evaluate("(link) => { location.hash = link; }", name)
        tab.page.locator("h1", has_text=FACTS[name]["title"]).wait_for()
        tab["controls"].wait_for(state="attached")
        assert tab.page.evaluate(CUT) == [], name
