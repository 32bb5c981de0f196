"""Rung 3: the difference of two neurons makes a bump."""

from typing import Any, ClassVar

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Fact, Facts, Head, Panel, Words
from pyapp.experiment.params import Param
from pyapp.ladder import bend, line, stack
from pyapp.ladder.line import X
from pyapp.pages.base import controls
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.descent import CURVE, Descent, rate
from pyapp.pages.base.ladder_bits import BITS, quantized

TONES = {"alive": "ink", "dying": "quant", "dead": "bad"}
DEAD, DYING = 1e-3, 2e-2  # the largest slope of a sigmoid at the points below which it hardly learns
WORDS = {"alive": "alive: it learns", "dying": "dying: hardly a point still moves it",
         "dead": "dead: no point moves it any more"}
TWO = (0, 1)  # neurons
ROUNDED = ", rounded {quantised_curve}"


def both(label: str, value: str, **more: str) -> Fact:
    """A value of each of the two neurons."""
    return Fact(label, tuple(value.replace("@", f"neurons.{i}") for i in TWO), **more)


class Page(Descent):
    title = "Stack"
    summary = "Two neurons together rise and fall: train them from random starts, and see some die."
    tab = "3 Stack"
    order = 72
    NEXT = ("rung4", "Numbers are not words: give each word a vector.")
    y = line.Y
    MAIN = ("rate", "bits")
    RECORDED = ()
    PARAMS = (
        Param("activation", "Activation", "choice", "sigmoid", choices=tuple(stack.RATES), live=False,
              titles={"relu": "ReLU"},
              doc="What bends each neuron; changing it restarts the run, with its usual learning rate"),
        controls.seed(f"Decides the random start; with {', '.join(map(str, stack.SEEDS))} ReLU reaches loss 0",
                      default=stack.SEEDS[0], live=False),
        rate(stack.RATES["sigmoid"], ("activation", stack.RATES)), BITS,
    )
    UNSHOWN: ClassVar = {"here": "w and b of both neurons; the table has them one by one"}
    GROUPS = (("Neurons", ("activation", "seed")), ("Descent", ("rate",)), ("Bits", ("bits",)))
    PANELS = ladder.rung(
        Panel("picture", "Two neurons, one subtracted", (
            Words(text="The two neurons are grey, dotted when they no longer learn; ŷ is the first minus the "
                       "second{rounded_words}."),
            *(ladder.fit("lines", f", h₁ {{h1}}, h₂ {{h2}}{more}", when)
              for when, more in (("!rounded", ""), ("rounded", ROUNDED)))), empty=ladder.EMPTY),
        Panel("neurons", "Alive, dying, dead", (
            Words(text="A neuron learns through its slope at the points. If all four slopes are zero, no gradient will "
                       "ever move it again."),
            Facts(name="neurons", caption="Both neurons",
                  heads=(Head("first neuron, added", name="first"), Head("second neuron, subtracted", name="second")),
                  facts=(both("state", "[{@.state}](.{@.tone})", name="state"),
                         both("w", "@.w:small"), both("b", "@.b:small"),
                         both("bends at x", "@.bends:fixed:3"),
                         both("slope at the four points", "@.slopes:words", name="slopes"),
                         both("∂MSE/∂w", "@.dw:signed"), both("∂MSE/∂b", "@.db:signed"),
                         both("codes of w and b", "{@.codes:words:0}", name="codes", when="rounded"),
                         both("rounded w and b", "{@.rounded:words:4}", name="rounded", when="rounded"))))),
        Panel("numbers", "The loss", (Facts(name="losses", caption="Loss", facts=(
            Fact("steps", ("step:count",), name="step-count"), Fact("MSE", ("loss:small",)),
            Fact("MSE with rounded weights", ("quantised_loss:small",), name="quantised-loss", role="quant",
                 when="rounded"),
            Fact("scale of the codes", ("scale:small",), when="rounded"))),)),
        ladder.LOSS)
    LIVE = (stack.activate, stack.slope, stack.neurons, stack.predict, stack.gradients, stack.step,
            line.loss, bend.sigmoid, bend.sigmoid_slope)

    @property
    def kind(self) -> str:
        return self.params["activation"]

    def first(self) -> tuple[np.ndarray, np.ndarray]:
        return stack.start(self.params["seed"])

    def stepped(self) -> tuple[np.ndarray, np.ndarray]:
        return self.live.step(X, self.y, self.w, self.b, self.kind, self.params["rate"])

    def curve(self, x: np.ndarray, w: Any, b: Any) -> np.ndarray:
        return self.live.predict(x, w, b, self.kind)

    def show(self, frame: Frame) -> None:
        slopes = self.live.slope(np.outer(self.w, X) + self.b[:, None], self.kind)
        dw, db = self.live.gradients(X, self.y, self.w, self.b, self.kind)
        states, at = [condition(row, self.kind) for row in slopes], bends(self.w, self.b)
        neurons = [{"state": WORDS[states[i]], "tone": TONES[states[i]], "w": float(self.w[i]),
                    "b": float(self.b[i]), "bends": float(at[i]), "slopes": slopes[i].tolist(),
                    "dw": float(dw[i]), "db": float(db[i])} for i in TWO]
        lines = [{"y": f"h{i + 1}", "role": "faint", "thin": True, "label": f"h{'₁₂'[i]}", "dash": states[i] != "alive"}
                 for i in TWO]
        lines.insert(0, {"y": "curve_y", "role": "float", "label": "ŷ"})
        outputs = self.live.neurons(CURVE, self.w, self.b, self.kind)
        frame.arrays |= {f"h{i + 1}": outputs[i] for i in TWO}
        tensor = quantized(np.concatenate([self.w, self.b]), self.params["bits"])
        if tensor:
            w, b = np.split(tensor.dequantize().astype(np.float64), 2)
            frame.scalars |= {"quantised_loss": self.loss(w, b), "scale": float(tensor.scale)}
            frame.arrays["quantised_curve"] = self.curve(CURVE, w, b)
            lines.append({"y": "quantised_curve", "role": "quant", "label": "in bits"})
            for i, neuron in enumerate(neurons):
                neuron |= {"codes": tensor.codes[i::2].tolist(), "rounded": [float(w[i]), float(b[i])]}
        frame.scalars |= {"neurons": neurons, "lines": lines, "rounded": tensor is not None, "rounded_words":
                          ", and orange is the same with rounded weights" if tensor else ""}


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
