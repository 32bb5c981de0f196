"""Writing on: the cache changes nothing, seeds repeat, temperature and top-k do what they say."""

import numpy as np
import pytest

from pyapp.nets.generate import Sampling, Writer, write
from pyapp.nets.gpt import GPT, GPTSize

MODEL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=8, hidden=32))
PROMPT = np.array([1, 5, 2], np.int32)


def weights():
    p = MODEL.initial(1)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.size).astype(np.float32) * np.float32(0.3)
    return p


def text(sampling: Sampling, seed: int = 1, cached: bool = True, prompt: np.ndarray = PROMPT, n: int = 40) -> list[int]:
    return list(write(Writer(MODEL, weights(), prompt, sampling, seed, cached), n))


@pytest.mark.parametrize("sampling", [Sampling(greedy=True), Sampling(), Sampling(0.7, top_k=3)])
@pytest.mark.parametrize("length", [1, 3, 8, 20])
def test_the_cache_changes_no_token_even_past_the_context(sampling, length):
    prompt = np.arange(length, dtype=np.int32) % 11
    assert text(sampling, prompt=prompt) == text(sampling, prompt=prompt, cached=False)


def test_without_a_full_window_the_text_is_what_the_network_says_of_all_of_it():
    model = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=32, hidden=32))
    p = model.initial(4)
    found, writer = list(PROMPT), Writer(model, p, PROMPT, Sampling(greedy=True), 1)
    for _ in range(20):
        expected = int(model.forward(p, np.array([found], np.int32))[-1].argmax())
        assert writer.write().token == expected
        found.append(expected)


def test_a_seed_repeats_and_another_differs():
    assert text(Sampling()) == text(Sampling()) != text(Sampling(), seed=2)
    assert text(Sampling(greedy=True)) == text(Sampling(greedy=True), seed=2)


def test_only_the_likeliest_are_drawn():
    logits = np.array([0, 3, 1, 3, 2], np.float32)
    p = Sampling(top_k=3).probabilities(logits)
    assert (p > 0).tolist() == [False, True, False, True, True]
    assert p[4] / p[1] == pytest.approx(np.exp(-1))
    assert (Sampling(top_k=1).probabilities(logits) == Sampling(greedy=True).probabilities(logits)).all()
    assert (Sampling(top_k=9).probabilities(logits) > 0).all()


def test_temperature_divides_the_logits():
    logits = np.array([0, 1, 2], np.float32)
    p = Sampling(temperature=0.5).probabilities(logits)
    assert p[2] / p[1] == pytest.approx(np.exp(2))


def test_tokens_come_as_often_as_they_are_likely():
    writer = Writer(MODEL, weights(), PROMPT, Sampling(), 1)
    expected = Sampling().probabilities(MODEL.forward(weights(), PROMPT[None])[-1])
    drawn = []
    for seed in range(400):
        writer = Writer(MODEL, writer.p, PROMPT, Sampling(), seed)
        drawn.append(writer.write().token)
    found = np.bincount(drawn, minlength=11) / 400
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / 400)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="temperature is 0"):
        Sampling(temperature=0)
    with pytest.raises(ValueError, match="top_k is -1"):
        Sampling(top_k=-1)
    with pytest.raises(ValueError, match="nothing to go on from"):
        Writer(MODEL, weights(), PROMPT[:0], Sampling(), 1)
