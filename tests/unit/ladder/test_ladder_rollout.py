"""The canonical continuation, and draws that a seed repeats."""

from itertools import pairwise

import numpy as np
import pytest

from pyapp.ladder import fit, generate, toy
from pyapp.ladder.rollout import rollout


def words(**how):
    return [step.word for step in rollout(toy.PROMPT, toy.load(), **how)]


def test_the_canonical_numbers_hold():
    facts = fit.canonical(toy.load())
    assert facts["plain"]["continues"] == "roamed the forest ."
    assert facts["plain"]["probabilities"][0] == pytest.approx(0.8, abs=0.02)


def test_other_weights_are_not_canonical():
    with pytest.raises(ValueError, match=r"expected 'roamed the forest \.'"):
        fit.canonical({**toy.load(), "b2": toy.load()["b2"] + 1})


def test_the_same_seed_says_the_same():
    said = [words(greedy=False, seed=seed, temperature=1.5) for seed in range(12)]
    assert said == [words(greedy=False, seed=seed, temperature=1.5) for seed in range(12)]
    assert len({tuple(each) for each in said}) > 6
    assert len(words(greedy=False, seed=2, temperature=1.5, most=3)) <= 3


def test_every_word_follows_those_before_it():
    steps = list(rollout(toy.PROMPT, toy.load(), greedy=False, seed=5))
    for before, after in pairwise(steps):
        assert after.numbers.tolist() == [*before.numbers.tolist(), before.chosen]
    assert all(step.probability == step.result["probabilities"][step.chosen] for step in steps)
    assert all(step.word != toy.STOP for step in steps[:-1])


def test_samples_come_as_often_as_they_should():
    p = np.array([0.5, 0.0, 0.2, 0.3])
    drawn = [generate.sample(p, u) for u in (np.arange(10000) + 0.5) / 10000]
    assert np.bincount(drawn, minlength=4).tolist() == [5000, 0, 2000, 3000]
    assert generate.sample(np.array([0.5, 0.4999999]), 0.99999999) == 1  # rounding left a gap at the end


def test_temperature_sharpens_and_flattens():
    logits = np.array([1.0, 3.0, 2.0])
    cold, warm, hot = (generate.probabilities(logits, t) for t in (0.1, 1.0, 10.0))
    assert cold.max() > warm.max() > hot.max() and np.argmax(hot) == generate.most_likely(cold) == 1
    np.testing.assert_allclose(warm, np.exp(logits) / np.exp(logits).sum(), rtol=1e-15)
