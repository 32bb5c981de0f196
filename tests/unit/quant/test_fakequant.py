"""Fake quantisation against torch (recorded), against the grid that exports use, and against central differences."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.quant.fakequant import fake_quantize, lsq_factor, lsq_scale
from pyapp.quant.schemes import PER_TENSOR, Granularity, Grid

TORCH = np.load(Path(__file__).parents[2] / "oracles" / "fakequant.npz")  # made by record_fakequant.py beside it
CASES = ("ties", "s8", "u8", "s4", "s2", "u2")
FACTOR = np.float32(0.37)
CHANNEL = Granularity("channel")


def case(name: str) -> tuple:
    """x, dy, and scale, zero point, low, high as torch was given them."""
    scale, zero_point, low, high = TORCH[f"{name}.case"]
    return TORCH[f"{name}.x"], TORCH[f"{name}.dy"], (np.float32(scale), int(zero_point), int(low), int(high))


@pytest.mark.parametrize("name", CASES)
def test_values_and_straight_through_gradient_equal_torch(name):
    x, dy, grid = case(name)
    fake = fake_quantize(x, *grid, rule="reciprocal")
    assert (fake.values == TORCH[f"{name}.y"]).all()
    assert (fake.gradient(dy) == TORCH[f"{name}.dx"]).all()
    assert 0 < np.count_nonzero(~fake.inside) < x.size


@pytest.mark.parametrize("name", CASES)
def test_lsq_gradients_equal_torch(name):
    x, dy, grid = case(name)
    fake = fake_quantize(x, *grid, rule="shifted")
    dx = fake.gradient(dy)
    assert (dx == TORCH[f"{name}.lsq_dx"]).all()
    np.testing.assert_allclose(fake.scale_gradient(dy, dx) * FACTOR, TORCH[f"{name}.lsq_ds"][0], rtol=2e-5, atol=1e-5)


def test_one_scale_a_channel_equals_torch():
    x, dy, scale, zero = (TORCH[f"channel.{key}"] for key in ("x", "dy", "scale", "zero_point"))
    given = (scale[:, None], zero[:, None], -8, 7)
    fake = fake_quantize(x, *given, rule="reciprocal")
    assert (fake.values == TORCH["channel.y"]).all() and (fake.gradient(dy) == TORCH["channel.dx"]).all()
    fake = fake_quantize(x, *given, rule="shifted")
    dx = fake.gradient(dy)
    assert (dx == TORCH["channel.lsq_dx"]).all()
    np.testing.assert_allclose(fake.scale_gradient(dy, dx, CHANNEL) * FACTOR, TORCH["channel.lsq_ds"], rtol=2e-5)


def test_ties_of_the_learned_scale_are_those_of_one_fused_operation():
    """Each number's own gradient, recorded where torch runs with fused multiply-add; on some grids the rules agree."""
    apart = {"fused": 0, "shifted": 0}
    for i in range(3):
        (scale, zero), x, expected = (TORCH[f"scale_ties{i}.{key}"] for key in ("case", "x", "ds"))
        for rule in apart:
            fake = fake_quantize(x, np.float32(scale), int(zero), -128, 127, rule=rule)
            ours = fake.steps - np.where(fake.inside, fake.ratio, 0)
            apart[rule] += int((np.abs(ours - expected) > 0.1).sum())
    assert apart["fused"] == 0 < apart["shifted"]


def test_torchs_rules_differ_only_on_ties():
    x, _, grid = case("ties")
    codes = {rule: fake_quantize(x, *grid, rule=rule).steps for rule in ("divide", "reciprocal", "shifted")}
    assert (codes["divide"] == codes["reciprocal"]).all()  # 1 / 0.5 is exact
    apart = codes["divide"] != codes["shifted"]
    assert apart.any() and (np.abs(np.abs(x[apart] / 0.5) % 1) == 0.5).all()


