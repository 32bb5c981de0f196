"""Images in other sizes, as matrices: `rows @ image @ columns.T` resamples an image along both axes."""

import numpy as np


def area_average(n: int, m: int) -> np.ndarray:
    """The (m, n) matrix that averages n cells into m cells of equal width, weighting cells by their overlap."""
    edges = np.arange(m + 1, dtype=np.float64) * (n / m)
    low, high, cell = edges[:-1, None], edges[1:, None], np.arange(n)
    overlap = np.minimum(high, cell + 1) - np.maximum(low, cell)
    return (np.maximum(overlap, 0) * (m / n)).astype(np.float32)


def cubic(n: int, m: int) -> np.ndarray:
    """The (m, n) matrix that draws a smooth curve through n cells and reads it at m places; end values repeat.

    Keys 1981, cubic convolution with a = -1/2.
    """
    place = (np.arange(m) + 0.5) * (n / m) - 0.5
    cell = np.floor(place).astype(np.int64)
    t = place - cell
    weights = (((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t,
               (0.5 * t - 0.5) * t * t)
    matrix = np.zeros((m, n))
    for step, weight in enumerate(weights, start=-1):
        np.add.at(matrix, (np.arange(m), np.clip(cell + step, 0, n - 1)), weight)
    return matrix.astype(np.float32)


def blur(n: int, sigma: float) -> np.ndarray:
    """The (n, n) matrix of a Gaussian window of `sigma` cells. Its rows are not divided by their sums."""
    apart = np.arange(n)[:, None] - np.arange(n)
    return np.exp(-0.5 * (apart / sigma) ** 2)
