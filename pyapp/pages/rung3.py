"""Rung 3: the difference of two neurons makes a bump."""

from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param
from pyapp.ladder import bend, line, stack
from pyapp.ladder.bits import BITS, quantized
from pyapp.ladder.line import X
from pyapp.pages.base.descent import CURVE, Descent, rate

DEAD, DYING = 1e-3, 2e-2  # the largest slope of a sigmoid at the points below which it hardly learns


class Page(Descent):
    title = "Stack"
    summary = ("Two neurons, one subtracted from the other, can rise and fall: train them from random starts, with "
               "sigmoid or ReLU, and see some neurons die.")
    order = 62
    y = line.Y
    PARAMS = (
        Param("activation", "Activation", "choice", "sigmoid", choices=tuple(stack.RATES), widget="select", live=False,
              doc="What bends each neuron; changing it starts anew, with its usual learning rate"),
        Param("seed", "Seed", "int", stack.SEEDS[0], lo=0, hi=2**32 - 1, step=1, live=False, widget="number",
              doc=f"Decides the random start; with {', '.join(map(str, stack.SEEDS))} ReLU reaches loss 0"),
        rate(stack.RATES["sigmoid"], ("activation", stack.RATES)), BITS,
    )
    LIVE = (stack.activate, stack.slope, stack.neurons, stack.predict, stack.gradients, stack.step,
            line.loss, bend.sigmoid, bend.sigmoid_slope)

    @property
    def kind(self) -> str:
        return str(self.params["activation"])

    def first(self) -> tuple[np.ndarray, np.ndarray]:
        return stack.start(int(self.params["seed"]))

    def stepped(self) -> tuple[np.ndarray, np.ndarray]:
        return self.live.step(X, self.y, self.w, self.b, self.kind, float(self.params["rate"]))

    def curve(self, x: np.ndarray, w: Any, b: Any) -> np.ndarray:
        return self.live.predict(x, w, b, self.kind)

    def show(self, frame: Frame) -> None:
        slopes = self.live.slope(np.outer(self.w, X) + self.b[:, None], self.kind)
        dw, db = self.live.gradients(X, self.y, self.w, self.b, self.kind)
        frame.scalars |= {"neurons": [condition(row, self.kind) for row in slopes], "quantised_loss": None}
        frame.arrays |= {"w": self.w, "b": self.b, "dw": dw, "db": db, "slopes": slopes, "bends": bends(self.w, self.b),
                         "neurons": self.live.neurons(CURVE, self.w, self.b, self.kind)}
        tensor = quantized(np.concatenate([self.w, self.b]), self.params["bits"])
        if tensor:
            w, b = np.split(tensor.dequantize().astype(np.float64), 2)
            frame.scalars |= {"quantised_loss": self.loss(w, b), "scale": float(tensor.scale)}
            frame.arrays |= {"quantised_w": w, "quantised_b": b, "codes": tensor.codes.astype(np.int32),
                             "quantised_curve": self.curve(CURVE, w, b)}


def condition(slopes: np.ndarray, kind: str) -> str:
    """alive, dying or dead, by the slopes of a neuron at the points: all 0, and no gradient ever moves it again.

    A ReLU that is on at one point only is dying. A sigmoid never quite dies, but with slopes below DEAD it may as well.
    """
    if kind == "relu":
        return ("dead", "dying", "alive")[min(int(np.count_nonzero(slopes)), 2)]
    largest = float(np.max(slopes))
    return "dead" if largest < DEAD else "dying" if largest < DYING else "alive"


def bends(w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where each neuron bends: x = -b / w."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -b / w
