"""The scales of GGUF's K formats: least squares per sub-block, then again with the factors as they are stored.

x (N, S, L): N blocks of S sub-blocks of L numbers.
"""

import numpy as np

TRIES = np.linspace(0.7, 1.1, 17)[:, None, None]  # of the scale that just holds the largest number
ROUNDS = 3  # of codes for scales and scales for codes


def scaled(x: np.ndarray, zero: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d (N,) float32, factors (N, S) from -most to most - 1, codes (N, S·L) from -zero to zero - 1:
    x ≈ d · factor · code.

    The scale of a sub-block has a sign, so that its number of largest magnitude can go to the lowest code.
    """
    x = x.astype(np.float64)
    peak = np.take_along_axis(x, np.abs(x).argmax(2)[:, :, None], 2)[:, :, 0]
    q = _codes(x, peak / (-zero * TRIES), -zero, zero - 1)
    fitted = _ratio((x * q).sum(3), (q * q).sum(3))
    best, = _least(np.square(x - fitted[..., None] * q).sum(3), fitted)
    largest = np.take_along_axis(best, np.abs(best).argmax(1)[:, None], 1)
    d = stored(largest[:, 0] / -most)
    factor = np.clip(np.rint(_ratio(best, d[:, None])), -most, most - 1)
    q = _codes(x, d[:, None] * factor, -zero, zero - 1)
    return d.astype(np.float32), factor, q.reshape(len(x), -1)


def shifted(x: np.ndarray, top: int, most: int) -> tuple[np.ndarray, ...]:
    """d, m (N,) float32, factors and lower ends (N, S) from 0 to most, codes (N, S·L) from 0 to top:
    x ≈ d · factor · code - m · lower, so that a sub-block's smallest number is 0 or less."""
    x = x.astype(np.float64)
    low = np.minimum(x.min(2), 0)
    scale, found = (x.max(2) - low) * TRIES / top, []
    lower = np.broadcast_to(-low, scale.shape)
    for _ in range(ROUNDS):
        q = _codes(x + lower[..., None], scale, 0, top)
        found.append((np.square(x - scale[..., None] * q + lower[..., None]).sum(3), scale, lower))
        scale, lower = _line(q, x)
    best, offset = _least(*(np.stack(each, 1).reshape(-1, *low.shape) for each in zip(*found, strict=True)))
    d, m = stored(best.max(1) / most), stored(offset.max(1) / most)
    factor = np.clip(np.rint(_ratio(best, d[:, None])), 0, most)
    lower = np.clip(np.rint(_ratio(offset, m[:, None])), 0, most)
    q = _codes(x + (m[:, None] * lower)[:, :, None], d[:, None] * factor, 0, top)
    return d.astype(np.float32), m.astype(np.float32), factor, lower, q.reshape(len(x), -1)


def _least(error: np.ndarray, *tried: np.ndarray) -> list[np.ndarray]:
    """Of all that was tried (T, N, S), for each sub-block what has the least error."""
    at = error.argmin(0)[None]
    return [np.take_along_axis(each, at, 0)[0] for each in tried]


def _codes(x: np.ndarray, scale: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(_ratio(x, scale[..., None])), low, high)


def _line(q: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares x ≈ scale · q - lower with scale, lower ≥ 0."""
    mean_q, mean_x = q.mean(-1), x.mean(-1)
    slope = np.maximum(_ratio((q * x).mean(-1) - mean_q * mean_x, np.square(q).mean(-1) - mean_q**2), 0)
    lower = slope * mean_q - mean_x
    through_zero = np.maximum(_ratio((q * x).sum(-1), np.square(q).sum(-1)), 0)
    return np.where(lower < 0, through_zero, slope), np.maximum(lower, 0)


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, and 0 where b is 0."""
    a, b = np.broadcast_arrays(a, b)
    return np.divide(a, b, out=np.zeros(a.shape), where=b != 0)


def stored(d: np.ndarray) -> np.ndarray:
    """d rounded to float16, in which GGUF stores it, as float64. ValueError if it is beyond float16."""
    if not np.abs(d).max(initial=0) <= np.finfo(np.float16).max:
        raise ValueError("a block's scale is beyond float16, in which GGUF keeps it; scale the tensor down")
    return d.astype(np.float16).astype(np.float64)
