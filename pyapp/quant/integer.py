"""A network in integer arithmetic: codes in, codes out, and with fixed-point rounding no float between them.

A layer keeps what a chip would keep: codes, zero points, int32 biases, multipliers and shifts. All of it is made from
the real scales once, by `IntegerLinear.of`, which also proves that no accumulator can overflow. With the rounding
"float" only the products and their sums are integers: each sum is multiplied by a float32, as ONNX Runtime does it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pyapp.core.clamps import IDENTITY, Clamp
from pyapp.core.engine import accelerated
from pyapp.quant.fixedpoint import INT32, Multiplier, float_multiplier, nearest, requantize_double, shift_down
from pyapp.quant.matmul import check_int32, clamp, product
from pyapp.quant.schemes import Grid, QuantizedTensor

ROUNDINGS = ("single", "double", "float")  # how an accumulator is requantised; see fixedpoint.py
ARITHMETIC = {  # what then runs between the input's codes and the logits' codes
    "single": "integer", "double": "integer", "float": "integer products with float32 requantisation",
}


@dataclass(frozen=True)
class IntegerLinear:
    """y = f(x Wᵀ + b) from codes to codes, f an activation that clamps; O outputs, I inputs, G groups of inputs (G = 1
    unless per group)."""

    weight: np.ndarray  # codes (O, I) of the type that they have in the tensor: 8 bits where they fit
    weight_zero: np.ndarray  # int32 (O or 1, G)
    offset: np.ndarray  # int32 (O, G): bias - z_x Σ w + I·z_x·z_w, all that is known beforehand
    scale: Multiplier | np.ndarray  # M = S_x·S_w / S_y, (O or 1, G); float32 when rounding is "float"
    input: Grid
    output: Grid
    size: int  # inputs in a group
    lowest: int  # output codes are clamped to lowest..highest: with ReLU lowest is the zero point, real 0
    highest: int
    rounding: str

    @classmethod
    def of(cls, weight: QuantizedTensor, bias: np.ndarray, input: Grid, output: Grid, clamp: Clamp = IDENTITY,
           rounding: str = "single") -> "IntegerLinear":
        """The layer of quantised weights and a float bias (O,) between two per-tensor grids.

        Rounding keeps order, so clamping codes between those of the clamp's ends gives the codes of clamped numbers.
        The bias gets int32 codes of scale S_x·S_w and zero point 0 (per group: in the group of the row's largest
        scale). ValueError if int32 could overflow, or if the scales are so far apart that no multiplier fits.
        """
        _check(weight, bias, input, output, rounding)
        codes = weight.codes.astype(np.int32)
        size = min(weight.grid.per.size or codes.shape[1], codes.shape[1])
        scales, zeros = (_by_group(values, len(codes)) for values in (weight.scale, weight.zero_point))
        real = _sum_scales(weight, input)
        biases = _bias_codes(bias, real)  # O, G
        spread = np.repeat(zeros, size, axis=1)[:, : codes.shape[1]]
        zero = int(input.zero_point)
        check_int32(codes, spread, input.low, input.high, zero, biases.sum(axis=1))
        starts = np.arange(0, codes.shape[1], size, dtype=np.intp)
        centred = np.add.reduceat(codes - spread, starts, axis=1, dtype=np.int32)  # Σ (w - z_w), (O, G)
        if rounding == "float":
            scale = float_multiplier(input.scale, scales, output.scale)
        else:
            scale = Multiplier.of(real / float(output.scale), axis=1)
        lowest, highest = (int(output.quantize(np.float32(end))) if np.isfinite(end) else beyond
                           for end, beyond in ((clamp.low, output.low), (clamp.high, output.high)))
        return cls(np.ascontiguousarray(weight.codes), zeros, biases - np.int32(zero) * centred, scale, input, output,
                   size, lowest, highest, rounding)

    def forward(self, codes: np.ndarray) -> np.ndarray:
        """Codes of the output (B, O) for codes of the input (B, I)."""
        return integer_layer(self, codes)

    def _accumulators(self, codes: np.ndarray) -> Iterator[np.ndarray]:
        """Σ (x - z_x)(w - z_w) + bias over the inputs of each group, int32 (B, O)."""
        for g in range(self.offset.shape[1]):
            part = slice(g * self.size, (g + 1) * self.size)
            x, zero = codes[:, part], self.weight_zero[:, g]
            acc = product(x, self.weight[:, part]) + self.offset[:, g]
            yield acc - zero * x.sum(axis=1, dtype=np.int32, keepdims=True) if zero.any() else acc

    def _requantize(self, accumulators: Iterator[np.ndarray]) -> np.ndarray:
        """Σ acc·M over the groups, rounded to int32 once ("double", which has one group only: twice)."""
        if self.rounding == "double":
            return requantize_double(next(accumulators), self._only(0))
        if self.rounding == "float":
            return nearest(sum(acc.astype(np.float32) * self.scale[:, g] for g, acc in enumerate(accumulators)))
        m0 = self.scale.m0.astype(np.int64)
        total = sum(acc.astype(np.int64) * m0[:, g] for g, acc in enumerate(accumulators))
        return shift_down(total, self.scale.exponent[:, 0])

    def _only(self, group: int) -> Multiplier:
        return Multiplier(self.scale.m0[:, group], self.scale.exponent[:, group])


@accelerated
def integer_layer(layer: IntegerLinear, codes: np.ndarray) -> np.ndarray:
    """`IntegerLinear.forward`, as a function that may have a kernel."""
    total = layer._requantize(layer._accumulators(codes))
    return clamp(total, layer.output.zero_point, layer.lowest, layer.highest).astype(layer.output.dtype)


@dataclass(frozen=True)
class IntegerNetwork:
    """Integer layers, one after the other. `logits` quantises float inputs and dequantises at the end; in between
    `arithmetic` says what runs."""

    layers: Sequence[IntegerLinear]
    input: Grid

    def __post_init__(self):
        if not self.layers:
            raise ValueError("an integer network needs at least one layer")
        grids = [self.input, *(layer.output for layer in self.layers[:-1])]
        for i, (layer, grid) in enumerate(zip(self.layers, grids, strict=True)):
            if not _same(layer.input, grid):
                raise ValueError(f"layer {i + 1} expects codes of another grid than the one before it gives")

    @property
    def arithmetic(self) -> str:
        """ "integer" if every layer requantises in fixed point, otherwise where floats come in."""
        return next((ARITHMETIC[layer.rounding] for layer in self.layers if layer.rounding == "float"), "integer")

    def forward(self, codes: np.ndarray) -> np.ndarray:
        """Codes of the logits (B, O) for codes of the input (B, I). ValueError if these are not of the input's grid."""
        if codes.dtype != self.input.dtype or codes.ndim != 2 or codes.shape[1] != self.layers[0].weight.shape[1]:
            raise ValueError(f"input codes are {codes.dtype} {codes.shape}; expected {self.input.dtype} "
                             f"(B, {self.layers[0].weight.shape[1]})")
        ends = np.iinfo(codes.dtype)
        all_fit = (self.input.low, self.input.high) == (ends.min, ends.max)  # whatever they are
        if codes.size and not all_fit and (codes.min() < self.input.low or codes.max() > self.input.high):
            raise ValueError(f"input codes go from {codes.min()} to {codes.max()}; the input's grid has "
                             f"{self.input.low} to {self.input.high}")
        for layer in self.layers:
            codes = layer.forward(codes)
        return codes

    def logits(self, x: np.ndarray) -> np.ndarray:
        """float32 logits for float32 inputs: quantise, forward, dequantise."""
        return self.layers[-1].output.dequantize(self.forward(self.input.quantize(x)))


