"""Float, simulated and integer inference on the same images: every code of every layer, and every prediction."""

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.measure.mistakes import Mistakes
from pyapp.nets.mlp import MLP
from pyapp.quant.integer import IntegerNetwork
from pyapp.quantized.network import QuantizedNetwork, Simulated

PIECE = 250  # images that are compared at once


def simulated_codes(model: Simulated, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits (B, K) of the simulation, and the codes of input, hidden layers and logits; none for float32 activations.
    """
    logits = model.forward(p, x)
    values = [*(layer.x for layer in model.linears), logits]  # each on its grid already: quantising moves nothing
    return logits, [grid.quantize(value) for grid, value in zip(model.grids or (), values, strict=False)]


def integer_codes(network: IntegerNetwork, x: np.ndarray) -> list[np.ndarray]:
    """The codes of input, hidden layers and logits as the integer network computes them, layer by layer."""
    codes = [network.input.quantize(x)]
    for layer in network.layers:
        codes.append(layer.forward(codes[-1]))
    return codes


def largest_difference(codes: np.ndarray, others: np.ndarray) -> int:
    """max |code - other| of two arrays of codes."""
    return int(np.abs(codes.astype(np.int32) - others.astype(np.int32)).max())


class Comparison:
    """A float32 network and its quantised form on a set of images, compared piece by piece.

    The quantised network is simulated in floating point, and computed in integers as well. If that is refused,
    `refusal` says why, and there are no integer predictions.
    """

    def __init__(self, p: Parameters, network: QuantizedNetwork, rounding: str, images: np.ndarray, labels: np.ndarray):
        self.p, self.network, self.images, self.labels = p, network, images, labels
        self.float_model, self.simulation = MLP.of(p), network.simulated()
        self.integer: IntegerNetwork | None = None
        self.refusal = ""
        try:
            self.integer = network.integer(rounding)
        except ValueError as error:
            self.refusal = str(error)
        self.done = 0  # images
        self.predictions = {kind: np.empty(len(images), np.int32) for kind in ("float", "simulated", "integers")}
        self.classes = self.float_model.sizes[-1]
        self.answers = {kind: np.empty((len(images), self.classes), np.float32) for kind in self.predictions}
        self.logits_differ = self.largest_code_difference = 0  # simulated against integers
        self._gap_sum, self.largest_gap = 0.0, 0.0  # |logit - float logit|

    def advance(self) -> bool:
        """Compare the next piece of the images; False if none is left."""
        if self.done == len(self.images):
            return False
        rows = slice(self.done, min(self.done + PIECE, len(self.images)))
        self._compare(rows)
        self.done = rows.stop
        return True

    def _compare(self, rows: slice) -> None:
        x = self.images[rows]
        exact = self.float_model.forward(self.p, x)
        simulated, codes = simulated_codes(self.simulation, self.network.parameters, x)
        gap = np.abs(simulated - exact)
        self._gap_sum += float(gap.sum(dtype=np.float64))
        self.largest_gap = max(self.largest_gap, float(gap.max()))
        self.predictions["float"][rows] = exact.argmax(axis=1)
        self.predictions["simulated"][rows] = simulated.argmax(axis=1)
        self.answers["float"][rows], self.answers["simulated"][rows] = softmax(exact), softmax(simulated)
        if self.integer:
            ours = integer_codes(self.integer, x)[-1]
            self.predictions["integers"][rows] = ours.argmax(axis=1)
            self.answers["integers"][rows] = softmax(self.integer.layers[-1].output.dequantize(ours))
            self.logits_differ += int((ours != codes[-1]).any(axis=1).sum())
            self.largest_code_difference = max(self.largest_code_difference, largest_difference(ours, codes[-1]))

    def arithmetic(self, kind: str) -> str:
        """The arithmetic that computes the predictions of this kind, in words."""
        if kind == "integers":
            return self.integer.arithmetic if self.integer.arithmetic != "integer" else "integer arithmetic only"
        if self.network.activations:
            return "float64 sums of numbers on the grids"
        return "float32 sums of dequantised weights"

    def right(self, kind: str) -> int:
        """How many of the images done are classified correctly."""
        return int((self.predictions[kind][: self.done] == self.labels[: self.done]).sum())

    def mistakes(self, kind: str) -> Mistakes:
        """What is classified wrongly among the images done."""
        return Mistakes(self.answers[kind][: self.done], self.labels[: self.done])

    def changed(self, kind: str) -> np.ndarray:
        """Which of the images done get another class from the quantised than from the float32 network, int64."""
        return np.flatnonzero(self.predictions[kind][: self.done] != self.predictions["float"][: self.done])

    @property
    def mean_gap(self) -> float | None:
        """Mean |logit - float logit| of the images done."""
        return self._gap_sum / (self.classes * self.done) if self.done else None
