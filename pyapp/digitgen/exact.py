"""Arithmetic that gives the same bits in every runtime: only +, -, ·, / and rounding, in a fixed order.

IEEE 754 says what those four give, to the last bit. It does not say so of exp, nor in which order a library adds.
"""

import numpy as np

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # ln 2 in two parts; high has 20 zero bits at its end
TERMS = 14  # of the series; with |r| ≤ ln2/2 the next one is below 2^-53


def exp(x: np.ndarray) -> np.ndarray:
    """e^x of float64 to about one unit in the last place: e^x = 2ⁿ e^r with |r| ≤ ln2 / 2, e^r by its series (Cody and
    Waite 1980, chapter 6). Below -700 it is 0."""
    x = np.maximum(x, -745.0)
    n = np.floor(x * LOG2_E + 0.5)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    y = np.ones_like(r)
    for k in range(TERMS, 0, -1):
        y = y * (r / k) + 1.0
    return np.where(x < -700.0, 0.0, np.ldexp(y, n.astype(np.int32)))


def add(columns: np.ndarray) -> np.ndarray:
    """The sum over the last axis, added from the first number to the last, in the same order everywhere."""
    total = columns[..., 0].copy()
    for k in range(1, columns.shape[-1]):
        total += columns[..., k]
    return total


def softmax(logits: np.ndarray, temperature: float) -> np.ndarray:
    """p_j = exp((z_j - max z) / T) / Σ, row by row, float64. Small T sharpens."""
    p = exp((logits - logits.max(axis=-1, keepdims=True)) / np.float64(temperature))
    return p / add(p)[..., None]


def affine(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """y = x Wᵀ + b in float64, (B, I) and (O, I) to (B, O), one column after the other."""
    return add(x[:, None, :] * weight.astype(np.float64)) + bias.astype(np.float64)


def blend(shares: np.ndarray, fields: np.ndarray) -> np.ndarray:
    """Σ_k shares_k · fields_k as 8-bit pixels: (B, K) and (K, 784) to uint8 (B, 784)."""
    total = np.zeros((len(shares), fields.shape[1]), np.float64)
    for k in range(len(fields)):
        total += shares[:, k : k + 1] * fields[k].astype(np.float64)
    return np.floor(np.clip(total, 0, 255) + 0.5).astype(np.uint8)
