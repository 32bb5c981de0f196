"""What every panel can do: its numbers and its pictures leave the page, and a link leads to it."""

import csv
from pathlib import Path

import pytest

from pyapp.runner import Runner
from pyapp.softmax.methods import METHODS

SMALL = "rows=32&length=16"


def saved(tab, name: str, part: str = "") -> bytes:
    """The saved file; of several, of which a browser may ask its reader whether all may come, the one with `part` in
    its name."""
    with tab.page.expect_download(lambda download: part in download.suggested_filename) as download:
        tab[name].click()
    return Path(download.value.path()).read_bytes()


def test_numbers_are_saved_and_shown_as_a_table_in_full(visit):
    tab = visit("#affine/skewed?bits=4")
    facts = Runner().open("affine")["frame"].scalars["skewed"]
    tab["skewed-menu"].click()
    lines = saved(tab, "skewed-csv").decode().splitlines()
    assert f"mean error,{facts['symmetric']['mean']!r},{facts['affine']['mean']!r}," in lines
    assert "from,to,before,after" in lines
    tab["skewed-table"].click()
    tab.wait_text("skewed-numbers", repr(facts["symmetric"]["maximum"]))
    tab["skewed-table"].click()
    tab["skewed-numbers"].wait_for(state="detached")


def test_pictures_are_saved_as_png(visit):
    tab = visit(f"#methods?{SMALL}")
    tab.wait_text("measured", f"{len(METHODS)} of {len(METHODS)}")
    tab["picture-menu"].click()
    assert saved(tab, "picture-png", "-3.").startswith(b"\x89PNG")


def test_pictures_are_saved_as_svg(visit):
    tab = visit("#affine")
    tab["skewed-menu"].click()
    svg = saved(tab, "skewed-svg", "-2.").decode()
    assert svg.startswith("<svg") and "var(--" not in svg.split("style=", 1)[1].split('"')[1] and "<path" in svg


@pytest.mark.thorough
def test_a_panel_without_pictures_offers_none(visit):
    tab = visit("#affine")
    tab["verdict-menu"].click()
    tab["verdict-link"].wait_for()
    assert tab["verdict-png"].count() == 0
    tab.page.keyboard.press("Escape")
    tab["verdict-link"].wait_for(state="detached")


def test_a_refused_full_screen_is_said(visit):
    tab = visit("#affine")
    tab["skewed-menu"].click()
    tab.page.evaluate("""() => {
        const panel = document.querySelector("section[data-panel='skewed']");
        panel.requestFullscreen = async () => { throw new TypeError("Permissions check failed"); };
    }""")
    tab["skewed-full"].click()
    tab.wait_text("skewed-said", "does not allow full screen here")


def test_a_pointer_that_is_there_before_a_heatmap_is_painted_reads_nothing(visit):
    tab = visit("#exponential")
    tab.page.evaluate("""() => (window.trying = new MutationObserver(() => {
        for (const canvas of document.querySelectorAll("canvas[role=application]")) {
            for (const type of ["pointermove", "pointerdown", "click"]) canvas.dispatchEvent(new PointerEvent(type));
        }
        window.tried = document.querySelectorAll("canvas[role=application]").length;
    })).observe(document.getElementById("view"), { childList: true, subtree: true })""")
    tab.follow("#errors")
    tab.page.wait_for_function("window.tried > 0")  # and the tab has no complaint
    tab.page.evaluate("window.trying.disconnect()")  # else who takes over the tab can read no heatmap by keyboard


@pytest.mark.parametrize("panel", ["glance", "nowhere"])
def test_a_link_leads_to_a_panel(visit, panel):
    tab = visit(f"#affine/{panel}?bits=3")
    if panel == "nowhere":
        tab.page.get_by_text("has no panel").wait_for()
    else:
        tab.page.wait_for_function("scrollY > 300")
    assert tab.page.evaluate("location.hash") == "#affine?bits=3"


def test_what_a_component_of_its_own_draws_is_saved_too(visit):
    tab = visit("#rung5")
    arrows = Runner().open("rung5")["frame"].scalars["into"]
    tab["arcs-menu"].click()
    lines = saved(tab, "arcs-csv").decode().splitlines()
    written = [",".join(arrows[0]), *(",".join(map(str, arrow.values())) for arrow in arrows)]
    at = lines.index(written[0])
    assert lines[at:at + len(written)] == written
    assert saved(tab, "arcs-svg").decode().count("<path") == len(arrows)


# Page, panel, how many pictures it has, and a row of its numbers: of curves and facts, bars and heatmap, images,
# matrices, a component of its own.
KINDS = (("rung1", "loss-curve", 1, ["0", "2.5"]), ("start", "see", 3, None), ("generator", "batch", 9, None),
         ("rung5", "weights", 0, None), ("rung5", "arcs", 1, None))


def test_every_kind_of_panel_gives_its_numbers_its_pictures_paper_and_a_link(visit):
    tab = visit("#rung1")
    tab.allow_clipboard()
    copied = "navigator.clipboard.readText()"
    for page, panel, pictures, row in KINDS:
        if tab.place != f"#{page}":
            tab.follow(f"#{page}")
        tab[f"{panel}-menu"].click()
        tab[f"{panel}-copy"].click()
        tab.wait_text(f"{panel}-said", "Copied")
        by_tab = list(csv.reader(tab.page.evaluate(copied).splitlines(), delimiter="\t"))
        by_comma = list(csv.reader(saved(tab, f"{panel}-csv", ".csv").decode().splitlines()))
        assert by_tab == by_comma and max(map(len, by_tab)) > 1, panel
        assert row is None or row in by_tab, panel
        tab[f"{panel}-table"].click()
        shown = tab[f"{panel}-numbers"].locator("tr").evaluate_all(
            "(rows) => rows.map((row) => [...row.cells].map(({ textContent }) => textContent))")
        assert shown[:9] == [one for one in by_tab if one][:9], panel
        tab[f"{panel}-table"].click()
        for kind, begins in (("png", b"\x89PNG"), ("svg", b"<svg")):
            if pictures == 1:  # of several the tests above save all, for Chromium may ask before the second
                assert saved(tab, f"{panel}-{kind}", f".{kind}").startswith(begins), panel
            assert tab[f"{panel}-{kind}"].count() == min(pictures, 1)
        tab[f"{panel}-link"].click()
        tab.wait_text(f"{panel}-said", "Link copied")
        assert tab.page.evaluate(copied).startswith(f"{tab.url}#{page}/{panel}")
        tab.page.evaluate("""() => {
            const { print } = window;
            window.print = () => {
                window.paper = [...document.querySelectorAll("section.printed")].map(({ dataset }) => dataset.panel);
                window.print = print;
            };
        }""")
        tab[f"{panel}-print"].click()
        assert tab.page.evaluate("[window.paper, document.querySelectorAll('.printed').length]") == [[panel], 0]
        if panel != "arcs":  # the last: once is enough, for what is the same everywhere
            tab.page.keyboard.press("Escape")
    tab[f"{panel}-full"].click()
    tab.page.wait_for_function("(name) => document.fullscreenElement?.dataset.panel === name", arg=panel)
    tab.page.evaluate("document.exitFullscreen()")
    tab.page.wait_for_function("!document.fullscreenElement")
