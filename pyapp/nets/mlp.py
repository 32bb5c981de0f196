"""The digits network: a multi-layer perceptron, 784-128-64-10 or of any other layers."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pyapp import store
from pyapp.checkpoint import Contents
from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets import chain

SIZES = (784, 128, 64, 10)
USUAL = "784-128-64-10"  # SIZES as people write them
SHIPPED = store.WEIGHTS / "mlp.npz"
TRAINED = {4: 4, 3: 3, 2: 8}  # bits of activations by bits of weights, of the networks shipped as trained with QAT
LARGEST = 2**25  # parameters: a training keeps four numbers for each, 512 MiB, and saves three
MOST_LAYERS = 32


def sizes_of(layers: str, largest: int = LARGEST, outputs: int = SIZES[-1]) -> tuple[int, ...]:
    """Inputs and then the outputs of each layer, from "784-32-10" or "784,32,10"; USUAL is for any number of
    `outputs`. ValueError unless they begin with the pixels and end with the outputs, and make at most `largest`
    parameters."""
    sizes = read_sizes(layers, "layers", USUAL)
    return check_sizes((*sizes[:-1], outputs) if layers == USUAL else sizes, largest, outputs)


def trained_path(bits: int) -> Path:
    """The path of the shipped network that was trained with weights of that many bits."""
    return store.WEIGHTS / f"mlp-qat{bits}.npz"


def read_sizes(text: str, what: str, such: str) -> tuple[int, ...]:
    """The whole numbers of a text, each at least 1, with dashes or commas between. ValueError, which calls them `what`
    and gives `such` as an example, for anything else."""
    words = [word.strip() for word in text.replace(",", "-").split("-")]
    if not all(word.isascii() and word.isdigit() and len(word) < 20 and int(word) for word in words):
        raise ValueError(f"{what} is {text[:40]!r}; use sizes with dashes between, such as {such}")
    return tuple(map(int, words))


def check_sizes(sizes: tuple[int, ...], largest: int = LARGEST, outputs: int = SIZES[-1]) -> tuple[int, ...]:
    """The sizes. ValueError if no digits network can have them."""
    shown = "-".join(map(str, sizes))[:60]
    if len(sizes) < 2 or (sizes[0], sizes[-1]) != (SIZES[0], outputs):
        raise ValueError(f"layers is {shown}; the first is {SIZES[0]}, a number for each pixel, and the last is "
                         f"{outputs}, a score for each {'digit' if outputs == SIZES[-1] else 'class'}")
    if len(sizes) - 1 > MOST_LAYERS:
        raise ValueError(f"layers is {shown}: that is {len(sizes) - 1} layers; use at most {MOST_LAYERS}")
    if (parameters := sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))) > largest:
        raise ValueError(f"layers is {shown}: such a network has {parameters:,} parameters; use at most {largest:,}")
    return sizes


def load(path: Path = SHIPPED) -> Parameters:
    """Float32 weights of a network from a file, by default the shipped ones; its layers may have any sizes, as in
    `MLP.of`. StoreError says what is wrong with it."""
    return parameters(chain.load(path))


def parameters(found: Contents) -> Parameters:
    """The float32 weights of a digits network in a file. StoreError if it holds something else."""
    return found.parameters(MLP(found.need_float("mlp").sizes["layers"]).shapes)


class MLP:
    """Dense layers with an activation f between them: x → W₁ → f → W₂ → f → ... → logits.

    f belongs to the parameters (`Parameters.activation`), by default ReLU: a model cannot contradict them.
    """

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

    def initial(self, seed: int, dtype: np.dtype | type = np.float32, activation: str = RELU) -> Parameters:
        """Random parameters from a seed."""
        p, rng = Parameters(self.shapes, dtype, activation), generator(seed, "weights")
        for linear in self.linears:
            linear.initialise(p, rng)
        return p

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """Logits (B, outputs) for images (B, 784) with values 0 to 1."""
        *hidden, last = self.linears
        fused, f = p.activation == RELU, CLAMPS[p.activation]  # a layer has a ReLU within
        for layer in hidden:
            y = layer.forward(p, x, relu=fused)
            x = y if fused else f(y)
        return last.forward(p, x)

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits of the last forward pass."""
        first, *rest = self.linears
        fused, f = p.activation == RELU, CLAMPS[p.activation]
        for layer in reversed(rest):
            dx = layer.backward(p, dlogits, after_relu=fused)
            dlogits = dx if fused else f.gradient(dx, layer.x)
        first.backward(p, dlogits, input_gradient=False)
