"""Writing text with a GPT, one token at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets.gpt import GPT


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn from the logits."""

    temperature: float = 1.0  # logits are divided by it: below 1 careful, above 1 daring
    top_k: int = 0  # only so many of the likeliest tokens can be drawn; 0 is all
    greedy: bool = False  # always the likeliest

    def __post_init__(self):
        if not (np.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"the temperature is {self.temperature}; use a number above 0, or greedy")
        if self.top_k < 0:
            raise ValueError(f"top_k is {self.top_k}; use 1 or more, or 0 for all tokens")

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The probability with which each token is drawn, float64 (N,), for logits (N,)."""
        if self.greedy:
            return (np.arange(len(logits)) == logits.argmax()).astype(np.float64)
        with np.errstate(over="ignore"):  # at most 0, however low the temperature
            z = (logits - logits.max()).astype(np.float64) / self.temperature
        if 0 < self.top_k < len(z):
            likeliest = np.argsort(-z, kind="stable")[: self.top_k]  # of equal ones the first
            z[np.setdiff1d(np.arange(len(z)), likeliest)] = -np.inf
        return softmax(z)


class Written(NamedTuple):
    """A token and the logits float32 (N,) that it was drawn from."""

    token: int
    logits: np.ndarray


class Writer:
    """Goes on from a prompt; each `write()` gives the next token.

    The network sees a window of the text. When the window is full, it goes on with its last half: places are part of
    what the network learned, so a window cannot slide by one without computing all of it again. With the cache each
    token costs one row, without it the whole window; the text is the same.
    """

    def __init__(self, model: GPT, p: Parameters, prompt: np.ndarray, sampling: Sampling, seed: int,
                 cached: bool = True):
        if not len(prompt):
            raise ValueError("there is nothing to go on from; give a prompt of one character or more")
        self.model, self.p, self.sampling, self.cached = model, p, sampling, cached
        self.window = [int(t) for t in prompt[-model.size.context :]]
        self._caches = model.caches()
        self._rng = generator(seed, "text")

    def write(self) -> Written:
        logits = self._logits()
        probabilities = self.sampling.probabilities(logits)
        cumulative = np.cumsum(probabilities)
        drawn = np.searchsorted(cumulative, self._rng.random() * cumulative[-1], side="right")
        token = int(min(drawn, np.flatnonzero(probabilities)[-1]))
        if len(self.window) == self.model.size.context:
            del self.window[: -(self.model.size.context // 2)]
            self._caches = self.model.caches()
        self.window.append(token)
        return Written(token, logits)

    def follow(self, tokens: Iterable[int]) -> list[int]:
        """Go to where a writer is that has written these tokens: the next one is the same. Returns the length of the
        window after each."""
        lengths = []
        chunk = None  # tokens of the window that the caches took in at once, before one after the other
        for token in tokens:
            self._rng.random()
            chunk = chunk or len(self.window)
            if len(self.window) == self.model.size.context:
                del self.window[: -(self.model.size.context // 2)]
                chunk = None
            self.window.append(int(token))
            lengths.append(len(self.window))
        self._caches = self.model.caches()
        if chunk and self.cached:
            for part in (self.window[:chunk], *([each] for each in self.window[chunk:-1])):
                self.model.forward(self.p, np.array([part], np.int32), self._caches)
        return lengths

    def _logits(self) -> np.ndarray:
        """Logits (N,) of what follows the window."""
        known = self._caches[0].length if self.cached else 0
        new = np.array([self.window[known:]], np.int32)
        return self.model.forward(self.p, new, self._caches if self.cached else None)[-1]


def write(writer: Writer, tokens: int) -> Iterator[int]:
    """Write that many tokens, and yield each as soon as it is there."""
    for _ in range(tokens):
        yield writer.write().token
