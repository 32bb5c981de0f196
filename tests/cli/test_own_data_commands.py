"""The shortest path: from a folder of PNG files to a verified C header, with classes of one's own."""

import json

import numpy as np
import pytest

from pyapp import checkpoint, store
from pyapp.__main__ import main
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.digitgen.sheet import png
from pyapp.export.verify import verify

SHAPES = ("circle", "cross", "square")


def shape(kind: str, rng: np.random.Generator) -> np.ndarray:
    """A drawing uint8 (40, 40), dark on light, of random place and size."""
    y, x = np.meshgrid(*(np.arange(40) - 20 + rng.integers(-3, 4) for _ in "yx"), indexing="ij")
    r = rng.integers(9, 14)
    ink = {"circle": abs(np.hypot(x, y) - r) < 1.6, "square": abs(np.maximum(abs(x), abs(y)) - r) < 1.6,
           "cross": (abs(abs(x) - abs(y)) < 2) & (abs(x) < r)}[kind]
    return np.where(ink, 20, 240).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("shapes"), generator(1, "shapes")
    for kind in SHAPES:
        (root / kind).mkdir()
        for i in range(20):
            (root / kind / f"{i}.png").write_bytes(png(shape(kind, rng)))
    (root / "cross" / "broken.png").write_bytes(b"no picture")
    return root


def told(capsys, *argv: str) -> str:
    assert main([str(word) for word in argv]) == 0
    return capsys.readouterr().out


def test_data_says_what_was_understood(folder, capsys):
    report = json.loads(told(capsys, "data", folder, "--json"))
    assert report["kind"] == "pictures in folders named by class" and report["images"] == 60
    assert report["classes"] == [{"name": name, "train": 16, "test": 4} for name in SHAPES]
    assert [(each["file"], "expected a picture" in each["reason"]) for each in report["skipped"]] == [
        ("cross/broken.png", True)]
    assert [each["class"] for each in report["first"][::6]] == list(SHAPES)
    words = told(capsys, "data", folder)
    assert "60 images of 3 classes" in words and "skipped cross/broken.png" in words and "by the seed 1" in words


def test_from_a_folder_of_pictures_to_a_verified_header(folder, tmp_path, capsys):
    net, header = tmp_path / "mine.npz", tmp_path / "mine.h"
    told(capsys, "train", "mlp", "--data", folder, "--out", net, "--epochs", 12, "--batch", 8)
    assert checkpoint.load(net).classes == SHAPES
    found = json.loads(told(capsys, "evaluate", "mlp", "--weights", net, "--data", folder, "--bits", 8,
                            "--activations", 8, "--json"))
    assert found["arithmetic"] == "integer" and found["n"] == 12 and found["accuracy"] >= 0.75
    told(capsys, "export", "mlp", "--weights", net, "--data", folder, "--bits", 8, "--format", "c", "--out", header)
    assert "PARITY OK" in told(capsys, "verify", header)
    assert '"circle"' in header.read_text()

    path = tmp_path / "new.png"
    path.write_bytes(png(shape("circle", generator(2, "shapes"))))
    read = json.loads(told(capsys, "predict", path, "--weights", net, "--json"))
    assert read["class"] == "circle" and len(read["probabilities"]) == 3
    for form, name in (("json", "net.json"), ("npz", "net.npz"), ("safetensors", "n.safetensors")):
        told(capsys, "export", "mlp", "--weights", net, "--data", folder, "--bits", 4, "--activations", 8, "--format",
             form, "--out", tmp_path / name)
        assert "PARITY OK" in told(capsys, "verify", tmp_path / name)
    assert checkpoint.load(tmp_path / "net.npz").classes == SHAPES


@pytest.fixture(scope="module")
def small(folder, tmp_path_factory):
    """A network of own classes and own layers."""
    net = tmp_path_factory.mktemp("small") / "small.npz"
    assert main(["train", "mlp", "--data", str(folder), "--layers", "784-8-3", "--epochs", "8", "--batch", "8", "--out",
                 str(net)]) == 0
    return net


