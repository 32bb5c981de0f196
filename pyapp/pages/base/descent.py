"""What the pages of rungs 1 to 3 share: gradient descent on a loss, and the trail of where it has been."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from pyapp.checkpoint import Contents, described
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Values
from pyapp.ladder.line import X
from pyapp.pages.base import controls

CURVE = np.linspace(0.0, 5.0, 101)  # where the fitted curve is drawn
SIDE = 31  # the loss surface is a grid of SIDE x SIDE
BANDS = 14  # shades between the lowest and the highest loss
TRAIL = 400  # latest places that are kept
DIVERGED = "The descent has diverged: the loss is no longer a number. Lower the learning rate and reset."
EDITED = "With the edited code the loss is no longer a number. Reset the code, or lower the learning rate, and reset."
QUIET = {"over": "ignore", "invalid": "ignore"}  # a descent that diverges says so once, in a note


def rate(default: float, usual: tuple[str, Mapping[str, float]] | None = None) -> Param:
    return controls.rate(default, lo=0.001, hi=10.0, usual=usual)


class Descent(Experiment):
    """A page with weights `w` and biases `b`. A page says where they start, what a step is, and what else to show."""

    entry = "Ladder"
    WORK = "train"
    BAR = "step {step:count}, MSE {loss:small}"
    RANGE: ClassVar[tuple[float, float]] = -1.0, 2.0  # of the picture with the points
    y: np.ndarray  # targets at X
    SURFACE: ClassVar[tuple[float, float] | None] = None  # largest |w| and |b| of the loss surface

    def __init__(self, params: Values):
        super().__init__(params)
        self.begin(*self.first(), 0)
        self._surface: tuple[Any, np.ndarray] = None, np.empty(0)

    def first(self) -> tuple[Any, Any]:
        """Where the weights start."""
        raise NotImplementedError

    def stepped(self) -> tuple[Any, Any]:
        """The weights after one step, by the live functions."""
        raise NotImplementedError

    def curve(self, x: np.ndarray, w: Any, b: Any) -> np.ndarray:
        """ŷ at x, by the live functions."""
        raise NotImplementedError

    def begin(self, w: Any, b: Any, step: int) -> None:
        self.w, self.b, self.step, self.trail = w, b, step, []

    def loss(self, w: Any, b: Any) -> float:
        return float(self.live.loss(self.curve(X, w, b), self.y))

    def steps(self) -> Iterator[Frame]:
        """One step downhill per item; ends when the loss is no longer a number."""
        while math.isfinite(loss := self._here()):
            with np.errstate(**QUIET):
                self.trail = [*self.trail, [*np.ravel(self.w), *np.ravel(self.b), loss]][-TRAIL:]
                self.w, self.b = self.stepped()
            self.step += 1
            yield Frame(self.step, {"loss": self._here()})

    def beginning(self) -> dict[str, float | None]:
        return {"loss": self._here()}

    def _here(self) -> float:
        with np.errstate(**QUIET):
            return self.loss(self.w, self.b)

    def frame(self) -> Frame:
        with np.errstate(**QUIET):
            loss = self._here()
            scalars = {"loss": loss, "fit_range": list(self.RANGE),
                       "marks": marks(X, self.y, self.curve(X, self.w, self.b))}
            frame = Frame(self.step, scalars, {
                "curve_x": CURVE, "curve_y": self.curve(CURVE, self.w, self.b),
                "here": np.concatenate([np.ravel(self.w), np.ravel(self.b)]).astype(np.float64)})
            frame.notes = [] if math.isfinite(loss) else [EDITED if self.live.edits else DIVERGED]
            self.show(frame)
            if self.SURFACE:
                frame.arrays |= self.surface()
        return frame

    def show(self, frame: Frame) -> None:
        """Add what only this rung has."""

    def surface(self) -> dict[str, np.ndarray]:
        """The loss on a grid, a row for each b and a column for each w; recomputed when it may have changed."""
        w, b = (np.linspace(-limit, limit, SIDE) for limit in self.SURFACE)
        key = (tuple(self.live.edits.items()), self.y.tobytes())
        if self._surface[0] != key:
            with self.live.quiet():
                self._surface = key, np.array([[self.loss(one, other) for one in w] for other in b])
        return {"shades": shades(self._surface[1]), "surface_w": w, "surface_b": b,
                "trail": np.array(self.trail, np.float64).reshape(-1, 3),
                "next": np.array(self.stepped(), np.float64)}

    def snapshot(self) -> dict[str, np.ndarray]:
        arrays = {"step": np.array(self.step, np.int32), "w": np.asarray(self.w), "b": np.asarray(self.b)}
        return described(arrays, f"page {type(self).__module__.rpartition('.')[2]}")

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        arrays, shape = Contents(arrays, name).need("line").weights, np.shape(self.w)
        numbers = [array for key, array in arrays.items() if key in ("w", "b")]
        if set(arrays) != {"step", "w", "b"} or any(each.shape != shape or each.dtype.kind != "f" for each in numbers) \
                or arrays["step"].shape != () or arrays["step"].dtype.kind != "i" or arrays["step"] < 0:
            raise ValueError(f"{name}: expected step, w and b of this page, found {', '.join(arrays) or 'nothing'}")
        self.begin(arrays["w"][()], arrays["b"][()], int(arrays["step"]))
        return [f"continues after step {self.step}"]


class Sliders(Descent):
    """One weight and one bias, which the reader may move; descent starts, and continues, from where they are."""

    def first(self) -> tuple[float, float]:
        return self.params["w"], self.params["b"]

    def change(self, name: str, value: Any) -> list[str]:
        if name in ("w", "b"):
            setattr(self, name, value)
            self.trail = []
        return []

    def stepped(self) -> tuple[float, float]:
        w, b = self.live.step(X, self.y, self.w, self.b, self.params["rate"])
        return float(w), float(b)

    def curve(self, x: np.ndarray, w: float, b: float) -> np.ndarray:
        return self.live.predict(x, w, b)

    def gradients(self) -> dict[str, float]:
        dw, db = self.live.gradients(X, self.y, self.w, self.b)
        return {"w": self.w, "b": self.b, "dw": float(dw), "db": float(db)}


def shades(losses: np.ndarray) -> np.ndarray:
    """BANDS shades from 0, the lowest loss, to 1, the highest, equally far apart in its logarithm; no number is 1."""
    heights = np.log(losses + 0.01)
    known = heights[np.isfinite(heights)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    shares = np.nan_to_num((heights - low) / ((high - low) or 1), nan=1.0, posinf=1.0)
    return np.rint(shares * BANDS) / BANDS


def marks(x: np.ndarray, y: np.ndarray, predicted: np.ndarray) -> list[dict[str, Any]]:
    """The points, and a vertical thread from each to the curve."""
    threads = [{"kind": "thread", "x": a, "y": b, "to": [a, c], "role": "error"}
               for a, b, c in zip(x.tolist(), y.tolist(), predicted.tolist(), strict=True) if math.isfinite(c)]
    return threads + [{"kind": "point", "x": a, "y": b, "hollow": True, "role": "ink"}
                      for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def weight(default: float, limit: float) -> Param:
    return Param("w", "Weight w", "float", default, lo=-limit, hi=limit, step=0.05,
                 doc="Where the descent begins; move it and the descent goes on from there")


def bias(default: float, limit: float) -> Param:
    return Param("b", "Bias b", "float", default, lo=-limit, hi=limit, step=0.05,
                 doc="Where the descent begins; move it and the descent goes on from there")
