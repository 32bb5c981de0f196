"""The digits network: a multi-layer perceptron, 784-128-64-10."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pyapp import store
from pyapp.core.layers import Linear, ReLU
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator

SIZES = (784, 128, 64, 10)
SHIPPED = store.WEIGHTS / "mlp.npz"


def load(path: Path = SHIPPED) -> Parameters:
    """The network's weights from a file, by default the shipped ones. StoreError says what is wrong with it."""
    return store.parameters(store.load(path), MLP().shapes, str(path))


class MLP:
    """Dense layers with ReLU between them: x → W₁ → ReLU → W₂ → ReLU → W₃ → logits."""

    def __init__(self, sizes: Sequence[int] = SIZES):
        self.linears = [Linear(f"layer{i + 1}", *pair) for i, pair in enumerate(pairwise(sizes))]
        self.layers = [layer for linear in self.linears for layer in (linear, ReLU())][:-1]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: shape for linear in self.linears for name, shape in linear.shapes.items()}

    def initial(self, seed: int, dtype: np.dtype | type = np.float32) -> Parameters:
        """Random parameters from a seed."""
        p, rng = Parameters(self.shapes, dtype), generator(seed, "weights")
        for linear in self.linears:
            linear.initialise(p, rng)
        return p

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """Logits (B, 10) for images (B, 784) with values 0 to 1."""
        for layer in self.layers:
            x = layer.forward(p, x)
        return x

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits of the last forward pass."""
        first, *rest = self.layers
        for layer in reversed(rest):
            dlogits = layer.backward(p, dlogits)
        first.backward(p, dlogits, input_gradient=False)
