"""EXAQ against the public code's rule in float: clip, levels and calibration; and its look-up of whole bytes."""

import numpy as np
import pytest
from comparison import compared, operations_of, symmetric

from pyapp.softmax.exaq import EXAQ2, EXAQ3, clip_of, spread

CLIPS = {2: {1.01: -3.183, 1.52: -3.91, 2.02: -4.311}, 3: {1.01: -3.559, 1.52: -4.411, 2.02: -4.862}}
METHODS = (EXAQ2, EXAQ3)


def reference(z: np.ndarray, bits: int, mask: np.ndarray) -> np.ndarray:
    """The public softmax with calibrated clip and minimum: x = z - max, rounded to 2^b points from C to 0, exp, sum."""
    slope, base = {2: (-1.66, -1.85), 3: (-1.75, -2.06)}[bits]
    x = z - np.where(mask, z, -np.inf).max(axis=1, keepdims=True)
    low = max(slope * x[mask].std() + base, x[mask].min())
    step = -low / (2**bits - 1)
    rounded = np.rint((np.clip(x, low, 0) - low) / step) * step + low
    e = np.where(mask, np.exp(rounded), 0)
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sigma", [0, 1, 2])
def test_probabilities_are_the_public_codes(method, sigma):
    """But for 8-bit probabilities, the table's 20 bits, and logits that lie in the middle between two levels."""
    z = compared()[sigma]
    q, scale = symmetric(z)
    mask = np.random.default_rng(6).random(q.shape) < 0.8
    made = method(scale, *spread(q, scale, mask))
    apart = np.abs(made.probabilities(q, mask) - reference(scale * q, method.bits, mask))
    assert apart.max() < 0.5 / 255 + 1e-4


def test_spread_is_that_of_the_logits_below_their_maxima():
    q, mask = np.array([[3, 1, 9], [7, 7, 0]], np.int32), np.array([[True, True, False], [True, True, True]])
    sigma, lowest = spread(q, 0.5, mask)
    assert sigma == pytest.approx(np.std([0, -1, 0, 0, -3.5])) and lowest == -3.5
    with pytest.raises(ValueError, match="no logit counts"):
        spread(q, 0.5, np.zeros(q.shape, bool))


@pytest.mark.parametrize(("bits", "sigma", "best"), [(b, s, c) for b, row in CLIPS.items() for s, c in row.items()])
def test_the_papers_line_is_near_the_best_clips_that_its_code_lists(bits, sigma, best):
    """Those of optimal_clipping_values.csv, searched one by one. For wide logits, where they level off, the line lies
    deeper."""
    assert clip_of(bits, sigma) == pytest.approx(best, rel=0.12 if sigma < 1.6 else 0.21)


@pytest.mark.parametrize("method", METHODS)
def test_levels_are_the_nearest_and_the_last_one_is_the_clip(method):
    made, d = method(0.01), np.arange(3000)
    step = -clip_of(method.bits, 2.0) / made.last
    np.testing.assert_array_equal(made.level(d), np.minimum(np.floor(0.01 * d / step + 0.5), made.last))
    assert made.table[-1] == round(2**20 * np.exp(clip_of(method.bits, 2.0))) and made.table[0] == 2**20


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("columns", [1, 3, 4, 5, 64])
def test_one_look_up_adds_up_a_byte(method, columns):
    made = method(0.05)
    levels = np.random.default_rng(columns).integers(0, made.last + 1, (9, columns))
    np.testing.assert_array_equal(made.packed_sum(levels)[:, 0], made.table[levels].sum(axis=1))
    assert len(made.sums) * 4 + len(made.table) * 4 == method.hardware.table_bytes


@pytest.mark.parametrize("width", [1, 7, 16, 100])
@pytest.mark.parametrize("method", METHODS)
def test_streaming_gives_the_same_codes(method, width):
    rng = np.random.default_rng(5)
    q, mask = np.sort(rng.integers(-128, 128, (30, 50)), axis=1).astype(np.int8), rng.random((30, 50)) < 0.7
    mask[0] = False
    made = method(0.05)
    for rows, counts in ((q, None), (q[:, ::-1], None), (q, mask)):
        np.testing.assert_array_equal(made.streaming(rows, counts, width), made(rows, counts), strict=True)


def test_what_leaves_no_range_is_refused():
    with pytest.raises(ValueError, match="sigma is -1; use a number of nats from 0 on"):
        EXAQ2(0.1, -1)
    with pytest.raises(ValueError, match="the lowest logit is 0"):
        EXAQ2(0.1, 1.0, 0.0)


def test_the_stated_division_is_that_of_the_code():
    method = EXAQ2(0.05)
    e = np.arange(1, 31, dtype=np.int64).reshape(1, 30)
    done = operations_of(lambda e: method.normalised(e, np.full((1, 1), 465, np.int64)), e)
    assert done["floor_divide", 30] == 1
