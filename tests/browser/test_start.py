"""When the page's own files cannot be had: it says which, Retry works, and the log opens whatever else does not."""

import gzip
import itertools
import mimetypes
import re

import pytest

from pyapp import pages
from pyapp.bench.serving import sent
from pyapp.pages import page
from pyapp.places import ROOT

CALM = ("net::ERR_", "404", "MIME type", "SyntaxError", "Unexpected token", "Failed to load", "preload", "aborted",
        "'integrity' attribute")


class Broken:
    """While `now`, a file of the site is answered in this way."""

    def __init__(self, tab, path: str, how: str):
        self.now, self.how = True, how
        tab.expected = (*CALM, path)
        tab.page.context.route(f"**/{path}*", self._answer)

    def _answer(self, route):
        if not self.now:
            route.continue_()
        elif self.how == "lost":
            route.abort()
        elif self.how == "hung":
            pass
        elif self.how == "missing":
            route.fulfill(status=404)
        elif self.how == "a web page":
            route.fulfill(content_type="text/html", body="<!doctype html><title>Welcome</title>")
        else:
            route.fulfill(content_type="text/javascript", body="export const damaged = ;")


WAYS = {"lost": "Failed to fetch", "missing": "404", "a web page": "not as JavaScript", "damaged": "bytes instead of"}


def test_the_program_cannot_be_loaded(alone):
    tab = alone
    for path, how in (("vendor/preact/standalone.module.js", "damaged"), ("main.js", "missing")):
        print(path, how)  # is shown with a failure
        broken = Broken(tab, path, how)
        tab.page.goto(tab.url + "#digits")
        tab.page.reload()
        tab.wait_text("unstarted", f"{path} could not be loaded: ")
        assert WAYS[how] in tab.text("unstarted"), how
        tab.page.evaluate("document.documentElement.dataset.old = ''")
        tab.page.get_by_role("button", name="Retry").click()  # no use yet
        tab.page.wait_for_function("!('old' in document.documentElement.dataset)")
        tab.wait_text("unstarted", f"{path} could not be loaded: ")
        broken.now = False
        tab.page.get_by_role("button", name="Retry").click()
        tab["pad"].wait_for()
        assert tab["unstarted"].count() == 0, how


def test_a_view_cannot_be_loaded(alone):
    tab = alone
    for path, how in (*(("ui/page.js", how) for how in WAYS), ("ui/workbench.js", "damaged"), ("ui/story.js", "lost")):
        print(path, how)  # is shown with a failure
        broken = Broken(tab, path, how)
        tab.page.goto(f"{tab.url}#affine?bits=3")
        tab.page.reload()
        tab.wait_text("error", f"{path} could not be loaded: ")
        assert WAYS[how] in tab.text("error"), how
        assert tab.page.locator("h1").inner_text() == page("affine").title
        broken.now = False
        tab["retry"].click()
        tab["bits"].wait_for(state="attached")
        tab["error"].wait_for(state="detached")
        assert "bits=3" in tab.page.url


@pytest.mark.thorough
def test_a_part_that_cannot_be_loaded_says_so_in_its_panel_and_all_else_works(visit):
    """Each on a page where it is first needed, for a module is loaded once."""
    tab = visit("#digits", cold=True)
    for link, path, how, part in (
            ("#rung3", "ui/live-code.js", "missing", "code-text"),
            ("#rung4", "views/embeddings.js", "lost", "cells-blue-1"),
            ("#rung5", "views/arcs.js", "a web page", "look-1"), ("#rung1", "views/surface.js", "damaged", "surface")):
        print(path, how)  # is shown with a failure
        broken = Broken(tab, path, how)
        tab.follow(link)
        tab.wait_text("part-trouble", f"{path} could not be loaded: ")
        assert WAYS[how] in tab.text("part-trouble") and tab["error"].count() == 0 and tab[part].count() == 0
        if link in ("#rung1", "#rung3"):  # the others have nothing to train
            tab["step"].click()
            tab.wait_number("step-count", "x === 1")
        tab.follow("#digits")
        assert tab["part-trouble"].count() == 0 and tab["play"].is_enabled()
        tab.follow(link)
        tab.wait_text("part-trouble", f"{path} could not be loaded: ")
        broken.now = False
        tab["part-retry"].first.click()
        tab[part].first.wait_for()
        assert tab["part-trouble"].count() == 0
    tab.page.context.unroute_all()


