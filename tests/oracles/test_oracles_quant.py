"""ONNX's quantisation operators against ONNX Runtime on fresh numbers, and against ONNX's reference evaluator.

Where ONNX's reference evaluator and ONNX Runtime differ, ours is ONNX Runtime's answer; the last tests show where.
"""

import numpy as np
import pytest
from oracles.onnx_cases import agrees, equal, grid

from pyapp.core.clamps import CLAMPS, IDENTITY, RELU
from pyapp.quant.integer import IntegerLinear, IntegerNetwork
from pyapp.quant.packing import code_range, pack
from pyapp.quant.schemes import fit_grid, quantize

SEEDS = range(40)
U8, S8, U16, S16 = (np.dtype(name) for name in ("uint8", "int8", "uint16", "int16"))
PAIRS = [(U8, S8), (U8, U8), (S8, S8)]  # ONNX Runtime has no QLinearMatMul for int8 · uint8


@pytest.fixture(scope="module")
def runtime(onnx):
    """The recording script: it asks ONNX Runtime."""
    pytest.importorskip("onnxruntime", reason='pip install -e ".[oracle]" to compare with fresh ONNX Runtime results')
    from oracles import record_onnxruntime
    return record_onnxruntime


def exact_or_skip(runtime, a: np.dtype, b: np.dtype) -> None:
    """Without VNNI, ONNX Runtime adds products of uint8 and int8 in pairs that saturate at 16 bits, and QLinearMatMul
    does so also where exact products are asked for: then it is no oracle. The recorded cases are from elsewhere."""
    one, zero = np.float32(1), np.float32(2.0**-8)
    codes, = runtime.run("QLinearMatMul", [np.full((1, 2), 255, U8), zero, U8.type(0), np.full((2, 1), 127, S8), zero,
                                           S8.type(0), one, U8.type(0)], [U8])
    if (a, b) == (U8, S8) and codes.item() != 1:
        pytest.skip("this ONNX Runtime saturates on this processor, which has no VNNI")


@pytest.mark.parametrize("per", ["tensor", "channel", "group"])
@pytest.mark.parametrize("dtype", [U8, S8, U16, S16], ids=str)
def test_quantize_and_dequantize(runtime, dtype, per):
    for seed in SEEDS:
        agrees("ql", runtime.quantize_case(np.random.default_rng(seed), dtype, per, columns=32 - seed % 5))


@pytest.mark.parametrize("scale", [1e-45, 1e-40, 1.2e-38, 1e-20, 1e33])
@pytest.mark.parametrize("dtype", [U8, S8, U16, S16], ids=str)
def test_extreme_scales(runtime, dtype, scale):
    for seed in SEEDS:
        agrees("ql", runtime.quantize_case(np.random.default_rng(seed), dtype, scale=scale))


@pytest.mark.parametrize("kind", ["INT4", "UINT4", "INT2", "UINT2"])
def test_fewer_than_eight_bits(onnx, runtime, kind):
    """Codes of 4 and 2 bits leave ONNX Runtime through a Cast, as NumPy has no such type.

    Numbers of 2^31 steps and more are left out: there ONNX Runtime's 4-bit kernel overflows where its 8-bit one
    saturates, as ours does (the extremes of the other tests).
    """
    helper, kinds = onnx.helper, onnx.TensorProto
    if not hasattr(kinds, kind):
        pytest.skip(f"this release of onnx has no {kind}")
    signed, bits = kind.startswith("INT"), int(kind[-1])
    nodes = [helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["codes"]),
             helper.make_node("Cast", ["codes"], ["wide"], to=kinds.INT8 if signed else kinds.UINT8)]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        scale, (low, high) = runtime.scales(rng), code_range(bits, signed)
        zero = int(rng.integers(low, high, endpoint=True))
        x = runtime.numbers(rng, scale, high, (5, 9))
        x = np.clip(x, -(2.0**30) * scale, 2.0**30 * scale).astype(np.float32)
        constants = [helper.make_tensor("scale", kinds.FLOAT, [], [float(scale)]),
                     helper.make_tensor("zero", getattr(kinds, kind), [], [zero])]
        try:
            model = runtime.session(nodes, {"x": (kinds.FLOAT, x.shape)},
                                    {"wide": kinds.INT8 if signed else kinds.UINT8}, constants,
                                    opset=25 if bits == 2 else 21)
        except Exception as error:  # its own classes differ from release to release
            pytest.skip(f"this ONNX Runtime has no QuantizeLinear to {kind}: {str(error)[:80]}")
        codes = grid(scale, np.array(zero, S8 if signed else U8), bits=bits).quantize(x)
        equal(codes, model.run(None, {"x": x})[0])


