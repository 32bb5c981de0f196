from dataclasses import asdict

import numpy as np
import pytest

from pyapp import bridge
from pyapp.experiment.params import ParamError
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages import methods
from pyapp.pages.methods import COLUMNS, EXAMPLE, SHOWN
from pyapp.runner import Runner
from pyapp.softmax.compare import compare, methods_table
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.measures import reference
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.shift import RULES, quantize_logits

SMALL = {"rows": 20, "length": 12}


def measured(**params):
    runner = Runner()
    run = runner.open("methods", {**SMALL, **params})["run"]
    return runner, run, runner.advance(run, ms=1e9)["frame"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("rule", RULES)
def test_the_table_is_that_of_the_command_line(family, rule):
    frame = measured(logits=family, shift=rule, bits=5, seed=2)[2]
    expected = methods_table(draw(family, 20, 12, 2), 5, rule)
    assert [{"method": row["name"], "title": row["title"], **row["found"]} for row in frame.scalars["rows"]] == expected
    assert frame.scalars["measured"] == frame.scalars["total"] == frame.step == len(METHODS)


@pytest.mark.parametrize("network", TRAINED)
def test_the_heads_of_a_trained_network_are_measured_where_their_logits_count(network):
    frame = measured(logits=network, length=8, bits=4, shift="row-max")[2]
    source = TRAINED[network](8, False, 0)
    z, mask = source.logits.reshape(-1, 8), None if source.mask is None else np.tile(source.mask, (16, 1))
    for row in frame.scalars["rows"]:
        assert row["found"] == asdict(compare(z, row["name"], 4, "row-max", mask))
    assert frame.scalars["logits"]["rows"] == 16 * 8 and not frame.scalars["picture"]["broken"]


def test_large_batches_are_measured_in_pieces(monkeypatch):
    whole = measured(rows=50)[2].scalars["rows"]
    monkeypatch.setattr(methods, "PIECE", 12 * 7)
    runner = Runner()
    run = runner.open("methods", {**SMALL, "rows": 50})["run"]
    calls = 0
    while not (answer := runner.advance(run, ms=0))["done"]:
        calls += 1
    assert answer["frame"].scalars["rows"] == whole and calls == len(METHODS) * (8 + 1)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("best", [True, False])
def test_sorting(column, best):
    rows = measured(logits="offset", bits=3, sort=column, best=best)[2].scalars["rows"]
    assert sorted(row["name"] for row in rows) == sorted(METHODS)
    if column == "method":
        assert [row["name"] for row in rows] == list(METHODS)[:: 1 if best else -1]
    else:
        values = [row["found"][column] for row in rows]
        if column == "row_sum":
            values = [abs(value - 1) for value in values]
        assert values == sorted(values, reverse=best == (column == "top1"))


def test_a_row_sum_is_best_when_it_is_1():
    rows = measured(logits="pasted", text="0 " * 100, sort="row_sum")[2].scalars["rows"]
    assert rows[0]["name"] == "exact" and max(row["found"]["row_sum"] for row in rows) > 1.1


def test_what_is_not_measured_stands_last():
    runner = Runner()
    run = runner.open("methods", {**SMALL, "sort": "l1_per_row", "best": False})["run"]
    rows = runner.advance(run, steps=2)["frame"].scalars["rows"]
    assert [row["found"] is not None for row in rows] == [True] * 2 + [False] * (len(METHODS) - 2)
    assert runner.advance(run, steps=0)["frame"].scalars["words"] is None


def test_choosing_measures_nothing_anew():
    runner, run, _ = measured()
    for name, value in (("sort", "top1"), ("best", False), ("method", "lut2"), ("row", 3)):
        answer = runner.change(run, name, value)
        assert answer["frame"].scalars["measured"] == len(METHODS)
    assert runner.change(run, "bits", 3)["frame"].scalars["measured"] == 0


@pytest.mark.parametrize("method", METHODS)
def test_the_picture_is_the_methods_own(method):
    frame = measured(method=method, logits="skewed", bits=4, rows=40, row=34, length=70)[2]
    picture, arrays = frame.scalars["picture"], frame.arrays
    assert (picture["first"], picture["rows"], picture["columns"]) == (40 - SHOWN[0] + 1, *SHOWN)
    z = draw("skewed", 40, 70, 0)
    codes = quantize_logits(z, 4, "none")
    p, p_hat = reference(z)[24:, :64], make(method, codes.scale).probabilities(codes.q)[24:, :64]
    np.testing.assert_array_equal(arrays["float"], p.astype(np.float32))
    np.testing.assert_array_equal(arrays["method"], p_hat.astype(np.float32))
    np.testing.assert_array_equal(arrays["difference"], (p_hat - p).astype(np.float32))
    np.testing.assert_array_equal(arrays["codes"], codes.q[24:, :64])
    assert picture["limit"] == max(np.abs(arrays[name]).max() for name in ("float", "method", "difference"))


def test_pasted_logits():
    frame = measured(logits="pasted", text="1 2 3\n-40, -41 -38.5")[2]
    assert frame.scalars["logits"]["rows"] == 2 and frame.scalars["logits"]["n"] == 3
    np.testing.assert_allclose(frame.arrays["float"], reference(np.array([[1, 2, 3], [-40, -41, -38.5]])), rtol=1e-6)
    assert methods.pasted(EXAMPLE).shape == (3, 4)


@pytest.mark.parametrize(("text", "message"), [
    ("", "no number"), ("1 nan", "nan in row 1"), ("1 inf", "inf in row 1"), ("1 2\n3", "row 2 has 1 number"),
    ("a b", "is not a number")])
def test_a_text_that_is_no_matrix_is_refused_and_nothing_changes(text, message):
    runner, run, before = measured(logits="pasted")
    with pytest.raises(ParamError, match=message) as error:
        runner.change(run, "text", text)
    assert error.value.param == "text" and error.value.hint
    answer = runner.advance(run, ms=1)
    assert answer["frame"].scalars["logits"] == before.scalars["logits"]


def test_a_link_with_such_a_text_opens_and_says_so():
    answer = Runner().open("methods", {"logits": "pasted", "text": "1 nan"})
    assert answer["params"]["logits"] == "centred" and "nan in row 1" in answer["frame"].notes[0]


def test_a_text_waits_until_it_is_asked_for():
    runner, run, _ = measured()
    assert "set Logits to pasted" in runner.change(run, "text", "1 2; 3 4")["notes"][0]
    assert runner.change(run, "logits", "pasted")["frame"].scalars["logits"]["rows"] == 2


@pytest.mark.parametrize(("bits", "length"), [(8, 12), (2, 256)])
def test_the_words_follow_from_the_numbers(bits, length):
    """A row that is all 0 has an L1 of 1 only, and is none the nearer for it."""
    frame = measured(logits="offset", bits=bits, length=length)[2]
    l1 = {row["title"]: row["found"]["l1_per_row"] for row in frame.scalars["rows"]
          if not row["found"]["broken_rows"] and not row["guarded"]}
    assert (len(l1) == len(METHODS)) == (bits == 8) == ("break no row" not in frame.scalars["words"])
    rounding = l1.pop(METHODS["exact"].title)
    best, worst = min(l1, key=l1.get), max(l1, key=l1.get)
    words = frame.scalars["words"]
    assert f"L1 error of {rounding:.4f}" in words and f"{best} is closest" in words and f"{worst} is farthest" in words
    assert f"{l1[best]:.4f}" in words and f"{l1[worst]:.4f}" in words


def test_broken_rows_are_counted_and_the_method_says_where_it_breaks():
    """In rows of 256 with many near the maximum, codes that are rounded down leave most of the mass out."""
    frame = measured(logits="centred", bits=2, rows=32, length=256, method="ibert")[2]
    broken = {row["name"]: row for row in frame.scalars["rows"] if row["found"]["broken_rows"]}
    assert "ibert" in broken and "exact" not in broken and "lut2" not in broken and broken["ibert"]["breaks"]
    codes = quantize_logits(draw("centred", 32, 256, 0), 2, "none")
    sums = make("ibert", codes.scale).probabilities(codes.q).sum(axis=1)
    assert broken["ibert"]["found"]["broken_rows"] == (sums < 0.5).sum()
    assert frame.scalars["picture"]["broken"] == (1 + np.flatnonzero(sums[: SHOWN[0]] < 0.5)).tolist()


def test_where_an_original_has_no_answer_its_row_says_so_and_is_not_ranked():
    scalars = measured(logits="offset", bits=4, rows=512, length=64)[2].scalars
    assert scalars["logits"]["scale"] == pytest.approx(2.94, abs=0.005)
    guarded = {row["name"] for row in scalars["rows"] if row["guarded"]}
    assert guarded == {"ibert", "ibert-paper", "ibert-ln2"}
    assert not any(METHODS[name].title in scalars["words"] for name in guarded)
    assert not any(row["guarded"] for row in measured(logits="offset")[2].scalars["rows"])


def test_all_of_it_crosses_to_the_page():
    reply, _ = bridge.call_json("open", '{"page": "methods", "params": {"logits": "offset", "bits": "2"}}')
    assert '"ok"' in reply


def test_papers_are_linked():
    sources = [each["from"] for each in Runner().open("methods")["frame"].scalars["hardware"]]
    assert sum("](https://arxiv.org/abs/" in text for text in sources) >= 8
    for text in sources:
        assert text.count("arXiv ") == text.count("[arXiv ") == text.count("(https://arxiv.org/abs/")
