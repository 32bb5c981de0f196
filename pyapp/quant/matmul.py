"""Integer matrix products with zero points, in int32, exact or refused.

Weights are (O, I) as in core.ops, so that what ONNX calls MatMulInteger(A, B) is matmul_integer(A, Bᵀ). Codes stand for
a - z_a and w - z_w; multiplied out,

    Σ (a - z_a)(w - z_w)  =  Σ a·w  -  z_a Σ w  -  z_w Σ a  +  I·z_a·z_w          (sums over I)

the first term is the one product of small unsigned or signed codes that hardware is built for; Σ w is known beforehand.
Shapes: a (B, I), w (O, I), z_a a number, z_w a number or (O,).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.core.ops import WASM
from pyapp.quant.fixedpoint import INT32, float_multiplier, requantize_float
from pyapp.quant.schemes import Grid

FEW = 64  # rows: for fewer, the cast of the weights and the proof take longer than they spare
BYTE = 255  # no code of 8 bits, signed or not, is further from 0
FLOAT32_EXACT, FLOAT64_EXACT = 2**24, 2**53  # whole numbers up to here are all float32, all float64


class Terms(NamedTuple):
    """The four terms, int32, signs included, each broadcastable to (B, O)."""

    product: np.ndarray  # Σ a·w, (B, O)
    a_correction: np.ndarray  # -z_a Σ w, (O,)
    w_correction: np.ndarray  # -z_w Σ a, (B, 1) or (B, O)
    constant: np.ndarray  # I·z_a·z_w, () or (O,)

    @property
    def total(self) -> np.ndarray:
        """The corrected accumulator, (B, O)."""
        total = self.product + (self.a_correction + self.constant)
        return total + self.w_correction if self.w_correction.any() else total


def row_sums(w: np.ndarray) -> np.ndarray:
    """Σ w for each output, int32 (O,): the column sums of Wᵀ, which are known before any input is."""
    return w.sum(axis=1, dtype=np.int32)


@accelerated
def product(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Σ a·w in int32, (B, I) and (O, I) to (B, O); it wraps around where check_int32 has not been asked.

    No BLAS knows integers, but its float products are exact, in any order of addition, while no partial sum can exceed
    2^24 in float32 or 2^53 in float64: a way to compute the same integers. Where neither is certain, for a few rows,
    and in Pyodide, which has no BLAS, einsum's loop runs along the contiguous axis of both.
    """
    largest = 0 if WASM or len(a) < FEW or _watched(a, w) else exact_in_float(a, w)
    if not largest:
        return np.einsum("bi,oi->bo", a.astype(np.int32), w.astype(np.int32))
    dtype = np.float32 if largest <= FLOAT32_EXACT else np.float64
    sums = a.astype(dtype, copy=False) @ w.T.astype(dtype, copy=False)
    return sums.astype(np.int32) if largest <= INT32.max else sums.astype(np.int64).astype(np.int32)


