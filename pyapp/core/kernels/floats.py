"""The float kernels as functions on arrays: all take float32; products, and what a
forward pass needs, take float64 too.

Each has the name, the arguments and the meaning of the function that it stands in for, and returns NotImplemented for
types that it does not know.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pyapp.core.kernels import simd

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
TOGETHER = 4  # sequences that go through a block together


def dense(x: np.ndarray) -> np.ndarray:
    """x itself if its numbers lie side by side in C order, otherwise a copy that does."""
    flags = x.flags
    return x if flags.c_contiguous and flags.aligned else np.array(x, order="C")


def _alike(*arrays: np.ndarray) -> bool:
    """Whether all are float32, or all float64."""
    dtype = arrays[0].dtype
    return dtype in (F32, F64) and all(each.dtype == dtype for each in arrays[1:])


def linear(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None, relu: bool = False) -> np.ndarray:
    try:  # nearly always as they are; for one image to look first would take as long as to multiply
        y = np.empty((x.shape[0], w.shape[0]), x.dtype)
        simd.linear(x, w, bias, relu, y)
        return y
    except (TypeError, ValueError, IndexError, BufferError):
        dtype = np.result_type(x, w)
    if dtype not in (F32, F64) or not x.ndim == w.ndim == 2 or x.shape[1] != w.shape[1]:
        return NotImplemented
    x, w = x.astype(dtype, copy=False), w.astype(dtype, copy=False)
    bias = bias if bias is None else dense(bias.astype(dtype, copy=False))
    y = np.empty((x.shape[0], w.shape[0]), dtype)
    simd.linear(dense(x), dense(w), bias, relu, y)
    return y


def linear_weight_gradient(x: np.ndarray, dy: np.ndarray, out: np.ndarray, sums: np.ndarray | None = None) -> None:
    if not _alike(x, dy, out):
        return NotImplemented
    simd.weight_gradient(dense(x), dense(dy), out, sums)
    return None


def linear_input_gradient(dy: np.ndarray, w: np.ndarray, keep: np.ndarray | None = None) -> np.ndarray:
    if not _alike(dy, w):
        return NotImplemented
    dx = np.empty((dy.shape[0], w.shape[1]), dy.dtype)
    simd.input_gradient(dense(dy), dense(w), keep, dx)
    return dx


def softmax(logits: np.ndarray) -> np.ndarray:
    if logits.dtype != F32 or not logits.ndim or not logits.shape[-1]:
        return NotImplemented
    p = np.empty(logits.shape, F32)
    simd.softmax(dense(logits), p)
    return p


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    if logits.dtype != F32 or labels.dtype != np.int64 or not logits.size:
        return NotImplemented
    p, gradient, loss = np.empty(logits.shape, F32), np.empty(logits.shape, F32), np.empty(1)
    simd.cross_entropy(dense(logits), dense(labels), p, gradient, loss)
    return float(loss[0]), gradient, p


def float_softmax(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    dtype = scores.dtype
    if dtype not in (F32, F64) or not scores.flags.c_contiguous:
        return NotImplemented
    if mask is not None:
        scores += np.where(mask, dtype.type(0), dtype.type(-np.inf))
    if dtype == F64:
        simd.softmax_double(scores)
    else:
        simd.softmax(scores, None)
    return scores


def gelu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if x.dtype not in (F32, F64):
        return NotImplemented
    y, gate = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    (simd.gelu if x.dtype == F32 else simd.gelu_double)(dense(x), y, gate)
    return y, gate


def gelu_gradient(x: np.ndarray, gate: np.ndarray, dy: np.ndarray) -> np.ndarray:
    if not (x.dtype == gate.dtype == dy.dtype == F32):
        return NotImplemented
    dx = np.empty(x.shape, F32)
    simd.gelu_gradient(dense(x), gate, dense(dy), dx)
    return dx


def norm(x: np.ndarray, gain: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not (_alike(x, gain, shift) and x.ndim == 2):
        return NotImplemented
    y, x_hat, inverse = (np.empty(shape, x.dtype) for shape in (x.shape, x.shape, (len(x), 1)))
    (simd.norm if x.dtype == F32 else simd.norm_double)(dense(x), gain, shift, y, x_hat, inverse)
    return y, x_hat, inverse


def norm_gradient(dy: np.ndarray, x_hat: np.ndarray, inverse: np.ndarray, gain: np.ndarray, dgain: np.ndarray,
                  dshift: np.ndarray) -> np.ndarray:
    if not (dy.dtype == x_hat.dtype == gain.dtype == F32):
        return NotImplemented
    dx = np.empty(dy.shape, F32)
    simd.norm_gradient(dense(dy), x_hat, inverse, gain, dx, dgain, dshift)
    return dx


def adam(w: np.ndarray, gradient: np.ndarray, m: np.ndarray, v: np.ndarray, numbers: np.ndarray) -> None:
    if w.dtype != F32:
        return NotImplemented
    simd.adam(w, gradient, m, v, numbers)
    return None


def sgd(w: np.ndarray, gradient: np.ndarray, rate: float) -> None:
    if w.dtype != F32:
        return NotImplemented
    simd.sgd(w, gradient, rate)
    return None


def scores_of(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    if not _rows(q, k):
        return NotImplemented
    scores = np.empty((*q.shape[:3], k.shape[2]), q.dtype)
    simd.scores(q, k, scores)
    return scores


def weighted(p: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
    if not _rows(p, v, out):
        return NotImplemented
    simd.weighted(p, v, out)
    return None


def weighted_transposed(p: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
    if not _rows(p, v, out):
        return NotImplemented
    simd.weighted_transposed(p, v, out)
    return None


def one_token(x: np.ndarray, parameters: list[np.ndarray], cache) -> np.ndarray:
    if any(each.dtype != F32 for each in (x, cache.keys, *parameters)):
        return NotImplemented
    _, heads, _, _ = cache.keys.shape
    probabilities = np.empty((1, heads, 1, cache.length + 1), F32)
    width, hidden = x.shape[1], parameters[9].size
    scratch = np.empty(width + max(3 * width, hidden), F32)
    simd.block(x, *parameters, cache.keys, cache.values, probabilities, scratch, cache.length)
    cache.length += 1
    return probabilities


def in_float(block: Any, p: Any, x: np.ndarray, tokens: int, queries: int) -> np.ndarray | None:
    if x.dtype != F32 or p.vector.dtype != F32 or block.attention.causal or not block.plain:
        return NotImplemented
    parameters, heads, width = [p[name] for name in block.shapes], block.attention.heads, x.shape[1]
    room = max(3 * width, parameters[9].size)  # columns of qkv, and of the hidden layer
    y = np.empty((len(x) // tokens * queries, width), F32)
    scratch = np.empty(TOGETHER * tokens * (width + room) + tokens * tokens, F32)
    simd.sequences(dense(x), *parameters, F32.type(block.attention.depth**-0.5), heads, tokens, y, scratch)
    return y


def _rows(*heads: np.ndarray) -> bool:
    """Whether these are heads of one type in whose rows the numbers lie side by side."""
    return _alike(*heads) and all(x.ndim == 4 and (x.strides[3] == x.itemsize or x.shape[3] < 2) for x in heads)


def table() -> dict[str, Callable]:
    """The kernels by the names of the functions that they stand in for."""
    return {each.__name__: each for each in (
        linear, linear_weight_gradient, linear_input_gradient, softmax, softmax_cross_entropy, float_softmax, gelu,
        gelu_gradient, norm, norm_gradient, adam, sgd, scores_of, weighted, weighted_transposed, one_token,
        in_float)}
