"""A small network beside itself with few bits per weight, as the pages and commands of one's own data compare them."""

from collections.abc import Callable, Iterator

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.network import QuantizedNetwork, quantize_network
from pyapp.quantized.settings import Settings
from pyapp.training.trainer import Trainer

WIDTHS = (8, 4, 3, 2)  # bits per weight that are compared
ACTIVATIONS = 8  # bits

Forward = Callable[[np.ndarray], np.ndarray]


def title(bits: int | None) -> str:
    """A network's name in tables, by the bits of its weights; None is float32."""
    return "float32" if bits is None else f"{bits} bits"


def learn(trainer: Trainer, losses: list[float], steps: int, rate: float) -> Iterator[float]:
    """The loss of a batch per item, which is added to `losses`, until there are so many; the rate falls to a tenth on a
    straight line."""
    while len(losses) < steps:
        trainer.optimiser.rate = rate * (1 - 0.9 * len(losses) / steps)
        losses.append(trainer.step()[0])
        yield losses[-1]


def quantised(weights: Parameters, bits: int, inputs: np.ndarray) -> QuantizedNetwork:
    """The network with weights of `bits`, a scale per output and 8-bit activations, calibrated on inputs (N, I)."""
    return quantize_network(weights, Settings(bits=bits, per="channel", activations=ACTIVATIONS),
                            inputs.astype(np.float32))


def forward(model: MLP, weights: Parameters, bits: int | None, inputs: np.ndarray) -> tuple[Forward, int]:
    """A function from inputs (N, I) to outputs (N, O), and the network's bytes: float32 weights with float64 sums; or,
    with `bits`, integer arithmetic of the `quantised` network."""
    if bits is None:
        p = weights.astype(np.float64)
        return lambda x: model.forward(p, x), float_nbytes(weights)
    network = quantised(weights, bits, inputs)
    integer = network.integer()
    return lambda x: integer.logits(x.astype(np.float32)), network.nbytes