@pytest.mark.parametrize(("path", "how"), [
    ("pages.json", "missing"), ("pages.json", "damaged"), ("boot.js", "missing")])
def test_the_list_of_pages_or_a_module_of_the_worker_cannot_be_loaded(visit, path, how):
    tab = visit(None)
    broken = Broken(tab, path, how)
    tab.page.goto(tab.url + "#digits")
    tab.wait_text("error", path)
    assert WAYS[how] in tab.text("error")
    broken.now = False
    tab["retry"].click()
    tab["pad"].wait_for()
    tab["error"].wait_for(state="detached")
    tab.wait_ready()


@pytest.mark.parametrize("paths", [("pages.json", "worker.js"), ("views/draw.js", "app/pages/digits.md", "start.pack")])
def test_when_the_connection_is_back_one_press_retries_all_that_failed_meanwhile(alone, paths):
    tab = alone
    tab.page.context.unroute_all()
    broken = [Broken(tab, path, "lost") for path in paths]
    tab.expected = (*CALM, *paths)
    tab.page.goto(tab.url + "#digits")
    for path in paths:
        tab.page.locator("#main [role=alert]", has_text=f"{path} could not be").wait_for()
    for each in broken:
        each.now = False
    tab["retry"].first.click()
    tab["pad"].wait_for()
    tab.wait_ready()
    tab.page.locator("[data-panel=story] .prose p").first.wait_for(state="attached")
    assert tab.page.get_by_role("alert").count() == 0 and tab.page.get_by_role("button", name="Retry").count() == 0


@pytest.mark.thorough
def test_the_editor_cannot_be_loaded(visit):
    tab = visit(None)
    broken = Broken(tab, "vendor/codemirror/view/index.js", "lost")
    tab.page.goto(tab.url + "#rung1")
    tab.wait_text("code-trouble", "vendor/codemirror/view/index.js could not be loaded: ")
    broken.now = False
    tab["code-retry"].click()
    tab["code-text"].wait_for()
    assert tab["code-trouble"].count() == 0


TICK = 5000  # milliseconds between two looks of the page at a connection that is silent


class Hung(Broken):
    """A file that is requested and never comes. The page's clock is wound on until the page gives up."""

    def __init__(self, tab, path: str):
        tab.page.clock.install()
        super().__init__(tab, path, "hung")
        self.page, self.path, self.under_way = tab.page, path, set()
        tab.page.context.on("request", lambda request: self.under_way.add(request))
        for end in ("requestfinished", "requestfailed"):
            tab.page.context.on(end, lambda request: self.under_way.discard(request))

    def wind(self, place) -> None:
        """Time passes until `place` is there, but only while everything else that was requested has come."""
        for _ in range(100):
            while any(self.path not in request.url for request in self.under_way):
                self.page.request.get(self.page.url)
            self.page.request.get(self.page.url)  # takes as long as a request that the page may be about to make
            if place.count():
                return
            self.page.clock.run_for(TICK)
        pytest.fail(f"the page does not give up waiting for {self.path}")


@pytest.mark.parametrize("path", ["main.js", pytest.param("modules.js", marks=pytest.mark.thorough)])
def test_a_connection_that_hangs_before_the_program_is_there_is_reported(alone, path):
    tab = alone
    hung = Hung(tab, path)
    tab.page.goto(tab.url + "#digits", wait_until="commit")
    hung.wind(tab["unstarted"])
    assert path in tab.text("unstarted") and re.search(r"arrived? (for|within) \d+ seconds", tab.text("unstarted"))
    hung.now = False
    tab.page.get_by_role("button", name="Retry").click()
    hung.wind(tab["pad"])
    assert tab["unstarted"].count() == 0


@pytest.mark.parametrize(("path", "trouble", "retry"), [
    ("ui/page.js", "error", "retry"), ("worker.js", "error", "retry"), ("views/draw.js", "part-trouble", "part-retry")])
