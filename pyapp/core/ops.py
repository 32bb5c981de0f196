"""The array operations that dominate the time, chosen once for the runtime: the place where a faster kernel plugs in.

Shapes: B batch, I inputs, O outputs. Weights are (O, I) in C order, so that the long inner axis is contiguous in every
product. NumPy in Pyodide has no BLAS: there einsum's loops do 8 GFLOP/s where matmul does 3 (natively it is matmul
that is 3 to 5 times faster), and np.where beats np.maximum, whose branches are mispredicted.
"""

import sys

import numpy as np

WASM = sys.platform == "emscripten"
ZERO = np.float32(0)

if WASM:

    def linear(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """x Wᵀ, (B, I) and (O, I) to (B, O). einsum takes twice as long where it has to cast one of them."""
        dtype = np.result_type(x, w)
        return np.einsum("bi,oi->bo", x.astype(dtype, copy=False), w.astype(dtype, copy=False))

    def linear_weight_gradient(x: np.ndarray, dy: np.ndarray, out: np.ndarray) -> None:
        """dyᵀ x, (B, I) and (B, O) to (O, I), written into `out`."""
        np.einsum("bo,bi->oi", dy, x, out=out)

    def linear_input_gradient(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
        """dy W, (B, O) and (O, I) to (B, I)."""
        return np.einsum("bo,oi->bi", dy, w)

else:

    def linear(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """x Wᵀ, (B, I) and (O, I) to (B, O)."""
        return x @ w.T

    def linear_weight_gradient(x: np.ndarray, dy: np.ndarray, out: np.ndarray) -> None:
        """dyᵀ x, (B, I) and (B, O) to (O, I), written into `out`."""
        np.matmul(dy.T, x, out=out)

    def linear_input_gradient(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
        """dy W, (B, O) and (O, I) to (B, I)."""
        return dy @ w


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.where(x > 0, x, ZERO)


def relu_gradient(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy where the ReLU's output y was positive, else 0."""
    return np.where(y > 0, dy, ZERO)
