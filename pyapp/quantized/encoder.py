"""An encoder whose attention scores are whole numbers, with a softmax in integers in place of the float one."""

from dataclasses import dataclass

import numpy as np

from pyapp.nets.encoder.model import Encoder, Weights
from pyapp.quant.schemes import check_bits
from pyapp.quantized.attention_softmax import QuantizedSoftmax


@dataclass(frozen=True)
class ScoreSettings:
    """How attention scores are quantised: bits, a softmax method, and what is subtracted before they are rounded."""

    bits: int
    softmax: str = "exact"
    shift: str = "none"

    def __post_init__(self):
        check_bits(self.bits)


class PaddedSoftmax(QuantizedSoftmax):
    """A softmax that is calibrated on real tokens alone: without this, the scores of padding would count too."""

    def calibrate(self, scores: np.ndarray, mask: np.ndarray | None) -> None:
        super().calibrate(scores, None if mask is None else mask & mask.swapaxes(2, 3))


def quantize_scores(model: Encoder, weights: Weights, settings: ScoreSettings, ids: np.ndarray,
                    mask: np.ndarray | None = None) -> Encoder:
    """An encoder of the model's size whose scores' ranges come from texts, int (B, T), in which the mask, bool (B, T),
    is True for real tokens. Each layer's range is what the layers before it, quantised already, make of them.

    Give float64 weights where codes have to agree between machines. ValueError names what cannot be used.
    """
    quantised = Encoder(model.size)
    for layer in quantised.layers:
        layer.attention.softmax = PaddedSoftmax(settings.bits, settings.softmax, settings.shift)
    quantised.forward(weights, ids, mask)
    return quantised
