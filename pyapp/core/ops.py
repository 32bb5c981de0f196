"""The array operations that take most of the time. In Pyodide the kernels run them (`pyapp.core.engine`); without
kernels, each has the form in which Pyodide's NumPy is fastest.

Shapes: B batch, I inputs, O outputs. Weights are (O, I) in C order, so that the long inner axis is contiguous in every
product. NumPy in Pyodide has no BLAS: there einsum's loops are faster than matmul (natively matmul is, by far).
"""

import sys

import numpy as np

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.engine import accelerated

WASM = sys.platform == "emscripten"


@accelerated
def linear(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None, relu: bool = False) -> np.ndarray:
    """x Wᵀ, plus the bias (O,) and through a ReLU where asked for: (B, I) and (O, I) to (B, O)."""
    if WASM:
        dtype = np.result_type(x, w)  # einsum takes twice as long where it has to cast one of them
        y = np.einsum("bi,oi->bo", x.astype(dtype, copy=False), w.astype(dtype, copy=False))
    else:
        y = x @ w.T
    if bias is not None:
        y += bias
    return CLAMPS[RELU](y) if relu else y


@accelerated
def linear_weight_gradient(x: np.ndarray, dy: np.ndarray, out: np.ndarray, sums: np.ndarray | None = None) -> None:
    """dyᵀ x, (B, I) and (B, O) to (O, I), written into `out`, and the bias's gradient Σ_B dy into `sums` (O,)."""
    if WASM:
        np.einsum("bo,bi->oi", dy, x, out=out)
    else:
        np.matmul(dy.T, x, out=out)
    if sums is not None:
        dy.sum(axis=0, out=sums)


@accelerated
def linear_input_gradient(dy: np.ndarray, w: np.ndarray, keep: np.ndarray | None = None) -> np.ndarray:
    """dy W, (B, O) and (O, I) to (B, I). If x is the output of a ReLU, give it as `keep` for the gradient before it."""
    dx = np.einsum("bo,oi->bi", dy, w) if WASM else dy @ w
    return dx if keep is None else CLAMPS[RELU].gradient(dx, keep)
