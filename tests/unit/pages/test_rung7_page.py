import numpy as np
import pytest

from pyapp.ladder import toy
from pyapp.ladder.rollout import rollout
from pyapp.runner import Runner


@pytest.fixture
def runner():
    return Runner()


def said(runner, **params):
    run = runner.open("rung7", params)["run"]
    answer = runner.advance(run, steps=50)
    assert answer["done"]
    return [each["word"] for each in answer["frame"].scalars["appended"]]


def test_greedy_tells_the_story(runner):
    run = runner.open("rung7")["run"]
    first = runner.advance(run, steps=1)["frame"]
    assert first.step == 1 and first.scalars["words"][-1] == "roamed" and first.scalars["next"] == "the"
    last = runner.advance(run, steps=9)
    assert last["done"] and last["frame"].scalars["ended"]
    assert " ".join(last["frame"].scalars["words"]) == "a fluffy blue creature roamed the forest ."


@pytest.mark.parametrize("seed", range(4))
def test_it_draws_what_the_command_line_draws(runner, seed):
    drawn = [step.word for step in rollout(toy.PROMPT, toy.load(), greedy=False, seed=seed, temperature=1.5)]
    assert said(runner, choice="sampled", seed=seed, temperature=1.5) == drawn


def test_fewer_bits_lose_the_thread(runner):
    story = ["roamed", "the", "forest", "."]
    assert said(runner, bits=16) == said(runner, bits=8) == said(runner, bits=7) == said(runner, bits=5) == story
    assert said(runner, bits=6) == ["roamed", "the", "forest", "forest", "."]  # as the page's text says, and here:
    assert said(runner, bits=4) == ["."] and "." not in said(runner, bits=3)
    assert said(runner, bits=2) != story
    sure = [runner.open("rung7", {"bits": bits})["frame"].scalars["probability"] for bits in ("off", 16, 5)]
    assert sure[1] == pytest.approx(sure[0], abs=0.01) and abs(sure[2] - sure[0]) > 0.1


def test_the_table_of_logits_and_probabilities(runner):
    run = runner.open("rung7", {"temperature": 2, "bits": 6})["run"]
    rows = runner.change(run, "seed", 3)["frame"].scalars["table"]
    found = {name: np.array([row[name] for row in rows]) for name in ("logit", "probability", "plain", "float")}
    for name, t in (("probability", 2), ("plain", 1)):
        e = np.exp(found["logit"] / t)
        assert found[name] == pytest.approx(e / e.sum())
    assert np.all(np.diff(found["logit"]) <= 0) and [row["first"] for row in rows] == [True] + [False] * 17
    assert found["float"].sum() == pytest.approx(1) and np.abs(found["float"] - found["probability"]).max() > 0.01
    plain = runner.open("rung7", {"temperature": 2})["frame"].scalars["table"]
    assert {row["name"]: row["float"] for row in rows} == pytest.approx(
        {row["name"]: row["probability"] for row in plain})


def test_another_prompt_or_seed_begins_again(runner):
    run = runner.open("rung7", {"choice": "sampled"})["run"]
    runner.advance(run, steps=2)
    assert runner.change(run, "seed", 5)["frame"].step == 0
    runner.advance(run, steps=1)
    frame = runner.change(run, "prompt", "take a biopsy")["frame"]
    assert frame.step == 0 and frame.scalars["words"] == ["take", "a", "biopsy"]


def test_a_snapshot_goes_on(runner):
    run = runner.open("rung7", {"prompt": "take a biopsy"})["run"]
    runner.advance(run, steps=2)
    saved = runner.snapshot(run)
    other = runner.open("rung7")["run"]
    answer = runner.restore(other, saved["file"])
    assert answer["frame"].step == 2 and answer["params"]["prompt"] == "take a biopsy"
    assert answer["frame"].scalars["words"] == runner.advance(run, ms=0)["frame"].scalars["words"][:5]
    with pytest.raises(ValueError, match="expected text written by the toy transformer"):
        runner.restore(other, runner.snapshot(runner.open("rung1")["run"])["file"])


def test_edits_choose_other_words(runner):
    run = runner.open("rung7")["run"]
    source = "def most_likely(p):\n    return np.argsort(p)[-2]"
    assert runner.edit(run, "most_likely", source)["frame"].scalars["next"] == "the"
    answer = runner.edit(run, "most_likely", "def most_likely(p):\n    return 99")
    assert "number 99; use 0 to 17" in answer["error"]["message"] and answer["frame"].scalars["next"] == "the"
