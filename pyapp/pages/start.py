"""Start: what fewer bits do to a network that reads digits, how training repairs it, and the ways into the rest."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.core.losses import softmax
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value, Values, number
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.pages.panels.start import PANELS, RUN, TOUR
from pyapp.quant.parameters import quantize_parameters
from pyapp.training.trainer import Trainer, judge

WIDTHS = tuple(range(2, 9))
FLOAT32, UNROUNDED = "float32", 9  # where the axis of bits has it
DIGIT = 2104  # of the held-out ones: a 7 that the float32 network reads without doubt, and fewer than 4 bits do not
NEURONS = 12  # of the first layer, whose weights are shown
EPOCHS, RATE, BATCH, SEED = 4, 0.001, 64, 1  # of the repair
STEPS = EPOCHS * -(-2000 // BATCH)
LABELS = [str(digit) for digit in range(10)]


class Page(Experiment):
    title = "Start"
    summary = "Neural networks in 8, 4 and 2 bits: see what breaks, and repair it."
    order = 0
    NEXT = ("simulator", "Quantise numbers of your own, and see which are rounded and which are clipped.")
    WORK, RUN, PANELS, TOUR, RECORDED = "asked", RUN, PANELS, TOUR, ("bits",)
    BAR = "{named}, accuracy [{float_accuracy:percent}](.float) → [{accuracy:percent}](.quant)"
    untold = "it is the front door: the pages behind it explain how all of this works"
    MAIN = ("bits",)
    PARAMS = (
        Param("bits", "Bits per weight", "choice", "2", choices=(*map(str, WIDTHS), FLOAT32), widget="slider",
              doc="A float32 weight has 32 bits; take them away and see what the network still recognises"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.image, self.label, self.held_out = _example()
        self.float = softmax(MLP().forward(shipped.mlp(), self.image[None]))[0]
        self._start()

    def _start(self) -> None:
        """The network as it is just rounded, or not rounded at all."""
        self._bits = number(self.params["bits"])
        self._named = f"{self._bits} bits" if self._bits else FLOAT32
        self.model, self.p, self.accuracy = MLP(), _rounded(self._bits), _accuracy(self._bits)
        self._weights = self.p
        self.trainer: Trainer | None = None  # of the repair
        self._reached = {0: self.accuracy}  # by steps of the repair

    def change(self, name: str, value: Value) -> list[str]:
        self._start()
        return []

    def steps(self) -> Iterator[Frame | None]:
        """Train with quantisation on the 2,000 shipped training images: one batch per item, judged after each epoch."""
        from pyapp.quantized.qat import QATMLP  # here, because no page needs it to begin

        while self._bits and (self.trainer is None or self.trainer.epoch < EPOCHS):
            if self.trainer is None:
                model = QATMLP(mlp.SIZES, self._bits, None, "tensor", "lsq")
                p = model.start(shipped.mlp(), mnist.calibration())
                self.trainer = Trainer(model, p, Adam(p, RATE), *mnist.shipped("train"), SEED, BATCH)
            self.trainer.step()
            yield Frame(self.trainer.steps)
            if self.trainer and self.trainer.epoch_ended:
                yield from self._judge(self.trainer)

    def _judge(self, trainer: Trainer) -> Iterator[Frame | None]:
        """Show the network that is being trained as it is now, unless the reader wants another one meanwhile."""
        for found in judge(trainer.model, trainer.p, *mnist.shipped("test")):
            if found is None:
                yield None
            if trainer is not self.trainer:
                return
        self.model, self.p, self.accuracy = trainer.model, trainer.p.copy(), found["accuracy"]
        self._weights = trainer.model.to_network(trainer.p).parameters
        self._reached[trainer.steps] = self.accuracy
        yield Frame(trainer.steps)

    def frame(self) -> Frame:
        now = softmax(self.model.forward(self.p, self.image[None]))[0]
        filters = self._weights["layer1.weight"][:NEURONS].reshape(NEURONS, 28, 28)  # what the first neurons look for
        return Frame(self.trainer.steps if self.trainer else 0, {
            "named": self._named, "now_words": self._now_words(), "words": self._words(now), "labels": LABELS,
            "weights_are": f"weights trained with {self._bits}-bit codes" if self._repaired else "weights just rounded",
            "float_accuracy": _accuracy(None), "accuracy": self.accuracy,
            "held_out": self.held_out, "limit": 1.0, "begun": bool(self.trainer),
            "is_rounded": self._bits is not None, "weight_limit": float(np.abs(filters).max()),
            "reached": {"steps": list(self._reached), "accuracy": list(self._reached.values()), "ends": [0, STEPS]},
            "range": [0.0, 1.0], **_curve(),
            "goal": [{"kind": "horizontal", "y": _accuracy(None), "text": "float32", "role": "float"}],
            "marks": [{"kind": "ring", "x": self._bits or UNROUNDED, "y": self.accuracy, "role": "quant"}],
        }, {"image": self.image.reshape(28, 28), "float": self.float, "now": now, "filters": filters})

    @property
    def _repaired(self) -> bool:
        """Whether what is shown has been trained."""
        return len(self._reached) > 1

    def _now_words(self) -> str:
        return (f"{self._named}, repaired" if self._repaired else f"{self._named}, just rounded" if self._bits
                else "nothing is rounded")

    def _words(self, now: np.ndarray) -> str:
        """A sentence about what the network reads now."""
        read, sure = int(now.argmax()), f"{now.max():.0%} sure"
        weights = f"With {self._named} per weight" if self._bits else f"With {FLOAT32} weights"
        if read != self.label:
            return f"{weights} the network mistakes this {self.label} for {_a(read)}, {sure}."
        return f"{weights} the network recognises this {self.label}, {sure}."


@cache
def _example() -> tuple[np.ndarray, int, int]:
    """The digit's pixels and label, and how many digits are held out. The others' pixels are
    not converted: that would keep the reader waiting."""
    digits = mnist.load(split="test")
    return digits.rows(np.array([DIGIT])).inputs()[0], int(digits.labels[DIGIT]), len(digits.labels)


def _accuracy(bits: int | None) -> float:
    """Accuracy of the shipped network on the shipped test images, with its weights just rounded: the recipe has it."""
    return _metrics()["shipped"][str(bits or "float")]


@cache
def _metrics() -> dict[str, Any]:
    return store.recipe(mlp.SHIPPED)["metrics"]


@cache
def _rounded(bits: int | None) -> Parameters:
    return quantize_parameters(shipped.mlp(), bits).parameters if bits else shipped.mlp()


def _a(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


@cache
def _curve() -> dict[str, Any]:
    """Accuracy on MNIST's official test images over bits per weight, as the recipes have it."""
    rounded = _metrics()["test"]
    trained = {bits: store.recipe(mlp.trained_path(bits)) for bits in sorted(mlp.TRAINED)}
    names = [*map(str, WIDTHS), FLOAT32]
    reached = [trained[bits]["metrics"]["test"]["accuracy"] if bits in trained else None for bits in WIDTHS] + [None]
    by_bits = [rounded["float" if name == FLOAT32 else name] for name in names]
    return {
        "official": rounded["n"], "widths": [*WIDTHS, UNROUNDED], "ends": [WIDTHS[0] - 0.3, UNROUNDED + 0.6],
        "ticks": [{"at": at, "text": name} for at, name in zip((*WIDTHS, UNROUNDED), names, strict=True)],
        "rounded": by_bits, "trained": reached, "points": [
            f"{name if name == FLOAT32 else f'{name} bits'}: just rounded {some:.2%}" + (
                f", trained {more:.2%} with activations of {trained[int(name)]['activations']} bits" if more else "")
            for name, some, more in zip(names, by_bits, reached, strict=True)]}
