import math

import numpy as np
import pytest

from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def test_the_table_of_slopes(runner):
    found = runner.open("rung2")["frame"]
    assert [row["z"] for row in found.scalars["sigmoid"]] == [-10, -5, -2, 0, 2, 5, 10]
    for z, s, slope in ((row["z"], row["sigmoid"], row["slope"]) for row in found.scalars["sigmoid"]):
        assert s == pytest.approx(1 / (1 + math.exp(-z)))
        assert slope == pytest.approx(math.exp(-z) / (1 + math.exp(-z)) ** 2)
    assert found.scalars["best_slope"] == 0.25 and found.scalars["through_layers"] == 0.25**10


def test_the_chain_rule_term_is_the_gradient(runner):
    frame = runner.open("rung2", {"w": -1, "b": 3})["frame"]
    x, chain, error, slope = (np.array([point[name] for point in frame.scalars["points"]])
                              for name in ("x", "chain", "error", "slope"))
    assert frame.scalars["dw"] == pytest.approx(2 * np.mean(chain * x))
    assert frame.scalars["db"] == pytest.approx(2 * np.mean(chain))
    assert chain == pytest.approx(error * slope)


def test_one_bend_climbs_a_stair_but_no_hill(runner):
    run = runner.open("rung2", {"w": 1, "b": -2})["run"]
    assert runner.advance(run, steps=2000)["frame"].scalars["loss"] == pytest.approx(0.25, abs=1e-3)
    frame = runner.change(run, "points", "stair")["frame"]
    assert [point["y"] for point in frame.scalars["points"]] == [0, 0, 1, 1]
    assert runner.advance(run, steps=2000)["frame"].scalars["loss"] < 0.01


def test_a_saturated_start_does_not_move(runner):
    run = runner.open("rung2", {"w": 4, "b": 10})["run"]
    before = runner.advance(run, steps=1)["frame"].arrays["here"]
    after = runner.advance(run, steps=100)["frame"].arrays["here"]
    assert np.abs(after - before).max() < 1e-3 and runner.advance(run, steps=1)["frame"].scalars["loss"] > 0.49


def test_an_edited_sigmoid_bends_everything(runner):
    run = runner.open("rung2")["run"]
    frame = runner.edit(run, "sigmoid", "def sigmoid(z):\n    return np.tanh(z)")["frame"]
    assert frame.arrays["curve_y"].min() < -0.9
    for row in frame.scalars["sigmoid"]:
        assert row["sigmoid"] == pytest.approx(np.tanh(row["z"]))
