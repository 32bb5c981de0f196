"""The ladder in the proof: all values between prompts and their next words, the words written, and three descents."""

import numpy as np

from pyapp.ladder import bend, line, stack, toy
from pyapp.ladder.line import X, Y
from pyapp.ladder.rollout import rollout

PROMPTS = ("a", toy.PROMPT, "a fluffy blue creature roamed the", "american shrew mole", "one mole of carbon",
           "take a biopsy of the mole .", "forest forest forest", "verdant dioxide the . blue american one")
STEPS = 50  # of a descent
SEEDS = range(8)  # of the sampled words


def passes() -> dict[str, np.ndarray]:
    """All intermediate values in one row for each prompt, with identity and with fitted matrices, MLP on and off."""
    found = {f"{at}.{own}.{mlp}": _row(toy.forward(toy.tokens(prompt), toy.load(), bool(mlp), bool(own), bool(own)))
             for at, prompt in enumerate(PROMPTS) for own in (0, 1) for mlp in (0, 1)}
    return found | {"descents": np.concatenate([np.ravel(number) for number in _descents()])}


def words() -> dict[str, np.ndarray]:
    """The numbers of the words that follow: greedy after each prompt, and drawn by some seeds, int32."""
    told = {f"greedy.{at}": rollout(prompt, toy.load()) for at, prompt in enumerate(PROMPTS)}
    told |= {f"sampled.{seed}": rollout(toy.PROMPT, toy.load(), greedy=False, seed=seed) for seed in SEEDS}
    return {name: np.array([step.chosen for step in steps], np.int32) for name, steps in told.items()}


def _row(result: dict[str, np.ndarray]) -> np.ndarray:
    """All arrays in one row, with -∞, the score of a word that comes later, as 0: the proof compares numbers."""
    return np.concatenate([np.where(np.isfinite(array), array, 0.0).ravel() for array in result.values()])


def _descents() -> list[np.ndarray]:
    """w and b of rungs 1 to 3 after STEPS steps of descent."""
    one, two, three = (1.0, -1.0), (2.0, -2.0), {kind: stack.start(stack.SEEDS[0]) for kind in stack.RATES}
    for _ in range(STEPS):
        one, two = line.step(X, Y, *one, line.RATE), bend.step(X, Y, *two, bend.RATE)
        three = {kind: stack.step(X, Y, *place, kind, stack.RATES[kind]) for kind, place in three.items()}
    return [np.array(place) for place in (one, two, *three.values())]
