"""ONNX's quantisation operators against ONNX's own conformance cases."""

import numpy as np
import pytest
from oracles.onnx_cases import equal, grid

from pyapp.quant.formats.minifloat import E2M1, E4M3, E5M2, MiniFloat
from pyapp.quant.matmul import matmul_integer, qlinear_matmul
from pyapp.quant.schemes import quantize

# The names of ONNX's conformance cases without "test_". Newer releases of onnx have all of them, older ones fewer.
CONFORMANCE = [
    "quantizelinear", "quantizelinear_axis", "quantizelinear_uint16", "quantizelinear_int16", "quantizelinear_uint4",
    "quantizelinear_int4", "quantizelinear_uint2", "quantizelinear_int2", "quantizelinear_blocked_asymmetric",
    "quantizelinear_blocked_symmetric", "dequantizelinear", "dequantizelinear_axis", "dequantizelinear_uint16",
    "dequantizelinear_int16", "dequantizelinear_uint4", "dequantizelinear_int4", "dequantizelinear_uint2",
    "dequantizelinear_int2", "dequantizelinear_blocked", "dynamicquantizelinear", "dynamicquantizelinear_max_adjusted",
    "dynamicquantizelinear_min_adjusted", "matmulinteger",
    *(f"qlinearmatmul_{axes}_{codes}_{scales}" for axes in ("2D", "3D") for codes in ("uint8", "int8")
      for scales in ("float32", "float16")),
    *(f"{op}_{kind}" for op in ("quantizelinear", "dequantizelinear") for kind in ("e4m3fn", "e5m2", "float4e2m1")),
    "dequantizelinear_e4m3fn_float16", "dequantizelinear_e4m3fn_zero_point",
]
SMALL_FLOATS = {"FLOAT8E4M3FN": E4M3, "FLOAT8E5M2": E5M2, "FLOAT4E2M1": E2M1}
OPERATORS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearMatMul")


@pytest.fixture(scope="module")
def conformance(onnx):
    """ONNX's own cases for the five operators by name; the wheel carries the code that makes them."""
    from onnx.backend.test.case.node import collect_testcases
    with np.errstate(all="ignore"):  # it makes the cases of every operator
        cases = collect_testcases(None)
    return {case.name.removeprefix("test_"): case for case in cases
            if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type in OPERATORS}


def test_every_conformance_case_is_looked_at(conformance):
    assert set(conformance) <= set(CONFORMANCE), "onnx has new cases; add them to the list"


@pytest.mark.parametrize("name", CONFORMANCE)
def test_conformance(onnx, conformance, name):
    if name not in conformance:
        pytest.skip(f"this release of onnx has no test_{name}")
    node = conformance[name].model.graph.node[0]
    inputs, expected = ([plain(onnx, value) for value in values] for values in conformance[name].data_sets[0])
    attributes = {item.name: item.i for item in node.attribute}
    ours = {"QuantizeLinear": conform_quantize, "DequantizeLinear": conform_dequantize,
            "DynamicQuantizeLinear": conform_dynamic, "MatMulInteger": conform_matmul_integer,
            "QLinearMatMul": conform_qlinear_matmul}[node.op_type](onnx, expected[0], *inputs, **attributes)
    for mine, (theirs, kind) in zip(ours, expected, strict=True):
        if isinstance(kind, MiniFloat):  # by the numbers: ONNX takes -0 for code 0 of float4, ours keeps the sign
            mine, theirs = kind.decode(mine), kind.decode(theirs)
        equal(mine, theirs)


def plain(onnx, value) -> tuple[np.ndarray, int | MiniFloat]:
    """A NumPy array of a type that NumPy has, and the bits of its codes, or the small floats that they stand for."""
    if not isinstance(value, onnx.TensorProto):
        value = np.asarray(value)
        return value, value.dtype.itemsize * 8
    kind = onnx.TensorProto.DataType.Name(value.data_type)
    if kind in SMALL_FLOATS:
        codes = onnx.numpy_helper.to_array(value)
        if codes.dtype.itemsize > 1:
            pytest.skip("this release of onnx has no array of small floats' codes; take a newer one")
        return codes.view(np.uint8), SMALL_FLOATS[kind]
    bits = int(kind.removeprefix("U").removeprefix("INT"))
    array = onnx.numpy_helper.to_array(value)
    return array.astype(f"{'u' if kind.startswith('U') else ''}int{max(bits, 8)}"), bits


def onto_axis(value: np.ndarray, axis: int, block_size: int) -> np.ndarray:
    """Channels are our first axis, groups lie along our last."""
    return np.moveaxis(value, axis, -1 if block_size else 0) if value.ndim > 1 else value


def back(value: np.ndarray, axis: int, block_size: int) -> np.ndarray:
    return np.moveaxis(value, -1 if block_size else 0, axis) if value.ndim > 1 else value


def along_first(scale: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One scale, or one for each index of the first axis, so that it goes with x."""
    return scale.reshape(scale.shape + (1,) * (x.ndim - 1))


def conform_quantize(onnx, expected, x, scale, zero=None, axis=1, block_size=0, output_dtype=0):
    x, scale = (onto_axis(value[0], axis, block_size) for value in (x, scale))
    if isinstance(expected[1], MiniFloat):
        return [back(expected[1].encode(x / along_first(scale, x)), axis, block_size)]
    zero = np.zeros(scale.shape, expected[0].dtype) if zero is None else onto_axis(zero[0], axis, block_size)
    codes = grid(scale, zero, block_size or None, expected[1]).quantize(x)
    return [back(codes, axis, block_size)]


def conform_dequantize(onnx, expected, codes, scale, zero=None, axis=1, block_size=0):
    bits = codes[1]
    if isinstance(bits, MiniFloat):
        codes, scale = (onto_axis(value[0], axis, block_size) for value in (codes, scale))
        numbers = bits.decode(codes) * along_first(scale, codes)
        return [back(numbers, axis, block_size).astype(expected[0].dtype)]
    codes, scale, zero = (onto_axis(value[0], axis, block_size) for value in (codes, scale, zero))
    return [back(grid(scale, zero, block_size or None, bits).dequantize(codes), axis, block_size)]


def conform_dynamic(onnx, expected, x):
    tensor = quantize(x[0], 8, "affine")
    return [tensor.codes, tensor.scale, tensor.zero_point.astype(np.uint8)]


def conform_matmul_integer(onnx, expected, a, b, a_zero, b_zero):
    return [matmul_integer(a[0], b[0].T, a_zero[0], b_zero[0])]


def conform_qlinear_matmul(onnx, expected, a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero):
    grids = [grid(scale[0], zero[0]) for scale, zero in ((a_scale, a_zero), (b_scale, b_zero), (y_scale, y_zero))]
    if a[0].ndim == 2:
        return [qlinear_matmul(a[0], grids[0], b[0].T, *grids[1:])]
    return [np.stack([qlinear_matmul(x, grids[0], w.T, *grids[1:]) for x, w in zip(a[0], b[0], strict=True)])]
