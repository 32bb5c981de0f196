"""AdaRound: learn for every weight of a layer whether it is rounded down or up (Nagel et al. 2020, section 3).

Nearest is best for a weight alone, not for their sum: where inputs go together, one error can undo another.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.clamps import CLAMPS, RELU, Clamp
from pyapp.core.ops import linear, linear_weight_gradient
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.core.watching import Watch, unwatched
from pyapp.quant.schemes import NOT_FINITE, Grid, QuantizedTensor

RECONSTRUCTIONS = ("symmetric", "asymmetric")  # of a layer's output on its quantised inputs, or the float32 network's
STEPS, BATCH, RATE = 1000, 32, 0.1  # the paper takes 10,000; at this rate 2,000 lower the digits' error by 6 % more
ZETA, GAMMA = 1.1, -0.1  # the sigmoid is stretched to these ends and cut at 0 and 1 (eq. 23), so that it gets there
WARM = 0.2  # part of the steps without regulariser, as the paper has it
STRENGTH = 10.0  # λ, of the regulariser's mean; the paper's 0.01 of its sum fits one scale of x, this fits all (below)
BETA = (20.0, 2.0)  # from one to the other: at first the regulariser only holds who is near 0 or 1 already


def adaround(w: np.ndarray, x: np.ndarray, grid: Grid, seed: int = 1, steps: int = STEPS,
             exact: np.ndarray | None = None, bias: np.ndarray | None = None, clamp: Clamp = CLAMPS[RELU],
             watch: Watch = unwatched) -> QuantizedTensor:
    """Codes floor(W/S) or one above, on the given grid, that keep the layer's output; W (O, I), X (N, I).

    Minimises ‖X Wᵀ - X Ŵᵀ‖² / E + λ mean(1 - |2h - 1|^β) over V, with Ŵ = S · clamp(floor(W/S) + h(V)), h the stretched
    sigmoid, which starts at the fraction of W/S; in the end h is rounded to 0 or 1. E is the same error of rounding to
    nearest: without it λ is too strong where x is small, and where x is large h stays undecided to the end.

    X is what the layer will really get: x̂, the output of the layers that are quantised already. The objective is
    symmetric: it ignores the error of those layers. With `exact` (N, I), the layer's inputs in the float
    network, it is asymmetric (eq. 25): ‖f(X_exact Wᵀ) - f(X Ŵᵀ)‖², where f adds `bias` (O,) and clamps, or does
    nothing if that is None; without `exact` neither is used. Mean accuracy of five seeds on MNIST's 10,000 test images,
    digits network with ReLU, one scale per channel, MSE ranges, symmetric and asymmetric: 2-bit weights with float32
    activations 95.6 and 97.1 %, 3-bit 98.8 and 98.9 %, W3A3 98.5 and 98.4 %, W4A4 98.9 % both. Only the first
    difference is larger than that between seeds. (`python -m pyapp evaluate mlp --method adaround` with
    `--reconstruction`, `--per channel`, `--clip mse` and `--seed` measures it.)

    An input that was always 0 (MNIST's borders) says nothing; its weights are rounded to nearest. The same seed gives
    the same codes on the same machine; between runtimes a few differ, because float32 sums steer a thousand steps.
    """
    _check(w, x)
    w, x = np.asarray(w, np.float32), np.asarray(x, np.float32)
    target = None if exact is None else Target.of(w, x, exact, bias, clamp)
    scale, zero_point = (np.broadcast_to(part, w.shape) for part in grid.spread(w.shape))
    floor = np.floor(w / scale)
    lowest, highest = grid.low - zero_point, grid.high - zero_point  # of code - zero_point
    up = np.rint(w / scale) - floor  # O, I
    live = x.any(axis=0)
    if not live.any():
        return QuantizedTensor(grid.quantize(w), grid)
    rounding = Rounding(*(part[:, live] for part in (w / scale - floor, scale, lowest - floor, highest - floor)))
    up[:, live] = rounding.learn(np.ascontiguousarray(x[:, live]), generator(seed, "adaround"), steps, target, watch)
    return QuantizedTensor((np.clip(floor + up, lowest, highest) + zero_point).astype(grid.dtype), grid)


def _check(w: np.ndarray, x: np.ndarray) -> None:
    if not len(x) or x.shape[1:] != w.shape[1:]:
        raise ValueError(f"AdaRound has inputs of shape {x.shape} for weights {w.shape}; give (N, {w.shape[1]}), "
                         "N from 1")
    if not (np.isfinite(w).all() and np.isfinite(x).all()):
        raise ValueError(NOT_FINITE)


@dataclass(frozen=True)
class Target:
    """The output that a layer should keep although its inputs are no longer the float32 network's; all (N, O)."""

    drift: np.ndarray  # (X - X_exact) Wᵀ: how far the layers before have moved the sums
    output: np.ndarray | None = None  # X_exact Wᵀ + b if an activation follows
    clamp: Clamp = CLAMPS[RELU]  # that activation

    @classmethod
    def of(cls, w: np.ndarray, x: np.ndarray, exact: np.ndarray, bias: np.ndarray | None = None,
           clamp: Clamp = CLAMPS[RELU]) -> "Target":
        """For weights (O, I), inputs x and the float32 network's `exact`, both (N, I). ValueError if these differ in
        shape."""
        exact = np.asarray(exact, np.float32)
        if exact.shape != x.shape:
            raise ValueError(f"AdaRound has inputs {x.shape} and {exact.shape} of the float32 network; give the same "
                             "examples to both")
        return cls(linear(x - exact, w), None if bias is None else linear(exact, w) + bias, clamp)

    def rows(self, rows: np.ndarray) -> "Target":
        """The target of some examples: a minibatch's."""
        return Target(self.drift[rows], None if self.output is None else self.output[rows], self.clamp)

    def error(self, y: np.ndarray) -> np.ndarray:
        """From y = X (Ŵ - W)ᵀ to the error of the layer's output, 0 where the activation leaves no gradient."""
        y = y + self.drift
        if self.output is None:
            return y
        lost = self.output - self.clamp(self.output)  # what the activation cut off in the float32 network
        return np.where(self.clamp.passes(self.output + y), y + lost, 0)


class Rounding:
    """The steps up, h in 0..1, of a matrix of weights (O, I), and how they are learned."""

    def __init__(self, fraction: np.ndarray, scale: np.ndarray, lowest: np.ndarray, highest: np.ndarray):
        self.fraction, self.scale = fraction, scale  # W/S - floor(W/S); h = fraction would be no error at all
        self.lowest, self.highest = lowest.astype(np.float32), highest.astype(np.float32)  # what the clamp leaves to h
        self.p = Parameters({"v": fraction.shape})
        self.v[:] = -np.log((ZETA - GAMMA) / (fraction - GAMMA) - 1)

    @property
    def v(self) -> np.ndarray:
        return self.p["v"]

    def learn(self, x: np.ndarray, rng: np.random.Generator, steps: int, target: Target | None = None,
              watch: Watch = unwatched) -> np.ndarray:
        """Which weights go up, bool (O, I), after `steps` minibatches of x (N, I)."""
        optimiser, unit = Adam(self.p, RATE), self.nearest_error(x)
        for step in range(steps):
            rows = rng.integers(0, len(x), BATCH, dtype=np.int64)
            part = (step / steps - WARM) / (1 - WARM)  # of the way, once warm
            beta = None if part < 0 else BETA[0] + part * (BETA[1] - BETA[0])
            self.backward(x[rows], unit, beta, target and target.rows(rows))
            optimiser.step(self.p)
            watch(step + 1, steps)
        return self.v >= 0

    def nearest_error(self, x: np.ndarray) -> float:
        """‖x (Ŵ - W)ᵀ‖² / N of rounding to nearest; 1 if that is exact already."""
        up = np.clip(np.rint(self.fraction), self.lowest, self.highest)
        y = linear(x, (up - self.fraction) * self.scale)  # N, O
        return float(np.sum(np.square(y, dtype=np.float64))) / len(x) or 1.0

    def forward(self) -> tuple[np.ndarray, np.ndarray]:
        """h(V) = clip((ζ - γ) sigmoid(V) + γ, 0, 1), and dh/dV."""
        sigmoid = 1 / (1 + np.exp(-self.v))
        h = (ZETA - GAMMA) * sigmoid + GAMMA
        slope = (ZETA - GAMMA) * sigmoid * (1 - sigmoid) * ((h > 0) & (h < 1))
        return np.clip(h, 0, 1), slope

    def backward(self, x: np.ndarray, unit: float, beta: float | None, target: Target | None = None) -> None:
        """Fill the gradient of ‖x (Ŵ - W)ᵀ‖² / (B unit) + λ mean(1 - |2h - 1|^β), x (B, I); no β, only the first.

        With a target the first term is the error that it gives to the same sums.
        """
        h, slope = self.forward()
        clamped = np.clip(h, self.lowest, self.highest)
        y = linear(x, (clamped - self.fraction) * self.scale)  # B, O
        if target is not None:
            y = target.error(y)
        dh = np.empty_like(h)
        linear_weight_gradient(x, y * np.float32(2 / (len(x) * unit)), out=dh)  # O, I
        dh *= self.scale * (clamped == h)
        if beta is not None:
            away = 2 * h - 1
            dh -= (STRENGTH / h.size * 2 * beta) * np.sign(away) * np.abs(away) ** (beta - 1)
        np.multiply(dh, slope, out=self.p.grad["v"])
