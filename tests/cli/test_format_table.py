"""`format-table`: the shipped networks with their weights in number formats."""

import json

import pytest
from answers import refusal

from pyapp import store
from pyapp.__main__ import main
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.sweep.formats import table

RECORDED = json.loads((store.WEIGHTS / "formats.json").read_text())


def test_a_small_table(capsys, tmp_path):
    out = tmp_path / "found.json"
    assert main(["format-table", "--formats", "mxfp4, int2:32", "--images", "50", "--out", str(out)]) == 0
    said, found = capsys.readouterr(), json.loads(out.read_text())
    assert [row["format"] for row in found["rows"]] == ["float32", "mxfp4", "int2:32"]
    assert found["rows"][1]["mlp"]["bits"] == pytest.approx(4.25, abs=0.02) and "gpt" not in found["on"]
    assert found["rows"][0]["mlp"]["score"] > 0.9 and "| MXFP4 | 4.25 |" in said.out and "measuring mxfp4" in said.err


@pytest.mark.parametrize(("words", "said"), [
    (["--formats", "fp4,fp5"], "there is no format 'fp5'; use one of int8"), (["--images", "0"], "0 is not 1 or more"),
    (["--formats", ""], "there is no format ''"), (["--gpt-data", "absent.txt"], "absent.txt"),
])
def test_what_cannot_be_is_refused_before_anything_is_measured(capsys, words, said):
    answer = refusal(capsys, "format-table", *words)
    assert said in answer and "measuring" not in answer


def test_the_recorded_table_has_every_format_and_stands_in_the_readme():
    assert {row["format"] for row in RECORDED["rows"]} == {"float32", *FORMATS}
    assert RECORDED["on"].keys() == {"mlp", "vit", "gpt"}
    assert table(RECORDED) in (store.WEIGHTS / "README.md").read_text(encoding="utf-8")
