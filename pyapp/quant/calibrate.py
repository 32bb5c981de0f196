"""Calibration: how far a grid reaches, decided from numbers that were seen. In order of increasing difficulty.

A wide range clips nothing and has coarse steps; a narrow one has fine steps and clips the largest numbers. A method
finds lowest and highest, `make_grid` does the rest: it always includes 0, and where all numbers are 0 the scale is 1.
"token" decides nothing beforehand: every row of numbers gets a grid of its own when it is there.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import NOT_FINITE, Granularity, Grid, check_bits, fit_grid, make_grid

CALIBRATIONS = ("minmax", "percentile", "mse", "entropy", "ema")
TOKEN = "token"  # in place of a calibration: a grid for each row, made at run time
RANGES = (*CALIBRATIONS, TOKEN)
CLIPS = ("minmax", "mse")
PERCENTILE = 99.9
BATCH, MOMENTUM = 32, 0.9  # of the moving average: rows per batch, and how much of the average a new batch leaves
BINS = 2048  # of the histogram for "entropy", as TensorRT has it (Migacz, GTC 2017)
SHRINKS = [k / 100 for k in range(100, 20, -1)]  # "mse" tries these parts of the full range, the widest first
WEIGHT_SHRINKS = [k / 100 for k in range(100, 4, -1)]  # a weight matrix may have a lone entry at twenty deviations
AT_ONCE = 64  # cuts whose divergences are found together: their arrays stay in a processor's cache
Range = tuple[float, float]


def calibrate(samples: np.ndarray, method: str, bits: int, scheme: str = "affine", signed: bool | None = None,
              percentile: float = PERCENTILE) -> "Grid | RowGrids":
    """The grid, one for the tensor, that suits numbers like `samples` (N, ...), one row an example; for "token" the
    rule that makes one for each row.

    ValueError for no samples, for NaN or infinity, and for a method that is not in RANGES.
    """
    x = _checked(samples)
    match method:
        case "minmax":
            return make_grid(x.min(), x.max(), bits, scheme, signed)
        case "percentile":
            return make_grid(*percentile_range(x, percentile, scheme), bits, scheme, signed)
        case "mse":
            return mse_grid(x, bits, scheme, signed)
        case "entropy":
            return make_grid(*entropy_range(x, check_bits(bits), scheme), bits, scheme, signed)
        case "ema":
            return make_grid(*moving_range(x), bits, scheme, signed)
        case "token":
            return RowGrids(check_bits(bits), scheme, signed)
    raise ValueError(f"calibrate is {method!r}; use one of {', '.join(RANGES)}")


@dataclass(frozen=True)
class RowGrids:
    """Dynamic quantisation: every row of (R, C) numbers, a token or an image, has a grid from its own smallest to its
    own largest number, found at run time. So there is nothing to calibrate, and one row with an outlier leaves the
    others as fine as they are.

    ZeroQuant (Yao et al. 2022, arXiv 2206.01861, section 4.1) has min and max of each token, as here with the affine
    scheme; LLM.int8() (Dettmers et al. 2022, arXiv 2208.07339, section 2) its largest magnitude, as with "symmetric".
    """

    bits: int
    scheme: str = "affine"
    signed: bool | None = None

    def of(self, x: np.ndarray) -> Grid:
        """The grid of these rows, with R scales."""
        return fit_grid(x, self.bits, self.scheme, "channel", self.signed)

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """Codes of x, each row on its grid."""
        return self.of(x).quantize(x)

    def fake_quantize(self, x: np.ndarray) -> np.ndarray:
        """x with each row moved onto its grid, float32."""
        return self.of(x).fake_quantize(x)

    @property
    def nbytes(self) -> int:
        """0: the scales are found at run time, and none is stored."""
        return 0


def _checked(samples: np.ndarray) -> np.ndarray:
    x = np.asarray(samples, np.float32)
    if not x.size:
        raise ValueError("the calibration set is empty; give at least one example")
    if not np.isfinite(x).all():
        raise ValueError(NOT_FINITE)
    return np.atleast_1d(x)


def moving_range(x: np.ndarray, batch: int = BATCH, momentum: float = MOMENTUM) -> Range:
    """Exponential moving average of the batches' minima and maxima, as training would gather it.

    r ← momentum · r + (1 - momentum) · r_batch, starting from the first batch; torch's MovingAverageMinMaxObserver
    with averaging_constant = 1 - momentum. The last batch may be smaller.
    """
    lo, hi = float(x[:batch].min()), float(x[:batch].max())
    for start in range(batch, len(x), batch):
        rows = x[start: start + batch]
        lo += (1 - momentum) * (float(rows.min()) - lo)
        hi += (1 - momentum) * (float(rows.max()) - hi)
    return lo, hi


def percentile_range(x: np.ndarray, percentile: float = PERCENTILE, scheme: str = "affine") -> Range:
    """Clip the outermost numbers: affine cuts each end at its own percentile, symmetric cuts |x|.

    Percentiles are interpolated between two neighbours in the order of size, as NumPy's and torch's are. If so
    many numbers are 0 that the inner neighbours are 0, interpolating between 0 and the largest number would clip that
    number to a part of itself; the range is then the full one. 999 zeros and one 5 give 0 to 5. ValueError unless
    50 < percentile ≤ 100.
    """
    if not 50 < percentile <= 100:
        raise ValueError(f"percentile is {percentile}; use a number above 50, up to 100")
    if scheme == "symmetric":
        size = np.abs(x)
        hi = float(np.percentile(size, percentile))
        lo, decided = -hi, np.percentile(size, percentile, method="lower") > 0
    else:
        lo, hi = (float(end) for end in np.percentile(x, [100 - percentile, percentile]))
        decided = (np.percentile(x, 100 - percentile, method="higher") < 0
                   or np.percentile(x, percentile, method="lower") > 0)
    return (lo, hi) if decided else (float(x.min()), float(x.max()))


def mse_grid(x: np.ndarray, bits: int, scheme: str, signed: bool | None = None) -> Grid:
    """The grid with the least ‖x - Q(x)‖² of those over parts of the full range, t · (min, max) with t in SHRINKS."""
    ordered = np.sort(x, axis=None).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    grids = (make_grid(t * x.min(), t * x.max(), bits, scheme, signed) for t in SHRINKS)
    return min(grids, key=lambda grid: _squared_error(ordered, sums, grid))


def _squared_error(ordered: np.ndarray, sums: np.ndarray, grid: Grid) -> float:
    """Σ (x - p(x))² less Σ x², where p is the nearest point of the grid; sums[k] = the k first of `ordered`.

    Only n and Σ x of the numbers next to each point are needed, Σ (n p² - 2 p Σ x), and ordered numbers have them
    by binary search: the cost grows with the number of points, not of numbers.
    """
    points = np.arange(grid.low, grid.high + 1, dtype=np.float64) - grid.zero_point
    points *= grid.scale
    ends = np.searchsorted(ordered, (points[1:] + points[:-1]) / 2)
    cuts = np.concatenate([[0], ends, [len(ordered)]])
    return float(np.sum(points * (np.diff(cuts) * points - 2 * np.diff(sums[cuts]))))


def entropy_range(x: np.ndarray, bits: int, scheme: str = "affine") -> Range:
    """The threshold T on |x| that loses the least information: clip to ±T, or to 0..T if there are no negatives.

    A histogram of |x| with 2,048 bins; for every number i of bins that T may reach: P is the first i bins with the
    tail folded in, Q the same bins without the tail, merged to as many levels as the grid has for |x| and spread again
    over the bins that are not empty. The best i has the least KL(P ‖ Q) (Migacz, GTC 2017).

    Exact zeros are left out: every grid has them exactly, and the spike that ReLU makes of them would be all that the
    divergence sees.
    Where the levels are no fewer than the bins, nothing is merged and the range is the full one.
    """
    size = np.abs(x[x != 0])
    if not size.size:
        return 0.0, 0.0
    largest = float(size.max())
    both = scheme == "symmetric" or x.min() < 0 < x.max()
    counts = np.histogram(size, BINS, range=(0.0, largest))[0].astype(np.float64)
    threshold = best_cut(counts, 1 << (bits - both)) / BINS * largest
    return max(float(x.min()), -threshold), min(float(x.max()), threshold)


def best_cut(counts: np.ndarray, levels: int) -> int:
    """How many of the histogram's bins to keep, from `levels` to all: the first with the least divergence."""
    levels = min(levels, len(counts))
    cuts = np.arange(levels, len(counts) + 1, dtype=np.intp)
    some = np.split(cuts, range(AT_ONCE, len(cuts), AT_ONCE))
    return int(cuts[np.concatenate([divergences(counts, each, levels) for each in some]).argmin()])


