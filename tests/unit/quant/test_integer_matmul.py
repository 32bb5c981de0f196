"""Integer products against Python's whole numbers and recorded ONNX Runtime; the proofs against the worst input."""

from types import SimpleNamespace

import numpy as np
import pytest
from oracles.onnx_cases import RECORDED, SHARED, all_agree

from pyapp.quant import matmul
from pyapp.quant.matmul import (
    check_int32,
    exact_in_float,
    matmul_integer,
    matmul_terms,
    product,
    qlinear_matmul,
    row_sums,
)
from pyapp.quant.schemes import affine_grid, quantize

HIGH = 2**31 - 1
DTYPES = ["uint8", "int8", "uint16", "int16"]


def codes(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    info = np.iinfo(dtype)
    return np.random.default_rng([seed, *shape]).integers(info.min, info.max, shape, dtype, endpoint=True)


def exactly(a: np.ndarray, w: np.ndarray, a_zero: int = 0, w_zero=0) -> list[list[int]]:
    """Σ (a - z_a)(w - z_w) in Python's unbounded integers."""
    zeros = np.broadcast_to(w_zero, len(w)).tolist()
    return [[sum((x - a_zero) * (y - zero) for x, y in zip(row, column, strict=True))
             for column, zero in zip(w.tolist(), zeros, strict=True)] for row in a.tolist()]


@pytest.mark.parametrize("path", [RECORDED, SHARED], ids=["ours", "shared"])
@pytest.mark.parametrize("kind", ["mmi", "qlmm"])
def test_recorded_onnx_runtime(path, kind):
    if not path.is_file():
        pytest.skip("the shared recorded outputs are not on this machine")
    all_agree(path, kind)


@pytest.mark.parametrize("a_type", DTYPES)
@pytest.mark.parametrize("w_type", ["uint8", "int8"])
@pytest.mark.parametrize("channels", [False, True])
def test_the_product_is_that_of_whole_numbers(a_type, w_type, channels):
    for seed in range(4):
        a, w = codes(seed, (5, 17), a_type), codes(seed, (7, 17), w_type)
        a_zero, w_zeros = int(codes(seed, (1,), a_type)[0]), codes(seed, (7,), w_type).astype(np.int32)
        w_zero = w_zeros if channels else int(w_zeros[0])
        ours = matmul_integer(a, w, a_zero, w_zero)
        assert ours.dtype == np.int32 and ours.tolist() == exactly(a, w, a_zero, w_zero)
        np.testing.assert_array_equal(matmul_integer(a, w, a_zero, w_zero, row_sums(w)), ours)


def test_the_four_terms():
    a, w, zeros = codes(1, (5, 17), "uint8"), codes(1, (7, 17), "int8"), codes(2, (7,), "int8").astype(np.int32)
    terms = matmul_terms(a, w, 131, zeros)
    assert all(term.dtype == np.int32 for term in terms)
    assert terms.product.tolist() == exactly(a, w)
    assert terms.a_correction.tolist() == [-131 * sum(row) for row in w.tolist()]
    assert terms.w_correction.tolist() == [[-zero * sum(row) for zero in zeros.tolist()] for row in a.tolist()]
    assert terms.constant.tolist() == [17 * 131 * zero for zero in zeros.tolist()]
    assert terms.total.tolist() == exactly(a, w, 131, zeros)


def test_the_row_sums_are_used_and_not_found_anew():
    a, w = codes(1, (2, 9), "uint8"), codes(1, (3, 9), "int8")
    shifted = matmul_integer(a, w, 10, 0, row_sums(w) + np.int32(1))
    np.testing.assert_array_equal(shifted, matmul_integer(a, w, 10, 0) - 10)


def test_no_rows_and_one_column():
    assert matmul_integer(np.zeros((0, 4), np.uint8), codes(1, (3, 4), "int8"), 5, 6).shape == (0, 3)
    assert matmul_integer(np.array([[200]], np.uint8), np.array([[-128]], np.int8)).tolist() == [[-25600]]


def test_what_int32_cannot_hold_is_refused():
    a = w = np.full((1, 2), 65535, np.uint16)
    for multiply in (matmul_integer, matmul_terms):
        with pytest.raises(ValueError, match="2,147,483,647"):
            multiply(a, w)


def test_the_proof_is_as_sharp_as_the_worst_input():
    """Weights of one sign: the sum just fits, with one more it does not."""
    w = np.array([[1000] * 3, [HIGH // 255 // 3] * 3], np.int64)
    left = HIGH - 255 * int(w[1].sum())
    check_int32(w, 0, 0, 255, 0, bias=np.array([0, left]))
    with pytest.raises(ValueError, match=r"row 1 .* 2,147,483,648 .* from 0 to 255"):
        check_int32(w, 0, 0, 255, 0, bias=np.array([0, left + 1]))
    check_int32(-w, 0, 0, 255, 0, bias=np.array([0, -left]))
    with pytest.raises(ValueError, match="row 1"):
        check_int32(-w, 0, 0, 255, 0, bias=np.array([0, -left - 1]))


def test_the_proof_holds_for_every_partial_sum():
    """Codes at their ends, random weights and zero points: were int32 smaller than a sum that occurs, it refuses."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        w, zero = rng.integers(-128, 128, (3, 6)), rng.integers(-128, 128, (3,))
        a_zero, bias = int(rng.integers(0, 256)), rng.integers(-2000, 2000, 3)
        worst = 0
        for _ in range(40):
            a = rng.choice([0, 255], 6)
            terms = np.concatenate([a * w, -a_zero * w, -a * zero[:, None], np.full((3, 6), a_zero) * zero[:, None],
                                    bias[:, None]], axis=1)
            upwards, downwards = np.maximum(terms, 0).sum(axis=1), -np.minimum(terms, 0).sum(axis=1)
            worst = max(worst, *upwards.tolist(), *downwards.tolist())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matmul, "INT32", SimpleNamespace(max=worst - 1))
            with pytest.raises(ValueError, match="row"):
                check_int32(w, zero, 0, 255, a_zero, bias)
        check_int32(w, zero, 0, 255, a_zero, bias)


def test_signs_count_in_the_proof():
    """65535 · 127 for 784 weights leaves int32 if all have one sign, not if half of them have the other."""
    w = np.full((1, 784), 127, np.int8)
    with pytest.raises(ValueError, match="use fewer bits"):
        check_int32(w, 0, 0, 65535, 0)
    w[0, ::2] = -127
    with pytest.raises(ValueError):
        check_int32(w, 0, 0, 65535, 0)  # 392 · 127 · 65535 = 3.3e9
    check_int32(w[:, :500], 0, 0, 65535, 0)  # 250 · 127 · 65535 = 2.1e9


def test_sixteen_by_sixteen_bits_is_refused():
    with pytest.raises(ValueError, match="use fewer bits"):
        matmul_integer(codes(1, (2, 784), "uint16"), codes(1, (3, 784), "int16"))


@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_the_requantised_product_is_the_nearest_code(per, scheme):
    """Within half a step and float32's rounding of the product of the numbers that the codes stand for."""
    rng = np.random.default_rng(8)
    x, w = rng.standard_normal((30, 50), np.float32), quantize(rng.standard_normal((20, 50)), 8, scheme, per)
    a = quantize(x, 8, "affine")
    exact = a.dequantize().astype(np.float64) @ w.dequantize().T.astype(np.float64)
    y = affine_grid(exact.min() * 0.7, exact.max() * 0.7, 8)
    found = qlinear_matmul(a.codes, a.grid, w.codes, w.grid, y)
    expected = np.clip(exact / y.scale + y.zero_point, y.low, y.high)
    assert found.dtype == np.uint8 and np.abs(found - expected).max() <= 0.5 + 1e-4
    assert (found == 255).any() and (found == 0).any()


def test_mistakes_are_named():
    a, w = codes(1, (2, 4), "uint8"), codes(1, (3, 4), "int8")
    with pytest.raises(ValueError, match="float32"):
        matmul_integer(a.astype(np.float32), w)
    with pytest.raises(ValueError, match=r"\(2, 4\) and \(3, 3\)"):
        matmul_integer(a, w[:, :3])
    grouped = quantize(w.astype(np.float32), 8, "affine", "group:2")
    with pytest.raises(ValueError, match="per group"):
        qlinear_matmul(a, affine_grid(0, 1, 8), grouped.codes, grouped.grid, affine_grid(0, 1, 8))


@pytest.mark.parametrize("a_type, w_type", [("uint8", "int8"), ("int16", "int16"), ("int32", "int32"),
                                            ("uint16", "int8"), ("int64", "uint8")])
@pytest.mark.parametrize("rows", [1, 100])
def test_a_float_product_stands_in_only_where_it_is_exact(a_type, w_type, rows):
    """Codes of the whole range, and small ones: in float32, in float64, and in neither."""
    for inputs, shift in ((3, 0), (700, 0), (700, 5), (70_000, 0)):
        a, w = codes(inputs, (rows, inputs), a_type) >> shift, codes(inputs + 1, (3, inputs), w_type) >> shift
        expected = np.einsum("bi,oi->bo", a.astype(np.int32), w.astype(np.int32))
        np.testing.assert_array_equal(product(a, w), expected, strict=True)


def test_the_bound_is_never_below_a_partial_sum():
    for a, w, bound in (
        (np.full((1, 4), -128, np.int8), np.full((2, 4), -128, np.int8), 4 * 128 * 128),
        (np.full((40, 1000), 255, np.uint8), np.eye(3, 1000, dtype=np.int8) * np.int8(-128), 255 * 128),
        (np.full((40, 1000), 255, np.uint8), np.full((3, 1000), 255, np.uint8), 1000 * 255 * 255),
        (np.zeros((0, 5), np.int8), np.ones((2, 5), np.int8), 1),
        (np.full((1, 9), -(2**31)), np.ones((1, 9), np.int64), 0),
        (np.full((1, 9), 2**30), np.full((1, 9), 2**30), 0),
    ):
        assert exact_in_float(a, w) == bound


@pytest.mark.parametrize(("a_type", "w_type"), [(np.uint8, np.int8), (np.int32, np.int8), (np.int16, np.int16)])
def test_stacks_of_matrices_are_multiplied_one_by_one(a_type, w_type):
    rng = np.random.default_rng(5)
    a, w = (rng.integers(0, min(np.iinfo(kind).max, 3000), shape, kind)
            for kind, shape in ((a_type, (2, 3, 7, 20)), (w_type, (2, 3, 5, 20))))
    one_by_one = [[matmul.product(x, y) for x, y in zip(*pair, strict=True)] for pair in zip(a, w, strict=True)]
    found = matmul.products(a, w)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, one_by_one)