def test_own_classes_are_trained_on_further(folder, small, tmp_path, capsys):
    own = ("--weights", small, "--data", folder)
    for argv in (["qat", "mlp", "--bits", 4, "--epochs", 1], ["distill", "mlp", "--hidden", 6, "--epochs", 1]):
        out = tmp_path / f"{argv[0]}.npz"
        metrics = json.loads(told(capsys, *argv, *own, "--out", out))
        assert list(metrics) == ["test"] and metrics["test"]["n"] == 12
        assert checkpoint.load(out).classes == SHAPES
    assert "PARITY OK" in told(capsys, "export", "mlp", "--weights", tmp_path / "qat.npz", "--data", folder, "--format",
                               "c", "--out", tmp_path / "qat.h")


def test_a_network_without_names_gets_those_of_the_data(folder, small, tmp_path, capsys):
    unnamed = tmp_path / "unnamed.npz"
    np.savez(unnamed, **{key: array for key, array in store.load(small).items() if key != "about"})
    own = ("--weights", unnamed, "--data", folder)
    assert "true circle cross square" in " ".join(told(capsys, "evaluate", "mlp", *own, "--confusion").split())
    for argv in (["qat", "mlp", "--epochs", 1], ["export", "mlp", "--bits", 4, "--format", "npz"]):
        out = tmp_path / f"{argv[0]}.npz"
        told(capsys, *argv, *own, "--out", out)
        assert checkpoint.load(out).classes == SHAPES


def test_own_classes_are_searched_and_swept(folder, small, tmp_path, capsys):
    own = ("--weights", small, "--data", folder)
    found = json.loads(told(capsys, "sensitivity", "mlp", *own, "--json"))
    assert found["n"] == 48 and len(found["layers"]) == 2
    mixed = json.loads(told(capsys, "mixed", "mlp", *own, "--budget", 4000, "--json"))
    assert mixed["n"] == 12 and mixed["bytes"] <= 4000
    out = tmp_path / "net.json"
    assert "PARITY OK" in told(capsys, "budget", "mlp", *own, "--bytes", 9000, "--keep", "30%", "--out", out)
    assert json.loads(out.read_text())["manifest"]["classes"] == list(SHAPES)
    swept = ["sweep", "mlp", *own, "--bits", "8,2", "--activations", 8, "--out", tmp_path / "s.csv", "--jobs", 1,
             "--json"]
    rows = json.loads(told(capsys, *swept))
    assert [(row["n"], row["error"], row["arithmetic"]) for row in rows] == [(12, None, "integer")] * 2
    assert all(row["training"] for row in rows) and json.loads(told(capsys, *swept)) == rows


def test_a_page_is_exported_with_the_names_of_its_classes(folder, small, tmp_path, capsys):
    out = tmp_path / "net.html"
    told(capsys, "export", "mlp", "--weights", small, "--data", folder, "--bits", 4, "--activations", 8, "--format",
         "html", "--out", out)
    assert "PARITY OK" in told(capsys, "verify", out) and verify(out).manifest["classes"] == list(SHAPES)


def test_what_does_not_fit_together_is_refused_in_a_sentence(folder, small, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for argv in (["evaluate", "mlp"], ["qat", "mlp", "--out", tmp_path / "q.npz"],
                 ["distill", "mlp", "--out", tmp_path / "d.npz"]):
        assert main([*map(str, argv), "--data", str(folder)]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert "the data has the classes circle, cross, square, but" in said and "knows only the ten digits" in said
    for argv in (["evaluate", "vit"], ["train", "vit", "--out", tmp_path / "v.npz"]):
        assert main([*map(str, argv), "--data", str(folder)]) == 2
        assert "knows only the ten digits" in capsys.readouterr().err
    for command in ("sensitivity", "mixed --budget 9", "budget --bytes 9 --keep 1", "sweep --out s.csv",
                    "qat --out q.npz"):
        name, *more = command.split()
        assert main([name, "mlp", *more, "--weights", str(small), "--data", str(mnist.SHIPPED)]) == 2
        assert "knows only circle, cross, square; give data of its classes" in capsys.readouterr().err
    assert main(["data", str(tmp_path)]) == 2
    assert "no images with labels in it; use IDX files" in capsys.readouterr().err
