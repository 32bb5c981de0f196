"""Words of the glossary are explained where they stand, and every page leads to the next."""

import pytest

MARK = ".story .word button"
OPEN = ".meaning:popover-open"


def test_a_word_is_explained_on_hover_and_its_link_can_be_reached(visit):
    tab = visit("#affine")
    mark = tab.page.locator(MARK, has_text="zero point")
    mark.hover()
    assert "stands for the real number 0" in tab.page.locator(OPEN).inner_text()
    tab.page.mouse.move(0, 0)
    tab.page.locator(OPEN).wait_for(state="detached")
    mark = tab.page.locator(MARK, has_text="SQNR")
    mark.hover()
    tab.page.locator(OPEN).locator("a").click()
    tab.page.wait_for_url("**/#simulator")


def test_a_word_is_explained_by_keyboard_and_escape_hides_it(visit):
    tab = visit("#affine")
    tab.page.locator(MARK, has_text="SQNR").focus()
    shown = tab.page.locator(OPEN)
    assert "Signal-to-quantisation-noise ratio" in shown.inner_text()
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Simulator" and shown.count() == 1
    tab.page.keyboard.press("Escape")
    assert shown.count() == 0
    assert tab.page.evaluate("document.activeElement.textContent") == "SQNR"  # where one was
    tab.page.keyboard.press("Enter")
    assert shown.count() == 1


@pytest.mark.thorough
def test_a_word_is_explained_where_it_is_touched_and_within_the_screen(visit):
    tab = visit("#simulator", viewport={"width": 360, "height": 780}, has_touch=True)
    for mark in tab.page.locator(".word button").all():
        mark.scroll_into_view_if_needed()
        mark.tap()
        box = tab.page.locator(OPEN).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and 0 <= box["y"] <= 780 - box["height"]
        assert tab.page.locator(OPEN).count() == 1
        tab.page.touchscreen.tap(4, box["y"] - 2 if box["y"] > 2 else box["y"] + box["height"] + 2)  # beside it
        tab.page.locator(OPEN).wait_for(state="detached")


def test_the_foot_of_a_page_leads_to_the_next(visit):
    tab = visit("#simulator")
    assert "Next: Symmetric or affine. When is a zero point" in tab.text("next-page")
    tab["next-page"].locator("a").click()
    tab.page.wait_for_url("**/#affine")
