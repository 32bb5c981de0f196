"""Ranges against direct computation: NumPy's percentile, every part of the range tried, KL by plain loops."""

import itertools
import math

import numpy as np
import pytest

from pyapp.quant import calibrate as module
from pyapp.quant.calibrate import (
    CALIBRATIONS,
    SHRINKS,
    WEIGHT_SHRINKS,
    calibrate,
    fit_weight_grid,
    percentile_range,
)
from pyapp.quant.schemes import make_grid


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def reach(grid) -> tuple[float, float]:
    """The smallest and the largest number that the grid has."""
    ends = (np.array([grid.low, grid.high]) - grid.zero_point) * np.float64(grid.scale)
    return tuple(ends)


def same(a, b) -> bool:
    return (a.scale, a.zero_point, a.bits, a.low, a.high) == (b.scale, b.zero_point, b.bits, b.low, b.high)


def test_minmax_is_the_grid_that_just_holds_all():
    x = normal(1, 100, 7)
    assert same(calibrate(x, "minmax", 8), make_grid(x.min(), x.max(), 8, "affine"))
    assert same(calibrate(x, "minmax", 4, "symmetric"), make_grid(x.min(), x.max(), 4, "symmetric"))


@pytest.mark.parametrize("percentile", [90, 99, 99.9, 100])
def test_percentile_cuts_each_end_or_the_size(percentile):
    x = normal(2, 500, 9) + np.float32(0.5)
    lo, hi = np.percentile(x, [100 - percentile, percentile])
    assert same(calibrate(x, "percentile", 8, percentile=percentile), make_grid(lo, hi, 8, "affine"))
    largest = np.percentile(np.abs(x), percentile)
    assert same(calibrate(x, "percentile", 8, "symmetric", percentile=percentile),
                make_grid(-largest, largest, 8, "symmetric"))


def test_a_percentile_that_is_zero_says_nothing_of_the_rest():
    x = np.zeros((1000, 10), np.float32)
    x[0, 0] = 3
    assert same(calibrate(x, "percentile", 8), calibrate(x, "minmax", 8))


@pytest.mark.parametrize("percentile", [50, 0, 101, -1, math.nan])
def test_a_percentile_out_of_range_is_refused(percentile):
    with pytest.raises(ValueError, match="percentile is"):
        calibrate(normal(1, 9), "percentile", 8, percentile=percentile)


@pytest.mark.parametrize(("scheme", "signed"), [("affine", None), ("affine", True), ("symmetric", None),
                                                ("symmetric", False)])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.in_pyodide(6, "the cases differ in settings, not in arithmetic")
def test_mse_finds_the_best_part_of_the_range(scheme, signed, bits, skewed):
    x = normal(bits, 60, 40) ** 3
    x = np.maximum(x, 0) if skewed else x
    errors = []
    for t in SHRINKS:
        grid = make_grid(t * x.min(), t * x.max(), bits, scheme, signed)
        errors.append(np.sum((x - grid.fake_quantize(x)).astype(np.float64) ** 2))
    grid = calibrate(x, "mse", bits, scheme, signed)
    assert np.sum((x - grid.fake_quantize(x)).astype(np.float64) ** 2) == pytest.approx(min(errors), rel=1e-6)
    assert bits == 8 or min(errors) < 0.9 * errors[0]  # clipping really pays on such tails


