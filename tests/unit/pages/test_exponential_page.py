import numpy as np
import pytest

from pyapp.bridge import call_json
from pyapp.pages.exponential import LOWEST, SCALES, periods, worst
from pyapp.runner import Runner
from pyapp.softmax.exponential import METHODS, IExp
from pyapp.softmax.methods import make


def opened(**params):
    return Runner().open("exponential", params)["frame"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [0.002, 0.05, 0.3, 0.7, 1.7, 2.5])
def test_the_curve_is_the_methods_exponential_at_every_code(method, scale):
    frame = opened(method=method, scale=scale)
    arrays, codes = frame.arrays, frame.arrays["codes"]
    made = make(method, scale)
    unit = made.polynomial.a * scale**2 / (1 if method == "ibert-paper" else 2**30)
    np.testing.assert_allclose(arrays["made"], made.exp_int(codes.astype(np.int64)) * unit, rtol=1e-12)
    np.testing.assert_allclose(arrays["x"], codes * scale, atol=1e-9)
    np.testing.assert_allclose(arrays["error"], arrays["made"] - np.exp(codes * scale), atol=1e-8)
    assert codes[-1] == 0 and LOWEST <= arrays["x"][0] < LOWEST + scale + 1e-9 and frame.scalars["count"] == codes.size


def test_the_point_goes_to_the_nearest_code_and_its_facts_are_the_steps():
    scalars = opened(x=-2.52, scale=0.1).scalars
    point, steps = scalars["point"], {step["name"]: step for step in scalars["steps"]}
    assert point["q"] == steps["q"]["integer"] == -25 and point["x"] == -2.5 and steps["q"]["exact"] == -2.52
    assert point["z"] == 3 and point["p"] == pytest.approx(-0.4)
    assert steps["period"]["integer"] == 7 and steps["parabola"]["integer"] == (-4 + 27) * -4 + 279
    assert point["error"] == pytest.approx(point["made"] - np.exp(-2.5))


def test_the_point_of_a_dragged_picture_comes_back_as_the_same_code():
    runner = Runner()
    opening = runner.open("exponential", {"scale": 0.0123})
    x = opening["frame"].arrays["x"]
    for i in (0, 17, x.size - 1):
        assert runner.change(opening["run"], "x", float(x[i]))["frame"].scalars["at"] == i


def test_both_sets_of_constants_and_the_published_maximum():
    frame = opened()
    gaps = {row["name"]: row for row in frame.scalars["gaps"]}
    for name in ("code", "paper"):
        assert np.abs(frame.arrays[f"gap_{name}"]).max() == pytest.approx(gaps[name]["maximum"], rel=1e-3)
    assert gaps["code"]["maximum"] < 1.92e-3 < 2.12e-3 < gaps["paper"]["maximum"]
    published = [mark for mark in frame.scalars["gap_marks"] if mark["kind"] == "horizontal"]
    assert [mark["y"] for mark in published] == [1.9e-3, -1.9e-3] and "0.0019" in published[0]["text"]
    assert (gaps["paper"]["a"], gaps["code"]["c"]) == (0.3585, 1.0)
    assert [row["chosen"] for row in opened(method="ibert-paper").scalars["gaps"]] == [False, True]


def test_the_error_over_the_scale_is_measured_at_every_scale():
    found = {name: worst(name, 30) for name in METHODS}
    for i in (0, 80, 160):
        for name in METHODS:
            assert found[name][i] == IExp(name, float(SCALES[i])).worst(LOWEST)
    assert (found["ibert-ln2"] <= found["ibert"] + 1e-12).mean() > 0.8
    assert (worst("ibert-paper", 0) == found["ibert-paper"]).all()  # which has no exponent bits to lose
    assert (worst("ibert", 0) != found["ibert"]).any()


def test_the_three_periods_beside_each_other():
    scalars = opened(scale=0.1).scalars
    rows = {row["name"]: row for row in scalars["scales"]}
    assert rows["ibert"]["codes"] == 7 and scalars["ln2_codes"] == pytest.approx(6.9315, abs=1e-4)
    assert rows["ibert"]["off_percent"] == pytest.approx(100 * (0.7 / np.log(2) - 1))
    assert abs(rows["ibert-ln2"]["off_percent"]) < 0.01


def test_the_page_says_where_the_original_breaks():
    assert not opened(scale=0.6).scalars["breaks"]
    assert len(opened(scale=0.7).scalars["breaks"]) == 1 and len(opened(scale=1.7).scalars["breaks"]) == 2
    assert len(opened(scale=1.7, method="ibert-ln2").scalars["breaks"]) == 1


def test_the_marks_of_the_periods():
    assert periods(3.0) == [-3.0, -6.0]
    assert len(periods(0.1)) == 12


def test_the_point_and_its_way_into_the_first_period_are_marked():
    scalars = opened(x=-2.5, scale=0.1).scalars
    point, marks = scalars["point"], scalars["marks"]
    assert marks[0] == {"kind": "band", "x": pytest.approx(-0.7), "to": 0}
    thread, hollow, whole = marks[-3:]
    assert (thread["x"], thread["y"]) == (hollow["x"], hollow["y"]) == (point["p"], point["parabola"])
    assert thread["to"] == [whole["x"], whole["y"]] == [point["x"], point["made"]] and hollow["hollow"]
    assert opened(scale=2.5, method="ibert-ln2").scalars["marks"][0]["kind"] == "band"
    assert "dots" in opened(scale=0.3).arrays and "dots" not in opened(scale=0.1).arrays  # 27 codes, and 81


def test_all_of_it_crosses_to_the_page():
    reply, arrays = call_json("open", '{"page": "exponential", "params": {"scale": "0.002", "exponent": "12"}}')
    assert '"ok"' in reply and arrays
