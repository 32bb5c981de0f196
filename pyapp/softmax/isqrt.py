"""Integer square root by Newton's method, as I-BERT's LayerNorm needs it."""

import numpy as np

from pyapp.softmax.integers import bit_length


def isqrt(n: np.ndarray) -> np.ndarray:
    """floor(sqrt(n)) of integers from 0 to 2^63 - 1, exact; int64.

    x = 2^ceil(bits/2), then x <- floor((x + floor(n / x)) / 2) until it no longer falls. I-BERT, algorithm 4, which
    allows itself 4 steps; up to 5 and a last one that only finds the end are needed below 2^32. ValueError if negative.
    """
    n = _checked(n)
    x = first_guess(n)
    while True:
        y = newton_step(n, x)
        if not (y < x).any():
            return np.where(n == 0, 0, x)
        x = np.minimum(x, y)


def isqrt_fixed(n: np.ndarray, steps: int, first: int | None = None) -> np.ndarray:
    """The square root by a fixed number of steps, as in hardware that has no test for the end; int64. Not exact.

    I-BERT's paper: 4 from its first guess. I-ViT's code: 10 from first = 2^16.
    """
    n = _checked(n)
    x = first_guess(n) if first is None else np.full(n.shape, first, np.int64)
    for _ in range(steps):
        x = newton_step(n, x)
    return np.where(n == 0, 0, x)


def first_guess(n: np.ndarray) -> np.ndarray:
    """2^ceil(bits/2): a power of two above the root, at most twice as large (from n = 1 on)."""
    return np.int64(1) << ((bit_length(n) + 1) >> 1)


def newton_step(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (x + n // np.maximum(x, 1)) >> 1


def _checked(n: np.ndarray) -> np.ndarray:
    if n.dtype.kind not in "iu" or (n < 0).any():
        raise ValueError(f"the square root of {n.dtype} down to {n.min()}; give integers from 0 on")
    return n.astype(np.int64)
