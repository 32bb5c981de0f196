"""Dropout, which training uses and inference does not."""

import numpy as np

from pyapp.core.parameters import Parameters


class Dropout:
    """Each number is set to 0 with probability `rate` and divided by 1 - rate otherwise (Srivastava et al. 2014).

    While `rng` is None nothing happens: that is inference, and how a network starts.
    """

    def __init__(self, rate: float = 0.0):
        if not 0 <= rate < 1:
            raise ValueError(f"the dropout rate is {rate}; use 0 up to, not including, 1")
        self.rate = rate
        self.rng: np.random.Generator | None = None

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        self.keep = None
        if self.rng is None or not self.rate:
            return x
        kept = self.rng.random(x.shape, dtype=np.float32) >= np.float32(self.rate)
        self.keep = kept * x.dtype.type(1 / (1 - self.rate))
        return x * self.keep

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        return dy if self.keep is None else dy * self.keep
