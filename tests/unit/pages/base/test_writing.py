import numpy as np
import pytest

from pyapp.nets.generate import Sampling, Writer
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.pages.base.writing import Text, first_difference, read

SIZE = GPTSize(width=16, heads=2, blocks=2, context=16, hidden=32)


@pytest.fixture
def network():
    model = GPT(11, SIZE)
    return model, model.initial(3)


def text(network, prompt, tokens: int, seed: int = 5) -> Text:
    made = Text(*network, np.array(prompt, np.int32), Sampling(1.5), seed)
    for _ in range(tokens):
        made.write()
    return made


def test_a_text_is_what_the_writer_writes(network):
    made = text(network, [1, 2, 3], 40)
    writer = Writer(*network, np.array([1, 2, 3], np.int32), Sampling(1.5), 5)
    assert made.tokens == [1, 2, 3] + [writer.write().token for _ in range(40)]
    assert (made.prompt, made.written) == (3, 40) and made.speed > 0
    again = text(network, [1, 2, 3], 0)
    again.follow(made.tokens[3:])
    assert again.written == 40 and again.speed is None  # no time was measured here


@pytest.mark.parametrize("prompt", [[4], list(range(11)), [1, 2, 3, 4] * 4, [5, 6, 7] * 9])
def test_every_token_was_drawn_from_the_window_that_is_named(network, prompt):
    """Read without a cache, the window up to the token before gives the logits that the token was drawn from."""
    made = text(network, prompt, 0)
    assert made.logits is None
    for _ in range(50):
        made.write()
        window = made.window(len(made.tokens) - 2)
        assert 1 <= len(window) <= SIZE.context
        np.testing.assert_allclose(read(*network, window).logits, made.logits, atol=1e-5)
    for at in range(len(prompt)):
        window = made.window(at)
        assert window.tolist() == made.tokens[at + 1 - len(window) : at + 1]
        assert len(window) == min(at + 1, SIZE.context) or at >= len(prompt) - SIZE.context


def test_a_reading_has_the_attention_of_the_last_token(network):
    window = np.array([3, 1, 4, 1, 5], np.int32)
    reading = read(*network, window)
    assert reading.logits.shape == (11,) and reading.attention.shape == (2, 2, 5)
    np.testing.assert_allclose(reading.attention.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_array_equal(reading.attention, network[0].attention()[:, 0, :, -1])


def test_the_first_difference_is_found_as_far_as_both_are_written(network):
    one, other = text(network, [1, 2], 20), text(network, [1, 2], 12)
    assert first_difference(one, other) is None and first_difference(other, one) is None
    other.tokens[9] = (other.tokens[9] + 1) % 11
    assert first_difference(one, other) == 9
    other.tokens[0] = 7
    assert first_difference(one, other) == 0
