"""The shell: start, failure, the check of this browser, life while it trains."""

import pytest

from pyapp.parity import check
from pyapp.parity.check import SEVEN


def test_the_page_is_alive_before_python(visit):
    tab = visit(None)
    tab.page.route("**/pyodide.asm.wasm", lambda route: None)  # never answered: Python does not come
    tab.page.goto(tab.url + "#digits")
    tab["pad"].wait_for()
    tab["shipped"].wait_for()
    tab.wait_text("progress", "MB")
    assert tab["play"].is_disabled()
    assert tab.page.locator("h1").inner_text() == "Training in float32"
    tab.expected = ("pyodide.asm.wasm",)


def test_a_control_that_is_moved_before_python_is_there_stays(visit):
    tab = visit(None)
    tab.page.goto(tab.url + "#staircase")
    tab.slide("bits", 3)
    tab.wait_ready()
    tab["curve"].select_option("tanh")  # answered after what was moved before
    tab.page.wait_for_url("**bits=3&curve=tanh")
    assert tab["bits"].input_value() == "3"


@pytest.mark.thorough
def test_a_failed_download_is_said_and_can_be_tried_again(visit):
    tab = visit(None)
    tab.expected = ("pyodide.asm.wasm", "net::ERR_FAILED", "net::ERR_ABORTED", "404")
    broken = {"now": True}
    tab.page.context.route("**/start.pack",
                           lambda route: route.fulfill(status=404) if broken["now"] else route.continue_())
    tab.page.goto(tab.url + "#digits")
    tab["retry"].wait_for()
    assert "could not be downloaded: 404" in tab.text("error")
    broken["now"] = False
    tab["retry"].click()
    tab.wait_ready()
    tab["play"].click()
    tab.wait_number("step-count", "x > 3")


def test_check_this_browser(visit):
    tab = visit("#check")
    tab.wait_text("check-summary", "this browser computes what CPython computes")
    assert "good" in tab["check-summary"].get_attribute("class")
    assert tab.page.locator("[data-test='checks'] tbody tr").count() == len(check.FIXTURES)
    assert {tab.text(f"checks-{fixture.name}-verdict") for fixture in check.FIXTURES} == {"holds"}
    tab.page.locator("[data-test='parity']", has_text="matches CPython, 4a60fbc5").wait_for()
    tab["check-summary"].evaluate("element => { element.dataset.old = true; }")
    tab["check-run"].click()  # what stood there goes, and the proof begins anew
    tab.page.locator("[data-test='check-summary']:not([data-old])", has_text="this browser computes").wait_for()


def test_a_page_begins_at_its_top_wherever_the_last_one_was_left(visit):
    tab = visit("#rung1")
    tab["next-page"].scroll_into_view_if_needed()
    assert tab.page.evaluate("scrollY") > 500
    tab["next-page"].locator("a").click()
    tab.page.locator("h1", has_text="Bend").wait_for()
    assert tab.page.evaluate("scrollY") == 0


def test_the_page_answers_while_it_trains(visit):
    tab = visit("#digits")
    tab["play"].click()
    tab.wait_number("step-count", "x > 10")
    tab.draw(SEVEN)
    tab.wait_number("bar-7", "x >= 0")
    tab.slide("bits", 2)
    tab.wait_number("quant-accuracy", "x >= 0")
    step = tab.number("step-count")
    tab.wait_number("step-count", f"x > {step}")  # and it has trained on all the while


def test_keys(visit):
    tab = visit("#digits")
    tab.page.keyboard.press("s")
    tab.wait_number("step-count", "x === 1")
    tab.page.keyboard.press("r")
    tab.wait_number("step-count", "x === 0")
    tab.page.keyboard.press("?")
    tab.page.locator("dialog[open]").wait_for()
    tab.page.keyboard.press("Escape")
    tab.page.locator("dialog[open]").wait_for(state="detached")
    tab.page.keyboard.press(" ")
    tab.wait_number("step-count", "x > 3")
    tab.page.keyboard.press(" ")
