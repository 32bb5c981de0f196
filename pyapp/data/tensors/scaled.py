"""Codes that have scales in the same file: x = (code - zero point) · scale."""

import math

import numpy as np

EXACT = 2  # bytes of codes that float32 holds exactly


def decoded(codes: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | None = None, axis: int = 0,
            block: int = 0) -> np.ndarray:
    """float32 in the shape of `codes`, integers or small floats. One scale for all, one for each place along `axis`,
    or one for each `block` neighbours along it; zero points likewise. ValueError if they do not fit.

    Source: ONNX DequantizeLinear, opset 21; the quantisation specification of LiteRT is the case without blocks.
    """
    wide = np.float32 if codes.dtype.itemsize <= EXACT or codes.dtype.kind == "f" else np.float64
    found = codes.astype(wide)
    if zero_point is not None and zero_point.size:
        found -= spread(zero_point.astype(wide), codes.shape, axis, block)
    found *= spread(scale.astype(wide), codes.shape, axis, block)
    return found.astype(np.float32, copy=False)


def decoded_part(codes: np.ndarray, start: int, shape: tuple[int, ...], scale: np.ndarray,
                 zero_point: np.ndarray | None = None, axis: int = 0) -> np.ndarray:
    """Of a tensor of this shape, decoded without blocks, the numbers from `start` on whose `codes` (N,) are given."""
    def here(each: np.ndarray | None) -> np.ndarray | None:
        if each is None or each.size <= 1:
            return each
        spread(each, shape, axis)
        inner, stop = math.prod(shape[axis % len(shape) + 1 :]), start + codes.size  # numbers that share a scale
        runs = np.arange(start // inner, -(-stop // inner) + 1)
        found = each[runs[:-1] % each.size]
        return found if inner == 1 else np.repeat(found, np.diff(np.clip(runs * inner, start, stop)))
    return decoded(codes, here(scale), here(zero_point))


def spread(each: np.ndarray, shape: tuple[int, ...], axis: int, block: int = 0) -> np.ndarray:
    """Scales or zero points `each` in a form that broadcasts to this shape. ValueError if they do not fit."""
    if each.size == 1:
        return each.reshape(())
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"scales along axis {axis} of shape {shape}")
    axis %= len(shape)
    if block:
        expected = (*shape[:axis], -(-shape[axis] // block), *shape[axis + 1 :])
        if each.shape != expected:
            raise ValueError(f"scales of shape {each.shape} where blocks of {block} along axis {axis} of {shape} need "
                             f"{expected}")
        place = np.arange(shape[axis]) // block
        return np.take(each, place, axis)
    if each.shape != (shape[axis],):
        raise ValueError(f"{each.shape} scales for the {shape[axis]} places along axis {axis}")
    return each.reshape([-1 if i == axis else 1 for i in range(len(shape))])
