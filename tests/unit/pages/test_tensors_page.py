"""Tensors: the shipped network's, a file of the reader's, and files that cannot be read."""

import numpy as np
import pytest
from fuzz_tensors import X, npz_file, samples

from pyapp.experiment.params import ParamError
from pyapp.measure.layer_output import layer_of, output_errors
from pyapp.measure.tensor_errors import error_map
from pyapp.measure.tensor_formats import best, described
from pyapp.pages import tensors
from pyapp.pages.base import tensor_rows
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.runner import Runner
from pyapp.store import StoreError

W = np.tile(X, (2, 8))  # 8, 256


def opened(data: bytes, name: str, steps: int = 500, **params):
    """The page with a file, when all is measured."""
    runner = Runner()
    run = runner.open("tensors", params)["run"]
    answer = runner.restore(run, np.frombuffer(data, np.uint8), name)
    return runner, run, answer, runner.advance(run, steps=steps)["frame"].scalars


def test_a_file_of_the_readers_is_measured_as_the_command_measures_it():
    _, _, answer, found = opened(npz_file(w=W, b=W[0, :5], steps=np.arange(4, dtype=np.int64)), "mine.npz", bits=5)
    assert found["file"] == "mine.npz" and "sent nowhere" in answer["notes"][0] and found["done"] == found["of"]
    rows = {row["name"]: row for row in found["rows"]}
    assert list(rows) == ["w", "b", "steps"] and rows["steps"]["note"] == "whole numbers without a scale"
    tensor = tensors.Tensor("w", W.shape, "float32", W.nbytes, lambda: W)
    (expected,) = best([described(tensor, list(FORMATS), 5, 4096)], None)
    assert rows["w"]["format"] == FORMATS[expected["format"]].title and rows["w"]["sqnr_db"] == expected["sqnr_db"]
    assert rows["b"]["format"] == "kept" and found["kept"] == 2
    assert found["bytes"] == W.nbytes + 20 + 32 and found["then"] == expected["format_bytes"] + 52
    assert found["chosen"]["name"] == "w" and [row["name"] for row in found["formats"]] == sorted(
        FORMATS, key=lambda name: FORMATS[name].bits(W.shape))


def test_another_tensor_and_another_order():
    runner, run, _, _ = opened(npz_file(one=W, two=2 * W), "mine.npz")
    said = runner.change(run, "tensor", "two")
    assert not said["notes"] and said["frame"].scalars["chosen"]["name"] == "two"
    assert len(runner.advance(run, steps=99)["frame"].scalars["formats"]) == len(FORMATS)
    assert "no tensor of that name" in runner.change(run, "tensor", "three")["notes"][0]
    names = [row["name"] for row in runner.change(run, "sort", "maximum")["frame"].scalars["rows"]]
    assert names == ["two", "one"]
    assert [row["name"] for row in runner.change(run, "filter", "ON")["frame"].scalars["rows"]] == ["one"]


def test_words_and_shapes_are_ordered_too():
    """Before all is measured, too: axes are then still those of the file."""
    data = npz_file(b=W, a=W[:, :9], c=np.arange(4, dtype=np.int64))
    for steps in (1, 500):
        runner, run, _, _ = opened(data, "mine.npz", steps=steps, largest=False)
        for column, order in ("name", "abc"), ("shape", "cab"), ("dtype", "bac"), ("place", "cab"):
            rows = runner.change(run, "sort", column)["frame"].scalars["rows"]
            assert "".join(row["name"] for row in rows) == order
    rows = runner.change(run, "sort", "format")["frame"].scalars["rows"]
    assert [row["format"] for row in rows] == ["4-bit integers", "GGUF Q4_K", "kept"]