def test_a_connection_that_hangs_is_reported(visit, path, trouble, retry):
    tab = visit(None)
    hung = Hung(tab, path)
    tab.page.goto(tab.url + "#digits", wait_until="commit")
    hung.wind(tab[trouble].filter(has_text=path))  # the file is looked for when it is known that one hangs
    assert "nothing has arrived for" in tab.text(trouble)
    hung.now = False
    tab[retry].click()
    tab["pad"].wait_for()
    tab[trouble].wait_for(state="detached")


def test_a_frame_that_allows_too_little_is_reported_with_a_link(alone):
    tab = alone
    tab.expected = ("origin 'null'", "net::ERR_", "preload", "escape its sandboxing")
    allow = ["allow-scripts"]
    tab.page.route("**/framed", lambda route: route.fulfill(content_type="text/html", body=(
        f'<!doctype html><title>Framed</title><iframe sandbox="{" ".join(allow)}" src="./#affine?bits=3"></iframe>')))
    tab.page.goto(f"{tab.url}framed")
    frame = tab.page.frame_locator("iframe")
    said = frame.locator("[data-test='unstarted']")
    assert "This frame does not allow Bitladder to run" in said.inner_text()
    assert said.get_by_role("link").get_attribute("href") == f"{tab.url}#affine?bits=3"
    assert said.get_by_role("button").count() == 0, "another try would change nothing"
    allow.append("allow-same-origin")
    tab.page.reload()
    frame.locator("[data-test='bits']").wait_for(state="attached")


@pytest.mark.thorough
def test_a_style_sheet_cannot_be_loaded(alone):
    tab = alone
    broken = Broken(tab, "workbench.css", "missing")
    tab.page.goto(tab.url + "#digits")
    tab.wait_text("unstarted", "workbench.css could not be loaded")
    broken.now = False
    tab.page.get_by_role("button", name="Retry").first.click()
    tab["unstarted"].wait_for(state="detached")
    tab["pad"].wait_for()
    assert tab.page.evaluate("[...document.styleSheets].every((sheet) => sheet.cssRules.length)")


@pytest.mark.thorough
def test_a_damaged_file_is_fetched_again_or_named(visit):
    tab = visit(None)
    tab.expected = ("start.pack", "aborted")
    damage = {"left": 2}

    def answer(route):
        damage["left"] -= 1
        body = route.fetch().body()
        route.fulfill(body=body[:-9] if damage["left"] >= 0 else body, content_type="application/octet-stream")

    tab.page.context.route("**/start.pack", answer)
    tab.page.goto(tab.url + "#digits")
    tab.wait_text("error", "app/start.pack is not the file that this site should have: it has")
    damage["left"] = 1
    tab["retry"].click()
    tab.wait_ready()
    assert tab["error"].count() == 0 and damage["left"] == -1
    tab["log"].click()
    said = tab.text("log-lines")
    assert "app/start.pack has" in said and said.count("it is fetched again.") == 2


