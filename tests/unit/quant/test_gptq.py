"""GPTQ against the update of Optimal Brain Surgeon, with the inverse of what remains computed anew for every column."""

import numpy as np
import pytest

from pyapp.quant.calibrate import fit_weight_grid
from pyapp.quant.gptq import gptq
from pyapp.quant.schemes import fit_grid

GRIDS = [(scheme, per) for scheme in ("symmetric", "affine") for per in ("tensor", "channel", "group:4")]


def layer(seed: int, outputs: int = 6, inputs: int = 10, samples: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and inputs that go together and are never negative, as after ReLU."""
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.standard_normal((samples, inputs)) @ rng.standard_normal((inputs, inputs)), 0)
    return rng.standard_normal((outputs, inputs)).astype(np.float32), x.astype(np.float32)


def by_surgeon(w, x, grid, damping):
    """Quantise column j; δ of the columns after it = -(w_j - ŵ_j) [H⁻¹]_j: / [H⁻¹]_jj, H of the columns from j."""
    w, scale, zero = w.astype(np.float64), *(np.broadcast_to(part, w.shape) for part in grid.spread(w.shape))
    h = 2 * x.T.astype(np.float64) @ x.astype(np.float64)
    h += damping * np.mean(np.diag(h)) * np.eye(len(h))
    codes = np.zeros(w.shape)
    for j in range(w.shape[1]):
        inverse = np.linalg.inv(h[j:, j:])
        codes[:, j] = np.clip(np.round(w[:, j] / scale[:, j] + zero[:, j]), grid.low, grid.high)
        error = w[:, j] - (codes[:, j] - zero[:, j]) * scale[:, j].astype(np.float64)
        w[:, j:] -= np.outer(error, inverse[0] / inverse[0, 0])
    return codes


def output_error(w, w_hat, x) -> float:
    return float(np.sum((x.astype(np.float64) @ (w - w_hat).T.astype(np.float64)) ** 2))


@pytest.mark.parametrize(("scheme", "per"), GRIDS)
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("damping", [0.01, 0.3])
@pytest.mark.in_pyodide(8, "the cases differ in settings, not in arithmetic")
def test_the_codes_are_the_surgeons(scheme, per, bits, damping):
    w, x = layer(bits)
    grid = fit_weight_grid(w, bits, scheme, per, "mse")
    result = gptq(w, x, grid, damping)
    assert np.array_equal(result.codes, by_surgeon(w, x, grid, damping))
    assert result.codes.dtype == grid.dtype and result.grid is grid and result.codes.flags.c_contiguous


@pytest.mark.parametrize(("scheme", "per"), GRIDS)
@pytest.mark.parametrize("bits", [2, 4])
def test_the_output_is_kept_better_than_by_rounding(scheme, per, bits):
    w, x = layer(20 + bits, 30, 40, 200)
    grid = fit_weight_grid(w, bits, scheme, per, "mse")
    assert output_error(w, gptq(w, x, grid).dequantize(), x) < 0.7 * output_error(w, grid.fake_quantize(w), x)


def test_inputs_that_do_not_go_together_leave_nothing_to_make_up_for():
    w, _ = layer(3)
    grid = fit_weight_grid(w, 3)
    assert np.array_equal(gptq(w, np.eye(10, dtype=np.float32), grid).codes, grid.quantize(w))


def test_dead_inputs_are_rounded_to_nearest_and_change_no_other():
    w, x = layer(4)
    dead = [0, 3, 9]
    x[:, dead] = 0
    live = np.setdiff1d(np.arange(10), dead)
    grid = fit_weight_grid(w, 3, "affine", "channel")
    codes = gptq(w, x, grid).codes
    assert np.array_equal(codes[:, dead], grid.quantize(w)[:, dead])
    alone = gptq(w[:, live], x[:, live], grid, damping=0.01 * len(live) / 10)  # the mean diagonal counts the dead
    assert np.array_equal(codes[:, live], alone.codes)


def test_no_live_input_at_all_is_plain_rounding():
    w, x = layer(5)
    grid = fit_weight_grid(w, 4)
    assert np.array_equal(gptq(w, np.zeros_like(x), grid).codes, grid.quantize(w))


def test_fewer_examples_than_inputs_are_enough():
    w, x = layer(6, inputs=30, samples=5)
    grid = fit_weight_grid(w, 3)
    assert output_error(w, gptq(w, x, grid).dequantize(), x) < output_error(w, grid.fake_quantize(w), x)


def test_it_leaves_its_arguments_alone():
    w, x = layer(7)
    w_before, x_before = w.copy(), x.copy()
    gptq(w, x, fit_weight_grid(w, 3))
    assert np.array_equal(w, w_before) and np.array_equal(x, x_before)


def test_what_does_not_fit_is_refused():
    w, x = layer(8)
    grid = fit_weight_grid(w, 4)
    for bad in (x[:0], x[:, :9], x[0]):
        with pytest.raises(ValueError, match=r"GPTQ has inputs of shape"):
            gptq(w, bad, grid)
    x[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite"):
        gptq(w, x, grid)


def test_a_memo_spares_work_and_changes_nothing():
    rng, memo = np.random.default_rng(2), {}
    w, inputs = rng.standard_normal((5, 12), np.float32), [rng.standard_normal((40, 12)) for _ in range(2)]
    for x in inputs:
        for bits in (2, 4):
            grid = fit_grid(w, bits)
            np.testing.assert_array_equal(gptq(w, x, grid, memo=memo).codes, gptq(w, x, grid).codes)
    assert len(memo) == len(inputs)
