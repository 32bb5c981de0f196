"""The walk through a quantised product: every matrix against plain Python integers and other ways to compute it."""

import itertools
import math

import names
import numpy as np
import pytest

from pyapp.bridge import call_json
from pyapp.experiment.formulas import Equation
from pyapp.experiment.panels import Together
from pyapp.experiment.params import parse_all
from pyapp.pages.base.walk import reach
from pyapp.pages.matmul import STEPS, Page, share
from pyapp.quant.integer import IntegerLinear
from pyapp.quant.matmul import qlinear_matmul
from pyapp.quant.schemes import Grid
from pyapp.runner import Runner

LARGE = {"rows": 8, "inner": 16, "columns": 8}


def page(**params):
    return Page(parse_all(Page.PARAMS, params, strict=True)[0])


def opened(**params):
    return Runner().open("matmul", params, strict=True)["frame"]


GRIDS = [{"a_scheme": a, "w_scheme": w, "per": per, "a_bits": bits, "w_bits": bits}
         for a, w, per, bits in itertools.product(("affine", "symmetric"), ("affine", "symmetric"),
                                                  ("tensor", "channel"), (2, 5, 8))]


@pytest.mark.parametrize("grids", GRIDS, ids=lambda grids: "-".join(str(value) for value in grids.values()))
def test_every_step_by_plain_integers(grids):
    frame = opened(**LARGE, **grids)
    at = {name: array.tolist() for name, array in frame.arrays.items()}
    za, zw, unit = frame.scalars["grids"]["a"]["zero_point"], at["w_zeros"][0], page(**LARGE, **grids).walk.unit
    for i, j in itertools.product(range(8), range(8)):
        a, w = at["a_codes"][i], [at["w_codes"][k][j] for k in range(16)]
        product = sum(x * y for x, y in zip(a, w, strict=True))
        sums = product, product - za * sum(w), product - za * sum(w) - zw[j] * sum(a)
        acc = sum((x - za) * (y - zw[j]) for x, y in zip(a, w, strict=True))
        assert at["after_product"][i][j] == sums[0]
        assert at["after_a_correction"][i][j] == sums[1] and at["term_a_correction"][i][j] == -za * at["w_sums"][0][j]
        assert at["after_w_correction"][i][j] == sums[2]
        assert at["term_w_correction"][i][j] == -zw[j] * at["a_sums"][i][0]
        assert at["after_constant"][i][j] == acc and at["term_constant"][i][j] == 16 * za * zw[j]
        assert at["real"][i][j] == pytest.approx(acc * unit[j], rel=1e-12)
    assert frame.scalars["check"] == {"equal": 64, "elements": 64, "exact": True, "onnx": True}


@pytest.mark.parametrize("grids", GRIDS, ids=lambda grids: "-".join(str(value) for value in grids.values()))
@pytest.mark.parametrize("out_bits", [2, 8])
def test_output_codes_are_those_of_the_integer_layer(grids, out_bits):
    found = page(**LARGE, **grids, out_bits=out_bits)
    walk = found.walk
    bias = np.zeros(8, np.float32)
    for rounding in ("single", "double", "float"):
        layer = IntegerLinear.of(walk.qw, bias, walk.qa.grid, walk.y_grid, rounding=rounding)
        np.testing.assert_array_equal(walk.codes[rounding], layer.forward(walk.qa.codes))
    onnx = qlinear_matmul(walk.qa.codes, walk.qa.grid, walk.qw.codes, walk.qw.grid, walk.y_grid)
    np.testing.assert_array_equal(walk.codes["float"], onnx)


def test_the_errors_are_those_of_the_grids():
    """The only loss up to step 7 is that of the codes, so the real numbers equal the product of the dequantised."""
    frame = opened(**LARGE)
    by_numbers = frame.arrays["a_after"].astype(np.float64) @ frame.arrays["w_after"].astype(np.float64)
    np.testing.assert_allclose(frame.arrays["real"], by_numbers, rtol=1e-5, atol=1e-6)
    product = frame.arrays["a"].astype(np.float64) @ frame.arrays["w"].astype(np.float64)
    np.testing.assert_allclose(frame.arrays["y"], product, rtol=1e-6)
    errors = frame.scalars["errors"]
    assert errors["real"]["maximum"] == pytest.approx(np.abs(frame.arrays["real"] - frame.arrays["y"]).max())
    final = np.abs(frame.arrays["final"] - frame.arrays["y"])
    assert errors["final"]["maximum"] == pytest.approx(final.max(), rel=1e-6)
    step = frame.scalars["grids"]["y"]["scale"]
    assert final.max() <= errors["real"]["maximum"] + step * 1.01  # half a step, and the clamp


def test_more_bits_lose_less():
    errors = [opened(**LARGE, a_bits=bits, w_bits=bits).scalars["errors"]["real"]["sqnr_db"] for bits in (2, 4, 6, 8)]
    assert errors == sorted(errors) and errors[-1] > errors[0] + 25


