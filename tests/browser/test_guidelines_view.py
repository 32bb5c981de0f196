"""What a person reads on the guidelines page."""

from pyapp.pages.base.guidelines import CLAIMS

START = {"width": 360, "height": 740}


def wait_measured(tab) -> None:
    tab.page.set_default_timeout(180_000)
    tab.page.locator("[data-test='tally']", has_text="hold on this network").wait_for()


def test_claims_are_measured_one_after_the_other_and_judged(visit):
    tab = visit("#guidelines")
    tab.page.locator("[data-test='tally']", has_text="Measuring").wait_for()
    wait_measured(tab)
    rows = [tab[f"claim-{claim.name}"] for claim in CLAIMS]
    verdicts = [row.get_attribute("data-verdict") for row in rows]
    assert set(verdicts) <= {"holds", "fails", "open"} and {"holds", "fails"} <= set(verdicts)
    assert f"{verdicts.count('holds')} of {len(CLAIMS)} claims hold on this network" in tab.text("tally")
    assert tab["claim-channel8"].get_attribute("data-verdict") == "fails"
    assert "does not hold here" in tab.text("claim-channel8") and "%" in tab.text("claim-channel8")
    tab["show"].select_option("fails")
    tab.page.wait_for_function("!document.querySelector(\"[data-verdict='holds']\")")
    assert tab["claim-channel8"].count() == 1 and tab["claim-w8a8"].count() == 0
    assert "show=fails" in tab.page.url


def test_a_link_leads_to_the_page_that_shows_it(visit):
    tab = visit("#guidelines")
    tab["claim-w8a8"].locator("a").click()
    tab.page.wait_for_function("document.querySelector('h1')?.textContent === 'Float or integer'")
    tab.page.wait_for_function("document.querySelector(\"[data-test='bits']\")?.value === '8'")
    tab.wait_number("done", "x > 0")
