import numpy as np
import pytest

from pyapp.core.rng import generator
from pyapp.quant.error import compare, quantization_error, sqnr_db
from pyapp.quant.schemes import Grid, QuantizedTensor, fit_grid, make_grid, quantize


def halves(high: int = 3) -> Grid:
    """Codes -high..high in steps of 1/2, so that every error below can be seen."""
    return Grid(np.float32(0.5), np.int32(0), 3, -high, high)


def test_rounding_and_clipping_by_hand():
    x = np.array([0.5, 0.625, -0.125, 2.0, -4.0], np.float32)  # the grid ends at ±1.5
    errors = quantization_error(x, QuantizedTensor(halves().quantize(x), halves()))
    assert halves().clips(x).tolist() == [False, False, False, True, True]
    assert (errors.rounding.count, errors.rounding.maximum) == (3, 0.125)
    assert (errors.clipping.count, errors.clipping.maximum) == (2, 2.5)
    assert errors.maximum == 2.5
    assert errors.mean == pytest.approx((0.125 + 0.125 + 0.5 + 2.5) / 5)
    assert errors.mse == pytest.approx((2 * 0.125**2 + 0.5**2 + 2.5**2) / 5)
    assert errors.rounding.mse == pytest.approx(2 * 0.125**2 / 5)
    assert errors.sqnr_db == pytest.approx(10 * np.log10(float(np.square(x).sum()) / (5 * errors.mse)))


def test_beyond_the_last_grid_point_by_less_than_half_a_step_is_rounded():
    x = np.array([1.5, 1.7, 1.8], np.float32)
    assert halves().clips(x).tolist() == [False, False, True]


@pytest.mark.parametrize("per", ["tensor", "channel", "group:5"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_the_parts_add_up_and_rounding_stays_within_half_a_step(bits, scheme, per):
    x = generator(3, "test").standard_normal((7, 12)).astype(np.float32)
    full = fit_grid(x, bits, scheme, per)
    errors = quantization_error(x, QuantizedTensor(full.quantize(x), full))
    assert errors.rounding.mse + errors.clipping.mse == pytest.approx(errors.mse, rel=1e-12)
    assert errors.rounding.mean + errors.clipping.mean == pytest.approx(errors.mean, rel=1e-12)
    assert errors.rounding.maximum <= full.scale.max() / 2 * (1 + 1e-4 * 2**(bits - 8))  # float32 codes and products
    # affine_grid moves its range by up to half a step, so that a number may be clipped by that much and no more
    assert errors.clipping.maximum <= (0 if scheme == "symmetric" else full.scale.max() / 2 * 1.01)


def test_a_narrow_range_clips_and_more_bits_do_not_help():
    x = generator(5, "test").standard_normal(4096).astype(np.float32)

    def error(bits: int):
        grid = make_grid(x.min() / 2, x.max() / 2, bits, "symmetric")
        return quantization_error(x, QuantizedTensor(grid.quantize(x), grid))

    coarse, fine = error(4), error(12)
    assert coarse.clipping.count > 0 and fine.clipping.count > 0
    assert fine.clipping.mse == pytest.approx(coarse.clipping.mse, rel=0.3)
    assert fine.rounding.mse < coarse.rounding.mse / 1000
    assert fine.sqnr_db < 30


def test_a_uniform_signal_gains_six_decibels_a_bit():
    """A full-scale uniform signal on n = 2^(b-1) - 1 steps a side has SQNR 20 log10(2n) dB (Bennett 1948)."""
    x = generator(7, "test").uniform(-1, 1, 200_000).astype(np.float32)
    for bits in (4, 6, 8, 10):
        found = quantization_error(x, quantize(x, bits)).sqnr_db
        assert found == pytest.approx(20 * np.log10(2 * (2 ** (bits - 1) - 1)), abs=0.05)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.25])
def test_a_constant_tensor_is_exact(value):
    """One number is always the end of its own grid: the documented result is no error and an infinite ratio."""
    x = np.full((2, 3), value, np.float32)
    errors = quantization_error(x, quantize(x, 4))
    assert errors.exact and errors.sqnr_db == float("inf") and errors.mean == errors.mse == 0


def test_an_error_without_signal():
    assert sqnr_db(np.zeros(3), np.ones(3)) == float("-inf")
    assert sqnr_db(np.zeros(3), np.zeros(3)) == float("inf")


def test_what_cannot_be_compared_is_refused():
    x = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="empty"):
        compare(x[:0], x[:0])
    with pytest.raises(ValueError, match=r"\(3,\) and \(2,\)"):
        compare(x, x[:2])
    with pytest.raises(ValueError, match="NaN"):
        compare(np.array([np.nan], np.float32), x[:1])
