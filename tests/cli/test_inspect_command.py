"""`inspect`: what a file of tensors holds, what formats cost it, and how two files differ."""

import csv
import io
import json
import os
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from answers import refusal

from pyapp import places, safetensors
from pyapp.__main__ import main
from pyapp.hosts import ROOT
from pyapp.nets import mlp
from pyapp.quant.formats.catalogue import find
from pyapp.quantized import trained
from pyapp.runner import Runner


class Whole(HTMLParser):
    """Each element that has to be closed is, in the right order."""

    OPEN = ("meta", "th", "td", "tr", "thead", "tbody", "li", "html", "path", "p")

    def __init__(self):
        super().__init__()
        self.within = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.OPEN:
            self.within.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.OPEN or self.within.pop() == tag


# A command in so many bytes of memory of its own. Pages of a mapped file are not counted, as the system can drop them.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]),) * 2)
from pyapp.__main__ import main
sys.exit(main(sys.argv[2:]))
"""
RNG = np.random.default_rng(1)
ARRAYS = {"first.weight": RNG.standard_normal((8, 64)).astype(np.float32),
          "second.weight": RNG.standard_normal((4, 32)).astype(np.float32), "steps": np.arange(3)}


@pytest.fixture
def files(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    coded = {"first.weight": find("q8_0").encode(ARRAYS["first.weight"]).dequantize(),
             "renamed": np.ascontiguousarray(ARRAYS["second.weight"].T)}
    (tmp_path / "b.safetensors").write_bytes(safetensors.pack(coded, {}))
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(3))
    return str(tmp_path / "a.npz"), str(tmp_path / "b.safetensors"), tmp_path


def answer(capsys, *words: str) -> dict:
    assert main(["inspect", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_table_of_tensors(files, capsys):
    assert main(["inspect", files[0], "--formats", "int4,q4_0", "--csv", str(files[2] / "t.csv")]) == 0
    said = capsys.readouterr().out
    assert "first.weight   8×64" in said and "lose most: " in said and "steps: whole numbers without a scale" in said
    rows = list(csv.DictReader(io.StringIO((files[2] / "t.csv").read_text())))
    assert [row["name"] for row in rows] == list(ARRAYS) and rows[0]["shape"] == "8×64" and rows[2]["sqnr_db"] == ""
    assert float(rows[0]["maximum"]) == np.abs(ARRAYS["first.weight"]).max() and rows[0]["format"] == "q4_0"


def test_sorted_and_filtered(files, capsys):
    few = ("--formats", "int4")
    names = [row["name"] for row in answer(capsys, files[0], *few, "--sort", "mean_magnitude")["rows"]]
    means = [np.abs(ARRAYS[name]).mean() for name in names]
    assert means == sorted(means, reverse=True) and len(names) == 3
    found = answer(capsys, files[0], *few, "--filter", "WEIGHT", "--sort", "sqnr_db")
    assert [row["name"] for row in found["rows"]] == found["worst"] and len(found["worst"]) == 2


def test_under_a_budget(files, capsys):
    found = answer(capsys, files[0], "--bytes", "700", "--formats", "int2,int4,int8")
    assert found["format_bytes"] <= 700 and found["bytes"] == sum(array.nbytes for array in ARRAYS.values())
    assert "smallest choice needs" in refusal(capsys, "inspect", files[0], "--bytes", "9", "--formats", "int2")


def test_one_tensor_in_every_format(files, capsys):
    found = answer(capsys, files[0], "--tensor", "first.weight")
    bits = [row["bits"] for row in found["formats"]]
    assert len(bits) > 30 and bits == sorted(bits) and found["kurtosis"] > 2
    within = [row for row in found["formats"] if row["bits"] <= 4.5]
    assert found["errors"]["format"] == max(within, key=lambda row: row["sqnr_db"])["format"], "the best at 4.5 bits"
    assert np.shape(found["errors"]["lost"]) == (8, 64) and len(found["errors"]["levels"]) > 1
    assert main(["inspect", files[0], "--tensor", "first.weight", "--formats", "int4:32", "--bits", "5"]) == 0
    said = capsys.readouterr().out
    assert "\nint4:32  5.000" in said and "int4:32: | one value" in said
    assert "error of int4:32: 1 channel per line" in said
    assert main(["inspect", files[0], "--tensor", "first.weight", "--formats", "int4:32"]) == 0
    assert "error of" not in capsys.readouterr().out, "no format is within 4.5 bits"


def test_a_report_is_one_page_without_a_script(files, capsys):
    """With a row for each tensor, and a histogram of each that has a format, whose bars count all of its numbers."""
    out = files[2] / "r.html"
    assert main(["inspect", files[0], "--formats", "int4,q4_0", "--html", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    Whole().feed(page)
    assert "default-src 'none'" in page and "<script" not in page and "http" not in page.replace("http-equiv", "")
    assert [page.count(f"<td class=\"word\">{name}<") for name in ARRAYS] == [1, 1, 1]
    assert page.count("<svg") == 2 and "of int4, q4_0 with the highest" in page, "whole numbers stay as they are"
    capsys.readouterr()
    found = answer(capsys, files[0], "--formats", "int4,q4_0")
    assert f"<b>{found['format_bytes']:,} bytes</b>" in page and "steps: whole numbers without a scale" in page


def test_names_in_a_report_are_text(tmp_path, capsys):
    np.savez(tmp_path / "<b>.npz", **{"<img src=x>&": np.eye(64, dtype=np.float32)})
    assert main(["inspect", str(tmp_path / "<b>.npz"), "--bits", "5", "--html", str(tmp_path / "r.html")]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x&gt;&amp;" in page and "cost &lt;b&gt;.npz</h1>" in page


def test_one_tensor_is_written_decoded(files, capsys):
    out = files[2] / "w.npy"
    assert main(["inspect", files[1], "--tensor", "first.weight", "--formats", "int4", "--npy", str(out)]) == 0
    np.testing.assert_array_equal(np.load(out), find("q8_0").encode(ARRAYS["first.weight"]).dequantize())


def test_the_output_of_a_layer_on_inputs_from_a_second_file(files, capsys):
    np.save(files[2] / "x.npy", RNG.standard_normal((40, 64)).astype(np.float32))
    words = (files[0], "--tensor", "first.weight", "--formats", "int4", "--activations", str(files[2] / "x.npy"))
    found = answer(capsys, *words)["outputs"]
    assert [row["bits"] for row in found] == [8, 6, 4, 3, 2] and 0.001 < found[0]["nearest"] < 0.01 < found[2]["gptq"]
    assert main(["inspect", *words]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "GPTQ and AWQ saw 20 rows" in said and "may lose more than rounding" in said
    assert "bits to nearest GPTQ AWQ 8 0." in said
    assert "no tensor there has rows of 32 numbers" in refusal(
        capsys, "inspect", files[0], "--tensor", "second.weight", "--activations", str(files[2] / "x.npy"))


def test_two_files(files, capsys):
    found = answer(capsys, *files[:2])
    assert [row["name"] for row in found["rows"]] == ["first.weight"] and 40 < found["rows"][0]["sqnr_db"] < 55
    assert found["only_first"] == ["second.weight", "steps"] and found["only_second"] == ["renamed"]
    assert main(["inspect", *files[:2]]) == 0
    assert "perhaps the same, renamed and transposed: second.weight and renamed (correlation 1.000)" in (
        capsys.readouterr().out)


def test_an_export_is_what_the_network_rounds_to(tmp_path, capsys):
    """Our own ONNX file against our own weights: scales and codes are decoded, to within half a step of 8 bits."""
    out = str(tmp_path / "w.onnx")
    assert main(["export", "mlp", "--bits", "8", "--format", "onnx", "--out", out]) == 0
    capsys.readouterr()
    found = answer(capsys, out, "--formats", "int8")
    scaled = [row for row in found["rows"] if row["dtype"] == "int8 scaled" and len(row["shape"]) == 2]
    weights = mlp.load()
    assert len(scaled) == 3
    for row, name in zip(scaled, ("layer1.weight", "layer2.weight", "layer3.weight"), strict=True):
        assert row["maximum"] == pytest.approx(np.abs(weights[name]).max(), rel=1 / 127)
        assert row["mean_magnitude"] == pytest.approx(np.abs(weights[name]).mean(), rel=0.02)


def test_our_own_quantised_weights_are_compared_as_what_they_stand_for(capsys):
    """The weights of four bits that we ship against those they were trained from: SQNR by its formula."""
    full, own = (str(places.WEIGHTS / f"{name}.npz") for name in ("mlp", "mlp-qat4"))
    rows = {row["name"]: row for row in answer(capsys, full, own)["rows"]}
    network, weights = trained.shipped(4), mlp.load()
    for name in ("layer1.weight", "layer2.weight", "layer3.weight"):
        x, y = weights[name].astype(float), network.weights.tensors[name].dequantize().astype(float)
        by_hand = 10 * np.log10((x ** 2).sum() / ((x - y) ** 2).sum())
        assert rows[name]["sqnr_db"] == pytest.approx(by_hand, abs=1e-3)


@pytest.mark.parametrize(("words", "said"), [
    (["bad.gguf"], "bad.gguf: expected a .gguf file, found 4 bytes announced where 3 are left"),
    (["absent.npz"], "absent.npz cannot be used (No such file"),
    (["a.npz", "--tensor", "x"], "none of its 3 tensors is"),
    (["a.npz", "--filter", "x"], "it has 'first.weight', 'second.weight', 'steps'"),
    (["a.npz", "--sort", "x"], "there is no column 'x' to sort by; use one of name, shape"),
    (["a.npz", "--formats", "x"], "there is no format 'x'"), (["a.npz", "--bits", "0"], "0 is not from 1 to 64"),
    (["a.npz", "--bits", "x"], "argument --bits"), (["a.npz", "--sample", "0"], "0 is not 1 or more"),
    (["a.csv", "--csv", "a.csv"], "would overwrite a.csv, which this command reads"),
    (["a.npz", "bad.gguf"], "bad.gguf: expected"),
    (["a.npz", "--activations", "x.npy"], "--activations holds the inputs of one layer; name its weights"),
    (["a.npz", "--npy", "w.npy"], "--npy writes one tensor; name it with --tensor NAME"),
    (["a.npz", "b.safetensors", "--html", "r.html"], "--html reports all tensors of one file"),
])
def test_what_cannot_be_is_refused(files, capsys, monkeypatch, words, said):
    monkeypatch.chdir(files[2])
    assert said in refusal(capsys, "inspect", *words)


def test_the_page_takes_home_what_the_command_writes(tmp_path, capsys):
    w, runner = np.random.default_rng(5).standard_normal((8, 256)).astype(np.float32), Runner()
    np.savez(tmp_path / "mine.npz", w=w, b=w[0, :5], steps=np.arange(4, dtype=np.int64))
    run = runner.open("tensors", {"bits": 5, "sort": "maximum"})["run"]
    runner.restore(run, np.fromfile(tmp_path / "mine.npz", np.uint8), "mine.npz")
    assert runner.advance(run, steps=5)["frame"].scalars["measuring"]
    made = {name: runner.act(run, name, {}) for name in ("csv", "npy", "html")}
    assert not runner.look(run).scalars["measuring"], "it was measured first"
    told = ["inspect", str(tmp_path / "mine.npz"), "--bits", "5", "--sample", "4096", "--sort", "maximum"]
    assert main([*told, "--csv", str(tmp_path / "t.csv")]) == 0
    assert main([*told[:6], "--html", str(tmp_path / "t.html")]) == 0
    assert main([*told[:2], "--tensor", "w", "--formats", "int4", "--npy", str(tmp_path / "t.npy")]) == 0
    for name, outcome in made.items():
        assert bytes(outcome["file"]) == (tmp_path / f"t.{name}").read_bytes(), name
    assert [outcome["name"] for outcome in made.values()] == ["mine.csv", "mine-w.npy", "mine.html"]


def test_a_name_cannot_steer_the_terminal(capsys, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors.pack({"a\x1b[2J\nb": np.ones((2, 2), np.float32)}, {}))
    assert main(["inspect", str(path), "--tensor", "a\x1b[2J\nb", "--formats", "int8"]) == 0
    assert capsys.readouterr().out.startswith("a?[2J?b\nshape 2×2,")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep to RLIMIT_DATA")
def test_a_file_of_400_mb_is_measured_in_less_than_300(tmp_path):
    """The file is a hole with one number at its end, which is found, so every piece is looked at."""
    path, size = tmp_path / "large.safetensors", 400 * 2**20
    header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4096, 1024], "data_offsets": [0, size]}}).encode()
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.seek(size - 4, os.SEEK_CUR)
        file.write(np.float32(3).tobytes())
    command = [sys.executable, "-c", LIMITED, str(300 * 2**20), "inspect", str(path), "--formats", "int4", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["numbers"], row["maximum"]) == (size // 4, 3)
