"""A control that would change nothing is disabled, and its help says why, before Python is there as well."""

import pytest


@pytest.mark.thorough
def test_the_group_size_is_for_groups(visit):
    tab = visit("#simulator?per=tensor")
    assert tab["group"].is_disabled() and "No effect now: there are no groups." in tab.text("group-why")
    assert tab.page.locator("[data-param='group']").get_attribute("title") == "No effect now: there are no groups."
    tab["per"].select_option("group")
    assert tab["group"].is_enabled() and tab["group-why"].count() == 0
    tab["values"].fill("1 2 3")
    tab["values"].blur()
    for name in ("data", "rows", "columns", "seed"):
        tab.page.locator(f"[data-test='{name}']:disabled").wait_for()
    tab.page.reload()
    assert tab.wait_ready()["seed"].is_disabled()