@pytest.mark.parametrize("per", ["tensor", "channel", "group:7"])
@pytest.mark.parametrize(("bits", "zero_point"), [(2, 0), (4, 0), (8, 0), (4, 3), (8, 100)])
def test_the_codes_are_those_that_the_grid_exports(per, bits, zero_point):
    per, rng = Granularity.parse(per), np.random.default_rng(bits)
    x = rng.standard_normal((6, 30)).astype(np.float32)
    x[0] = (np.arange(30, dtype=np.float32) - 15) / 4  # ties for the scales that follow
    scale = rng.choice(np.array([0.25, 0.5, 0.1, 0.3], np.float32), per.scales(x.shape))
    grid = Grid(np.asarray(scale, np.float32), np.full(per.scales(x.shape), zero_point, np.int32), bits,
                0, (1 << bits) - 1, per)
    spread = grid.spread(x.shape)
    zero = 0 if zero_point == 0 else spread[1]
    fake = fake_quantize(x, spread[0], zero, grid.low, grid.high)
    assert (fake.steps + zero_point == grid.quantize(x)).all() and fake.steps.dtype == np.float32
    assert (fake.values == grid.dequantize(grid.quantize(x))).all()


@pytest.mark.parametrize("per", ["tensor", "channel", "group:4"])
@pytest.mark.parametrize("zero_point", [0, 2])
def test_gradients_match_central_differences_of_the_straightened_function(per, zero_point):
    """With its rounding errors held fixed, S·(clip(x/S + error + z) - z) is what the estimator differentiates."""
    per, rng, low, high = Granularity.parse(per), np.random.default_rng(7), -3, 4
    x, weight = rng.standard_normal((5, 8)) * 2, rng.standard_normal((5, 8))
    scale, zero = rng.random(per.scales(x.shape)) + 0.3, np.full(per.scales(x.shape), float(zero_point))
    scale, zero = np.asarray(scale), np.asarray(zero)
    ratio = x / per.spread(scale, x.shape)
    error = np.rint(ratio) - ratio

    def straightened() -> float:
        s, z = per.spread(scale, x.shape), per.spread(zero, x.shape)
        return float((weight * (np.clip(x / s + error + z, low, high) - z) * s).sum())

    fake = fake_quantize(x, per.spread(scale, x.shape), per.spread(zero, x.shape), low, high)
    assert float((fake.values * weight).sum()) == pytest.approx(straightened())
    dx = fake.gradient(weight)
    bounds = np.isin(fake.steps + zero_point, (low, high)) & fake.inside  # there the function has a kink
    np.testing.assert_allclose(dx[~bounds], numeric_gradient(straightened, x)[~bounds], atol=1e-8)
    x[bounds] = 0.0  # away from the kinks
    fake = fake_quantize(x, per.spread(scale, x.shape), per.spread(zero, x.shape), low, high)
    dx, ratio = fake.gradient(weight), x / per.spread(scale, x.shape)
    error = np.rint(ratio) - ratio
    np.testing.assert_allclose(fake.scale_gradient(weight, dx, per), numeric_gradient(straightened, scale), atol=1e-7)


def test_what_is_not_a_number_stays_that():
    fake = fake_quantize(np.array([np.nan, 1.0], np.float32), np.float32(0.5), 0, -7, 7)
    assert np.isnan(fake.values[0]) and fake.values[1] == 1 and fake.inside.tolist() == [False, True]


def test_where_learned_scales_start():
    w = np.array([[1.0, -3.0], [0.0, 0.0]], np.float32)
    assert lsq_scale(w, 4) == 2 * 1.0 / 2 and lsq_scale(w, 4).shape == PER_TENSOR.scales(w.shape)
    assert lsq_scale(w, 4, CHANNEL).tolist() == [2.0, 1.0]  # nothing but zeros: 1
    assert lsq_scale(w, 1).dtype == np.float32
    assert lsq_factor(100, 4) == pytest.approx(0.05)


def test_fused_rounds_once():
    """Against rational numbers; in float32 the product alone is rounded onto a tie for some of these."""
    rng = np.random.default_rng(3)
    scale, zero = np.float32(0.0717), 17
    x = (np.arange(-100, 100).astype(np.float32) + np.float32(0.5)) * scale
    x = np.concatenate([x, np.nextafter(x, np.float32(9)), rng.normal(0, 4, 200).astype(np.float32)])
    factor = np.float32(1) / scale
    exact = [np.float32(float(Fraction(float(each)) * Fraction(float(factor)) + zero)) for each in x]
    codes = {rule: fake_quantize(x, scale, zero, -128, 127, rule=rule).steps + zero for rule in ("fused", "shifted")}
    np.testing.assert_array_equal(codes["fused"], np.clip(np.rint(exact), -128, 127))
    assert 0 < (codes["shifted"] != codes["fused"]).sum() < 60
