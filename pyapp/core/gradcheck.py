"""Numeric gradients: the oracle for every backward pass."""

from collections.abc import Callable

import numpy as np


def numeric_gradient(f: Callable[[], float], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of the scalar `f()` with respect to every element of `x`, which `f` reads.

    df/dx_i ≈ (f(x + h e_i) - f(x - h e_i)) / 2h, error O(h²) + O(ε/h): use float64. `x` is changed and restored.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + step
        above = f()
        x[index] = old - step
        below = f()
        x[index] = old
        gradient[index] = (above - below) / (2 * step)
    return gradient
