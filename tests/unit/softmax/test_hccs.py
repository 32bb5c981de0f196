"""HCCS against the public kernel's steps in Python's integers, its streaming form, and the fit of its integers."""

from functools import partial

import numpy as np
import pytest
from comparison import compared, kinds_of, l1_per_row, operations_of, symmetric

from pyapp.core.losses import softmax
from pyapp.softmax.hccs import CUT, HCCS, Integers, fit


def kernel(row: list[int], integers: Integers) -> list[int]:
    """softmax_row of the public kernel, for uint8 probabilities and with its division, one number after the other."""
    top, scores = max(row), []
    for x in row:
        d = min((top - x) & 0xFF, integers.reach)  # the kernel subtracts as uint8
        scores.append(integers.peak - integers.slope * d)
    inverse = (255 << 15) // sum(scores)
    assert max(scores) < 2**15 and inverse < 2**15  # its int16 numbers hold
    return [score * inverse >> 15 for score in scores]


@pytest.mark.parametrize("integers", [Integers(511, 7, 60), Integers(300, 2, 127), Integers(500, 0, 1),
                                      Integers(130, 63, 2), Integers(511, 126, 4)])
def test_rows_are_the_kernels(integers):
    assert integers.fits(64)
    rng = np.random.default_rng(3)
    for q in (rng.integers(-128, 128, (40, 64)), rng.integers(-5, 5, (40, 64)), np.full((1, 64), 9)):
        expected = [kernel(row, integers) for row in q.tolist()]
        np.testing.assert_array_equal(HCCS(0.05, integers)(q.astype(np.int8)), expected)


def test_unfitted_logits_are_requantised_to_the_default_line():
    """Steps of 1.79 / 64 nats: at that scale codes are taken as they are, at half of it two codes are one step."""
    q = np.random.default_rng(4).integers(-60, 60, (20, 40)).astype(np.int32)
    own = HCCS(CUT / 64)(q)
    np.testing.assert_array_equal(own, [kernel(row, Integers()) for row in q.tolist()])
    np.testing.assert_array_equal(HCCS(CUT / 128)(2 * q), own)


def test_the_default_line_is_the_best_one_through_the_exponential():
    t = np.linspace(0, 12, 24001)
    cuts = np.arange(1.5, 2.1, 0.01)
    apart = [((np.exp(-t) - np.maximum(1 - t / cut, 0)) ** 2).sum() for cut in cuts]
    assert cuts[int(np.argmin(apart))] == pytest.approx(CUT, abs=0.005)


@pytest.mark.parametrize("width", [1, 7, 16, 100])
@pytest.mark.parametrize("make", [partial(HCCS, integers=Integers(500, 7, 60)), HCCS])
def test_streaming_gives_the_same_codes(make, width):
    rng = np.random.default_rng(5)
    q, mask = np.sort(rng.integers(-128, 128, (30, 50)), axis=1).astype(np.int8), rng.random((30, 50)) < 0.7
    mask[0], mask[1, :20] = False, False
    method = make(0.05)
    for rows, counts in ((q, None), (q[:, ::-1], None), (q, mask)):
        np.testing.assert_array_equal(method.streaming(rows, counts, width), method(rows, counts), strict=True)


def test_streaming_refuses_logits_that_need_too_many_counters():
    with pytest.raises(ValueError, match="quantise the logits to 8 bits first"):
        HCCS(1e-5).streaming(np.zeros((1, 4), np.int32))


def test_what_the_kernel_cannot_hold_is_known():
    assert not Integers(512, 1, 1).fits(64) and not Integers(250, 125, 2).fits(64) and Integers(254, 125, 2).fits(64)
    for wrong, why in (((0, 0, 1), "use a peak from 1"), ((256, 128, 1), "a slope from 0 to 127"),
                       ((256, 1, 128), "a reach from 1 to 127"), ((256, 10, 26), "the line ends at -4")):
        with pytest.raises(ValueError, match=why):
            Integers(*wrong)


def test_no_float_inside_and_the_stated_multiplications():
    method, q = HCCS(0.05, Integers()), np.random.default_rng(45).integers(-128, 128, (9, 16))
    assert kinds_of(lambda below: method.codes(below, q % 2 == 0), q - q.max(axis=1, keepdims=True)) <= set("iub")
    e = np.arange(1, 31, dtype=np.int64).reshape(1, 30)
    done = operations_of(lambda e: method.normalised(e, np.full((1, 1), 465, np.int64)), e)
    assert done["multiply", 30] == 1 and done["floor_divide", 30] == 0  # and one for the slope: 2


def test_a_fit_finds_the_line_that_made_the_probabilities():
    q, _ = symmetric(compared()[1][:100])
    true = Integers(32767 // 64, 11, 46)
    p = HCCS(1.0, true).probabilities(q)
    found = fit(q, p)
    assert found.fits(64) and np.abs(HCCS(1.0, found).probabilities(q) - p).sum(axis=1).mean() < 0.05


def test_a_fit_halves_the_error_on_rows_that_it_has_not_seen():
    z = compared()[1]
    q, scale = symmetric(z)
    found = fit(q[:200], softmax(z[:200]))
    p = softmax(z[200:])
    before, after = (np.abs(method.probabilities(q[200:]) - p).sum(axis=1).mean()
                     for method in (HCCS(scale), HCCS(scale, found)))
    assert after < 0.75 * before
    assert l1_per_row(HCCS, z) > 0.5  # why it is fitted, and networks are trained with it


def test_a_fit_keeps_masked_columns_out_and_says_what_is_too_long():
    z = compared()[0][:60, :20]
    q, _ = symmetric(z)
    mask = np.ones(q.shape, bool)
    mask[:, 15:] = False
    p = np.where(mask, 0.0, 0)
    p[:, :15] = softmax(z[:, :15])
    assert fit(q, p, mask) == fit(np.where(mask, q, 127).astype(np.int32), p, mask)
    with pytest.raises(ValueError, match="rows have 32,768 logits; HCCS's int16 sums hold 32,767"):
        fit(np.zeros((1, 2**15), np.int32), np.zeros((1, 2**15)))
