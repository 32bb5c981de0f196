"""What a person does in the arena. No test depends on how fast anything is."""


def measured(tab):
    tab.page.wait_for_function("document.querySelector(\"[data-test='measure']\").textContent.includes('again')")


def test_nothing_runs_until_it_is_asked_for_and_then_all_are_measured(visit):
    tab = visit("#arena?size=64&rounds=2")
    assert tab["times"].count() == 0 and "65,536" not in tab.text("traffic")
    assert "–" in tab.text("verdict-int8")
    tab["measure"].click()
    measured(tab)
    assert tab.text("progress") == "round 2 of 2"
    for name in ("int8", "widened", "int32", "einsum", "carried"):
        for race in ("given", "quantised"):
            row = tab.text(f"time-{name}-{race}")
            assert ("wrong" in row) == (name == "int8") and ("right" in row) == (name != "int8")
    assert "1.00" in tab.text("time-float32-given")
    assert "times as fast as float32" in tab.text("finding")


def test_numpys_int8_is_shown_to_wrap_around(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    tab["wrap-got"].wait_for()
    right, lost, got = (int(tab.text(f"wrap-{name}").replace("−", "-")) for name in ("right", "lost", "got"))
    assert right - lost == got and lost % 256 == 0 and lost != 0 and -128 <= got <= 127
    assert "none" not in tab.text("verdict-int8") and "none" in tab.text("verdict-einsum")


def test_stop_and_go_on(visit):
    tab = visit("#arena?size=128&rounds=25")
    tab["measure"].click()
    tab.page.wait_for_function("document.querySelector(\"[data-test='measure']\").textContent === 'Stop'")
    tab["measure"].click()
    tab.wait_text("measure", "Go on")
    tab["measure"].click()
    tab.wait_text("measure", "Stop")
    tab.wait_text("progress", "round 1 of")


def test_a_new_size_starts_anew(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    measured(tab)
    tab["size"].select_option("32x784x128")
    tab.wait_text("measure", "Measure")
    tab.page.wait_for_function("!document.querySelector(\"[data-test='times']\")")
    assert "size=32x784x128" in tab.page.url and "12,645,136" in tab["bound"].locator("xpath=..").inner_text()
    tab["measure"].click()
    measured(tab)
    assert tab["times"].is_visible()


def test_measured_again_and_another_page_while_it_runs(visit):
    tab = visit("#arena?size=64&rounds=1")
    tab["measure"].click()
    measured(tab)
    tab["measure"].click()
    tab.page.evaluate("location.hash = '#matmul'")
    tab.wait_text("step-title", "1.")
