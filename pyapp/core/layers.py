"""Layers, each with its backward pass beside its forward pass.

A layer owns shapes and the activations that its backward pass needs; the numbers are in `Parameters`, passed in.
Shapes: B batch, I inputs, O outputs.
"""

import numpy as np

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.ops import linear, linear_input_gradient, linear_weight_gradient
from pyapp.core.parameters import Parameters


class Linear:
    """A dense layer, `y = x Wᵀ + b`, with W (outputs, inputs), and if asked the ReLU after it."""

    def __init__(self, name: str, inputs: int, outputs: int):
        self.weight, self.bias = f"{name}.weight", f"{name}.bias"
        self.shapes = {self.weight: (outputs, inputs), self.bias: (outputs,)}

    def initialise(self, p: Parameters, rng: np.random.Generator) -> None:
        """He initialisation: W ~ N(0, 2/I), b = 0, which keeps the variance through ReLU (He et al. 2015, eq. 10)."""
        _, inputs = p[self.weight].shape
        p[self.weight][:] = rng.standard_normal(p[self.weight].shape) * np.sqrt(2.0 / inputs)
        p[self.bias][:] = 0.0

    def forward(self, p: Parameters, x: np.ndarray, relu: bool = False) -> np.ndarray:
        self.x = x  # B, I
        return linear(x, p[self.weight], p[self.bias], relu)  # B, O

    def backward(self, p: Parameters, dy: np.ndarray, input_gradient: bool = True,
                 after_relu: bool = False) -> np.ndarray | None:
        """dW = dyᵀ x, db = Σ_B dy, dx = dy W; the first layer of a network needs no dx. If x came out of a ReLU, dx is
        the gradient before it: 0 where x is 0."""
        linear_weight_gradient(self.x, dy, p.grad[self.weight], p.grad[self.bias])  # O, I and O
        if not input_gradient:
            return None
        return linear_input_gradient(dy, p[self.weight], self.x if after_relu else None)  # B, I


class ReLU:
    """`y = max(x, 0)`; the gradient passes where x > 0."""

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        self.y = CLAMPS[RELU](x)
        return self.y

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        return CLAMPS[RELU].gradient(dy, self.y)
