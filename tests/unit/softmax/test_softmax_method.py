"""What holds for every method: what it accepts, that it computes in integers, that nothing breaks it, what it says."""

import numpy as np
import pytest
from comparison import ODD_SCALES, answers_everything
from unit.quant.tracing import Traced, floats

from pyapp.core.losses import softmax
from pyapp.parity.softmax import softmax_codes
from pyapp.softmax.exact import Exact
from pyapp.softmax.method import Hardware, Softmax, below_maximum
from pyapp.softmax.methods import INTEGER, METHODS, make

UNORDERED = [name for name, method in INTEGER.items() if not method.ordered]
ORDERED = [name for name in INTEGER if name not in UNORDERED]


def logits(seed: int = 0, rows: int = 20, columns: int = 70) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (rows, columns), dtype=np.int32)


def test_names():
    assert next(iter(METHODS)) == "exact" and set(METHODS) - set(INTEGER) == {"exact"}
    assert all(make(name, 0.1).name == name for name in METHODS)
    assert len({method.title for method in METHODS.values()}) == len(METHODS)
    with pytest.raises(ValueError, match="no softmax method is named 'sofmax'; choose from exact, ibert"):
        make("sofmax", 0.1)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_is(name):
    method = METHODS[name]
    assert method.title and method.source and method.about.endswith(".") and isinstance(method.hardware, Hardware)
    assert method.hardware.source and method.hardware.passes in (1, 2, 3) and method.hardware.accumulator_bits >= 16
    assert method.breaks.endswith(".") or method is Exact
    with pytest.raises(ValueError, match="finite number above 0"):
        method(0.0)
    with pytest.raises(ValueError, match="finite number above 0"):
        method(float("nan"))


@pytest.mark.parametrize("name", METHODS)
def test_what_is_no_row_of_integers_is_refused(name):
    method = make(name, 0.1)
    for wrong in (np.zeros((2, 3)), np.zeros(3, np.int32), np.zeros((2, 0), np.int32)):
        with pytest.raises(ValueError, match="give integers with rows and at least one column"):
            method.probabilities(wrong)
    for wrong in (np.ones((2, 4), bool), np.ones((2, 3), np.int32)):
        with pytest.raises(ValueError, match=r"give bool \(2, 3\)"):
            method.probabilities(np.zeros((2, 3), np.int32), wrong)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32])
def test_differences_to_the_maximum_that_counts(dtype):
    q = np.array([[3, 100, 7], [0, 120, 5]], dtype)
    below, mask = below_maximum(q, np.array([[True, False, True], [False, False, False]]))
    assert below.dtype == np.int64 and below[0].tolist() == [-4, 0, 0] and mask[0].tolist() == [True, False, True]
    ends = np.array([[np.iinfo(dtype).min, np.iinfo(dtype).max]], dtype)
    assert below_maximum(ends, None)[0].tolist() == [[-int(np.iinfo(dtype).max) + int(np.iinfo(dtype).min), 0]]


def spied(method: Softmax, q: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, list]:
    """Codes, and (operation, type) of every operand and result on the way to them."""
    Traced.seen = []
    y = method(q.view(Traced), mask.view(Traced))
    assert isinstance(y, Traced)  # or else the trace was lost on the way
    return y.view(np.ndarray), Traced.seen


@pytest.mark.parametrize("scale", [1e-6, 0.02, 0.9, 100.0])
@pytest.mark.parametrize("name", INTEGER)
def test_no_float_from_logits_to_codes(name, scale):
    method, q = make(name, scale), logits()
    mask = np.random.default_rng(2).random(q.shape) < 0.8
    y, seen = spied(method, q, mask)
    assert floats(seen) == []
    assert {dtype.itemsize for _, dtype in seen if dtype.kind == "i"} <= {4, 8}  # the input is int32
    assert len(seen) > 30 and {"where", "astype"} <= {operation for operation, _ in seen}  # the spy was there
    np.testing.assert_array_equal(y, method(q, mask), strict=True)


def test_the_spy_finds_floats_where_there_are_some():
    class Scaled(INTEGER["lut2"]):
        def codes(self, below, mask):
            return super().codes(below, mask) * (self.scale > 0) + (below * self.scale > 1)

    class Divided(INTEGER["itamax"]):
        def codes(self, below, mask):
            return (super().codes(below, mask) / 2 * 2).astype(np.int64)

    for cheating in (Scaled, Divided):
        assert floats(spied(cheating(0.1), logits(), np.ones((20, 70), bool))[1])