def test_dynamic_quantization(runtime):
    for seed in range(5 * len(SEEDS)):
        rng = np.random.default_rng(seed)
        x = (rng.standard_normal(50) + rng.uniform(-4, 4)) * 10 ** rng.uniform(-30, 30)
        agrees("dql", runtime.dynamic_case(x.astype(np.float32)))
        agrees("dql", runtime.dynamic_case(rng.integers(-99, 100, 50).astype(np.float32) / 2))
    for values in ([0, 0], [0], [5], [-3], [1e-38, 0], [1e-40, -1e-40], [0, 255.5, 127.5], [2e38, 0],
                   [-1.7e38, 1.7e38]):
        agrees("dql", runtime.dynamic_case(np.array(values, np.float32)))


@pytest.mark.parametrize("channels", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("a, b", [*PAIRS, (S8, U8)], ids=str)
def test_integer_products(runtime, a, b, channels):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        sizes = tuple(int(n) for n in rng.integers(1, 90, 3))
        agrees("mmi", runtime.matmul_integer_case(rng, a, b, channels, sizes))
    agrees("mmi", runtime.matmul_integer_case(np.random.default_rng(99), a, b, channels, (9, 784, 128)))


@pytest.mark.parametrize("channels", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("a, b", PAIRS, ids=str)
def test_requantised_products(runtime, a, b, channels):
    exact_or_skip(runtime, a, b)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        sizes = tuple(int(n) for n in rng.integers(1, 90, 3))
        agrees("qlmm", runtime.qlinear_matmul_case(rng, a, b, channels, sizes))
    agrees("qlmm", runtime.qlinear_matmul_case(np.random.default_rng(99), a, b, channels, (9, 784, 128)))


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_the_integer_network_is_a_chain_of_qlinear_matmul(runtime, scheme):
    """Per tensor, rounding "float", without biases (the operator has none): every logits code is ONNX Runtime's."""
    exact_or_skip(runtime, U8, U8 if scheme == "affine" else S8)
    for seed in range(8):
        network, weights, x = small_network(seed, scheme, bias=0)
        codes = network.input.quantize(x)
        ours = network.forward(codes)
        for layer, weight in zip(network.layers, weights, strict=True):
            types = [layer.input.dtype, weight.grid.dtype, layer.output.dtype]
            (a, a_z), (b, b_z), (y, y_z) = ((grid.scale, grid.zero_point.astype(dtype)) for grid, dtype in
                                            zip((layer.input, weight.grid, layer.output), types, strict=True))
            codes, = runtime.run("QLinearMatMul", [codes, a, a_z, weight.codes.T, b, b_z, y, y_z], types[2:])
            codes = np.maximum(codes, y_z) if layer is not network.layers[-1] else codes
        equal(ours, codes)


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_the_integer_network_with_biases_is_a_chain_of_qgemm(runtime, per):
    """ONNX Runtime's own operator QGemm has the int32 bias that QLinearMatMul lacks."""
    for seed in range(8):
        network, weights, x = small_network(seed, "symmetric", bias=1, per=per)
        codes = network.input.quantize(x)
        ours = network.forward(codes)
        for layer, weight in zip(network.layers, weights, strict=True):
            a_z, y_z = (end.zero_point.astype(end.dtype) for end in (layer.input, layer.output))
            b_z = weight.zero_point.astype(weight.grid.dtype)
            exact = layer.input.scale.astype(np.float64) * weight.scale
            bias = np.rint(biases(seed, len(layer.weight)) / exact).astype(np.int32)
            codes, = runtime.run("QGemm", [codes, layer.input.scale, a_z, weight.codes.T, weight.scale, b_z, bias,
                                           layer.output.scale, y_z], [layer.output.dtype], domain="com.microsoft")
            codes = np.maximum(codes, y_z) if layer is not network.layers[-1] else codes
        equal(ours, codes)


def biases(seed: int, outputs: int) -> np.ndarray:
    return np.random.default_rng([seed, outputs]).standard_normal(outputs, np.float32)


def small_network(seed: int, scheme: str, bias: float, per: str = "tensor"):
    """A 40-24-16-10 network with rounding "float", its quantised weights, and inputs (60, 40)."""
    rng = np.random.default_rng(seed)
    x = h = rng.standard_normal((60, 40), np.float32)
    grids, weights, layers = [fit_grid(x, 8, "affine")], [], []
    for inputs, outputs in ((40, 24), (24, 16), (16, 10)):
        weight = quantize(rng.standard_normal((outputs, inputs), np.float32), 8, scheme, per)
        b = biases(seed, outputs) * np.float32(bias)
        h = h @ weight.dequantize().T + b
        h = np.maximum(h, 0) if outputs != 10 else h
        grids.append(fit_grid(h, 8, "affine"))
        layers.append(IntegerLinear.of(weight, b, *grids[-2:], CLAMPS[RELU] if outputs != 10 else IDENTITY, "float"))
        weights.append(weight)
    return IntegerNetwork(layers, grids[0]), weights, x


def reference(onnx, op: str, inputs: list[np.ndarray], outputs: list[int], **attributes) -> list[np.ndarray]:
    """One node, as ONNX's reference evaluator computes it."""
    from onnx.reference import ReferenceEvaluator
    helper, names = onnx.helper, [f"input{i}" for i in range(len(inputs))]
    results = [f"output{i}" for i in range(len(outputs))]
    graph = helper.make_graph(
        [helper.make_node(op, names, results, **attributes)], "case",
        [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
         for name, value in zip(names, inputs, strict=True)],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(results, outputs, strict=True)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))


@pytest.mark.parametrize("size", [1, 3, 8, 50])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_groups_are_onnx_blocks_in_its_reference(onnx, scheme, size):
    """Our own grids per group, the last one shorter: the codes and the numbers that they stand for."""
    for seed in SEEDS:
        bits = (8, 16)[seed % 2]
        w = np.random.default_rng(seed).standard_normal((5, 31), np.float32)
        tensor = quantize(w, bits, scheme, f"group:{size}")
        zero, how = tensor.zero_point.astype(tensor.codes.dtype), {"axis": 1, "block_size": size}
        kind = onnx.helper.np_dtype_to_tensor_dtype(zero.dtype)
        theirs, = reference(onnx, "QuantizeLinear", [w, tensor.scale, zero], [kind], **how)
        equal(tensor.codes, theirs)
        theirs, = reference(onnx, "DequantizeLinear", [theirs, tensor.scale, zero], [onnx.TensorProto.FLOAT], **how)
        equal(tensor.dequantize(), theirs)


@pytest.mark.parametrize("kind", ["INT4", "UINT4", "INT2", "UINT2"])
def test_packed_codes_are_onnxs_bytes(onnx, kind):
    if not hasattr(onnx.TensorProto, kind):
        pytest.skip(f"this release of onnx has no {kind}")
    signed, bits = kind.startswith("INT"), int(kind[-1])
    low, high = code_range(bits, signed)
    for count in range(9):
        codes = np.random.default_rng(count).integers(low, high, count, S8 if signed else U8, endpoint=True)
        tensor = onnx.helper.make_tensor("codes", getattr(onnx.TensorProto, kind), [count], codes)
        stored = tensor.raw_data or np.array(tensor.int32_data, np.uint8).tobytes()
        assert pack(codes, bits).tobytes() == stored


def test_the_reference_overflows_where_onnx_runtime_saturates(onnx, runtime):
    x, scale, zero = np.array([3e38, -3e38], np.float32), np.array(1e-3, np.float32), np.array(9, U8)
    case = {"x": x, "scale": scale, "zp": zero, "q": runtime.run("QuantizeLinear", [x, scale, zero], [U8])[0]}
    assert case["q"].tolist() == [255, 0]
    assert reference(onnx, "QuantizeLinear", [x, scale, zero], [onnx.TensorProto.UINT8])[0].tolist() != [255, 0]
    agrees("ql", case)


def test_the_reference_adds_the_zero_point_before_rounding(onnx, runtime):
    half, one = (np.array(value, np.float32) for value in (0.5, 1))
    a, b = np.array([[1]], U8), np.array([[1]], S8)
    case = {"a": a, "a_scale": half, "a_zp": np.array(0, U8), "b": b, "b_scale": one, "b_zp": np.array(0, S8),
            "y_scale": one, "y_zp": np.array(3, U8)}
    inputs = list(case.values())
    case["y"], = runtime.run("QLinearMatMul", inputs, [U8])
    assert case["y"].item() == 3  # round(0.5) + 3
    assert reference(onnx, "QLinearMatMul", inputs, [onnx.TensorProto.UINT8])[0].item() == 4  # round(0.5 + 3)
    agrees("qlmm", case)


def test_the_reference_has_another_scale_for_all_zeros(onnx, runtime):
    x = np.zeros(4, np.float32)
    case = runtime.dynamic_case(x)
    kinds = onnx.TensorProto
    theirs = reference(onnx, "DynamicQuantizeLinear", [x], [kinds.UINT8, kinds.FLOAT, kinds.UINT8])
    assert case["scale"] == 1 and theirs[1] == np.float32(1 / 255)
    agrees("dql", case)


def test_a_range_whose_scale_underflows_gets_scale_one():
    """There ONNX Runtime answers with scale 0, which stands for nothing; ours is documented in schemes._safe_scale."""
    tensor = quantize(np.array([1e-45, 0], np.float32), 8, "affine")
    assert tensor.scale == 1 and tensor.codes.tolist() == [0, 0]
