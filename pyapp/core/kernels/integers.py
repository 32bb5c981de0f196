"""The kernels for codes: products of 8 bits, whole layers in integers, numbers put on a grid, and attention scores.

Each has the name, the arguments and the meaning of the function that it stands in for. It returns the same integers,
bit for bit, or NotImplemented for types it does not know and for invalid input, which the reference then reports.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyapp.core.kernels import simd
from pyapp.core.kernels.floats import F32, F64, dense

BYTES = (np.dtype(np.int8), np.dtype(np.uint8))
RULES = {"single": 0, "double": 1, "float": 2}
TILE, PANEL = 4, 8  # rows and outputs of a dense layer on a grid that the kernel sums at once
TOGETHER = 2  # sequences that go through a block together
WIDEST = 1 << 16  # codes up to here, added to any zero point that the kernel takes, are exact in float32


def product(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    if not (a.dtype in BYTES and w.dtype in BYTES and a.ndim == w.ndim == 2 and a.shape[1] == w.shape[1]):
        return NotImplemented
    y = np.empty((len(a), len(w)), np.int32)
    simd.product(_rows(a), _rows(w), y)
    return y


def matmul_integer_to_float(a: np.ndarray, w: np.ndarray, scale: np.ndarray, a_zero: int = 0,
                            w_sums: np.ndarray | None = None) -> np.ndarray:
    scale, zero = np.asarray(scale), np.asarray(a_zero)
    if not (a.dtype in BYTES and w.dtype in BYTES and a.ndim == w.ndim == 2 and a.shape[1] == w.shape[1]
            and w_sums is not None and w_sums.dtype == np.int32 and w_sums.shape == w.shape[:1] and zero.size == 1
            and scale.dtype == F32 and scale.shape in ((), w.shape[:1])
            and a.shape[1] * (255 + abs(int(zero.item()))) * 255 < 1 << 31):
        return NotImplemented
    y = np.empty((len(a), len(w)), F32)
    simd.product_to_float(_rows(a), _rows(w), int(zero.item()), dense(w_sums), dense(scale.reshape(-1)), y)
    return y


def integer_layer(layer: Any, codes: np.ndarray) -> np.ndarray:
    arguments, dtype, grouped = _kept(layer, _of_layer)
    if not (arguments and codes.dtype in BYTES and codes.ndim == 2 and codes.shape[1] == arguments[0].shape[1]):
        return NotImplemented
    shape = len(codes), len(arguments[0])
    y = np.empty(shape, dtype)
    simd.layer(dense(codes), *arguments, np.empty(shape, np.int32), np.empty(shape, np.int64) if grouped else None, y)
    return y


def _of_layer(layer: Any) -> tuple[tuple, np.dtype, bool]:
    """What the kernel needs of a layer, () if it cannot run it; the type of its output; whether it has groups."""
    w, output, rule = layer.weight, layer.output, RULES[layer.rounding]
    if not (w.dtype in BYTES and output.dtype in BYTES and w.size):
        return (), output.dtype, False
    multiplier, exponent = (layer.scale, None) if rule == 2 else (layer.scale.m0, dense(layer.scale.exponent))
    return ((dense(w), dense(layer.weight_zero), dense(layer.offset), dense(multiplier), exponent, layer.size, rule,
             int(output.zero_point), layer.lowest, layer.highest), output.dtype, layer.offset.shape[1] > 1)


def _kept(owner: Any, make: Callable[[Any], Any]) -> Any:
    """make(owner), made once: owner is frozen, and keeps it among its attributes."""
    try:
        return owner.__dict__["_for_kernels"]
    except KeyError:
        return owner.__dict__.setdefault("_for_kernels", make(owner))


def grid_codes(grid: Any, x: np.ndarray) -> np.ndarray:
    return _on_grid(simd.to_codes, grid, x, grid.dtype) if grid.dtype in BYTES else NotImplemented


def grid_values(grid: Any, x: np.ndarray) -> np.ndarray:
    return _on_grid(simd.to_values, grid, x, F32)


def _on_grid(kernel: Callable, grid: Any, x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    expected, scale, zero = _kept(grid, _of_grid)
    shape, per, where = x.shape, grid.per, grid.per.axis
    if not (x.dtype in (F32, F64) and x.size and x.ndim and scale is not None):
        return NotImplemented
    if per.kind == "tensor":
        found, row, size = (), x.size, x.size
    elif per.kind == "channel" and where in (None, 0, -x.ndim):
        found, row, size = shape[:1], x.size // shape[0], x.size
    elif per.kind == "group" and x.ndim > 1 and where in (None, -1, x.ndim - 1):
        row, size = shape[-1], min(per.size, shape[-1])
        found = (*shape[:-1], -(-row // size))
    else:
        return NotImplemented
    if found != expected:
        return NotImplemented
    y, status = np.empty(shape, dtype), np.empty(1, np.int32)
    kernel(dense(x), scale, zero, row, size, grid.low, grid.high, y, status)
    return NotImplemented if status[0] else y


def _of_grid(grid: Any) -> tuple[tuple[int, ...], np.ndarray | None, np.ndarray | None]:
    """The shape of a grid's scales, and its scales and zero points, contiguous; None if the kernels do not take it."""
    scale, zero = np.asarray(grid.scale), np.asarray(grid.zero_point)
    known = scale.dtype == F32 and zero.dtype == np.int32 and scale.shape == zero.shape
    if not (known and -WIDEST <= grid.low <= grid.high <= WIDEST):
        return scale.shape, None, None
    return scale.shape, dense(scale.reshape(-1)), dense(zero.reshape(-1))