def test_a_scale_for_each_output_loses_less():
    one, each = (opened(**LARGE, per=per, w_bits=3).scalars["errors"]["real"]["mean"] for per in ("tensor", "channel"))
    assert each < one


def test_symmetric_weights_need_no_correction_for_the_inputs():
    frame = opened(w_scheme="symmetric")
    assert frame.scalars["grids"]["w"]["centred"] and not frame.scalars["grids"]["a"]["centred"]
    for name in ("w_correction", "constant"):
        assert not frame.arrays[f"term_{name}"].any()
    assert frame.arrays["term_a_correction"].any()


@pytest.mark.parametrize("rounding", ["single", "double", "float"])
@pytest.mark.parametrize("grids", [{}, {"per": "channel", "w_scheme": "symmetric"}, {"a_bits": 2, "w_bits": 2}])
def test_the_chosen_element_adds_up(rounding, grids):
    frame = opened(rounding=rounding, row=3, column=4, step=8, **grids)
    cell, scalars = frame.scalars["cell"], frame.scalars
    assert (scalars["row"], scalars["column"]) == (3, 4)
    assert sum(each["code_product"] for each in cell["inputs"]) == cell["terms"]["product"]
    assert math.fsum(each["product"] for each in cell["inputs"]) == pytest.approx(cell["y"], rel=1e-6)
    acc = sum(cell["terms"].values())
    assert acc == cell["after"]["constant"] == frame.arrays["after_constant"][2, 3]
    assert cell["terms"]["a_correction"] == -cell["a_zero"] * cell["w_sum"]
    assert cell["terms"]["w_correction"] == -cell["w_zero"] * cell["a_sum"]
    assert cell["terms"]["constant"] == scalars["inner"] * cell["a_zero"] * cell["w_zero"]
    assert cell["m0"] * 2.0 ** (cell["exponent"] - 31) == pytest.approx(cell["ratio"], rel=2**-30)
    if rounding == "single":
        assert cell["whole"] == (acc * cell["m0"] + (1 << (cell["shift"] - 1))) >> cell["shift"]
    if rounding == "double":
        assert cell["whole"] == cell["halved"]
    assert abs(cell["whole"] - cell["exact"]) < 0.51
    y = scalars["grids"]["y"]
    assert cell["code"] == min(max(cell["whole"] + cell["y_zero"], y["low"]), y["high"]) == frame.arrays["codes"][2, 3]
    assert cell["final"] == pytest.approx((cell["code"] - cell["y_zero"]) * y["scale"], rel=1e-6)


def test_where_the_rules_of_rounding_differ():
    way = page(step=8).walk
    near = way.nearby(0, 0)
    assert near["looked"] == 2**17 + 1 and near["single_double"] > 0
    m0, exponent = int(way.multiplier.m0[0]), int(way.multiplier.exponent[0])
    for each in near["examples"]:
        assert each["single"] == (each["acc"] * m0 + (1 << (30 - exponent))) >> (31 - exponent)
        assert len({each["single"], each["double"], each["float"]}) > 1
        assert all(abs(each[rule] - each["exact"]) <= 0.51 for rule in ("single", "double", "float"))
    centre = int(way.acc[0, 0])
    distances = [abs(each["acc"] - centre) for each in near["examples"]]
    apart = [acc for acc in range(centre - max(distances), centre + max(distances) + 1)
             if len({int(way.requantize(rule, np.array([acc], np.int32), 0)[0]) for rule in ("single", "double")}) > 1]
    assert {each["acc"] for each in near["examples"]} >= set(apart[1:-1])


def test_outputs_on_which_the_rules_differ_are_marked():
    """Seeds are gone through until one has such an output, which 0.4 % of them are."""
    for seed in range(200):
        way = page(**LARGE, seed=seed).walk
        if (way.codes["single"] != way.codes["double"]).any():
            frame = opened(**LARGE, seed=seed)
            marked = frame.arrays["apart"].astype(bool)
            expected = (way.codes["single"] != way.codes["double"]) | (way.codes["single"] != way.codes["float"])
            np.testing.assert_array_equal(marked, expected)
            assert frame.scalars["differ"]["single_double"] == (way.codes["single"] != way.codes["double"]).sum() > 0
            assert np.abs(way.codes["single"] - way.codes["double"]).max() == 1
            return
    pytest.fail("no output of 200 seeds is rounded differently")


@pytest.mark.parametrize("params", [{}, LARGE, {"a_scheme": "symmetric", "w_scheme": "symmetric"}, {"per": "channel"}])
def test_no_sum_of_any_codes_exceeds_the_bound(params):
    found = page(**params)
    bound, way = found.walk.bound(), found.walk
    a, w = way.qa.grid, way.qw.grid
    corners = [(x, y) for x in (a.low, a.high) for y in (w.low, w.high)]
    inner = way.a.shape[1]
    assert bound["raw"] == inner * max(abs(x * y) for x, y in corners)
    zeros = [(int(a.zero_point), int(z)) for z in np.atleast_1d(w.zero_point)]
    assert bound["centred"] == inner * max(abs((x - za) * (y - zw)) for x, y in corners for za, zw in zeros)
    largest = max(bound["raw"], bound["centred"]) // inner
    assert bound["safe_inner"] * largest <= 2**31 - 1 < (bound["safe_inner"] + 1) * largest
    assert np.abs(way.acc).max() <= bound["centred"] and np.abs(way.terms.product).max() <= bound["raw"]


