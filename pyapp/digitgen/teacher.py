"""The teacher's network: a latent vector chooses the digit, style noise decides how it is written.

B pictures, K = 10 classes and as many latents, S style numbers.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import Contents
from pyapp.core.layers import Linear, ReLU
from pyapp.core.parameters import Parameters

SHIPPED = store.WEIGHTS / "generator.npz"
CLASSES, LATENTS, STYLES, PIXELS = 10, 10, 16, 784
BENT, HIDDEN = 32, (256, 320)  # units beside the router's straight road; the decoder's hidden layers: 344,328 in all


def shapes_of(parts: Iterable) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters of several parts."""
    return {name: shape for part in parts for linear in part.linears for name, shape in linear.shapes.items()}


class Chain:
    """Dense layers with ReLU between them."""

    def __init__(self, name: str, sizes: Sequence[int]):
        self.linears = [Linear(f"{name}{i + 1}", *pair) for i, pair in enumerate(pairwise(sizes))]
        self.layers = [layer for linear in self.linears for layer in (linear, ReLU())][:-1]

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(p, x)
        return x

    def backward(self, p: Parameters, dy: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        first, *rest = self.layers
        for layer in reversed(rest):
            dy = layer.backward(p, dy)
        return first.backward(p, dy, input_gradient)


class Router:
    """r = A u + c + V ReLU(B u + d): a linear part and a bent one, from latents in [-1, 1] to a logit per digit."""

    def __init__(self):
        self.straight, self.bend = Linear("router", LATENTS, CLASSES), Chain("bend", (LATENTS, BENT, CLASSES))
        self.linears = [self.straight, *self.bend.linears]

    def forward(self, p: Parameters, u: np.ndarray) -> np.ndarray:
        return self.straight.forward(p, u) + self.bend.forward(p, u)  # B, K

    def backward(self, p: Parameters, dr: np.ndarray) -> None:
        self.straight.backward(p, dr, input_gradient=False)
        self.bend.backward(p, dr, input_gradient=False)


def decoder() -> Chain:
    """From a gate (which digit: shares that sum to 1) and style noise, (B, K + S), to pictures before the sigmoid."""
    return Chain("decoder", (CLASSES + STYLES, *HIDDEN, PIXELS))


def hands() -> Linear:
    """Each digit's own habits, (B, S) to (B, K · S): its mean style and how its style numbers go together, m_k + L_k ε.

    Of the K answers the gate's counts: z = Σ_k gate_k (m_k + L_k ε).
    """
    return Linear("hands", STYLES, CLASSES * STYLES)


def shapes() -> dict[str, tuple[int, ...]]:
    """The shapes of all of the teacher's shipped parameters."""
    return shapes_of([Router(), decoder()]) | hands().shapes


def load(path: Path = SHIPPED) -> Parameters:
    """The teacher's weights from a file, by default the shipped ones. StoreError says what is wrong with it."""
    return parameters(checkpoint.load(path))


def parameters(found: Contents) -> Parameters:
    """The teacher's weights in a file. StoreError if it holds something else."""
    return found.need("generator").parameters(shapes())
