"""What a transformer is made of besides dense layers, in integers: codes in, codes out, constants made once.

Every operation has a `kind`, the name that a trace shows. Shapes: B sequences of T tokens are R = B·T rows of C
columns; H heads of D columns each; S tokens that can be attended to.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pyapp.quant.fixedpoint import INT32, Multiplier, requantize_single, shift_down
from pyapp.quant.integer import IntegerLinear
from pyapp.quant.matmul import clamp, products
from pyapp.quant.schemes import Grid, QuantizedTensor
from pyapp.quantized.attention_softmax import chunks
from pyapp.softmax.igelu import IGelu
from pyapp.softmax.ilayernorm import ILayerNorm
from pyapp.softmax.integers import divide_half_even
from pyapp.softmax.method import Softmax
from pyapp.softmax.shift import UNSIGNED, Shift

BIAS_BITS, GAIN_BITS = 61, 12  # beside a product below 2^61, a sum is within what shift_down takes; least for gamma


@dataclass(frozen=True)
class Dense:
    """A dense layer as `IntegerLinear`, named for the trace."""

    kind: ClassVar[str] = "linear"
    layer: IntegerLinear

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Codes (R, O) on the output's grid for codes (R, I) on the input's."""
        return self.layer.forward(codes)


@dataclass(frozen=True)
class Rows:
    """Rows of a quantised table, moved from the table's own scale onto the residual stream's grid."""

    kind: ClassVar[str] = "embedding"
    codes: np.ndarray  # (N, C)
    scale: Multiplier  # (N, 1) or (1, 1)
    output: Grid

    @classmethod
    def of(cls, table: QuantizedTensor, output: Grid) -> "Rows":
        real = np.broadcast_to(table.scale.reshape(-1, 1).astype(np.float64), (len(table.codes), 1))
        return cls(table.codes, Multiplier.of(real / float(output.scale)), output)

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """Codes (R, C) of the rows with these numbers, int64 (R,)."""
        rows, m0, exponent = (np.take(each, numbers, axis=0) for each in (self.codes, *vars(self.scale).values()))
        return _onto(requantize_single(rows, Multiplier(m0, exponent)), self.output)


@dataclass(frozen=True)
class Add:
    """Two rows of codes on one grid added, saturated at the grid's ends."""

    kind: ClassVar[str] = "residual add"
    output: Grid

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _onto(a.astype(np.int32) + b.astype(np.int32), self.output)


@dataclass(frozen=True)
class Norm:
    """gamma (x - mean) / sigma + beta from the stream's codes, whatever their scale, to codes of a dense layer's input.

    I-BERT's integer LayerNorm gives x̂ in steps of sqrt(C)/2^30; one fixed-point multiplication for each channel brings
    gamma · x̂ onto the output's grid, beta being added before the only rounding. I-BERT itself divides beta by gamma,
    which no channel with gamma = 0 survives. There is no epsilon; a constant row gives beta.
    """

    kind: ClassVar[str] = "LayerNorm"
    norm: ILayerNorm
    sign: np.ndarray  # int32 (C,), of gamma: a multiplier has none
    scale: Multiplier  # |gamma| sqrt(C) / 2^30 / S_y, (C,)
    bias: np.ndarray  # int64 (C,): beta in steps of the product before it is shifted down
    output: Grid

    @classmethod
    def of(cls, gamma: np.ndarray, beta: np.ndarray, output: Grid) -> "Norm":
        """All channels share an exponent, chosen so that products and beta's steps together stay within 62 bits.

        ValueError if beta is so large beside gamma that this leaves gamma fewer than 12 bits.
        """
        gamma, beta = np.asarray(gamma, np.float64), np.asarray(beta, np.float64)
        norm = ILayerNorm(np.ones_like(gamma), np.zeros_like(beta))
        real, steps = np.abs(gamma) * norm.unit / float(output.scale), beta / float(output.scale)
        full = int(np.frexp(real.max())[1])  # with this exponent the largest gain has all of 31 bits
        exponent = max(full, int(np.frexp(np.abs(steps).max())[1]) + 31 - BIAS_BITS)
        if exponent - full > 31 - GAIN_BITS and real.any():
            raise ValueError(f"a LayerNorm's beta of {np.abs(beta).max():g} is too large beside its gamma of "
                             f"{np.abs(gamma).max():g} for one fixed-point step; train it further or scale it down")
        m0 = np.minimum(np.rint(np.ldexp(real, 31 - exponent)), INT32.max).astype(np.int32)
        scale = Multiplier(m0, np.full(m0.shape, exponent, np.int32))
        bias = np.rint(np.ldexp(steps, 31 - exponent))
        return cls(norm, np.sign(gamma).astype(np.int32), scale, bias.astype(np.int64), output)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        product = (self.norm(codes) * self.sign) * self.scale.m0.astype(np.int64)
        return _onto(shift_down(product + self.bias, self.scale.exponent), self.output)


