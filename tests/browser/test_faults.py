"""When a file of the page cannot be had: the page says which, all else works, and Retry works."""

import re

import pytest
from faults import CALM, Broken, Hung

from pyapp.pages import page

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
