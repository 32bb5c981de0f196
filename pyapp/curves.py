"""Curves that grow while a page works: few enough points to draw, to send again and to save."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame

MOST = 1000  # points of a curve that are kept


class Curve:
    """Every `stride`-th point of a curve, and the newest; when there are too many, every second is dropped. `seen`
    counts all points that were added."""

    def __init__(self):
        self.points: list[tuple[float, float]] = []  # step, value
        self.stride, self.seen = 1, 0
        self.last: tuple[float, float] | None = None  # the newest, where it is not among the points

    def add(self, step: float, value: float) -> None:
        self.last = (step, value)
        if self.seen % self.stride == 0:
            self.points.append(self.last)
            self.last = None
        self.seen += 1
        if len(self.points) > MOST:
            newest = self.points[-1]
            self.points, self.stride = self.points[::2], 2 * self.stride
            self.last = None if (self.seen - 1) % self.stride == 0 else newest

    def until(self, seen: int, last: tuple[float, float] | None) -> "Curve":
        """The curve as it was when it had `seen` points and `last` was the newest; it continues from there."""
        curve = Curve()
        curve.points, curve.stride, curve.seen = self.points[: -(-seen // self.stride)], self.stride, seen
        curve.last = None if (seen - 1) % self.stride == 0 else last
        return curve

    @property
    def newest(self) -> tuple[float, float] | None:
        return self.last or (self.points[-1] if self.points else None)

    def array(self) -> np.ndarray:
        """float64 (2, N): steps and values, the newest among them."""
        rows = [*self.points, *([self.last] if self.last else [])]
        return np.array(rows, np.float64).reshape(-1, 2).T.copy()

    @classmethod
    def of(cls, array: np.ndarray, stride: int, seen: int) -> "Curve":
        """The curve that `array()` was made of. ValueError if the numbers contradict each other."""
        curve = cls()
        if array.ndim != 2 or len(array) != 2 or array.dtype != np.float64 or array.shape[1] > MOST + 1:
            raise ValueError(f"a curve is float64 (2, N), N at most {MOST + 1}; found {array.dtype} {array.shape}")
        rows = list(map(tuple, array.T.tolist()))
        if type(stride) is not int or type(seen) is not int or stride < 1 or seen < 1:
            raise ValueError("a curve needs a stride and a count from 1")
        if (seen - 1) % stride:
            curve.last = rows.pop() if rows else None
        if len(rows) != -(-seen // stride) or not np.isfinite(array[0]).all():
            raise ValueError(f"a curve of {seen} points, every {stride}th kept, cannot have {len(rows)}")
        curve.points, curve.stride, curve.seen = rows, stride, seen
        return curve


class Curves:
    """The curves of a run by name, and which of their points have not been asked for yet."""

    def __init__(self):
        self.by_name: dict[str, Curve] = {}
        self._new: dict[str, list[tuple[float, float]]] = {}

    def add(self, item: Frame | None) -> None:
        """Add the numbers that a unit of work reports, one point to each curve."""
        for name, value in item.scalars.items() if item else ():
            if isinstance(value, (int, float)):
                self.by_name.setdefault(name, Curve()).add(item.step, value)
                self._new.setdefault(name, []).append((item.step, value))

    def news(self) -> dict[str, Any]:
        """The points since the last call: {name: {step, value}}, float64."""
        found, self._new = told((name, np.array(rows, np.float64).T) for name, rows in self._new.items()), {}
        return found

    def all(self) -> dict[str, Any]:
        """All points that are kept, in the form of `news`."""
        self._new = {}
        return told((name, curve.array()) for name, curve in self.by_name.items())

    def marks(self) -> dict[str, tuple]:
        """Where the curves end now, for `until`."""
        return {name: (curve.seen, curve.newest) for name, curve in self.by_name.items()}

    def until(self, marks: Mapping[str, tuple]) -> "Curves":
        """The curves as they were when `marks` gave these."""
        curves = Curves()
        curves.by_name = {name: self.by_name[name].until(*mark) for name, mark in marks.items()}
        return curves


def told(curves: Iterable[tuple[str, np.ndarray]]) -> dict[str, Any]:
    """Points in the form in which the page gets them: {name: {step, value}}."""
    return {name: {"step": step.copy(), "value": value.copy()} for name, (step, value) in curves}

