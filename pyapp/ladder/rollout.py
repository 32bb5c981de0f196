"""Writing with the toy transformer, word after word."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from pyapp.core.rng import generator
from pyapp.ladder import toy

MOST = 12  # words; a sentence that has not ended by then will not


class Step(NamedTuple):
    """One written word: the words before it, all computed values, and the word that was chosen."""

    numbers: np.ndarray  # n, int32: the words so far
    result: dict[str, np.ndarray]  # see toy.forward
    chosen: int

    @property
    def word(self) -> str:
        return toy.WORDS[self.chosen]

    @property
    def probability(self) -> float:
        return float(self.result["probabilities"][self.chosen])


def rollout(prompt: str, p: toy.Weights, most: int = MOST, greedy: bool = True, seed: int = 1,
            rungs: Any = toy.SHIPPED, **how: Any) -> Iterator[Step]:
    """Choose a word, append it, again: until the full stop or `most` words. `how` goes to `toy.forward`.

    The same seed draws the same random numbers u, one per word; greedy needs none.
    """
    numbers, rng = toy.tokens(prompt), generator(seed, "rollout")
    for _ in range(most):
        step = choose(numbers, p, greedy, rng.random(), rungs, **how)
        yield step
        numbers = np.append(numbers, np.int32(step.chosen))
        if step.word == toy.STOP:
            return


def choose(numbers: np.ndarray, p: toy.Weights, greedy: bool, u: float, rungs: Any = toy.SHIPPED, **how: Any) -> Step:
    """The next word: the most likely one, or the one that u picks. ValueError if it is none of the words."""
    result = toy.forward(numbers, p, rungs=rungs, **how)
    probabilities = result["probabilities"]
    chosen = int(rungs.most_likely(probabilities) if greedy else rungs.sample(probabilities, u))
    if not 0 <= chosen < len(toy.WORDS):  # an edited function may say anything
        raise ValueError(f"the chosen word has the number {chosen}; use 0 to {len(toy.WORDS) - 1}")
    return Step(numbers, result, chosen)
