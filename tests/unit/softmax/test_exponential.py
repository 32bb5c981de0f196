import math
from fractions import Fraction

import numpy as np
import pytest

from pyapp.softmax.exponential import CLIFFS, CONSTANTS, METHODS, PUBLISHED, IExp, breaks, error, gap
from pyapp.softmax.ibert import PERIODS
from pyapp.softmax.methods import make

SCALES = (0.003, 0.02, 0.1, 0.37, 0.8, 1.5, 2.5)


def test_the_published_maximum_holds_for_the_codes_constants_only():
    code, paper = gap(CONSTANTS["code"]), gap(CONSTANTS["paper"])
    assert code["maximum"] == pytest.approx(1.913e-3, abs=5e-7) and code["at"] == pytest.approx(-0.140, abs=5e-4)
    assert paper["maximum"] == pytest.approx(2.128e-3, abs=5e-7)
    assert (code["mean"], paper["mean"]) == pytest.approx((1.24e-3, 1.28e-3), abs=5e-6)
    assert code["maximum"] < PUBLISHED + 5e-5 < paper["maximum"]  # 1.9e-3 as it is rounded in the paper


def test_the_error_is_the_polynomials_distance_by_hand():
    p, e = error(CONSTANTS["paper"], 3)
    expected = [0.3585 * (x + 1.353) ** 2 + 0.344 - math.exp(x) for x in (-math.log(2), -math.log(2) / 2, 0)]
    assert p.tolist() == pytest.approx([-math.log(2), -math.log(2) / 2, 0]) and e.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scale", SCALES)
