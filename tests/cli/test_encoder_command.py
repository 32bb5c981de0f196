"""`encoder`: a tiny random MobileBERT with the files beside it, texts and labelled texts, and what does not fit."""

import json
import re

import numpy as np
import pytest
from answers import refusal
from oracles.mobilebert import RECORDED

from pyapp import safetensors
from pyapp.__main__ import main
from pyapp.nets.encoder import huggingface

ONE = ["--softmax", "exact", "--shift", "row-max"]
NAMES = ("bad", "fair", "good")
TEXTS = ("a good film", "the film was a film", "goods", "the", "was a good", "a film", "good", "films was", "a the")
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "##s", "film", "a", "the", "was")
POOLER = "mobilebert.pooler.dense.weight"


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    with np.load(RECORDED) as file:
        return {key.removeprefix("sd."): array for key, array in file.items() if key.startswith("sd.")}


def written(folder, arrays) -> str:
    """The path of a checkpoint with the files beside it."""
    config = {"num_attention_heads": 2, "id2label": dict(enumerate(NAMES))}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    (folder / "model.safetensors").write_bytes(safetensors.pack(arrays, {"format": "pt"}))
    return str(folder / "model.safetensors")


def answered(capsys, *argv: str) -> dict:
    assert main(["encoder", *argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def predicted(path: str, texts) -> list[str]:
    """What the network names without the command: this only joins what test_encoder.py holds."""
    net = huggingface.load(path)
    return [NAMES[int(net.model.forward(net.weights, net.vocabulary.encode(text).ids[None]).argmax())]
            for text in texts]


def test_labelled_texts_are_measured_apart_from_those_that_decide_ranges(arrays, tmp_path, capsys):
    path = written(tmp_path, arrays)
    labels = predicted(path, TEXTS)
    labels[-1] = next(name for name in NAMES if name != labels[-1])  # one of those that are measured is wrong
    (tmp_path / "t.tsv").write_text("label\ttext\n" + "\n".join(map("\t".join, zip(labels, TEXTS, strict=True))))
    found = answered(capsys, "--checkpoint", path, "--data", str(tmp_path / "t.tsv"), *ONE, "--logit-bits", "8")
    assert (found["calibrated_on"], found["measured_on"]) == (4, 5)
    assert [each["label"] for each in found["texts"]] == labels[:3]
    row = found["rows"][0]
    assert row["float_accuracy"] == 4 / 5 and 0 < row["l1_per_row"] < 0.05 and np.shape(row["heads"]) == (2, 2)
    fewer = answered(capsys, "--checkpoint", path, "--data", str(tmp_path / "t.tsv"), *ONE, "--texts", "6")
    assert (fewer["calibrated_on"], fewer["measured_on"]) == (3, 3) and fewer["rows"][0]["float_accuracy"] == 1
    assert main(["encoder", "--checkpoint", path, "--data", str(tmp_path / "t.tsv"), "--softmax", "exact"]) == 0
    said = capsys.readouterr().out
    assert "measured on 5 texts, float32 accuracy 80.00%; ranges from the first 4 texts" in said
    assert said.count("accuracy 80.00%") > 3  # a line for each shift


def test_a_text_alone_decides_its_own_ranges_and_that_is_said(arrays, tmp_path, capsys):
    path = written(tmp_path, arrays)
    assert main(["encoder", "--checkpoint", path, "--text", "a good zebra", *ONE]) == 0
    said = capsys.readouterr().out
    assert "measured on 1 text; its own scores decide the ranges: give several texts" in said
    assert "5 tokens; unknown: zebra" in said and "accuracy" not in said
    found = answered(capsys, "--checkpoint", path, "--text", "a good zebra", *ONE)
    assert (found["calibrated_on"], found["measured_on"]) == (1, 1) and found["rows"][0]["accuracy"] is None
    assert found["texts"][0]["label"] in predicted(path, ["a good zebra"])


def test_the_shipped_encoder_is_there_without_a_checkpoint(capsys):
    story = "tom sees mia. ada waits by the sea, but she likes mia. finn likes nora, and he sings. who likes mia?"
    found = answered(capsys, "--text", story, *ONE)
    assert found["texts"][0]["label"] == "ada" and found["texts"][0]["unknown"] == []


@pytest.mark.parametrize("data, said", [
    (b"good\ta film\nnice\tfilm\n", r"line 2: expected a label \(bad, fair, good\), a tab and a text, found 'nice"),
    (b"good film\n", "line 1: expected a label"), (b"good\t \n", "line 1: expected a label"),
    (b"", "holds no text"), (b"good\tf\xe9lm\n", "expected text in UTF-8, found the byte 0xe9 at 6"),
    ("good\tfilm\n".encode("utf-16"), "expected text in UTF-8"),
], ids=["label", "no tab", "no text", "empty", "latin-1", "utf-16"])
def test_bad_labelled_texts_are_refused(arrays, tmp_path, capsys, data, said):
    (tmp_path / "t.tsv").write_bytes(data)
    last = refusal(capsys, "encoder", "--checkpoint", written(tmp_path, arrays), "--data", str(tmp_path / "t.tsv"))
    assert re.search(said, last), last


def test_checkpoints_that_do_not_fit_are_refused(arrays, tmp_path, capsys):
    def refused(*argv: str) -> str:
        return refusal(capsys, "encoder", "--checkpoint", *argv, "--text", "a film")

    path = written(tmp_path, arrays | {POOLER: arrays[POOLER][:, 1:]})
    assert f"the tensor {POOLER} has the shape (32, 31); expected (32, 32)" in refused(path)
    path = written(tmp_path, {key: array for key, array in arrays.items() if key != POOLER})
    assert "the tensor mobilebert.pooler.dense.bias is not one" in refused(path)
    path = written(tmp_path, arrays)
    (tmp_path / "vocab.txt").unlink()
    assert "vocab.txt cannot be read" in refused(path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK\x03\x04" + bytes(60))
    assert "convert older checkpoints (.bin, .h5) with transformers first" in refused(f"{tmp_path}/pytorch_model.bin")
    assert refusal(capsys, "encoder").endswith("there is nothing to read: give --text or --data")


def test_labels_for_a_network_without_a_classifier_are_refused(arrays, tmp_path, capsys):
    path = written(tmp_path, {key: array for key, array in arrays.items() if not key.startswith("classifier.")})
    (tmp_path / "t.tsv").write_text("good\ta film\n")
    said = refusal(capsys, "encoder", "--checkpoint", path, "--data", str(tmp_path / "t.tsv"))
    assert "has no classifier" in said
    assert answered(capsys, "--checkpoint", path, "--text", "a film", *ONE)["texts"][0]["label"] is None
