"""The figures of the protocol, first measured with other code: 512 rows of 64, one generator with seed 0, L1 a row."""

from functools import cache

import numpy as np
import pytest

from pyapp.softmax.compare import BITS, compare, gain_bits, methods_table, probabilities, quantized
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.measures import errors, reference
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES, quantize_logits

ROWS, LENGTH = 512, 64
ROUNDED = 0.0006  # the figures have three digits after the point
FLOAT = {  # at 2 to 8 bits, the float softmax of the codes
    ("centred", "none"): (1.123, .598, .273, .130, .063, .030, .015),
    ("centred", "tensor-mean"): (1.123, .598, .273, .130, .063, .030, .015),
    ("centred", "row-max"): (.722, .350, .166, .081, .039, .019, .010),
    ("offset", "none"): (1.238, 1.004, .596, .302, .146, .072, .035),
    ("offset", "tensor-mean"): (1.239, 1.001, .602, .300, .148, .071, .036),
    ("offset", "row-mean"): (1.113, .598, .280, .133, .063, .032, .015),
    ("offset", "row-midrange"): (1.023, .497, .231, .109, .053, .026, .013),
    ("offset", "row-max"): (.769, .374, .177, .086, .043, .021, .0105),
    ("skewed", "none"): (.769, .623, .397, .268, .158, .083, .042),
    ("skewed", "row-midrange"): (.789, .556, .345, .172, .085, .042, .021),
    ("skewed", "row-max"): (.625, .399, .265, .153, .079, .040, .020),
}
OTHER_DRAW = {  # of the same distribution
    ("offset", "row-max"): (.708, .325, .154, .076, .037, .018, .0092),
    ("offset", "row-max-clip"): (.329, .162, .083, .043, .022, .012, .006),
    ("skewed", "row-max-clip"): (.210, .117, .065, .035, .019, .010, .006),
}
SIGNED = (1.265, .769, .374, .177, .086, .043, .021)  # offset rows less their maximum, on a symmetric grid
TO_BYTES = (.0651, .0613, .0355)  # N(0, 1), N(0, 2) and N(0, 4) in float, the probabilities rounded to u8
COMPARISON = {  # 8 bits, symmetric, on N(0, 1), N(0, 2) and N(0, 4)
    "exact": (.0086, .0163, .0196), "tflite": (.0648, .0612, .0354), "lut2": (.0653, .0616, .0355),
    "shiftmax": (.250, .169, .081), "ibert": (.126, .110, .092), "ibert-ln2": (.126, .096, .045),
    "softermax": (.249, .167, .071), "softermax-native": (.292, .324, .287),
    "itamax": (.209, .183, .157), "itamax-wide": (.209, .175, .094),
}
LOOSE = {"softermax": 0.06}  # what is known of it leaves its slices and some of its rounding open
LOW_BITS = {  # offset rows at 4, 5 and 6 bits, of another draw; None where the original divides by zero
    ("ibert", "none"): (None, None, .233), ("ibert", "row-mean"): (.549, .463, .206),
    ("ibert-ln2", "row-mean"): (.410, .182, .126), ("lut2", "row-mean"): (.290, .158, .098),
    ("lut2", "row-max"): (.195, .116, .079),
}
HALVING = 0.6931  # the scale from which a code is a whole period of I-BERT


@cache
def table(family: str) -> dict[str, list[float]]:
    """L1 per row of the float softmax under each rule at each number of bits."""
    z = draw(family, ROWS, LENGTH, 0)
    return {rule: [compare(z, "exact", bits, rule).l1_per_row for bits in BITS] for rule in RULES}


@pytest.mark.parametrize(("family", "rule"), FLOAT)
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_the_float_softmax_of_the_codes(family, rule):
    found = table(family)[rule]
    within = 0.03 if (family, rule) == ("centred", "tensor-mean") else 0  # printed as one line with "none"
    np.testing.assert_allclose(found, FLOAT[family, rule], rtol=within, atol=ROUNDED)


@pytest.mark.parametrize(("family", "rule"), OTHER_DRAW)
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_figures_of_another_draw_lie_among_those_of_ours(family, rule):
    batches = [draw(family, ROWS, LENGTH, seed) for seed in range(6)]
    found = np.array([[compare(z, "exact", bits, rule).l1_per_row for bits in BITS] for z in batches])
    spread = 4 * found.std(axis=0, ddof=1) + ROUNDED
    assert (np.abs(found.mean(axis=0) - OTHER_DRAW[family, rule]) <= spread).all()


