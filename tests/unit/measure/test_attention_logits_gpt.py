import numpy as np
import pytest

from pyapp import shipped
from pyapp.core.losses import softmax
from pyapp.data.text import Vocabulary
from pyapp.measure.attention_logits_gpt import written
from pyapp.nets.gpt import GPT, GPTSize


def test_the_logits_are_those_of_the_shipped_network_over_its_own_text():
    source = written(40, False, 3)
    model, p, vocabulary = shipped.gpt()
    assert source.logits.shape == (16, 40, 40) and source.queries == source.keys
    back = {"↵": "\n", "␣": " "}
    tokens = vocabulary.encode("".join(back.get(c, c) for c in source.keys))
    model.forward(p, tokens[None])
    found = softmax(np.where(source.mask, source.logits, -np.inf).reshape(-1, 40)).reshape(4, 4, 40, 40)
    np.testing.assert_allclose(found, model.attention()[:, 0], atol=1e-5)


def test_the_mask_always_holds_and_the_seed_decides_the_text():
    one, other = written(24, True, 7), written(24, False, 7)
    assert (one.mask == np.tri(24, dtype=bool)).all() and (one.mask == other.mask).all()
    assert (one.logits == other.logits).all() and "causal mask always holds" in one.about
    assert written(24, True, 8).keys != one.keys


@pytest.mark.parametrize("length", [2, 64])
def test_it_serves_every_length_of_the_lab(length):
    assert written(length, True, 1).logits.shape == (16, length, length)


def test_there_are_no_more_characters_than_the_context(monkeypatch):
    small, vocabulary = GPT(5, GPTSize(width=8, heads=2, blocks=1, context=16, hidden=8)), Vocabulary("abcd\n")
    monkeypatch.setattr(shipped, "gpt", lambda: (small, small.initial(1).astype(np.float64), vocabulary))
    assert written(40, False, 1).logits.shape == (2, 16, 16)
