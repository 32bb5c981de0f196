"""What a person does in the arena. No test depends on how fast anything is."""

import pytest


def measured(tab):
    tab.wait_text("measure", "Measure again")


def test_nothing_runs_until_it_is_asked_for_and_then_all_are_measured(visit):
    tab = visit("#arena?size=64&rounds=2")
    assert "SIMD kernels" in (said := tab.text("status")) and "no SIMD" not in said  # which are raced here
    assert tab["times"].count() == 0 and "65,536" not in tab.text("traffic")
    assert "–" in tab.text("verdict-obvious") and tab.text("measure") == "Measure"
    tab["measure"].click()
    measured(tab)
    assert tab.text("progress") == "round 2 of 2"
    for name in ("obvious", "widened", "int32", "einsum", "carried", "product"):
        for race in ("given", "quantised"):
            row = tab.text(f"times-{name}-{race}")
            assert ("wrong" in row) == (name == "obvious") and ("right" in row) == (name != "obvious")
    assert "1.00" in tab.text("times-float32-given")
    assert "times the speed of float32" in tab.text("finding")


@pytest.mark.thorough
def test_numpys_product_of_codes_is_shown_to_wrap_around(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    tab["wrap-got"].wait_for()
    right, lost, got = (int(tab.text(f"wrap-{name}").replace("−", "-").replace(",", ""))
                        for name in ("right", "lost", "got"))
    assert right - lost == got and lost % 2**16 == 0 and lost != 0 and -(2**15) <= got < 2**15
    assert tab.number("verdict-obvious-wrong") > 0.3 * 64**2 and tab.text("verdict-einsum-wrong") == "0"


@pytest.mark.thorough
def test_stop_and_go_on(visit):
    tab = visit("#arena?size=128&rounds=25")
    tab["measure"].click()
    tab.wait_text("measure", "Stop")
    tab.wait_text("progress", "round 1 of")
    tab["measure"].click()
    tab.wait_text("measure", "Continue")
    there = tab.text("progress")
    tab["times-obvious-given"].wait_for()
    assert "round 0" not in there and "25 of" not in there
    tab["measure"].click()
    tab.wait_text("measure", "Stop")
    tab.page.wait_for_function("""(there) => document.querySelector("[data-test='progress']").textContent !== there""",
                               arg=there)


@pytest.mark.thorough
def test_a_change_while_it_measures_stops_it(visit):
    tab = visit("#arena?size=128&rounds=25")
    tab["measure"].click()
    tab.wait_text("progress", "round 1 of")
    tab.slide("rounds", 1)
    tab.wait_text("progress", "round 0 of 1")
    assert tab.text("measure") in ("Measure", "Continue")  # a piece that was under way may be one of the new run
    assert tab["times"].count() == 0
    tab["measure"].click()
    measured(tab)
    assert tab.text("progress") == "round 1 of 1"


@pytest.mark.thorough
def test_a_new_size_starts_anew(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    measured(tab)
    tab["size"].select_option("32x784x128")
    tab["times"].wait_for(state="detached")
    assert tab.text("measure") == "Measure"
    assert "size=32x784x128" in tab.page.url and "255 · max Σ|w|" in tab.text("bound")
    tab["measure"].click()
    measured(tab)
    assert tab["times"].is_visible()


def test_measured_again_and_another_page_while_it_runs(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    measured(tab)
    tab["measure"].click()
    tab.follow("#affine")
    assert tab["measure"].count() == 0 and tab["bits"].is_enabled()
