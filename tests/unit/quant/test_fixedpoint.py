"""Requantisation against the published rules in Python's big integers and fractions, and against recorded TFLite."""

from fractions import Fraction

import numpy as np
import pytest
from unit.c_arithmetic import HIGH, LOW, c_divide, c_high_mul, saturated

from pyapp.hosts import ROOT
from pyapp.quant import fixedpoint
from pyapp.quant.fixedpoint import (
    LARGEST_REAL,
    Multiplier,
    float_multiplier,
    requantize_double,
    requantize_float,
    requantize_single,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
    shift_down,
)

TFLITE = ROOT.parent / "shared" / "oracles" / "tflite.npz"
CORNERS = [LOW, LOW + 1, -(2**30) - 1, -(2**30), -(2**30) + 1, -3, -2, -1, 0, 1, 2, 3, 2**30 - 1, 2**30, 2**30 + 1,
           HIGH - 1, HIGH]


def numbers(seed: int, count: int) -> list[int]:
    """int32 of every size, small ones as often as large ones, and the corners."""
    rng = np.random.default_rng(seed)
    sizes = 2.0 ** rng.uniform(0, 31, count)
    return [int(n) for n in rng.uniform(-1, 1, count) * sizes] + CORNERS


def reals(seed: int, count: int) -> list[float]:
    """Multipliers of every exponent, and those at the edges of the format."""
    rng = np.random.default_rng(seed)
    edges = [0.0, 0.5, 1.0, 2.0, 1 - 2**-53, 0.5 - 2**-33, 1 - 2**-32, 1 - 2**-31, 2**-32, 2**-33, 2**-32 - 2**-64,
             3e-39, 1e-300, 2.0**29, LARGEST_REAL]
    return [float(m) for m in 2.0 ** rng.uniform(-34, 29.9, count)] + edges


def int32(values) -> np.ndarray:
    return np.array(values, np.int32)


def round_half_away(x: Fraction) -> int:
    return int(abs(x) + Fraction(1, 2)) * (1 if x >= 0 else -1)


# TFLite's rules word for word (quantization_util.cc, common.h), on gemmlowp's primitives.

def c_multiplier(real: float) -> tuple[int, int]:
    if real == 0:
        return 0, 0
    exponent, mantissa = 0, Fraction(real)
    while mantissa >= 1:
        mantissa, exponent = mantissa / 2, exponent + 1
    while mantissa < Fraction(1, 2):
        mantissa, exponent = mantissa * 2, exponent - 1
    m0 = round_half_away(mantissa * 2**31)
    if m0 == 2**31:
        m0, exponent = m0 // 2, exponent + 1
    return (0, 0) if exponent < -31 else (m0, exponent)


def c_double(acc: int, m0: int, exponent: int) -> int:
    shifted = saturated(acc << max(exponent, 0))  # TFLite leaves an overflow here undefined
    return c_divide(c_high_mul(shifted, m0), max(-exponent, 0))


def c_single(acc: int, m0: int, exponent: int) -> int:
    return saturated((acc * m0 + (1 << (30 - exponent))) >> (31 - exponent))


def test_the_multiplier_is_tflites():
    values = reals(1, 4000)
    ours = Multiplier.of(np.array(values))
    theirs = [c_multiplier(value) for value in values]
    assert ours.m0.dtype == ours.exponent.dtype == np.int32
    assert ours.m0.tolist() == [m0 for m0, _ in theirs]
    assert ours.exponent.tolist() == [exponent for _, exponent in theirs]
    used = ours.m0[ours.m0 > 0]
    assert (used >= 2**30).all()


def test_the_multiplier_is_within_half_a_unit():
    for value in reals(2, 500):
        found = Multiplier.of(np.array(value))
        unit = Fraction(2) ** (int(found.exponent) - 31) if found.m0 else Fraction(1, 2**63)
        assert abs(Fraction(value) - int(found.m0) * unit) <= (unit / 2 if found.m0 else Fraction(1, 2**32))


@pytest.mark.parametrize("real", [-1.0, np.nan, np.inf, 2.0**30])
def test_impossible_multipliers_are_refused(real):
    with pytest.raises(ValueError, match="scales"):
        Multiplier.of(np.array([0.5, real]))
    with pytest.raises(ValueError, match="scales"):
        float_multiplier(np.float32(1e30), np.float32([1, 1e9]), np.float32(1))


