"""The Vision Transformer as an ONNX graph, in float32 or between QuantizeLinear and DequantizeLinear (QDQ).

N images of T tokens are N·T rows of C columns, as in pyapp.nets.vit, except in attention, where heads have an axis.
"""

import numpy as np

from pyapp.core.attention import float_softmax
from pyapp.core.layers import Linear
from pyapp.core.norm import LayerNorm
from pyapp.export.onnx_graph import Graph
from pyapp.export.onnx_layers import INPUT, OUTPUT, dequantized, gemm, on_grid
from pyapp.nets.transformer import Block
from pyapp.nets.vit import PLACES, SIDE, TOKEN, ViT
from pyapp.quantized.on_grids import OnGrids
from pyapp.quantized.transformer import QuantizedTransformer


def refused(network: QuantizedTransformer) -> str:
    """Why ONNX cannot hold the network, else ""."""
    if any(block.attention.softmax is not float_softmax for block in network.model.blocks):
        return "ONNX has no softmax on quantised attention scores; use logit_bits=none"
    return ""


class VisionGraph:
    """Adds the nodes of one network to a graph."""

    def __init__(self, graph: Graph, network: QuantizedTransformer):
        self.graph, self.p, self.tensors, self.model = graph, network.parameters, network.tensors, network.model
        self._build(network.model)

    def _build(self, model: ViT) -> None:
        size, graph = model.size, self.graph
        x = self._rows(self._dense(model.embed, self._patches(size.patch)), (-1, size.patches, size.width), "patch")
        x = self._add("places", self._add("class", self._padded("patch", x, 1, 0), self._token(size.patches)),
                      self._parameter(PLACES))
        x = self._rows(x, (-1, size.width), "tokens")
        for i, block in enumerate(model.blocks):
            x = self._block(f"block{i + 1}", block, x)
        x = self._rows(x, (-1, model.tokens, size.width), "class")
        x = graph.add("Gather", "class", x, graph.constant("class.row", np.int64(0)), axis=1)
        self._dense(model.head, self._norm(model.norm, x), OUTPUT)

    def _patches(self, patch: int) -> str:
        """Pixels (N, 784) as rows of patches (N·(28/patch)², patch²), in reading order."""
        side = SIDE // patch
        x = self._rows(INPUT, (0, side, patch, side, patch), INPUT)
        x = self.graph.add("Transpose", INPUT, x, perm=[0, 1, 3, 2, 4])
        return self._rows(x, (-1, patch * patch), "patches")

    def _token(self, patches: int) -> str:
        """The class token as row 0 before rows of zeros, (1, T, C)."""
        token = self.graph.constant(TOKEN, self.p[TOKEN].reshape(1, 1, -1))
        return self._padded("class", token, 0, patches)

    def _padded(self, name: str, x: str, before: int, after: int) -> str:
        """Rows of zeros before and after the tokens."""
        pads = self.graph.constant(f"{name}.pads", np.array([0, before, 0, 0, after, 0], np.int64))
        return self.graph.add("Pad", name, x, pads)

    def _block(self, name: str, block: Block, x: str) -> str:
        attention, up = block.attention, _inner(block.up)
        x = self._add(f"{name}.attention", x, self._attention(f"{name}.attention", attention,
                                                              self._norm(block.norm1, x)))
        hidden = self._dense(block.up, self._norm(block.norm2, x))
        hidden = self.graph.add("Gelu", _name(up), hidden, approximate="tanh")
        return self._add(name, x, self._dense(block.down, hidden))

    def _attention(self, name: str, attention, x: str) -> str:
        graph, heads, depth, tokens = self.graph, attention.heads, attention.depth, self.model.tokens
        parts = [f"{name}.{part}" for part in "qkv"]
        graph.add("Split", name, self._dense(attention.qkv, x), out=[f"{part}/Split" for part in parts], axis=1,
                  num_outputs=3)
        after = attention.qkv.after if isinstance(attention.qkv, OnGrids) else ()
        values = [on_grid(graph, part, f"{part}/Split", after[i].grid) if after else f"{part}/Split"
                  for i, part in enumerate(parts)]
        scale = graph.constant(f"{name}.scale", np.float32(depth**-0.5))
        values[0] = graph.add("Mul", parts[0], values[0], scale)
        q, k, v = (graph.add("Transpose", part, self._rows(value, (-1, tokens, heads, depth), part),
                             perm=[0, 2, 3, 1] if part == parts[1] else [0, 2, 1, 3])
                   for part, value in zip(parts, values, strict=True))
        scores = graph.add("MatMul", f"{name}.scores", q, k)
        seen = graph.add("MatMul", f"{name}.context", graph.add("Softmax", name, scores, axis=-1), v)
        seen = graph.add("Transpose", f"{name}.context", seen, perm=[0, 2, 1, 3])
        return self._dense(attention.out, self._rows(seen, (-1, heads * depth), f"{name}.context"))

    def _norm(self, layer: LayerNorm | OnGrids, x: str) -> str:
        norm = _inner(layer)
        y = self.graph.add("LayerNormalization", _name(norm), x, self._parameter(norm.weight),
                           self._parameter(norm.bias), axis=-1, epsilon=norm.epsilon)
        return on_grid(self.graph, f"{_name(norm)}.output", y, layer.after[0].grid) if norm is not layer else y

    def _dense(self, layer: Linear | OnGrids, x: str, out: str = "") -> str:
        linear = _inner(layer)
        if linear is not layer and layer.before is not None:
            x = on_grid(self.graph, f"{_name(linear)}.input", x, layer.before.grid)
        return gemm(self.graph, _name(linear), x, self._parameter(linear.weight), self._parameter(linear.bias), out)

    def _parameter(self, name: str) -> str:
        if name in self.tensors:
            return dequantized(self.graph, name, self.tensors[name], isinstance(self.model.norm, OnGrids))
        return self.graph.constant(name, self.p[name])

    def _rows(self, x: str, shape: tuple[int, ...], name: str) -> str:
        return self.graph.add("Reshape", name, x, self.graph.constant(f"{name}.shape", np.array(shape, np.int64)))

    def _add(self, name: str, *inputs: str) -> str:
        return self.graph.add("Add", name, *inputs)


def _inner(layer: Linear | LayerNorm | OnGrids) -> Linear | LayerNorm:
    return layer.layer if isinstance(layer, OnGrids) else layer


def _name(layer: Linear | LayerNorm) -> str:
    return layer.weight.removesuffix(".weight")
