"""Two things that integer hardware has and NumPy lacks: the number of bits in use, and division to the nearest."""

import numpy as np


def bit_length(n: np.ndarray) -> np.ndarray:
    """How many bits an int64 from 0 on takes, 0 for 0; 32 less this is C's leading zeros of an int32. int64."""
    length = np.zeros_like(n)
    for step in (32, 16, 8, 4, 2, 1):
        high = n >> step
        length = length + np.where(high > 0, np.int64(step), np.int64(0))
        n = np.where(high > 0, high, n)
    return length + n  # what is left of n is 0 or 1


def divide_half_even(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b to the nearest integer, half to even, for int64 a and b > 0: the rounding of torch and NumPy. int64."""
    quotient = a // b
    twice = 2 * (a - quotient * b)
    return quotient + ((twice > b) | ((twice == b) & (quotient % 2 == 1)))


def shift_half_even(a: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """a / 2^bits to the nearest integer, half to even, for int64 a from 0 on and bits 1 to 62. int64."""
    quotient = a >> bits
    rest, half = a - (quotient << bits), np.int64(1) << (bits - 1)
    return quotient + ((rest > half) | ((rest == half) & (quotient & 1 == 1)))
