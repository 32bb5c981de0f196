"""Every file that a page asks for is in turn missing, cut off and wrong."""

import gzip
import re

import pytest
from faults import CALM, FAULTS, Faulty, faults_from

from pyapp import pages
from pyapp.bench.serving import sent
from pyapp.places import ROOT

SAID = {"missing": "could not be downloaded: 404", "cut off": "it has", "wrong": "it has the sha256"}
LIST = "app/manifest.json"  # has no hash: what is damaged in it can only be noticed because it is no list
FIRST_VISIT, FIRST_VISIT_BROTLI = 8.7e6, 7e6  # bytes at most of what the start page loads, with gzip and with brotli
LATER = {  # what comes when a page first needs it
    "app/weights/gpt.npz": "#text?tokens=3", "app/weights/vit.npz": "#shift", "app/weights/encoder.npz": "#encoder",
    "app/weights/generator.npz": "#generator", "app/weights/check.npz": "#check",
}
TURNS = [0, *(pytest.param(turn, marks=pytest.mark.thorough) for turn in (1, 2))]  # all three: each file has each fault
UNNAMED = {"start.js", "modules.js", "integrity.js", "patience.js"}  # or nobody is there to say which file it is
# A page does without its first picture and without records, and shows formulas as they are written.
SPARED = re.compile(r"recorded/.*|app/weights/.*\.json|vendor/temml/.*")
UNHEARD = re.compile(r".*\.css cut off")  # half of a style sheet is one
TROUBLE = "#unserved, [data-test=error], [data-test$=trouble]"


@pytest.mark.parametrize("turn", TURNS)
def test_each_file_of_a_start_in_turn_is_missing_cut_off_or_wrong(visit, turn):
    """What a start fetches, and what comes later: the page says which it is, and goes on when the file is back."""
    tab = visit(None)
    fault = Faulty(tab)
    tab.open()
    loaded = list(dict.fromkeys(fault.asked))
    if turn == 0:
        assert sum(len(gzip.compress((ROOT / "web" / name).read_bytes(), 6)) for name in loaded) <= FIRST_VISIT
    elif turn == 1:  # thorough, because packing takes a minute
        assert sent(loaded).get("brotli", 0) <= FIRST_VISIT_BROTLI
    needed = [path for path in loaded if path.startswith(("vendor/pyodide/", "data/", "app/"))
              and not path.startswith(("app/pages", "app/icons/"))]
    assert {LIST, "app/start.pack", "vendor/pyodide/pyodide.asm.wasm"} < set(needed) and len(needed) > 10
    tab.expected = (*CALM, "DownloadError", "fatal error", "wasm")
    for i, (path, how) in enumerate(zip(needed, faults_from(turn), strict=False)):
        fault.be(path, how)
        tab["retry"].click() if i else tab.page.reload()
        said = "is not the list of files" if path == LIST and how != "missing" else SAID[how]
        tab.page.wait_for_function("""([path, said]) => {
            const text = document.querySelector("[data-test='error']")?.textContent ?? "";
            return text.startsWith(path) && text.includes(said);
        }""", arg=[path, said])
    fault.be()
    tab["retry"].click()
    tab.wait_ready()
    assert tab["error"].count() == 0

    for path, link in [*LATER.items()][: None if turn else 1]:
        for how in FAULTS:
            fault.be(path, how)
            tab.follow(link)
            tab.wait_text("notes", SAID[how])
            assert path in tab.text("notes")
        fault.be()
        tab.follow(link)
        assert tab["notes"].filter(has_text=path).count() == 0
    tab.follow("#text?tokens=3")
    tab["play"].click()
    tab.wait_number("written", "x === 3")


@pytest.mark.thorough
@pytest.mark.parametrize("turn", range(3))
def test_each_file_of_the_page_in_turn_is_missing_cut_off_or_wrong(alone, turn):
    """All that pages ask for without Python: the page says which file it is, or does without it."""
    tab, needed = alone, {}
    fault = Faulty(tab)

    def go(link: str, until: str = "networkidle") -> None:
        tab.page.goto("about:blank")  # else a link would only change the hash
        tab.page.goto(tab.url + link, wait_until=until)

    for link in ("#start?tour=1", *(f"#{name}" for name in pages.names())):
        go(link)
        needed = dict.fromkeys(fault.asked, link) | needed
    assert len(needed) > 150
    tab.expected = ("",)  # each visit from here on has a fault, which fills the console
    for path, how in zip(needed, faults_from(turn), strict=False):
        if path in ("index.html", "worker.js", LIST) or UNHEARD.fullmatch(f"{path} {how}"):
            continue
        fault.be(path, how)
        if SPARED.fullmatch(path):
            go(needed[path])
            assert tab.page.locator(TROUBLE).count() == 0 and tab.page.locator("#view [data-panel]").count(), path
        else:
            go(needed[path], until="commit")
            tab.page.locator(TROUBLE).filter(has_text="Bitladder " if path in UNNAMED else path).first.wait_for()