def fake_steps(x: np.ndarray, scale: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scale = np.asarray(scale)
    by_row = x.ndim > 1 and scale.shape == (len(x), *[1] * (x.ndim - 1))
    if not (x.dtype == scale.dtype == F32 and x.size and x.ndim and (scale.ndim == 0 or by_row)):
        return NotImplemented
    ratio, steps, inside = np.empty(x.shape, F32), np.empty(x.shape, F32), np.empty(x.shape, bool)
    simd.steps(dense(x), dense(scale.reshape(-1)), int(low), int(high), ratio, steps, inside.view(np.uint8),
               x.size // len(x) if by_row else x.size)
    return ratio, steps, inside


def logit_codes(z: np.ndarray, offset: np.ndarray, scale: float, low: int, high: int) -> np.ndarray:
    if not (z.dtype == offset.dtype == F64 and z.size and -WIDEST <= low <= high <= WIDEST):
        return NotImplemented
    q = np.empty(z.shape, np.int32)
    simd.logit_codes(dense(z), dense(offset), scale, low, high, q)
    return q


def code_softmax(q: np.ndarray, scale: float) -> np.ndarray:
    if q.dtype != np.int32 or q.ndim != 2 or not q.size:
        return NotImplemented
    span = int(q.max()) - int(q.min())
    if span > WIDEST:
        return NotImplemented
    p = np.empty(q.shape, F64)
    simd.code_softmax(dense(q), np.exp(-scale * np.arange(span + 1, dtype=np.float64)), p)
    return p


def rounded_softmax(z: np.ndarray, offset: np.ndarray, shift: Any, out: np.ndarray) -> None:
    powers = _kept(shift, _powers)
    if not (z.dtype == offset.dtype == out.dtype == F64 and z.size and out.flags.c_contiguous and powers is not None):
        return NotImplemented
    status = np.empty(1, np.int32)
    simd.rounded_softmax(dense(z), dense(offset), shift.scale, shift.low, shift.high, powers, out, status)
    return NotImplemented if status[0] else None


def _powers(shift: Any) -> np.ndarray | None:
    """exp of every distance that a code can lie below its row's maximum; None if they are too many for a table."""
    span = shift.high - shift.low
    fits = span <= WIDEST and shift.low >= -WIDEST and shift.high <= WIDEST
    return np.exp(-shift.scale * np.arange(span + 1, dtype=np.float64)) if fits else None


def dense_on_grid(x: np.ndarray, grid: Any, weights: np.ndarray, factor: np.ndarray, shift: np.ndarray,
                  after: Sequence[Any]) -> np.ndarray:
    outputs, inputs = weights.shape
    kept = [_kept(each, _of_grid) for each in (grid, *after)]
    if not (_plain(kept) and x.dtype == F64 and x.ndim == 2 and x.size and x.shape[1] == inputs
            and weights.dtype in BYTES and grid.dtype in BYTES and shift.dtype == F64 and shift.shape == (outputs,)):
        return NotImplemented
    parts = max(len(after), 1)
    panels = -(-(outputs // parts) // PANEL) * parts
    packed = np.empty((TILE + PANEL * panels, inputs + inputs % 2), np.int16)
    y, status, line = np.empty((len(x), outputs), F64), np.empty(1, np.int32), np.empty(outputs, F64)
    line[:] = factor
    simd.dense_on_grid(dense(x), float(kept[0][1][0]), int(kept[0][2][0]), grid.low, grid.high, dense(weights),
                       line, dense(shift), *_lines(after, kept[1:]), packed, y, status)
    return NotImplemented if status[0] else y


def whole_block(x: np.ndarray, norms: Sequence[np.ndarray], layers: Sequence[tuple], grids: Sequence[Any], shift: Any,
                shrink: float, heads: int, tokens: int, queries: int) -> np.ndarray:
    kept = [_kept(grid, _of_grid) for grid in grids]
    bytes_only = all(codes.dtype in BYTES and line.dtype == F64 for codes, _, line in layers)
    fits = bytes_only and all(grid.dtype in BYTES for grid in grids[3:]) and _plain(kept)
    powers = None if shift is None else _kept(shift, _powers)
    if not (fits and x.dtype == F64 and all(each.dtype == F64 for each in norms)) or (shift and powers is None):
        return NotImplemented
    width, hidden = x.shape[1], len(layers[2][0])
    panels = (3 * -(-width // PANEL), -(-width // PANEL), -(-hidden // PANEL), -(-width // PANEL))
    pairs = [codes.shape[1] + codes.shape[1] % 2 for codes, _, _ in layers]  # numbers, rounded up to pairs
    packed = TILE * max(pairs) + sum(PANEL * count * row for count, row in zip(panels, pairs, strict=True))
    of_layers = [dense(each) for layer in layers for each in layer]
    rounding = (shift.scale, shift.low, shift.high, shift.mean) if shift else (1.0, 0, 0, 0.0)
    y, status = np.empty((len(x) // tokens * queries, width), F64), np.empty(1, np.int32)
    scratch = np.empty(TOGETHER * tokens * (width + max(3 * width, hidden)) + tokens * tokens, F64)
    simd.grid_sequences(dense(x), *norms, *of_layers, *_lines(grids, kept), powers, *rounding, shrink, heads, tokens, y,
                        np.empty(packed, np.int16), scratch, status)
    return NotImplemented if status[0] else y


def _plain(kept: Sequence[tuple]) -> bool:
    """Whether each of these grids, as `_of_grid` has them, is one for a whole tensor that a layer's kernel takes."""
    return all(shape == () and scale is not None and abs(int(zero[0])) <= 1 << 22 for shape, scale, zero in kept)


def _lines(grids: Sequence[Any], kept: Sequence[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """The scales of such grids (P,), and their zero points, lowest and highest codes (P, 3)."""
    ends = [(zero[0], grid.low, grid.high) for grid, (_, _, zero) in zip(grids, kept, strict=True)]
    return np.array([scale[0] for _, scale, _ in kept], F32), np.array(ends, np.int32).reshape(-1, 3)


def _rows(x: np.ndarray) -> np.ndarray:
    """x itself if the numbers of a row lie side by side and its rows follow each other, otherwise a copy."""
    return x if x.strides[1] == 1 and x.strides[0] >= 0 else np.array(x, order="C")


def table() -> dict[str, Callable]:
    """The kernels by the names of the functions that they stand in for."""
    return {each.__name__: each for each in (
        product, matmul_integer_to_float, integer_layer, grid_codes, grid_values, fake_steps, logit_codes, code_softmax,
        rounded_softmax, dense_on_grid, whole_block)}