def test_the_trace_ends_in_the_methods_own_integer(name, scale):
    made, method = IExp(name, scale), make(name, scale)
    for q in made.codes(-8.0)[:: max(1, made.codes(-8.0).size // 9)]:
        steps = {step.name: step for step in made.trace(int(q), float(q) * scale)}
        assert steps["result"].integer == method.exp_int(np.array([q], np.int64))[0]
        assert steps["result"].real == pytest.approx(made.values(np.array([q]))[0])
        assert steps["q"].exact == steps["q"].real
        if "sixteen" in steps:
            assert steps["sixteen"].integer == method.sixteen_bits(np.array([q], np.int64))[0]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("scale", SCALES)
def test_each_integer_follows_from_those_before_it(name, scale):
    """In exact fractions: what the page prints as the step's formula is what was computed."""
    made = IExp(name, scale)
    one = 2**made.fraction
    for q in made.codes(-8.0)[:: max(1, made.codes(-8.0).size // 9)]:
        at = {step.name: step.integer for step in made.trace(int(q), 0.0)}
        assert at["z"] == -at["q"] * one // at["period"] and at["p"] == at["q"] * one + at["z"] * at["period"]
        p, b, c = Fraction(at["p"], one), at["b"], at["c"]
        exact = (p + b) ** 2 + c if name == "ibert-paper" else (p + b) * p + c
        limit = 1 if name == "ibert-paper" else 0
        assert at["parabola"] == max(math.floor(exact * 2**made.spare), limit)
        assert at["result"] == math.floor(at["parabola"] * Fraction(2) ** at["shift"])


@pytest.mark.parametrize("name", METHODS)
def test_real_numbers_stand_beside_their_integers(name):
    at = {step.name: step for step in IExp(name, 0.1).trace(-25, -2.52)}
    assert at["q"].exact == -2.52 and at["q"].real == -2.5
    assert at["z"].exact == 3 and at["p"].exact == pytest.approx(-2.5 + 3 * math.log(2))
    assert at["parabola"].exact == pytest.approx(math.exp(at["p"].exact))
    assert at["result"].exact == pytest.approx(math.exp(-2.5))
    assert at["result"].exact == pytest.approx(at["parabola"].exact * at["shift"].exact)
    b, c = (1.353, 0.344 / 0.3585) if name == "ibert-paper" else (0.96963238 / 0.35815147, 1 / 0.35815147)
    assert (at["b"].exact, at["c"].exact) == pytest.approx((b, c))
    for step in ("b", "c"):
        assert at[step].real <= at[step].exact  # rounded down
    assert at["parabola"].real == pytest.approx(at["parabola"].exact, abs=0.21)


def test_ln2_in_codes_at_a_tenth():
    """NUMERICS: 6.93 becomes 7 in the code; the printed floor makes 6; the repair keeps 12 more bits."""
    found = {name: IExp(name, 0.1).codes_to_a_period for name in METHODS}
    assert found["ibert"] == 7 and found["ibert-paper"] == 6
    assert found["ibert-ln2"] == pytest.approx(6.931472, abs=2**-13)


def test_the_repair_loses_less_where_the_period_was_off():
    for scale in (0.01, 0.05, 0.3, 0.5):
        assert IExp("ibert-ln2", scale).worst(-8) < IExp("ibert", scale).worst(-8)
    assert IExp("ibert", 0.002).worst(-8) < 2.1e-3  # on a fine grid it is the polynomial's


@pytest.mark.parametrize("bits", range(PERIODS + 1))
def test_fewer_exponent_bits_cut_the_result_and_keep_its_value(bits):
    whole, cut = IExp("ibert", 0.1), IExp("ibert", 0.1, bits)
    q = whole.codes(-8.0)
    lost = whole.values(q) - cut.values(q)
    assert (lost >= 0).all() and (lost < cut.unit).all()
    np.testing.assert_array_equal(cut.integers(q), whole.integers(q) // 2 ** (PERIODS - bits))
    paper = IExp("ibert-paper", 0.1, bits)
    assert paper.bits == 0 and (paper.integers(q) == IExp("ibert-paper", 0.1).integers(q)).all()


@pytest.mark.parametrize("name, scale, words", [("ibert", 0.7, "a period is one code"),
                                                ("ibert", 1.68, "divides 0 by 0"),
                                                ("ibert-paper", 0.7, "divides by it"),
                                                ("ibert-paper", 1.36, "divides 0 by 0"),
                                                ("ibert-ln2", 1.68, "divides 0 by 0")])
def test_where_the_original_breaks_a_sentence_says_so(name, scale, words):
    assert words in breaks(name, scale)[-1]
    assert not breaks(name, 0.6)
    made = IExp(name, scale)
    assert (made.integers(made.codes(-8.0)) >= 0).all() and made.integers(np.zeros(1, np.int32))[0] >= 1


def test_the_cliffs_are_where_the_constants_say():
    """Just below a limit the method is not guarded, just above it is."""
    (one_code, _), (no_constant, _) = CLIFFS["ibert"]
    assert make("ibert", one_code * 0.999).period == 2 and make("ibert", one_code * 1.001).period == 1
    for name in ("ibert", "ibert-ln2"):
        ratio = 1 / 0.35815147
        assert ratio / (no_constant * 0.999) ** 2 > 1 > ratio / (no_constant * 1.001) ** 2
        assert make(name, no_constant * 1.001).c == 1  # the guard
    (no_period, _), (nothing, _) = CLIFFS["ibert-paper"]
    assert math.log(2) / (no_period * 1.001) < 1 and make("ibert-paper", no_period * 1.001).period == 1
    below, above = make("ibert-paper", nothing * 0.999), make("ibert-paper", nothing * 1.001)
    assert below.b**2 + below.c == 1 and above.b**2 + above.c == 0


@pytest.mark.parametrize("name, limit", [("ibert", 1.671), ("ibert-ln2", 1.671), ("ibert-paper", 0.6931),
                                         ("indexsoftmax", 6.6)])
def test_a_method_says_from_which_scale_on_its_original_has_no_answer(name, limit):
    method = type(make(name, 1.0))
    assert method.guarded_above == pytest.approx(limit, abs=1e-4)
    assert not method.guarded(limit * 0.999) and method.guarded(limit * 1.001)


def test_what_there_is_not_is_refused():
    for name, bits in (("tflite", 30), ("ibert", 31), ("ibert", -1)):
        with pytest.raises(ValueError, match="choose from"):
            IExp(name, 0.1, bits)
