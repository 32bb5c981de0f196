"""Logits from their own scale to the one that a method is built for, by a fixed-point multiplier."""

import numpy as np

from pyapp.quant.fixedpoint import Multiplier, requantize_single

FARTHEST = 2**31 - 1  # codes below the maximum; int32 logits farther apart count as this far


class Rescale:
    """d' = round(d · real) for d <= 0, half up, no less than `lowest`: a multiplication by 31 bits and a shift."""

    def __init__(self, real: float, lowest: int):
        """`real` is the logits' scale over the method's, `lowest` the last code of the method's grid below its top."""
        real = min(real, -float(lowest))  # with which one code already reaches the lowest
        self.lowest = np.int64(lowest)
        self.farthest = np.int64(max(np.floor(lowest / max(real, 2.0**-40)), -FARTHEST))
        self.multiplier = Multiplier.of(np.float64(real))

    def __call__(self, below: np.ndarray) -> np.ndarray:
        """d' for d = `below`, int64 of any shape."""
        near = np.maximum(below, self.farthest)  # keeps the product in 62 bits
        return np.maximum(requantize_single(near, self.multiplier).astype(np.int64), self.lowest)