def products(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """`product` of each pair of matrices in two stacks, int32: (..., B, I) and (..., O, I) to (..., B, O)."""
    if WASM and not _watched(a, w):  # one call of the kernel for each, if the codes have 8 bits
        y = np.empty((*a.shape[:-1], w.shape[-2]), np.int32)
        for i in np.ndindex(a.shape[:-2]):
            y[i] = product(a[i], w[i])
        return y
    bound = 0 if _watched(a, w) else _largest(a) * _largest(w) * a.shape[-1]
    if 0 < bound <= FLOAT64_EXACT:
        dtype = np.float32 if bound <= FLOAT32_EXACT else np.float64
        sums = np.matmul(a.astype(dtype), w.astype(dtype).swapaxes(-1, -2))
        return sums.astype(np.int32) if bound <= INT32.max else sums.astype(np.int64).astype(np.int32)
    return np.einsum("...bi,...oi->...bo", a.astype(np.int32), w.astype(np.int32))


def _watched(*arrays: np.ndarray) -> bool:
    """Whether an array is of a subclass that watches each operation: then integers are computed as integers."""
    return any(type(array) is not np.ndarray for array in arrays)


def exact_in_float(a: np.ndarray, w: np.ndarray) -> int:
    """A bound on |Σ a·w| and all its partial sums, at least 1; 0 if it is beyond float64, or if the numbers do not
    lie in int32, where they would first have to wrap around. Shape and largest codes are proof enough for float64; for
    float32, with which a product is twice as fast, the rows' sums Σ |w| say more.
    """
    a_size, w_size = _largest(a), _largest(w)
    bound = max(a_size * w_size * a.shape[1], 1)
    if max(a_size, w_size) > INT32.max or bound > FLOAT64_EXACT:
        return 0
    if bound > FLOAT32_EXACT:
        bound = a_size * int(np.abs(w.astype(np.int64)).sum(axis=1).max())
    return bound


def matmul_terms(a: np.ndarray, w: np.ndarray, a_zero: int | np.ndarray = 0, w_zero: int | np.ndarray = 0,
                 w_sums: np.ndarray | None = None) -> Terms:
    """The four terms of the product, apart. ValueError if they could leave int32 for codes in the range of these."""
    _check_codes(a, w)
    if not _bytes_fit(a, w, a_zero, w_zero):
        low, high = (int(a.min()), int(a.max())) if a.size else (0, 0)
        check_int32(w, w_zero, low, high, int(np.asarray(a_zero).item()))
    a_zero = np.asarray(a_zero, np.int32).reshape(())
    w_zero = np.asarray(w_zero, np.int32)
    inputs = np.int32(w.shape[1])
    sums = row_sums(w) if w_sums is None else w_sums
    a_sums = a.sum(axis=1, dtype=np.int32, keepdims=True) if w_zero.any() else np.zeros((len(a), 1), np.int32)
    return Terms(product(a, w), -a_zero * sums, -w_zero * a_sums, np.asarray(a_zero * w_zero * inputs))


def _bytes_fit(a: np.ndarray, w: np.ndarray, a_zero: int | np.ndarray, w_zero: int | np.ndarray) -> bool:
    """True if int32 holds the sums of any codes of 8 bits of this shape: there is no need to look at them."""
    return (a.dtype.itemsize == w.dtype.itemsize == 1
            and w.shape[1] * (BYTE + _largest(a_zero)) * (BYTE + _largest(w_zero)) <= INT32.max)


def matmul_integer(a: np.ndarray, w: np.ndarray, a_zero: int | np.ndarray = 0, w_zero: int | np.ndarray = 0,
                   w_sums: np.ndarray | None = None) -> np.ndarray:
    """Σ (a - z_a)(w - z_w) with integers only, int32 (B, O): ONNX MatMulInteger. ValueError if int32 could overflow.

    As in ONNX either may be a batch of matrices, (..., B, I) and (..., O, I), whose first axes are broadcast, and a may
    be one row (I,). Zero points are then those of every matrix.
    """
    if a.ndim != 2 or w.ndim != 2:
        return _batched(lambda x, y: matmul_integer(x, y, a_zero, w_zero, w_sums), a, w)
    return matmul_terms(a, w, a_zero, w_zero, w_sums).total


@accelerated
def matmul_integer_to_float(a: np.ndarray, w: np.ndarray, scale: np.ndarray | np.float32, a_zero: int = 0,
                            w_sums: np.ndarray | None = None) -> np.ndarray:
    """S Σ (a - z_a) w in float32, (B, O): what the sums of `matmul_integer` stand for, ONNX Runtime's
    MatMulIntegerToFloat. The scale S = S_a·S_w is a float32 number or one per output (O,); weights have the zero point
    0. ValueError if int32 could overflow."""
    return matmul_integer(a, w, a_zero, 0, w_sums).astype(np.float32) * np.asarray(scale, np.float32)


def _batched(multiply: Callable[[np.ndarray, np.ndarray], np.ndarray], a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """`multiply` for each pair of matrices in two batches."""
    if a.ndim == 1 and w.ndim >= 2:
        return _batched(multiply, a[None], w)[..., 0, :]
    if a.ndim < 2 or w.ndim < 2 or a.shape[-1] != w.shape[-1]:
        raise ValueError(f"codes have shapes {a.shape} and {w.shape}; expected (..., B, I) and (..., O, I)")
    try:
        batch = np.broadcast_shapes(a.shape[:-2], w.shape[:-2])
    except ValueError:
        raise ValueError(f"codes have shapes {a.shape} and {w.shape}; their first axes cannot be broadcast") from None
    result = np.empty((*batch, a.shape[-2], w.shape[-2]), np.int32)
    a, w = (np.broadcast_to(each, (*batch, *each.shape[-2:])) for each in (a, w))
    for at in np.ndindex(batch):
        result[at] = multiply(a[at], w[at])
    return result


def qlinear_matmul(a: np.ndarray, a_grid: Grid, w: np.ndarray, w_grid: Grid, y_grid: Grid) -> np.ndarray:
    """Codes of the product on y's grid: ONNX QLinearMatMul, for w per tensor or per channel, also of batches.

    y = clip(round(float32(acc) · M) + z_y), M = S_a·S_w / S_y in float32, as ONNX Runtime computes it. (ONNX's own
    reference adds z_y before rounding, in float64, and differs where that makes a tie.) ValueError for w per group or
    along another axis than its outputs, and if int32 could overflow.
    """
    if w_grid.per.kind == "channel" and w_grid.per.axis_of(w.shape) != w.ndim - 2:
        raise ValueError(f"w of shape {w.shape} is quantised along axis {w_grid.per.axis_of(w.shape)}; QLinearMatMul "
                         f"takes a scale per output, axis {w.ndim - 2}")
    if w_grid.per.kind == "group":
        raise ValueError("QLinearMatMul has no weights per group; use tensor or channel")
    acc = matmul_integer(a, w, a_grid.zero_point, w_grid.zero_point)
    real = float_multiplier(a_grid.scale, w_grid.scale, y_grid.scale)  # () or (O,)
    return clamp(requantize_float(acc, real), y_grid.zero_point, y_grid.low, y_grid.high).astype(y_grid.dtype)


def clamp(y: np.ndarray, zero_point: np.ndarray, low: int | np.ndarray, high: int | np.ndarray) -> np.ndarray:
    """y + zero_point within low..high, clipped first so that int32 cannot overflow."""
    return np.clip(y, low - zero_point, high - zero_point) + zero_point


def check_int32(w: np.ndarray, w_zero: int | np.ndarray, a_low: int, a_high: int, a_zero: int,
                bias: np.ndarray | None = None) -> None:
    """Prove that int32 holds every partial sum with these weights, for any input codes from a_low to a_high.

    Often the shape and the largest codes are proof enough: I·(max|a| + |z_a|)(max|w| + max|z_w|). If not, each of the
    four terms and the bias is bounded from below and above, element by element; 0 is always within the bounds, so the
    sums of the lower and of the upper bounds hold for any part of the terms, in any order. ValueError names the row
    that fails. `w_zero` is a number, (O,), or (O, I) for groups.
    """
    a_size = max(abs(a_low), abs(a_high)) + abs(a_zero)
    if w.shape[1] * a_size * (_largest(w) + _largest(w_zero)) + _largest(0 if bias is None else bias) <= INT32.max:
        return
    w = w.astype(np.int64)
    z = np.broadcast_to(_column(np.asarray(w_zero, np.int64)), w.shape)
    ranges = [(a_low * w, a_high * w), (-a_zero * w,), (-a_low * z, -a_high * z), (a_zero * z,)]  # each (O, I)
    lowest = sum(np.minimum.reduce([0 * w, *ends]).sum(axis=1) for ends in ranges)
    highest = sum(np.maximum.reduce([0 * w, *ends]).sum(axis=1) for ends in ranges)
    if bias is not None:
        lowest, highest = lowest + np.minimum(bias, 0), highest + np.maximum(bias, 0)
    furthest = np.maximum(-lowest, highest)
    if furthest.size and furthest.max() > INT32.max:
        raise ValueError(f"row {int(furthest.argmax())} of the weights can sum to {int(furthest.max()):,} with input "
                         f"codes from {a_low} to {a_high}, and int32 ends at {INT32.max:,}; use fewer bits for weights "
                         "or activations, or symmetric weights")


def _largest(values: int | np.ndarray) -> int:
    """max |value|, 0 of none."""
    values = np.asarray(values)
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def _column(zero: np.ndarray) -> np.ndarray:
    return zero[:, None] if zero.ndim == 1 else zero


def _check_codes(a: np.ndarray, w: np.ndarray) -> None:
    if a.dtype.kind not in "iu" or w.dtype.kind not in "iu":
        raise ValueError(f"codes have dtypes {a.dtype} and {w.dtype}; an integer product takes integers")
    if a.ndim != 2 or w.ndim != 2 or a.shape[1] != w.shape[1]:
        raise ValueError(f"codes have shapes {a.shape} and {w.shape}; expected (B, I) and (O, I)")
