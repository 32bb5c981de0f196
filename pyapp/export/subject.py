"""What is exported, whatever the format: a network, where it comes from, and what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data.digits import Digits
from pyapp.export.reading import PIXELS, Reading
from pyapp.measure.measure import SIMULATED
from pyapp.nets.mlp import MLP
from pyapp.quant.integer import IntegerNetwork
from pyapp.quant.schemes import Grid
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.transformer import QuantizedTransformer

MEASURED = ("accuracy", "loss", "threshold", "n")
DECIMALS = 4  # that are the same on every machine

Network = Parameters | QuantizedNetwork | QuantizedTransformer


@dataclass(frozen=True)
class Subject:
    """A network to export."""

    model: str  # "mlp" or "vit", or "anomaly" or "keywords", whose network reads signals
    network: Network
    source: Mapping[str, str]  # "file" and "sha256" of the weights it was made from
    scheme: Mapping[str, Any]  # the settings of quantisation; empty for a float32 network
    measured: Mapping[str, Any]  # accuracy, n, and on what data
    command: str  # makes the same export again
    rounding: str = "single"  # of a network on integers, see pyapp.quant.integer.ROUNDINGS; or SIMULATED
    classes: tuple[str, ...] = TEN  # what the logits are of; without any, they are the inputs again
    pixels: np.ndarray | None = None  # of the proof, uint8 (10, 784) or bytes (10, I), in place of ten digits
    reading: Reading = PIXELS

    @property
    def rebuilds(self) -> bool:
        """Whether the network gives its inputs again, as an autoencoder does."""
        return not self.classes

    @cached_property
    def integer(self) -> IntegerNetwork | None:
        """The digits network in integer arithmetic; None if it is another network, or computes in floats."""
        on_grids = self._grids and self.rounding != SIMULATED
        return self.network.integer(self.rounding) if on_grids else None

    @property
    def _grids(self) -> dict[str, Grid]:
        """The grids of a digits network's activations; none if they are float."""
        return self.network.activations or {} if isinstance(self.network, QuantizedNetwork) else {}

    @property
    def step(self) -> float:
        """The logits' step if they are float32 numbers on a grid, else 0."""
        grids = list(self._grids.values())
        return float(grids[-1].scale) if grids and not self.integer else 0.0

    @property
    def simulated_bits(self) -> int | None:
        """Bits of activations that are float32 numbers on grids; None if there are none."""
        if isinstance(self.network, QuantizedTransformer):
            return self.network.activation_bits
        return self._grids["input"].bits if self.step else None

    def rounded(self, rounding: str) -> "Subject":
        """The subject with another rounding of integer sums."""
        return replace(self, rounding=rounding)

    @property
    def parameters(self) -> Parameters:
        """Float parameters; those of a quantised network are dequantised."""
        return self.network if isinstance(self.network, Parameters) else self.network.parameters

    @property
    def layers(self) -> tuple[int, ...]:
        """Inputs and outputs of the layers of a digits network."""
        return MLP.of(self.parameters).sizes

    def logits(self, x: np.ndarray) -> np.ndarray:
        """float32 logits (B, 10) for inputs (B, 784), as this package computes them."""
        if self.integer:
            return self.integer.logits(x)
        if isinstance(self.network, QuantizedTransformer):
            return self.network.model.forward(self.network.parameters, x)
        if isinstance(self.network, QuantizedNetwork):
            return self.network.simulated().forward(self.network.parameters, x)
        return MLP.of(self.network).forward(self.network, x)


def measured_of(found: Mapping[str, Any], data: str) -> dict[str, Any]:
    """What was measured on which data, rounded to the digits on which all machines agree."""
    return {name: round(found[name], DECIMALS) for name in MEASURED if name in found} | {"data": data}


def scheme_of(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A scheme as exports name it: the bits, if there are any, and the settings that are not at their defaults."""
    return {name: value for name, value in settings.items()
            if (name == "bits" and value is not None) or value != defaults[name]}


def pixels_of(digits: Digits) -> np.ndarray | None:
    """Ten images for a proof, uint8 (10, 784), of different classes as far as there are, those with the least ink; None
    for the ten digits, whose proof has digits of its own."""
    if digits.classes == TEN:
        return None
    ink = np.count_nonzero(digits.images, axis=(1, 2))
    place = np.zeros(len(ink), np.int64)  # of each image among those of its class
    for label in np.unique(digits.labels):
        rows = np.flatnonzero(digits.labels == label)
        place[rows[np.argsort(ink[rows], kind="stable")]] = np.arange(len(rows))
    order = np.lexsort((digits.labels, place))
    return digits.images[np.resize(order, 10)].reshape(10, -1)
