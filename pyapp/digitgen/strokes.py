"""Ten glyphs, drawn from vector strokes by arithmetic alone: no font, no canvas, the same pixels everywhere."""

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

SIDE = 28
RADIUS = 1.3  # pixels, half of a pen's width
PIECES = 8  # straight pieces of a curve between two of its points


class Stroke(NamedTuple):
    """Points (x, y) in pixels, x to the right and y down; curved strokes pass smoothly through all of them."""

    points: tuple[tuple[float, float], ...]
    curved: bool = True
    closed: bool = False


def line(*points: tuple[float, float]) -> Stroke:
    return Stroke(points, curved=False)


def curve(*points: tuple[float, float]) -> Stroke:
    return Stroke(points)


def loop(*points: tuple[float, float]) -> Stroke:
    return Stroke(points, closed=True)


STROKES: tuple[tuple[Stroke, ...], ...] = (
    (loop((14, 5), (9.7, 8), (8.5, 14), (9.7, 20), (14, 23), (18.3, 20), (19.5, 14), (18.3, 8)),),
    (line((10.5, 8.5), (15, 5), (15, 23)),),
    (curve((8.8, 9.5), (10.5, 6.2), (14, 5), (17.8, 6.6), (18.5, 10), (15.5, 15), (11.5, 19.3), (8.2, 23)),
     line((8.2, 23), (20, 23))),
    (curve((9, 6.8), (13, 5), (17.4, 6.6), (17.8, 10), (15.6, 12.8), (12, 13.6)),
     curve((12, 13.6), (16.8, 14.6), (19, 18), (17.5, 21.7), (13.2, 23.1), (8.6, 21.2))),
    (line((16.5, 23), (16.5, 5), (8, 17), (20.5, 17)),),
    (line((18.8, 5), (10.6, 5), (9.6, 12.6)),
     curve((9.6, 12.6), (13.8, 11.5), (18, 13.6), (19, 17.8), (16.6, 22), (12.4, 23.1), (8.6, 21.4))),
    (curve((17.5, 5), (12.8, 8.2), (9.5, 13.5), (9, 18.4), (11, 22), (14.4, 23.1), (18, 21.2), (19, 17.8), (17, 14.6),
           (13.5, 14.1), (9.6, 16.8)),),
    (line((8.5, 5), (19.5, 5)), curve((19.5, 5), (15.2, 13.4), (12.6, 23))),
    (loop((14, 5), (10.1, 6.8), (10.1, 11), (14, 13.5), (17.9, 11), (17.9, 6.8)),
     loop((14, 13.5), (9.4, 16.2), (9.6, 21.2), (14, 23.1), (18.4, 21.2), (18.6, 16.2))),
    (loop((18.4, 9.6), (16.8, 6.1), (13.4, 5), (9.9, 7), (9.2, 10.6), (11.2, 13.6), (14.6, 14), (17.5, 12.4)),
     curve((18.4, 9.6), (18.2, 15.5), (16.6, 23))),
)


@cache
def glyphs() -> np.ndarray:
    """The ten glyphs, uint8 (10, 784): 0 is paper and 255 is ink. Read only."""
    fields = np.stack([render(strokes) for strokes in STROKES])
    fields.flags.writeable = False
    return fields


def render(strokes: tuple[Stroke, ...]) -> np.ndarray:
    """uint8 (784,): a pixel's ink falls from full to none over one pixel at the stroke's edge, `r + ½ - distance`
    clipped to 0..1. Additions, products and square roots only, which IEEE 754 rounds in the same way everywhere."""
    nearest = np.full((SIDE, SIDE), np.inf, np.float64)
    for stroke in strokes:
        path = flatten(stroke)
        for start, end in pairwise(path):
            nearest = np.minimum(nearest, _distance(start, end))
    ink = np.clip(RADIUS + 0.5 - nearest, 0.0, 1.0)
    return np.floor(ink * 255.0 + 0.5).astype(np.uint8).reshape(-1)


def flatten(stroke: Stroke) -> np.ndarray:
    """The stroke as a path of straight pieces, float64 (N, 2).

    Between p₁ and p₂ with neighbours p₀ and p₃ a curve is, for t from 0 to 1 (Catmull and Rom 1974),
    ½ [2 p₁ + (p₂-p₀) t + (2p₀-5p₁+4p₂-p₃) t² + (3p₁-p₀-3p₂+p₃) t³].
    """
    points = np.array(stroke.points, np.float64)
    if not stroke.curved:
        return points
    ends = (points[-1:], points[:2]) if stroke.closed else (points[:1], points[-1:])
    padded = np.concatenate([ends[0], points, ends[1]])
    t = (np.arange(PIECES, dtype=np.float64) / PIECES)[:, None]
    pieces = [_span(t, *padded[i : i + 4]) for i in range(len(padded) - 3)]
    return np.concatenate([*pieces, points[:1] if stroke.closed else points[-1:]])


def _span(t: np.ndarray, p0: np.ndarray, p1: np.ndarray, p2: np.ndarray, p3: np.ndarray) -> np.ndarray:
    square, cube = t * t, t * t * t
    return 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * square
                  + (3 * p1 - p0 - 3 * p2 + p3) * cube)


def _distance(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The distance from each pixel's centre to a straight piece, float64 (28, 28)."""
    centre = np.arange(SIDE, dtype=np.float64) + 0.5
    x, y = centre[None, :] - start[0], centre[:, None] - start[1]
    along_x, along_y = end - start
    length = along_x * along_x + along_y * along_y
    share = np.clip((x * along_x + y * along_y) / length, 0.0, 1.0) if length > 0 else 0.0
    dx, dy = x - share * along_x, y - share * along_y
    return np.sqrt(dx * dx + dy * dy)
