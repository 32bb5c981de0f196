"""Curves that grow while a page works: few enough points to draw, to send again and to save."""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame

MOST = 1000  # points of a curve that are kept


class Curve:
    """Every `stride`-th point of a curve, and the newest; when there are too many, every second is dropped. `seen`
    counts all points that were added."""

    def __init__(self):
        self.steps, self.values = array("d"), array("d")  # of the points: a list of tuples takes NumPy a millisecond
        self.stride, self.seen = 1, 0
        self.last: tuple[float, float] | None = None  # the newest, where it is not among the points

    def add(self, step: float, value: float) -> None:
        self.last = (step, value)
        if self.seen % self.stride == 0:
            self.steps.append(step)
            self.values.append(value)
            self.last = None
        self.seen += 1
        if len(self.steps) > MOST:
            newest = self.newest
            self.steps, self.values, self.stride = self.steps[::2], self.values[::2], 2 * self.stride
            self.last = None if (self.seen - 1) % self.stride == 0 else newest

    def until(self, seen: int, last: tuple[float, float] | None) -> "Curve":
        """The curve as it was when it had `seen` points and `last` was the newest; it continues from there."""
        curve = Curve()
        kept = -(-seen // self.stride)
        curve.steps, curve.values, curve.stride, curve.seen = self.steps[:kept], self.values[:kept], self.stride, seen
        curve.last = None if (seen - 1) % self.stride == 0 else last
        return curve

    @property
    def newest(self) -> tuple[float, float] | None:
        return self.last or ((self.steps[-1], self.values[-1]) if self.steps else None)

    def array(self) -> np.ndarray:
        """float64 (2, N): steps and values, the newest among them."""
        found = np.array([self.steps, self.values], np.float64).reshape(2, -1)
        return np.column_stack([found, self.last]) if self.last else found

    @classmethod
    def of(cls, rows: np.ndarray, stride: int, seen: int) -> "Curve":
        """The curve that `array()` was made of. ValueError if the numbers contradict each other."""
        curve = cls()
        if rows.ndim != 2 or len(rows) != 2 or rows.dtype != np.float64 or rows.shape[1] > MOST + 1:
            raise ValueError(f"a curve is float64 (2, N), N at most {MOST + 1}; found {rows.dtype} {rows.shape}")
        if type(stride) is not int or type(seen) is not int or stride < 1 or seen < 1:
            raise ValueError("a curve needs a stride and a count from 1")
        finite = np.isfinite(rows[0]).all()
        if (seen - 1) % stride and rows.size:
            curve.last, rows = tuple(rows[:, -1].tolist()), rows[:, :-1]
        if rows.shape[1] != -(-seen // stride) or not finite:
            raise ValueError(f"a curve of {seen} points, every {stride}th kept, cannot have {rows.shape[1]}")
        curve.steps, curve.values, curve.stride, curve.seen = *(array("d", row) for row in rows), stride, seen
        return curve


class Curves:
    """The curves of a run by name, and which of them have grown since they were asked for."""

    def __init__(self):
        self.by_name: dict[str, Curve] = {}
        self._grown: set[str] = set()

    def add(self, item: Frame | None) -> None:
        """Add the numbers that a unit of work reports, one point to each curve."""
        for name, value in item.scalars.items() if item else ():
            if isinstance(value, (int, float)):
                self.by_name.setdefault(name, Curve()).add(item.step, value)
                self._grown.add(name)

    def news(self) -> dict[str, Any]:
        """The curves that have grown since the last call, whole: {name: {step, value}}, float64. The page has no
        points to add up, and none to lose."""
        grown, self._grown = self._grown, set()
        return told((name, curve.array()) for name, curve in self.by_name.items() if name in grown)

    def all(self) -> dict[str, Any]:
        """All curves, in the form of `news`."""
        self._grown = set()
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

