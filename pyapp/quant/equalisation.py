"""Cross-layer equalisation: two matrices with a ReLU between them share their ranges, channel by channel.

Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction" (arXiv 1906.04721),
section 4.1. ReLU(s·x) = s·ReLU(x) for s > 0, so a row of the first matrix can be divided by what multiplies the column
of the second.
"""

import numpy as np


def equalising_scales(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """s_i = √(r1_i / r2_i), float64 (H,), for `before` (H, I) and `after` (O, H), with r1 and r2 the largest magnitudes
    of the rows of `before` and of the columns of `after`.

    Rows divided by s and columns multiplied by s both have the range √(r1_i r2_i): where each matrix has one scale,
    this uses its grid best (equation 11). A row or column of zeros has no such s; for it the caller takes 1.
    """
    rows = np.abs(np.asarray(before, np.float64)).max(axis=1)
    columns = np.abs(np.asarray(after, np.float64)).max(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(rows / columns)
