"""Every file that a page asks for is in turn missing, cut off and wrong."""

import gzip
import itertools
import json
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
# Python's own and those that come with it, which the other tests here have, the service worker's, and what nobody runs.
OTHERS = re.compile(r"app/[\w.-]+|app/(icons|weights)/.*|data/.*|vendor/(pyodide|codemirror)/.*|.*/LICENSE|sw\.js"
                    r"|ui/(editor|offline)\.js|(boot|download)\.js|manifest\.webmanifest|index\.html|worker\.js")
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


def go(tab, link: str, until: str = "commit") -> None:
    tab.page.goto("about:blank")  # else a link would only change the hash
    tab.page.goto(tab.url + link, wait_until=until)


def named(tab, path: str) -> None:
    tab.page.locator(TROUBLE).filter(has_text="Bitladder " if path in UNNAMED else path).first.wait_for()


def asked_by_pages(tab, listed) -> dict[str, str]:
    """Each file that a page asks for without Python, with the link of the first such page."""
    needed = {}
    for page in pages.describe():
        name = page["name"]
        link = "#start?tour=1" if name == "start" else f"#{name}"
        go(tab, link, until="networkidle")
        # Its own are asked for last, and on a slow machine the network is idle before.
        own = [path for path in listed if re.fullmatch(rf"(app/pages|recorded)/{name}\.\w+", path)]
        modules = re.findall(r'"module": "([^"]+)"', json.dumps(page))
        tab.page.evaluate("(names) => Promise.all(names.map((name) => import(`./views/${name}.js`))).then(() => 1)",
                          modules)
        tab.page.wait_for_function("(own) => own.every((path) => performance.getEntriesByName(new URL(path, "
                                   "document.baseURI).href).length)", arg=own)
        asked = tab.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        needed = {url.removeprefix(tab.url): link for url in asked} | needed
    return needed


@pytest.mark.thorough
@pytest.mark.parametrize("turn", range(3))
def test_each_file_of_the_page_in_turn_is_missing_cut_off_or_wrong(alone, turn):
    """All that pages ask for without Python: the page says which file it is, or does without it."""
    tab, fault, listed = alone, Faulty(alone), json.loads((ROOT / "web" / LIST).read_text())["files"]
    needed = asked_by_pages(tab, listed)
    left_out = [path for path in listed if path not in needed and not OTHERS.fullmatch(path)]
    assert not left_out, left_out
    tab.expected = ("",)  # each visit from here on has a fault, which fills the console
    for path, how in zip(needed, faults_from(turn), strict=False):
        if path in ("index.html", "worker.js", LIST) or UNHEARD.fullmatch(f"{path} {how}"):
            continue
        fault.be(path, how)
        if SPARED.fullmatch(path):
            go(tab, needed[path], until="networkidle")
            tab.page.locator("#view [data-panel]").first.wait_for(state="attached")
            assert tab.page.locator(TROUBLE).count() == 0, path
        else:
            go(tab, needed[path])
            named(tab, path)


@pytest.mark.thorough
def test_each_module_that_comes_with_python_is_missing_cut_off_or_wrong(visit):
    """Those of its worker, and that of the offline copy, which comes when Python is ready."""
    tab = visit(None)
    tab.expected = ("",)
    fault = Faulty(tab)
    for path, how in itertools.product(("worker.js", "boot.js", "download.js", "ui/offline.js"), FAULTS):
        fault.be(path, how)
        go(tab, "#exponential")
        named(tab, path)


@pytest.mark.thorough
def test_each_module_of_the_editor_is_missing_cut_off_or_wrong(alone):
    tab = alone
    tab.expected = ("",)
    fault = Faulty(tab)

    def trouble() -> str:
        go(tab, "#start", until="load")
        return tab.page.evaluate("""() => import("./modules.js").then(({ load }) => load("ui/editor.js"))
            .then(() => "", ({ message }) => message)""")

    assert trouble() == ""
    needed = [path for path in fault.asked if path == "ui/editor.js" or path.startswith("vendor/codemirror/")]
    assert len(needed) == len(set(needed)) > 12
    for path, how in itertools.product(needed, FAULTS):
        fault.be(path, how)
        assert trouble().startswith(f"{path} could not be loaded: "), how
