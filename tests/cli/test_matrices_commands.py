"""`sensitivity`, `mixed` and `sweep` of the Vision Transformer and the GPT."""

import json

import pytest
from answers import refusal

from pyapp import checkpoint, store
from pyapp.__main__ import main
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.sweep import transformer_sweep

TEXT = "the cat sat on the mat. " * 40


@pytest.fixture(scope="module")
def of(tmp_path_factory):
    """The options that name each network, small and with random weights, and the data that it is measured on."""
    folder, vocabulary = tmp_path_factory.mktemp("matrices"), Vocabulary(TEXT)
    (folder / "t.txt").write_text(TEXT)
    small = {"vit": store.arrays_of(ViT(ViTSize(14, 16, 2, 1, 24)).initial(1)),
             "gpt": gpt.arrays_of(GPT(len(vocabulary), GPTSize(16, 2, 1, 16, 24)).initial(1), vocabulary)}
    for name, arrays in small.items():
        store.save(folder / f"{name}.npz", checkpoint.described(arrays, "the tests", heads=2), {})
    return {"vit": ["vit", "--weights", f"{folder}/vit.npz", "--images", "20"],
            "gpt": ["gpt", "--weights", f"{folder}/gpt.npz", "--data", f"{folder}/t.txt", "--windows", "2"]}


def told(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["vit", "gpt"])
def test_one_format_for_all_measures_what_evaluate_measures(of, capsys, name):
    found = told(capsys, "mixed", *of[name], "--format", "mxfp4", "--budget", "100000")
    whole = told(capsys, "evaluate", *of[name], "--format", "mxfp4")
    assert set(found["format"].values()) == {"mxfp4"} and found["budget"] == 100_000
    assert [found[key] for key in ("n", "bytes", "bits_per_weight")] == [
        whole[key] for key in ("n", "bytes", "bits_per_weight")]
    assert found["loss"] == pytest.approx(whole["loss"], abs=1e-5)
    assert abs(found["accuracy"] - whole["accuracy"]) < 1.5 / found["n"]


@pytest.mark.parametrize("name", ["vit", "gpt"])
def test_each_matrix_is_measured_alone_and_few_bits_cost_more(of, capsys, name):
    found = told(capsys, "sensitivity", *of[name], "--bits", "2,8")
    assert found["float_loss"] == pytest.approx(told(capsys, "evaluate", *of[name])["loss"], abs=1e-5)
    rows = found["layers"]["block1.down.weight"]
    assert rows["2"]["kl"] > 10 * rows["8"]["kl"] > 0 and rows["8"]["bytes"] == 16 * 24 + 4
    assert main(["sensitivity", *of[name], "--format", "nf4"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(found["layers"])


def test_more_bytes_are_never_worse_where_the_choice_is_made(of, capsys):
    few, many = (told(capsys, "mixed", *of["gpt"], "--bits", "2,4,8", "--budget", bytes) for bytes in ("2000", "2600"))
    assert few["bytes"] <= 2000 < many["bytes"] <= 2600 and many["predicted_kl"] < few["predicted_kl"]
    assert set(few["bits"].values()) <= {2, 4, 8}
    assert main(["mixed", *of["gpt"], "--bits", "2,4,8", "--budget", "2000"]) == 0
    assert "of 2,000 bytes" in capsys.readouterr().out


def test_a_sweep_has_what_evaluate_measures_and_goes_on_where_it_stopped(of, capsys, tmp_path, monkeypatch):
    pytest.importorskip("joblib", reason='pip install -e ".[test]"')
    out = tmp_path / "sweep.csv"
    words = ["sweep", *of["gpt"], "--bits", "none,4", "--format", "grid,nf4", "--method", "round,hqq", "--seed", "1,2",
             "--scheme", "symmetric,affine", "--softmax", "exact,lut2", "--out", str(out), "--jobs", "1"]
    rows = told(capsys, *words)
    assert [(row["bits"], row["format"], row["method"], row["scheme"]) for row in rows] == [
        (None, None, None, None), (None, "nf4", None, None), (4, None, "round", "symmetric"), (4, None, "hqq", None),
        (4, None, "round", "affine")]
    for row, asked in ((rows[1], ["--format", "nf4"]), (rows[3], ["--bits", "4", "--method", "hqq"])):
        whole = told(capsys, "evaluate", *of["gpt"], *asked)
        assert all(row[key] == whole[key] for key in ("loss", "accuracy", "bytes", "bits_per_weight", "n"))
    text = out.read_text()
    out.write_text("".join(text.splitlines(keepends=True)[:-1]))
    assert told(capsys, *words) == rows and out.read_text() == text
    monkeypatch.setattr(transformer_sweep, "measured", None)  # nothing is left to measure
    assert told(capsys, *words) == rows
    of_others = [*of["gpt"][:-1], "1", "--out", str(out)]
    assert "it was measured with other data" in refusal(capsys, "sweep", *of_others)


def test_a_combination_that_cannot_be_is_a_row_that_says_so(of, capsys, tmp_path):
    pytest.importorskip("joblib", reason='pip install -e ".[test]"')
    words = ["sweep", *of["vit"], "--bits", "4", "--prepare", "none,smooth", "--jobs", "1", "--out"]
    assert main([*words, str(tmp_path / "s.csv")]) == 0
    assert "2 combinations in" in (said := capsys.readouterr().out) and "1 of them refused" in said
    one, other = told(capsys, *words, str(tmp_path / "s.csv"))
    assert one["accuracy"] is not None and one["error"] is None
    assert other["accuracy"] is None and "activations" in other["error"]
    words[words.index("none,smooth")] = "equalise"
    assert "equalise" in refusal(capsys, *words, str(tmp_path / "t.csv")) and not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize(("words", "said"), [
    ("sensitivity vit --format mxfp4,nf5", "there is no format 'nf5'; use one of int8"),
    ("sensitivity vit --format grid", "there is no format 'grid'"),
    ("sensitivity vit --bits 4 --format nf4", "--bits 4 and --format nf4 both say"),
    ("sensitivity vit --bits 4,x", "'x' is not a whole number"),
    ("sensitivity vit --bits 99", "bits is 99"),
    ("sensitivity vit --format nf4 --per channel", "--per channel cannot apply to --format nf4"),
    ("sensitivity vit --images 0", "images is 0; use 1 or more"),
    ("mixed vit --budget 1000 --bits 4", "the budget is 1,000 bytes; the smallest choice needs"),
    ("sweep vit --out s.csv --format mxfp4,nf5", "there is no format 'nf5'"),
    ("sweep vit --out s.csv --bits 4,x", "--bits 4,x: 'x' is not a whole number"),
    ("sweep vit --out s.csv --images 0", "images is 0; use 1 or more"),
    ("mixed vit", "the following arguments are required: --budget"),
    ("sensitivity gpt", "the following arguments are required: --data"),
])
def test_what_makes_no_sense_is_refused_in_a_sentence(of, capsys, words, said):
    command, name, *more = words.split()
    asked = [name] if "required" in said else of[name]
    assert said in refusal(capsys, command, *asked, *more)
