"""The teacher draws, in arithmetic that gives the same pixels in every runtime, in float or quantised.

Weights are whole codes with a scale, and what flows between the layers is rounded to a fixed grid. Then every product
and every sum is a whole number below 2⁵³, which float64 holds exactly, in whatever order a library adds.
"""

from collections.abc import Sequence

import numpy as np

from pyapp.core.layers import Linear, ReLU
from pyapp.core.ops import linear
from pyapp.core.parameters import Parameters
from pyapp.digitgen import exact, mini, mulberry
from pyapp.digitgen.mini import Drawn, one_hot
from pyapp.digitgen.teacher import CLASSES, LATENTS, STYLES, Router, decoder, hands
from pyapp.quant.parameters import float_nbytes, quantize_parameters, weight_names
from pyapp.quant.schemes import Granularity, QuantizedTensor

FLOW = np.float64(2**14)  # what flows between layers is a multiple of 2^-14
FINE = np.float64(2**16)  # so are the float32 network's weights, of 2^-16; test_painter.py bounds what that changes
WHOLE = 2.0**53  # float64 holds all whole numbers up to here
PER = "channel"  # weights that share a scale: those of one output


def to_grid(x: np.ndarray) -> np.ndarray:
    """The nearest multiple of 2⁻¹⁴, as a whole number of them; halves upwards."""
    return np.floor(x * FLOW + 0.5)


class Exact:
    """One dense layer: y = s · (q x) + b with whole q and x, float64."""

    def __init__(self, weight: np.ndarray | QuantizedTensor, bias: np.ndarray):
        if isinstance(weight, QuantizedTensor):
            self.codes = weight.codes.astype(np.float64)
            self.scale = weight.scale.astype(np.float64)  # symmetric: the zero point is 0
        else:
            self.codes = np.floor(weight.astype(np.float64) * FINE + 0.5)
            self.scale = np.float64(1.0) / FINE
        self.bias = bias.astype(np.float64)
        self._reach = float(np.abs(self.codes).sum(axis=1).max())

    def __call__(self, flow: np.ndarray) -> np.ndarray:
        """From whole numbers of the grid (B, I) to real numbers (B, O)."""
        if self._reach * float(np.abs(flow).max(initial=0.0)) >= WHOLE:
            raise ValueError("the sums of this layer could pass 2^53 and would no longer be exact; its weights are "
                             "too large: train with weight decay, or use fewer bits")
        return linear(flow, self.codes) * self.scale / FLOW + self.bias


class Painter:
    """The teacher's router and decoder with weights of `bits`, or in float where that is None."""

    def __init__(self, p: Parameters, bits: int | None = None):
        made = None if bits is None else quantize_parameters(p, bits, "symmetric", Granularity.parse(PER))
        self.nbytes = made.nbytes if made else float_nbytes(p)
        self.numbers = p.vector.size
        tensors = made.tensors if made else {name: p[name] for name in weight_names(p)}

        def exactly(layer: Linear) -> Exact:
            return Exact(tensors[layer.weight], p[layer.bias])

        router = Router()
        self._straight, self._bend = exactly(router.straight), _chain(router.bend.layers, exactly)
        self._hands, self._decoder = exactly(hands()), _chain(decoder().layers, exactly)

    def coefficients(self, u: np.ndarray, temperature: float = mini.USUAL) -> np.ndarray:
        """softmax(r(u) / T), float64 (B, 10)."""
        flow = to_grid(u)
        return exact.softmax(self._straight(flow) + _run(self._bend, flow), temperature)

    def paint(self, shares: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Pictures uint8 (B, 784) from coefficients (B, 10) and style noise (B, 16)."""
        hands_of_all = self._hands(to_grid(style)).reshape(len(style), CLASSES, STYLES)
        written = exact.add((shares[:, :, None] * hands_of_all).swapaxes(1, 2))  # B, S
        logits = _run(self._decoder, to_grid(np.concatenate([shares, written], axis=1)))
        small = exact.exp(-np.abs(to_grid(logits) / FLOW))
        ink = np.where(logits >= 0, 1.0, small) / (1.0 + small)
        return np.floor(255.0 * ink + 0.5).astype(np.uint8)

    def draw(self, u: np.ndarray, style: np.ndarray, temperature: float = mini.USUAL,
             digit: int | None = None) -> Drawn:
        """The pictures of the latents, or of the `digit` that is asked for, written in this style."""
        shares = self.coefficients(u, temperature) if digit is None else one_hot(digit, len(u))
        return Drawn(self.paint(shares, style), shares)


def styles(seeds: np.ndarray) -> np.ndarray:
    """Style noise of each seed, the numbers of its Mulberry32 that follow the latents: float64 (B, 16)."""
    return mulberry.bell(seeds, STYLES, LATENTS)


def _chain(layers: Sequence, exactly) -> list:
    return [exactly(layer) if isinstance(layer, Linear) else layer for layer in layers]


def _run(chain: list, flow: np.ndarray) -> np.ndarray:
    """Run layers from whole numbers to real numbers, with ReLU and the grid between them."""
    for layer in chain[:-1]:
        flow = np.maximum(flow, 0.0) if isinstance(layer, ReLU) else to_grid(layer(flow))
    return chain[-1](flow)