FAULTS = {"missing": lambda content: None, "cut off": lambda content: content[: len(content) // 2],
          "wrong": lambda content: content[::-1]}
SAID = {"missing": "could not be downloaded: 404", "cut off": "it has", "wrong": "it has the sha256"}
LIST = "app/manifest.json"  # has no hash: what is damaged in it can only be noticed because it is no list
FIRST_VISIT, FIRST_VISIT_BROTLI = 8.7e6, 7e6  # bytes at most of what the start page loads, with gzip and with brotli
LATER = {  # what comes when a page first needs it
    "app/weights/gpt.npz": "#text?tokens=3", "app/weights/vit.npz": "#shift", "app/weights/encoder.npz": "#encoder",
    "app/weights/generator.npz": "#generator", "app/weights/check.npz": "#check",
}
TURNS = [0, *(pytest.param(turn, marks=pytest.mark.thorough) for turn in (1, 2))]  # all three: each file has each fault


def faults_from(turn: int):
    """The faults again and again, beginning with this one."""
    return itertools.islice(itertools.cycle(FAULTS), turn, None)


class Faulty:
    """The site, but for one file that is at fault."""

    def __init__(self, tab):
        self.tab, self.context, self.path, self.how, self.asked = tab, tab.page.context, "", "", []
        self.context.on("request", lambda request: self.asked.append(self.name(request)))

    def name(self, request) -> str:
        return request.url.removeprefix(self.tab.url).partition("#")[0] or "index.html"

    def be(self, path: str = "", how: str = "") -> None:
        """From now on this file has this fault and no other has any; only this one is asked of Python."""
        print(path, how)  # is shown with a failure
        self.context.unroute(self.tab.url + self.path)
        self.path, self.how = path, how
        if path:
            self.tab.expected = (*self.tab.expected, path)
            self.context.route(self.tab.url + path, self._answer)

    def _answer(self, route):
        body = FAULTS[self.how]((ROOT / "web" / self.path).read_bytes())
        kind = mimetypes.guess_type(self.path)[0] or "application/octet-stream"
        return route.fulfill(status=404) if body is None else route.fulfill(body=body, content_type=kind)


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


UNNAMED = {"start.js", "modules.js", "integrity.js", "patience.js"}  # or nobody is there to say which file it is
# A page does without its first picture and without records, and shows formulas as they are written.
SPARED = re.compile(r"recorded/.*|app/weights/.*\.json|vendor/temml/.*")
UNHEARD = re.compile(r".*\.css cut off")  # half of a style sheet is one
TROUBLE = "#unserved, [data-test=error], [data-test$=trouble]"


def test_a_module_and_a_style_sheet_that_are_damaged_and_work_are_named(visit):
    tab = visit(None)
    tab.page.context.route("**/ui/export.js", lambda route: route.fulfill(response=(got := route.fetch()),
                                                                          body=f"{got.text()}\n"))
    tab.page.context.route("**/workbench.css", lambda route: route.fulfill(response=(got := route.fetch()),
                                                                           body=got.text()[:-200]))
    tab.open("#exponential")
    said = tab.page.locator("#trouble")
    said.filter(has_text=re.compile("Damaged on the way: workbench.css, it has .*; ui/export.js, it has ")).wait_for()
    tab.page.context.unroute_all()
    said.get_by_role("button", name="Retry").click()
    tab.wait_text("offline", "Works only while connected")  # it comes after the files were checked
    assert said.inner_text() == ""


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


def test_the_log_opens_while_python_starts_and_when_it_cannot(visit):
    tab = visit(None)
    tab.expected = ("start.pack", "net::ERR_", "404", "fatal error", "DownloadError")
    tab.page.context.route("**/start.pack", lambda route: route.fulfill(status=404))
    tab.page.goto(tab.url + "#digits")
    tab["error"].wait_for()
    tab.page.get_by_role("button", name="Open the log").click()
    assert "start.pack could not be downloaded: 404" in tab.text("log-lines")
    tab["log-copy"].click()
    tab.page.locator("dialog [role=status]", has_text="opied").or_(
        tab.page.locator("dialog [role=status]", has_text="selected")).wait_for()
    tab["log-close"].click()
    tab.page.locator("dialog.log").wait_for(state="hidden")


def test_the_log_holds_what_python_printed(visit):
    tab = visit("#digits?rate=nonsense")
    tab["log"].click()
    lines = tab.text("log-lines")
    assert "Ready: Python 3" in lines and "#digits" in lines
    tab.page.keyboard.press("Escape")
    tab.page.locator("dialog.log").wait_for(state="hidden")


# As a browser does whose settings forbid pages to store anything.
FORBID = """const forbid = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
    indexedDB.open = forbid;
    for (const at of ["localStorage", "caches"]) Object.defineProperty(window, at, { get: forbid });"""


def test_python_starts_after_the_view_and_without_one_too(visit):
    """The view's bytes do not wait behind Python's; a view that never comes does not keep Python waiting, nor does a
    storage that is forbidden."""
    tab = visit(None)
    tab.page.add_init_script(FORBID)
    asked = []
    tab.page.context.on("request", lambda request: asked.append(request.url.removeprefix(tab.url)))
    with tab.page.expect_request("**/app/start.pack"):
        tab.page.goto(tab.url + "#digits")
    assert asked.index("app/start.pack") > max(map(asked.index, ("ui/page.js", "ui/kinds/charts.js")))
    broken = Broken(tab, "ui/page.js", "missing")
    asked.clear()
    tab.page.reload()
    tab["error"].wait_for()
    tab.page.locator("[data-test='status']", has_text="ready").wait_for()
    broken.now = False
    tab["retry"].click()
    tab.wait_ready()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab.wait_text("unkept", "does not let the page keep your work (The operation is insecure.)")
