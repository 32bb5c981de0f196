"""Every page above the fold: its main controls, its run and its picture in view at once, and nothing over anything.

Pages are looked at one after the other in one tab, without Python where recorded frames show what it would compute.
"""

import contextlib

import pytest
from playwright.sync_api import TimeoutError

from pyapp import pages

SHARE = 0.45  # of the screen's height that is picture
ROW = 64  # pixels of a strip in one row: it is as high while what it says is recorded, and nothing below it moves then
WIDE = {"width": 1280, "height": 720}
PHONE = {"width": 360, "height": 780}
ZOOMED = {"width": 640, "height": 360}  # a screen of 1280x720 at 200 %
SIZES = ({"width": 1440, "height": 900}, WIDE, {"width": 1000, "height": 720}, {"width": 820, "height": 1180}, PHONE,
         ZOOMED)
# Boxes of the strip and of the pictures on the stage: how much of the screen they fill where nothing lies over them.
LOOK = """() => {
    const box = (element) => element.getBoundingClientRect();
    const strip = box(document.querySelector(".strip"));
    const [from, to] = strip.top > innerHeight / 2 ? [0, strip.top] : [strip.bottom, innerHeight];
    const pictures = "figure, svg, canvas, table, .draw, .text-block, .tiles, .formula";
    const spans = [...document.querySelectorAll(".bench > .stage > section")]
        .flatMap((panel) => [...panel.querySelectorAll(pictures)].map(box))
        .map(({ top, bottom }) => [Math.max(top, from), Math.min(bottom, to)])
        .filter(([top, bottom]) => bottom > top).sort(([a], [b]) => a - b);
    let [filled, end] = [0, 0];
    for (const [top, bottom] of spans) {
        filled += Math.max(0, bottom - Math.max(top, end));
        end = Math.max(end, bottom);
    }
    const controls = [...document.querySelectorAll(".strip :is(input, select, .transport button)")].map(box);
    const hidden = controls.filter(({ top, bottom }) => top < 0 || bottom > innerHeight).length;
    return { filled: filled / innerHeight, scrolled: scrollY, hidden, strip: strip.height };
}"""
# Pairs of siblings that lie over each other by more than a hair, as words.
OVERLAPS = """() => {
    const shown = (element) => element.getClientRects().length && getComputedStyle(element).clipPath === "none"
        && !["absolute", "fixed", "sticky"].includes(getComputedStyle(element).position);
    const name = (element) => `${element.tagName}.${element.className} “${element.textContent.trim().slice(0, 30)}”`;
    const found = [];
    const holders = ".sheet, main, #view, article, .bench, .stage, .readouts, section[data-panel], .controls, "
        + "#settings, #settings section, .control, .strip-row, .mains, .transport, .columns, .columns > div, "
        + ".masthead, .status, .row";
    for (const holder of document.querySelectorAll(holders)) {
        const parts = [...holder.children].filter(shown).map((part) => [part, part.getBoundingClientRect()]);
        parts.forEach(([one, a], i) => parts.slice(i + 1).forEach(([other, b]) => {
            const over = (from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]) > 1;
            if (over("left", "right") && over("top", "bottom")) found.push(`${name(one)} over ${name(other)}`);
        }));
    }
    return found;
}"""
# What is wider than its panel, and words of charts that stand beside the chart.
SPILT = """() => {
    const name = (element) => `“${element.textContent.trim().slice(0, 30)}” spills`;
    const words = [...document.querySelectorAll(".figure svg text")].filter((text) => {
        const [a, b] = [text.getBoundingClientRect(), text.closest(".figure").getBoundingClientRect()];
        return a.width && (a.right > b.right + 1 || a.left < b.left - 1);
    });
    const wide = [...document.querySelectorAll("section[data-panel]")];
    return [...words, ...wide.filter((panel) => panel.scrollWidth > panel.clientWidth + 1)].map(name);
}"""
CLIPPED = """() => [...document.querySelectorAll(".code pre, .cm-scroller, .printed")]
    .filter((pane) => pane.clientWidth && pane.scrollWidth > pane.clientWidth + 1).length"""


def without_python(visit, size):
    tab = visit(None, viewport=size)
    tab.page.route("**/vendor/pyodide/**", lambda route: None)  # never answered
    tab.page.goto(tab.url)
    return tab


def go(tab, name: str) -> None:
    """To a page, until its main panel shows something."""
    tab.page.evaluate("(link) => { location.hash = link; }", f"#{name}")
    tab.page.wait_for_function("""(title) => document.querySelector("h1")?.textContent === title
        && document.querySelector(".bench > .stage > section:has(figure, svg, canvas, table, .draw, .empty)")""",
        arg=pages.page(name).title)
    tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_has_its_controls_and_its_picture_in_view(visit, size):
    tab, faults = without_python(visit, size), []
    for name in pages.names():
        go(tab, name)
        least = SHARE * (1 if size is WIDE else 0.4)
        with contextlib.suppress(TimeoutError):
            tab.page.wait_for_function(f"(least) => ({LOOK})().filled >= least", arg=least,
                                       timeout=1000 if faults else 30_000)  # less than Python's files are waited for
        seen = tab.page.evaluate(LOOK)
        if seen["filled"] < least or seen["scrolled"] or seen["hidden"] or (size is WIDE and seen["strip"] > ROW):
            faults.append(f"{name}: {seen}")
    assert not faults, faults


