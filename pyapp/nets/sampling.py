"""Many texts written at once: one pass through the network gives the next character of each."""

from collections.abc import Iterator

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets.gpt import GPT


def write_many(model: GPT, p: Parameters, first: int, end: int | None, texts: int, temperature: float,
               seed: int) -> Iterator[np.ndarray | None]:
    """Texts that begin after the token `first`, as a generator that yields None after each pass.

    The last item is the tokens int32 (texts, L), without `first`. Nothing is written past the context, nor on when each
    text has its `end`. ValueError if the temperature is not above 0.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"the temperature is {temperature}; use a number above 0")
    rng, caches = generator(seed, "many texts"), model.caches(texts)
    last, ended = np.full(texts, first, np.int32), np.zeros(texts, bool)
    written = []
    while len(written) < model.size.context and not ended.all():
        logits = model.forward(p, last[:, None], caches)  # texts, N
        last = _drawn(logits, temperature, rng.random(texts))
        written.append(last)
        ended |= last == (-1 if end is None else end)
        yield None
    yield np.stack(written, axis=1)


def _drawn(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    """A token int32 for each row of logits, drawn with probability softmax(z / T): the first whose cumulative
    probability exceeds a uniform number."""
    cumulative = np.cumsum(softmax(logits.astype(np.float64) / temperature), axis=1)
    below = cumulative <= uniform[:, None] * cumulative[:, -1:]
    return np.minimum(below.sum(axis=1), logits.shape[1] - 1).astype(np.int32)
