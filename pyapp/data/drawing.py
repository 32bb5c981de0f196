"""From a drawing or a picture to the 28x28 image that a network trained on MNIST expects.

A drawing arrives as strokes, not as pixels, so that every browser's drawing becomes the same numbers.
"""

import numpy as np

from pyapp.data.picture import ink_of_picture as ink_of_picture
from pyapp.data.resample import area_average, cubic

SIDE = 112  # the raster's side: four times the network's input
PEN = 0.08  # the pen's width as a fraction of the pad
BOX, IMAGE = 20, 28  # MNIST: the ink fits a 20x20 box, inside 28x28
STEPS = 1024  # per pixel: finer differences in the centre of mass depend on the order of summation
CENTRE = 14  # pixel index of the ink's centre of mass; every MNIST image has it within ±0.5 of 14 on both axes
FRAME = 0.5  # longer side of a framed drawing on the pad: the pen comes to 2.8 of 20 pixels (MNIST: 2.4, bold ones 3)
LARGEST_SCALE = 16  # a digit of 1/32 of the pad is still framed whole; a tap with a shaking hand stays a dot


def framed(points: np.ndarray) -> np.ndarray:
    """Strokes (P, 3) moved to the middle of the pad and scaled until the longer side of their box is FRAME of it.

    A digit drawn from these has MNIST's line width, whatever its size and place on the pad. Strokes grow at most
    LARGEST_SCALE times. ValueError as in `Raster.draw`.
    """
    points = _checked(points)
    if not len(points):
        return points
    places = points[:, :2].astype(np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    longest = (high - low).max()
    scale = min(FRAME / longest, LARGEST_SCALE) if longest > 0 else 1.0
    return np.column_stack([(places - (low + high) / 2) * scale + 0.5, points[:, 2]]).astype(np.float32)


def _checked(points: np.ndarray) -> np.ndarray:
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError(f"strokes must be finite rows of x, y, stroke number; found shape {points.shape}")
    return points


class Raster:
    """Strokes as pixels, drawn with a round anti-aliased pen.

    `draw` is given all strokes each time and draws only what was added since the last call, which keeps a live drawing
    fast; when an earlier point changed (undo, clear) it starts again.
    """

    def __init__(self, side: int = SIDE, pen: float = PEN):
        self.side, self.radius = side, pen * side / 2
        self._points = np.empty((0, 3), np.float32)
        self.pixels = np.zeros((side, side), np.float32)

    def draw(self, points: np.ndarray) -> np.ndarray:
        """`points` are float32 rows (x, y, stroke number), x and y in 0..1 of the pad. Returns coverage 0..1 (H, W).

        ValueError if the shape is another or a value is not finite.
        """
        points = _checked(points)
        known = len(self._points)
        if not np.array_equal(points[:known], self._points):
            self.pixels[:] = 0
            known = 0
        for i in range(known, len(points)):
            joined = i > 0 and points[i - 1, 2] == points[i, 2]
            self._segment(*points[i - 1 if joined else i, :2], *points[i, :2])
        self._points = points.copy()
        return self.pixels

    def _segment(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Add one line with round ends: coverage = clip(radius + 1/2 - distance to the line, 0, 1)."""
        x0, y0, x1, y1 = (float(v) * self.side - 0.5 for v in (x0, y0, x1, y1))  # pixel centres are whole numbers
        reach = self.radius + 1
        left, right = self._span(min(x0, x1) - reach, max(x0, x1) + reach)
        top, bottom = self._span(min(y0, y1) - reach, max(y0, y1) + reach)
        x = np.arange(left, right, dtype=np.float32) - np.float32(x0)
        y = (np.arange(top, bottom, dtype=np.float32) - np.float32(y0))[:, None]
        dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
        length2 = dx * dx + dy * dy
        along = np.clip((x * dx + y * dy) / length2, 0, 1) if length2 > 0 else np.float32(0)
        distance = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
        part = self.pixels[top:bottom, left:right]
        np.maximum(part, np.clip(np.float32(self.radius + 0.5) - distance, 0, 1), out=part)

    def _span(self, low: float, high: float) -> tuple[int, int]:
        return max(0, int(np.floor(low))), min(self.side, int(np.ceil(high)) + 1)


def to_mnist(ink: np.ndarray) -> np.ndarray | None:
    """Ink (H, W), 0 for paper, to float32 (28, 28) in 0..1 the way MNIST was made; None if there is no ink.

    1. the bounding box of the ink; 2. scaled so that its longer side is 20 pixels, keeping the aspect, each new pixel
    the average of the area that it covers; 3. moved by whole pixels so that the centre of mass is at pixel 14, 14
    (LeCun's page on MNIST; the pixel index is measured on the data: it is 14.0 ± 0.5 in all of it).
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return None
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    height, width = (max(1, round(side * BOX / max(box.shape))) for side in box.shape)
    rows, columns = (area_average if n >= m else cubic for n, m in zip(box.shape, (height, width), strict=True))
    small = np.maximum(rows(box.shape[0], height) @ box @ columns(box.shape[1], width).T, 0)
    small /= small.max()
    y, x = (_offset(small.sum(axis=axis), n) for axis, n in ((1, height), (0, width)))
    image = np.zeros((IMAGE, IMAGE), np.float32)
    image[y : y + height, x : x + width] = small
    return image


def _offset(mass: np.ndarray, n: int) -> int:
    """Where n pixels begin so that their centre of mass comes to CENTRE, without leaving the image."""
    centre = float((mass * np.arange(n)).sum() / mass.sum())
    centre = round(centre * STEPS) / STEPS  # symmetric drawings: halfway between pixels, but for the last bits
    return int(min(max(round(CENTRE - centre), 0), IMAGE - n))
