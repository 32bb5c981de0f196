"""Many texts at once: each is what it would be alone, seeds repeat, ends and contexts end."""

import numpy as np
import pytest

from pyapp.core.losses import softmax
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.sampling import _drawn, write_many

MODEL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=12, hidden=32))


def weights():
    p = MODEL.initial(1)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.size).astype(np.float32) * np.float32(0.3)
    return p


def texts(end: int | None = None, n: int = 6, temperature: float = 1.0, seed: int = 1) -> np.ndarray:
    *pieces, found = write_many(MODEL, weights(), 4, end, n, temperature, seed)
    assert pieces == [None] * found.shape[1]
    return found


def test_without_an_end_the_context_is_filled():
    found = texts()
    assert found.shape == (6, 12) and found.dtype == np.int32 and found.min() >= 0 and found.max() < 11


def test_the_cache_changes_nothing():
    """With hardly any temperature each token is the likeliest one after all before it."""
    found, p = texts(n=3, temperature=1e-6), weights()
    for row in found:
        before = [4]
        for token in row:
            assert token == MODEL.forward(p, np.array([before], np.int32))[-1].argmax()
            before.append(int(token))


def test_a_seed_repeats_and_another_differs():
    assert (texts() == texts()).all() and (texts() != texts(seed=2)).any()


def test_writing_stops_when_each_text_has_its_end():
    whole = texts(n=2)
    end = next(int(t) for t in whole[0] if t in whole[1])
    last = max(int(np.flatnonzero(row == end)[0]) for row in whole)
    assert (texts(end, n=2) == whole[:, : last + 1]).all()


def test_tokens_come_as_often_as_they_are_likely():
    logits = np.tile(np.array([0, 1, -1, 2], np.float32), (4000, 1))
    found = np.bincount(_drawn(logits, 0.7, np.random.default_rng(1).random(4000)), minlength=4) / 4000
    assert np.abs(found - softmax(logits[0].astype(np.float64) / 0.7)).max() < 0.03


def test_the_edges_of_the_unit_interval_draw_tokens_that_are_there():
    logits = np.array([[-1e9, 0, -1e9], [-1e9, 0, -1e9]], np.float32)
    assert _drawn(logits, 1.0, np.array([0.0, np.nextafter(1, 0)])).tolist() == [1, 1]


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_a_temperature_without_sense_is_refused(temperature):
    with pytest.raises(ValueError, match="use a number above 0"):
        texts(temperature=temperature)
