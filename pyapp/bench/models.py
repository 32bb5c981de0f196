"""The digits network and the products as files that other runtimes read: ONNX in three precisions, and LiteRT.

Codes, scales and zero points are ours in all of them, so that what differs is the runtime. `dynamic` measures the range
of the inputs in each run, as ONNX Runtime's quantize_dynamic has it; `qdq` knows it beforehand, as quantize_static has.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from pyapp import __version__
from pyapp.bench import litert_file
from pyapp.bench.workloads import HELD_OUT, PRODUCTS, operands
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.export import onnx_graph
from pyapp.export.onnx_graph import Graph
from pyapp.export.onnx_layers import INPUT, OUTPUT, on_grid
from pyapp.nets import mlp
from pyapp.quant.integer import bias_steps
from pyapp.quant.parameters import weight_names
from pyapp.quant.schemes import Grid, QuantizedTensor, quantize
from pyapp.quantized.network import Settings, quantize_network

Layers = Sequence[tuple[np.ndarray, np.ndarray]]  # W (O, I) and b (O,), with ReLU between them


def layers(p: Parameters) -> Layers:
    return [(p[name], p[name.replace("weight", "bias")]) for name in weight_names(p)]


def files() -> dict[str, bytes]:
    """The files by name: NAME.float.onnx, NAME.dynamic.onnx and NAME.qdq.onnx, and NAME.tflite for each batch."""
    found = {f"{name}.{kind}.onnx": data for name, network, tensors, grids in networks()
             for kind, data in (("float", whole(network)), ("dynamic", dynamic(network, tensors)),
                                ("qdq", qdq(network, tensors, grids)))}
    found |= {f"{name}.tflite": litert_file.network(layers(mlp.load()), rows)
              for name, rows in (("image", 1), ("batch", HELD_OUT))}
    for size in PRODUCTS:
        x, w = operands(size)
        found[f"{size}.tflite"] = litert_file.network([(w, np.zeros(len(w), np.float32))], len(x))
    return found


def networks() -> Iterator[tuple[str, Layers, list[QuantizedTensor], list[Grid]]]:
    """Name, layers, their 8-bit weights, and the grids of the layers' inputs."""
    eight = quantize_network(mlp.load(), Settings(bits=8, activations=8), mnist.calibration())
    yield "mlp", layers(mlp.load()), list(eight.weights.tensors.values()), list(eight.activations.values())[:-1]
    for size in PRODUCTS:
        x, w = operands(size)
        network = [(w, np.zeros(len(w), np.float32))]
        yield size, network, [quantize(w, 8, "symmetric")], [quantize(x, 8, "affine").grid]


def whole(network: Layers) -> bytes:
    """x → Gemm → Relu → ... in float32."""
    graph = Graph()
    _stack(graph, network, lambda i, x: graph.add(
        "Gemm", f"layer{i}", x, graph.constant(f"w{i}", network[i][0]), graph.constant(f"b{i}", network[i][1]),
        transB=1))
    return _file(graph, network)


def dynamic(network: Layers, tensors: Sequence[QuantizedTensor]) -> bytes:
    """x → DynamicQuantizeLinear → MatMulInteger → scaled → Add → Relu → ..., with int8 weights."""
    graph = Graph()

    def product(i: int, x: str) -> str:
        where, grid = f"layer{i}", tensors[i].grid
        codes, scale, zero = (f"{where}.{part}" for part in ("codes", "scale", "zero"))
        graph.add("DynamicQuantizeLinear", where, x, out=[codes, scale, zero])
        sums = graph.add("MatMulInteger", where, codes, graph.constant(f"w{i}", tensors[i].codes.astype(np.int8).T),
                         zero, graph.constant(f"z{i}", np.zeros((), np.int8)))
        both = graph.add("Mul", f"{where}.scales", scale, graph.constant(f"s{i}", np.float32(grid.scale)))
        real = graph.add("Mul", where, graph.add("Cast", where, sums, to=1), both)
        return graph.add("Add", where, real, graph.constant(f"b{i}", network[i][1]))

    _stack(graph, network, product)
    return _file(graph, network)


def qdq(network: Layers, tensors: Sequence[QuantizedTensor], grids: Sequence[Grid]) -> bytes:
    """Between QuantizeLinear and DequantizeLinear: int8 weights, uint8 activations on given grids, int32 biases."""
    graph = Graph()

    def product(i: int, x: str) -> str:
        where, scale = f"layer{i}", np.float32(tensors[i].grid.scale)
        x = on_grid(graph, f"{where}.input", x, grids[i])
        w = graph.add("DequantizeLinear", f"{where}.weight", graph.constant(f"w{i}", tensors[i].codes.astype(np.int8)),
                      graph.constant(f"s{i}", scale), graph.constant(f"z{i}", np.zeros((), np.int8)))
        steps, unit = bias_steps(network[i][1], tensors[i], grids[i])
        b = graph.add("DequantizeLinear", f"{where}.bias", graph.constant(f"b{i}", steps.astype(np.int32)),
                      graph.constant(f"bs{i}", np.float32(unit).reshape(())),
                      graph.constant(f"bz{i}", np.zeros((), np.int32)))
        return graph.add("Gemm", where, x, w, b, transB=1)

    _stack(graph, network, product)
    return _file(graph, network)


def _stack(graph: Graph, network: Layers, product) -> None:
    """The layers one after the other with Relu between them, from INPUT to OUTPUT."""
    x = INPUT
    for i in range(len(network)):
        x = product(i, x)
        x = graph.add("Identity" if i == len(network) - 1 else "Relu", f"layer{i}", x,
                      out=[OUTPUT] if i == len(network) - 1 else ())


def _file(graph: Graph, network: Layers) -> bytes:
    inputs, outputs = network[0][0].shape[1], network[-1][0].shape[0]
    return onnx_graph.model(graph.encoded("mlp", {INPUT: ("N", inputs)}, {OUTPUT: ("N", outputs)}, ""), {}, "",
                            __version__)
