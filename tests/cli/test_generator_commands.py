import json

import numpy as np
import pytest
from PIL import Image

from pyapp import store
from pyapp.__main__ import main
from pyapp.commands import generators
from pyapp.digitgen import mini, teacher
from pyapp.digitgen.batch import Asked
from pyapp.digitgen.sheet import sheet


@pytest.mark.parametrize("options", [
    [], ["--generator", "teacher"], ["--generator", "teacher", "--digit", "5", "--bits", "3"],
    ["--fields", "means", "--temperature", "1.5"]])
def test_a_sheet_is_written_and_its_coefficients_are_printed(options, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert main(["digits", "--seed", "1337", *options, "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    asked = Asked(1337, report["temperature"], report["generator"], report["fields"] or "glyphs", report["digit"],
                  report["bits"])
    np.testing.assert_array_equal(np.array(Image.open(out)), sheet(asked.draw().pixels))
    assert [sample["seed"] for sample in report["samples"]] == list(range(1337, 1346))
    for sample in report["samples"]:
        assert abs(sum(sample["coefficients"].values()) - 1) < 0.06
        assert sample["coefficients"][f"d{sample['label']}"] == max(sample["coefficients"].values())


def test_words_are_printed_and_a_bad_seed_is_said(capsys):
    assert main(["digits", "--seed", "-1", "--count", "2"]) == 0
    said = capsys.readouterr()
    assert "becomes 4294967295" in said.err
    assert said.out.splitlines()[0].startswith("seed 4294967295") and said.out.splitlines()[1].startswith("seed 0 ")
    assert "d9" in said.out


@pytest.mark.parametrize("seed", ["--5", "9" * 5000, "\udcff"])
def test_no_seed_is_refused(seed, capsys):
    assert main(["digits", f"--seed={seed}", "--count", "1", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["note"] == said.err.strip()


@pytest.mark.parametrize("options, words", [(["--temperature", "2"], "0.35 to 1.5"), (["--digit", "10"], "0 to 9"),
                                            (["--bits", "0"], "2 to 16"), (["--bits", "1"], "2 to 16"),
                                            (["--generator", "teacher", "--bits", "0"], "2 to 16"),
                                            (["--count", "0"], "1 to 1000")])
def test_what_cannot_be_drawn_is_refused_in_a_sentence(options, words, capsys):
    assert main(["digits", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_shipped_routing_is_what_the_distillation_makes(tmp_path, capsys):
    out = tmp_path / "routing.npz"
    assert main(["distill-digits", "--out", str(out)]) == 0
    said = capsys.readouterr()
    losses = [float(line.split("loss ")[1].split()[0]) for line in said.err.splitlines()]
    assert len(losses) == 10 and losses[-1] < losses[0]
    assert json.loads(said.out)["agreement"] >= 0.8
    found, shipped = store.load(out), store.load(mini.SHIPPED)
    np.testing.assert_array_equal(found[mini.MEANS], shipped[mini.MEANS])
    for name in mini.SHAPES:
        np.testing.assert_allclose(found[name], shipped[name], atol=1e-4)  # another BLAS adds in another order


def test_a_generator_from_a_file_draws_and_is_judged(tmp_path, capsys, monkeypatch):
    """The shipped files under another name draw what the shipped generators draw."""
    zeros = dict.fromkeys(("read", "neighbour", "diversity", "nearest"), 0.0)
    for kind, path, options in (("teacher", teacher.SHIPPED, []), ("mini", mini.SHIPPED, ["--fields", "means"])):
        own = tmp_path / f"{kind}.npz"
        own.write_bytes(path.read_bytes())
        said = []
        for which in (["--generator", kind], ["--weights", str(own)]):
            assert main(["digits", "--count", "3", "--bits", "4", *options, *which, "--json"]) == 0
            said.append(capsys.readouterr().out)
        assert said[0] == said[1]
        other = "mini" if kind == "teacher" else "teacher"
        assert main(["digits", "--weights", str(own), "--generator", other]) == 2
        assert f"--generator asks for {other}; leave out --generator" in capsys.readouterr().err
        monkeypatch.setattr(generators, "judge", lambda made, reader: {**zeros, "numbers": made.numbers})
        assert main(["judge-digits", "--bits", "off,4", "--weights", str(own), "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["generator"], row["bits"]) for row in rows] == [(kind, None), (kind, 4)]
        assert rows[0]["numbers"] == generators.shipped(kind).numbers


def test_a_distillation_ends_in_finite_numbers_or_is_refused(tmp_path, capsys):
    argv = ["distill-digits", "--out", str(tmp_path / "routing.npz"), "--steps", "3"]
    assert main([*argv, "--temperature", "0.01"]) == 0  # so cold, coefficients of the teacher underflow
    assert 0 < json.loads(capsys.readouterr().out)["loss"] < 10
    for option in ("--temperature", "--steps", "--batch"):
        assert main([*argv, option, "0"]) == 2
        assert f"{option[2:]} is 0" in capsys.readouterr().err


@pytest.mark.parametrize("bits, words", [("off,x", "'x' is not a whole number"), ("", "'' is not a whole number"),
                                         ("off,0", "2 to 16")])
def test_bits_that_are_none_are_refused_before_anything_is_judged(bits, words, capsys, monkeypatch):
    monkeypatch.setattr(generators, "judge", None)
    assert main(["judge-digits", "--bits", bits]) == 2
    assert words in capsys.readouterr().err


def test_both_generators_are_judged(capsys):
    assert main(["judge-digits", "--bits", "none,2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    kinds = [(row["generator"], row["bits"]) for row in rows]
    assert kinds == [("mini", None), ("teacher", None), ("mini", 2), ("teacher", 2)]
    best = rows[1]
    assert best["read"] >= 0.97 and best["neighbour"] >= 0.95 and best["diversity"] >= 0.7 and best["nearest"] > 0.5
