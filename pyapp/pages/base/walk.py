"""A quantised matrix product at every step of its way, from float matrices to output codes.

Shapes: a (B, I), w (O, I), all that belongs to an output element (B, O).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyapp.core.ops import linear
from pyapp.quant.error import TensorErrors, compare
from pyapp.quant.fixedpoint import (
    INT32,
    Multiplier,
    float_multiplier,
    requantize_double,
    requantize_float,
    requantize_single,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.matmul import Terms, check_int32, clamp, matmul_terms, qlinear_matmul
from pyapp.quant.schemes import Grid, QuantizedTensor, fit_grid

TERMS = ("product", "a_correction", "w_correction", "constant")  # in the order of `Terms`
NEIGHBOURS = 2**16  # accumulators on either side of the chosen one that are looked through for differences
SHOWN = 4  # differences that are listed


@dataclass(frozen=True)
class Walk:
    """Two float matrices, their quantised forms, and everything that is computed from them."""

    a: np.ndarray  # float32
    w: np.ndarray  # float32
    qa: QuantizedTensor  # per tensor
    qw: QuantizedTensor  # per tensor or per channel
    y_bits: int

    @cached_property
    def y(self) -> np.ndarray:
        """The float product, summed in float64 so that it is the same in every runtime."""
        return linear(self.a.astype(np.float64), self.w.astype(np.float64)).astype(np.float32)

    @cached_property
    def y_grid(self) -> Grid:
        """The affine grid that just holds the float product."""
        return fit_grid(self.y, self.y_bits, "affine")

    @cached_property
    def terms(self) -> Terms:
        """The product of the codes and its three corrections, each int32 (B, O)."""
        found = matmul_terms(self.qa.codes, self.qw.codes, self.qa.zero_point, self.qw.zero_point)
        return Terms(*(np.broadcast_to(term, self.y.shape) for term in found))

    @cached_property
    def after(self) -> dict[str, np.ndarray]:
        """The accumulator after each term has been added, int32."""
        sums = np.cumsum(np.stack(self.terms), axis=0, dtype=np.int32)
        return dict(zip(TERMS, sums, strict=True))

    @property
    def acc(self) -> np.ndarray:
        """The corrected accumulator, int32."""
        return self.after["constant"]

    @cached_property
    def w_zero(self) -> np.ndarray:
        """The zero point of each output's weights, int32 (O,)."""
        return np.broadcast_to(self.qw.zero_point, len(self.w))

    @cached_property
    def unit(self) -> np.ndarray:
        """S_a·S_w: what one unit of the accumulator is worth, float64 (O,)."""
        return np.broadcast_to(float(self.qa.scale) * self.qw.scale.astype(np.float64), len(self.w))

    @property
    def real(self) -> np.ndarray:
        """The real numbers that the accumulators stand for, float64."""
        return self.acc * self.unit

    @cached_property
    def ratio(self) -> np.ndarray:
        """M = S_a·S_w / S_y, float64 (O,)."""
        return self.unit / float(self.y_grid.scale)

    @cached_property
    def multiplier(self) -> Multiplier:
        """M in fixed point."""
        return Multiplier.of(self.ratio)

    @cached_property
    def float_ratio(self) -> np.ndarray:
        """M in float32, as ONNX Runtime multiplies it, (O,)."""
        return np.broadcast_to(float_multiplier(self.qa.scale, self.qw.scale, self.y_grid.scale), len(self.w))

    @cached_property
    def codes(self) -> dict[str, np.ndarray]:
        """Output codes by each rule of rounding, int32."""
        grid = self.y_grid
        return {name: clamp(self.requantize(name, self.acc), grid.zero_point, grid.low, grid.high).astype(np.int32)
                for name in ROUNDINGS}

    def requantize(self, rounding: str, acc: np.ndarray, outputs: slice | int = slice(None)) -> np.ndarray:
        """acc·M for these outputs, int32, before zero point and clamp."""
        if rounding == "float":
            return requantize_float(acc, self.float_ratio[outputs])
        rule = requantize_single if rounding == "single" else requantize_double
        return rule(acc, Multiplier(self.multiplier.m0[outputs], self.multiplier.exponent[outputs]))

    def final(self, rounding: str) -> np.ndarray:
        """The real numbers that the output codes stand for, float32."""
        return self.y_grid.dequantize(self.codes[rounding])

    def errors(self, rounding: str) -> dict[str, TensorErrors]:
        """Errors against the float product, of the accumulators' real numbers and of the output codes."""
        return {"real": compare(self.y, self.real), "final": compare(self.y, self.final(rounding))}

    def check(self) -> dict[str, Any]:
        """The accumulator against Σ (a - z_a)(w - z_w) computed another way, centred first and in int64; and the codes
        by float rounding against QLinearMatMul."""
        a = self.qa.codes.astype(np.int64) - int(self.qa.zero_point)
        w = self.qw.codes.astype(np.int64) - self.w_zero.astype(np.int64)[:, None]
        equal = int((np.einsum("bi,oi->bo", a, w) == self.acc).sum())
        onnx = qlinear_matmul(self.qa.codes, self.qa.grid, self.qw.codes, self.qw.grid, self.y_grid)
        return {"equal": equal, "elements": self.acc.size, "exact": equal == self.acc.size,
                "onnx": bool((onnx == self.codes["float"]).all())}

    def bound(self) -> dict[str, Any]:
        """How large sums can become with any codes on these grids, beside the end of int32. ValueError if beyond."""
        a, w, end = self.qa.grid, self.qw.grid, int(INT32.max)
        check_int32(self.qw.codes, w.zero_point, a.low, a.high, int(a.zero_point))
        inner = self.a.shape[1]
        raw, centred = reach(a, 0) * reach(w, 0), reach(a, a.zero_point) * reach(w, w.zero_point)
        return {"inner": inner, "raw": inner * raw, "centred": inner * centred, "int32": end,
                "a_reach": reach(a, 0), "w_reach": reach(w, 0), "share": inner * max(raw, centred) / end,
                "safe_inner": end // max(raw, centred)}

    def differences(self) -> dict[str, int]:
        """In how many elements two rules of rounding give different codes."""
        pairs = (("single", "double"), ("single", "float"), ("double", "float"))
        return {f"{one}_{other}": int((self.codes[one] != self.codes[other]).sum()) for one, other in pairs}

    def nearby(self, row: int, column: int) -> dict[str, Any]:
        """Accumulators around this element's that the rules of rounding send to different whole numbers."""
        centre = int(self.acc[row, column])
        around = np.arange(centre - NEIGHBOURS, centre + NEIGHBOURS + 1, dtype=np.int32)
        found = {name: self.requantize(name, around, column) for name in ROUNDINGS}
        apart = {name: found["single"] != found[name] for name in ("double", "float")}
        where = np.flatnonzero(apart["double"] | apart["float"])
        nearest = sorted(where[np.argsort(np.abs(where - NEIGHBOURS), kind="stable")][:SHOWN].tolist())
        examples = [{"acc": int(around[i]), "exact": int(around[i]) * float(self.ratio[column]),
                     **{name: int(found[name][i]) for name in ROUNDINGS}} for i in nearest]
        return {"looked": around.size, "first": int(around[0]), "last": int(around[-1]), "examples": examples,
                **{f"single_{name}": int(there.sum()) for name, there in apart.items()}}

    def cell(self, row: int, column: int, rounding: str) -> dict[str, Any]:
        """Everything that goes into one element of the output, as plain numbers."""
        whole = int(self.requantize(rounding, self.acc[row : row + 1, column], column)[0])
        code, zero = int(self.codes[rounding][row, column]), int(self.y_grid.zero_point)
        return {
            "inputs": self._inputs(row, column), "y": float(self.y[row, column]),
            "a_zero": int(self.qa.zero_point), "w_zero": int(self.w_zero[column]),
            "a_sum": int(self.qa.codes[row].sum(dtype=np.int32)),
            "w_sum": int(self.qw.codes[column].sum(dtype=np.int32)),
            "terms": {name: int(term[row, column]) for name, term in zip(TERMS, self.terms, strict=True)},
            "after": {name: int(sums[row, column]) for name, sums in self.after.items()},
            "unit": float(self.unit[column]), "real": float(self.real[row, column]),
            "error": float(self.real[row, column] - self.y[row, column]),
            **self._fixed(int(self.acc[row, column]), column), "whole": whole, "y_zero": zero, "sum": whole + zero,
            "code": code, "clamped": whole + zero != code, "final": float(self.final(rounding)[row, column]),
            "final_error": float(self.final(rounding)[row, column] - self.y[row, column]),
        }

    def _inputs(self, row: int, column: int) -> list[dict[str, Any]]:
        """The I products of one sum, both of real numbers and of codes."""
        a, w = self.qa.codes[row].tolist(), self.qw.codes[column].tolist()
        return [{"a": float(x), "w": float(v), "product": float(x) * float(v), "a_code": a[k], "w_code": w[k],
                 "code_product": a[k] * w[k]}
                for k, (x, v) in enumerate(zip(self.a[row], self.w[column], strict=True))]

    def _fixed(self, acc: int, column: int) -> dict[str, Any]:
        """The multiplier of one output, and the two roundings of the double rule."""
        m0, exponent = self.multiplier.m0[column], int(self.multiplier.exponent[column])
        shifted = np.int32(min(max(acc << max(exponent, 0), INT32.min), INT32.max))
        high = saturating_rounding_doubling_high_mul(shifted, m0)
        right = np.int32(max(-exponent, 0))
        return {"ratio": float(self.ratio[column]), "m0": int(m0), "exponent": exponent, "shift": 31 - exponent,
                "exact": acc * float(self.ratio[column]), "high": int(high), "right": int(right),
                "halved": int(rounding_divide_by_power_of_two(high, right))}


def reach(grid: Grid, zero_point: np.ndarray | int) -> int:
    """The largest |q - zero_point| of any code on a grid."""
    return int(np.maximum(grid.high - np.asarray(zero_point), np.asarray(zero_point) - grid.low).max())