def divergences(counts: np.ndarray, cuts: np.ndarray, levels: int) -> np.ndarray:
    """`divergence` for each of some cuts. Σ p log(p/q) is Σ p log p less, for each level, its Σ p times log q: both are
    differences of running sums, so a cut costs as much as it has levels, not bins."""
    filled, before = counts > 0, np.zeros(1)
    number, total = (np.concatenate([before, np.cumsum(each)]) for each in (filled, counts))
    entropy = np.concatenate([before, np.cumsum(counts * np.log(np.where(filled, counts, 1)))])
    last = np.maximum.accumulate(np.where(filled, np.arange(len(counts), dtype=np.intp), -1))[cuts - 1]
    own, tail = counts[last], total[-1] - total[cuts]  # what falls into the last filled bin
    ends = np.arange(levels + 1, dtype=np.intp) * cuts[:, None] // levels  # cuts, levels + 1
    kept, bins = np.diff(total[ends], axis=1), np.diff(number[ends], axis=1)
    log_q = np.log(np.where(bins > 0, kept, 1) / np.maximum(bins, 1))
    spent = (kept * log_q).sum(axis=1)
    at = (ends[:, 1:] <= last[:, None]).sum(axis=1)  # the level of the last filled bin
    spent += tail * log_q[np.arange(len(cuts)), np.minimum(at, levels - 1)]
    p_log_p = entropy[cuts] - own * np.log(np.maximum(own, 1)) + (own + tail) * np.log(np.maximum(own + tail, 1))
    return np.where(last < 0, np.inf, (p_log_p - spent) / total[-1])


