"""Measuring a quantised network: accuracy, loss, size, and the arithmetic that ran it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.core.classes import TEN
from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, unwatched
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.network import OnIntegers, QuantizedNetwork, Settings, quantize_network
from pyapp.quantized.trained import network_trained_with
from pyapp.training.trainer import CHUNK, evaluate

FLOAT_BITS = 32
SIMULATED = "simulated"  # in place of a rounding: floating-point sums of numbers on grids


def network_for(p: Parameters, settings: Settings, data: str | Path, report: Callable[[str], None],
                watch: Watch = unwatched, classes: Sequence[str] = TEN) -> QuantizedNetwork:
    """The float32 network p quantised by any method of `Settings`; QAT would train on the images of the folder `data`.
    A network of other `classes` than the ten digits is calibrated on images of that folder too."""
    def images() -> Digits:
        return training_images(data).among(classes, "the network")

    if settings.method == "qat":
        own = None if tuple(classes) == TEN else calibration(data, classes)[0]
        return network_trained_with(p, settings, images, report, own)
    inputs = calibration(data, classes)[0] if settings.calibrated else None
    return quantize_network(p, settings, inputs, watch=watch)


def calibration(data: str | Path, classes: Sequence[str] = TEN) -> tuple[np.ndarray, np.ndarray]:
    """Inputs float32 (N, 784) and labels int64 (N,) that calibrate a network of these classes: the calibration split
    of the ten digits, else as many training images of `data`, evenly spread. DataError if those are of other classes.
    """
    if tuple(classes) == TEN:
        return mnist.calibration(), mnist.calibration_labels()
    some = training_images(data).among(classes, "the network").spread(mnist.CALIBRATION)
    return some.inputs(), some.labels


def measure_float(p: Parameters, digits: Digits) -> dict[str, Any]:
    """Accuracy, loss (nats) and size of the float32 network."""
    scores = evaluate(MLP.of(p), p, digits.inputs(), digits.labels)
    return {"accuracy": scores["accuracy"], "loss": scores["loss"], "n": len(digits.labels), "bits": FLOAT_BITS,
            "bytes": float_nbytes(p), "arithmetic": "float"}


def runnable(network: QuantizedNetwork, rounding: str = "single") -> tuple[MLP | OnIntegers, str, dict[str, str]]:
    """The model that runs a quantised network, the name of its arithmetic, and the `note` of `measure`, if any."""
    if network.activations is not None and rounding != SIMULATED:
        try:
            integer = network.integer(rounding)
            return OnIntegers(integer), integer.arithmetic, {}
        except ValueError as error:
            return network.simulated(), SIMULATED, {"note": f"simulated in float: {error}"}
    return network.simulated(), SIMULATED, {}


def measure(network: QuantizedNetwork, digits: Digits, rounding: str = "single") -> dict[str, Any]:
    """Accuracy, loss (nats) and size of a quantised network, and in `arithmetic` what computed them.

    "integer": integers only, from the pixels' codes to the logits' codes; "integer products with float32
    requantisation" with rounding "float"; "simulated": float64 sums of numbers on the grids, with the
    rounding SIMULATED, or, where activations are float, of dequantised weights. `note` says why a network with
    quantised activations had to be simulated (its sums could leave int32).
    """
    model, arithmetic, note = runnable(network, rounding)
    scores = evaluate(model, network.parameters, digits.inputs(), digits.labels)
    return {"accuracy": scores["accuracy"], "loss": scores["loss"], "n": len(digits.labels), "bytes": network.nbytes,
            "bits_per_weight": network.weights.bits_per_weight, "arithmetic": arithmetic, **note}


def answers(network: Parameters | QuantizedNetwork, digits: Digits, rounding: str = "single") -> np.ndarray:
    """Probabilities (N, K) that a network, float or quantised as `measure` runs it, gives to each class."""
    if isinstance(network, Parameters):
        model, p = MLP.of(network), network
    else:
        model, p = runnable(network, rounding)[0], network.parameters
    x = digits.inputs()
    return np.concatenate([softmax(model.forward(p, x[at : at + CHUNK])) for at in range(0, len(x), CHUNK)])


def training_images(folder: str) -> Digits:
    """A folder's training images less the 5,000 that the page ships; of the shipped folder, its own 2,000."""
    return mnist.training_images(folder, None if mnist.is_shipped(folder) else mnist.SHIPPED)
