import numpy as np
import pytest

from pyapp.bridge import call_json
from pyapp.experiment.params import ParamError
from pyapp.pages.staircase import MOST, decades, logits, window
from pyapp.runner import Runner
from pyapp.softmax.methods import METHODS
from pyapp.softmax.staircase import BITS, ELEMENTWISE, WAYS, Probability

CURVES = ("softmax", *ELEMENTWISE)


def opened(**params):
    return Runner().open("staircase", params)["frame"]


@pytest.mark.parametrize("curve", CURVES)
def test_the_current_bits_are_a_point_of_the_error_curve(curve):
    for bits in (2, 5, 8):
        frame = opened(curve=curve, bits=bits)
        for way in WAYS:
            assert frame.arrays[f"l1_{way}"][BITS.index(bits)] == frame.scalars["l1"][way]
            assert np.abs(frame.arrays[f"error_{way}"]).mean() == pytest.approx(frame.scalars["l1"][way])
        low, high = frame.scalars["range"]
        assert low < frame.arrays["float"].min() and frame.arrays["both"].max() < high


@pytest.mark.parametrize("curve, codes", [("softmax", 15), ("exp", 16), ("sigmoid", 15)])
def test_codes_are_those_of_the_inputs_grid(curve, codes):
    """A symmetric grid leaves one of 2^b out."""
    assert opened(curve=curve, bits=4).scalars["codes"] == codes


def test_the_row_is_the_curve_at_the_point():
    frame = opened(point=1.5, bits=6)
    at = frame.scalars["at"]
    assert frame.arrays["x"][at] == 1.5
    first = frame.scalars["row"]["columns"][0]
    assert first["z"] == 1.5 and first["p"] == pytest.approx(frame.arrays["float"][at])
    assert first["p_hat"] == pytest.approx(frame.arrays["both"][at])


@pytest.mark.parametrize("method", METHODS)
def test_each_method_answers_the_row(method):
    for bits in BITS:
        scalars = opened(method=method, bits=bits).scalars
        row = scalars["row"]
        for column in row["columns"]:
            if method == "exact":
                assert column["y"] is None
            else:
                assert column["p_hat"] == column["y"] * row["unit"]
        assert row["sum"] == pytest.approx(sum(column["p_hat"] for column in row["columns"]))
        own = method != "exact"
        assert (METHODS[method].about in scalars["about"]) == (METHODS[method].source in scalars["about"]) == own
        assert (METHODS[method].title in scalars["row_words"]) == (METHODS[method].title in scalars["made"]) == own


def test_a_method_is_not_told_of_on_another_curve():
    scalars = opened(curve="exp", method="ibert").scalars
    assert scalars["about"] == scalars["breaks"] == scalars["to_codes"] == "" and "I-BERT" in scalars["row_words"]


def test_all_methods_are_measured_step_by_step_and_kept_while_bits_move():
    runner = Runner()
    run = runner.open("staircase", {"bits": 4})["run"]
    answer = runner.advance(run, steps=1)
    assert answer["frame"].step == 1 and answer["frame"].scalars["waiting"] == len(METHODS) - 1
    frame = runner.advance(run, steps=len(METHODS))["frame"]
    assert [row["name"] for row in frame.scalars["measured"]] == list(METHODS) and frame.scalars["waiting"] == 0
    for row in frame.scalars["measured"]:
        curve = Probability(logits("0, 1, -1, 2.5"), row["name"])
        assert row["now"] == curve.l1(curve.both(curve.x, 4))
    frame = runner.change(run, "bits", 8)["frame"]
    assert frame.scalars["waiting"] == 0 and all(row["now"] == row["last"] for row in frame.scalars["measured"])
    frame = runner.change(run, "others", "1 2 3")["frame"]
    assert frame.scalars["waiting"] == len(METHODS)  # another row: measure anew
    assert runner.advance(run, steps=len(METHODS))["frame"].scalars["waiting"] == 0


@pytest.mark.parametrize("text, words", [("x", "not a number"), ("", "no number"), ("65", "beyond 64"),
                                         ("1 " * (MOST + 1), f"{MOST + 1} other logits")])
def test_a_bad_row_is_refused_and_in_a_link_replaced(text, words):
    runner = Runner()
    run = runner.open("staircase", {})["run"]
    with pytest.raises(ParamError, match=words) as error:
        runner.change(run, "others", text)
    assert error.value.param == "others" and error.value.hint
    assert runner.change(run, "bits", 3)["params"]["others"] == "0, 1, -1, 2.5"
    frame = opened(others=text)
    assert words in frame.notes[0] and len(frame.scalars["row"]["columns"]) == 5


def test_the_ends_of_the_pictures():
    assert window(np.array([0.0, 1.0]), np.array([0.5, 2.0])) == pytest.approx([-0.1, 2.1])
    assert decades(np.array([0.002, 0.3])) == pytest.approx([0.001, 1])
    assert decades(np.zeros(2)) == pytest.approx([1, 10])


def test_all_of_it_crosses_to_the_page():
    for curve in CURVES:
        reply, arrays = call_json("open", f'{{"page": "staircase", "params": {{"curve": "{curve}"}}}}')
        assert '"ok"' in reply and arrays
