"""AdaRound: its gradient against differences, its result against nearest rounding and against every way to round."""

import itertools

import numpy as np
import pytest

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.quant.adaround import STRENGTH, Rounding, Target, adaround
from pyapp.quant.calibrate import fit_weight_grid

GRIDS = [(scheme, per) for scheme in ("symmetric", "affine") for per in ("tensor", "channel", "group:4")]


def layer(seed: int, outputs: int = 12, inputs: int = 20, samples: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and inputs that go together and are never negative, as after ReLU."""
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.standard_normal((samples, inputs)) @ rng.standard_normal((inputs, inputs)), 0) / 4
    return rng.standard_normal((outputs, inputs)).astype(np.float32), x.astype(np.float32)


def output_error(w, w_hat, x) -> float:
    return float(np.sum((x.astype(np.float64) @ (w - w_hat).T.astype(np.float64)) ** 2))


@pytest.mark.parametrize(("scheme", "per"), GRIDS)
@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.in_pyodide(3, "the cases differ in settings, not in arithmetic")
def test_the_output_is_kept_better_than_by_rounding_with_floor_or_ceil(scheme, per, bits):
    w, x = layer(bits)
    grid = fit_weight_grid(w, bits, scheme, per, "mse")
    result = adaround(w, x, grid, seed=1, steps=400)
    assert output_error(w, result.dequantize(), x) < 0.75 * output_error(w, grid.fake_quantize(w), x)
    scale, zero_point = grid.spread(w.shape)
    ends = [np.clip(end(w / scale) + zero_point, grid.low, grid.high) for end in (np.floor, np.ceil)]
    assert np.all((result.codes == ends[0]) | (result.codes == ends[1]))
    assert result.codes.dtype == grid.dtype and result.grid is grid


@pytest.mark.parametrize("seed", range(3))
def test_it_comes_near_the_best_of_all_ways_to_round(seed):
    w, x = layer(10 + seed, outputs=1, inputs=8)
    grid = fit_weight_grid(w, 4)
    floor = np.floor(w / grid.scale)
    ways = [output_error(w, (np.clip(floor + up, grid.low, grid.high) * grid.scale), x)
            for up in itertools.product((0, 1), repeat=8)]
    ours = output_error(w, adaround(w, x, grid, steps=500).dequantize(), x)
    assert sum(way < ours * 0.999 for way in ways) <= 4  # of 256


@pytest.mark.parametrize("beta", [None, 20.0, 2.0])
def test_the_gradient_is_that_of_the_loss(beta):
    w, x = layer(20, 3, 5, 7)
    rng = np.random.default_rng(0)
    fraction, scale = rng.uniform(0.2, 0.8, w.shape), np.full(w.shape, 0.3)
    lowest, highest = np.full(w.shape, -3.0), np.full(w.shape, 4.0)
    highest[0] = 0  # a row that is clamped already
    rounding = Rounding(fraction.astype(np.float32), scale.astype(np.float32), lowest, highest)

    def loss(v):
        h = np.clip(1.2 / (1 + np.exp(-v)) - 0.1, 0, 1)
        error = x.astype(np.float64) @ ((np.clip(h, lowest, highest) - fraction) * scale).T
        regulariser = 0 if beta is None else STRENGTH * np.mean(1 - np.abs(2 * h - 1) ** beta)
        return np.sum(error ** 2) / (len(x) * 1.7) + regulariser

    rounding.backward(x, 1.7, beta)
    v = rounding.v.astype(np.float64)
    assert 1.2 / (1 + np.exp(-v)) - 0.1 == pytest.approx(fraction, abs=1e-6)  # it starts without an error
    numerically_as(rounding, loss)


def numerically_as(rounding: Rounding, loss) -> None:
    """The gradient that `backward` left is the loss' own, by central differences in float64."""
    v = rounding.v.astype(np.float64)
    for at in np.ndindex(v.shape):
        step = np.zeros_like(v)
        step[at] = 1e-5
        numeric = (loss(v + step) - loss(v - step)) / 2e-5
        assert rounding.p.grad["v"][at] == pytest.approx(numeric, abs=1e-4)


@pytest.mark.parametrize("size", [0.01, 1, 100])
def test_the_regulariser_leaves_hardly_any_weight_undecided_whatever_the_size_of_x(size):
    w, x = layer(30)
    grid = fit_weight_grid(w, 3)
    fraction = w / grid.scale - np.floor(w / grid.scale)
    rounding = Rounding(fraction, np.broadcast_to(grid.scale, w.shape), np.full(w.shape, -9), np.full(w.shape, 9))
    rounding.learn(x * np.float32(size), np.random.default_rng(1), 1000)
    h, _ = rounding.forward()
    assert np.mean((h > 0.01) & (h < 0.99)) < 0.02


def test_no_steps_is_rounding_to_nearest():
    w, x = layer(40)
    grid = fit_weight_grid(w, 3, "affine", "channel", "mse")
    assert np.array_equal(adaround(w, x, grid, steps=0).codes, grid.quantize(w))


def test_dead_inputs_are_rounded_to_nearest():
    w, x = layer(41)
    x[:, [0, 7]] = 0
    grid = fit_weight_grid(w, 3)
    codes = adaround(w, x, grid, steps=50).codes
    assert np.array_equal(codes[:, [0, 7]], grid.quantize(w)[:, [0, 7]])
    assert np.array_equal(adaround(w, np.zeros_like(x), grid, steps=5).codes, grid.quantize(w))


def test_the_seed_decides():
    w, x = layer(42)
    grid = fit_weight_grid(w, 2)
    first, again, other = (adaround(w, x, grid, seed, 60).codes for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_what_does_not_fit_is_refused():
    w, x = layer(43)
    grid = fit_weight_grid(w, 4)
    for bad in (x[:0], x[:, :9]):
        with pytest.raises(ValueError, match=r"AdaRound has inputs of shape"):
            adaround(w, bad, grid)
    x[0, 0] = np.inf
    with pytest.raises(ValueError, match="NaN or infinite"):
        adaround(w, x, grid)


@pytest.mark.parametrize("activation", ["", *CLAMPS])
def test_the_asymmetric_gradient_is_that_of_the_float_networks_output(activation):
    """Eq. 25 of the paper: f(x W) against f(x_hat W_hat), where x_hat is not x."""
    rng = np.random.default_rng(5)
    w, exact = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(0, 2, (6, 4)).astype(np.float32)
    x, bias = exact + rng.normal(0, 0.3, exact.shape).astype(np.float32), rng.normal(size=3).astype(np.float32)
    scale = np.full(w.shape, 0.4, np.float32)
    floor = np.floor(w / scale)
    rounding = Rounding(w / scale - floor, scale, np.full(w.shape, -99), np.full(w.shape, 99))
    rounding.v[:] += rng.normal(0, 1, w.shape)

    ends = {"relu": (0, np.inf), "relu6": (0, 6), "hard-tanh": (-1, 1)}.get(activation, (-np.inf, np.inf))

    def output(x, w):
        return np.clip(x.astype(np.float64) @ w.T.astype(np.float64) + bias * bool(activation), *ends)

    def loss(v):
        h = np.clip(1.2 / (1 + np.exp(-v)) - 0.1, 0, 1)
        return np.sum((output(x, (floor + h) * scale) - output(exact, w)) ** 2) / (len(x) * 1.7)

    rounding.backward(x, 1.7, None, Target.of(w, x, exact, bias if activation else None, CLAMPS[activation or RELU]))
    numerically_as(rounding, loss)


def test_asymmetric_rounding_compensates_for_the_error_of_the_inputs():
    """Inputs that were all made 20 % smaller: codes that keep the old output are larger; symmetric ones do not know."""
    w, exact = layer(44)
    x, grid = exact * np.float32(0.8), fit_weight_grid(w * np.float32(1.3), 4)
    codes = {name: adaround(w, x, grid, exact=given) for name, given in (("symmetric", None), ("asymmetric", exact))}
    error = {name: np.square(exact @ w.T - x @ found.dequantize().T).sum() for name, found in codes.items()}
    own = {name: np.square(x @ w.T - x @ found.dequantize().T).sum() for name, found in codes.items()}
    assert error["asymmetric"] < 0.9 * error["symmetric"] and own["symmetric"] < own["asymmetric"]
    with pytest.raises(ValueError, match="give the same examples to both"):
        adaround(w, x, grid, exact=exact[:3])