def test_the_clip_is_the_one_that_was_found():
    for family, (least, most) in {"offset": (5.0, 8.0), "skewed": (2.6, 5.4)}.items():
        z = draw(family, ROWS, LENGTH, 0)
        clips = [-codes.low * codes.scale for codes in (quantize_logits(z, bits, "row-max-clip") for bits in BITS)]
        assert clips == sorted(clips) and clips[0] == pytest.approx(least) and clips[-1] == pytest.approx(most)


def test_the_row_maximum_on_a_signed_grid_wastes_a_bit():
    z = draw("offset", ROWS, LENGTH, 0)
    z = z - z.max(axis=1, keepdims=True)
    found = [compare(z, "exact", bits, "none").l1_per_row for bits in BITS]
    np.testing.assert_allclose(found, SIGNED, atol=ROUNDED)
    np.testing.assert_allclose(found[1:], FLOAT["offset", "row-max"][:-1], atol=ROUNDED)


def test_the_best_that_an_output_of_bytes_allows():
    found = []
    for name in ("normal-1", "normal-2", "normal-4"):
        z = draw(name, ROWS, LENGTH, 0)
        p_hat = np.rint(255 * probabilities(quantize_logits(z, 8, "none"), "exact")) / 255
        found.append(errors(p_hat, reference(z)).l1_per_row)
    np.testing.assert_allclose(found, TO_BYTES, rtol=0.003)


@pytest.mark.parametrize("method", COMPARISON)
def test_methods_on_eight_bits(method):
    found = [compare(draw(name, ROWS, LENGTH, 0), method, 8, "none").l1_per_row
             for name in ("normal-1", "normal-2", "normal-4")]
    np.testing.assert_allclose(found, COMPARISON[method], rtol=LOOSE.get(method, 0.03))


@pytest.mark.parametrize(("method", "rule"), LOW_BITS)
@pytest.mark.in_pyodide(3, "the cases differ in settings, not in arithmetic")
def test_integer_methods_on_few_bits(method, rule):
    batches = [draw("offset", ROWS, LENGTH, seed) for seed in range(8)]
    if (method, rule) == ("ibert", "none"):  # it jumps where another code fits into a period
        batches = [z for z in batches if quantize_logits(z, 6, rule).scale > HALVING]
        assert len(batches) > 4
    for bits, figure in zip((4, 5, 6), LOW_BITS[method, rule], strict=True):
        if figure is not None:
            found = np.array([compare(z, method, bits, rule).l1_per_row for z in batches])
            assert abs(found.mean() - figure) <= 4 * found.std(ddof=1) + ROUNDED, bits


def test_one_table_is_the_cells_of_the_other():
    z = draw("skewed", 40, 16, 1)
    rows = methods_table(z, 5, "row-mean")
    assert [row["method"] for row in rows] == list(METHODS)
    for row in rows:
        found = vars(compare(z, row["method"], 5, "row-mean"))
        assert {key: row[key] for key in found} == found and row["n"] == 16


def test_a_mask_leaves_columns_out():
    z = draw("offset", 20, 16, 1)
    mask = np.ones(z.shape, bool)
    mask[:, 10:] = False
    for method in METHODS:
        masked = vars(compare(np.where(mask, z, -np.inf), method, 6, "row-mean", mask))
        assert masked == pytest.approx(vars(compare(z[:, :10], method, 6, "row-mean")), rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_a_calibration_batch_gives_the_scale(rule):
    z, other = (draw("offset", 30, 16, 1, batch=batch) for batch in (0, 1))
    codes = quantized(z, 6, rule, calibration=other)
    assert codes.scale == quantize_logits(other, 6, rule).scale != quantize_logits(z, 6, rule).scale
    assert compare(z, "exact", 6, rule, calibration=z) == compare(z, "exact", 6, rule)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bits", [2, 8])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.in_pyodide(6, "the cases differ in settings, not in arithmetic")
def test_every_method_answers_numbers_everywhere(family, bits, rule):
    for row in methods_table(draw(family, 32, 16, 2), bits, rule):
        assert all(np.isfinite(value) for value in row.values() if not isinstance(value, str)), row["method"]


def test_the_reference_needs_no_codes():
    codes = quantize_logits(np.array([[0.0, 1.0, 2.0]]), 16, "none")
    np.testing.assert_allclose(probabilities(codes, "exact"), reference(np.array([[0.0, 1.0, 2.0]])), atol=1e-4)


def test_a_gain_is_counted_in_bits():
    assert gain_bits([0.4, 0.2], [0.1, 0.05]) == 2 and gain_bits([0.1], [0.2]) == -1
    assert np.isnan(gain_bits([0.1], [np.nan])) and np.isnan(gain_bits([0.0], [0.1]))


def test_what_there_is_not_is_named():
    with pytest.raises(ValueError, match="no softmax method is named 'x'; choose from exact"):
        compare(draw("centred", 2, 2, 0), "x", 8, "none")
