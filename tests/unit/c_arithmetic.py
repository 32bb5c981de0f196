"""gemmlowp's primitives (fixedpoint.h) word for word, in Python's integers with C's arithmetic: division truncates,
shifts of negative numbers go down. An independent reading, which ours are compared with."""

LOW, HIGH = -(2**31), 2**31 - 1


def saturated(x: int) -> int:
    return min(max(x, LOW), HIGH)


def c_high_mul(a: int, b: int) -> int:
    """SaturatingRoundingDoublingHighMul."""
    if a == b == LOW:
        return HIGH
    product = a * b
    total = product + (2**30 if product >= 0 else 1 - 2**30)
    return abs(total) // 2**31 * (1 if total >= 0 else -1)


def c_divide(x: int, exponent: int) -> int:
    """RoundingDivideByPOT."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if x & mask > threshold else 0)
