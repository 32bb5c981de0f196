"""Small tensors to quantise: drawn from a seed, cut out of the shipped network, or pasted as text."""

from collections.abc import Callable

import numpy as np

from pyapp import shipped
from pyapp.core.rng import generator
from pyapp.data.numerals import NumbersError
from pyapp.data.pasted import LARGEST, parse, read
from pyapp.experiment.params import ParamError

__all__ = ["DRAWN", "DRAWN_INSTEAD", "LARGEST", "NETWORK", "NumbersError", "draw", "parse", "pasted", "read", "silu",
           "weights"]

Shape = tuple[int, int]
Draw = Callable[["np.random.Generator", Shape], np.ndarray]
OUTLIER = (0.01, 20)  # one number in a hundred is twenty times as large

DRAWN: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "laplace": lambda rng, shape: rng.laplace(size=shape),
    "relu": lambda rng, shape: np.maximum(rng.standard_normal(shape), 0),
    "silu": lambda rng, shape: silu(rng.standard_normal(shape)),
    "outlier": lambda rng, shape: rng.standard_normal(shape) * np.where(rng.random(shape) < OUTLIER[0], OUTLIER[1], 1),
    "channels": lambda rng, shape: rng.standard_normal(shape) * np.exp(rng.standard_normal((shape[0], 1))),
}
NETWORK = ("layer1", "layer2", "layer3")
DRAWN_INSTEAD = "Numbers drawn from the seed are shown instead."


def pasted(text: str, param: str) -> tuple[np.ndarray, list[str]]:
    """A tensor that a reader pasted as the parameter `param`, float32 (rows, columns), and notes on how it was read.
    ParamError if it is no tensor."""
    try:
        return read(text)
    except NumbersError as error:
        raise ParamError(param, str(error), error.hint) from None


def draw(kind: str, shape: Shape, seed: int) -> np.ndarray:
    """Float32 numbers of a kind in DRAWN. The same seed gives the same numbers in every runtime."""
    return DRAWN[kind](generator(seed, f"tensor {kind}"), shape).astype(np.float32)


def silu(x: np.ndarray) -> np.ndarray:
    """x · sigmoid(x), an activation that goes a little below 0 (Elfwing et al. 2017)."""
    return x / (1 + np.exp(-x))


def weights(layer: str, shape: Shape, seed: int) -> np.ndarray:
    """Rows and columns drawn from a pretrained weight matrix, in their order; fewer where it has no more."""
    w, rng = shipped.mlp()[f"{layer}.weight"], generator(seed, f"tensor {layer}")
    rows, columns = (np.sort(rng.permutation(n)[:size]) for n, size in zip(w.shape, shape, strict=True))
    return w[np.ix_(rows, columns)]

