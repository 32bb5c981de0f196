"""Shapes and types that ONNX allows: any axis, batches of matrices, float16 scales, tensors without numbers.

The expected codes are ONNX's formulas in float64; where ONNX Runtime is installed it is asked as well.
"""

import numpy as np
import pytest

from pyapp.quant.matmul import matmul_integer, qlinear_matmul
from pyapp.quant.schemes import Granularity, Grid, quantize

X = np.random.default_rng(1).normal(0, 1, (2, 3, 5)).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_a_scale_for_each_channel_of_any_axis(axis):
    tensor = quantize(X, 8, per="channel", axis=axis)
    assert tensor.scale.shape == (X.shape[axis],)
    others = tuple(i for i in range(3) if i != axis % 3)
    scale = np.abs(X).max(axis=others, keepdims=True) / np.float32(127)
    np.testing.assert_array_equal(tensor.codes, np.rint(X / scale).astype(np.int8))
    np.testing.assert_array_equal(tensor.dequantize(), tensor.codes.astype(np.float32) * scale)
    ort = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnx to ask ONNX Runtime itself")
    helper = pytest.importorskip("onnx").helper
    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"], axis=axis)], "case",
        [helper.make_tensor_value_info("x", 1, X.shape), helper.make_tensor_value_info("s", 1, tensor.scale.shape),
         helper.make_tensor_value_info("z", 3, tensor.scale.shape)], [helper.make_tensor_value_info("y", 3, X.shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    theirs = ort.InferenceSession(model.SerializeToString()).run(
        None, {"x": X, "s": tensor.scale, "z": np.zeros(tensor.scale.shape, np.int8)})[0]
    np.testing.assert_array_equal(tensor.codes, theirs)


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_groups_along_any_axis(axis):
    tensor, moved = quantize(X, 4, "affine", "group:2", axis=axis), np.moveaxis(X, axis, -1)
    last = quantize(np.ascontiguousarray(moved), 4, "affine", "group:2")
    np.testing.assert_array_equal(np.moveaxis(tensor.codes, axis, -1), last.codes)
    np.testing.assert_array_equal(np.moveaxis(tensor.dequantize(), axis, -1), last.dequantize())


def test_a_missing_axis_is_refused():
    with pytest.raises(ValueError, match=r"axis is 3, and a tensor of shape \(2, 3, 5\) has 3 axes; use -3 to 2"):
        quantize(X, 8, per="channel", axis=3)


@pytest.mark.parametrize(("a", "w"), [((2, 3, 4), (5, 4)), ((2, 1, 3, 4), (6, 5, 4)), ((3, 4), (2, 5, 4)),
                                      ((4,), (5, 4)), ((0, 3, 4), (5, 4))])
def test_products_of_batches(a, w):
    rng = np.random.default_rng(2)
    a, w = rng.integers(0, 256, a, dtype=np.uint8), rng.integers(-128, 128, w, dtype=np.int8)
    exact = np.matmul(a.astype(np.int64) - 7, np.swapaxes(w.astype(np.int64) - 3, -1, -2))
    found = matmul_integer(a, w, 7, 3)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, exact)
    grids = [Grid(np.float32(scale), np.int32(zero), 8, low, low + 255)
             for scale, zero, low in ((.02, 7, 0), (.01, 3, -128), (9, 5, 0))]
    y = qlinear_matmul(a, grids[0], w, grids[1], grids[2])
    real = np.float32(.02) * np.float32(.01) / np.float32(9)
    expected = np.clip(np.rint(exact.astype(np.float32) * real) + 5, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(y, expected)


def test_batches_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="cannot be broadcast"):
        matmul_integer(np.zeros((2, 3, 4), np.uint8), np.zeros((3, 5, 4), np.int8))
    with pytest.raises(ValueError, match=r"expected \(\.\.\., B, I\)"):
        matmul_integer(np.zeros((2, 3, 4), np.uint8), np.zeros((5, 3), np.int8))


def test_a_float16_scale_counts_as_the_number_that_it_is():
    half, zero = np.float16(0.013), np.int32(2)
    ours, same = (Grid(scale, zero, 8, -128, 127) for scale in (half, np.float32(half)))
    assert ours.scale.dtype == np.float32
    np.testing.assert_array_equal(ours.quantize(X.astype(np.float16)), same.quantize(X.astype(np.float16)))
    assert ours.dequantize(ours.quantize(X)).dtype == np.float32
    a, w = np.arange(12, dtype=np.uint8).reshape(3, 4), np.arange(8, dtype=np.int8).reshape(2, 4)
    tiny = [Grid(np.float16(s), zero, 8, -128, 127) for s in (1e-4, 1e-4, 1e-4)]  # the product is 0 in float16
    wide = [Grid(np.float32(grid.scale), zero, 8, -128, 127) for grid in tiny]
    np.testing.assert_array_equal(qlinear_matmul(a, tiny[0], w, tiny[1], tiny[2]),
                                  qlinear_matmul(a, wide[0], w, wide[1], wide[2]))


@pytest.mark.parametrize(("shape", "per"), [((0,), "tensor"), ((0, 4), "channel"), ((3, 0), "channel"),
                                            ((2, 0), "group:2")])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_an_empty_tensor_has_no_codes(shape, per, scheme):
    tensor = quantize(np.zeros(shape, np.float32), 8, scheme, per)
    assert tensor.codes.shape == tensor.dequantize().shape == shape and (tensor.scale == 1).all()
    assert tensor.scale.shape == Granularity.parse(per).scales(shape)
    np.testing.assert_array_equal(tensor.grid.quantize(np.zeros(shape, np.float32)), tensor.codes)
