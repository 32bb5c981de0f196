"""Text to calibrate a GPT on: what it writes itself.

Ranges need typical numbers, not a particular text, and a network's own text is typical of it. So nothing needs to ship
with the weights, no text that measures can slip in, and a network that was trained on anyone's text has it as well.
Text of different seeds and pieces of the training text give losses that are equally far apart. (Liu et al. 2023, arXiv
2305.17888, has a network train on its own text to be quantised.)
"""

from collections.abc import Iterator

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets.generate import Sampling
from pyapp.nets.gpt import GPT

TEXTS, SEED = 8, 1


def own_text(model: GPT, p: Parameters, texts: int = TEXTS, seed: int = SEED) -> np.ndarray:
    """Tokens int32 (texts, context) that the network writes after a random first one, sampled from its probabilities.

    Computed in float64, so that the last bits of a processor's sums do not decide which token is drawn.
    """
    *_, tokens = writing_own_text(model, p, texts, seed)
    return tokens


def writing_own_text(model: GPT, p: Parameters, texts: int = TEXTS, seed: int = SEED) -> Iterator[np.ndarray]:
    """`own_text` token by token, so that a page can do something else between them: always the same array, which is
    full after the last item."""
    rng, sampling = generator(seed, "calibration text"), Sampling()
    tokens = np.empty((texts, model.size.context), np.int32)
    tokens[:, 0] = rng.integers(0, p[model.tokens.weight].shape[0], texts, np.int32)
    p, caches = p.astype(np.float64), model.caches(texts, np.float64)
    yield tokens
    for i in range(1, model.size.context):
        logits = model.forward(p, tokens[:, i - 1: i], caches)  # texts, N
        chances = np.cumsum([sampling.probabilities(row) for row in logits], axis=1)
        drawn = rng.random(texts)[:, None] * chances[:, -1:]
        tokens[:, i] = np.minimum((chances <= drawn).sum(axis=1), chances.shape[1] - 1)
        yield tokens
