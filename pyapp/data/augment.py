"""Augmentation: small random changes that leave a digit the same digit. Images are float32 (B, 784) in 0..1."""

import numpy as np

SIDE = 28


def shift(x: np.ndarray, rng: np.random.Generator, pixels: int) -> np.ndarray:
    """Move each image by whole pixels, -pixels to +pixels along both axes; paper comes in at the edge."""
    offsets = rng.integers(0, 2 * pixels + 1, size=(2, len(x), 1), dtype=np.int64)  # 2, B, 1
    padded = np.pad(x.reshape(-1, SIDE, SIDE), ((0, 0), (pixels, pixels), (pixels, pixels)))
    rows, columns = offsets + np.arange(SIDE)  # B, 28 each
    picked = padded[np.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return picked.reshape(len(x), -1)


def affine(x: np.ndarray, rng: np.random.Generator, degrees: float, scale: float, pixels: float) -> np.ndarray:
    """Rotate, stretch each axis and shift each image by random amounts, sampled bilinearly.

    Angles are uniform in ±degrees, the two stretches in 1 ± scale, shifts in ±pixels, all about the image's centre.
    """
    angle, stretch_y, stretch_x, dy, dx = (
        rng.uniform(-1, 1, size=(5, len(x))) * np.array([np.radians(degrees), scale, scale, pixels, pixels])[:, None]
    ).astype(np.float32)
    cos, sin = np.cos(angle), np.sin(angle)
    grid = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    v, u = np.meshgrid(grid, grid, indexing="ij")  # where each output pixel is, from the centre
    v, u = v.ravel()[None] - dy[:, None], u.ravel()[None] - dx[:, None]  # B, 784
    source_y = (cos[:, None] * v - sin[:, None] * u) * (1 + stretch_y)[:, None] + np.float32((SIDE - 1) / 2)
    source_x = (sin[:, None] * v + cos[:, None] * u) * (1 + stretch_x)[:, None] + np.float32((SIDE - 1) / 2)
    return _bilinear(x, source_y, source_x)


def _bilinear(x: np.ndarray, source_y: np.ndarray, source_x: np.ndarray) -> np.ndarray:
    """Values of each image at real-valued places, interpolated; outside of the image is paper, 0."""
    border = 1
    side = SIDE + 2 * border
    padded = np.pad(x.reshape(-1, SIDE, SIDE), ((0, 0), (border, border), (border, border))).reshape(-1)
    y, x_ = (np.clip(source + border, 0, np.float32(side - 1.001)) for source in (source_y, source_x))
    top, left = y.astype(np.int32), x_.astype(np.int32)
    fy, fx = y - top.astype(np.float32), x_ - left.astype(np.float32)
    corner = (np.arange(len(x), dtype=np.int32) * (side * side))[:, None] + top * side + left
    above = padded[corner] * (1 - fx) + padded[corner + 1] * fx
    below = padded[corner + side] * (1 - fx) + padded[corner + side + 1] * fx
    return above * (1 - fy) + below * fy