@pytest.mark.parametrize("name", INTEGER)
def test_of_no_rows_there_are_no_probabilities(name):
    assert make(name, 0.02)(np.zeros((0, 5), np.int32), None).shape == (0, 5)


@pytest.mark.parametrize("name", UNORDERED)
def test_everything_has_an_answer(name):
    answers_everything(METHODS[name])


@pytest.mark.parametrize("scale", ODD_SCALES)
@pytest.mark.parametrize("name", ORDERED)
def test_everything_has_an_answer_in_blocks_too(name, scale):
    """As above, but that masked columns still take their place in a block."""
    method, rng = make(name, scale), np.random.default_rng(1)
    for q in (np.full((2, 9), 5), np.full((1, 1), -128), np.zeros((1, 700)), rng.integers(-2, 2, (20, 16)),
              rng.integers(-128, 128, (20, 64)), np.array([[-(2**31), 2**31 - 1, 0, 1]])):
        q = q.astype(np.int32)
        for mask in (np.ones(q.shape, bool), rng.random(q.shape) < 0.5, np.zeros(q.shape, bool)):
            y = method(q, mask)
            low, high = method.row_sums(q.shape[1])
            sums = y.sum(axis=1) * method.unit
            assert y.dtype == np.int32 and (y >= 0).all() and (y[~mask] == 0).all()
            assert (sums <= high).all() and (sums[mask.any(axis=1)] >= low).all()


@pytest.mark.parametrize("name", METHODS)
def test_equal_logits_get_equal_probabilities_and_one_alone_gets_all(name):
    for scale in (5e-324, 1e-6, 0.05, 100.0, 1.7e308):  # the smallest and largest floats, too
        method = make(name, scale)
        alone = method.probabilities(np.array([[-7]], np.int8))
        assert 0.98 < alone[0, 0] <= 1.0
        same = method.probabilities(np.full((1, 8), 9, np.int8))
        assert len(set(same[0].tolist())) == 1 and same[0, 0] == pytest.approx(1 / 8, abs=0.01)


@pytest.mark.parametrize("name", METHODS)
def test_masked_columns_have_no_part(name):
    """Whatever their logits are, even above all others."""
    method, q = make(name, 0.05), logits(3)
    mask = np.random.default_rng(4).random(q.shape) < 0.6
    mask[0] = False
    p = method.probabilities(q, mask)
    assert (p[~mask] == 0).all() and (p[0] == 0).all() and (p[1:].sum(axis=1) > 0.5).all()
    np.testing.assert_array_equal(method.probabilities(np.where(mask, q, 10**6).astype(np.int32), mask), p)


@pytest.mark.parametrize("name", METHODS)
def test_the_real_form_is_what_the_integers_come_near_to(name):
    """On a fine grid, integers are off by output codes and by what the method's own constants are rounded."""
    z = np.random.default_rng(5).normal(0, 2, (200, 16))
    scale = float(np.abs(z).max()) / 2**11
    q = np.rint(z / scale).astype(np.int32)
    method = make(name, scale)
    real = METHODS[name].real(q * scale)
    assert real.dtype == np.float64 and real.shape == z.shape
    apart = np.abs(method.probabilities(q) - real).sum(axis=1)
    assert apart.mean() < 0.03 + 16 * method.unit * (name != "exact")


def test_exact_is_the_softmax_of_the_dequantised_logits():
    q = logits(6)
    np.testing.assert_allclose(Exact(0.03).probabilities(q), softmax(q * 0.03), rtol=1e-12)
    low, high = Exact(0.03).row_sums(70)
    assert (np.abs(Exact(0.03).probabilities(q).sum(axis=1) - 1) <= high - 1).all() and low < 1


@pytest.mark.parametrize("name", INTEGER)
def test_codes_for_the_proof(name):
    codes = softmax_codes()
    assert set(codes) == set(INTEGER) and sum(value.nbytes for value in codes.values()) < 35_000
    assert codes[name].dtype == np.int32 and codes[name].any(axis=(1, 2)).all()
    np.testing.assert_array_equal(softmax_codes()[name], codes[name])
