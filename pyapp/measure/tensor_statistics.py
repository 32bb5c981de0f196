"""What the numbers of a tensor are like, in pieces, so that a large one needs little memory beside itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pyapp.data.tensors.rows import Flat, Row, as_stored

PIECE = 2**16  # numbers at a time: with those of their copies they stay in the cache
WIDE = 4  # bytes of a number whose fourth power float64 holds, with room for the sum
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


def statistics(numbers: Flat) -> Statistics:
    """The statistics of real numbers of any type, in float64, in two passes; each decodes a large tensor again.

    The first sums the powers of d = x - k, from which follow the central moments. k is the mean of a piece, so it is
    near enough to that of all, m, for nothing to cancel: of a share p of all numbers, (k - m)² is at most (1 - p) / p
    times the variance. The second counts the outliers.
    """
    flat, unit = as_stored(numbers), unit_of(numbers)
    count = zeros = 0
    largest = magnitude = shift = 0.0
    powers = np.zeros(4)
    for x in _finite(flat, unit):
        shift = shift if count else float(x.mean()) if x.size else 0.0
        size, d = np.abs(x), x - shift
        square = d * d
        powers += d.sum(), square.sum(), np.multiply(d, square, d).sum(), np.multiply(square, square, square).sum()
        count, zeros = count + x.size, zeros + x.size - int(np.count_nonzero(x))
        largest, magnitude = max(largest, float(size.max(initial=0))), magnitude + float(size.sum())
    if not count:
        return Statistics(None, None, None, None, None, flat.size)
    first, second, third, fourth = (powers / count).tolist()  # of d; of d - first, the variance and the fourth moment:
    variance = second - first**2
    fourth += first * (6 * first * second - 4 * third - 3 * first**3)
    constant, far = variance < CONSTANT * largest**2 or not largest, 0
    reach, center = OUTLIER * max(variance, 0.0)**0.5, shift + first
    if not constant and largest + abs(center) > reach:
        far = sum(int((np.abs(x - center) > reach).sum()) for x in _finite(flat, unit))
    return Statistics(magnitude / count * unit, largest * unit, None if constant else fourth / variance**2,
                      zeros / count, far / count, flat.size - count)


def unit_of(numbers: Flat) -> float:
    """A power of two by which numbers are divided, so that float64 holds their powers: 1, or for wide ones one near the
    largest, for which a pass looks."""
    flat = as_stored(numbers)
    if flat[:1].dtype.itemsize <= WIDE:
        return 1.0
    largest = max((float(np.abs(each).max(initial=0)) for each in _finite(flat, 1.0)), default=0.0)
    return float(np.ldexp(1.0, np.frexp(largest)[1] - 1)) if largest else 1.0


def _finite(flat: np.ndarray | Row, unit: float) -> Iterator[np.ndarray]:
    """The finite numbers in pieces, float64, divided by `unit`."""
    for start in range(0, flat.size, PIECE):
        piece = flat[start : start + PIECE].astype(np.float64)
        if unit != 1:
            piece /= unit
        finite = np.isfinite(piece)
        yield piece if finite.all() else piece[finite]
