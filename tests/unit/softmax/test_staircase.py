import math
from itertools import pairwise

import numpy as np
import pytest

from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.staircase import BITS, ELEMENTWISE, POINTS, WAYS, Probability, gelu, sigmoid

OTHERS = np.array([0.0, 1.0, -1.0, 2.5])
CURVES = {**ELEMENTWISE, "softmax": Probability(OTHERS)}


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("name", CURVES)
def test_b_bits_make_no_more_than_2_to_the_b_steps(name, bits):
    curve = CURVES[name]
    for way, steps in curve.steps(bits).items():
        assert np.unique(steps).size <= 2**bits, way
        assert steps.shape == (POINTS,) and steps.dtype == np.float64


@pytest.mark.parametrize("name", CURVES)
def test_output_steps_are_equally_high_and_within_half_a_step(name):
    curve = CURVES[name]
    steps, real = curve.steps(4)["output"], curve.real(curve.x)
    levels = np.unique(steps)
    heights = np.diff(levels)
    assert heights.min() == pytest.approx(heights.max(), rel=1e-5)
    assert np.abs(steps - real).max() <= heights.min() * (1 if name in ("tanh", "GELU", "SiLU") else 0.5) + 1e-6


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_input_steps_lie_where_the_codes_change_and_on_the_curve(name):
    curve = ELEMENTWISE[name]
    steps = curve.steps(3)["input"]
    edges = curve.x[1:][np.diff(steps) != 0]
    step = (curve.high - curve.low) / (7 if name == "exp" else 6)
    assert np.allclose(np.diff(edges), step, atol=2 * (curve.high - curve.low) / (POINTS - 1))
    assert abs(steps[-1] - curve.real(curve.x)[-1]) < 1e-6 * max(1, abs(steps[-1]))  # the largest number is a code


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("way", WAYS)
def test_more_bits_lose_less(name, way):
    curve = CURVES[name]
    losses = [curve.l1(curve.steps(bits)[way]) for bits in BITS]
    assert losses[-1] < losses[0] / 16  # six halvings would be 64
    assert all(after < before for before, after in pairwise(losses))


def test_l1_by_hand():
    curve = ELEMENTWISE["exp"]
    assert curve.l1(curve.real(curve.x) + 0.25) == pytest.approx(0.25)
    assert curve.l1(curve.real(curve.x)) == 0


@pytest.mark.parametrize("method", [name for name in METHODS if name != "exact"])
@pytest.mark.parametrize("bits", BITS)
def test_a_method_answers_with_its_own_codes(method, bits):
    curve = Probability(OTHERS, method)
    grid = curve.grid(bits)
    made = make(method, float(grid.scale))
    codes = made(grid.quantize(curve.rows(curve.x)))[:, 0]
    np.testing.assert_array_equal(curve.steps(bits)["both"], codes * made.unit)
    assert curve.unit(bits) == made.unit
    assert np.isfinite(codes).all()


def test_exact_probabilities_of_a_row():
    z = Probability(OTHERS).rows(np.array([1.5]))
    assert z.tolist() == [[1.5, 0, 1, -1, 2.5]]
    expected = [math.exp(v) for v in z[0]]
    np.testing.assert_allclose(Probability(OTHERS).exact(z)[0], np.array(expected) / sum(expected), rtol=1e-12)


def test_one_grid_holds_all_logits_and_does_not_move_with_the_point():
    assert float(Probability(OTHERS).grid(4).scale) == pytest.approx(8 / 7)
    assert float(Probability(np.array([-21.0])).grid(4).scale) == pytest.approx(3)


def test_the_functions():
    assert gelu(np.array([0.0, 1.0, -1.0])).tolist() == pytest.approx([0, 0.8413447, -0.1586553])
    assert sigmoid(np.array([0.0, 2.0])).tolist() == pytest.approx([0.5, 0.8807971])
