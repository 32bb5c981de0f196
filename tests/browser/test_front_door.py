"""The page that everyone sees first: alive before Python is, a repair when it is there, and the ways on."""

import pytest

from pyapp import pages
from pyapp.parity.check import SEVEN


def test_it_works_before_python_does(visit):
    tab = visit(None)
    tab.page.route("**/vendor/pyodide/**", lambda route: None)  # never answered
    tab.page.goto(tab.url)
    tab.wait_text("verdict", "mistakes this 7 for an 8")
    for bits, accuracy, said in ((1, 59.1, "mistakes this 7 for a 1"), (2, 98.5, "recognises this 7"),
                                 (7, 99.2, "float32")):
        tab.slide("bits", bits)
        tab.wait_text("verdict", said)
        assert tab.number("now-accuracy") == accuracy
    assert tab["repair"].count() == 0
    tab.slide("bits", 0)
    tab["repair"].wait_for()
    assert tab["repair"].is_disabled() and "Recorded by CPython" in tab.text("recorded")
    tab["curve"].focus()
    tab.page.keyboard.press("ArrowRight")
    tab.wait_text("curve-value", "3 bits: just rounded 58.17%, trained 99.05%")
    a_pad_shows_what_was_recorded(tab)


def test_it_works_where_python_is_refused(visit):
    tab = visit(None)
    tab.expected = ("404", "fatal error", "DownloadError", "net::ERR_")
    tab.page.context.route("**/start.pack", lambda route: route.fulfill(status=404))
    tab.page.goto(tab.url)
    tab["error"].wait_for()
    assert "start.pack could not be downloaded: 404" in tab.text("error")
    tab.slide("bits", 2)
    tab.wait_text("verdict", "recognises this 7")
    assert tab.number("now-accuracy") == 98.5


def a_pad_shows_what_was_recorded(tab):
    """Of the test digit that it opens with, by the network that is chosen; never of what a reader draws on it."""
    tab.page.evaluate("location.hash = '#digits'")
    tab.wait_text("prediction", "1")  # by a network that has not learned yet
    tab["weights-pretrained"].check(force=True)
    tab.wait_text("prediction", "6")
    assert "Recorded by CPython" in tab.text("recorded") and tab.page.locator(".pad image").count() == 1
    assert tab.text("label") == "Its label is 6. Draw your own." and tab.number("confidence") > 99
    tab.draw(SEVEN)
    tab.wait_text("prediction", "Your drawing is read as soon as Python runs.")
    assert tab["label"].count() == 0
    tab["undo"].click()
    tab.wait_text("label", "Its label is 6")
    tab["clear"].click()
    tab.wait_text("prediction", "The pad is empty")


def test_two_bits_are_repaired_before_ones_eyes(visit):
    tab = visit("#start")
    assert tab.number("now-accuracy") == 10 and tab["recorded"].count() == 0
    tab.wait_text("offline", "Works only while connected: service workers are blocked here")  # by the Visitor
    tab.page.set_viewport_size({"width": 1280, "height": 720})
    box = tab["repair-curve"].bounding_box()
    assert box["y"] + box["height"] < 720  # one watches it from the button
    assert "weights just rounded" in tab.text("measured-with")
    tab["repair"].click()
    tab.wait_number("now-accuracy", "x > 90")
    tab.wait_text("repair", "again")
    tab.wait_text("verdict", "recognises this 7")
    assert "weights trained with 2-bit codes" in tab.text("measured-with")
    tab.slide("bits", 1)
    tab.wait_text("now-accuracy", "59.1")
    tab.wait_text("repair", "Repair 3 bits")


def test_its_doors_lead_somewhere(visit):
    tab = visit("#start")
    links = tab.page.locator("[data-panel='doors'] a")
    assert links.and_(tab.page.locator("[href$='onnxruntime/issues/28609']")).inner_text() == "ONNX Runtime 28609"
    for link in filter(None, links.evaluate_all("links => links.map((link) => link.hash)")):
        tab.follow(link)
        assert not tab.page.get_by_text("There is no page").count()
        tab.follow("#start")


def by_keys(tab, selector: str, text: str = "", most: int = 10, key: str = "Tab") -> None:
    """Press Tab until the focus is on a matching element, as a reader without a mouse does; it may be there already."""
    found = "(selector) => document.activeElement.matches(selector) ? document.activeElement.innerText : null"
    for _ in range(most):
        if (focused := tab.page.evaluate(found, selector)) is not None and text in focused:
            return
        tab.page.keyboard.press(key)
    raise AssertionError(f"{key}, {most} times, does not lead to {selector} {text!r}")


def test_the_guided_path_is_walked_by_keyboard_from_end_to_end(visit):
    tab = visit("#start")
    stops = pages.page("start").TOUR
    by_keys(tab, "[data-panel='doors'] a", "15 minutes", most=80)
    for number, (link, title, _) in enumerate(stops, 1):
        tab.page.keyboard.press("Enter")
        tab.wait_text("tour", f"{number} of {len(stops)}")
        assert title in tab.text("tour") and link.partition("?")[0] in tab.page.url
        tab.wait_ready()
        if number < len(stops):
            by_keys(tab, "[data-test='tour-next']")  # where the focus stays from the second stop on
    assert tab.page.locator(".tour a[href='#methods']").count() == 1  # from the end there are ways on
    by_keys(tab, "[data-test='tour-back']", key="Shift+Tab")
    tab.page.keyboard.press("Enter")
    tab.wait_text("tour", f"{len(stops) - 1} of {len(stops)}")
    tab.wait_ready()
    tab.slide("temperature", 0.5)
    tab.page.wait_for_url("**temperature=0.5**tour=5")  # and a changed parameter does not end it
    tab["tour-end"].click()
    tab["tour"].wait_for(state="detached")
    tab.wait_ready()


@pytest.mark.parametrize("stop", ["0", "7", "x", "1.5", "-1", "__proto__"])
def test_a_stop_that_there_is_not_shows_no_path(visit, stop):
    tab = visit(f"#affine?tour={stop}")
    assert tab["tour"].count() == 0 and "There is no parameter" not in tab.page.inner_text("#notes")


def test_an_embedded_page_shows_its_panels_alone(visit):
    tab = visit("#affine?bits=3&embed=1")
    for part in (".rail", ".masthead", "[data-panel='controls']"):
        assert not tab.page.locator(part).is_visible()
    assert tab["verdict-title"].is_visible() and "bits=3&embed=1" in tab.page.url
    tab.follow("#affine")
    assert tab.page.locator(".masthead").is_visible()
