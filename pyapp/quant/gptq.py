"""GPTQ: round a layer's weights one input after another, each making up for the errors of those before it.

Frantar et al. 2023, "GPTQ: accurate post-training quantization for generative pre-trained transformers".
"""

import hashlib

import numpy as np

from pyapp.core.ops import linear
from pyapp.quant.schemes import NOT_FINITE, Grid, QuantizedTensor

DAMPING = 0.01  # part of H's mean diagonal that is added to its diagonal: the paper's value


def gptq(w: np.ndarray, x: np.ndarray, grid: Grid, damping: float = DAMPING,
         memo: dict | None = None) -> QuantizedTensor:
    """Codes on the given grid that keep the layer's output, ‖X Wᵀ - X Ŵᵀ‖², with W (O, I) and X (N, I).

    X is what the layer will really get: x̂, the output of the layers that are quantised already. In place of the paper's
    inverse Hessian there is its factor, which gives the same codes without inverting ("GPTQ is Babai's nearest plane
    algorithm", Chen et al. 2025): with H = 2 XᵀX + damping = R Rᵀ, R upper triangular, and errors e = w - ŵ of a row,
    the layer's error is ‖e R‖². Its j-th entry, Σ_{i≤j} e_i R_ij, is smallest if ŵ_j is the point of the grid next to

        w_j + Σ_{i<j} e_i R_ij / R_jj.

    An input that was always 0 (MNIST's borders) is simply rounded to nearest: damping keeps its R_jj above 0.
    All is float64, so a code differs between runtimes only where their sums' last bit decides a rounding.
    What depends on X alone, and takes longest, is kept in a `memo`, for other grids of the same inputs.
    """
    x, memo = _checked(w, x), {} if memo is None else memo
    key = hashlib.sha256(np.ascontiguousarray(x)).digest(), x.shape, damping
    if key not in memo:
        memo[key] = _reach(_hessian(x, damping))
    reach = memo[key]  # I, I
    real = w.T.astype(np.float64)  # I, O
    scale, zero_point = (np.broadcast_to(part, w.shape).T.astype(np.float64) for part in grid.spread(w.shape))
    codes, error = np.empty_like(real), np.empty_like(real)
    for j, weight in enumerate(real):
        target = weight + reach[j, :j] @ error[:j]  # O
        codes[j] = np.clip(np.rint(target / scale[j] + zero_point[j]), grid.low, grid.high)
        error[j] = weight - (codes[j] - zero_point[j]) * scale[j]
    return QuantizedTensor(np.ascontiguousarray(codes.T.astype(grid.dtype)), grid)


def _checked(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    if not len(x) or x.shape[1:] != w.shape[1:]:
        raise ValueError(f"GPTQ has inputs of shape {x.shape} for weights {w.shape}; give (N, {w.shape[1]}), N from 1")
    if not (np.isfinite(w).all() and np.isfinite(x).all()):
        raise ValueError(NOT_FINITE)
    return np.asarray(x, np.float64)


def _hessian(x: np.ndarray, damping: float) -> np.ndarray:
    """2 XᵀX, and `damping` of its mean diagonal on the diagonal; the unit matrix if every input is 0."""
    columns = np.ascontiguousarray(x.T)  # I, N: without BLAS, a product along rows takes a quarter of the time
    h = 2 * linear(columns, columns)
    h[np.diag_indices_from(h)] += damping * np.trace(h) / len(h) or 1.0
    return h


def _reach(h: np.ndarray) -> np.ndarray:
    """R_ij / R_jj at [j, i], lower triangular: how far an error at input i moves the target of a later input j.

    Cholesky gives H = L Lᵀ; of H with its rows and columns reversed, L reversed back is the R of H = R Rᵀ.
    """
    upper = np.linalg.cholesky(h[::-1, ::-1])[::-1, ::-1]
    return np.ascontiguousarray((upper / np.diagonal(upper)).T)
