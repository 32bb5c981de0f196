"""TFLite's softmax against its primitives in C's arithmetic, real exponentials, and 256 p to the nearest."""

import numpy as np
import pytest
from comparison import answers_everything, compared, kinds_of, reproduced, symmetric

from pyapp.core.losses import softmax
from pyapp.softmax.tflite import Rescaling, TFLite, exp_on_negative_values, one_over_one_plus_x

LOW, HIGH = -(2**31), 2**31 - 1


# gemmlowp word for word in Python's integers: an independent reading of fixedpoint.h and of TFLite's Softmax

def c_times(a: int, b: int) -> int:
    if a == b == LOW:
        return HIGH
    product = a * b
    total = product + (2**30 if product >= 0 else 1 - 2**30)
    return abs(total) // 2**31 * (1 if total >= 0 else -1)


def c_divide(x: int, exponent: int) -> int:
    mask = (1 << exponent) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def c_saturate(x: int) -> int:
    return min(max(x, LOW), HIGH)


def c_exp(a: int) -> int:
    if a == 0:
        return HIGH
    modulo = (a & (2**24 - 1)) - 2**24
    x = modulo * 32 + 2**28
    x2 = c_times(x, x)
    x3, x4 = c_times(x2, x), c_times(x2, x2)
    third = c_times(c_divide(x4, 2) + x3, 715827883) + x2
    result = 1895147668 + c_times(1895147668, x + c_divide(third, 1))
    remainder = modulo - a
    for bit, factor in zip(range(24, 31), (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242),
                           strict=True):
        if remainder & (1 << bit):
            result = c_times(result, factor)
    return result


def c_reciprocal(x: int) -> int:
    half = (x + HIGH + 1) // 2
    y = 1515870810 + c_times(half, -1010580540)
    for _ in range(3):
        y += c_saturate(4 * c_times(y, 2**29 - c_times(half, y)))
    return c_saturate(2 * y)


def c_softmax(row: list[int], multiplier: int, left_shift: int, diff_min: int) -> list[int]:
    below = [q - max(row) for q in row]
    e = [c_exp(c_times(d << left_shift, multiplier)) if d >= diff_min else 0 for d in below]
    total = sum(c_divide(value, 12) for value in e)
    headroom = 32 - total.bit_length()
    reciprocal = c_reciprocal((total << headroom) - 2**31)
    return [min(max(c_divide(c_times(reciprocal, value), 35 - headroom), 0), 255) for value in e]


def arguments(count: int) -> np.ndarray:
    """Q5.26 from -32 to 0, dense near 0 and at the borders of quarters."""
    rng = np.random.default_rng(2)
    spread = -(2.0 ** rng.uniform(0, 31, count))
    borders = [-(k << 24) + d for k in range(128) for d in (-1, 0, 1) if d <= k << 24 and (k or d <= 0)]
    return np.concatenate([spread, borders, [LOW, -1, 0]]).astype(np.int64).astype(np.int32)


def test_exponential_is_gemmlowps():
    a = arguments(3000)
    ours = exp_on_negative_values(a)
    assert ours.dtype == np.int32
    assert ours.tolist() == [c_exp(int(value)) for value in a]


def test_exponential_is_the_real_one():
    a = arguments(3000)
    assert np.abs(exp_on_negative_values(a) / 2**31 - np.exp(a / 2**26)).max() < 2.5e-7
    assert exp_on_negative_values(np.zeros(1, np.int32))[0] == HIGH


def test_reciprocal_is_gemmlowps_and_the_real_one():
    x = np.random.default_rng(3).integers(0, HIGH, 3000, endpoint=True)
    x[:3] = 0, 1, HIGH
    ours = one_over_one_plus_x(x)
    assert ours.dtype == np.int32
    assert ours.tolist() == [c_reciprocal(int(value)) for value in x]
    assert np.abs(ours / 2**31 - 1 / (1 + x / 2**31)).max() < 4e-9