def test_reach_by_hand():
    grid = Grid(np.float32(1), np.array([3, 200], np.int32), 8, 0, 255)
    assert reach(grid, 0) == 255 and reach(grid, grid.zero_point) == 252


def test_shares_are_of_the_largest_magnitude():
    np.testing.assert_array_equal(share(np.array([-4.0, 0, 2])), np.array([-1, 0, 0.5], np.float32))
    np.testing.assert_array_equal(share(np.zeros(3)), np.zeros(3, np.float32))


def test_a_chosen_element_that_is_not_there_becomes_the_last_one():
    scalars = opened(rows=2, columns=1, row=8, column=8).scalars
    assert (scalars["row"], scalars["column"]) == (2, 1)


def test_the_step_and_the_choice_compute_nothing_anew():
    runner = Runner()
    run = runner.open("matmul")["run"]
    experiment = runner._get(run).experiment
    before = experiment.walk
    for name, value in (("step", 8), ("row", 2), ("column", 2), ("rounding", "double")):
        assert not runner.change(run, name, value)["restarted"]
    assert experiment.walk is before
    runner.change(run, "w_bits", 4)
    assert experiment.walk is not before


@pytest.mark.parametrize("step", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("params", ["", ', "rows": 1, "inner": 1, "columns": 1',
                                    ', "a_bits": 2, "w_bits": 2, "out_bits": 2',
                                    ', "rows": 8, "inner": 16, "columns": 8, "per": "channel", "rounding": "double"'])
def test_every_step_crosses_to_the_page(step, params):
    reply, arrays = call_json("open", f'{{"page": "matmul", "params": {{"step": {step}{params}}}}}')
    assert '"ok"' in reply and arrays and "Infinity" not in reply


@pytest.mark.parametrize("step", range(1, len(STEPS) + 1))
@pytest.mark.parametrize("grids", [{}, {"per": "channel"}, {"a_scheme": "symmetric", "w_scheme": "symmetric"}])
@pytest.mark.parametrize("rounding", ["single", "double", "float"])
def test_every_step_shows_what_its_frame_has(step, grids, rounding):
    answer = Runner().open("matmul", {"step": step, "rounding": rounding, **grids})
    assert not names.check(Page, answer["frame"], answer["params"])
    shown = [block for panel in Page.PANELS for block in names.every(panel) if isinstance(block, Equation)]
    steps = [part for panel in Page.PANELS for part in panel.blocks if isinstance(part, Together)]
    assert len(shown) == len(steps) == len(STEPS)
    assert [names.Scope(answer["frame"], {}).holds(part.when) for part in steps].index(True) == step - 1


def said(**params):
    return opened(**params).scalars["said"]


def test_what_the_words_say_of_zero_points_rules_and_signs():
    usual = said()
    assert usual["no_a"] == usual["no_w"] == usual["no_zero"] == usual["of_column"] == ""
    assert usual["w_grid"].startswith("scale **") and usual["w_zero"].startswith("= ")
    symmetric = said(w_scheme="symmetric", per="channel")
    assert "nothing to correct" in symmetric["no_w"] and symmetric["no_zero"] and not symmetric["no_a"]
    assert "each output" in symmetric["w_grid"] and symmetric["w_zero"] == "of each output"
    assert symmetric["of_column"] and "twice" in said(rounding="double")["rule"]
    sums = [opened(w_scheme="symmetric", column=column).scalars for column in range(1, 5)]
    negative = [of for of in sums if of["cell"]["w_sum"] < 0]
    assert negative and all(of["said"]["w_sum"] == f"(−{-of['cell']['w_sum']})" for of in negative)
    assert all(of["said"]["w_sum"] == str(of["cell"]["w_sum"]) for of in sums if of not in negative)


def test_a_code_at_the_end_of_its_grid_is_said_to_be_clamped():
    coarse = {"a_bits": 2, "w_bits": 2}
    for seed in range(50):
        found = page(**LARGE, **coarse, seed=seed)
        for row, column in itertools.product(range(1, 9), range(1, 9)):
            if found.walk.cell(row - 1, column - 1, "single")["clamped"]:
                assert said(**LARGE, **coarse, seed=seed, row=row, column=column)["clamped"] == ", clamped to 0..255"
                return
    pytest.fail("no output of 50 seeds is clamped")


def test_a_seed_decides_the_numbers():
    one, again, other = (opened(seed=seed).arrays["a"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
