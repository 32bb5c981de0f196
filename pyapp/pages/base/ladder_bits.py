"""The bit sliders of rungs 3 and 7."""

import numpy as np

from pyapp.experiment.params import number
from pyapp.pages.base import controls
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, QuantizedTensor, quantize

BITS = controls.bits_or_off("Symmetric quantisation of the weights, one scale per table",
                            range(MIN_BITS, MAX_BITS + 1))


def quantized(x: np.ndarray, choice: str) -> QuantizedTensor | None:
    """x on the symmetric grid of that many bits, or None where the slider is off or x is no longer finite."""
    bits = number(choice)
    return quantize(x, bits) if bits and np.isfinite(x).all() else None
