"""The operators of our ONNX graphs in NumPy: they compute a file's own numbers without ONNX Runtime."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pyapp.core.activations import GELU
from pyapp.core.attention import float_softmax
from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.ops import linear
from pyapp.export.onnx_graph import NAMES, Graph
from pyapp.quant.matmul import matmul_integer
from pyapp.quant.schemes import Granularity
from pyapp.seal import Broken

Array = np.ndarray


def evaluated(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Every value of the graph by its name. Broken if an operator is not one of ours, or its inputs do not fit."""
    values = {**graph.constants, **inputs}
    for node in graph.nodes:
        try:
            found = OPERATORS[node.op](*(values[name] for name in node.inputs), **node.attributes)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise Broken(f"a node {node.name} that cannot be computed ({error})") from None
        values |= zip(node.outputs, found if isinstance(found, list) else [found], strict=True)
    return values


def _spread(values: Array, shape: tuple[int, ...], axis: int, size: int) -> Array:
    """Scales or zero points of a tensor, its channels along an axis, or groups of `size`, laid out to broadcast."""
    if values.ndim == 0:
        return values
    return Granularity("group" if size else "channel", size or None, axis).spread(values, shape)


def quantize_linear(x: Array, scale: Array, zero: Array) -> Array:
    """round(x / scale) + zero point, half to even, saturated."""
    ends = np.iinfo(zero.dtype)
    return np.clip(np.rint(x / scale) + zero.astype(np.float32), ends.min, ends.max).astype(zero.dtype)


def dequantize_linear(codes: Array, scale: Array, zero: Array, axis: int = 1, block_size: int = 0) -> Array:
    """(codes - zero) · scale, float32."""
    scale, zero = (_spread(values, codes.shape, axis, block_size) for values in (scale, zero.astype(np.int32)))
    return (codes.astype(np.int32) - zero).astype(np.float32) * scale


def gemm(x: Array, weight: Array, bias: Array, transB: int = 0) -> Array:
    """x W + b, or x Wᵀ + b with `transB`."""
    return linear(x, weight if transB else weight.T) + bias


def layer_normalization(x: Array, gain: Array, shift: Array, axis: int = -1, epsilon: float = 1e-5) -> Array:
    centred = x - x.mean(axis=axis, keepdims=True)
    variance = np.square(centred).mean(axis=axis, keepdims=True)
    return centred / np.sqrt(variance + np.float32(epsilon)) * gain + shift


def reshape(x: Array, shape: Array) -> Array:
    """x in another shape, where 0 keeps the length of an axis."""
    return x.reshape([x.shape[i] if length == 0 else int(length) for i, length in enumerate(shape)])


def pad(x: Array, pads: Array) -> Array:
    return np.pad(x, np.reshape(pads, (2, -1)).T)


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "Add": np.add,
    "Cast": lambda x, to: x.astype(NAMES[to]),
    "Clip": np.clip,
    "DequantizeLinear": dequantize_linear,
    "Gather": lambda x, index, axis: x.take(int(index), axis),
    "Gelu": lambda x, approximate: GELU().forward(None, x),
    "Gemm": gemm,
    "LayerNormalization": layer_normalization,
    "MatMul": np.matmul,
    "MatMulInteger": lambda x, w, x_zero, w_zero: matmul_integer(x, w.T, x_zero, w_zero),
    "Mul": np.multiply,
    "Pad": pad,
    "QuantizeLinear": quantize_linear,
    "Relu": CLAMPS[RELU],
    "Reshape": reshape,
    "Softmax": lambda x, axis: float_softmax(x.copy(), None),
    "Split": lambda x, axis, num_outputs: np.split(x, num_outputs, axis),
    "Transpose": lambda x, perm: x.transpose(perm),
}
