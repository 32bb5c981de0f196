"""Stories: told before Python is there, without a file that does not come, and never as HTML."""

import re

import pytest

from pyapp import pages

CALM = ("net::ERR_", "404", "Failed to load", "aborted")
TOLD = "−l/s is seldom a whole number."  # in the story of Symmetric or affine


def test_a_story_needs_no_python(visit):
    """Formulas and numbers from recipes too; only the source waits."""
    tab = visit(None)
    tab.expected = CALM
    tab.page.context.route("**/vendor/pyodide/**", lambda route: None)  # is never answered
    tab.page.goto(f"{tab.url}#qat")
    story = tab.page.locator(".story")
    story.get_by_text("1. Forward with codes").wait_for()
    story.locator("math").first.wait_for()
    story.get_by_text("The Python of pyapp.").first.wait_for()
    assert re.search(r"has learned from 55,000 images", story.inner_text())
    assert "{{" not in story.inner_text() and "–0" not in story.inner_text()
    assert tab.page.evaluate("document.documentElement.dataset.state") == "boot"


def test_the_source_comes_with_python(visit):
    tab = visit("#affine")
    for name in pages.sources("affine"):
        tab.page.get_by_label(f"Source of {name}").first.wait_for(state="attached")
    tab.page.locator(".story summary").first.wait_for()


@pytest.mark.thorough
def test_a_story_that_does_not_come_is_asked_for_again(visit):
    tab = visit(None)
    lost = ""
    tab.page.context.route(lambda url: lost and lost in url, lambda route: route.abort())
    for lost in ("app/pages/affine.md", "vendor/marked/marked.esm.js", "vendor/highlight/core.min.js"):
        path = lost
        print(path)  # is shown with a failure
        tab.expected = (*CALM, path)
        tab.page.goto(f"{tab.url}#affine")
        tab.page.reload()
        tab.wait_text("story-trouble", f"{path} could not be loaded")
        if path.endswith(".md"):
            tab.wait_ready()  # all the rest of the page works
        lost = ""
        tab["story-retry"].click()
        tab.page.get_by_text(TOLD).wait_for()
        assert tab["story-trouble"].count() == 0


def test_a_damaged_story_is_fetched_once_more(alone):
    tab = alone
    answers = ["# How it works\n\nThe words of somebody else.\n"]
    tab.page.context.route("**/app/pages/affine.md", lambda route: route.fulfill(body=answers.pop()) if answers else
                           route.continue_())
    tab.page.goto(f"{tab.url}#affine")
    tab.page.get_by_text(TOLD).wait_for()
    assert not answers and "somebody else" not in tab.page.locator(".story").inner_text()


@pytest.mark.thorough
def test_without_the_converter_formulas_are_tex(alone):
    tab = alone
    tab.expected = (*CALM, "temml")
    tab.page.context.route("**/temml.mjs", lambda route: route.abort())
    tab.page.goto(f"{tab.url}#affine")
    tab.page.get_by_text(r"\hat{x} = s(q - z)").wait_for()


@pytest.mark.thorough
def test_a_sentence_of_markdown(visit):
    """Roles are classes, HTML is text, and a link leads within the site or to https alone."""
    tab = visit("#exponential")
    text = ("**8 bits** in [orange](.quant), [a](#affine) [b](javascript:alert(1)) <img src=x onerror=alert(1)> "
            "1. no list")
    made = tab.page.evaluate("""async (text) => {
        const [{ drawn, parse }, { render }] = await Promise.all([import("./ui/markdown.js"), import("preact")]);
        const box = document.createElement("p");
        render(drawn(parse(text)[0].tokens, {}), box);
        return box.innerHTML;
    }""", text)
    assert made == ('<strong>8 bits</strong> in <span class="quant">orange</span>, <a href="#affine">a</a> '
                    "[b](javascript:alert(1)) &lt;img src=x onerror=alert(1)&gt; 1. no list")


def test_a_long_formula_scrolls_and_the_page_does_not(visit):
    tab = visit("#inference", viewport={"width": 320, "height": 640})
    formula = tab.page.locator(".story .formula").first
    formula.locator("math").first.wait_for()
    assert formula.evaluate("(node) => node.scrollWidth > node.clientWidth")
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 320
