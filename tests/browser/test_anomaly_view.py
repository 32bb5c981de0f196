"""What a person does on the page Anomaly: hears the motor's faults, then their own recording."""

import numpy as np


def test_the_stream_runs_and_a_recording_of_ones_own_takes_its_place(visit, tmp_path):
    tab = visit("#anomaly")
    assert tab.page.get_by_text("faulty windows found").count() and tab.page.get_by_text("learning what").count() == 0
    tab["recorded"].wait_for(state="detached")  # which stays until the page has learned as much
    assert tab.page.get_by_text("faulty windows found").count()
    tab["by-bits"].locator("tbody tr").nth(4).wait_for()
    tab.page.get_by_role("button", name="Step").click()
    tab.wait_text("quant-alarms", "0")  # of one window, where the whole stream has many
    t = np.arange(2000)
    (tmp_path / "mine.csv").write_text("\n".join(["time,shake", *(f"{i / 100},{x:.4f}" for i, x in enumerate(
        np.sin(t / 3) + (t > 1800)))]))
    tab["load-file"].set_input_files(tmp_path / "mine.csv")
    tab.page.get_by_text("2,000 rows of 1 column are read here").wait_for()
    tab.page.get_by_text("Columns: shake").wait_for()
