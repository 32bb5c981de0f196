import numpy as np
import pytest

from pyapp.bridge import call_json
from pyapp.pages.affine import numbers, unnudged, verdict, without_nudging
from pyapp.quant.error import quantization_error
from pyapp.quant.schemes import quantize
from pyapp.runner import Runner

SKEWED, CENTRED = ("relu", "silu", "activations"), ("normal", "laplace", "weights")
KINDS = SKEWED + CENTRED


def opened(**params):
    return Runner().open("affine", params)["frame"]


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("name, kind", [("skewed", kind) for kind in SKEWED] + [("centred", kind) for kind in CENTRED])
def test_both_schemes_on_the_same_numbers(name, kind, scheme, bits):
    frame = opened(bits=bits, **{name: kind})
    x, facts = numbers(kind, 1), frame.scalars[name]
    tensor = quantize(x, bits, scheme)
    assert facts[scheme]["sqnr_db"] == quantization_error(x, tensor).sqnr_db
    assert facts[scheme]["zero_point"] == tensor.zero_point and facts[scheme]["zero_error"] == 0
    assert facts["count"] == 4096
    used = np.unique(tensor.codes)
    assert facts[scheme]["used"] == used.size
    if scheme == "affine":
        assert facts[scheme]["beyond"] == 0  # its range is the numbers' own
    assert frame.arrays[f"{name}_before"].sum() == frame.arrays[f"{name}_{scheme}_after"].sum() == 4096


def test_after_relu_the_zero_point_is_worth_a_bit_and_costs_nothing():
    """Half of a symmetric grid is empty there, so that the affine one has steps about half as wide: 6 dB."""
    for kind in ("relu", "activations"):
        facts = opened(skewed=kind, bits=8).scalars["skewed"]
        assert facts["symmetric"]["beyond"] == 128 and facts["affine"]["zero_point"] == 0
        assert facts["gain_db"] == pytest.approx(6, abs=0.4) and facts["gain_bits"] == pytest.approx(1, abs=0.07)
        assert facts["zeros"] > 0.4


def test_on_centred_numbers_it_buys_less():
    facts = opened(bits=8).scalars
    assert facts["centred"]["gain_db"] < facts["skewed"]["gain_db"] / 2


@pytest.mark.parametrize("kind", ["silu", "normal", "laplace", "weights"])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_without_nudging_zero_is_no_code(kind, bits):
    x = numbers(kind, 1)
    found = without_nudging(x, bits)
    step = (float(x.max()) - float(x.min())) / (2**bits - 1)
    assert 0 < abs(found["zero"]) <= step / 2 * (1 + 1e-9)
    # the distance from 0 to the nearest line is the zero point's distance from a whole number, in steps
    assert abs(found["zero"]) == pytest.approx(abs(found["zero_point"] - round(found["zero_point"])) * step, rel=1e-6)


def test_unnudged_by_hand():
    assert unnudged(np.array([-1.0, 0.0, 2.0]), -1.0, 2.0, 2).tolist() == [-1, 0, 2]
    assert unnudged(np.array([0.0, 5.0]), -0.5, 1.0, 2).tolist() == [0, 1]
    assert unnudged(np.array([0.0]), -0.75, 2.25, 2).tolist() == [0.25]


@pytest.mark.parametrize("gain, words", [
    (6.6, "gains 6.6 dB, as much as 1.1 more bits"), (0.3, "gains nothing (+0.3 dB)"),
    (-0.3, "gains nothing (-0.3 dB)"), (-2, "costs 2.0 dB")])
def test_the_sentence_follows_the_measured_numbers(gain, words):
    facts = {"gain_db": gain, "symmetric": {"beyond": 7}, "affine": {"beyond": 1}}
    assert words in verdict(facts, 4) and "7 of its 16 codes" in verdict(facts, 4)


def test_the_glance_is_measured_at_each_width():
    for row in opened().scalars["skewed"]["glance"]:
        x = numbers("relu", 1)
        assert row["affine"] == quantization_error(x, quantize(x, row["bits"], "affine")).sqnr_db


def test_a_new_seed_draws_other_numbers_and_all_of_it_crosses_to_the_page():
    for kind in KINDS:
        assert (numbers(kind, 1) != numbers(kind, 2)).any()
        np.testing.assert_array_equal(numbers(kind, 3), numbers(kind, 3))
    reply, arrays = call_json("open", '{"page": "affine", "params": {"bits": "16", "skewed": "silu"}}')
    assert '"ok"' in reply and arrays
