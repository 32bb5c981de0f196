"""Every page above the fold: its main controls, its run and its picture in view at once, and nothing over anything.

Pages are looked at one after the other in one tab, without Python where recorded frames show what it would compute.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import TimeoutError

from pyapp import pages

SHARE = 0.45  # of the screen's height that the main picture, which is that of one panel, takes
PAIRS = {"tensors", "encoder", "rung6"}  # two pictures, one below the other, take it together
ROW = 64  # pixels of a strip in one row: it is as high while what it says is recorded, and nothing below it moves then
WIDE = {"width": 1280, "height": 720}
PHONE = {"width": 360, "height": 780}
ZOOMED = {"width": 640, "height": 360}  # a screen of 1280x720 at 200 %
SIZES = ({"width": 1440, "height": 900}, WIDE, {"width": 1000, "height": 720}, {"width": 820, "height": 1180}, PHONE,
         ZOOMED)
# How much of the screen's height is picture, in the panel of the stage where it is most and in all of them, where
# nothing lies over it; a pad counts when something is on it.
LOOK = """() => {
    const box = (element) => element.getBoundingClientRect();
    const strip = box(document.querySelector(".strip"));
    const [from, to] = strip.top > innerHeight / 2 ? [0, strip.top] : [strip.bottom, innerHeight];
    const pictures = "figure, svg:not(.pad), canvas, table, .draw:has(.pad image), .text-block, .tiles, .formula";
    const share = (panels) => {
        const spans = panels.flatMap((panel) => [...panel.querySelectorAll(pictures)].map(box))
            .map(({ top, bottom }) => [Math.max(top, from), Math.min(bottom, to)])
            .filter(([top, bottom]) => bottom > top).sort(([a], [b]) => a - b);
        let [filled, end] = [0, 0];
        for (const [top, bottom] of spans) {
            filled += Math.max(0, bottom - Math.max(top, end));
            end = Math.max(end, bottom);
        }
        return filled / innerHeight;
    };
    const panels = [...document.querySelectorAll(".bench > .stage > section")];
    const controls = [...document.querySelectorAll(".strip :is(input, select, .transport button)")].map(box);
    const hidden = controls.filter(({ top, bottom }) => top < 0 || bottom > innerHeight).length;
    return { main: Math.max(...panels.map((panel) => share([panel]))), all: share(panels), scrolled: scrollY, hidden,
             strip: strip.height };
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
    const wide = [...document.querySelectorAll("section[data-panel], .reading > .wide")];
    return [...words, ...wide.filter((panel) => panel.scrollWidth > panel.clientWidth + 1)].map(name);
}"""
# Exact values that are shown beyond the screen's edges, while the pointer is on the outermost cells of pictures.
BEYOND = """async () => {
    const [found, frame] = [new Set(), () => new Promise((done) => requestAnimationFrame(done))];
    let shown = 0;
    for (const canvas of document.querySelectorAll("main .heatmap > canvas:first-child")) {
        const { left, right, top, bottom } = canvas.getBoundingClientRect();
        if (left === right) continue;
        for (const [x, y] of [[left + 2, top + 2], [right - 2, bottom - 2]]) {
            const at = { clientX: x, clientY: y, bubbles: true };
            canvas.dispatchEvent(new PointerEvent("pointermove", at));
            await frame();
            const readout = canvas.parentElement.querySelector(".heatmap-readout");
            const box = readout.getBoundingClientRect();
            shown += box.width > 0;
            const out = box.width && (box.left < -1 || box.right > innerWidth + 1);
            if (out) found.add(`“${readout.innerText}” from ${box.left} to ${box.right}`);
            canvas.dispatchEvent(new PointerEvent("pointerleave", at));
        }
    }
    return shown ? [...found] : ["nothing is read"];
}"""
CLIPPED = """() => [...document.querySelectorAll(".code pre, .cm-scroller, .printed")]
    .filter((pane) => pane.clientWidth && pane.scrollWidth > pane.clientWidth + 1).length"""


def without_python(visit, size):
    tab = visit(None, viewport=size)
    tab.page.route("**/worker.js", lambda route: None)  # never answered, and nothing in the page waits for it
    tab.page.goto(tab.url)
    return tab


def go(tab, name: str) -> None:
    """To a page, until its main panel shows something."""
    tab.page.evaluate("(link) => { location.hash = link; }", f"#{name}")
    tab.page.wait_for_function("""(title) => document.querySelector("h1")?.textContent === title
        && document.querySelector(".bench > .stage > section:has(figure, svg, canvas, table, .draw, .empty)")""",
        arg=pages.page(name).title)
    tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_every_page_at_every_size(visit):
    """One walk: what a page needs is in view, nothing lies over anything or spills, and no parameter is there twice."""
    tab, faults = without_python(visit, WIDE), []
    for name in pages.names():
        go(tab, name)
        faults += faults_of(tab, name, bool(faults))
    assert not faults, faults
    assert tab.page.evaluate("document.documentElement.dataset.state") != "ready"


@pytest.mark.thorough
def test_every_page_at_every_size_when_python_has_answered_and_after_a_step(visit):
    tab, faults = visit("#start", viewport=WIDE), []
    for name in pages.names():
        tab.follow(f"#{name}")
        faults += faults_of(tab, name, bool(faults))
        for count in ("step-count", "written"):
            if tab[count].count() and tab["step"].is_enabled():
                tab["step"].click()
                tab.wait_number(count, "x > 0")
                tab.page.evaluate("scrollTo(0, 0)")
                faults += faults_of(tab, name, bool(faults))
    assert not faults, faults


def faults_of(tab, name: str, hurry: bool) -> Iterator[str]:
    """What is wrong with how a page looks, at all sizes."""
    print(name)  # is shown with a failure that is none of these
    yield from (f"{name}: {fault}" for fault in twice(tab, name))
    for size in SIZES:
        tab.page.set_viewport_size(size)
        tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = [*out_of_view(tab, name, size, hurry), *tab.page.evaluate(OVERLAPS), *tab.page.evaluate(SPILT)]
        yield from (f"{name} at {size['width']}: {fault}" for fault in found)


def test_exact_values_are_shown_within_the_screen(visit):
    tab = without_python(visit, WIDE)
    for name in ("methods", "simulator", "vision"):
        go(tab, name)
        tab.page.locator("main .heatmap canvas").first.wait_for()
        for width in (1280, 820, 360):
            tab.page.set_viewport_size({"width": width, "height": 760})
            assert tab.page.evaluate(BEYOND) == [], f"{name} at {width}"


def twice(tab, name: str) -> Iterator[str]:
    """Names that more than one element has, and main controls that are not there."""
    ids = tab.page.eval_on_selector_all("[id]", "all => all.map(({ id }) => id)")
    shown = tab.page.eval_on_selector_all("[data-param]", "all => all.map(({ dataset }) => dataset.param)")
    yield from (f"{each} is there {n} times" for all_ in (ids, shown) for each, n in Counter(all_).items() if n > 1)
    yield from (f"{each} is not there" for each in set(pages.page(name).mains()) - set(shown))


def out_of_view(tab, name: str, size: dict, hurry: bool) -> Iterator[str]:
    """What of a page should be in view at once on a screen of this size, and is not."""
    if size in (WIDE, PHONE):
        of = "all" if name in PAIRS else "main"
        with contextlib.suppress(TimeoutError):
            tab.page.wait_for_function(f"([of, least]) => ({LOOK})()[of] >= least", arg=[of, SHARE],
                                       timeout=1000 if hurry else 30_000)  # less than Python's files are waited for
        seen = tab.page.evaluate(LOOK)
        if seen[of] < SHARE or seen["scrolled"] or seen["hidden"] or (size is WIDE and seen["strip"] > ROW):
            yield str(seen)
    top, strip, position = tab.page.evaluate("""() => {
        const [stage, strip] = [".bench > .stage", ".strip"].map((part) => document.querySelector(part));
        const [{ top }, { height }] = [stage.getBoundingClientRect(), strip.getBoundingClientRect()];
        return [top, height, getComputedStyle(strip).position];
    }""")
    if position != "static" and strip > size["height"] / 4:
        yield f"the strip takes {strip} of {size['height']}"
    if size is ZOOMED and top > 0.85 * size["height"]:
        yield f"the head leaves no room for the picture, which begins at {top}"


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


def test_code_runs_with_its_picture_in_view_and_is_not_clipped(visit):
    tab = visit("#rung2", viewport=WIDE)
    tab.wait_text("code-state", "The shipped function is running.")
    tab["code-run"].click()
    tab.wait_text("code-state", "The shipped function is running.")
    assert tab.page.locator(".cm-scroller").count() == 1 and tab.page.evaluate(CLIPPED) == 0  # in the editor
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
