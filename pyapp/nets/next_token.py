"""The loss of a network that predicts the next token, in training and over a whole text."""

from collections.abc import Iterator

import numpy as np

from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, last, unwatched
from pyapp.data.text import in_turn
from pyapp.nets.gpt import GPT

CHUNK = 16  # windows that are judged at once


def next_token(tokens: np.ndarray, logits: np.ndarray, following: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean cross-entropy in nats per token, its gradient (B·T, N), and the probabilities (B, N, T), for a trainer.

    Logits are (B·T, N), the tokens that follow (B, T).
    """
    loss, gradient, probabilities = softmax_cross_entropy(logits, following.reshape(-1))
    return loss, gradient, probabilities.reshape(*following.shape, -1).swapaxes(1, 2)


def judge(model: GPT, p: Parameters, tokens: np.ndarray, chunk: int = CHUNK) -> Iterator[dict | None]:
    """Loss over a whole text in windows that do not overlap, as a generator that yields None after each chunk.

    Each window starts without a past. The last item is {"loss": nats per character, "accuracy": 0..1, "n": characters}.
    """
    loss, right, n = 0.0, 0, 0
    for x, y in in_turn(tokens, model.size.context, chunk):
        part, _, probabilities = next_token(x, model.forward(p, x), y)
        loss += part * y.size
        right += int((probabilities.argmax(axis=1) == y).sum())
        n += y.size
        yield None
    yield {"loss": loss / n, "accuracy": right / n, "n": n}


def evaluate(model: GPT, p: Parameters, tokens: np.ndarray, watch: Watch = unwatched) -> dict:
    """`judge` run to its end: the last item."""
    return last(judge(model, p, tokens), -(-(len(tokens) - 1) // (CHUNK * model.size.context)), watch)
