"""What quantisation-aware training shows besides its loss: references, scales by layer, integer arithmetic."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.params import Values, number
from pyapp.measure.mistakes import Mistakes
from pyapp.nets.mlp import MLP
from pyapp.quant.formats.tensor import FormatTensor
from pyapp.quant.schemes import GRID, QuantizedTensor
from pyapp.quantized.network import OnIntegers, QuantizedNetwork, Settings, quantize_network
from pyapp.quantized.qat import QATMLP
from pyapp.training.trainer import evaluate, judge

PIECE = 250  # images that are read at once
LSQ_STARTS = ("Nothing is trained yet: LSQ starts from scales of its own, which come from the mean weight instead of "
              "the largest. With 2 or 3 bits they lose less than just rounding does, with more bits a little more.")
ON_INTEGERS = ("The trained codes, from pixels to scores without a float; beside them, the same grids simulated in "
               "float32.")
IN_FLOAT = "Activations are float32, so integer arithmetic is not possible: choose bits per activation."
IN_FORMAT = "Integer arithmetic needs weights on a uniform grid: choose “uniform grid” as the format."
ESTIMATED = {"lsq": "LSQ learns each scale with the weights, from a gradient of its own.",
             "ste": "STE learns no scales: the largest weight sets those of the weights, a moving maximum "
                    "those of the activations.",
             "format": "The number format finds the scales of the weights at every step, from the weights themselves. "
                       "The control Scales concerns only those of the activations."}


@cache
def float_mistakes() -> Mistakes:
    """Which held-out digits the shipped float32 network misclassifies."""
    images, labels = mnist.shipped("test")
    return Mistakes(evaluate(MLP(), shipped.mlp(), images, labels)["answers"], labels)


def float_accuracy() -> float:
    """Accuracy of the shipped float32 network on the held-out digits, 0 to 1."""
    return float(float_mistakes().right.mean())


@cache
def rounded_accuracy(bits: int, per: str, activations: int | None, form: str = GRID) -> float:
    """Accuracy of the shipped network with weights rounded to nearest and activations calibrated, but not trained."""
    settings = (Settings(bits, per=per, activations=activations) if form == GRID else
                Settings(format=form, activations=activations))
    network = quantize_network(shipped.mlp(), settings, mnist.calibration())
    return evaluate(network.simulated(), network.parameters, *mnist.shipped("test"))["accuracy"]


def layers(model: QATMLP, p: Parameters, start: Parameters, first: Mapping[str, QuantizedTensor | FormatTensor],
           now: Mapping[str, QuantizedTensor | FormatTensor]) -> list[dict[str, Any]]:
    """The scales of every layer, at the start and now, and the share of codes that have changed since.

    `first` and `now` are the model's weights at `start` and at p; smallest and largest where there are many scales.
    """
    grids, grids_then = model.activations(p) or {}, model.activations(start) or {}
    return [{"name": layer, "weights": tensor.codes.size, "scales": tensor.scale.size,
             "scale": _ends(tensor.scale), "scale_start": _ends(first[name].scale),
             "now_to": _to(tensor.scale), "start_to": _to(first[name].scale),
             "activation": float(grids[layer].scale) if layer in grids else None,
             "activation_start": float(grids_then[layer].scale) if layer in grids else None,
             "changed": float((tensor.codes != first[name].codes).mean())}
            for name, tensor in now.items() for layer in [name.removesuffix(".weight")]]


def _ends(scale: np.ndarray) -> list[float]:
    return [float(scale.min()), float(scale.max())]


def _to(scale: np.ndarray) -> str:
    """The words " to ..." with the largest scale, if there are several."""
    low, high = _ends(scale)
    return f" to {high:.4g}" if high > low else ""


def on_integers(network: QuantizedNetwork) -> Iterator[dict[str, Any]]:
    """Read the held-out digits in integer arithmetic and simulated in float: an item per piece, with its `progress`
    from 0 to 1, and last the accuracies and on how many digits the two differ. ValueError if activations are float."""
    images, labels = mnist.shipped("test")
    models, scores, done = (OnIntegers(network.integer()), network.simulated()), [], 0
    items = len(models) * -(-len(labels) // PIECE) + 1
    for model in models:
        for found in judge(model, network.parameters, images, labels, PIECE):
            if found is None:
                done += 1
                yield {"progress": done / items}
        scores.append(found)
    ours, simulated = scores
    yield {"progress": 1.0, "integer_accuracy": ours["accuracy"], "simulated_accuracy": simulated["accuracy"],
           "differ": int((ours["predictions"] != simulated["predictions"]).sum())}


def scheme_of(params: Values) -> dict[str, Any]:
    """The network's quantisation in the form in which files describe it."""
    form = {} if params["format"] == GRID else {"format": params["format"]}
    return {"bits": params["bits"], "activations": number(params["activations"]), "per": params["per"],
            "estimator": params["estimator"]} | form
