"""Ways to multiply matrices of 8-bit codes, beside float32: what the page about speed lets race.

Layout as in core.ops: inputs (M, K), weights (N, K), the product x Wᵀ is (M, N). Weights are known beforehand, so each
contestant may prepare them once; inputs are new every time. The operands are those of the benchmark: inputs as after a
ReLU, at least 0, whose codes are uint8 with the zero point 0, and int8 weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pyapp.core.ops import linear
from pyapp.core.rng import generator
from pyapp.quant.matmul import FLOAT32_EXACT, matmul_integer, matmul_integer_to_float, row_sums
from pyapp.quant.schemes import QuantizedTensor, quantize

BITS = 8
LARGEST = 255  # the largest code of an input
ROUNDING = 2.0**-24  # u: the relative error of one float32 operation is at most this


@dataclass(frozen=True)
class Contestant:
    """One way to compute the product. `run(x, w)` gets w as `prepare` left it."""

    name: str
    title: str
    doc: str  # what it does, in a sentence or two
    integer: bool  # it multiplies codes; otherwise the float32 numbers
    run: Callable[[np.ndarray, Any], np.ndarray]
    prepare: Callable[[np.ndarray], Any] = np.ascontiguousarray  # its result tells its `nbytes`
    scaled: Callable[[np.ndarray, Any, np.float32], np.ndarray] | None = None  # the sums times a scale, if in one go

    def to_float(self, codes: np.ndarray, w: Any, scale: np.float32) -> np.ndarray:
        """What the sums stand for, float32."""
        return self.scaled(codes, w, scale) if self.scaled else self.run(codes, w).astype(np.float32) * scale


def obvious_matmul(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The obvious code, which is wrong: NumPy's result and every sum on the way have the smallest type that holds both
    operands, int16 for uint8 and int8."""
    return a @ w.T


