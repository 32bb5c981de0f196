"""I-BERT's softmax in three forms: as the public code has it, as the paper prints it, and with its ln 2 repaired.

e^x = 2^-z e^p with z whole periods of ln 2 and p in (-ln 2, 0]; e^p by a polynomial of second order. Codes q <= 0 are
differences to the row's maximum, x = S·q. Sources: Kim et al., ICML 2021, arXiv 2101.01321, sections 3.4 and 3.5 (the
paper), and IntSoftmax of the authors' code (kssteven418/I-BERT, transformers).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pyapp.quant.fixedpoint import Multiplier
from pyapp.softmax.integers import shift_half_even
from pyapp.softmax.method import Hardware, Softmax

PERIODS = 30  # the code's `const`: exponentials are scaled up by 2^30, and are 2^-30 of the largest at least
SIXTEEN = 2**15 - 1  # the largest code of the 16-bit step
OUTPUT_BITS = 8
# Below this the polynomial's integers pass 2^30, and no longer fit the products with a multiplier of 31 bits.
FINEST, COARSEST = 2.0**-14, 2.0**14  # above the coarsest all constants are at their guards anyway


@dataclass(frozen=True)
class Polynomial:
    """L(p) = a p² + b p + c, near e^p for p in (-ln2, 0], and what the source takes for ln 2."""

    a: float
    b: float
    c: float
    ln2: float

    def __call__(self, p: np.ndarray) -> np.ndarray:
        return (self.a * p + self.b) * p + self.c

    def softmax(self, z: np.ndarray) -> np.ndarray:
        """The softmax of z with 2^-k L(p) in place of each exponential, float64 (R, N)."""
        t = z - z.max(axis=1, keepdims=True)
        k = np.floor(-t / self.ln2)
        e = self(t + k * self.ln2) * 2.0**-k
        return e / e.sum(axis=1, keepdims=True)


CODE = Polynomial(0.35815147, 0.96963238, 1.0, 0.6931)
PAPER = Polynomial(0.3585, 2 * 0.3585 * 1.353, 0.3585 * 1.353**2 + 0.344, math.log(2))  # 0.3585 (p + 1.353)² + 0.344


def coarse_enough(scale: float) -> tuple[float, int]:
    """The scale after dropping as few bits of the logits as bring it to FINEST, and the number of bits dropped."""
    drop = max(0, math.ceil(math.log2(FINEST) - math.log2(scale)))
    return min(math.ldexp(scale, drop), COARSEST), drop


def drop_bits(q: np.ndarray, bits: int) -> np.ndarray:
    """q / 2^bits to the nearest, half up; differences of int32 are 0 from 34 bits on."""
    return q if bits == 0 else (q + (np.int64(1) << min(bits - 1, 40))) >> min(bits, 41)


class IBert(Softmax):
    """E = (((r + b) r + c) 2^30) >> z, then 16 bits, e = round(E / S16), then y = floor(e floor(2^32 / sum e) / 2^24).

    Integers of the constructor: period = -floor(-0.6931/S), b = floor((b/a)/S), c = floor((c/a)/S²), in float32 as the
    original makes them. The original learns S16 in training, as the largest E that it has seen over 2^15 - 1; give that
    as `act_scale`. By default S16 = E(0) / (2^15 - 1), as E(0) is the largest E there is and every row has it.
    """

    name = "ibert"
    title = "I-BERT (code)"
    source = "Kim et al., ICML 2021, arXiv 2101.01321; IntSoftmax of kssteven418/I-BERT and transformers"
    about = "e^x as a shift by whole periods of ln 2 and a parabola within one; 16 bits between, 8 bits out."
    breaks = ("A period is a whole number of codes: at a scale of 0.1, 7 for 6.93, and from 0.69 on 1, so that a code "
              "is a halving whatever it stands for. Above 1.67 the constant c becomes 0 and the original divides 0 "
              "by 0; here c is at least 1. Without the 16-bit step sums pass 2^32, and reciprocal and codes are 0. "
              "Rows with more than 2^17 maxima, or a step S16 that makes every exponential 0, give all 0, as in the "
              "original. Scales below 2^-14 lose bits of the logits first, as the products would pass 63 bits.")
    hardware = Hardware(
        multiplications="4, and 2 divisions: by the period, and one per row", table_bytes=0, passes=3,
        accumulator_bits=64, source="counted from the code of transformers, IntSoftmax and FixedPointMul")
    unit = 1 / 2**OUTPUT_BITS
    polynomial = CODE
    guarded_above = math.sqrt(CODE.c / CODE.a)  # from there on c is 0
    fraction: ClassVar[int] = 0  # bits of a code's fraction in the range reduction

    def __init__(self, scale: float, act_scale: float | None = None):
        super().__init__(scale)
        if act_scale is not None and not (np.isfinite(act_scale) and act_scale > 0):
            raise ValueError(f"the 16-bit step is {act_scale}; use a finite number above 0, or none for the default")
        coarse, self.drop = coarse_enough(self.scale)
        s, one = np.float32(coarse), np.float32(1)  # torch divides a number by a tensor as number · (1 / tensor)
        b, c = (np.float32(x / self.polynomial.a) for x in (self.polynomial.b, self.polynomial.c))
        self.b = np.int64(np.floor(one / s * b))
        self.c = np.int64(max(np.floor(one / (s * s) * c), one))
        self.period = self.period_of(s)
        self.spare = min(2 * self.fraction, 30 - int(self.c).bit_length())  # fraction bits of the parabola, in 30
        self.act_scale = float(act_scale or int(self.c) * 2**PERIODS / SIXTEEN)
        self.to_sixteen = Multiplier.of(np.float64(min(2.0**PERIODS / self.act_scale, 2.0**29)))

    def period_of(self, scale: np.float32) -> np.int64:
        """ln 2 in codes."""
        return -np.int64(np.floor(np.float32(1) / scale * np.float32(-self.polynomial.ln2)))

    def split(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whole periods z and the rest r in (-period, 0], q = r - z · period; from 30 periods on it is 30 and 0."""
        q = np.maximum(drop_bits(q, self.drop) << self.fraction, -PERIODS * self.period)
        z = -q // self.period
        return z, q + z * self.period

    def parabola(self, r: np.ndarray) -> np.ndarray:
        """(r + b) r + c: e^(S r) in units of a S² / 2^spare, int64, 0 to 2^30."""
        p = (r + (self.b << self.fraction)) * r + (self.c << 2 * self.fraction)
        return np.maximum(p >> (2 * self.fraction - self.spare), 0)

    def exp_int(self, q: np.ndarray) -> np.ndarray:
        """The original's exponential before its 16-bit step, in units of a S² / 2^30; int64."""
        z, r = self.split(q)
        return (self.parabola(r) << (PERIODS - self.spare)) >> z

    def sixteen_bits(self, q: np.ndarray) -> np.ndarray:
        """E / S16 to the nearest, half to even, 0 to 2^15 - 1: parabola · multiplier, and one shift for z and both."""
        z, r = self.split(q)
        product = self.parabola(r) * self.to_sixteen.m0.astype(np.int64)  # to 2^61
        shift = 31 + self.spare - self.to_sixteen.exponent.astype(np.int64) + z
        return np.minimum(shift_half_even(product, np.clip(shift, 1, 62)), SIXTEEN)

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = np.where(mask, self.sixteen_bits(below), 0)  # R, N
        factor = (1 << 32) // np.maximum(e.sum(axis=1, keepdims=True), 1)  # R, 1
        return (e * factor) >> (32 - OUTPUT_BITS)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        return cls.polynomial.softmax(z)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Every floor goes down: up to a code lost in each column, and what the reciprocal's floor loses."""
        if not self.sixteen_bits(np.zeros(1, np.int64)).all():
            return 0.0, 0.0
        return max(0.0, 1 - n / 2**OUTPUT_BITS - n * SIXTEEN / 2**32), 1.0


