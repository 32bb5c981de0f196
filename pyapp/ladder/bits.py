"""The bit sliders of rungs 3 and 7."""

import numpy as np

from pyapp.experiment.params import Param, Value
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, QuantizedTensor, quantize

OFF = "off"
BITS = Param("bits", "Bits per weight", "choice", OFF, choices=(*(str(b) for b in range(MIN_BITS, MAX_BITS + 1)), OFF),
             widget="slider", doc="Symmetric quantisation of the weights, one scale for each table of them")


def quantized(x: np.ndarray, bits: Value) -> QuantizedTensor | None:
    """x on the symmetric grid of that many bits, or None where the slider is off or x is no longer finite."""
    return None if bits == OFF or not np.isfinite(x).all() else quantize(x, int(bits))
