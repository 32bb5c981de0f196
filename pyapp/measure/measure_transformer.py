"""Measuring a quantised transformer: accuracy or loss, and size."""

from typing import Any

import numpy as np

from pyapp.core.watching import Watch, unwatched
from pyapp.data.mnist import Digits
from pyapp.measure.mistakes import Mistakes
from pyapp.nets import next_token
from pyapp.quantized.transformer import QuantizedTransformer
from pyapp.training.trainer import evaluate


def measure_vit(network: QuantizedTransformer, digits: Digits, watch: Watch = unwatched) -> dict[str, Any]:
    """Accuracy 0..1 and loss (nats) over the digits, how many there are, and the network's bytes."""
    scores = evaluate(network.model, network.parameters, digits.inputs(), digits.labels, watch)
    return {"accuracy": scores["accuracy"], "loss": scores["loss"], "n": len(digits.labels), **_size(network)}


def mistakes_of_vit(network: QuantizedTransformer, digits: Digits, watch: Watch = unwatched) -> Mistakes:
    """Which digits the network classifies wrongly."""
    scores = evaluate(network.model, network.parameters, digits.inputs(), digits.labels, watch)
    return Mistakes(scores["answers"], digits.labels, digits.classes, digits.files)


def measure_gpt(network: QuantizedTransformer, tokens: np.ndarray, watch: Watch = unwatched) -> dict[str, Any]:
    """Loss (nats per character) over windows of the tokens that do not overlap, share of characters that are the
    likeliest, how many there are, and the network's bytes."""
    return {**next_token.evaluate(network.model, network.parameters, tokens, watch), **_size(network)}


def _size(network: QuantizedTransformer) -> dict[str, Any]:
    """Bytes of the whole network, and bits per number of its matrices, scales included."""
    return {"bytes": network.nbytes, "bits_per_weight": network.bits_per_weight}
