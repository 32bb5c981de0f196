"""The work that the benchmark times runs in every runtime."""

import pytest

from pyapp.bench.workloads import WORKLOADS, timed


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_workloads_are_timed(workload):
    times = timed(workload, repeats=1)["ms"]
    assert len(times) == 1 and times[0] > 0
