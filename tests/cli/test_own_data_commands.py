"""README's shortest path: from a folder of PNG files to a verified C header, with classes of one's own."""

import json

import numpy as np
import pytest

from pyapp import checkpoint
from pyapp.__main__ import main
from pyapp.core.rng import generator
from pyapp.digitgen.sheet import png

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


def test_what_does_not_fit_together_is_refused_in_a_sentence(folder, tmp_path, capsys):
    for argv in (["evaluate", "mlp"], ["qat", "mlp", "--out", tmp_path / "q.npz"],
                 ["distill", "mlp", "--out", tmp_path / "d.npz"]):
        assert main([*map(str, argv), "--data", str(folder)]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert "the data has the classes circle, cross, square, but" in said and "knows only the ten digits" in said
    assert main(["data", str(tmp_path)]) == 2
    assert "no images with labels in it; use IDX files" in capsys.readouterr().err
