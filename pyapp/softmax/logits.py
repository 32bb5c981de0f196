"""Logits to compare softmax methods on: batches that are drawn in turn from one generator of a seed.

R rows of N columns; a row is one softmax. Attention logits are in `sources`, pasted ones come from `data.pasted`.
"""

from collections.abc import Callable

import numpy as np

FAMILIES = ("centred", "offset", "skewed")  # what is moved by a shift: nothing, each row, all towards the maximum
LARGEST = 1 << 24  # logits in a batch
OFFSET = 6.0  # standard deviation of the rows' offsets
SCALE = 2.0  # standard deviation of centred logits, mean of skewed ones

Draw = Callable[["np.random.Generator", int, int], np.ndarray]


def normal(deviation: float) -> Draw:
    """N(0, deviation), where the second number is the standard deviation and not the variance."""
    return lambda rng, rows, length: deviation * rng.standard_normal((rows, length))


def offset(rng: np.random.Generator, rows: int, length: int) -> np.ndarray:
    """N(0, 2) + 6 · N(0, 1) of the row: each row lies elsewhere, which its softmax does not notice."""
    z = normal(SCALE)(rng, rows, length)
    return z + OFFSET * rng.standard_normal((rows, 1))


def skewed(rng: np.random.Generator, rows: int, length: int) -> np.ndarray:
    """-Exp with mean 2: many logits near the maximum, and a long tail below it."""
    return -SCALE * rng.standard_exponential((rows, length))


# In this order, and with this many, one generator with seed 0 gives exactly the batches on which the figures for 512
# rows of 64 were first measured: three that compare methods, then those that compare shifts.
BATCHES: dict[str, Draw] = {
    "normal-1": normal(1.0), "normal-2": normal(2.0), "normal-4": normal(4.0),
    "centred": normal(SCALE), "wide": normal(2 * SCALE), "offset": offset, "skewed": skewed,
}


def draw(family: str, rows: int, length: int, seed: int, batch: int = 0) -> np.ndarray:
    """Logits float64 (R, N) of a family in BATCHES, the same in every runtime; another `batch` is other logits of it.

    ValueError names what cannot be drawn.
    """
    if family not in BATCHES:
        raise ValueError(f"there are no logits {family!r}; use one of {', '.join(BATCHES)}")
    if rows < 1 or length < 1 or rows * length > LARGEST:
        raise ValueError(f"{rows} rows of {length} logits cannot be drawn; use at least 1 row and column, and at most "
                         f"{LARGEST:,} logits")
    if seed < 0:
        raise ValueError(f"the seed is {seed}; use 0 or more")
    rng = np.random.default_rng([seed, batch] if batch else seed)
    for name, make in BATCHES.items():
        z = make(rng, rows, length)
        if name == family:
            break
    return z
