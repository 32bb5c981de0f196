"""How far a method's probabilities are from the float softmax of the logits before any rounding."""

from dataclasses import dataclass

import numpy as np

from pyapp.core.losses import softmax

FLOOR = 1e-6  # a probability of 0 counts as this in the divergence, which would else be infinite
WHOLE = (0.5, 1.5)  # a row whose sum lies outside is no distribution any more


@dataclass(frozen=True)
class SoftmaxErrors:
    """Errors of R rows of n columns; all but `n` and `broken_rows` are NaN if a probability is not finite."""

    l1_per_row: float  # Σ_j |p̂_j - p_j|, the mean over rows: from 0 to 2 where rows sum to 1
    mae: float  # l1_per_row / n, so it means nothing without n
    n: float  # columns of a row, a whole number; with a mask the mean number of those that count
    max_error: float  # the largest |p̂_j - p_j|
    row_sum: float  # Σ_j p̂_j, the mean over rows
    top1: float  # share of rows whose largest entry is the same; of equal ones the first counts
    kl: float  # Σ_j p_j ln(p_j / p̂_j) in nats, the mean over rows; see `divergence`
    broken_rows: int  # rows that are all 0, not finite, or have a sum outside of 0.5 .. 1.5


def reference(z: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """softmax(z) of float64 logits (R, N) over the columns where the mask is True; 0 in the others."""
    if mask is None:
        return softmax(z)
    there = mask.any(axis=1)
    p = np.zeros(z.shape, np.float64)
    p[there] = softmax(np.where(mask, z, -np.inf)[there])
    return p


def errors(p_hat: np.ndarray, p: np.ndarray, mask: np.ndarray | None = None) -> SoftmaxErrors:
    """Errors of p_hat against p, float64 (R, N), in unmasked columns, of the rows that have any.

    ValueError if the shapes differ or nothing counts.
    """
    mask = np.ones(p.shape, bool) if mask is None else mask
    if not p_hat.shape == p.shape == mask.shape:
        raise ValueError(f"shapes differ: {p_hat.shape}, {p.shape} and the mask's {mask.shape}; give them alike")
    rows = mask.any(axis=1)
    if not rows.any():
        raise ValueError("there is no column to compare; give at least one row with one that counts")
    mask, p_hat, p = mask[rows], p_hat[rows], p[rows]
    n = mask.sum() / len(mask)
    error = np.abs(np.where(mask, p_hat - p, 0))
    sums = np.where(mask, p_hat, 0).sum(axis=1)
    l1 = float(error.sum(axis=1).mean())
    finite = np.isfinite(sums).all()
    return SoftmaxErrors(l1, l1 / float(n), int(n) if n == int(n) else float(n), float(error.max()), float(sums.mean()),
                         float((_top(p_hat, mask) == _top(p, mask)).mean()) if finite else np.nan,
                         divergence(p_hat, p, mask) if finite else np.nan, int(broken(p_hat, mask).sum()))


def broken(p_hat: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Rows that are no distribution, bool (R,): all 0, not finite, or a sum outside of WHOLE."""
    sums = (p_hat if mask is None else np.where(mask, p_hat, 0)).sum(axis=1)
    return ~((sums >= WHOLE[0]) & (sums <= WHOLE[1]))  # NaN is in no interval


def divergence(p_hat: np.ndarray, p: np.ndarray, mask: np.ndarray) -> float:
    """KL(p ‖ p̂) in nats, the mean over rows, where p̂ is raised to FLOOR and divided by its row's sum."""
    p_hat = np.where(mask, np.maximum(p_hat, FLOOR), 0)
    p_hat = p_hat / p_hat.sum(axis=1, keepdims=True)
    counts = mask & (p > 0)
    terms = p * np.log(np.where(counts, p, 1) / np.where(counts, p_hat, 1))
    return float(terms.sum(axis=1).mean())


def _top(p: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, p, -1).argmax(axis=1)
