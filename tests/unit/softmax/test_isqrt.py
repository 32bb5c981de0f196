"""The integer square root against math.isqrt, and what fixed numbers of steps get wrong."""

import math

import numpy as np
import pytest
from comparison import kinds_of

from pyapp.softmax.integers import bit_length, divide_half_even
from pyapp.softmax.isqrt import first_guess, isqrt, isqrt_fixed, newton_step


def exact(n: np.ndarray) -> np.ndarray:
    return np.array([math.isqrt(int(value)) for value in n.reshape(-1)], np.int64).reshape(n.shape)


def below_2_to_32(count: int, seed: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, count)


def test_all_small_numbers():
    n = np.arange(70_000, dtype=np.int64)
    root = isqrt(n)
    assert root.dtype == np.int64
    assert (root * root <= n).all() and ((root + 1) * (root + 1) > n).all()


def test_random_numbers():
    n = np.concatenate([below_2_to_32(50_000), [2**32 - 1, 2**32, 2**63 - 1]])
    np.testing.assert_array_equal(isqrt(n), exact(n))


def test_around_every_square_of_a_power_of_two():
    n = np.array([max(4**k + d, 0) for k in range(31) for d in (-2, -1, 0, 1, 2)] + [2**62 - 1], np.int64)
    np.testing.assert_array_equal(isqrt(n), exact(n))


def test_types_and_shapes():
    for dtype in (np.uint8, np.int32, np.uint32):
        assert isqrt(np.array([[99, 100], [0, 1]], dtype)).tolist() == [[9, 10], [0, 1]]
    for wrong in (np.array([4, -1]), np.array([4.0])):
        with pytest.raises(ValueError, match="from 0 on"):
            isqrt(wrong)


def test_no_float_inside():
    assert kinds_of(isqrt, below_2_to_32(1000)) <= set("iub")
    assert "f" in kinds_of(np.sqrt, below_2_to_32(10))  # the spy sees one


def test_four_steps_are_not_enough():
    """The paper's bound for INT32: a fifth step still falls for some, and without it the root is one too large."""
    n = below_2_to_32(50_000)
    root = exact(n)
    wrong = {steps: int((isqrt_fixed(n, steps) != root).sum()) for steps in (3, 4, 5)}
    assert wrong[3] > wrong[4] > 0
    late = n[isqrt_fixed(n, 4) != root][0]
    assert isqrt_fixed(np.array([late]), 4)[0] == math.isqrt(late) + 1


def test_at_most_five_steps_fall_below_2_to_32():
    n = np.maximum(below_2_to_32(200_000, 21), 1)
    x, falls = first_guess(n), np.zeros(n.shape, np.int64)
    while (falling := newton_step(n, x) < x).any():
        x, falls = np.where(falling, newton_step(n, x), x), falls + falling
    assert falls.max() == 5


def test_ten_steps_from_2_to_16_are_wrong_for_small_numbers():
    """I-ViT's variant: right for large n, wrong for half of those drawn evenly by size."""
    assert isqrt_fixed(np.array([19126]), 10, 2**16).tolist() == [141] and isqrt(np.array([19126])).tolist() == [138]
    large = below_2_to_32(2000, 22) | (1 << 30)
    np.testing.assert_array_equal(isqrt_fixed(large, 10, 2**16), exact(large))
    n = (2.0 ** np.random.default_rng(23).uniform(0, 32, 20_000)).astype(np.int64)
    assert 0.4 < (isqrt_fixed(n, 10, 2**16) != exact(n)).mean() < 0.6


def test_bit_length_is_pythons():
    n = np.array([0, 1, 2, 3, 4, 255, 256, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1], np.int64)
    assert bit_length(n).tolist() == [int(value).bit_length() for value in n]


def test_division_is_pythons_round():
    a = np.arange(-200, 200, dtype=np.int64)
    for b in (1, 2, 3, 4, 7, 10, 64):
        assert divide_half_even(a, np.int64(b)).tolist() == [round(int(value) / b) for value in a]
