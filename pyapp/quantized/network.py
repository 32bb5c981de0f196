"""The digits network quantised after training: settings in, a network on integers out."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from pyapp.core.clamps import CLAMPS, IDENTITY
from pyapp.core.ops import linear
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, unwatched
from pyapp.nets.mlp import MLP
from pyapp.quant.adaround import adaround
from pyapp.quant.alone import ALONE
from pyapp.quant.bias_correction import corrected_bias
from pyapp.quant.calibrate import RowGrids, calibrate, fit_weight_grid
from pyapp.quant.gptq import gptq
from pyapp.quant.integer import IntegerLinear, IntegerNetwork, rounded_bias
from pyapp.quant.parameters import ROTATED, UNPREPARED, Encoded, QuantizedParameters, assemble, weight_names
from pyapp.quant.schemes import GRID, Grid, QuantizedTensor
from pyapp.quantized.settings import Settings

AT_ONCE = 256  # calibration inputs in a product: as many as a page can wait for
LOGITS_BITS = 8  # at least: fewer would make the scores of different digits equal
Rounded = Callable[[str, np.ndarray | None, np.ndarray], Encoded]  # weight name, x, x̂
# A layer's codes, by settings with the bits of it and of all layers before; and what GPTQ keeps of the layers' inputs.
Memo = dict[Hashable, Any]


@dataclass(frozen=True)
class QuantizedNetwork:
    """Quantised weights and, if activations are quantised too, their grids: "input", then one per layer by name.

    The grid of a hidden layer is that of its output after its activation; the last layer's is that of the logits.
    """

    weights: QuantizedParameters
    activations: dict[str, Grid | RowGrids] | None = None

    @property
    def on_grids(self) -> bool:
        """Whether all weights and activations lie on uniform grids known beforehand. With number formats, rotation,
        scales found at run time, or HQQ's zero points between codes, the network is only simulated."""
        return (all(isinstance(tensor, QuantizedTensor) for tensor in self.weights.tensors.values())
                and all(isinstance(grid, Grid) for grid in (self.activations or {}).values()))

    @cached_property
    def parameters(self) -> Parameters:
        """Dequantised weights, and biases as sums can add them: float, or rounded to S_x·S_w between two grids."""
        p = self.weights.parameters.copy()
        if not self.on_grids:
            return p
        inputs = (self.activations or {}).values()  # one more than layers where the logits have a grid
        for (name, tensor), grid in zip(self.weights.tensors.items(), inputs, strict=False):
            bias = name.replace(".weight", ".bias")
            p[bias][:] = rounded_bias(p[bias], tensor, grid)
        return p

    @property
    def nbytes(self) -> int:
        """Packed weights with their scales, float32 biases, and the activations' grids."""
        grids = (self.activations or {}).values()
        return self.weights.nbytes + sum(grid.nbytes for grid in grids)

    def simulated(self) -> "Simulated":
        """A model that computes with numbers that lie on the grids, and sums these in float64."""
        return Simulated(self)

    def integer(self, rounding: str = "single") -> IntegerNetwork:
        """This network in integer arithmetic; with rounding "float" its sums are requantised in float32.

        ValueError if activations are float or get their scales at run time, weights are in a number format, rotated
        or from HQQ, or int32 could overflow.
        """
        if any(isinstance(grid, RowGrids) for grid in (self.activations or {}).values()):
            raise ValueError("activations get their scales at run time, and integer arithmetic has multipliers made "
                             'beforehand; use another calibration, calibrate="minmax" for example')
        if not self.on_grids:
            raise ValueError("weights are in a number format or rotated, or have zero points between codes (HQQ), and "
                             "integer arithmetic needs uniform grids")
        if self.activations is None:
            raise ValueError("activations are float32; integer arithmetic needs their grids: give activations=BITS")
        p, grids = self.weights.parameters, list(self.activations.values())
        names = weight_names(p)
        biases = [p[name.replace(".weight", ".bias")] for name in names]
        clamps = [CLAMPS[p.activation]] * (len(names) - 1) + [IDENTITY]
        layers = [IntegerLinear.of(self.weights.tensors[name], bias, *ends, clamp, rounding)
                  for name, bias, ends, clamp in zip(names, biases, pairwise(grids), clamps, strict=True)]
        return IntegerNetwork(layers, grids[0])


