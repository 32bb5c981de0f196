"""Quantisation-aware training: the digits network learns with the codes that it will have as integers.

Every product is one of codes (whole numbers kept as float32), and scales are applied to its sums, not to its factors:
(q_x q_wᵀ) S_x S_w. That spares passes over the weights, and while the sums stay below 2^24 they are exact in any order
of addition: the forward pass gives the same numbers in every runtime. From the logits on, loss and gradients are
computed in float64 and rounded once, into the parameters' gradients. So training, too, goes the same way everywhere:
with float32 sums, a last bit would turn a code near the middle of two from time to time.

Shapes: B batch, I inputs, O outputs.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pyapp.core.clamps import CLAMPS
from pyapp.core.ops import linear, linear_input_gradient, linear_weight_gradient
from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP, SIZES
from pyapp.quant.parameters import Encoded, assemble
from pyapp.quant.quantizers import Fixed, Float, InFormat, LargestWeight, Learned, MovingRange
from pyapp.quant.schemes import GRID, NOT_FINITE, Granularity, Grid
from pyapp.quantized.network import QuantizedNetwork

ESTIMATORS = ("ste", "lsq")
Bits = int | None  # None leaves the numbers float


class QATLinear:
    """A dense layer, `y = x̂ Ŵᵀ + b`, that is given x̂ as codes and a scale and makes Ŵ's codes itself."""

    def __init__(self, name: str, inputs: int, outputs: int, bits: Bits, per: Granularity, estimator: str,
                 form: str = GRID):
        self.weight, self.bias = f"{name}.weight", f"{name}.bias"
        self.quantizer, self.sums = Float(), np.float32
        if form != GRID:  # whose numbers are not whole: float32 sums would depend on their order
            self.quantizer, self.sums = InFormat(form), np.float64
        elif bits is not None and estimator == "ste":
            self.quantizer = LargestWeight(bits, per)
        elif bits is not None:
            self.quantizer = Learned(f"{self.weight}_scale", bits, True, (outputs, inputs), per)
        self.shapes = {self.weight: (outputs, inputs), self.bias: (outputs,), **self.quantizer.shapes}

    def forward(self, p: Parameters, x: np.ndarray, x_scale: np.ndarray) -> np.ndarray:
        self.x, self.x_scale = x, x_scale  # B, I
        self.w, w_scale = self.quantizer.forward(p, p[self.weight])  # O, I
        self.w_scale = w_scale.reshape(-1)  # 1 or O
        y = linear(x, self.w) if self.sums == np.float32 else linear(x.astype(self.sums), self.w.astype(self.sums))
        y *= x_scale * self.w_scale  # B, O
        y += p[self.bias]
        return y.astype(x.dtype, copy=False)

    def backward(self, p: Parameters, dy: np.ndarray, input_gradient: bool = True) -> np.ndarray | None:
        """dŴ = dyᵀ x̂, then through the quantiser; db = Σ_B dy; dx̂ = dy Ŵ."""
        dw = np.empty(self.w.shape, np.float64)  # O, I
        linear_weight_gradient(self.x.astype(np.float64), dy * self.x_scale, out=dw)
        p.grad[self.weight][...] = self.quantizer.backward(p, dw)
        p.grad[self.bias][...] = dy.sum(axis=0)
        return linear_input_gradient(dy * self.w_scale, self.w.astype(np.float64)) if input_gradient else None  # B, I