class IBertLn2(IBert):
    """I-BERT whose period and rest have 12 more bits: round(2^12 ln2 / S), and codes times 2^12.

    One line of the original, and half of its error on wide logits is gone.
    """

    name = "ibert-ln2"
    title = "I-BERT, 12-bit ln 2"
    source = "I-BERT as above; the repair is that of HanStaehlin/SoftMaxEvaluation, there called V2"
    about = "I-BERT with ln 2 / S kept to 12 fraction bits, so that the range reduction no longer drifts."
    breaks = ("Above a scale of 1.67 the constant c becomes 0 and the original divides 0 by 0; here c is at least 1. "
              "Long rows, large S16 and fine scales as for I-BERT.")
    hardware = Hardware(
        multiplications="4, and 2 divisions: by the period, and one per row", table_bytes=0, passes=3,
        accumulator_bits=64, source="counted from the code of transformers, IntSoftmax and FixedPointMul, and here")
    fraction = 12

    def period_of(self, scale: np.float32) -> np.int64:
        return np.int64(max(round(math.log(2) / float(scale) * 2**self.fraction), 1))


class IBertPaper(Softmax):
    """E = ((p + b)² + c) >> z, y = floor(256 E / sum E): the algorithms as they are printed, nothing scaled up.

    period = floor(ln2 / S), b = floor(1.353 / S), c = floor((0.344 / 0.3585) / S²). How many bits E has follows from S:
    few, on a coarse grid, and the shift by z takes of them. The paper writes q_exp / sum q_exp and leaves the output's
    bits open; 8, rounded down, as the code does.
    """

    name = "ibert-paper"
    title = "I-BERT (paper)"
    source = "Kim et al., ICML 2021, arXiv 2101.01321, algorithms 1 to 3"
    about = "The printed algorithm with its rounded constants: 32-bit integers, and a shift to the right for 2^-z."
    breaks = ("Above a scale of 0.69 the period is 0 and the original divides by 0; here it is at least 1. Above 1.35 "
              "the largest exponential is 0, and so is the sum; here it is at least 1. Scales below 2^-14 lose bits "
              "of the logits first, as the parabola would pass 32 bits.")
    hardware = Hardware(
        multiplications="2, and 2 divisions: by the period, and by the sum", table_bytes=0, passes=3,
        accumulator_bits=32, source="arXiv 2101.01321, algorithms 1 to 3; counted for int8 logits and scales from 0.01")
    unit = 1 / 2**OUTPUT_BITS
    polynomial = PAPER
    guarded_above = PAPER.ln2  # from there on the period is 0

    def __init__(self, scale: float):
        super().__init__(scale)
        s, self.drop = coarse_enough(self.scale)
        self.period = np.int64(max(math.log(2) / s, 1))
        self.b = np.int64(1.353 / s)
        self.c = np.int64(0.344 / (0.3585 * s * s))

    def split(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whole periods z and the rest p in (-period, 0]."""
        q = drop_bits(q, self.drop)
        z = -q // self.period
        return z, q + z * self.period

    def parabola(self, p: np.ndarray) -> np.ndarray:
        """(p + b)² + c: e^(S p) in units of a S², int64, at least 1."""
        return np.maximum((p + self.b) ** 2 + self.c, 1)

    def exp_int(self, q: np.ndarray) -> np.ndarray:
        z, p = self.split(q)
        return self.parabola(p) >> np.minimum(z, 62)

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = np.where(mask, self.exp_int(below), 0)
        return (e << OUTPUT_BITS) // np.maximum(e.sum(axis=1, keepdims=True), 1)

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        return cls.polynomial.softmax(z)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Up to a code lost in each column."""
        return max(0.0, 1 - n / 2**OUTPUT_BITS), 1.0
