"""LUT2 against its definition in Python's integers, the nearest code, and the comparison of methods."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from comparison import answers_everything, compared, kinds_of, reproduced, symmetric

from pyapp.core.losses import softmax
from pyapp.softmax.lut2 import LUT2


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def defined(row: list[int], scale: float) -> list[int]:
    """The definition in exact fractions."""
    multiplier = half_up(Fraction(math.log2(math.e) * scale) * 2**16)
    e = []
    for q in row:
        t = Fraction((max(row) - q) * multiplier, 2**16)
        octaves = t.numerator // t.denominator
        k = half_up((t - octaves) * 32)
        e.append(half_up(Fraction(round(2.0 ** (16 - k / 32)), 2 ** min(octaves, 40))))
    return [half_up(Fraction(255 * value, sum(e))) for value in e]


@pytest.mark.parametrize("scale", [1e-6, 0.003, 0.05, 0.4, 2.5, 100.0])
def test_rows_are_as_defined(scale):
    q = np.random.default_rng(7).integers(-128, 128, (20, 33))
    assert LUT2(scale)(q).tolist() == [defined(row, scale) for row in q.tolist()]


def test_the_table():
    table = LUT2(0.1).table
    assert len(table) == 33 and table[0] == 2**16 and table[32] == 2**15 and table[16] == 46341
    assert LUT2.hardware.table_bytes == 33 * 4


def test_comparison():
    reproduced(LUT2, (0.0653, 0.0616, 0.0355))
    reproduced(partial(LUT2, index_bits=4), (0.066, 0.062, 0.036))
    reproduced(partial(LUT2, index_bits=3), (0.069, 0.065, 0.037))


def test_the_table_is_the_only_approximation():
    """Within half an output code and the table's half step, 1.1 % of p."""
    for z in compared():
        q, scale = symmetric(z)
        p = softmax(q * scale)
        assert (np.abs(LUT2.real(q * scale) - p) <= 0.0219 * p).all()
        assert (np.abs(LUT2(scale).probabilities(q) - p) <= 0.5 / 255 + 0.023 * p).all()


def test_wide_logits_on_a_fine_grid_break_as_documented():
    q = np.array([[0, -10000, -20000]], np.int32)
    fine = LUT2(1e-4).probabilities(q)[0]
    assert np.abs(fine - softmax(q * 1e-4)[0]).max() > 0.01  # 9 instead of 9.45
    assert len(set(LUT2(5.2e-6)(q)[0].tolist())) == 1 and len(set(LUT2(5.4e-6)(q)[0].tolist())) == 3
    scales = 2.0 ** np.random.default_rng(8).uniform(-20, 0, 300)
    off = [abs(int(LUT2(s).multiplier) / 2**16 / math.log2(math.e) - s) * 255 for s in scales]
    assert max(off) < 0.0014


def test_no_float_inside():
    method, q = LUT2(0.05), np.random.default_rng(45).integers(-128, 128, (9, 16))
    assert kinds_of(lambda below: method.codes(below, q % 2 == 0), q - q.max(axis=1, keepdims=True)) <= set("iub")


def test_everything_has_an_answer():
    answers_everything(LUT2)