def widened_matmul(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """`obvious_matmul` with sums in int32: NumPy then casts both matrices piece by piece."""
    return np.matmul(a, w.T, dtype=np.int32)


def int32_matmul(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Codes cast to int32, those of the weights beforehand."""
    return a.astype(np.int32) @ w.T


def einsum(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The product by einsum, whose loop runs along the long axis of both matrices."""
    return np.einsum("mk,nk->mn", a.astype(np.int32), w)


def carried(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Codes carried in float32 through the float product: exact while every sum is a whole number up to 2^24."""
    return linear(a.astype(np.float32), w)


class Summed(NamedTuple):
    """Weights as the pages keep them: codes (N, K), and for the inputs' zero point the sum of each row (N,)."""

    codes: np.ndarray
    sums: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.sums.nbytes


def as_pages(a: np.ndarray, w: Summed) -> np.ndarray:
    """The integer product that the pages compute with, and the benchmark times."""
    return matmul_integer(a, w.codes, 0, 0, w.sums)


def as_pages_scaled(a: np.ndarray, w: Summed, scale: np.float32) -> np.ndarray:
    """The same, scaled back to float32 in the same call."""
    return matmul_integer_to_float(a, w.codes, scale, 0, w.sums)


def as_type(dtype: type) -> Callable[[np.ndarray], np.ndarray]:
    """A function that prepares weights by a cast to this type."""
    return lambda w: np.ascontiguousarray(w, dtype)


FLOAT32 = Contestant(
    "float32", "float32", "The float32 product that every page here uses: in the browser a SIMD kernel, outside BLAS",
    False, linear)
CONTESTANTS = (  # what can be written down soonest comes first
    FLOAT32,
    Contestant("obvious", "uint8 @ int8", "The obvious code. Its sums are int16, and wrap around",
               True, obvious_matmul),
    Contestant("widened", "uint8 @ int8, dtype=int32", "NumPy is asked for sums in int32, and casts piece by piece",
               True, widened_matmul),
    Contestant("int32", "int32 @ int32", "The codes are cast to int32, those of the weights beforehand",
               True, int32_matmul, as_type(np.int32)),
    Contestant("einsum", "int32, einsum", "Another of NumPy's loops, along the long axis of both",
               True, einsum, as_type(np.int32)),
    Contestant("carried", "int8 carried in float32", "The codes go through the float32 product as whole numbers",
               True, carried, as_type(np.float32)),
    Contestant("product", "int8, as the pages compute",
               "The integer product that every page here uses: in the browser a SIMD kernel, outside exact products of "
               "floats", True, as_pages, lambda w: Summed(w, row_sums(w)), as_pages_scaled),
    Contestant("numpy", "float32, NumPy alone", "What NumPy does with float32 where there is no kernel",
               False, linear.__wrapped__),
)


@dataclass(frozen=True)
class Operands:
    """Two random float32 matrices and their codes, per tensor: uint8 with zero point 0 for x, int8 for w."""

    x: np.ndarray  # float32 (M, K)
    w: np.ndarray  # float32 (N, K)
    a: QuantizedTensor  # of x
    b: QuantizedTensor  # of w

    @classmethod
    def draw(cls, m: int, k: int, n: int, seed: int) -> "Operands":
        """Inputs from 0 to 1, and normally distributed weights. The same seed gives the same ones in every runtime."""
        rng = generator(seed, f"arena {m}x{k}x{n}")
        x, w = rng.random((m, k), np.float32), rng.standard_normal((n, k), np.float32) / np.float32(k**0.5)
        return cls(x, w, quantize(x, BITS, "affine"), quantize(w, BITS))

    @property
    def scale(self) -> np.float32:
        """What a sum of products of codes stands for, divided by the sum: both scales multiplied."""
        return np.float32(self.a.grid.scale * self.b.grid.scale)

    def of(self, contestant: Contestant) -> tuple[np.ndarray, Any]:
        """The contestant's input and its prepared weights."""
        x, w = (self.a.codes, self.b.codes) if contestant.integer else (self.x, self.w)
        return x, contestant.prepare(w)


def exact_bound(operands: Operands) -> tuple[int, int]:
    """The largest sum that any input codes can reach with these weights, 255 max Σ|w|, on the way too, and the largest
    whole number up to which float32 surely holds all."""
    return LARGEST * int(np.abs(operands.b.codes.astype(np.int64)).sum(axis=1).max()), FLOAT32_EXACT


def truth(operands: Operands, rows: slice, integer: bool) -> np.ndarray:
    """These rows of the product, for checking: in int64 for codes, in float64 for floats."""
    x, w = (operands.a.codes, operands.b.codes) if integer else (operands.x, operands.w)
    wide = np.int64 if integer else np.float64
    return np.einsum("mk,nk->mn", x[rows].astype(wide), w.astype(wide))


def wrong(operands: Operands, result: np.ndarray, expected: np.ndarray, integer: bool) -> np.ndarray:
    """Where a result is wrong, bool (M, N). Integers have to be equal.

    Floats may differ by K·u·‖x‖‖w‖, which holds for any order of summing (Higham, Accuracy and Stability of Numerical
    Algorithms, 2nd ed., section 3.1: |error| <= γ_K |x|·|w|, and Cauchy-Schwarz).
    """
    if integer:
        return result != expected
    k = operands.x.shape[1]
    lengths = [np.sqrt(np.square(each, dtype=np.float64).sum(axis=1)) for each in (operands.x, operands.w)]
    gamma = k * ROUNDING / (1 - k * ROUNDING)
    return ~(np.abs(result - expected) <= gamma * np.outer(*lengths))


def error(operands: Operands, result: np.ndarray, real: np.ndarray, integer: bool) -> float:
    """How far a product is from that of the unquantised numbers, float64 (M, N): the largest difference, relative to
    the largest element. Sums of codes are first multiplied by both scales."""
    scale = float(operands.scale) if integer else 1.0
    return float(np.abs(result.astype(np.float64) * scale - real).max() / np.abs(real).max())