class QATActivation:
    """The network's activation function, which gives no negative numbers (ReLU, ReLU6), on a grid of unsigned codes."""

    def __init__(self, name: str, features: int, bits: Bits, estimator: str):
        scale = f"{name}.activation_scale"
        self.quantizer = Float()
        if bits is not None:
            self.quantizer = (MovingRange(scale, bits) if estimator == "ste"
                              else Learned(scale, bits, False, (features,)))
        self.shapes = self.quantizer.shapes

    def forward(self, p: Parameters, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.y = CLAMPS[p.activation](x)
        return self.quantizer.forward(p, self.y)

    def backward(self, p: Parameters, dy: np.ndarray) -> np.ndarray:
        return CLAMPS[p.activation].gradient(self.quantizer.backward(p, dy), self.y)


class QATMLP:
    """The digits network with fake-quantised weights and activations; a model for `Trainer` like the float one.

    `bits` of the weights is one number or one per layer; pixels and hidden activations have `activations` bits; logits
    stay float. The parameters are those of the float32 network and, learned or averaged, the scales:
    layer1.weight_scale, layer1.activation_scale, ... Estimators: "ste" takes weight scales from the largest weight and
    activation scales from a moving maximum; "lsq" learns both. With a number format, `form`, the weights have its
    scales in place of `bits` and `per`.
    """

    def __init__(self, sizes: Sequence[int] = SIZES, bits: Bits | Sequence[Bits] = 4, activations: Bits = 4,
                 per: str | Granularity = "tensor", estimator: str = "lsq", form: str = GRID):
        if estimator not in ESTIMATORS:
            raise ValueError(f"estimator is {estimator!r}; use {' or '.join(ESTIMATORS)}")
        pairs, per = list(pairwise(sizes)), Granularity.parse(per)
        each = list(bits) if isinstance(bits, Sequence) else [bits] * len(pairs)
        if len(each) != len(pairs):
            raise ValueError(f"bits are {each}; give one number, or one for each of {len(pairs)} layers")
        self.sizes, names = tuple(sizes), [f"layer{i + 1}" for i in range(len(pairs))]
        self.pixels = Float() if activations is None else Fixed(activations)
        self.linears = [QATLinear(name, *pair, b, per, estimator, form)
                        for name, pair, b in zip(names, pairs, each, strict=True)]
        self.functions = [QATActivation(name, outputs, activations, estimator)
                          for name, (_, outputs) in zip(names[:-1], pairs[:-1], strict=True)]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: shape for layer in (*self.linears, *self.functions) for name, shape in layer.shapes.items()}

    def initial(self, seed: int, x: np.ndarray) -> Parameters:
        """Random weights from a seed, as for the float32 network, with scales set from inputs x, float32 (N, 784)."""
        return self.start(MLP(self.sizes).initial(seed), x)

    def start(self, trained: Parameters, x: np.ndarray) -> Parameters:
        """A trained float32 network's weights and biases, with scales set layer by layer by inputs float32 (N, 784).
        ValueError for an activation that gives negative numbers, too."""
        p = Parameters(self.shapes, trained.vector.dtype, _unsigned(trained.activation))
        for name in trained:
            p[name][...] = trained[name]
        codes, scale = self.pixels.forward(p, x)
        for linear_, function in zip(self.linears, [*self.functions, None], strict=True):
            linear_.quantizer.start(p, p[linear_.weight])
            y = linear_.forward(p, codes, scale)
            if function:
                function.quantizer.start(p, CLAMPS[p.activation](y))
                codes, scale = function.forward(p, y)
        return p

    def take(self, network: QuantizedNetwork) -> Parameters:
        """The parameters that give this "lsq" network the codes of a quantised network, so that training can continue.
        ValueError if its grids are not those of quantisation-aware training."""
        given = network.weights.parameters
        p = Parameters(self.shapes, activation=_unsigned(given.activation))
        for name in given:
            p[name][...] = given[name]
        for linear_ in self.linears:
            p[linear_.quantizer.name][...] = network.weights.tensors[linear_.weight].scale
        for linear_, function in zip(self.linears, self.functions, strict=False):
            if network.activations:
                p[function.quantizer.name][...] = network.activations[linear_.weight.removesuffix(".weight")].scale
        grids = [(grid, network.activations[name]) for name, grid in (self.activations(p) or {}).items()]
        codes = [(tensor.codes, network.weights.tensors[name].codes) for name, tensor in self.weights(p).items()]
        if (any(not np.array_equal(ours, theirs) for ours, theirs in codes)
                or any((ours.bits, ours.low, float(ours.scale)) != (theirs.bits, theirs.low, float(theirs.scale))
                       or theirs.zero_point.any() for ours, theirs in grids)):
            raise ValueError("its grids are not those of quantisation-aware training")
        return p

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """Logits, float64 (B, 10), for images float32 (B, 784) with values 0 to 1."""
        codes, scale = self.pixels.forward(p, x)
        for linear_, function in zip(self.linears, self.functions, strict=False):
            codes, scale = function.forward(p, linear_.forward(p, codes, scale))
        return self.linears[-1].forward(p, codes, scale).astype(np.float64)

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits of the last forward pass, and move the averages of "ste"."""
        dy = dlogits
        for linear_, function in zip(self.linears[:0:-1], reversed(self.functions), strict=True):
            dy = function.backward(p, linear_.backward(p, dy))
        self.linears[0].backward(p, dy, input_gradient=False)

    def weights(self, p: Parameters) -> dict[str, Encoded]:
        """The codes that the forward pass computes with, by name; layers with float32 weights are left out."""
        found = ((layer.weight, layer.quantizer.tensor(p, p[layer.weight])) for layer in self.linears)
        return {name: tensor for name, tensor in found if tensor is not None}

    def activations(self, p: Parameters) -> dict[str, Grid] | None:
        """The grids of pixels and hidden activations: "input", "layer1", ...; None if they are float."""
        if not isinstance(self.pixels, Fixed):
            return None
        hidden = {layer.weight.removesuffix(".weight"): function.quantizer.grid(p)
                  for layer, function in zip(self.linears, self.functions, strict=False)}
        return {"input": self.pixels.grid(p), **hidden}

    def plain(self, p: Parameters) -> Parameters:
        """The float32 weights and biases alone, without scales. ValueError for NaN and infinity."""
        if not np.isfinite(p.vector).all():
            raise ValueError(NOT_FINITE)
        found = Parameters(MLP(self.sizes).shapes, activation=p.activation)
        for name in found:
            found[name][...] = p[name]
        return found

    def to_network(self, p: Parameters) -> QuantizedNetwork:
        """The network with exactly the codes that were trained; the grid of the logits is left to calibration."""
        return QuantizedNetwork(assemble(self.plain(p), self.weights(p)), self.activations(p))


def _unsigned(activation: str) -> str:
    """The activation. ValueError if its grid would need signed codes."""
    if CLAMPS[activation].low < 0:
        raise ValueError(f"the network's activation is {activation}, which gives negative numbers too, and "
                         "quantisation-aware training has unsigned codes between the layers; train a network with "
                         f"{' or '.join(name for name, clamp in CLAMPS.items() if clamp.low == 0)}, or quantise this "
                         "one after training")
    return activation