def kl_by_loops(counts: list[float], cut: int, levels: int) -> float:
    """KL by its definition, in plain loops without arrays."""
    filled = [k for k in range(cut) if counts[k] > 0]
    if not filled:
        return math.inf
    p, q = counts[:cut], [0.0] * cut
    p[filled[-1]] += sum(counts[cut:])
    for level in range(levels):
        bins = range(level * cut // levels, (level + 1) * cut // levels)
        for k in set(bins) & set(filled):
            q[k] = sum(counts[j] for j in bins) / len(set(bins) & set(filled))
    total = sum(counts)
    return sum(p[k] / total * math.log(p[k] / total / (q[k] / total)) for k in filled)


@pytest.mark.parametrize("levels", [2, 4, 7])
@pytest.mark.parametrize("seed", range(5))
def test_divergence_equals_plain_loops(levels, seed):
    counts = np.random.default_rng(seed).poisson(3 * np.exp(-np.arange(40) / 8)).astype(np.float64)
    counts[:2], counts[-1] = 0, 1  # some cuts have nothing in them
    wanted = [kl_by_loops(counts.tolist(), cut, levels) for cut in range(levels, 41)]
    assert [module.divergence(counts, cut, levels) for cut in range(levels, 41)] == pytest.approx(wanted, abs=1e-12)
    assert module.best_cut(counts, levels) == levels + int(np.argmin(wanted))


def test_entropy_clips_a_lone_outlier_and_keeps_an_even_spread():
    x = np.abs(normal(3, 400, 50))
    x[0, 0] = 40
    assert 2 < reach(calibrate(x, "entropy", 8))[1] < 20
    even = np.linspace(0, 1, 100_000, dtype=np.float32)
    assert reach(calibrate(even, "entropy", 8))[1] == pytest.approx(1, abs=0.01)


@pytest.mark.in_pyodide(0, "test_entropy_clips_a_lone_outlier runs there")
def test_entropy_is_blind_to_exact_zeros():
    x = np.abs(normal(4, 50, 50))
    spiked = np.concatenate([x, np.zeros_like(x), np.zeros_like(x)])
    for bits in (3, 4, 8):
        assert same(calibrate(x, "entropy", bits), calibrate(spiked, "entropy", bits))


@pytest.mark.in_pyodide(0, "test_entropy_clips_a_lone_outlier runs there")
def test_entropy_does_not_cut_pixels_to_one_value():
    """They have 256 values, so that most of 2,048 bins are empty, and one lone bin agrees with itself."""
    pixels = np.random.default_rng(5).integers(0, 256, (200, 50)).astype(np.float32) / np.float32(255)
    for bits in (2, 4, 8):
        assert reach(calibrate(pixels, "entropy", bits))[1] > 0.5


def test_entropy_keeps_the_full_range_where_no_bins_would_merge():
    x = normal(6, 100, 10)
    for scheme in ("affine", "symmetric"):
        assert same(calibrate(x, "entropy", 16, scheme), calibrate(x, "minmax", 16, scheme))


def test_entropy_of_both_signs_cuts_both_ends_at_the_same_size():
    x = normal(7, 300, 30)
    x[0, :2] = 30, -25
    lo, hi = module.entropy_range(x, 8)
    assert lo == -hi and hi < 15


def test_the_moving_average_follows_the_batches():
    x = normal(8, 100, 6) * np.linspace(1, 3, 100, dtype=np.float32)[:, None]
    lo = hi = None
    for rows in (x[:32], x[32:64], x[64:96], x[96:]):
        lo = rows.min() if lo is None else 0.9 * lo + 0.1 * rows.min()
        hi = rows.max() if hi is None else 0.9 * hi + 0.1 * rows.max()
    assert module.moving_range(x) == pytest.approx((lo, hi), rel=1e-6)
    assert same(calibrate(x[:20], "ema", 8), calibrate(x[:20], "minmax", 8))  # one batch is its own average


@pytest.mark.parametrize("method", CALIBRATIONS)
class TestEveryMethod:
    def test_an_empty_set_is_refused(self, method):
        with pytest.raises(ValueError, match="calibration set is empty"):
            calibrate(np.empty((0, 784), np.float32), method, 8)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_numbers_that_are_not_finite_are_refused(self, method, bad):
        with pytest.raises(ValueError, match="NaN or infinite"):
            calibrate(np.array([[1, bad]], np.float32), method, 8)

    @pytest.mark.parametrize("bits", [1, 17, 4.5])
    def test_bits_out_of_range_are_refused(self, method, bits):
        with pytest.raises(ValueError, match="bits is"):
            calibrate(normal(1, 4, 4), method, bits)

    def test_zeros_have_scale_one(self, method):
        grid = calibrate(np.zeros((40, 3), np.float32), method, 8)
        assert grid.scale == 1 and grid.zero_point == 0

    @pytest.mark.parametrize("value", [2.5, -2.5])
    def test_a_constant_is_nearly_exact(self, method, value):
        x = np.full((70, 3), value, np.float32)
        grid = calibrate(x, method, 8)
        assert grid.fake_quantize(x) == pytest.approx(x, abs=float(grid.scale))
        assert np.isfinite(grid.scale) and grid.dequantize(np.array(grid.zero_point)) == 0

    def test_samples_may_have_any_number_of_axes(self, method):
        x = np.abs(normal(9, 64, 5, 4))
        assert same(calibrate(x, method, 6), calibrate(x.reshape(64, 20), method, 6))

    def test_it_does_not_change_its_samples(self, method):
        x = normal(10, 64, 8)
        before = x.copy()
        calibrate(x, method, 4)
        assert np.array_equal(x, before)


def test_an_unknown_method_names_the_known_ones():
    with pytest.raises(ValueError, match="minmax, percentile, mse, entropy, ema"):
        calibrate(normal(1, 4, 4), "best", 8)


@pytest.mark.parametrize("per", ["tensor", "channel", "group:5"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.in_pyodide(4, "the cases differ in settings, not in arithmetic")
def test_the_weight_grid_is_the_best_for_every_scale_alone(per, scheme, bits):
    w = normal(bits, 6, 13) ** 3
    grid = fit_weight_grid(w, bits, scheme, per, "mse")
    parts = {"tensor": [w], "channel": list(w), "group:5": [row[k: k + 5] for row in w for k in (0, 5, 10)]}[per]
    for part, scale, zero_point in zip(parts, np.ravel(grid.scale), np.ravel(grid.zero_point), strict=True):
        grids = [make_grid(np.float32(t) * part.min(), np.float32(t) * part.max(), bits, scheme)
                 for t in WEIGHT_SHRINKS]
        errors = [np.sum((part - one.fake_quantize(part)).astype(np.float64) ** 2) for one in grids]
        best = grids[int(np.argmin(errors))]
        assert scale == pytest.approx(best.scale, rel=1e-6) and zero_point == best.zero_point


def test_the_weight_grid_of_minmax_clips_nothing():
    w = normal(11, 8, 16)
    assert np.abs(w - fit_weight_grid(w, 3, per="channel").fake_quantize(w)).max() <= np.abs(w).max() / 3 / 2 + 1e-6


def test_a_weight_grid_of_zeros_has_scale_one():
    w = np.zeros((4, 8), np.float32)
    w[1] = 1
    scale = fit_weight_grid(w, 4, per="channel", clip="mse").scale
    assert scale[[0, 2, 3]].tolist() == [1, 1, 1] and 0 < scale[1] < 1


def test_a_weight_grid_refuses_what_it_cannot_fit():
    with pytest.raises(ValueError, match="clip is 'max'"):
        fit_weight_grid(normal(1, 4, 4), 4, clip="max")
    with pytest.raises(ValueError, match="NaN or infinite"):
        fit_weight_grid(np.array([[np.nan]], np.float32), 4, clip="mse")
    assert fit_weight_grid(np.empty((0, 4), np.float32), 4, clip="mse").scale == 1  # as quantize has it


@pytest.mark.parametrize("scheme", ["affine", "symmetric"])
@pytest.mark.parametrize(("zeros", "rest", "expected"), [
    (999, [5.0], (0, 5)), (999, [-5.0], (-5, 0)), (1998, [5.0, 0.01], (0, 5)), (10_000, [5.0, 4.0, 0.5], (0, 5)),
])
def test_a_percentile_between_zero_and_a_lone_number_is_not_a_range(scheme, zeros, rest, expected):
    x = np.concatenate([np.zeros(zeros), rest]).astype(np.float32)
    lo, hi = percentile_range(x, 99.9, scheme)
    assert (lo, hi) == expected


def test_a_percentile_among_numbers_is_interpolated():
    x = np.concatenate([np.zeros(500), np.arange(1, 502)]).astype(np.float32)
    assert percentile_range(x, 99.9) == (0, pytest.approx(np.percentile(x, 99.9)))
    assert percentile_range(-x, 99.9)[0] == pytest.approx(-np.percentile(x, 99.9))


def test_all_cuts_at_once_diverge_as_each_does():
    rng = np.random.default_rng(7)
    for levels, x in itertools.product((2, 3, 16, 256), (rng.standard_t(3, 5000), rng.integers(0, 40, 500) + 0.0,
                                                         np.array([1.0, 900.0]))):
        counts = np.histogram(np.abs(x), 500, range=(0.01, np.abs(x).max()))[0].astype(np.float64)
        cuts = np.arange(levels, len(counts) + 1)
        one_by_one = [module.divergence(counts, cut, levels) for cut in cuts]
        np.testing.assert_allclose(module.divergences(counts, cuts, levels), one_by_one, rtol=0, atol=1e-12)
        assert module.best_cut(counts, levels) == cuts[np.argmin(one_by_one)]