def test_where_a_format_errs_and_what_cannot_be_read_is_not_exact():
    runner, run, _, found = opened(npz_file(w=W, steps=np.arange(4), b=W[0, :5], zeros=0 * W), "mine.npz", bits=5)
    assert found["pictured"] and found["form"] == "MXFP4"
    arrays = runner.change(run, "format", "int8")["frame"].arrays
    assert not arrays, "another format is on its way"
    frame = runner.advance(run, steps=1)["frame"]
    expected = error_map(W.reshape(-1), W.shape, "int8")
    np.testing.assert_array_equal(frame.arrays["lost"], expected.lost)
    assert frame.arrays["before"].sum() == frame.arrays["after"].sum() == W.size
    assert frame.scalars["shown_part"].startswith("All")
    assert {row["name"]: row["sqnr"] for row in found["rows"] if row["name"] != "w"} == {
        "steps": "–", "b": "–", "zeros": "exact"}
    runner.change(run, "tensor", "steps")
    assert runner.advance(run, steps=1)["frame"].scalars["refused"] == "whole numbers without a scale"


def test_pasted_numbers_take_the_place_of_the_file():
    runner, run, _, _ = opened(npz_file(w=W), "mine.npz")
    runner.change(run, "values", "tensor([[1., 2.], [3., -4.]])")
    found = runner.advance(run, steps=99)["frame"].scalars
    assert (found["file"], found["numbers"], found["rows"][0]["maximum"]) == (tensors.PASTED, 4, 4)
    with pytest.raises(ParamError, match="row 2 has 1 number, but row 1 has 2"):
        runner.change(run, "values", "1 2\n3")
    assert runner.look(run).scalars["file"] == tensors.PASTED
    assert runner.change(run, "values", "")["frame"].scalars["file"] == tensors.OWN
    left = runner.open("tensors", {"values": "1 2\n3"})
    assert left["frame"].scalars["file"] == tensors.OWN and "cannot be read: row 2" in left["frame"].notes[0]


def test_two_files_are_compared_the_worst_first():
    runner, run, _, _ = opened(npz_file(a=W, b=W, v=W[0], w=W[:, :9]), "one.npz", steps=2, opens="shown")
    runner.change(run, "opens", "compared")
    second = npz_file(a=W, b=W + np.float32(0.01), kernel=np.ascontiguousarray(W[:, :9].T), z=W[:2, :2])
    said = runner.restore(run, np.frombuffer(second, np.uint8), "two.npz")
    assert said["notes"] == ["two.npz is compared with one.npz here and sent nowhere."]
    found = runner.advance(run, steps=3)["frame"].scalars
    assert [(row["name"], row["sqnr"] == "exact") for row in found["pairs"]] == [("b", False), ("a", True)]
    assert found["pairs"][0]["maximum_difference"] == pytest.approx(0.01, rel=1e-3) and found["paired"] == 2
    assert found["alone"] == "Only in one.npz: v, w. Only in two.npz: kernel, z."
    assert [(each["first"], each["second"], each["how"]) for each in found["candidates"]] == [
        ("w", "kernel", "renamed and transposed")]
    assert runner.change(run, "values", "1 2")["frame"].scalars["other"] == ""


def test_inputs_of_the_chosen_tensor_from_a_second_file():
    """The errors are the command's; another tensor, which they do not fit, is refused in a sentence, and no page."""
    x = np.random.default_rng(5).standard_normal((30, 256)).astype(np.float32)
    runner, run, _, before = opened(npz_file(w=W, v=W[:, :9]), "one.npz", steps=3, opens="shown")
    assert before["inputs"] == "" and before["outputs"] == []
    runner.change(run, "opens", "inputs")
    said = runner.restore(run, np.frombuffer(npz_file(x=x), np.uint8), "x.npz")
    assert said["notes"] == ["x.npz is read as inputs here and sent nowhere."]
    assert said["frame"].scalars["file"] == "one.npz"
    found = runner.advance(run, steps=9)["frame"].scalars
    assert found["outputs"] == list(output_errors(layer_of(W, x)))
    assert found["outputs_said"] == (
        "The inputs are x. GPTQ and AWQ saw 15 rows of inputs, and errors are measured on 15 others. With fewer rows "
        "than the 256 inputs, GPTQ fits just those, and may lose more than rounding to nearest does.")
    runner.change(run, "tensor", "v")
    found = runner.advance(run, steps=3)["frame"].scalars
    assert found["outputs"] == [] and "no tensor there has rows of 9 numbers" in found["outputs_refused"]
    with pytest.raises(StoreError, match="no tensor there has rows of 9"):
        runner.restore(run, np.frombuffer(npz_file(x=x), np.uint8), "x.npz")


