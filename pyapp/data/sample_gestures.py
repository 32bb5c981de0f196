"""Gestures made with a seed: six classes, drawn by code as hands draw them, at any place, size, slant and speed."""

from collections.abc import Callable

import numpy as np

from pyapp.core.rng import generator
from pyapp.data.gestures import joined, resampled

Rng = np.random.Generator
Strokes = list[np.ndarray]
DENSE = 200  # points of a path before the pen's speed picks some of them
EVERY_MS, SLOWEST, FASTEST = 8, 0.6, 3.0  # a pen reports its place so often; speeds in pads per second


def _ring(rng: Rng, way: int) -> Strokes:
    """A circle from about the top, closed by hand: too short, or with overlap."""
    start, turn = rng.normal(-np.pi / 2, 0.5), rng.uniform(1.85, 2.2) * np.pi
    angle = start + way * np.linspace(0, turn, DENSE)
    radius = 1 + rng.normal(0, 0.08) * np.sin(angle + rng.uniform(0, 6))
    radius += rng.normal(0, 0.08) * np.linspace(-1, 1, DENSE)
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def _path(rng: Rng, *corners: tuple[float, float], by: float = 0.09) -> np.ndarray:
    """A line through corners, each missed by a normal deviate."""
    return np.array(corners) + rng.normal(0, by, (len(corners), 2))


def _tick(rng: Rng) -> Strokes:
    return [_path(rng, (-1, 0.1), (-0.4, 0.8), (1, rng.uniform(-1.2, -0.6)))]


def _cross(rng: Rng) -> Strokes:
    """Two strokes, downwards as a rule, either of them first."""
    both = [_path(rng, (-0.8, -1), (0.8, 1)), _path(rng, (0.8, -1), (-0.8, 1))]
    both = [stroke[::-1] if rng.random() < 0.2 else stroke for stroke in both]
    return both if rng.random() < 0.7 else both[::-1]


def _zigzag(rng: Rng) -> Strokes:
    teeth = int(rng.integers(4, 7, dtype=np.int64))
    return [_path(rng, *((2 * i / teeth - 1, 0.6 * (-1) ** (i + 1)) for i in range(teeth + 1)))]


def _arrow(rng: Rng) -> Strokes:
    """A shaft to the right and a head, in one stroke or in two."""
    shaft = _path(rng, (-1, 0), (1, 0))
    tip, back = shaft[-1], rng.uniform(0.4, 0.8)
    head = tip + np.array([(-back, -0.55), (0, 0), (-back, 0.55)]) + rng.normal(0, 0.06, (3, 2))
    return [np.concatenate([shaft, head])] if rng.random() < 0.5 else [shaft, head]


CLASSES: dict[str, Callable[[Rng], Strokes]] = {
    "clockwise": lambda rng: _ring(rng, 1), "anticlockwise": lambda rng: _ring(rng, -1),
    "tick": _tick, "cross": _cross, "zigzag": _zigzag, "arrow": _arrow}


def drawn(name: str, rng: Rng) -> np.ndarray:
    """One drawing of a class, float32 (P, 3)."""
    strokes = CLASSES[name](rng)
    turn, slant = rng.normal(0, 0.18), rng.normal(0, 0.15)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[rng.uniform(0.75, 1.3), slant], [0, 1]])
    matrix = matrix * rng.uniform(0.12, 0.34)
    strokes = [_by_hand(stroke @ matrix.T, rng) for stroke in strokes]
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    place = rng.uniform(0.04, 0.96 - (high - low)) if (high - low < 0.92).all() else 0.5 - (high - low) / 2
    return joined([stroke - low + place for stroke in strokes])


def _by_hand(stroke: np.ndarray, rng: Rng) -> np.ndarray:
    """The places that a pen reports on its way along a stroke: it starts and ends slowly, and it trembles."""
    dense = resampled(stroke, DENSE)
    length = np.sqrt((np.diff(dense, axis=0) ** 2).sum(axis=1)).sum()
    n = int(np.clip(1000 * length / rng.uniform(SLOWEST, FASTEST) / EVERY_MS, 6, DENSE))
    share = (1 - np.cos(np.pi * np.linspace(0, 1, n))) / 2
    smooth = np.column_stack([np.interp(share * (DENSE - 1), np.arange(DENSE), dense[:, axis]) for axis in (0, 1)])
    return smooth + rng.normal(0, 0.004, (n, 2))


def made(seed: int, each: int) -> list[tuple[str, np.ndarray]]:
    """`each` drawings of every class with their names, class after class, the same ones everywhere."""
    return [(name, drawn(name, rng)) for name in CLASSES for rng in [generator(seed, f"gestures {name}")]
            for _ in range(each)]
