"""Bias correction: the layer is run, and its error is zero on average."""

import numpy as np
import pytest

from pyapp.quant.bias_correction import corrected_bias
from pyapp.quant.schemes import quantize


def test_the_mean_output_error_becomes_zero():
    rng = np.random.default_rng(1)
    w, bias = rng.standard_normal((7, 12)).astype(np.float32), rng.standard_normal(7).astype(np.float32)
    x = np.maximum(rng.standard_normal((300, 12)), 0).astype(np.float32)
    w_hat, x_hat = quantize(w, 3).dequantize(), quantize(x, 3, "affine").dequantize()
    corrected = corrected_bias(bias, w, w_hat, x, x_hat)
    before, after = (np.mean(x @ w.T + bias - x_hat @ w_hat.T - b, axis=0) for b in (bias, corrected))
    assert corrected.dtype == np.float32 and corrected.shape == (7,)
    assert np.abs(before).max() > 0.05 and np.abs(after).max() < 1e-6


def test_without_an_error_the_bias_stays():
    rng = np.random.default_rng(2)
    w, bias, x = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (3,), (9, 4)))
    assert np.array_equal(corrected_bias(bias, w, w, x, x), bias)


@pytest.mark.parametrize(("n", "n_hat"), [(0, 0), (5, 4)])
def test_examples_that_are_missing_are_named(n, n_hat):
    w, bias = np.ones((3, 4), np.float32), np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=f"{n} float and {n_hat} quantised"):
        corrected_bias(bias, w, w, np.ones((n, 4), np.float32), np.ones((n_hat, 4), np.float32))
