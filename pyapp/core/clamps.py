"""Activation functions that clamp: f(x) = min(max(x, low), high).

They are the ones that integer runtimes fuse into a dense layer (TensorFlow Lite's RELU, RELU6 and RELU_N1_TO_1):
rounding to codes keeps the order of numbers, so on codes each is a clamp between two codes, and needs no table.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Clamp:
    """f(x) = min(max(x, low), high), and its gradient: 1 between the ends, 0 on them and beyond."""

    title: str
    low: float = -math.inf
    high: float = math.inf

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """f(x), of x's shape and dtype; NaN becomes `low`. np.where, because in Pyodide it beats np.maximum,
        whose branches are mispredicted."""
        y = np.where(x > self.low, x, x.dtype.type(self.low))
        return y if self.high == math.inf else np.where(y < self.high, y, y.dtype.type(self.high))

    def gradient(self, dy: np.ndarray, y: np.ndarray) -> np.ndarray:
        """dL/dx from dL/dy and the output y = f(x)."""
        return np.where(self.passes(y), dy, dy.dtype.type(0))

    def passes(self, y: np.ndarray) -> np.ndarray:
        """Where y, the function's input or its output, lies between the ends, bool."""
        return y > self.low if self.high == math.inf else (y > self.low) & (y < self.high)

    @property
    def scales(self) -> bool:
        """Whether f(s·x) = s·f(x) for all s > 0, so that channels can be scaled through it."""
        return {self.low, self.high} <= {0.0, -math.inf, math.inf}


RELU = "relu"
CLAMPS = {
    RELU: Clamp("ReLU", 0.0),
    "relu6": Clamp("ReLU6", 0.0, 6.0),  # Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10
    "hard-tanh": Clamp("hard tanh", -1.0, 1.0),
}
IDENTITY = Clamp("identity")  # of the last layer


def checked(activation: str) -> str:
    """The name of an activation. ValueError if there is none of that name."""
    if activation not in CLAMPS:
        raise ValueError(f"activation is {activation[:40]!r}; use {', '.join(CLAMPS)}")
    return activation
