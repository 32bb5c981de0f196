"""A digits network as an ONNX graph: in float32, between QuantizeLinear and DequantizeLinear (QDQ), or in integers.

Everything is standard ONNX, so any runtime can run it. Weights have the names they have in checkpoints.
"""

import numpy as np

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.parameters import Parameters
from pyapp.export.onnx_graph import Graph
from pyapp.quant.fixedpoint import INT32
from pyapp.quant.integer import IntegerLinear, IntegerNetwork, bias_steps
from pyapp.quant.parameters import weight_names
from pyapp.quant.schemes import Grid, QuantizedTensor
from pyapp.quantized.network import QuantizedNetwork

INPUT, OUTPUT = "pixels", "logits"
BYTE = np.iinfo(np.uint8)


def float_mlp(graph: Graph, p: Parameters, x: str = INPUT) -> None:
    """x → Gemm → Relu, or Clip → ... → logits."""
    for name in weight_names(p):
        layer, last = name.removesuffix(".weight"), name == weight_names(p)[-1]
        x = gemm(graph, layer, x, graph.constant(name, p[name]), _bias(graph, layer, p), OUTPUT if last else "")
        x = x if last else _activation(graph, layer, x, p.activation)


def qdq_mlp(graph: Graph, network: QuantizedNetwork, x: str = INPUT) -> None:
    """`float_mlp` with weights as codes; if activations have grids, they are moved onto them, and biases are int32."""
    p, tensors = network.weights.parameters, network.weights.tensors
    grids = list((network.activations or {}).values())
    x = on_grid(graph, x, x, grids[0]) if grids else x
    for i, (name, tensor) in enumerate(tensors.items()):
        layer, last = name.removesuffix(".weight"), i == len(tensors) - 1
        weight = dequantized(graph, name, tensor, bool(grids))
        bias = _bias(graph, layer, p, tensor, grids[i]) if grids else _bias(graph, layer, p)
        x = gemm(graph, layer, x, weight, bias, OUTPUT if last and not grids else "")
        x = x if last else _activation(graph, layer, x, p.activation)
        x = on_grid(graph, layer, x, grids[i + 1], OUTPUT if last else "") if grids else x


def integer_refused(network: IntegerNetwork) -> str:
    """Why `integer_mlp` cannot hold the network, else ""."""
    if any(layer.offset.shape[1] > 1 for layer in network.layers):
        return "its weights share scales in groups, and an integer product has one scale per output; use onnx"
    codes = [each + np.int32(_shift(layer)) for layer in network.layers for each in (layer.weight, layer.weight_zero)]
    if any(layer.input.bits > 8 for layer in network.layers) or not all(BYTE.min <= each.min() <= each.max() <= BYTE.max
                                                                        for each in codes):
        return "its codes have more than 8 bits, and ONNX multiplies integers of 8 bits only; use onnx"
    return ""


def integer_mlp(graph: Graph, network: IntegerNetwork, names: list[str], x: str = INPUT) -> None:
    """QuantizeLinear, then for each layer MatMulInteger, a bias of int32, a float32 multiplier and QuantizeLinear with
    scale 1, which rounds, adds the zero point and saturates; DequantizeLinear at the end.

    QLinearMatMul has no bias, and leaves the product of its three scales to the runtime; here every number is in the
    file, and each operator has one answer only.
    """
    x = quantized(graph, x, x, network.input)
    for name, layer in zip(names, network.layers, strict=True):
        x = _integer_layer(graph, name.removesuffix(".weight"), x, layer)
    grid = network.layers[-1].output
    graph.add("DequantizeLinear", OUTPUT, x, graph.constant(f"{OUTPUT}.scale", grid.scale),
              graph.constant(f"{OUTPUT}.zero_point", grid.zero_point.astype(grid.dtype)), out=[OUTPUT])


def _integer_layer(graph: Graph, name: str, x: str, layer: IntegerLinear) -> str:
    """Codes of the output for codes x of the input. Weights are (I, O) here, as MatMulInteger has them."""
    zero = int(layer.input.zero_point)
    shift = _shift(layer)
    centred = (layer.weight - layer.weight_zero).sum(axis=1, dtype=np.int32)  # Σ (w - z_w)
    zeros = (layer.weight_zero[:, 0] + shift).astype(np.uint8)
    codes = graph.constant(f"{name}.weight", (layer.weight + np.int32(shift)).astype(np.uint8).T)
    acc = graph.add("MatMulInteger", name, x, codes,
                    graph.constant(f"{name}.input.zero_point", np.asarray(zero, layer.input.dtype)),
                    graph.constant(f"{name}.weight.zero_point", zeros if np.ptp(zeros) else zeros[0]))
    acc = graph.add("Add", name, acc, graph.constant(f"{name}.bias", layer.offset[:, 0] + np.int32(zero) * centred))
    real = graph.add("Mul", name, graph.add("Cast", name, acc, to=1),
                     graph.constant(f"{name}.multiplier", np.ravel(layer.scale)))
    grid, one = layer.output, graph.constant(f"{name}.one", np.float32(1))
    real = _clipped(graph, name, real, grid, layer.lowest, layer.highest, np.float32(1))
    zero_point = graph.constant(f"{name}.zero_point", grid.zero_point.astype(grid.dtype))
    return graph.add("QuantizeLinear", name, real, one, zero_point, out=[f"{name}.codes"])