def divergence(counts: np.ndarray, cut: int, levels: int) -> float:
    """KL(P ‖ Q) in nats for the first `cut` bins; infinite if they are all empty.

    The tail is folded into the last bin that is not empty, so that Q is never 0 where P is not. Q is a share of all
    numbers: what is clipped is missing from it and counts as lost, by log(all / kept). Were Q to sum to 1, a cut down
    to one lone filled bin, with everything folded into it, would look perfect (pixels, at 4 bits and fewer).
    """
    filled = np.flatnonzero(counts[:cut])
    if not filled.size:
        return float("inf")
    kept, p = counts[:cut], counts[filled]
    p[-1] += counts[cut:].sum()
    starts = np.arange(levels, dtype=np.intp) * cut // levels  # below 2,048²; reduceat and repeat take only this type
    share = np.add.reduceat(kept, starts) / np.maximum(np.add.reduceat(kept > 0, starts, dtype=np.float64), 1)
    q = np.repeat(share, np.diff(starts, append=cut))[filled]
    return float(np.sum(p * np.log(p / q)) / counts.sum())


def fit_weight_grid(w: np.ndarray, bits: int, scheme: str = "symmetric", per: str | Granularity = "tensor",
                    clip: str = "minmax", signed: bool | None = None) -> Grid:
    """The grid of a weight matrix: "minmax" clips nothing, "mse" searches each scale's range for the least ‖w - ŵ‖².
    ValueError for another `clip`, and as `fit_grid`."""
    if clip not in CLIPS:
        raise ValueError(f"clip is {clip!r}; use {' or '.join(CLIPS)}")
    grid = fit_grid(w, bits, scheme, per, signed)
    if clip == "minmax" or not np.size(w):
        return grid
    return _mse_weight_grid(np.asarray(w, np.float32), bits, scheme, grid.per, signed)


def _mse_weight_grid(w: np.ndarray, bits: int, scheme: str, per: Granularity, signed: bool | None) -> Grid:
    """All scales at once, one part t of the range at a time. Errors are summed in float64: equal in every runtime."""
    lowest, highest = per.reduce(np.minimum, w), per.reduce(np.maximum, w)
    least, best = np.full(lowest.shape, np.inf, np.float64), np.ones(lowest.shape, np.float32)
    for t in WEIGHT_SHRINKS:
        grid = make_grid(t * lowest, t * highest, bits, scheme, signed, per)
        error = per.reduce(np.add, np.square(w - grid.fake_quantize(w), dtype=np.float64))
        best = np.where(error < least, np.float32(t), best)
        least = np.minimum(error, least)
    return make_grid(best * lowest, best * highest, bits, scheme, signed, per)
