"""How much each layer suffers from few bits: what mixed precision chooses by."""

from typing import Any

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.models.mlp import MLP
from pyapp.models.quantized import Settings, quantize_network
from pyapp.quant.parameters import QuantizedParameters, assemble, weight_names
from pyapp.quant.schemes import FLOAT_BYTES

BITS = (2, 3, 4, 5, 6, 8)


def sensitivity(p: Parameters, settings: Settings, inputs: np.ndarray, labels: np.ndarray,
                bits: tuple[int, ...] = BITS) -> dict[str, dict[int, dict[str, Any]]]:
    """For each layer and number of bits, with all other layers in float: what it costs on labelled calibration images.

    {weight name: {bits: {"kl", "loss", "accuracy", "bytes"}}}: kl is the mean KL(float || quantised) of the
    probabilities in nats, loss the increase of the cross-entropy in nats, accuracy the share of right digits,
    bytes the size of the layer's packed weights with its scales.
    """
    model, rows = MLP(), np.arange(len(labels))
    exact = _log_softmax(model.forward(p, inputs))
    exact_loss = -exact[rows, labels].mean()
    table = {name: {} for name in weight_names(p)}
    for b in bits:
        weights = quantize_network(p, Settings(**{**vars(settings), "bits": b, "activations": None}), inputs).weights
        for name in table:
            one = _only(p, weights, name)
            found = _log_softmax(model.forward(one.parameters, inputs))
            table[name][b] = {
                "kl": float((np.exp(exact) * (exact - found)).sum(axis=1).mean()),
                "loss": float(-found[rows, labels].mean() - exact_loss),
                "accuracy": float((found.argmax(axis=1) == labels).mean()),
                "bytes": one.tensors[name].nbytes,
            }
    return table


def unquantised_nbytes(p: Parameters) -> int:
    """Bytes of what stays float32 in every allocation: the biases."""
    return sum(p[name].size for name in p if name not in weight_names(p)) * FLOAT_BYTES


def _only(p: Parameters, weights: QuantizedParameters, name: str) -> QuantizedParameters:
    return assemble(p, {name: weights.tensors[name]})


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
