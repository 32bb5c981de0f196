"""Networks trained with quantisation: the shipped ones, and others trained on the spot."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pyapp import store
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.nets import mlp
from pyapp.quantized.network import QuantizedNetwork, Settings, with_activations
from pyapp.quantized.packed import network_of
from pyapp.quantized.qat import QATMLP
from pyapp.quantized.qat_recipe import QATRecipe, train_qat

LEARNED = ("calibrate", "clip", "bias_correction")  # settings of what training finds itself


def shipped(bits: int) -> QuantizedNetwork | None:
    """The shipped network that was trained with weights of that many bits; None if there is none."""
    path = mlp.trained_path(bits)
    return network_of(store.load(path), path.name) if store.is_made(path) else None


def train_network(recipe: QATRecipe, digits: Digits, report: Callable[[str], None],
                  p: Parameters | None = None, calibration: np.ndarray | None = None) -> QuantizedNetwork:
    """Train with quantisation, from p or the shipped float32 network."""
    return finished(*train_qat(recipe, digits, report, p), calibration)


def finished(model: QATMLP, p: Parameters, calibration: np.ndarray | None = None) -> QuantizedNetwork:
    """The network with the codes that were trained; the grid of the logits comes from the calibration split, or from
    other images."""
    network = model.to_network(p)
    if network.activations is None:
        return network
    inputs = mnist.calibration() if calibration is None else calibration
    return with_activations(network, network.activations["input"].bits, inputs, known=network.activations)


def serves(facts: dict[str, Any], p: Parameters, settings: Settings) -> bool:
    """Whether a shipped network, by its recipe, is what the settings make of the float32 network p.

    Activations may be float or have more bits than it was trained with: then they are calibrated, as after training.
    """
    if facts["from_sha256"] != store.recipe(mlp.SHIPPED)["sha256"] or not _is_shipped(p):
        return False
    enough = settings.activations is None or settings.activations >= facts["activations"]
    return enough and (facts["bits"], facts["per"], facts["seed"]) == (settings.bits, settings.per, settings.seed)


def _is_shipped(p: Parameters) -> bool:
    known = mlp.load()
    same = (known.shapes, known.activation) == (p.shapes, p.activation)
    return same and np.array_equal(known.vector, p.vector)


def network_trained_with(p: Parameters, settings: Settings, images: Callable[[], Digits], report: Callable[[str], None],
                         calibration: np.ndarray | None = None) -> QuantizedNetwork:
    """The network of method "qat": the shipped one where it serves, else trained from p on `images()`.

    Training learns symmetric scales and biases: settings that are LEARNED change nothing, which is reported. ValueError
    for an affine scheme.
    """
    if settings.scheme != "symmetric":
        raise ValueError(f'scheme is "{settings.scheme}"; qat learns symmetric weights: use scheme="symmetric"')
    if unused := [name for name in LEARNED if getattr(settings, name) != getattr(Settings, name)]:
        report(f"{', '.join(unused)} not used: qat learns ranges and biases itself")
    path = mlp.trained_path(settings.bits)
    if store.is_made(path) and serves(facts := store.recipe(path), p, settings):
        report(f"using {path.name}, trained with {facts['bits']}-bit weights, {facts['activations']}-bit activations")
        network = shipped(settings.bits)
        if settings.activations == facts["activations"]:
            return network
        if settings.activations is None:
            return QuantizedNetwork(network.weights)
        return with_activations(network, settings.activations, mnist.calibration())
    digits = images()
    report(f"no shipped network serves; training on {len(digits.labels)} images")
    recipe = QATRecipe(seed=settings.seed, bits=settings.bits, activations=settings.activations or 0, per=settings.per)
    return train_network(recipe, digits, report, p, calibration)
