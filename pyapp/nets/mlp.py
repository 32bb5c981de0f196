"""The digits network: a multi-layer perceptron, 784-128-64-10."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import Contents
from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator

SIZES = (784, 128, 64, 10)
SHIPPED = store.WEIGHTS / "mlp.npz"


def load(path: Path = SHIPPED) -> Parameters:
    """A network's float weights from a file, by default the shipped ones; the layers may have any sizes, see `MLP.of`.
    StoreError says what is wrong with it."""
    return parameters(checkpoint.load(path))


def parameters(found: Contents) -> Parameters:
    """The float weights of a digits network in a file. StoreError if it holds something else."""
    return found.parameters(MLP(found.need_float("mlp").sizes["layers"]).shapes)


class MLP:
    """Dense layers with ReLU between them: x → W₁ → ReLU → W₂ → ReLU → W₃ → logits."""

    def __init__(self, sizes: Sequence[int] = SIZES):
        self.linears = [Linear(f"layer{i + 1}", *pair) for i, pair in enumerate(pairwise(sizes))]

    @classmethod
    def of(cls, p: Parameters) -> "MLP":
        """The network whose parameters these are."""
        weights = [shape for shape in p.shapes.values() if len(shape) == 2]
        return cls((weights[0][1], *(outputs for outputs, _ in weights)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, then the outputs of each layer."""
        first, *_ = shapes = [self.shapes[linear.weight] for linear in self.linears]
        return (first[1], *(outputs for outputs, _ in shapes))

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
        *hidden, last = self.linears
        for layer in hidden:
            x = layer.forward(p, x, relu=True)
        return last.forward(p, x)

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits of the last forward pass."""
        first, *rest = self.linears
        for layer in reversed(rest):
            dlogits = layer.backward(p, dlogits, after_relu=True)
        first.backward(p, dlogits, input_gradient=False)
