"""Known questions on codes at the ends of their range, where products of 8 bits need every bit of what they are summed
in: integers are right or wrong, so NumPy's own are the answers."""

from types import ModuleType

import numpy as np

ENDS = {np.int8: (-128, 127, -1), np.uint8: (255, 0, 128)}


def right(simd: ModuleType) -> bool:
    """True if products, a layer by each rule, one between grids, rounding and codes of attention scores are exact."""
    return _products(simd) and _layers(simd) and _between_grids(simd) and _rounding(simd) and _scores(simd)


def _codes(dtype: type, rows: int, columns: int) -> np.ndarray:
    """Rows of one end of the range, of the other, and of both mixed with a third code, in turn."""
    low, high, third = ENDS[dtype]
    at = np.arange(rows * columns, dtype=np.int64).reshape(rows, columns)
    mixed = np.array([low, high, third], np.int64)[at * at % 3]
    return np.where(at // columns % 3 == 0, low, np.where(at // columns % 3 == 1, high, mixed)).astype(dtype)


def _products(simd: ModuleType) -> bool:
    for x_type in ENDS:
        for w_type in ENDS:
            x, w, y = _codes(x_type, 5, 43), _codes(w_type, 13, 43), np.empty((5, 13), np.int32)
            simd.product(x, w, y)
            expected = np.einsum("bi,oi->bo", x.astype(np.int32), w.astype(np.int32))
            zero, sums, real = 255, w.sum(axis=1, dtype=np.int32), np.empty((5, 13), np.float32)
            simd.product_to_float(x, w, zero, sums, np.full(1, 0.5, np.float32), real)
            if not (np.array_equal(y, expected) and np.array_equal(real, (expected - zero * sums) / 2)):
                return False
    return True


def _layers(simd: ModuleType) -> bool:
    """x w / 2 for rows of one input: halves of either sign."""
    x, w = np.array([[-128], [127], [1], [-1], [3]], np.int8), np.array([[1], [-1], [3]], np.int8)
    exact = x.astype(np.int64) * w.astype(np.int64).T  # 5, 3
    none, m0, half = np.zeros((1, 1), np.int32), np.array([[2**30]], np.int32), np.array([[0.5]], np.float32)
    twice = (exact + 1) >> 1  # half up
    for rule, scale, exponent, expected in ((0, m0, none, twice), (1, m0, none, twice),
                                            (2, half, None, np.rint(exact / 2).astype(np.int64))):
        y = np.empty((5, 3), np.int8)
        simd.layer(x, w, none, none, scale, exponent, 1, rule, 0, -128, 127, np.empty((5, 3), np.int32), None, y)
        if not np.array_equal(y, np.clip(expected, -128, 127)):
            return False
    return True


def _between_grids(simd: ModuleType) -> bool:
    """Codes 2 and 0, then 255 and 0; the sums' halves, as they are and on a grid of halves that ends at 127.5."""
    x, w = np.array([[0.5, -1.5], [300, -300]]), np.array([[127, -128]], np.int8)
    y, status = np.empty((2, 1)), np.ones(1, np.int32)
    for scales, expected in (([], [127.25, 16192.75]), ([0.5], [127.0, 127.5])):
        simd.dense_on_grid(x, 1.0, 2, 0, 255, w, np.full(1, 0.5), np.full(1, 0.25), np.array(scales, np.float32),
                           np.array([[0, 0, 255]], np.int32)[: len(scales)], np.empty((12, 2), np.int16), y, status)
        if status[0] or y.ravel().tolist() != expected:
            return False
    return True


def _rounding(simd: ModuleType) -> bool:
    """Halves go to even, and what is too large to an end; as codes, as the numbers they stand for, and for training."""
    x = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 254.5, 255.5, 1e30, -1e30, *range(3, 10), 0.75], np.float32)
    y, status = np.empty(17, np.uint8), np.empty(1, np.int32)
    simd.to_codes(x, np.ones(1, np.float32), np.full(1, 2, np.int32), 17, 17, 0, 255, y, status)
    codes = np.clip(np.rint(x) + 2, 0, 255)
    if status[0] or not np.array_equal(y, codes.astype(np.uint8)):
        return False
    values, ratio, steps, inside = np.empty(17, np.float32), np.empty_like(x), np.empty_like(x), np.empty(17, np.uint8)
    simd.to_values(x / 2, np.full(1, 0.5, np.float32), np.full(1, 2, np.int32), 17, 17, 0, 255, values, status)
    simd.steps(x / 2, np.full(1, 0.5, np.float32), -2, 253, ratio, steps, inside, 17)
    within = (np.rint(x) >= -2) & (np.rint(x) <= 253)
    return not status[0] and all(np.array_equal(found, expected) for found, expected in (
        (values, (codes - 2) / 2), (ratio, x), (steps, codes - 2), (inside, within)))


def _scores(simd: ModuleType) -> bool:
    """Halves in float64 that float32 cannot tell from their neighbours; then powers of two, whose shares are exact."""
    near, q = 2.0**-40, np.empty((2, 5), np.int32)
    z = np.array([[4.5, 4.5 + near, -5.5, 1e300, -1e300], [7, 9, 8 - near, 8, 6]], np.float64)
    simd.logit_codes(z, np.array([[2.0], [5.0]]), 1.0, -8, 7, q)
    if q.tolist() != [[2, 3, -8, 7, -8], [2, 4, 3, 3, 1]]:
        return False
    p = np.empty((2, 3))
    simd.code_softmax(np.array([[5, 4, 4], [-9, -7, -7]], np.int32), np.array([1, 0.5]), p)
    shares, status = np.empty((1, 3)), np.ones(1, np.int32)
    simd.rounded_softmax(np.array([[1.5, 0.5 + near, 1]]), np.zeros((1, 1)), 1.0, -2, 2, 0.5 ** np.arange(5.0), shares,
                         status)
    return not status[0] and shares.tolist() == [[0.5, 0.25, 0.25]] and p.tolist() == [[0.5, 0.25, 0.25], [0, 0.5, 0.5]]
