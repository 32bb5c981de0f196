"""The loss of what follows, and over a whole text."""

import numpy as np
import pytest

from pyapp.core.gradcheck import numeric_gradient
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.next_token import evaluate, judge, next_token

MODEL = GPT(7, GPTSize(width=8, heads=2, blocks=1, context=8, hidden=16))
TEXT = np.random.default_rng(1).integers(0, 7, 60).astype(np.int32)


def test_the_gradient_matches_central_differences_and_probabilities_have_the_trainers_order():
    logits, following = np.random.default_rng(2).standard_normal((6, 4)), np.array([[0, 3, 2], [1, 1, 2]])
    _, gradient, probabilities = next_token(following, logits, following)
    numeric = numeric_gradient(lambda: next_token(following, logits, following)[0], logits)
    np.testing.assert_allclose(gradient, numeric, atol=1e-9)
    assert probabilities.shape == (2, 4, 3)
    np.testing.assert_array_equal(probabilities.argmax(axis=1).ravel(), logits.argmax(axis=1))


def test_the_loss_of_a_text_is_the_mean_over_its_windows_whatever_the_chunk():
    p = MODEL.initial(1)
    p.vector *= np.float32(20)
    found, right = [], []
    for start in range(0, 59, 8):
        x, y = TEXT[start : min(start + 8, 59)], TEXT[start + 1 : start + 9]
        z = MODEL.forward(p, x[None]).astype(np.float64)
        found += list(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])
        right += list(z.argmax(axis=1) == y)
    assert len(found) == 59
    for chunk in (1, 3, 100):
        *pauses, result = judge(MODEL, p, TEXT, chunk)
        assert result["loss"] == pytest.approx(np.mean(found), rel=1e-5)
        assert result["accuracy"] == pytest.approx(np.mean(right)) and result["n"] == 59
        assert pauses and set(pauses) == {None}


def test_a_network_that_knows_nothing_loses_the_logarithm_of_the_vocabulary():
    p = MODEL.initial(1)
    p["tokens.weight"][:] = 0
    assert evaluate(MODEL, p, TEXT)["loss"] == pytest.approx(np.log(7), rel=1e-6)
