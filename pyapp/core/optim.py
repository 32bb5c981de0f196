"""Optimisers, in order of increasing complexity. `rate` may be changed at any time."""

import numpy as np

from pyapp.core.engine import accelerated
from pyapp.core.parameters import Parameters


class SGD:
    """Gradient descent on mini-batches, w ← w - rate · g."""

    usual_rate = 0.1

    def __init__(self, p: Parameters, rate: float):
        self.rate = rate
        self.state: dict[str, np.ndarray] = {}

    def step(self, p: Parameters) -> None:
        sgd(p.vector, p.gradient, self.rate)


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1): steps scaled by running moments of the gradient.

    m ← β₁ m + (1-β₁) g,  v ← β₂ v + (1-β₂) g²,  w ← w - rate · m̂ / (√v̂ + ε)  with m̂ = m / (1-β₁ᵗ), v̂ = v / (1-β₂ᵗ).
    """

    usual_rate = 0.001
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8  # the paper's defaults

    def __init__(self, p: Parameters, rate: float):
        self.rate = rate
        self.state = {"m": np.zeros_like(p.vector), "v": np.zeros_like(p.vector), "t": np.zeros(1, np.int64)}

    def step(self, p: Parameters) -> None:
        self.state["t"] += 1
        time = int(self.state["t"][0])
        numbers = [self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, 1 / (1 - self.beta2**time), self.epsilon,
                   self.rate / (1 - self.beta1**time)]
        adam(p.vector, p.gradient, self.state["m"], self.state["v"], np.array(numbers, p.vector.dtype))


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): w ← w (1 - rate · decay) before each
    step, for matrices only; a norm's gain or a bias has nothing to gain from being small.

    With `clip`, a gradient longer than that is shortened to it first (Pascanu et al. 2013, algorithm 1).
    """

    def __init__(self, p: Parameters, rate: float, decay: float = 0.01, beta2: float = Adam.beta2,
                 clip: float | None = None):
        super().__init__(p, rate)
        if not 0 <= beta2 < 1:
            raise ValueError(f"beta2 is {beta2}; use 0 up to, not including, 1")
        self.decay, self.beta2, self.clip = decay, beta2, clip
        self._matrices = [name for name, shape in p.shapes.items() if len(shape) > 1]

    def step(self, p: Parameters) -> None:
        scalar = p.vector.dtype.type
        length = float(np.sqrt(np.dot(p.gradient, p.gradient)))
        if self.clip is not None and length > self.clip:
            p.gradient *= scalar(self.clip / length)
        for name in self._matrices:
            p[name][...] *= scalar(1 - self.rate * self.decay)
        super().step(p)


@accelerated
def sgd(w: np.ndarray, gradient: np.ndarray, rate: float) -> None:
    """w ← w - rate · g."""
    w -= gradient * w.dtype.type(rate)


@accelerated
def adam(w: np.ndarray, gradient: np.ndarray, m: np.ndarray, v: np.ndarray, numbers: np.ndarray) -> None:
    """A step of Adam. `numbers` are β₁, 1-β₁, β₂, 1-β₂, 1/(1-β₂ᵗ), ε and rate/(1-β₁ᵗ), of w's type."""
    beta1, rest1, beta2, rest2, unbiased, epsilon, rate = numbers
    m *= beta1
    m += rest1 * gradient
    v *= beta2
    update = np.square(gradient)
    update *= rest2
    v += update
    np.multiply(v, unbiased, out=update)
    np.sqrt(update, out=update)
    update += epsilon
    np.divide(m, update, out=update)
    update *= rate
    w -= update


OPTIMISERS = {"sgd": SGD, "adam": Adam}  # those that the pages and the command line offer
