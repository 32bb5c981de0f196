"""I-LayerNorm against its float form and its definition in Python's integers, and where the original divides by 0."""

import math

import numpy as np
import pytest
from comparison import kinds_of

from pyapp.softmax.ilayernorm import ILayerNorm, shift_for


def parameters(channels: int, seed: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, channels) * rng.choice([-1, 1], channels), rng.normal(0, 0.5, channels)


def defined(row: list[int], bias: list[int], shift: int) -> list[int]:
    mean = round(sum(row) / len(row))
    y = [q - mean for q in row]
    root = max(math.isqrt(sum((value >> shift) ** 2 for value in y)), 1) << shift
    return [(value * (2**31 // root) >> 1) + b for value, b in zip(y, bias, strict=True)]


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("channels", [1, 2, 31, 64])
def test_rows_are_as_defined(channels, shift):
    gamma, beta = parameters(channels)
    q = np.random.default_rng(41).integers(-3000, 3000, (20, channels)).astype(np.int32)
    made = ILayerNorm(gamma, beta, shift)
    y = made(q)
    assert y.dtype == np.int64
    assert y.tolist() == [defined(row, made.bias.tolist(), shift) for row in q.tolist()]


@pytest.mark.parametrize(("channels", "step"), [(32, 1e-3), (128, 2e-4), (768, 1e-3)])
def test_integers_follow_the_float_form(channels, step):
    gamma, beta = parameters(channels)
    rng = np.random.default_rng(42)
    x = rng.normal(rng.normal(0, 2, (3, 7, 1)), rng.uniform(0.5, 2, (3, 7, 1)), (3, 7, channels))
    made = ILayerNorm(gamma, beta)
    y = made(np.rint(x / step).astype(np.int32)) * made.unit
    np.testing.assert_allclose(y, ILayerNorm.real(x, gamma, beta), atol=6 * step)


def test_the_scale_of_the_input_does_not_matter():
    made = ILayerNorm(*parameters(16))
    q = np.random.default_rng(43).integers(-1000, 1000, (9, 16))
    assert np.abs((made(q) - made(64 * q)) * made.unit).max() < 3e-3  # but for rounding the mean and the root


def test_no_float_inside():
    q = np.random.default_rng(45).integers(-1000, 1000, (9, 16))
    assert kinds_of(ILayerNorm(*parameters(16)), q) <= set("iub")
    assert "f" in kinds_of(lambda q: ILayerNorm.real(q, *parameters(16)), q)  # the spy sees one


def test_a_constant_row_gives_beta():
    """V = 0: the original divides by 0 there."""
    gamma, beta = parameters(24)
    made = ILayerNorm(gamma, beta)
    for value in (-7, 0, 2**21):
        np.testing.assert_allclose(made(np.full((2, 24), value)) * made.unit, np.tile(beta, (2, 1)), atol=1e-7)
    np.testing.assert_allclose(ILayerNorm.real(np.full((2, 24), 0.1), gamma, beta), np.tile(beta, (2, 1)), atol=1e-7)
    alone = ILayerNorm(gamma[:1], beta[:1])
    np.testing.assert_allclose(alone(np.array([[5]])) * alone.unit, [[beta[0]]], atol=1e-7)


def test_nothing_is_left_of_a_row_under_the_shift():
    """Differences of 1 under a shift of 8: V is a sum of floors of -1/256, or 0, and the answer is finite."""
    made = ILayerNorm(*parameters(4), shift=8)
    y = made(np.array([[1, 0, 0, 0], [0, 0, 0, 1], [1, 2, 1, 2]])) * made.unit
    assert np.isfinite(y).all() and np.abs(y).max() < 10


def test_gamma_of_0_is_refused():
    gamma, beta = parameters(5)
    for value in (0.0, np.nan, 1e-300):
        wrong = gamma.copy()
        wrong[3] = value
        with pytest.raises(ValueError, match="gamma of channel 3"):
            ILayerNorm(wrong, beta)
    with pytest.raises(ValueError, match="for every channel"):
        ILayerNorm(gamma, beta[:4])


def test_wrong_inputs_are_refused():
    made = ILayerNorm(*parameters(5))
    for wrong in (np.ones((2, 5)), np.ones((2, 4), np.int32)):
        with pytest.raises(ValueError, match="5 channels"):
            made(wrong)
    with pytest.raises(ValueError, match="22 bits"):
        made(np.array([[2**31 - 1, -(2**31), 0, 2**31 - 1, -(2**31)]]))


def test_the_shift_keeps_the_sum_of_squares_in_32_bits():
    rng = np.random.default_rng(44)
    q = rng.integers(-(2**21), 2**21, (6, 128))
    shift = shift_for(q)
    y = q - np.rint(q.mean(axis=1, keepdims=True)).astype(np.int64)
    sums = [int(((y >> s) ** 2).sum(axis=1).max()) for s in (shift, shift - 1)]
    assert sums[0] < 2**32 <= sums[1]
    assert shift_for(rng.integers(-100, 100, (6, 128))) == 0
    gamma, beta = parameters(128)
    made = ILayerNorm(gamma, beta, shift)
    real = ILayerNorm.real(q.astype(np.float64), gamma, beta)
    np.testing.assert_allclose(made(q) * made.unit, real, atol=0.02)  # 2^31 / sd is a number of 8 bits at this width


def test_two_bits():
    made = ILayerNorm(np.ones(8), np.zeros(8))
    q = np.array([[1, -1, 0, 0, 1, -1, 1, -1]])
    np.testing.assert_allclose(made(q) * made.unit, ILayerNorm.real(q.astype(np.float64), 1.0, 0.0), atol=0.3)