class Simulated(MLP):
    """The network with every activation moved onto its grid; `forward(p, x)` is that of any model.

    Between grids it sums in float64: a number near the midpoint between two codes goes to the same one everywhere.
    """

    def __init__(self, network: QuantizedNetwork):
        names = weight_names(network.parameters)
        shapes = [network.parameters.shapes[name] for name in names]
        super().__init__((shapes[0][1], *(outputs for outputs, _ in shapes)))
        self.grids = list(network.activations.values()) if network.activations else None

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        if self.grids is None:
            return super().forward(p, x)
        f, x = CLAMPS[p.activation], self.grids[0].fake_quantize(x)
        for layer, grid in zip(self.linears, self.grids[1:], strict=True):
            y = layer.forward(p, x.astype(np.float64))
            x = grid.fake_quantize(y if layer is self.linears[-1] else f(y))
        return x


class OnIntegers:
    """An IntegerNetwork as a model: `forward(p, x)` ignores p, because the network has its own codes."""

    def __init__(self, network: IntegerNetwork):
        self.network = network

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        return self.network.logits(x)


def quantize_network(p: Parameters, settings: Settings, inputs: np.ndarray | None,
                     memo: Memo | None = None, watch: Watch = unwatched) -> QuantizedNetwork:
    """Quantise layer by layer on calibration inputs, float32 (N, 784), which may be None unless `settings.calibrated`.

    Each layer sees what the float32 network gives it (x) and what the layers that are quantised already give it (x̂).
    Ranges are those of x̂. GPTQ and AdaRound keep the layer's output on x̂, x̂ Wᵀ, so they do not make up for what the
    layers before have lost; bias correction does, for the mean, and AdaRound with `reconstruction="asymmetric"`, whose
    target is the float32 network's own output, x Wᵀ.

    If a `memo` is passed again with the same p and inputs, it spares the layers whose bits, and those of all layers
    before, are the same as in an earlier call. `watch` is told of the steps of AdaRound, which takes long. ValueError
    for method "qat", which is training, and if inputs are needed and missing.
    """
    *_, network = quantizing(p, settings, inputs, memo, watch)
    return network


def quantizing(p: Parameters, settings: Settings, inputs: np.ndarray | None, memo: Memo | None = None,
               watch: Watch = unwatched) -> Iterator[QuantizedNetwork | None]:
    """`quantize_network` in pieces, so that a page can do something else between them: None after each, then the
    network."""
    if settings.method == "qat":
        raise ValueError("method is 'qat'; it trains and is no method for after training: use python -m pyapp qat")
    names = weight_names(p)
    if inputs is None:
        if settings.calibrated:
            raise ValueError("these settings need calibration inputs, and there are none; give at least one image")
        inputs = np.zeros((1, p[names[0]].shape[1]), np.float32)  # flows through and decides nothing
    bits = dict(zip(names, settings.layer_bits(len(names)), strict=True))
    formats = dict(zip(names, settings.layer_formats(len(names)), strict=True))
    memo = {} if memo is None else memo
    p = prepared_network(p, settings, inputs)

    def remembered(name: str, x: np.ndarray | None, x_hat: np.ndarray) -> Encoded:
        before = len(names) if settings.prepare == "awq" else names.index(name) + 1  # AWQ scales by what comes after
        so_far = name, settings.at(tuple((bits if settings.format == GRID else formats).values())[:before])
        if so_far not in memo:
            memo[so_far] = rounded(name, x, x_hat)
        return memo[so_far]

    def rounded(name: str, x: np.ndarray | None, x_hat: np.ndarray) -> Encoded:
        if settings.prepare == ROTATED:
            from pyapp.quant.hadamard import Rotated, rotate
            return Rotated(coded(name, rotate(p[name]), None if x is None else rotate(x), rotate(x_hat)))
        return coded(name, p[name], x, x_hat)

    def coded(name: str, w: np.ndarray, x: np.ndarray | None, x_hat: np.ndarray) -> Encoded:
        if formats[name] != GRID or settings.method in ALONE:
            return settings.alone(name, names)(w)
        grid = fit_weight_grid(w, bits[name], settings.scheme, settings.per, settings.clip)
        if settings.method == "gptq":
            return gptq(w, x_hat, grid, memo=memo)
        exact = x if settings.reconstruction == "asymmetric" else None
        bias = None if name == names[-1] else p[name.replace(".weight", ".bias")]
        before = names.index(name)
        return adaround(w, x_hat, grid, settings.seed, exact=exact, bias=bias, clamp=CLAMPS[p.activation],
                        watch=lambda done, of: watch(before * of + done, len(names) * of))

    yield from _layer_by_layer(p, settings, inputs, remembered, {})