@dataclass(frozen=True)
class GELU:
    """I-BERT's GELU between two grids.

    The polynomial of erf loses as many bits as its product with the largest code needs to fit int32: the 14 that I-BERT
    drops, for accumulators, leave nothing of 8-bit inputs, and dropping none overflows with 16-bit ones.
    """

    kind: ClassVar[str] = "GELU"
    gelu: IGelu
    scale: Multiplier
    output: Grid

    @classmethod
    def of(cls, input: Grid, output: Grid) -> "GELU":
        shift = 0
        while input.high * (2 * abs(int(IGelu(float(input.scale), shift).one)) + 4) > INT32.max:
            shift += 1
        gelu = IGelu(float(input.scale), shift)
        return cls(gelu, Multiplier.of(np.float64(-gelu.unit) / np.float64(output.scale)), output)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        return _onto(requantize_single(-self.gelu(codes), self.scale), self.output)  # its unit is negative


@dataclass(frozen=True)
class Scores:
    """q kᵀ of each head, int32: (B, H, T, D) and (B, H, S, D) to (B, H, T, S)."""

    kind: ClassVar[str] = "matmul"

    def __call__(self, q: np.ndarray, k: np.ndarray) -> np.ndarray:
        return products(q, k)


@dataclass(frozen=True)
class ShiftedScores:
    """Scores' accumulators, less what the shift's rule subtracts from each row, on the grid of the softmax's input."""

    kind: ClassVar[str] = "shift, requantise"
    rule: str
    mean: np.int32  # of all scores in accumulator steps, for the rule that subtracts it
    scale: Multiplier
    low: int
    high: int

    @classmethod
    def of(cls, shift: Shift, step: float) -> "ShiftedScores":
        """`step` is the real number of one step of the accumulators, S_q S_k / sqrt(D)."""
        return cls(shift.rule, np.int32(np.rint(shift.mean / step)),
                   Multiplier.of(np.float64(step / shift.scale)), shift.low, shift.high)

    def __call__(self, acc: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Codes int32 (R, S) of accumulators int32 (R, S), the lowest one where the mask (R, S) is False."""
        codes = np.clip(requantize_single(acc - self._offset(acc, mask), self.scale), self.low, self.high)
        return np.where(mask, codes, np.int32(self.low))

    def _offset(self, acc: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if self.rule == "none":
            return np.int32(0)
        if self.rule == "tensor-mean":
            return self.mean
        if self.rule == "row-mean":
            total = np.where(mask, acc, np.int32(0)).sum(axis=1, keepdims=True, dtype=np.int64)
            return divide_half_even(total, mask.sum(axis=1, keepdims=True, dtype=np.int64)).astype(np.int32)
        highest = np.where(mask, acc, np.int32(INT32.min)).max(axis=1, keepdims=True)
        if self.rule in UNSIGNED:
            return highest
        return highest + np.where(mask, acc, np.int32(INT32.max)).min(axis=1, keepdims=True) >> 1


@dataclass(frozen=True)
class Probabilities:
    """An integer softmax: codes int32 (R, S) to codes of probabilities, int32 (R, S)."""

    kind: ClassVar[str] = "softmax"
    method: Softmax

    def __call__(self, codes: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if type(codes) is not np.ndarray:  # watched, in one piece
            return self.method(codes, mask)
        p = np.empty(codes.shape, np.int32)
        for rows in chunks(*codes.shape):
            p[rows] = self.method(codes[rows], mask[rows])
        return p


@dataclass(frozen=True)
class Weighted:
    """P v on the softmax's own codes, requantised: (B, H, T, S) and (B, H, S, D) to codes (B, H, T, D)."""

    kind: ClassVar[str] = "matmul, requantise"
    scale: Multiplier
    output: Grid

    @classmethod
    def of(cls, unit: float, values: Grid, output: Grid) -> "Weighted":
        return cls(Multiplier.of(np.float64(unit) * np.float64(values.scale) / np.float64(output.scale)), output)

    def __call__(self, p: np.ndarray, v: np.ndarray) -> np.ndarray:
        return _onto(requantize_single(products(p, v.swapaxes(2, 3)), self.scale), self.output)


def check_attention(rule: str, method: Softmax, grids: tuple[Grid, Grid, Grid], depth: int, longest: int) -> None:
    """Prove that int32 holds the sums of both products of activations, whatever queries, keys and values on these
    `grids` come: scores of `depth` D terms, from which a shift may subtract one as large, and values weighted by the
    codes of up to `longest` S probabilities. ValueError if not.
    """
    q, k, v = (grid.high for grid in grids)
    scores = depth * q * k * (1 if rule == "none" else 2)
    values = int(np.ceil(method.row_sums(longest)[1] / method.unit)) * v
    for what, most in (("attention scores, less their shift,", scores), ("weighted values", values)):
        if most > INT32.max:
            raise ValueError(f"{what} can come to {most:,} with activations of {grids[0].bits} bits, and int32 ends at "
                             f"{INT32.max:,}; use fewer bits for activations")


def _onto(steps: np.ndarray, grid: Grid) -> np.ndarray:
    """Whole steps of a grid's scale as its codes, saturated at its ends."""
    return clamp(steps, grid.zero_point, grid.low, grid.high).astype(grid.dtype)
