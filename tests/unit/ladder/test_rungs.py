"""Rungs 1 to 3: gradients against central differences, and where the descent arrives."""

import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.ladder import bend, line, stack
from pyapp.ladder.line import X, Y

PLACES = [(0.0, 0.0), (1.0, -1.0), (-0.7, 2.5), (3.0, -6.0)]


def agree(analytic, f, *arrays):
    for gradient, array in zip(analytic, arrays, strict=True):
        np.testing.assert_allclose(gradient, numeric_gradient(f, array), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("rung", [line, bend])
@pytest.mark.parametrize("place", PLACES)
def test_the_gradients_of_line_and_bend(rung, place):
    w, b = (np.array(number) for number in place)
    agree(rung.gradients(X, Y, w, b), lambda: line.loss(rung.predict(X, w, b), Y), w, b)


@pytest.mark.parametrize("kind", ["sigmoid", "relu"])
@pytest.mark.parametrize("seed", range(8))
def test_the_gradients_of_the_stack(kind, seed):
    w, b = stack.start(seed)
    agree(stack.gradients(X, Y, w, b, kind), lambda: line.loss(stack.predict(X, w, b, kind), Y), w, b)


@pytest.mark.parametrize("z", [0.0, -2.0, 5.0])
def test_the_slopes(z):
    point = np.array(z)
    agree([bend.sigmoid_slope(z)], lambda: bend.sigmoid(point), point)


def test_the_closed_form_is_where_the_descent_ends():
    w, b = line.closed_form(X, Y)
    assert (w, b) == pytest.approx((0, 0.5), abs=1e-15) and line.loss(line.predict(X, w, b), Y) == 0.25
    assert line.gradients(X, Y, w, b) == pytest.approx((0, 0), abs=1e-15)
    here = (1.5, -2.0)
    for _ in range(2000):
        here = line.step(X, Y, *here, line.RATE)
    assert here == pytest.approx((w, b), abs=1e-9)


def test_the_closed_form_against_least_squares():
    x, y = np.array([0.5, 2.0, 3.5, 7.0, 8.0]), np.array([1.0, -2.0, 0.5, 4.0, 2.5])
    assert line.closed_form(x, y) == pytest.approx(tuple(np.polyfit(x, y, 1)))


def test_one_bend_cannot_rise_and_fall():
    """The best single sigmoid on these points is as good as the best line: 1/2 everywhere."""
    here = (1.0, -2.0)
    for _ in range(3000):
        here = bend.step(X, Y, *here, bend.RATE)
    assert line.loss(bend.predict(X, *here), Y) == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("seed", stack.SEEDS)
def test_two_relus_fit_the_points(seed):
    w, b = stack.start(seed)
    for _ in range(1500):
        w, b = stack.step(X, Y, w, b, "relu", stack.RATES["relu"])
    assert line.loss(stack.predict(X, w, b, "relu"), Y) < 1e-6


def test_two_sigmoids_nearly_do():
    w, b = stack.start(stack.SEEDS[0])
    for _ in range(2000):
        w, b = stack.step(X, Y, w, b, "sigmoid", stack.RATES["sigmoid"])
    assert line.loss(stack.predict(X, w, b, "sigmoid"), Y) < 0.01