def prepared_network(p: Parameters, settings: Settings, inputs: np.ndarray | None) -> Parameters:
    """The float parameters that are quantised: p, or others of the same function (see pyapp.quantized.preparation)."""
    if settings.prepare == UNPREPARED:
        return p
    from pyapp.quantized.preparation import prepared
    names = weight_names(p)
    return prepared(MLP.of(p), p, settings.prepare, inputs,
                    lambda name, w: settings.alone(name, names)(w).dequantize())


def with_activations(network: QuantizedNetwork, bits: int, inputs: np.ndarray,
                     known: Mapping[str, Grid] | None = None) -> QuantizedNetwork:
    """`network` with activations of `bits` bits, from their full range on inputs; weights and `known` grids stay."""
    weights, settings = network.weights, Settings(activations=bits)
    *_, found = _layer_by_layer(weights.parameters, settings, inputs, lambda name, x, x_hat: weights.tensors[name],
                                known or {})
    return found


def _layer_by_layer(p: Parameters, settings: Settings, inputs: np.ndarray, rounded: Rounded,
                    known: Mapping[str, Grid]) -> Iterator[QuantizedNetwork | None]:
    if not len(inputs):
        raise ValueError("the calibration set is empty; give at least one image")
    names, values, tensors, activations = weight_names(p), p.copy(), {}, {}
    f = CLAMPS[p.activation]

    def exactly(x: np.ndarray, w: np.ndarray, bias: np.ndarray) -> Iterator[np.ndarray]:
        """Rows of x Wᵀ + b in float32; where activations get grids, summed in float64, so that the last bits of a
        range, which decide its scale and then every multiplier, do not depend on the order in which a machine adds."""
        if settings.activations is None:
            yield linear(x, w) + bias
            return
        w = w.astype(np.float64)
        for start in range(0, len(x), AT_ONCE):
            yield (linear(x[start: start + AT_ONCE].astype(np.float64), w) + bias).astype(np.float32)

    def on_grid(name: str, x: np.ndarray, least: int = 0) -> np.ndarray:
        if settings.activations is None:
            return x
        bits = max(settings.activations, least)
        if settings.prepare == ROTATED and not least:
            from pyapp.quant.hadamard import rotated_grid
            activations[name] = rotated_grid(x, settings.calibrate, bits)
        else:
            activations[name] = known.get(name) or calibrate(x, settings.calibrate, bits)
        return activations[name].fake_quantize(x)

    x_hat = on_grid("input", np.asarray(inputs, np.float32))
    compares = settings.bias_correction or settings.reconstruction == "asymmetric"  # else no one asks for x
    x = np.asarray(inputs, np.float32) if compares else None
    for name in names:
        layer = name.removesuffix(".weight")
        w, bias = p[name], f"{layer}.bias"
        tensors[name] = rounded(name, x, x_hat)
        w_hat = tensors[name].dequantize()
        if settings.bias_correction:
            values[bias][:] = corrected_bias(p[bias], w, w_hat, x, x_hat)
        yield None
        rows = []
        for part in exactly(x_hat, w_hat, values[bias]):
            rows.append(part)
            yield None
        x_hat = np.concatenate(rows)
        x_hat = on_grid(layer, x_hat, LOGITS_BITS) if name == names[-1] else on_grid(layer, f(x_hat))
        x = f(linear(x, w) + p[bias]) if compares else None
    yield QuantizedNetwork(assemble(values, tensors), activations or None)
