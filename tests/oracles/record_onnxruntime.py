"""Record what ONNX Runtime computes for random cases, so that tests have an independent oracle without it.

    pip install onnxruntime onnx && PYTHONPATH=tests python -m oracles.record_onnxruntime
"""

from collections.abc import Iterator

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper
from oracles.onnx_cases import RECORDED, Case

IR = {21: 10, 25: 13}  # the first opset with groups (block_size) and 4 bits, the first with 2 bits; file formats
SEED = 20
FLOAT = np.dtype(np.float32)
PRODUCTS = ("MatMulInteger", "QLinearMatMul", "QGemm")
INTEGERS = [np.dtype(name) for name in ("uint8", "int8", "uint16", "int16")]


def run(op: str, inputs: list[np.ndarray], outputs: list[np.dtype | int], domain: str = "", **attributes):
    """The outputs of one node, as ONNX Runtime computes it on the CPU. Output types are dtypes, or ONNX's numbers.

    Of a product all inputs but the first are constants: only then does "x64quantprecision" make it exact everywhere.
    """
    ends = {f"input{i}": np.asarray(value) for i, value in enumerate(inputs)}
    fixed = dict(list(ends.items())[1:]) if op in PRODUCTS else {}
    given = {name: value for name, value in ends.items() if name not in fixed}
    types = [kind if isinstance(kind, int) else helper.np_dtype_to_tensor_dtype(kind) for kind in outputs]
    results = [f"output{i}" for i in range(len(outputs))]
    return session(
        [helper.make_node(op, list(ends), results, domain=domain, **attributes)],
        {name: (helper.np_dtype_to_tensor_dtype(value.dtype), value.shape) for name, value in given.items()},
        dict(zip(results, types, strict=True)), [numpy_helper.from_array(value, name) for name, value in fixed.items()],
        domain).run(None, given)


def session(nodes: list, inputs: dict[str, tuple], outputs: dict[str, int], constants=(), domain: str = "",
            opset: int = 21):
    """A small model, ready to be run."""
    graph = helper.make_graph(
        nodes, "case", [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()], constants)
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR[opset])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.add_session_config_entry("session.x64quantprecision", "1")  # else u8·s8 saturates at int16 on AVX2
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def integers(rng: np.random.Generator, dtype: np.dtype, shape=()) -> np.ndarray:
    """Any codes of a type."""
    info = np.iinfo(dtype)
    return np.asarray(rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True))


def scales(rng: np.random.Generator, shape=(), low: float = -8, high: float = 4) -> np.ndarray:
    """Scales from 10^low to 10^high; about half of them are powers of two, whose ties are exact."""
    exponents = rng.uniform(low, high, shape)
    return np.where(rng.random(shape) < 0.5, 2.0 ** np.rint(exponents * 3.32), 10.0**exponents).astype(np.float32)


def numbers(rng: np.random.Generator, scale: np.ndarray, reach: float, shape: tuple[int, ...]) -> np.ndarray:
    """Ties, numbers beyond either end of `reach` steps, numbers within, and a few that are as extreme as float32."""
    steps = rng.uniform(-1.5, 1.5, shape) * reach
    steps = np.where(rng.random(shape) < 0.3, np.floor(steps) + 0.5, steps).astype(np.float32)
    x = steps * scale
    extremes = np.array([0, -0.0, 1e-45, -1e-40, 3e38, -3e38], np.float32)
    return np.where(rng.random(shape) < 0.05, rng.choice(extremes, shape), x)


def quantize_case(rng: np.random.Generator, dtype: np.dtype, per: str = "tensor", columns: int = 30,
                  scale: np.ndarray | None = None) -> Case:
    """QuantizeLinear and DequantizeLinear of 6 rows; groups are of 8, the last one may be shorter."""
    size, rows = 8, 6
    shape = {"tensor": (), "channel": (rows,), "group": (rows, -(-columns // size))}[per]
    scale = scales(rng, shape) if scale is None else np.broadcast_to(np.float32(scale), shape)
    zero = integers(rng, dtype, shape)
    spread = {"tensor": scale, "channel": scale.reshape(-1, 1),
              "group": np.repeat(scale, size, axis=-1)[..., :columns]}[per]
    x = numbers(rng, spread, np.iinfo(dtype).max, (rows, columns))
    how = {"tensor": {}, "channel": {"axis": 0}, "group": {"axis": 1, "block_size": size}}[per]
    q, = run("QuantizeLinear", [x, scale, zero], [dtype], **how)
    dq, = run("DequantizeLinear", [q, scale, zero], [FLOAT], **how)
    case = {"x": x, "scale": scale, "zp": zero, "q": q, "dq": dq}
    return case | {"size": np.array(size)} if per == "group" else case


def dynamic_case(x: np.ndarray) -> Case:
    q, scale, zero = run("DynamicQuantizeLinear", [x], [np.dtype(np.uint8), FLOAT, np.dtype(np.uint8)])
    return {"x": x, "q": q, "scale": scale, "zp": zero}


def matmul_integer_case(rng: np.random.Generator, a: np.dtype, b: np.dtype, channels: bool = False,
                        sizes: tuple[int, int, int] = (5, 24, 7)) -> Case:
    rows, inner, columns = sizes
    case = {"A": integers(rng, a, (rows, inner)), "B": integers(rng, b, (inner, columns)), "az": integers(rng, a),
            "bz": integers(rng, b, (columns,) if channels else ())}
    case["y"], = run("MatMulInteger", list(case.values()), [np.dtype(np.int32)])
    return case


def qlinear_matmul_case(rng: np.random.Generator, a: np.dtype, b: np.dtype, channels: bool = False,
                        sizes: tuple[int, int, int] = (5, 24, 7)) -> Case:
    rows, inner, columns = sizes
    shape = (columns,) if channels else ()
    # y's scale is such that results spread over its codes and some are clipped
    case = {"a": integers(rng, a, (rows, inner)), "a_scale": scales(rng, (), -3, 0), "a_zp": integers(rng, a),
            "b": integers(rng, b, (inner, columns)), "b_scale": scales(rng, shape, -3, 0),
            "b_zp": np.broadcast_to(integers(rng, b), shape)}
    spread = case["a_scale"] * case["b_scale"].mean(dtype=np.float32) * np.float32(60 * inner**0.5)
    case |= {"y_scale": (spread * np.float32(rng.uniform(0.3, 3))).reshape(()), "y_zp": integers(rng, a)}
    case["y"], = run("QLinearMatMul", list(case.values()), [a])
    return case


def record(seed: int = SEED) -> Iterator[tuple[str, Case]]:
    """The cases of the file, by name."""
    rng = np.random.default_rng(seed)
    for dtype in INTEGERS:
        yield f"ql_{dtype}", quantize_case(rng, dtype)
    yield "ql_channel", quantize_case(rng, INTEGERS[1], "channel")
    yield "ql_group", quantize_case(rng, INTEGERS[0], "group")
    for name, shift in (("mixed", 0), ("positive", 5), ("negative", -5)):
        yield f"dql_{name}", dynamic_case(rng.standard_normal(60, np.float32) + np.float32(shift))
    unsigned, signed = INTEGERS[:2]
    for name, a, b in (("u8s8", unsigned, signed), ("u8u8", unsigned, unsigned), ("s8s8", signed, signed)):
        yield f"mmi_{name}", matmul_integer_case(rng, a, b)
        yield f"qlmm_{name}", qlinear_matmul_case(rng, a, b, channels=name == "s8s8")


if __name__ == "__main__":
    np.savez_compressed(RECORDED, **{f"{name}_{field}": array for name, case in record()
                                     for field, array in case.items()})
