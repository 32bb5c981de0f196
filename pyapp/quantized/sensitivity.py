"""How much each layer suffers from few bits: what mixed precision chooses by."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from pyapp.core.losses import softmax_and_log
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, unwatched
from pyapp.nets.mlp import MLP
from pyapp.quant.mixed import Width
from pyapp.quant.parameters import ROTATED, UNPREPARED, assemble, weight_names
from pyapp.quantized.network import Memo, Settings, prepared_network, quantize_network

BITS = (2, 3, 4, 5, 6, 8)
Row = dict[str, Any]
Sensitivities = dict[str, dict[Width, Row]]


class Model(Protocol):
    """A network of any kind."""

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """Logits (N, classes)."""


def sensitivity(p: Parameters, settings: Settings, inputs: np.ndarray, labels: np.ndarray,
                bits: tuple[Width, ...] = BITS, watch: Watch = unwatched) -> Sensitivities:
    """What each layer costs at each number of bits, or in each number format named in `bits`, on labelled calibration
    images, measured with it alone quantised.

    Its codes come from a network whose layers are all quantised so. With "round" that makes no difference; GPTQ and
    AdaRound fit a layer's codes to the inputs that the quantised layers before it give, so the costs of later layers
    include that their codes were made for slightly other inputs than the float ones they get here.

    {weight name: {bits: {"kl", "loss", "accuracy", "bytes"}}}: kl is the mean KL(float || quantised) of the
    probabilities in nats, loss the increase of the cross-entropy in nats, accuracy the share of right digits,
    bytes the size of the layer's packed weights with its scales.
    """
    table: Sensitivities = {name: {} for name in weight_names(p)}
    rows = sensitivities(p, settings, inputs, labels, bits)
    for done, (name, b, row) in enumerate(rows, 1):
        table[name][b] = row
        watch(done, len(table) * len(bits))
    return table


def sensitivities(p: Parameters, settings: Settings, inputs: np.ndarray, labels: np.ndarray,
                  bits: tuple[Width, ...] = BITS, memo: Memo | None = None) -> Iterator[tuple[str, Width, Row]]:
    """The rows of `sensitivity` as an iterator, one layer and number of bits at a time; `memo` as for quantize_network.
    """
    exact = log_probabilities(MLP.of(p), p, inputs)
    for b in bits:
        rotation = settings.prepare if settings.prepare == ROTATED else UNPREPARED
        own = prepared_network(p, settings.at(b), inputs)
        unprepared = replace(settings.at(b), activations=None, prepare=rotation)
        network = quantize_network(own, unprepared, inputs, memo)
        for name, tensor in network.weights.tensors.items():
            found = log_probabilities(MLP.of(p), assemble(own, {name: tensor}).parameters, inputs)
            yield name, b, {**scores(exact, found, labels), "bytes": tensor.nbytes}


def scores(exact: np.ndarray, found: np.ndarray, labels: np.ndarray) -> Row:
    """kl, loss and accuracy of `sensitivity`, from log probabilities (N, classes) in float and as quantised, and labels
    int (N,)."""
    rows = np.arange(len(labels))
    return {
        "kl": divergence(exact, found),
        "loss": float(exact[rows, labels].mean() - found[rows, labels].mean()),
        "accuracy": float((found.argmax(axis=1) == labels).mean()),
    }


def log_probabilities(model: Model, p: Parameters, inputs: np.ndarray) -> np.ndarray:
    """log softmax of the model's logits for the inputs, float64 (N, classes)."""
    return softmax_and_log(model.forward(p, inputs).astype(np.float64))[1]


def divergence(exact: np.ndarray, found: np.ndarray) -> float:
    """Mean over rows of KL(exact || found) in nats, from log probabilities (N, classes)."""
    return float((np.exp(exact) * (exact - found)).sum(axis=1).mean())
