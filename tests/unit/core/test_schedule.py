"""How the rate goes: up a straight line, then down with one over the root."""

import pytest

from pyapp.core.schedule import inverse_root


def test_the_rate_rises_to_its_highest_and_falls_with_one_over_the_root():
    assert inverse_root(0, 100) == pytest.approx(0.01)
    assert inverse_root(99, 100) == 1.0 == max(inverse_root(step, 100) for step in range(1000))
    assert inverse_root(399, 100) == pytest.approx(0.5) and inverse_root(9999, 100) == pytest.approx(0.1)
