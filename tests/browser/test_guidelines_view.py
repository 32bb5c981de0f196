"""What a person reads on the guidelines page."""

import pytest

from pyapp.pages.base.guidelines import CLAIMS

START = {"width": 360, "height": 740}


def wait_measured(tab) -> None:
    tab.page.set_default_timeout(180_000)
    tab.page.locator("[data-test='tally']", has_text="hold on this network").wait_for()


@pytest.mark.thorough
def test_claims_are_measured_one_after_the_other_and_judged(visit):
    tab = visit("#guidelines")
    tab.page.locator("[data-test='tally']", has_text="Measuring").wait_for()
    wait_measured(tab)
    verdicts = [tab.text(f"claims-{claim.name}-verdict").split()[0] for claim in CLAIMS]
    assert set(verdicts) <= {"✓", "✗", "?"} and {"✓", "✗"} <= set(verdicts)
    assert f"{verdicts.count('✓')} of {len(CLAIMS)} claims hold on this network" in tab.text("tally")
    assert "does not hold here" in tab.text("claims-channel8-verdict") and "%" in tab.text("claims-channel8-facts")
    tab["show"].select_option("fails")
    tab.page.wait_for_function("!document.querySelector('tbody .good')")
    assert tab["claims-channel8"].count() == 1 and tab["claims-w8a8"].count() == 0
    assert "show=fails" in tab.page.url


def test_a_link_leads_to_the_page_that_shows_it(visit):
    tab = visit("#guidelines")
    tab["claims-w8a8"].locator("a").click()
    tab.page.wait_for_function("document.querySelector('h1')?.textContent === 'Integer inference'")
    tab.page.wait_for_function("document.querySelector(\"[data-test='bits']\")?.value === '8'")
    tab.wait_number("{done}", "x > 0")
