"""Shiftmax against its definition in exact fractions, where the original works and where it breaks."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from comparison import answers_everything, compared, kinds_of, l1_per_row, operations_of, reproduced

from pyapp.softmax.shiftmax import Shiftmax


def original(row: list[int], scale: float) -> list[int]:
    """IntSoftmax of I-ViT, its floats as fractions: 2^31 - 1 over the clamped sum, codes of 8 bits less one."""
    octave = floor(Fraction(-1) / Fraction(scale))  # negative
    e = []
    for q in row:
        d = q - max(row)
        p = max(d + d // 2 - d // 16, 15 * octave)
        octaves = floor(Fraction(p, octave))
        e.append(max(floor((Fraction(p - octave * octaves, 2) - octave) * 2 ** (15 - octaves)), 0))
    factor = (2**31 - 1) // min(sum(e), 2**31 - 1)
    return [value * factor // 2**24 for value in e]


@pytest.mark.parametrize("scale", [0.003, 0.02, 0.07, 0.14, 0.5, 0.9, 1.0, 7.0, 100.0])
def test_rows_are_the_originals(scale):
    q = np.random.default_rng(10).integers(-128, 128, (30, 40))
    assert Shiftmax(scale)(q).tolist() == [original(row, scale) for row in q.tolist()]


def test_rows_whose_sum_overflows():
    """At a scale of 1e-6 one exponential is 2^34.9: the original's codes leave 7 bits, ours stay a distribution."""
    q = np.random.default_rng(11).integers(-128, 128, (3, 64))
    assert min(original(q[0].tolist(), 1e-6)) > 1000
    assert set(Shiftmax(1e-6)(q).reshape(-1).tolist()) == {1}  # 128 / 64, and the floors take a little
    far = np.random.default_rng(12).normal(0, 2e6, (20, 12)).astype(np.int32)
    coarse = Shiftmax(0.01)(far // 10_000)  # the same logits where nothing overflows
    assert np.abs(Shiftmax(1e-6)(far) - coarse).max() <= 2


def test_the_line_and_the_logarithm():
    """2^-f by 1 - f/2 is at most 0.043 too high; 1.4375 for log2 e is 0.36 % low."""
    f = np.linspace(0, 1, 10001)
    error = 1 - f / 2 - 2.0**-f
    assert error.min() >= 0 and 0.0430 < error.max() < 0.0431
    assert abs(1.4375 / np.log2(np.e) - 1 + 0.0036) < 1e-4


def test_comparison():
    reproduced(Shiftmax, (0.250, 0.169, 0.081))


def test_a_whole_octave_softens_the_row():
    """1/S = 7.06 becomes 8: the same distribution from another seed gives half as much error again."""
    other = np.random.default_rng(0).normal(0, 4, (512, 64))
    assert l1_per_row(Shiftmax, other) > 1.5 * l1_per_row(Shiftmax, compared()[2])


def test_no_float_inside():
    method, q = Shiftmax(0.05), np.random.default_rng(45).integers(-128, 128, (9, 16))
    assert kinds_of(lambda below: method.codes(below, q % 2 == 0), q - q.max(axis=1, keepdims=True)) <= set("iub")


def test_everything_has_an_answer():
    answers_everything(Shiftmax)


def test_the_stated_multiplications_and_divisions_are_those_of_the_code():
    done = operations_of(Shiftmax(0.05), np.arange(-30, 30, dtype=np.int32).reshape(2, 30))
    assert done["multiply", 30] == 2 and done["floor_divide", 30] == done["floor_divide", 1] == 1
    assert Shiftmax.hardware.multiplications.startswith("2, and 2 divisions")
