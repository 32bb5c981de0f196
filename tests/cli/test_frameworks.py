"""Comparing with other frameworks: the refusal where none is installed, the recorded table, and a small run of each."""

import json
import sys

import numpy as np
import pytest
from answers import refusal

from pyapp import store
from pyapp.__main__ import main
from pyapp.bench.framework_runs import ALONE, one_by_one
from pyapp.bench.frameworks import Apart, table
from pyapp.nets import mlp

RECORDED, WITHOUT_VNNI = (json.loads((store.WEIGHTS / f"{name}.json").read_text())
                          for name in ("frameworks", "frameworks-avx2"))


def rows_of(recorded: dict) -> dict:
    return {row["name"]: row for row in recorded["rows"]}


def without(monkeypatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)  # importing it is an ImportError, as if it were not installed


def measured(capsys, *words: str) -> tuple[dict, str]:
    """What a small run measured, and what it said on the way."""
    assert main(["frameworks", "--images", "20", "--json", *words]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_without_any_framework_it_says_what_to_install(capsys, monkeypatch, tmp_path):
    without(monkeypatch, "onnx", "onnxruntime", "torch")
    out = tmp_path / "found.json"
    said = refusal(capsys, "frameworks", "--out", str(out))
    assert "neither ONNX Runtime nor torch is installed" in said and 'pip install -e ".[oracle]"' in said
    assert not out.exists()


def test_no_images_are_refused(capsys):
    assert "images is 0; use 1 or more" in refusal(capsys, "frameworks", "--images", "0")


def test_runs_are_compared_image_by_image():
    one = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    other = np.array([[1, 0], [0, 2], [1.5, 0]], np.float32)
    assert Apart.of(other, one) == Apart(predictions=1, logits=2, largest=2)
    assert Apart.of(one, one) == Apart(0, 0, 0)
    assert np.array_equal(one_by_one(lambda x: x / len(x))(one), one)


@pytest.mark.parametrize("recorded", [RECORDED, WITHOUT_VNNI])
def test_the_readme_has_the_recorded_tables(recorded):
    assert table(recorded) in (store.WEIGHTS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("recorded", [RECORDED, WITHOUT_VNNI])
def test_the_recorded_figures_are_of_the_shipped_weights_and_agree_with_the_other_tables(recorded):
    found = rows_of(recorded)
    assert recorded["weights"] == store.recipe(mlp.SHIPPED)["sha256"] and recorded["images"] == 10_000
    ours = found["Bitladder, integers"]
    text = (store.WEIGHTS / "README.md").read_text(encoding="utf-8")
    assert f"| W8A8, integer arithmetic | {ours['bytes']:,} | {100 * ours['accuracy']:.2f} % |" in text
    for name in ("Bitladder, integers", "ONNX Runtime, our integers (`onnx-qlinear`)"):
        assert found[name]["other_than_ours"] == 0
        assert all(each["predictions"] == each["logits"] == 0 for each in found[name]["settings"].values())


def test_more_than_half_of_the_images_differ_without_vnni():
    """As the README says."""
    assert rows_of(WITHOUT_VNNI)["ONNX Runtime, static"]["settings"]["WebAssembly"]["logits"] > 5000


def test_a_setting_that_fails_is_said_in_the_table():
    row = {**RECORDED["rows"][0], "settings": {"WebAssembly": {"failed": "no such file"}}}
    assert "| Bitladder, integers | WebAssembly | failed: no such file |" in table({**RECORDED, "rows": [row]})


def test_a_small_run_of_onnx_runtime(capsys, monkeypatch, tmp_path):
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason="of the test extra")
    without(monkeypatch, "torch")
    out = tmp_path / "found.json"
    found, said = measured(capsys, "--out", str(out))
    assert "torch is not installed, so the rows of torch are left out" in said
    assert json.loads(out.read_text()) == found and table(found).count("ONNX Runtime, static") == 4
    rows = {row["name"]: row for row in found["rows"]}
    assert rows.keys() == {name for name in rows_of(RECORDED) if not name.startswith("torch")}
    for name, row in rows.items():
        assert row["accuracy"] == 1 and row["other_than_ours"] == 0, name
        assert 109_000 < row["bytes"] < 115_000 or "float32" in name
    integers = rows["ONNX Runtime, our integers (`onnx-qlinear`)"]
    assert len(integers["settings"]) == 3
    assert all(setting["logits"] == 0 for setting in integers["settings"].values())
    assert rows["ONNX Runtime, dynamic"]["settings"][ALONE]["logits"] > 0  # a range is that of the images run together
    assert "npm install onnxruntime-web" in refusal(capsys, "frameworks", "--web", str(tmp_path))


def test_a_small_run_of_torch(capsys, monkeypatch):
    pytest.importorskip("torch", reason='pip install -e ".[oracle]" to compare with torch itself')
    without(monkeypatch, "onnx", "onnxruntime")
    found, said = measured(capsys)
    assert "so the rows of ONNX Runtime are left out" in said
    rows = {row["name"]: row for row in found["rows"]}
    assert rows.keys() == {"Bitladder, integers", *(name for name in rows_of(RECORDED) if name.startswith("torch"))}
    assert all(row["accuracy"] == 1 and row["other_than_ours"] == 0 for row in rows.values())
    assert rows["torch, dynamic"]["settings"][ALONE]["logits"] > 0