def test_of_many_tensors_some_are_measured_and_listed_and_the_filter_reaches_all(monkeypatch):
    monkeypatch.setattr(tensors, "MOST", 3)
    monkeypatch.setattr(tensors, "ROWS", 2)
    runner, run, _, found = opened(npz_file(**{f"w{i}": (i + 1) * W[:1, :8] for i in range(5)}), "mine.npz", bits=1)
    assert found["tensors"] == 5 and len(found["rows"]) == 2 and found["bytes"] == 3 * 32
    assert found["cut"].startswith("3 of 5 tensors are measured") and "2 of 5 are listed" in found["cut"]
    (row,) = runner.change(run, "filter", "W4")["frame"].scalars["rows"]
    assert row["name"] == "w4" and row["maximum"] is None, "it is on its way"
    found = runner.advance(run, steps=1)["frame"].scalars
    assert found["rows"][0]["maximum"] == 5 * np.abs(W[:1, :8]).max() and found["bytes"] == 4 * 32
    assert found["cut"].startswith("4 of 5 tensors are measured") and "listed" not in found["cut"]
    assert not runner.change(run, "tensor", "w3")["notes"]
    found = runner.advance(run, steps=99)["frame"].scalars
    assert found["chosen"]["name"] == "w3" and found["formats"] and found["done"] == found["of"] and not found["cut"]


@pytest.mark.parametrize("name", samples())
def test_every_kind_of_file_opens(name):
    _, _, _, found = opened(samples()[name], name, steps=3)
    assert found["file"] == name and found["numbers"] > 4


@pytest.mark.parametrize(("data", "name", "said"), [
    (b"GGUF" + bytes(3), "bad.gguf", "expected a .gguf file"), (b"any", "x.pt", "convert it with: python"),
    (npz_file()[:50], "x.npz", "expected a .npz file"), (b"PK\x05\x06" + bytes(18), "x.npz", "it holds no tensor")])
def test_a_file_that_cannot_be_read_changes_nothing(data, name, said):
    runner = Runner()
    run = runner.open("tensors")["run"]
    before = runner.advance(run, steps=4)["frame"]
    with pytest.raises(StoreError, match=said):
        runner.restore(run, np.frombuffer(data, np.uint8), name)
    assert runner.look(run).scalars == before.scalars


def test_a_session_keeps_the_settings_and_no_file():
    runner, run, _, _ = opened(npz_file(w=W), "mine.npz")
    runner.change(run, "bits", 8)
    saved = runner.save(run)
    again = runner.restore(run, saved["file"], saved["name"])
    assert again["params"]["bits"] == 8 and again["frame"].scalars["file"] == tensors.OWN


def test_a_long_name_may_wrap_and_stays_itself():
    for name in ("layers.0.attention.weight", "a" * 200, "block_" * 40 + "kernel"):
        wrapped = tensor_rows.breakable(name)
        assert wrapped.replace("\u200b", "") == name and max(map(len, wrapped.split("\u200b"))) <= tensor_rows.LONG
    assert tensor_rows.breakable("encoder_attention_weight") == "encoder_attention_weight", "short enough for a line"


def test_names_of_others_cannot_turn_or_fill_a_sentence():
    assert tensor_rows.breakable("a\u202eb\nc") == "a\ufffdb\ufffdc"
    said = tensor_rows.told(["x" * 900, "וגם"])
    assert said.replace("\u200b", "") == f"{'x' * tensor_rows.SAID}…, וגם"
