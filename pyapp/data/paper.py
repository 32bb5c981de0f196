"""The paper under the ink: its brightness at each place of an unevenly lit photograph.

Everything here works on a coarse copy of the picture, where a line of ink is a few cells wide.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pyapp.data.resample import area_average, blur, cubic

CELLS = 40  # of the longer side of the coarse copy
STROKE = 5  # cells: a line of ink is narrower than 2 STROKE + 1
SOFT = 2.4  # cells: a shadow's edge is wider than this
LOCAL = 6  # cells: the width of the surroundings that ink is darker or lighter than
ROUNDS = 4
BRIGHT = 0.5  # of full light: a picture in uneven light that is brighter is paper with dark ink
DARKEST, DARK_GROUND = 0.05, 0.15  # of full light: nothing is divided by less, on paper and under light ink


def uneven_paper(grey: np.ndarray) -> tuple[np.ndarray, int]:
    """Grey values (H, W) of 0..1 -> the paper's value at each place, (H, W), and the ink's sign: -1 dark, 1 light.

    1. A quadratic surface is fitted, with ink as outliers; it follows a slope, a dark corner or a lamp. 2. Ink is dark
    in a picture that is BRIGHT; otherwise the third moment decides if it is darker or lighter than its surroundings.
    3. Lines narrower than STROKE are closed. 4. The rest is smoothed without the ink, ROUNDS times.
    """
    height, width = grey.shape
    h, w = (min(n, max(4, round(n * CELLS / max(grey.shape)))) for n in grey.shape)
    cells = area_average(height, h) @ grey @ area_average(width, w).T
    surface = _surface(cells.astype(np.float64))
    ratio = cells / np.maximum(surface, DARKEST)
    sign = -1 if np.median(cells) > BRIGHT else _sign(ratio)  # a shadow's edge has a third moment, too
    closed = sign * _opened(sign * ratio) * np.maximum(surface, DARKEST)
    paper = _smoothed(cells, surface, closed, sign)
    return cubic(h, height) @ paper.astype(np.float32) @ cubic(w, width).T, sign


def _surface(cells: np.ndarray) -> np.ndarray:
    """a + bx + cy + dx² + exy + fy² by least squares, each cell weighted by 1 / (1 + (residual / 2s)²)², with s from
    the median of the residuals, iterated."""
    y, x = (axis.reshape(-1) for axis in np.meshgrid(*(np.linspace(-1, 1, n) for n in cells.shape), indexing="ij"))
    terms = np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    values, weights = cells.reshape(-1), np.ones(cells.size)
    for _ in range(3 * ROUNDS):
        weighted = terms * weights[:, None]
        fitted = terms @ np.linalg.lstsq(weighted.T @ terms, weighted.T @ values, rcond=None)[0]
        spread = max(1.4826 * float(np.median(np.abs(values - fitted))), 1 / 255)
        weights = 1 / (1 + ((values - fitted) / (2 * spread)) ** 2) ** 2
    return fitted.reshape(cells.shape)


def _sign(ratio: np.ndarray) -> int:
    rows, columns = (blur(n, LOCAL) for n in ratio.shape)
    around = (rows @ ratio @ columns.T) / (rows.sum(axis=1)[:, None] * columns.sum(axis=1))
    return 1 if _skewness(ratio - around) + _skewness(ratio - 1) > 0 else -1


def _skewness(values: np.ndarray) -> float:
    return float((values**3).mean() / ((values**2).mean() ** 1.5 + 1e-12))


def _opened(values: np.ndarray) -> np.ndarray:
    """Remove everything bright and narrow: take the lowest value around each cell, then the highest of those."""
    return _extreme(_extreme(values, np.min), np.max)


def _extreme(values: np.ndarray, which) -> np.ndarray:
    for axis in (0, 1):
        margin = [(STROKE, STROKE) if one == axis else (0, 0) for one in (0, 1)]
        values = which(sliding_window_view(np.pad(values, margin, mode="edge"), 2 * STROKE + 1, axis), axis=-1)
    return values


def _smoothed(cells: np.ndarray, surface: np.ndarray, paper: np.ndarray, sign: int) -> np.ndarray:
    rows, columns = (blur(n, SOFT) for n in cells.shape)
    for _ in range(ROUNDS):
        ink = without_paper(cells, paper, sign)
        blank = (ink < ink.max() / 2).astype(np.float64)
        paper = surface + (rows @ (blank * (cells - surface)) @ columns.T) / (rows @ blank @ columns.T + 1e-6)
    return paper


def without_paper(grey: np.ndarray, paper: np.ndarray, sign: int) -> np.ndarray:
    """Ink as even light would show it, 0 on the paper: the difference divided by the light.

    The paper's brightness is taken for the light; a blackboard says little about it, so it counts as DARK_GROUND at
    least.
    """
    light = np.maximum(paper, DARKEST if sign < 0 else DARK_GROUND)
    return sign * (grey - paper) * (np.median(light) / light)
