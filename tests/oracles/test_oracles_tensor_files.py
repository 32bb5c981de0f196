"""Files that other packages write: recorded ones of gguf and safetensors, and fresh ones of onnx."""

import json
from pathlib import Path

import numpy as np
import pytest

from pyapp.data.tensors.opening import open_tensors

RECORDED = dict(np.load(Path(__file__).with_name("tensor_files.npz")))
NAMES = {"float8_e4m3fn": "float8_e4m3", "float8_e8m0fnu": "float8_e8m0", "float4_e2m1fn_x2": "float4_e2m1"}


def read_all(data: bytes, name: str) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.read() for tensor in open_tensors(data, name)}


def test_every_type_of_a_gguf_file_is_read_as_its_own_package_reads_it():
    found, expected = read_all(RECORDED["gguf"].tobytes(), "x.gguf"), {
        name.removeprefix("gguf."): each for name, each in RECORDED.items() if name.startswith("gguf.")}
    assert found.keys() == expected.keys() and len(found) == 16
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array), name


def test_every_type_of_a_safetensors_file_is_read():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason='pip install -e ".[oracle]" to compare with ml_dtypes')
    data = RECORDED["safetensors"].tobytes()
    tensors = {tensor.name: tensor for tensor in open_tensors(data, "x.safetensors")}
    codes = codes_in(data)
    assert len(tensors) == 16
    for name, tensor in tensors.items():
        assert tensor.dtype == NAMES.get(name, name) and tensor.shape == (2, 4)
        dtype = getattr(ml_dtypes, name.removesuffix("_x2"), None) or np.dtype(name)
        raw = codes[name]
        if name.endswith("_x2"):
            raw = np.stack([raw & 15, raw >> 4], axis=1).ravel()
        expected, found = raw.view(dtype).reshape(2, 4), tensor.read()
        if not hasattr(np, name):
            expected = expected.astype(np.float32)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"), name


def codes_in(data: bytes) -> dict[str, np.ndarray]:
    """The bytes of each tensor, found without our reader's help."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return {name: np.frombuffer(data[8 + length :][slice(*entry["data_offsets"])], np.uint8)
            for name, entry in header.items() if name != "__metadata__"}


def test_every_type_of_an_onnx_file_is_read(onnx):
    """Raw bytes and typed fields, as the package itself writes and reads them."""
    from onnx import TensorProto as T
    from onnx import helper, numpy_helper

    rng, protos = np.random.default_rng(3), []
    for kind in (T.FLOAT, T.DOUBLE, T.FLOAT16, T.BFLOAT16, T.INT8, T.UINT8, T.INT16, T.UINT16, T.INT32, T.UINT32,
                 T.INT64, T.UINT64, T.BOOL, T.FLOAT8E4M3FN, T.FLOAT8E4M3FNUZ, T.FLOAT8E5M2, T.FLOAT8E5M2FNUZ, T.INT4,
                 T.UINT4, T.FLOAT4E2M1):
        values = rng.integers(0, 2 if kind == T.BOOL else 7, 6).astype(np.float32)
        for raw in (False, True):
            made = helper.make_tensor(f"{T.DataType.Name(kind)} {raw}", kind, [2, 3], values)
            if raw:
                made = numpy_helper.from_array(numpy_helper.to_array(made), made.name)
            protos.append(made)
    graph = helper.make_graph([], "g", [], [], protos)
    found = read_all(helper.make_model(graph).SerializeToString(), "x.onnx")
    assert len(found) == len(protos) == 40
    for proto in protos:
        expected = numpy_helper.to_array(proto).astype(np.float64)
        assert np.array_equal(found[proto.name].astype(np.float64), expected), proto.name


@pytest.mark.parametrize(("axis", "block", "shape"), [(0, 0, ()), (0, 0, (4,)), (1, 0, (6,)), (-1, 2, (4, 3)),
                                                      (0, 4, (1, 6))])
def test_codes_with_scales_are_what_onnx_makes_of_them(onnx, axis, block, shape):
    from onnx import TensorProto as T
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    rng = np.random.default_rng(4)
    parts = {"codes": rng.integers(-128, 128, (4, 6), dtype=np.int8),
             "scale": rng.uniform(0.1, 1, shape).astype(np.float32),
             "zero": rng.integers(-9, 9, shape).astype(np.int8)}
    more = {"block_size": block} if block else {}
    node = helper.make_node("DequantizeLinear", list(parts), ["y"], axis=axis, **more)
    graph = helper.make_graph([node], "g", [], [helper.make_tensor_value_info("y", T.FLOAT, [4, 6])],
                              [numpy_helper.from_array(np.asarray(part), name) for name, part in parts.items()])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()
    (tensor,) = open_tensors(data, "x.onnx")
    assert tensor.dtype == "int8 scaled" and tensor.nbytes == sum(part.nbytes for part in parts.values())
    assert np.array_equal(tensor.read(), ReferenceEvaluator(onnx.load_from_string(data)).run(None, {})[0])
