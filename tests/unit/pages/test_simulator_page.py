import numpy as np
import pytest

from pyapp.bridge import call_json
from pyapp.experiment.params import ParamError
from pyapp.pages.simulator import PASTED, Page
from pyapp.quant.error import compare, quantization_error
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.packing import pack
from pyapp.quant.schemes import fit_grid, quantize
from pyapp.runner import Runner


class Session:
    def __init__(self, **params):
        self.runner = Runner()
        answer = self.runner.open("simulator", params)
        self.run, self.frame, self.notes = answer["run"], answer["frame"], answer["notes"]

    def change(self, name, value):
        answer = self.runner.change(self.run, name, value)
        self.frame, self.notes = answer["frame"], answer["notes"]
        return self.frame

    def __getitem__(self, name):
        return self.frame.arrays[name]


@pytest.mark.parametrize("per", ["tensor", "channel", "group"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [2, 5, 8, 16])
def test_the_page_shows_what_the_toolkit_computes(bits, scheme, per):
    session = Session(bits=bits, scheme=scheme, per=per, group=5, data="channels", rows=6, columns=13)
    expected = quantize(session["values"], bits, scheme, "group:5" if per == "group" else per)
    np.testing.assert_array_equal(session["codes"], expected.codes)
    np.testing.assert_array_equal(session["after"], expected.dequantize())
    errors, shown = quantization_error(session["values"], expected), session.frame.scalars["errors"]
    assert shown["sqnr_db"] == errors.sqnr_db and shown["rounding"]["mse"] == errors.rounding.mse
    assert session.frame.scalars["bytes"]["codes"] == pack(expected.codes, bits).nbytes
    assert session.frame.scalars["bytes"]["all"] == expected.nbytes
    assert session.frame.scalars["grids"] == {"tensor": 1, "channel": 6, "group": 18}[per]


def test_a_pasted_tensor_and_its_errors_by_hand():
    session = Session(values="0 1 2 3; -3 -2.4 -1 0.6", bits=3)  # three steps of 1 a side
    assert session["codes"].tolist() == [[0, 1, 2, 3], [-3, -2, -1, 1]]
    errors = session.frame.scalars["errors"]
    assert errors["maximum"] == pytest.approx(0.4) and errors["mean"] == pytest.approx(0.1)
    assert errors["sqnr_db"] == pytest.approx(10 * np.log10((14 + 9 + 5.76 + 1 + 0.36) / (2 * 0.16)))
    assert session.frame.scalars["pasted"] and session["values"].shape == (2, 4)


def test_clipping_is_told_from_rounding():
    session = Session(values="0 0.5 1 2 4", bits=3, clip=50)  # the grid ends at 2, in steps of 2/3
    errors = session.frame.scalars["errors"]
    assert session["clipped"].tolist() == [[0, 0, 0, 0, 1]]
    assert errors["clipping"] == {"count": 1, "mean": pytest.approx(2 / 5), "maximum": 2, "mse": pytest.approx(4 / 5)}
    assert errors["rounding"]["maximum"] == pytest.approx(1 / 3)
    rounding, clipping = (row["share"] for row in session.frame.scalars["shares"])
    assert rounding + clipping == pytest.approx(1)
    assert clipping == pytest.approx(4 / (4 + 2 * (1 / 6) ** 2 + (1 / 3) ** 2), abs=0.02)


@pytest.mark.parametrize("text, message, hint", [
    ("1 2 nan", "nan", "remove NaN"), ("1 2; 3", "row 2 has 1", "same number"), ("one two", "“one”", "write numbers"),
])
def test_a_text_that_is_no_tensor_is_said_at_its_control_and_nothing_is_lost(text, message, hint):
    session = Session(values="1 2 3")
    with pytest.raises(ParamError, match=message) as error:
        session.change("values", text)
    assert error.value.param == "values" and hint in error.value.hint
    assert session.change("bits", 8).arrays["values"].tolist() == [[1, 2, 3]]
    assert session.runner.change(session.run, "bits", 4)["params"]["values"] == "1 2 3"


def test_a_link_with_a_bad_text_opens_says_so_and_keeps_the_text():
    session = Session(values="1 2 x")
    assert "“x” in row 1" in session.frame.notes[0] and session["values"].shape == (16, 32)
    frame = session.change("rows", 4)
    assert frame.arrays["values"].shape == (4, 32) and frame.notes and not session.notes
    frame = session.change("values", "1 2 3")
    assert frame.arrays["values"].tolist() == [[1, 2, 3]] and not frame.notes


def test_pasted_values_outlast_what_only_concerns_drawn_ones():
    session = Session(values="1 2 3")
    session.change("seed", 9)
    assert session.notes == [PASTED] and session["values"].tolist() == [[1, 2, 3]]
    assert session.change("values", " ").arrays["values"].shape == (16, 32)


@pytest.mark.parametrize("text", ["0 0 0", "2.5 2.5 2.5", "-7"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_constant_tensors_are_exact_and_cross_to_the_page(text, scheme):
    reply, _ = call_json("open", f'{{"page": "simulator", "params": {{"values": "{text}", "scheme": "{scheme}"}}}}')
    assert '"exact": true' in reply and "All numbers are the same" in reply and '"sqnr_db": null' in reply
    assert "error" not in reply.split('"notes"')[0]


def test_the_number_line_shows_one_grid_and_all_its_lines():
    session = Session(per="channel", part=4, bits=3)
    row, cell = session["values"][3], session.frame.scalars["cell"]
    grid = fit_grid(row, 3)
    np.testing.assert_array_equal(session["cell_values"], np.sort(row))
    np.testing.assert_array_equal(session["line_codes"], np.arange(-3, 4))
    np.testing.assert_array_equal(session["line_values"], grid.dequantize(np.arange(-3, 4, dtype=np.int32)))
    assert (cell["index"], cell["place"], cell["scale"]) == (3, "row 4", float(grid.scale))
    assert session.change("part", 999).scalars["cell"]["index"] == 15  # the last row


def test_groups_are_shown_one_by_one():
    session = Session(per="group", group=5, rows=3, columns=12, part=6)  # three groups a row; the last has two numbers
    cell = session.frame.scalars["cell"]
    assert (cell["place"], cell["count"]) == ("row 2, columns 11 to 12", 2)
    np.testing.assert_array_equal(session["cell_values"], np.sort(session["values"][1, 10:]))
    np.testing.assert_array_equal(np.sort(session["codes"][1, 10:]), session["cell_codes"])


@pytest.mark.parametrize("bits", [7, 8, 16])
@pytest.mark.parametrize("zoom, number", [(0, 0), (50, 256), (100, 511)])
def test_a_fine_grid_is_enlarged_around_one_of_its_numbers(bits, zoom, number):
    session = Session(bits=bits, zoom=zoom, data="outlier")
    codes, scalars = session["line_codes"], session.frame.scalars
    assert codes.size == 33 and scalars["low"] <= codes[0] and codes[-1] <= scalars["high"]
    assert session["cell_codes"][number] in codes
    assert session["zoom"][0] <= session["cell_values"][number] <= session["zoom"][1]


def test_histograms_count_every_number():
    session = Session(bits=2, data="laplace")
    assert session["before"].sum() == session["histogram"].sum() == session["values"].size
    assert all(sum(row["landed"]) == session["values"].size for row in session.frame.scalars["glance"])
    assert np.count_nonzero(session["histogram"]) == 3  # codes -1, 0, 1
    ratios = [row["sqnr_db"] for row in session.frame.scalars["glance"]]
    assert ratios == sorted(ratios) and 5.5 < session.frame.scalars["db_a_bit"] < 6.8


@pytest.mark.parametrize("text", ["1e38 -1e38", "1e-45 0", "1e-40 3e-39", "1 1e38 1e-38"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("bits", [2, 16])
def test_extreme_numbers_stay_numbers(text, scheme, bits):
    session = Session(values=text, scheme=scheme, bits=bits, per="channel", codes="unsigned")
    assert all(np.isfinite(array).all() for array in session.frame.arrays.values())


def test_a_scale_per_channel_helps_where_channels_differ():
    session = Session(data="channels")
    coarse = session.frame.scalars["errors"]["sqnr_db"]
    assert session.change("per", "channel").scalars["errors"]["sqnr_db"] > coarse + 3


def test_the_page_has_no_work_left():
    session = Session()
    assert session.runner.advance(session.run, ms=10)["done"]


def test_notes_on_pasted_numbers_come_and_go_with_them():
    session = Session()
    frame = session.change("values", "0,5\t1,25")
    assert frame.arrays["values"].tolist() == [[0.5, 1.25]] and "decimal commas: 0,5 is 0.5" in frame.notes[0]
    assert session.change("values", "1 2").notes == []
    with pytest.raises(ParamError, match="0 and 5, or one with a decimal comma") as error:
        session.change("values", "0,5 1,25")
    assert "“0, 5” with a space" in error.value.hint


def test_every_error_is_a_dot_and_half_a_step_is_marked():
    session = Session(values="0 0.5 1 2 4", bits=3, clip=50)
    assert session["clipped_x"].tolist() == [4] and session["rounded_x"].tolist() == [0, 0.5, 1, 2]
    assert (session["clipped_error"] == session["cell_error"][-1:]).all()
    half, most = session.frame.scalars["cell"]["half_step"], session.frame.scalars["error_ends"][1]
    assert [mark["y"] for mark in session.frame.scalars["half_steps"]] == [half, -half] and most == 2
    assert "clipped_x" not in Session(clip=100).frame.arrays


def test_codes_as_text_stand_below_each_other():
    assert Session(values="0 1 2 3; -3 -2.4 -1 0.6", bits=3).frame.scalars["codes_text"] == " 0  1  2  3\n-3 -2 -1  1"


def test_other_numbers_come_from_the_next_seed():
    session = Session(seed=9999)
    assert session.frame.scalars["next_seed"] == 1 and session.change("seed", 7).scalars["next_seed"] == 8


@pytest.mark.parametrize("name", ["fp4", "fp8-e4m3", "nf4", "ternary", "mxfp4", "q4_0", "q6_k"])
def test_a_format_is_shown_as_a_grid_is(name):
    session = Session(format=name, data="outlier", part=2, zoom=100)
    tensor, scalars = FORMATS[name].encode(session["values"]), session.frame.scalars
    np.testing.assert_array_equal(session["after"], tensor.dequantize())
    assert scalars["errors"]["sqnr_db"] == compare(session["values"], tensor.dequantize()).sqnr_db
    assert scalars["bytes"]["all"] == tensor.nbytes and scalars["bytes"]["codes"] <= tensor.nbytes
    assert scalars["cell"]["zero_point"] is None and scalars["form"] == FORMATS[name].title
    assert scalars["cell"]["fine"] == name.startswith("fp8") and session["cell_codes"][-1] in session["line_codes"]
    assert [row["name"] for row in scalars["glance"]] == ["nf4", "mxfp4", "nvfp4", "q4_0"] and not scalars["db_known"]


def test_the_codes_of_fp4_by_hand():
    session = Session(format="fp4", values="6 -6 1.4 -0.2")  # the scale is 1; 0.5, 1, 1.5, 2, 3, 4 and 6, and a sign
    assert session["codes"].tolist() == [[7, 15, 3, 8]] and session["after"].tolist() == [[6, -6, 1.5, 0]]
    assert session["line_values"].tolist() == [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert session.frame.scalars["cell"]["half_step"] == 1


def test_numbers_that_a_format_cannot_hold_are_said_and_nothing_is_lost():
    session = Session(values="1 2 3", format="q4_0")
    with pytest.raises(ParamError, match="Q4_0") as error:
        session.change("values", "1e30 2")
    assert error.value.param == "values" and "uniform grid" in error.value.hint
    assert session.change("part", 2).arrays["values"].tolist() == [[1, 2, 3]]
    session = Session(values="1e30 2", format="q4_0")
    assert "A uniform grid is shown" in session.frame.notes[-1] and session.frame.scalars["on_grid"]
    assert session.change("format", "nf4").scalars["form"] == "NF4" and not session.frame.notes


def test_another_look_at_the_number_line_does_not_search_for_scales_again(monkeypatch):
    session = Session(format="q4_k", rows=2, columns=64)
    after = session["after"].copy()
    monkeypatch.setattr(Page, "_encode", lambda *_: pytest.fail("encoded again"))
    assert session.change("part", 2).scalars["cell"]["place"] == "row 1, columns 33 to 64"
    session.change("zoom", 70)
    np.testing.assert_array_equal(session["after"], after)
