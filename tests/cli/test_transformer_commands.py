"""The trainings' commands, from options to files, and the command that writes."""

import argparse
import json

import numpy as np
import pytest

from pyapp import store
from pyapp.commands.transformers import TRAININGS, add_training, add_writing, generate
from pyapp.data.text import TextError
from pyapp.nets import gpt

TEXT = "the cat sat on the mat. " * 90


def train(model: str, *words: str) -> None:
    recipe, function, data = TRAININGS[model]
    parser = argparse.ArgumentParser()
    add_training(parser, recipe, data)
    function(parser.parse_args(list(words)))


def written(capsys, *words: str) -> str:
    parser = argparse.ArgumentParser()
    add_writing(parser)
    generate(parser.parse_args(list(words)))
    return capsys.readouterr().out


@pytest.fixture
def weights(tmp_path, capsys):
    (tmp_path / "t.txt").write_text(TEXT)
    train("gpt", "--data", str(tmp_path / "t.txt"), "--out", str(tmp_path / "gpt.npz"), "--steps", "2", "--batch", "4",
          "--checkpoint", str(tmp_path / "c.npz"))
    return str(tmp_path / "gpt.npz"), json.loads(capsys.readouterr().out)


def test_training_the_gpt_writes_weights_recipe_and_metrics(weights, tmp_path):
    file, metrics = weights
    facts = store.recipe(file)
    assert facts["command"] == "python -m pyapp train gpt --data FILE --out weights/gpt.npz --steps 2 --batch 4"
    assert facts["metrics"] == metrics and metrics["validation"]["n"] == len(TEXT) // 10 - 1
    assert facts["characters"] == len(TEXT) and facts["steps"] == 2 and facts["seed"] == 1
    model, p, vocabulary = gpt.load(file)
    assert vocabulary.characters == "".join(sorted(set(TEXT)))
    assert np.isfinite(model.forward(p, vocabulary.encode(TEXT[:9])[None])).all()
    assert (tmp_path / "c.npz").is_file()


def test_what_is_written_begins_with_the_prompt_and_repeats(weights, capsys):
    file, _ = weights
    words = ["--weights", file, "--prompt", "the ", "--tokens", "20"]
    text = written(capsys, *words)
    assert text.startswith("the ") and len(text) == 4 + 20 + 1
    assert text == written(capsys, *words) != written(capsys, *words, "--seed", "2")
    assert written(capsys, "--weights", file, "--tokens", "3").startswith(" ")  # this network knows no line break
    assert written(capsys, *words, "--greedy") == written(capsys, *words, "--top-k", "1")


def test_line_ends_of_a_prompt_may_be_of_any_kind(weights, capsys):
    words = ["--weights", weights[0], "--tokens", "3", "--prompt"]
    with pytest.raises(TextError, match=r"'\\n'"):  # which the small text does not have
        written(capsys, *words, "the\r\ncat")
    with pytest.raises(TextError, match=r"'\\n'"):
        written(capsys, *words, "the\rcat")


@pytest.mark.parametrize("option", ["--out", "--checkpoint"])
def test_a_file_that_cannot_be_written_is_said_before_the_training(tmp_path, capsys, option):
    (tmp_path / "t.txt").write_text(TEXT)
    with pytest.raises(SystemExit):
        train("gpt", "--data", str(tmp_path / "t.txt"), "--out", str(tmp_path / "x.npz"), option,
              str(tmp_path / "t.txt" / "x.npz"))
    assert "cannot be written (" in capsys.readouterr().err


def test_a_prompt_that_cannot_be_read_is_refused(weights, capsys):
    file, _ = weights
    with pytest.raises(TextError, match="'Z'"):
        written(capsys, "--weights", file, "--prompt", "Z")
    with pytest.raises(ValueError, match="nothing to go on from"):
        written(capsys, "--weights", file, "--prompt", "")
    with pytest.raises(ValueError, match="tokens is -1"):
        written(capsys, "--weights", file, "--tokens", "-1")


def test_a_text_that_is_too_short_to_train_on_is_refused(tmp_path):
    (tmp_path / "t.txt").write_text("short")
    with pytest.raises(TextError, match="5 characters; with a context of 128 it needs 1281"):
        train("gpt", "--data", str(tmp_path / "t.txt"), "--out", str(tmp_path / "gpt.npz"))
