import names
import numpy as np
import pytest

from pyapp.pages.formats import ALIKE, FAMILIES, Page, about, levels_of
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.runner import Runner


def finished(**params):
    """The frame when all formats are measured."""
    runner = Runner()
    return runner.advance(runner.open("formats", params)["run"], steps=len(FORMATS))["frame"]


def measured(**params):
    return finished(**params).scalars


def test_every_format_is_measured_on_the_same_tensor():
    rows = {row["name"]: row for row in measured()["formats"]}
    assert rows.keys() == FORMATS.keys()
    assert rows["q4_k"]["bits"] == 4.5 and rows["mxfp4"]["bits"] == 4.25
    assert rows["q8_0"]["sqnr_db"] > rows["int8"]["sqnr_db"] > rows["int4"]["sqnr_db"]
    assert rows["nf4"]["sqnr_db"] > rows["int4"]["sqnr_db"] + 3


def test_every_family_has_a_line_that_is_seen():
    frame, params = finished(), {param.name: param.default for param in Page.PARAMS}
    assert not names.check(Page, frame, params)
    lines = frame.scalars["race"]
    assert [line["label"] for line in lines] == [family[0] for family in FAMILIES]
    assert len({(line["role"], line["dash"]) for line in lines}) == len(lines)
    lines[1]["role"] = "good"
    assert any("no colour" in fault for fault in names.check(Page, frame, params))


def test_an_outlier_costs_one_scale_for_all_the_most():
    few, many = ({row["name"]: row["sqnr_db"] for row in measured(outlier=size)["rival_rows"]} for size in (1.5, 12))
    assert all(many[name] < few[name] for name in few)
    assert many["nvfp4"] > many["mxfp4"] and many["nvfp4"] > many["int4"] + 3  # it harms only its half of the block


def test_a_format_that_cannot_hold_the_numbers_says_nothing_of_them():
    found = measured(values="1e30 -2e30 0.5", format="q4_0")
    assert found["sqnr_db"] is None and found["race_marks"] == []
    assert {row["name"] for row in found["formats"] if row["sqnr_db"] is None} == {
        name for name in FORMATS if name.startswith("q")}


def test_numbers_that_cannot_be_read_are_said():
    frame = Runner().open("formats", {"values": "one two"})["frame"]
    assert frame.scalars["count"] > 1000 and "cannot be read" in frame.notes[0]


@pytest.mark.parametrize("name", FORMATS)
def test_number_lines_end_at_1(name):
    levels, _ = levels_of(name)
    assert np.abs(levels).max() == 1 and (np.diff(levels) >= 0).all()


def test_the_chosen_format_has_a_row_of_its_own_in_its_colour_and_no_dot_is_lost():
    for chosen in "fp4", "mxfp4", "int5", "q4_k", "q8_0":
        frame = Runner().open("formats", {"format": chosen})["frame"]
        shown = [*reversed(ALIKE)] if chosen in ALIKE else [*reversed(ALIKE), chosen]
        assert frame.scalars["row_ticks"] == [{"at": i, "text": FORMATS[name].title} for i, name in enumerate(shown)]
        assert frame.scalars["rows"] == len(shown) and frame.scalars["row_ends"][1] > len(shown) - 1
        for row, name in enumerate(shown):
            role = "quant" if name == chosen else "float"
            x, y = frame.arrays[f"{role}_dots"], frame.arrays[f"{role}_rows"]
            assert np.array_equal(x[y == row], levels_of(name)[0])
        assert set(frame.arrays["quant_rows"]) == {shown.index(chosen)}


def test_what_is_said_of_a_block_is_that_of_its_outlier():
    runner = Runner()
    run = runner.open("formats")["run"]
    sizes = runner.look(run).arrays["sizes"]
    for at in (3, 20, 3):
        told = runner.change(run, "outlier", sizes[at])["frame"].scalars
        for row, line in zip(told["rival_rows"], told["rivals"], strict=True):
            assert row["title"] == line["label"] and row["sqnr_db"] == line["y"][at]


def test_what_is_said_of_a_format():
    own = "Scales come from a search of our own: llama.cpp's may lose more or less."
    assert {name for name in FORMATS if own in about(name)} == {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k"}
    assert {name for name in FORMATS if "are ternary" in about(name)} == {"int2", "ternary"}