def _check(weight: QuantizedTensor, bias: np.ndarray, input: Grid, output: Grid, rounding: str) -> None:
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding is {rounding!r}; use {', '.join(ROUNDINGS)}")
    if rounding == "double" and weight.grid.per.kind == "group":
        raise ValueError("rounding is 'double', TensorFlow Lite's rule for one sum per row, which cannot sum groups; "
                         "use single or float")
    if weight.grid.per.axis is not None:
        raise ValueError(f"weights are quantised along axis {weight.grid.per.axis}; an integer layer takes channels of "
                         "axis 0 or groups of the last axis; leave out axis")
    if input.per.kind != "tensor" or output.per.kind != "tensor":
        raise ValueError(f"activations are quantised per {input.per} and {output.per}; an integer layer takes them "
                         "per tensor")
    if weight.codes.ndim != 2 or np.shape(bias) != weight.codes.shape[:1]:
        raise ValueError(f"weights have shape {weight.codes.shape} and the bias {np.shape(bias)}; expected (O, I) and "
                         "(O,)")


def _by_group(values: np.ndarray, outputs: int) -> np.ndarray:
    """One value per scale as (1, 1) per tensor, (O, 1) per channel, (O, G) per group."""
    return values.reshape(outputs if values.ndim else 1, -1)


def _sum_scales(weight: QuantizedTensor, input: Grid) -> np.ndarray:
    """S_x·S_w, what one step of an accumulator stands for, float64 (O or 1, G)."""
    return float(input.scale) * _by_group(weight.scale, len(weight.codes)).astype(np.float64)


def rounded_bias(bias: np.ndarray, weight: QuantizedTensor, input: Grid) -> np.ndarray:
    """The float32 numbers (O,) that the bias' integer codes stand for."""
    steps, scale = bias_steps(bias, weight, input)
    return (steps * scale).astype(np.float32)


def bias_steps(bias: np.ndarray, weight: QuantizedTensor, input: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The bias' integer codes (O,), as float64 because int32 may not hold them, and a step's size, (O,) or (1,)."""
    real = _sum_scales(weight, input)
    return _nearest_steps(bias, real), real.max(axis=1)


def _nearest_steps(bias: np.ndarray, real: np.ndarray) -> np.ndarray:
    """round(bias / S), S the row's largest scale, float64 (O,)."""
    return np.rint(np.asarray(bias, np.float64) / real.max(axis=1))


def _bias_codes(bias: np.ndarray, real: np.ndarray) -> np.ndarray:
    """round(bias / S) as int32 (O, G), in the column of the row's largest scale S; 0 in the others."""
    remedy = 'use per="tensor"' if len(real) > 1 else "and all rows share that scale: check the weights"
    real = np.broadcast_to(real, (len(bias), real.shape[1]))
    column = real.argmax(axis=1)[:, None]
    codes = _nearest_steps(bias, real)
    if not (np.abs(codes) <= INT32.max).all():
        row = int(np.argmax(~(np.abs(codes) <= INT32.max)))
        raise ValueError(f"the bias of row {row}, {float(bias[row]):g}, does not fit into int32 at the row's scale; "
                         f"its weights are too small beside it, {remedy}")
    placed = np.zeros(real.shape, np.int32)
    np.put_along_axis(placed, column, codes[:, None].astype(np.int32), axis=1)
    return placed


def _same(a: Grid, b: Grid) -> bool:
    return (a.low, a.high, float(a.scale), int(a.zero_point)) == (b.low, b.high, float(b.scale), int(b.zero_point))