def test_a_shared_exponent_is_that_of_the_largest():
    rng = np.random.default_rng(3)
    rows = 10.0 ** rng.uniform(-6, 0, (50, 7))
    rows[0], rows[1] = 1 - 2**-40, [1 - 2**-40] + [0.3] * 6  # rounding carries into the exponent
    rows[2] = 2**-40  # nothing is left of these
    found = Multiplier.of(rows, axis=1)
    assert found.exponent.shape == (50, 1) and (found.m0 >= 0).all()
    for row, m0, exponent in zip(rows, found.m0, found.exponent[:, 0], strict=True):
        largest, expected = c_multiplier(float(row.max()))
        assert (m0.max(), exponent) == (largest, expected)
        if largest:
            unit = Fraction(2) ** (int(exponent) - 31)
            assert m0.tolist() == [round_half_away(Fraction(real) / unit) for real in row.tolist()]


def test_high_mul_is_gemmlowps():
    a, b = numbers(4, 400), numbers(5, 400)
    ours = saturating_rounding_doubling_high_mul(int32(a)[:, None], int32(b))
    assert ours.dtype == np.int32
    assert ours.tolist() == [[c_high_mul(x, y) for y in b] for x in a]


def test_divide_is_gemmlowps_and_rounds_half_away():
    values = [*numbers(6, 400), *range(-70, 71)]
    for exponent in range(32):
        ours = rounding_divide_by_power_of_two(int32(values), np.int32(exponent)).tolist()
        assert ours == [c_divide(x, exponent) for x in values]
        assert ours == [round_half_away(Fraction(x, 1 << exponent)) for x in values]


def test_both_requantisations_follow_the_rule():
    accs, values = numbers(7, 300), reals(8, 200)
    multiplier = Multiplier.of(np.array(values)[:, None])
    pairs = list(zip(multiplier.m0[:, 0].tolist(), multiplier.exponent[:, 0].tolist(), strict=True))
    for ours, rule in ((requantize_double, c_double), (requantize_single, c_single)):
        found = ours(int32(accs), multiplier)
        assert found.dtype == np.int32
        assert found.tolist() == [[rule(acc, *pair) for acc in accs] for pair in pairs]


def test_single_rounding_is_the_nearest_code():
    """Half up, of the product with the 31-bit multiplier."""
    for acc in numbers(9, 200):
        multiplier = Multiplier.of(np.array(0.0123))
        exact = Fraction(acc) * int(multiplier.m0) * Fraction(2) ** (int(multiplier.exponent) - 31)
        assert int(requantize_single(int32([acc]), multiplier)[0]) == (exact + Fraction(1, 2)).__floor__()


def test_the_two_differ_by_one_at_most_and_do_differ():
    rng = np.random.default_rng(10)
    acc = rng.integers(-(2**24), 2**24, 4000, dtype=np.int32)
    multiplier = Multiplier.of(10 ** rng.uniform(-5, -0.05, 4000))
    difference = requantize_double(acc, multiplier) - requantize_single(acc, multiplier)
    assert np.abs(difference).max() == 1 and 0.01 < (difference != 0).mean() < 0.2


def test_sums_of_products_are_shifted_once():
    rng = np.random.default_rng(11)
    accs, multiplier = rng.integers(-(2**20), 2**20, (9, 5)), Multiplier.of(rng.uniform(0.001, 0.9, (1, 5)), axis=1)
    total = (accs * multiplier.m0.astype(np.int64)).sum(axis=1)
    exponent = int(multiplier.exponent[0, 0])
    expected = [(int(t) + (1 << (30 - exponent))) >> (31 - exponent) for t in total]
    assert shift_down(total, multiplier.exponent[:, 0]).tolist() == expected


def test_float_is_half_to_even_in_float32():
    assert requantize_float(int32([1, 3, 5, -1, -3]), np.float32(0.5)).tolist() == [0, 2, 2, 0, -2]
    assert requantize_float(int32([2**24 + 1]), np.float32(1)).tolist() == [2**24]  # float32 has no 2^24 + 1
    assert requantize_float(int32([HIGH, LOW]), np.float32(3)).tolist() == [int(fixedpoint.LARGEST_FLOAT), LOW]


def test_recorded_tflite():
    if not TFLITE.is_file():
        pytest.skip("the recorded TFLite outputs are not on this machine")
    with np.load(TFLITE) as recorded:
        multiplier = Multiplier.of(recorded["rq_real"])
        np.testing.assert_array_equal(multiplier.m0, recorded["rq_mult"])
        np.testing.assert_array_equal(multiplier.exponent, recorded["rq_shift"])
        np.testing.assert_array_equal(requantize_double(recorded["rq_acc"], multiplier), recorded["rq_y"], strict=True)
        ours = saturating_rounding_doubling_high_mul(recorded["srdhm_a"], recorded["srdhm_b"])
        np.testing.assert_array_equal(ours, recorded["srdhm_y"])
        columns = (recorded[f"rq_{name}"].tolist() for name in ("acc", "mult", "shift", "y"))
        for *inputs, y in zip(*columns, strict=True):
            assert c_double(*inputs) == y  # so our copy of the rule, which the other tests use, is theirs
