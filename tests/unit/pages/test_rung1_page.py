from pathlib import Path

import numpy as np
import pytest

from pyapp.ladder.line import X, Y
from pyapp.pages import rung1
from pyapp.pages.base.descent import shades
from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def test_the_line_goes_where_the_formula_says(runner):
    run = runner.open("rung1")["run"]
    answer = runner.advance(run, steps=1500)
    found = answer["frame"].scalars
    assert (found["w"], found["b"], found["loss"]) == pytest.approx((0, 0.5, 0.25), abs=1e-6)
    assert (found["closed_w"], found["closed_b"], found["closed_loss"]) == pytest.approx((0, 0.5, 0.25))
    steps, losses = (answer["history"]["loss"][name] for name in ("step", "value"))
    assert steps[-1] == 1500 and np.all(np.diff(losses) <= 1e-15)


def test_a_frame_says_where_the_step_leads(runner):
    run = runner.open("rung1", {"w": 1.5, "b": -2, "rate": 0.1})["run"]
    frame = runner.advance(run, steps=1)["frame"]
    w, b = 1.5, -2.0
    e = w * X + b - Y
    assert frame.arrays["trail"].tolist() == [[1.5, -2, np.mean(e * e)]]
    assert frame.arrays["here"] == pytest.approx([w - 0.1 * 2 * np.mean(e * X), b - 0.1 * 2 * np.mean(e)])
    after = runner.advance(run, steps=1)["frame"]
    assert after.arrays["here"].tolist() == frame.arrays["next"].tolist()


def test_the_surface_is_the_loss(runner):
    shades, w, b = (runner.open("rung1")["frame"].arrays[name] for name in ("shades", "surface_w", "surface_b"))
    surface = np.array([[np.mean((one * X + other - Y) ** 2) for one in w] for other in b])
    assert surface.shape == shades.shape and abs(w[0]) == 2 and abs(b[0]) == 6
    assert shades.min() == 0 and shades.max() == 1 and np.unique(shades).size == 15
    order = np.argsort(surface, axis=None)
    assert np.all(np.diff(shades.ravel()[order]) >= 0), "the greyer the higher"


def test_a_loss_that_is_no_number_has_the_darkest_shade():
    assert shades(np.array([[0.0, np.inf], [np.nan, 3.0]])).tolist() == [[0, 1], [1, 1]]
    assert shades(np.full((2, 2), np.nan)).tolist() == [[1, 1], [1, 1]]


def test_a_slider_moves_the_descent(runner):
    run = runner.open("rung1")["run"]
    runner.advance(run, steps=5)
    moved = runner.change(run, "w", -1.25)["frame"]
    assert moved.scalars["w"] == -1.25 and moved.scalars["b"] != -1 and len(moved.arrays["trail"]) == 0
    assert runner.reset(run)["frame"].scalars["b"] == -1


def test_the_rate_that_the_story_names_is_where_a_descent_begins_to_climb(runner):
    design = np.stack([X, np.ones_like(X)], axis=1).astype(np.float64)
    curvature = np.linalg.eigvalsh(2 / len(design) * design.T @ design)[-1]  # of the mean squared error
    assert f"Above a rate of {2 / curvature:.4f}," in Path(rung1.__file__).with_suffix(".md").read_text("utf-8")
    for rate, falls in ((0.119, True), (0.13, False)):
        run = runner.open("rung1", {"rate": rate})["run"]
        losses = runner.advance(run, steps=200)["history"]["loss"]["value"]
        assert (losses[-1] < losses[0]) is np.bool_(falls)


def test_a_rate_that_is_too_high_is_said(runner):
    run = runner.open("rung1", {"rate": 1})["run"]
    answer = runner.advance(run, steps=5000)
    assert answer["done"] and "diverged" in answer["frame"].notes[0]
    runner.change(run, "rate", 0.05)
    assert runner.reset(run)["frame"].notes == [] and not runner.advance(run, steps=5)["done"]


def test_an_edit_changes_curve_surface_and_descent(runner):
    run = runner.open("rung1")["run"]
    before = runner.advance(run, steps=3)["frame"].arrays
    after = runner.edit(run, "predict", "def predict(x, w, b):\n    return w * (x - 2.5) ** 2 + b")["frame"].arrays
    assert after["curve_y"] == pytest.approx(after["here"][0] * (after["curve_x"] - 2.5) ** 2 + after["here"][1])
    assert np.abs(after["shades"] - before["shades"]).max() > 0.2
    for _ in range(2):  # a parabola would fit, with the right gradient
        runner.edit(run, "gradients", "def gradients(x, y, w, b):\n    error = predict(x, w, b) - y\n"
                    "    return 2 * np.mean(error * (x - 2.5) ** 2), 2 * np.mean(error)")
    assert runner.advance(run, steps=3000)["frame"].scalars["loss"] < 1e-6


def test_a_print_is_not_repeated_for_every_cell_of_the_surface(runner):
    run = runner.open("rung1")["run"]
    source = "def predict(x, w, b):\n    print('here')\n    return w * x + b + 1"
    assert 0 < runner.edit(run, "predict", source)["printed"].count("here") < 40


def test_a_snapshot_goes_on(runner):
    run = runner.open("rung1")["run"]
    runner.advance(run, steps=7)
    saved, then = runner.snapshot(run), runner.advance(run, steps=3)["frame"]
    other = runner.open("rung1")["run"]
    assert runner.restore(other, saved["file"])["frame"].step == 7
    assert runner.advance(other, steps=3)["frame"].arrays["here"].tolist() == then.arrays["here"].tolist()
    wrong = runner.snapshot(runner.open("rung3")["run"])
    with pytest.raises(ValueError, match="expected step, w and b of this page"):
        runner.restore(other, wrong["file"])
