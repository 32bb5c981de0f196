"""A smooth curve on few codes: steps, whether its input is rounded, its output, or both.

P points along the curve; a row of N logits for each point where the curve is a softmax probability.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from pyapp.quant.schemes import Grid, affine_grid, fit_grid, symmetric_grid
from pyapp.softmax.methods import METHODS, make

BITS = (2, 3, 4, 5, 6, 7, 8)
POINTS = 801
WAYS = ("input", "output", "both")


class Curve(ABC):
    """A function of one number between `low` and `high`, in real numbers and on b bits."""

    low: float
    high: float

    @property
    def x(self) -> np.ndarray:
        """The points at which it is looked at, float64 (P,)."""
        return np.round(np.linspace(self.low, self.high, POINTS, dtype=np.float64), 6)  # 0.96, not 0.9599999999999991

    @abstractmethod
    def real(self, x: np.ndarray) -> np.ndarray:
        """The curve itself, float64 (P,)."""

    @abstractmethod
    def grid(self, bits: int) -> Grid:
        """The grid of the input."""

    @abstractmethod
    def of_codes(self, x: np.ndarray, bits: int) -> np.ndarray:
        """The curve of x rounded to b bits, float64 (P,): the steps lie where the input's codes change."""

    @abstractmethod
    def rounded(self, y: np.ndarray, bits: int) -> np.ndarray:
        """y rounded to its own grid of b bits: all steps have the same height."""

    def both(self, x: np.ndarray, bits: int) -> np.ndarray:
        return self.rounded(self.of_codes(x, bits), bits)

    def steps(self, bits: int) -> dict[str, np.ndarray]:
        """What b bits make of the curve at `x`, float64 (P,) for each of WAYS."""
        x = self.x
        return {"input": self.of_codes(x, bits), "output": self.rounded(self.real(x), bits), "both": self.both(x, bits)}

    def l1(self, steps: np.ndarray) -> float:
        """The mean over all points of |steps - curve|."""
        return float(np.abs(steps - self.real(self.x)).mean())


class Elementwise(Curve):
    """A function of one number, such as GELU; its input's grid is symmetric or affine, as its range is."""

    def __init__(self, low: float, high: float, function: Callable[[np.ndarray], np.ndarray]):
        self.low, self.high, self.function = low, high, function

    def real(self, x: np.ndarray) -> np.ndarray:
        return self.function(x)

    def grid(self, bits: int) -> Grid:
        return fit_grid(self.x, bits, "symmetric" if self.low == -self.high else "affine")

    def of_codes(self, x: np.ndarray, bits: int) -> np.ndarray:
        return self.function(self.grid(bits).fake_quantize(x).astype(np.float64))

    def rounded(self, y: np.ndarray, bits: int) -> np.ndarray:
        return fit_grid(self.real(self.x), bits, "affine").fake_quantize(y).astype(np.float64)


class Probability(Curve):
    """The first probability of softmax(x, others), as its first logit x moves; all logits share one symmetric grid.

    With an integer method it is the method that answers `both`, from the same codes and with an output of its own.
    """

    low, high = -8.0, 8.0

    def __init__(self, others: np.ndarray, method: str = "exact"):
        self.others, self.method = np.asarray(others, np.float64), method

    def rows(self, x: np.ndarray) -> np.ndarray:
        """Logits float64 (P, N): x and then the others, which stay."""
        return np.column_stack([x, np.broadcast_to(self.others, (x.size, self.others.size))])

    def grid(self, bits: int) -> Grid:
        """The grid of all logits that can occur; it does not move with the point."""
        largest = max(self.high, float(np.abs(self.others).max()))
        return symmetric_grid(np.float32(largest), bits)

    def exact(self, z: np.ndarray) -> np.ndarray:
        """Probabilities float64 (P, N) of logits (P, N)."""
        return METHODS["exact"].real(z)

    def answer(self, z: np.ndarray, bits: int) -> np.ndarray:
        """Probabilities (P, N) of logits rounded to b bits: the integer method's, or exact ones, then rounded."""
        grid = self.grid(bits)
        if self.method == "exact":
            return self.rounded(self.exact(grid.fake_quantize(z).astype(np.float64)), bits)
        return make(self.method, float(grid.scale)).probabilities(grid.quantize(z))

    def real(self, x: np.ndarray) -> np.ndarray:
        return self.exact(self.rows(x))[:, 0]

    def of_codes(self, x: np.ndarray, bits: int) -> np.ndarray:
        return self.exact(self.grid(bits).fake_quantize(self.rows(x)).astype(np.float64))[:, 0]

    def rounded(self, y: np.ndarray, bits: int) -> np.ndarray:
        """On b bits from 0 to 1; with an integer method, on the lines that its output codes stand for."""
        if self.method == "exact":
            return affine_grid(np.float32(0), np.float32(1), bits).fake_quantize(y).astype(np.float64)
        return np.rint(y / self.unit(bits)) * self.unit(bits)

    def unit(self, bits: int) -> float:
        """The probability of one output code."""
        return 1 / ((1 << bits) - 1) if self.method == "exact" else make(self.method, float(self.grid(bits).scale)).unit

    def both(self, x: np.ndarray, bits: int) -> np.ndarray:
        return self.answer(self.rows(x), bits)[:, 0]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def gelu(x: np.ndarray) -> np.ndarray:
    """x · Φ(x) with the normal distribution's Φ (Hendrycks and Gimpel 2016)."""
    return x / 2 * (1 + np.array([math.erf(value / math.sqrt(2)) for value in x], np.float64))


ELEMENTWISE = {
    "exp": Elementwise(-8.0, 0.0, np.exp),
    "sigmoid": Elementwise(-8.0, 8.0, sigmoid),
    "tanh": Elementwise(-4.0, 4.0, np.tanh),
    "GELU": Elementwise(-4.0, 4.0, gelu),
    "SiLU": Elementwise(-8.0, 8.0, lambda x: x * sigmoid(x)),
}
