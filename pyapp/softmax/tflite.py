"""TensorFlow Lite's int8 softmax, bit for bit: gemmlowp's exponential and reciprocal in fixed point.

Qm.n is an int32 with m integer and n fraction bits beside its sign. Nothing here is a table: e^x is a polynomial on
[-1/4, 0) times up to seven constants, and 1/x three Newton steps.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.losses import softmax
from pyapp.quant.fixedpoint import (
    INT32,
    Multiplier,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)
from pyapp.softmax.integers import bit_length
from pyapp.softmax.method import Hardware, Softmax

INPUT_FRACTION = 26  # the exponent is Q5.26
SUM_SHIFT = np.int32(12)  # the sum of exponentials is Q12.19
EXP_EIGHTH = 1895147668  # e^(-1/8) in Q0.31: the polynomial is a Taylor series around -1/8
THIRD = np.int32(715827883)  # 1/3 in Q0.31
POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # e^(-2^k), k = -2 to 4, in Q0.31
LINE = np.int32(1515870810), np.int32(-1010580540)  # 48/17 and -32/17 in Q2.29: Newton starts on this line


@dataclass(frozen=True)
class Rescaling:
    """How a difference of codes becomes Q5.26: times multiplier · 2^(left_shift - 31). Below diff_min e^x is 0.

    The names are those of TFLite's SoftmaxParams.
    """

    multiplier: np.ndarray  # int32
    left_shift: int
    diff_min: int

    @classmethod
    def of(cls, scale: float) -> "Rescaling":
        """PreprocessSoftmaxScaling and CalculateInputRadius (kernels/internal/quantization_util.cc), beta 1.

        TFLite stops at scales of 2^-26 and less; here left_shift is then negative, down to 2^-57, where the difference
        of any two int32 is less than a step of Q5.26.
        """
        real = float(np.clip(scale * 2.0**INPUT_FRACTION, 2.0**-31, 2.0**31 - 1))
        half = Multiplier.of(np.float64(real / 2))  # 2^31 - 1 has exponent 31, one more than a Multiplier can hold
        left_shift = int(half.exponent) + 1
        return cls(half.m0, left_shift, -int(31 * 2.0 ** (INPUT_FRACTION - left_shift)))

    def __call__(self, below: np.ndarray) -> np.ndarray:
        """Differences of codes, int64, as Q5.26 int32; less than diff_min, or than the lowest int32, counts as that."""
        left, right = max(self.left_shift, 0), np.int32(max(-self.left_shift, 0))
        shifted = np.maximum(below, max(self.diff_min, INT32.min)) << left
        return rounding_divide_by_power_of_two(saturating_rounding_doubling_high_mul(shifted, self.multiplier), right)


def exp_on_negative_values(a: np.ndarray) -> np.ndarray:
    """e^a of a <= 0 in Q5.26, as Q0.31; int32, 2^31 - 1 stands for 1.

    a is split into [-1/4, 0), for which the series around -1/8 has four terms, and whole multiples of 1/4, each bit of
    which is one factor. gemmlowp, fixedpoint/fixedpoint.h.
    """
    times = saturating_rounding_doubling_high_mul
    quarter = np.int32(1 << (INPUT_FRACTION - 2))
    fraction = (a & (quarter - 1)) - quarter  # -1/4 to 0, Q5.26
    x = (fraction << np.int32(5)) + np.int32(1 << 28)  # less -1/8, Q0.31
    x2 = times(x, x)
    x3, x4 = times(x2, x), times(x2, x2)
    tail = times(rounding_divide_by_power_of_two(x4, np.int32(2)) + x3, THIRD) + x2  # (x^4/4 + x^3)/3 + x^2
    series = x + rounding_divide_by_power_of_two(tail, np.int32(1))
    result = np.int32(EXP_EIGHTH) + times(np.int32(EXP_EIGHTH), series)
    quarters = (fraction - a) >> np.int32(INPUT_FRACTION - 2)
    for k, power in enumerate(POWERS):
        result = np.where((quarters >> np.int32(k)) & np.int32(1), times(result, np.int32(power)), result)
    return np.where(a == 0, np.int32(INT32.max), result)


def one_over_one_plus_x(x: np.ndarray) -> np.ndarray:
    """1 / (1 + x) of x from 0 to 1 in Q0.31; int32 Q0.31.

    Newton's y <- y + y (1 - d y) for d = (1 + x)/2, three times from y = 48/17 - 32/17 d; then y/2. gemmlowp, in the
    same file.
    """
    times = saturating_rounding_doubling_high_mul
    half = ((x.astype(np.int64) + INT32.max + 1) >> 1).astype(np.int32)  # RoundingHalfSum(x, 1)
    result = LINE[0] + times(half, LINE[1])
    for _ in range(3):
        missing = np.int32(1 << 29) - times(half, result)
        result = result + _shift_left(times(result, missing), 2)
    return _shift_left(result, 1)


def _shift_left(x: np.ndarray, by: int) -> np.ndarray:
    return np.clip(x.astype(np.int64) << by, INT32.min, INT32.max).astype(np.int32)


class TFLite(Softmax):
    """y_j = round(256 e^(S (q_j - max)) / sum), at most 255; for logits of any width, where TFLite has int8.

    It is the nearest code but next to ties: 1 of 10^5 to 10^6 is one off, where 256 p is within 0.001 of a half.
    """

    name = "tflite"
    title = "TFLite / CMSIS-NN int8"
    source = "TensorFlow Lite, kernels/internal/reference/softmax.h; CMSIS-NN, arm_nn_softmax_common_s8.c; gemmlowp"
    about = "Exponential and reciprocal as they are, in fixed point of 32 bits: the best that 8 output bits allow."
    breaks = ("The original takes int8 logits; wider ones go through the same arithmetic here. It stops with an "
              "error at scales of 2^-26 and less; here the multiplier then shifts to the right. Where a row's "
              "exponentials, the largest being 1, add up to 512 or more, it shifts by more than 31 bits, which C "
              "leaves undefined; here all codes are 0, which is the nearest. From 4096 on its sum overflows, too; "
              "here it stops at 2^31 - 1.")
    hardware = Hardware(
        multiplications="27 of 32 × 32 bits: 13 for each exponential, made twice, and 1", table_bytes=0, passes=3,
        accumulator_bits=64,  # products; the sum is an int32
        source="counted in CMSIS-NN's arm_nn_softmax_common_s8.c and arm_nnsupportfunctions.h")
    unit = 1 / 256

    def __init__(self, scale: float):
        super().__init__(scale)
        self.rescaling = Rescaling.of(self.scale)

    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        e = exp_on_negative_values(self.rescaling(below))  # R, N
        e = np.where(mask & (below >= self.rescaling.diff_min), e, np.int32(0))
        total = rounding_divide_by_power_of_two(e, SUM_SHIFT).sum(axis=1, keepdims=True, dtype=np.int64)  # R, 1
        total = np.clip(total, 1, INT32.max)  # 1 for a row that is masked as a whole
        headroom = 32 - bit_length(total)
        reciprocal = one_over_one_plus_x((total << headroom) - (1 << 31))
        product = saturating_rounding_doubling_high_mul(reciprocal, e)
        y = rounding_divide_by_power_of_two(product, 35 - headroom)  # in 64 bits, so that 32 to 34 are shifts too
        return np.clip(y, np.int32(0), np.int32(255))  # less the zero point of -128, which int8 needs

    @classmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        return softmax(z)

    def row_sums(self, n: int) -> tuple[float, float]:
        """Half a code lost or gained in each column, a whole one where a probability of 1 is cut to 255 / 256, and the
        rounding of the sum, half a unit of 2^-19 for each term."""
        slack = n * 2.0**-20
        return max(0.0, 1 - (n + 1) / 512 - slack), min(2.0, 1 + n / 512) + slack
