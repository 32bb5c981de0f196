"""Gestures: drawings as strokes, their variants, and the two pictures of 28x28 that a network can read of one.

A drawing is float32 rows (x, y, stroke number), x and y in 0..1 of the pad, as `drawing.Raster` takes it. Places are
rounded to 1/STEPS of the pad, so that sines, which differ in their last bits from machine to machine, give equal
drawings everywhere.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pyapp.data import drawing

STEPS = 4096  # per side of the pad: finer than any screen
SPACING = 1 / 32  # of the pad, between the points of a variant
MOST_POINTS = 96  # of a variant: as many as a zigzag over the whole pad needs
WAVES = 3  # of a wobble along a drawing: hands tremble slowly
CELLS, MARGIN, PEN = 14, 1.5, 1.6  # of a map of directions: its side, what stays free around the ink, and the pen
COMPASS = np.float32([[1, 0], [0, 1], [-1, 0], [0, -1]])  # right, down, left, up: y grows downwards
PICTURE, DIRECTIONS = "picture", "directions"  # what a network can read of a drawing


@dataclass(frozen=True)
class Variation:
    """How far a variant may differ from its drawing: rotation in degrees, stretch of each axis and slant as shares,
    and wobble, the standard deviation of points, as a share of the drawing's longer side."""

    degrees: float = 15.0
    stretch: float = 0.15
    wobble: float = 0.015


def placed(points: np.ndarray) -> np.ndarray:
    """A drawing on the grid of 1/STEPS of the pad. ValueError unless it is finite rows of x, y and stroke number."""
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError(f"a drawing must be finite rows of x, y, stroke number; found shape {points.shape}")
    return np.column_stack([np.round(points[:, :2] * STEPS) / STEPS, points[:, 2]]).astype(np.float32)


def strokes_of(points: np.ndarray) -> list[np.ndarray]:
    """The strokes of a drawing, float64 (P, 2) each, in their order."""
    if not len(points):
        return []
    ends = np.flatnonzero(np.diff(points[:, 2])) + 1
    return np.split(points[:, :2].astype(np.float64), ends)


def joined(strokes: list[np.ndarray]) -> np.ndarray:
    """The drawing of these strokes, which are numbered from 0."""
    return placed(np.concatenate([np.column_stack([stroke, np.full(len(stroke), number)])
                                  for number, stroke in enumerate(strokes)]))


def length(stroke: np.ndarray) -> float:
    """The length of a stroke: the sum of the distances between its points."""
    return float(np.sqrt((np.diff(stroke, axis=0) ** 2).sum(axis=1)).sum())


def resampled(stroke: np.ndarray, n: int) -> np.ndarray:
    """`n` points at equal distances along a stroke, its ends among them: however fast the pen was, the points are the
    same. A stroke without length gives its first point `n` times."""
    steps = np.sqrt((np.diff(stroke, axis=0) ** 2).sum(axis=1))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], n)
    return np.column_stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)])


def even(points: np.ndarray) -> np.ndarray:
    """A drawing with points SPACING of the pad apart, further if there would be more than MOST_POINTS."""
    if not len(points):
        return points
    strokes = strokes_of(points)
    spacing = max(SPACING, sum(map(length, strokes)) / MOST_POINTS)
    return joined([resampled(stroke, max(2, round(length(stroke) / spacing) + 1)) for stroke in strokes])


def varied(points: np.ndarray, how: Variation, rng: np.random.Generator) -> np.ndarray:
    """A variant of a drawing: rotated, stretched and slanted about its middle, with a slow wobble along the strokes.

    Place and size stay, because both pictures are framed: neither would change one of them.
    """
    strokes = strokes_of(even(drawing.framed(points)))
    turn, wide, high, slant = rng.uniform(-1, 1, 4) * (np.radians(how.degrees), how.stretch, how.stretch, how.stretch)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1 + wide, slant], [0, 1 + high]])
    moved = []
    for stroke in strokes:
        phase, size = rng.uniform(0, 2 * np.pi, (WAVES, 2)), rng.normal(0, 1, (WAVES, 2))
        at = np.linspace(0, np.pi, len(stroke))[:, None, None] * np.arange(1, WAVES + 1)[None, :, None]
        wave = (np.sin(at + phase) * size).sum(axis=1) * (how.wobble * drawing.FRAME * np.sqrt(2 / WAVES))
        moved.append((stroke - 0.5) @ matrix.T + 0.5 + wave)
    return joined(moved)


def picture(points: np.ndarray) -> np.ndarray:
    """The drawing as the digits network reads one: float32 (28, 28) in 0..1. A drawing without ink is paper."""
    image = drawing.to_mnist(drawing.Raster().draw(even(drawing.framed(points))))
    return np.zeros((drawing.IMAGE, drawing.IMAGE), np.float32) if image is None else image


def directions(points: np.ndarray) -> np.ndarray:
    """The drawing as four maps of 14x14, ink drawn to the right, down, to the left and up, as one image float32
    (28, 28) in 0..1: right and down above, left and up below.

    A piece of a stroke with the unit direction d counts max(0, d·u)² in the map of the direction u, so its shares in
    all maps sum to 1. (Bai and Huo 2005 use eight such maps for Chinese characters.)
    """
    strokes = strokes_of(even(drawing.framed(points)))
    pieces = [(a, b) for stroke in strokes for a, b in pairwise(stroke) if (a != b).any()]
    maps = np.zeros((4, CELLS, CELLS), np.float32)
    if pieces:
        ends = np.array(pieces)  # S, 2, 2
        scale = (CELLS - 2 * MARGIN) / drawing.FRAME
        a, b = ((ends[:, i] - 0.5) * scale + (CELLS - 1) / 2 for i in (0, 1))  # S, 2: in cells, whose centres are whole
        way = b - a
        squared = (way**2).sum(axis=1)
        shares = np.maximum(way @ COMPASS.T, 0) ** 2 / squared[:, None]  # S, 4
        cells = np.stack(np.meshgrid(np.arange(CELLS), np.arange(CELLS), indexing="xy"), axis=-1)[None]  # 1, y, x, 2
        from_a = cells - a[:, None, None]
        along = np.clip((from_a * way[:, None, None]).sum(axis=-1) / squared[:, None, None], 0, 1)
        distance = np.sqrt(((from_a - along[..., None] * way[:, None, None]) ** 2).sum(axis=-1))
        ink = np.clip(PEN / 2 + 0.5 - distance, 0, 1)  # S, y, x: as Raster has it
        maps = (shares[:, :, None, None] * ink[:, None]).max(axis=0).astype(np.float32)
    return np.block([[maps[0], maps[1]], [maps[2], maps[3]]])


READ = {PICTURE: picture, DIRECTIONS: directions}