@pytest.mark.parametrize("scale", [2.0**-25, 1e-6, 0.01, 0.1, 0.5, 1.0, 3.0, 15.9])
def test_rows_are_tflites(scale):
    rng = np.random.default_rng(4)
    q = rng.integers(-128, 128, (12, 20))
    method = TFLite(scale)
    prepared = int(method.rescaling.multiplier), method.rescaling.left_shift, method.rescaling.diff_min
    assert method(q).tolist() == [c_softmax(row, *prepared) for row in q.tolist()]


def test_preparation_is_tflites():
    """PreprocessSoftmaxScaling at a power of two, where a mantissa rounds up to 1, at its cap; CalculateInputRadius."""
    for scale, prepared in {1.0: (2**30, 27, -15), 1 - 2**-40: (2**30, 27, -15), 100.0: (HIGH, 31, 0),
                            16.0: (2**30, 31, 0), 0.1: (1717986918, 23, -248)}.items():
        found = Rescaling.of(scale)
        assert (int(found.multiplier), found.left_shift, found.diff_min) == prepared, scale


def test_the_codes_are_256_p_to_the_nearest():
    """Of 1.9 million random codes one is not; 256 p is there within 1e-5 of a half."""
    rng, wrong, count = np.random.default_rng(5), 0, 0
    for _ in range(40):
        scale, columns = 10 ** rng.uniform(-3, 0), int(rng.integers(1, 300))
        q = rng.integers(-128, 128, (64, columns))
        exact = 256 * softmax(q * scale)
        ours, nearest = TFLite(scale)(q), np.minimum(np.floor(exact + 0.5), 255)
        differ = ours != nearest
        assert np.abs(exact[differ] % 1 - 0.5).max(initial=0) < 1e-3
        wrong, count = wrong + int(differ.sum()), count + q.size
    assert wrong / count < 1e-5


def test_compared_codes_are_256_p():
    """All but 2 of 98304, at 6.500001 and 233.4990."""
    wrong = []
    for z in compared():
        q, scale = symmetric(z)
        exact = 256 * softmax(q * scale)
        wrong += exact[TFLite(scale)(q) != np.minimum(np.floor(exact + 0.5), 255)].tolist()
    np.testing.assert_allclose(wrong, [6.500001, 233.4990], atol=1e-4)


def test_wider_logits_go_through_the_same_arithmetic():
    """Logits of 16 to 32 bits on fine grids: what TFLite itself does not take."""
    rng, wrong, count = np.random.default_rng(6), 0, 0
    for exponent in np.linspace(-7.5, -3, 25):
        q = np.clip(np.rint(rng.normal(0, 3, (64, 80)) / 10**exponent), LOW, HIGH).astype(np.int32)
        exact = 256 * softmax(q.astype(np.float64) * 10**exponent)
        differ = TFLite(10**exponent)(q) != np.minimum(np.floor(exact + 0.5), 255)
        assert np.abs(exact[differ] % 1 - 0.5).max(initial=0) < 1e-3
        wrong, count = wrong + int(differ.sum()), count + q.size
    assert wrong / count < 2e-5


def test_long_rows_of_equal_logits():
    """512 ask C for a shift by 32, 4096 for a sum of 2^31: here no code is more than a half away."""
    for n, code in {1: 255, 2: 128, 256: 1, 511: 1, 512: 0, 513: 0, 4095: 0, 4096: 0, 5000: 0}.items():
        assert set(TFLite(0.1)(np.zeros((1, n), np.int8))[0].tolist()) == {code}, n


def test_comparison():
    reproduced(TFLite, (0.0648, 0.0612, 0.0354))


def test_no_float_inside():
    method, q = TFLite(0.05), np.random.default_rng(45).integers(-128, 128, (9, 16))
    assert kinds_of(lambda below: method.codes(below, q % 2 == 0), q - q.max(axis=1, keepdims=True)) <= set("iub")


def test_everything_has_an_answer():
    answers_everything(TFLite)


def test_real_is_the_softmax():
    z = compared()[1]
    assert np.abs(TFLite.real(z).sum(axis=1) - 1).max() < 1e-12
    q, scale = symmetric(z)
    assert np.abs(TFLite(scale).probabilities(q) - TFLite.real(q * scale)).max() <= 0.5 / 256 + 1e-5
