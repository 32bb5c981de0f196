"""Histograms on common bins."""

import numpy as np

BINS = 61  # odd, so that a symmetric range has 0 in the middle of a bin


def edges(*tensors: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Edges float64 (bins + 1,) of equal bins that hold every number of the tensors; some width even for a constant."""
    lowest, highest = (float(ufunc([ufunc(x) for x in tensors])) for ufunc in (np.min, np.max))
    if lowest == highest:
        margin = abs(lowest) / 2 or 1.0
        lowest, highest = lowest - margin, highest + margin
    return np.linspace(lowest, highest, bins + 1, dtype=np.float64)


def histogram(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many numbers of x lie in each bin, int32."""
    return np.histogram(x.astype(np.float64), edges)[0].astype(np.int32)
