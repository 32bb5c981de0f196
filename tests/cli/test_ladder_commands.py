"""The toy transformer from the command line."""

import json

import numpy as np
import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.ladder import fit, toy


def rollout(capsys, *argv):
    assert main(["ladder", "rollout", "--json", *argv]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_fit_makes_the_shipped_weights_again(tmp_path, capsys):
    assert main(["ladder", "fit", "--out", str(tmp_path / "ladder.npz")]) == 0
    assert json.loads(capsys.readouterr().out)["plain"]["continues"] == fit.CONTINUED
    made = store.load(tmp_path / "ladder.npz")
    for name, array in toy.load().items():
        np.testing.assert_array_equal(made[name], array, name)
    assert store.recipe(tmp_path / "ladder.npz")["seed"] == fit.SEED


def test_a_fit_that_is_not_canonical_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fit, "STEPS", 10)
    assert main(["ladder", "fit", "--out", str(tmp_path / "ladder.npz")]) == 2
    assert "choose another SEED" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_greedy_rollout_step_by_step(capsys):
    result = rollout(capsys, "--prompt", toy.PROMPT, "--greedy")
    assert result["continuation"] == "roamed the forest ."
    first = result["steps"][0]
    assert [a["word"] for a in first["attention"]] == first["words"] == toy.PROMPT.split()
    assert sum(a["weight"] for a in first["attention"]) == pytest.approx(1)
    assert first["top"][0] == {"word": "roamed", "probability": first["probability"]} and len(first["top"]) == 5
    assert [step["words"] for step in result["steps"][1:]] == [
        [*step["words"], step["word"]] for step in result["steps"][:-1]]


def test_drawn_words_repeat_with_their_seed(capsys):
    argv = ("--seed", "4", "--temperature", "1.5", "--words", "5")
    assert rollout(capsys, *argv) == rollout(capsys, *argv) != rollout(capsys, *argv, "--seed", "6")


def test_the_switches_reach_the_toy(capsys):
    first = {argv: rollout(capsys, "--greedy", *argv)["steps"][0]["probability"]
             for argv in ((), ("--no-mlp",), ("--own",), ("--scaled",), ("--own", "--scaled"))}
    assert len(set(first.values())) == 5


@pytest.mark.parametrize("argv, message", [
    (["--prompt", "a green creature"], "the toy does not know 'green'; its words are a fluffy"),
    (["--temperature", "0"], "temperature is 0"), (["--temperature", "1e-320"], "use 0.001 or more"),
    (["--seed", "-1"], "seed is -1"), (["--words", "0"], "words is 0")])
def test_mistakes_are_named(capsys, argv, message):
    assert main(["ladder", "rollout", *argv]) == 2
    assert message in capsys.readouterr().err
