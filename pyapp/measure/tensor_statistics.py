"""What the numbers of a tensor are like, in pieces, so that a large one needs little memory beside itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pyapp.data.tensors.tensor import Row

PIECE = 2**18  # numbers at a time
OUTLIER = 4.0  # standard deviations; 0.006 % of normal numbers are farther from their mean
CONSTANT = 1e-24  # of the variance of numbers whose largest is 1: rounding alone gives as much


@dataclass(frozen=True)
class Statistics:
    """Statistics of the finite numbers, and how many are not. None where there are no numbers; a constant has no
    kurtosis either."""

    mean_magnitude: float | None
    maximum: float | None  # of |x|
    kurtosis: float | None  # fourth central moment over the squared variance: 3 for normal numbers, more for long tails
    zeros: float | None  # share of the numbers
    outliers: float | None  # share of numbers more than OUTLIER standard deviations from the mean
    not_finite: int  # NaN and infinities


def statistics(flat: np.ndarray | Row) -> Statistics:
    """The statistics of real numbers of any type. Sums are float64, of numbers divided by the largest, so that none
    overflows."""
    counts = [(each.size, float(np.abs(each).max(initial=0)), int((each == 0).sum())) for each in _finite(flat)]
    count, largest, zeros = sum(c[0] for c in counts), max((c[1] for c in counts), default=0.0), sum(
        c[2] for c in counts)
    if not count:
        return Statistics(None, None, None, None, None, flat.size)
    unit = largest or 1.0

    def means(*of: Callable[[np.ndarray], np.ndarray]) -> list[float]:
        """Of several functions at once: a large tensor is read from its file for it."""
        sums = [[float(each(y).sum()) for each in of] for y in (piece / unit for piece in _finite(flat))]
        return [sum(column) / count for column in zip(*sums, strict=True)]

    center, magnitude = means(lambda y: y, np.abs)
    variance, fourth = means(lambda y: np.square(y - center), lambda y: np.square(np.square(y - center)))
    constant = variance < CONSTANT
    far = 0.0 if constant else means(lambda y: np.abs(y - center) > OUTLIER * variance**0.5)[0]
    return Statistics(magnitude * unit, largest, None if constant else fourth / variance**2, zeros / count, far,
                      flat.size - count)


def _finite(flat: np.ndarray | Row) -> Iterator[np.ndarray]:
    """The finite numbers in pieces, float64."""
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE].astype(np.float64)
        finite = np.isfinite(piece)
        yield piece if finite.all() else piece[finite]