def test_nothing_lies_over_anything(visit):
    tab, faults = without_python(visit, WIDE), []
    for name in pages.names():
        go(tab, name)
        for size in SIZES:
            tab.page.set_viewport_size(size)
            tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found = tab.page.evaluate(OVERLAPS) + tab.page.evaluate(SPILT)
            faults += [f"{name} at {size['width']}: {pair}" for pair in found]
            strip, height = tab.page.evaluate("[document.querySelector('.strip').getBoundingClientRect(), innerHeight]")
            stuck = tab.page.evaluate("getComputedStyle(document.querySelector('.strip')).position") != "static"
            if stuck and strip["height"] > height / 4:
                faults.append(f"{name} at {size['width']}: the strip takes {strip['height']} of {height}")
    assert not faults, faults


def test_at_200_percent_the_head_leaves_room_for_the_picture(visit):
    tab = without_python(visit, ZOOMED)
    for name in pages.names():
        go(tab, name)
        top = tab.page.evaluate("document.querySelector('.bench > .stage').getBoundingClientRect().top")
        assert top <= 0.85 * ZOOMED["height"], name


@pytest.mark.parametrize("size", [WIDE, PHONE, ZOOMED], ids=["wide", "phone", "zoomed"])
def test_the_strip_stays_in_view_where_there_is_room(visit, size):
    tab = visit("#digits", viewport=size)
    tab.page.evaluate("scrollTo(0, 2000)")
    box = tab["strip"].bounding_box()
    assert (box["y"] >= 0 and box["y"] + box["height"] <= size["height"]) == (size is not ZOOMED)


def test_help_is_behind_a_button_and_always_said(visit):
    tab = visit("#simulator", viewport=WIDE)
    for name in ("bits", "per"):
        help_ = tab.page.locator(f"[data-param='{name}'] .help")
        text = tab.page.locator(f"#control-{name}-about")
        assert tab[name].get_attribute("aria-describedby") == text.get_attribute("id")
        before, place = text.bounding_box(), tab[name].bounding_box()
        assert before["width"] <= 1
        help_.focus()
        assert text.bounding_box()["width"] > 100 and tab[name].bounding_box() == place
        tab.page.keyboard.press("Escape")
        assert text.bounding_box()["width"] <= 1
        help_.hover()
        assert text.bounding_box()["width"] > 100
        text.hover()  # and stays while the pointer is on it
        assert text.bounding_box()["width"] > 100 and tab[name].bounding_box() == place
        tab.page.keyboard.press("Escape")
        assert text.bounding_box()["width"] <= 1 and tab[name].bounding_box() == place
        tab.page.mouse.move(0, 0)


def test_the_sheet_of_a_phone_leaves_half_the_screen_to_the_picture(visit):
    tab = visit("#simulator", viewport=PHONE, has_touch=True, is_mobile=True)
    tab["controls-toggle"].tap()
    sheet, picture = tab.boxes("controls", "number-line")
    half = PHONE["height"] / 2
    assert sheet["y"] >= half - 1
    assert picture["y"] >= 0 and picture["y"] + picture["height"] <= sheet["y"]
    tab["bits"].fill("8")
    tab.wait_text("headline", "8 bits")
    tab["controls-toggle"].tap()
    assert not tab["controls"].is_visible()


def test_a_page_shows_a_parameter_once(visit):
    tab = without_python(visit, WIDE)
    for name in pages.names():
        go(tab, name)
        ids = tab.page.eval_on_selector_all("[id]", "all => all.map(({ id }) => id)")
        assert len(ids) == len(set(ids))
        shown = tab.page.eval_on_selector_all("[data-param]", "all => all.map(({ dataset }) => dataset.param)")
        assert len(shown) == len(set(shown)) and set(pages.page(name).mains()) <= set(shown)


def test_code_runs_with_its_picture_in_view_and_is_not_clipped(visit):
    tab = visit("#rung2", viewport=WIDE)
    tab.wait_text("code-state", "The shipped function is running.")
    tab["code-run"].click()
    tab.wait_text("code-state", "The shipped function is running.")
    strip, picture, run = tab.boxes("strip", "fit", "code-run")
    assert strip["y"] + strip["height"] <= picture["y"] and picture["y"] + picture["height"] <= run["y"]
    assert run["y"] + run["height"] <= WIDE["height"]


@pytest.mark.parametrize("link", ["#digits", "#shift"])
def test_no_code_of_a_story_is_clipped(visit, link):
    tab = visit(link, viewport=WIDE)
    tab.page.locator(".code pre").first.wait_for(state="attached")
    tab.page.eval_on_selector_all(".code", "all => all.forEach((pane) => (pane.open = true))")
    for size in SIZES:
        tab.page.set_viewport_size(size)
        assert tab.page.evaluate(CLIPPED) == 0, size