def _shift(layer: IntegerLinear) -> int:
    """What is added to signed 8-bit codes to make them unsigned, see `dequantized`. Codes of fewer bits take a byte
    too, because ONNX Runtime 1.20 has no kernel that unpacks codes for MatMulInteger."""
    return 128 if layer.weight.min() < 0 else 0


def gemm(graph: Graph, name: str, x: str, weight: str, bias: str, out: str = "") -> str:
    """x Wᵀ + b for rows x (R, I) and W (O, I)."""
    return graph.add("Gemm", name, x, weight, bias, out=[out] if out else (), transB=1)


def dequantized(graph: Graph, name: str, tensor: QuantizedTensor, beside_codes: bool = False) -> str:
    """A weight matrix as codes and its DequantizeLinear. Codes of 2 and 3 bits are stored in 4: opset 21 has no fewer.

    `beside_codes` of activations, a runtime may multiply the integers themselves, and on x86 without VNNI unsigned
    times signed bytes are added in pairs as int16, which saturates: 255·127 + 255·127 > 32,767. Processors then differ.
    Unsigned times unsigned is exact on all, so signed codes of 8 bits are shifted by 128, zero point and all.
    """
    grid, codes, zeros = tensor.grid, tensor.codes, tensor.zero_point
    kind = f"{'int' if grid.signed else 'uint'}{4 if grid.bits <= 4 else 8 if grid.bits <= 8 else 16}"
    if beside_codes and kind == "int8":
        codes, zeros, kind = (codes.astype(np.int16) + 128).astype(np.uint8), zeros + 128, "uint8"
    where = {"tensor": {}, "channel": {"axis": 0},
             "group": {"axis": 1, "block_size": min(grid.per.size or 1, codes.shape[-1])}}[grid.per.kind]
    return graph.add("DequantizeLinear", name, graph.constant(name, codes, kind),
                     graph.constant(f"{name}.scale", grid.scale),
                     graph.constant(f"{name}.zero_point", zeros.astype(codes.dtype), kind), **where)


def on_grid(graph: Graph, name: str, x: str, grid: Grid, out: str = "") -> str:
    """x moved onto a grid, float32 to float32."""
    codes = quantized(graph, name, x, grid)
    return graph.add("DequantizeLinear", name, codes, f"{name}.scale", f"{name}.zero_point", out=[out] if out else ())


def quantized(graph: Graph, name: str, x: str, grid: Grid) -> str:
    """Codes of x on an activation's grid, in 8 or 16 bits, for which runtimes have kernels. With fewer bits a Clip
    keeps them in range."""
    x = _clipped(graph, name, x, grid, grid.low, grid.high, grid.scale)
    return graph.add("QuantizeLinear", name, x, graph.constant(f"{name}.scale", grid.scale),
                     graph.constant(f"{name}.zero_point", grid.zero_point.astype(grid.dtype)))


def _clipped(graph: Graph, name: str, x: str, grid: Grid, lowest: int, highest: int, scale: np.float32) -> str:
    """x kept where its codes are lowest..highest, if the type of the codes does not do that."""
    whole = np.iinfo(grid.dtype)
    if (lowest, highest) == (whole.min, whole.max):
        return x
    ends = [np.float32(end - int(grid.zero_point)) * np.float32(scale) for end in (lowest, highest)]
    return _clip(graph, name, x, *ends)


def _clip(graph: Graph, name: str, x: str, lowest: np.float32, highest: np.float32) -> str:
    return graph.add("Clip", name, x, graph.constant(f"{name}.lowest", lowest),
                     graph.constant(f"{name}.highest", highest))


def _activation(graph: Graph, layer: str, x: str, name: str) -> str:
    """The activation after a hidden layer, under a name of its own: a grid may clip there too."""
    if name == RELU:
        return graph.add("Relu", layer, x)
    clamp = CLAMPS[name]
    return _clip(graph, f"{layer}.activation", x, np.float32(clamp.low), np.float32(clamp.high))


def _bias(graph: Graph, layer: str, p: Parameters, weight: QuantizedTensor | None = None,
          input: Grid | None = None) -> str:
    """A bias in float32, or beside codes as int32 steps of S_x·S_w, if they fit."""
    name = f"{layer}.bias"
    if weight is None:
        return graph.constant(name, p[name])
    steps, scale = bias_steps(p[name], weight, input)
    if np.abs(steps).max(initial=0) > INT32.max:
        return graph.constant(name, (steps * scale).astype(np.float32))
    scale = scale.astype(np.float32)
    return graph.add("DequantizeLinear", name, graph.constant(name, steps.astype(np.int32)),
                     graph.constant(f"{name}.scale", scale if scale.size > 1 else scale.reshape(())),
                     graph.constant(f"{name}.zero_point", np.zeros(scale.shape if scale.size > 1 else (), np.int32)),
                     **({"axis": 0} if scale.size > 1 else {}))
