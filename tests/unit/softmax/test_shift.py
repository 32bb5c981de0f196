import numpy as np
import pytest

from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.measures import errors, reference
from pyapp.softmax.shift import CLIPS, RULES, UNSIGNED, best_clip, calibrate, quantize_logits

Z = draw("offset", 32, 16, 5)
CONSTANTS = {  # by other means than the code's
    "none": lambda z: 0.0, "tensor-mean": np.mean, "row-mean": lambda z: np.array([[np.mean(row)] for row in z]),
    "row-midrange": lambda z: np.array([[(max(row) + min(row)) / 2] for row in z]),
    "row-max": lambda z: np.array([[max(row)] for row in z]),
}


@pytest.mark.parametrize("bits", [2, 3, 8])
@pytest.mark.parametrize("rule", CONSTANTS)
def test_the_formula(rule, bits):
    x = Z - CONSTANTS[rule](Z)
    codes = (1 << bits) - 1 if rule == "row-max" else (1 << (bits - 1)) - 1
    scale = np.abs(x).max() / codes
    logits = quantize_logits(Z, bits, rule)
    assert logits.q.dtype == np.int32 and logits.scale == pytest.approx(scale, rel=1e-14)
    np.testing.assert_array_equal(logits.q, np.rint(x / logits.scale).astype(np.int32))
    assert np.abs(logits.dequantize() - Z).max() <= scale / 2 * (1 + 1e-9)  # nothing is clipped
    assert np.abs(logits.q).max() == codes


@pytest.mark.parametrize("rule", RULES)
def test_codes_stay_on_the_grid_and_every_code_count_is_honest(rule):
    logits = quantize_logits(Z, 4, rule)
    assert logits.low <= logits.q.min() and logits.q.max() <= logits.high
    assert logits.high - logits.low + 1 == (16 if rule in UNSIGNED else 15)
    if rule in UNSIGNED:
        assert (logits.q.max(axis=1) == 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_a_constant_added_to_all_logits_changes_only_the_rule_that_does_nothing(rule):
    before, after = (quantize_logits(z, 6, rule) for z in (np.rint(Z * 64) / 64, np.rint(Z * 64) / 64 + 32))
    assert (np.array_equal(before.q, after.q) and before.scale == after.scale) == (rule != "none")


def test_a_clip_is_kept_where_it_is_below_the_range():
    assert quantize_logits(Z, 4, "row-max-clip", clip=3.0).scale == 3 / 15
    wide = quantize_logits(Z, 4, "row-max-clip", clip=1e9)
    assert wide.scale == quantize_logits(Z, 4, "row-max").scale
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="clip is"):
            calibrate(Z, 4, "row-max-clip", clip=bad)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bits", [2, 5, 8])
def test_the_best_clip_is_no_worse_than_any_other(family, bits):
    z = draw(family, 64, 32, 1)
    p, found = reference(z), best_clip(z, bits)

    def error(clip):
        return errors(reference(quantize_logits(z, bits, "row-max-clip", clip=clip).dequantize()), p).l1_per_row
    assert error(found) <= min(error(clip) for clip in CLIPS[0]) * (1 + 1e-12)
    assert error(found) <= error(1e9) and 1 < found < 13


@pytest.mark.parametrize("rule", RULES)
def test_masked_columns_neither_set_the_scale_nor_the_offset(rule):
    mask = np.random.default_rng(0).random(Z.shape) < 0.6
    mask[3] = False  # a row without any
    mask[4] = True
    seen = [quantize_logits(np.where(mask, Z, junk), 5, rule, mask) for junk in (0.0, -1e4, -np.inf, np.nan, 1e300)]
    for logits in seen:
        assert logits.scale == seen[0].scale and (logits.q == seen[0].q).all()
        assert (logits.q[~mask] == logits.low).all() and np.isfinite(logits.offset).all()
    free = quantize_logits(Z[4:5], 5, rule, mask[4:5])
    assert (free.q == quantize_logits(Z[4:5], 5, rule).q).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("z", [np.zeros((3, 4)), np.full((2, 1), -7.5), np.full((1, 3), 1e38), np.array([[1e-300, 0]])])
def test_constant_rows_length_one_and_extremes_give_codes(rule, z):
    logits = quantize_logits(z, 2, rule)
    assert logits.scale > 0 and np.isfinite(logits.scale) and np.isfinite(logits.dequantize()).all()


def test_the_scale_may_come_from_another_batch():
    other = 3 * Z[:8]
    shift = calibrate(other, 6, "tensor-mean")
    logits = shift.quantize(Z)
    assert logits.scale == quantize_logits(other, 6, "tensor-mean").scale != quantize_logits(Z, 6, "tensor-mean").scale
    assert (logits.offset == other.mean()).all()
    assert calibrate(Z / 10, 6, "none").quantize(Z).q.max() == 31  # clipped


@pytest.mark.parametrize(("call", "message"), [
    (lambda: calibrate(Z, 1, "none"), "bits is 1; use a whole number from 2"),
    (lambda: calibrate(Z, 8, "row-median"), "no shift 'row-median'; use one of none"),
    (lambda: calibrate(Z[:0], 8, "none"), r"shape \(0, 16\)"), (lambda: calibrate(Z[0], 8, "none"), r"shape \(16,\)"),
    (lambda: calibrate(np.array([[1, np.nan]]), 8, "none"), "NaN or infinity"),
    (lambda: calibrate(Z, 8, "none", np.ones(Z.shape)), "mask is float64"),
    (lambda: calibrate(Z, 8, "none").quantize(np.array([[np.inf]])), "NaN or infinity")])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
