"""Charts say in a sentence what they show: to who cannot see them always, and below them until a value is read."""

import re


def test_a_chart_says_what_it_shows_and_nothing_moves_when_it_is_read(visit):
    tab = visit("#staircase")
    sentence = re.compile(r"Between 2 and 8, input only falls from [\d.]+ to [\d.]+; both falls from .*\.")
    chart = tab["l1"]
    chart.scroll_into_view_if_needed()
    said = tab["l1-summary"]
    assert sentence.fullmatch(said.inner_text()) and said.get_attribute("aria-hidden") == "true"
    assert said.inner_text() in chart.get_attribute("aria-label")
    before = chart.bounding_box()
    chart.hover()
    said.wait_for(state="detached")
    assert "bits" in tab.text("l1-value") and chart.bounding_box() == before
    tab.page.mouse.move(0, 0)
    said.wait_for()

    tab.follow("#rung1")
    assert tab["loss-curve-summary"].count() == 0  # the empty chart says it itself
    tab["step"].click()
    tab["step"].click()
    tab.wait_text("loss-curve-summary", "Loss falls from 2.5000 to ")
    said = tab["loss-curve"].get_attribute("aria-label")
    assert re.search(r"Loss falls from [\d.]+ to [\d.]+ over \d+ steps?\.", said)

    tab.follow("#start")
    assert re.search(r"A handwritten digit\. 28 by 28 values between 0 and 1; the largest: row \d+, column \d+: ink",
                     tab["image"].get_attribute("aria-label"))
    assert "float32: largest at 7 (0." in tab.text("probabilities-summary")
