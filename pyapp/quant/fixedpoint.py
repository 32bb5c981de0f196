"""Requantisation: from an int32 accumulator to the next layer's grid, M = S_a·S_w / S_y times smaller.

By float32 (ONNX Runtime), in registers of 32 bits with two roundings (TensorFlow Lite, gemmlowp), or in 64 bits with
one (TensorFlow Lite where it is built so). Each rule is kept to the bit; they differ by one code now and then.
"""

from dataclasses import dataclass

import numpy as np

INT32 = np.iinfo(np.int32)
ONE = np.int64(1)
LARGEST_FLOAT = np.float32(2**31 - 128)  # the largest float32 that is an int32
LARGEST_REAL = 2.0**30 - 0.5  # m0 = 2^31 - 1, exponent 30


@dataclass(frozen=True)
class Multiplier:
    """A positive real number in fixed point, m0 · 2^(exponent - 31), with all of 31 bits used: 2^30 <= m0 < 2^31.

    It is TFLite's pair of quantized_multiplier and shift (QuantizeMultiplier in kernels/internal/quantization_util.cc).
    """

    m0: np.ndarray  # int32
    exponent: np.ndarray  # int32, -31 to 30; positive is a shift to the left

    @classmethod
    def of(cls, real: np.ndarray, axis: int | None = None) -> "Multiplier":
        """The nearest multiplier to each number; those below 2^-32 become 0, as no int32 times them reaches 1/2.

        With `axis`, the numbers along it share the exponent of the largest, so that products with them can be summed
        before the shift; the smaller ones then use fewer bits. ValueError if a number is negative, not finite or 2^30.
        """
        real = np.asarray(real, np.float64)
        wrong = ~((real >= 0) & (real <= LARGEST_REAL))
        if wrong.any():
            raise ValueError(f"a multiplier is {real[wrong][0]:g}; it must be from 0 to less than 2^30, so the scales "
                             "of input, weight and output do not belong together")
        exponent = np.frexp(real)[1].astype(np.int32)
        if axis is not None:
            exponent = exponent.max(axis=axis, keepdims=True)
        full = _mantissa(real, exponent) == 2**31  # 0.99999999999 is rounded up to a whole
        exponent = exponent + (full if axis is None else full.any(axis=axis, keepdims=True)).astype(np.int32)
        zero = exponent < -31
        exponent = np.where(zero, np.int32(0), exponent)
        return cls(np.where(zero, 0, _mantissa(real, exponent)).astype(np.int32), exponent)


def _mantissa(real: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    return np.floor(np.ldexp(real, 31 - exponent) + 0.5)  # half away from zero, like C's round


def float_multiplier(a_scale: np.ndarray, w_scale: np.ndarray, y_scale: np.ndarray) -> np.ndarray:
    """M = S_a·S_w / S_y in float32, in ONNX Runtime's order. ValueError if it is too large for that."""
    with np.errstate(over="ignore"):
        real = a_scale * w_scale / y_scale
    if not np.isfinite(real).all():
        raise ValueError("a multiplier is not finite, so the scales of input, weight and output do not belong together")
    return real


def requantize_float(acc: np.ndarray, real: np.ndarray) -> np.ndarray:
    """round(acc · M) in float32, half to even: what ONNX Runtime's QLinearMatMul does. int32, saturated."""
    return nearest(acc.astype(np.float32) * np.asarray(real, np.float32))


def nearest(total: np.ndarray) -> np.ndarray:
    """float32 to the nearest int32, half to even, saturated."""
    return np.clip(np.rint(total), np.float32(INT32.min), LARGEST_FLOAT).astype(np.int32)


def requantize_double(acc: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    """acc · M with two roundings, in registers of 32 bits: first the product's upper half, then a shift to the right.

    TFLite's MultiplyByQuantizedMultiplier (kernels/internal/common.h), after gemmlowp. An accumulator that a shift to
    the left would push out of int32 is saturated; TFLite leaves that undefined. int32.
    """
    left, right = np.maximum(multiplier.exponent, 0), np.maximum(-multiplier.exponent, 0)
    shifted = _saturate(acc.astype(np.int64) << left.astype(np.int64))
    return rounding_divide_by_power_of_two(saturating_rounding_doubling_high_mul(shifted, multiplier.m0), right)


def saturating_rounding_doubling_high_mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The upper half of 2·a·b, (a·b + 2^30) >> 31, for int32 a and b; -2^31 times itself gives 2^31 - 1. int32.

    gemmlowp's SaturatingRoundingDoublingHighMul is written with a sign-dependent nudge and a division that truncates;
    that is this one shift, which rounds halves up.
    """
    product = a.astype(np.int64) * b.astype(np.int64)
    return _saturate((product + (ONE << 30)) >> 31)


def rounding_divide_by_power_of_two(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """x / 2^exponent to the nearest, half away from zero, for int32 x and exponent 0 to 31 (gemmlowp). int32."""
    x, exponent = x.astype(np.int64), exponent.astype(np.int64)
    remainder, half = x & ((ONE << exponent) - 1), (ONE << exponent) >> 1
    up = (remainder > half) | ((remainder == half) & (x > 0) & (exponent > 0))
    return ((x >> exponent) + up).astype(np.int32)


def requantize_single(acc: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    """acc · M with one rounding, half up: (acc·m0 + 2^(30-e)) >> (31-e) in 64 bits. int32, saturated.

    TFLite with TFLITE_SINGLE_ROUNDING, and CMSIS-NN with CMSIS_NN_USE_SINGLE_ROUNDING.
    """
    return shift_down(acc.astype(np.int64) * multiplier.m0.astype(np.int64), multiplier.exponent)


def shift_down(total: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """An int64 sum of products acc·m0 over 2^(31 - exponent), to the nearest, half up; int32, saturated.

    |total| must not exceed 2^62, so that half of the divisor can still be added; one product never does.
    """
    shift = 31 - exponent.astype(np.int64)
    return _saturate((total + (ONE << (shift - 1))) >> shift)


def _saturate(x: np.ndarray) -> np.ndarray:
    return np.clip(x, np.int64(INT32.min), np.int64(INT32.max)).astype(np.int32)
