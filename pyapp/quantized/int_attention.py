"""IntAttention's whole pipeline: int8 queries, keys and values, IndexSoftmax on the int32 scores, and its 8-bit
probabilities times int8 values; nothing is dequantised before the end.

Zhong et al., MLSys 2026, arXiv 2511.21513; code WanliZhong/IntAttention, pysimulation/IntAttention.py.
Shapes: B sequences, H heads, T queries, S keys, D columns of a head.
"""

from typing import NamedTuple

import numpy as np

from pyapp.core.attention import Attention, Cache, by_head, thirds
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quant.schemes import fit_grid
from pyapp.softmax.indexsoftmax import IndexSoftmax

BITS = 8


class Attended(NamedTuple):
    """All integers on the way, and the scale of the last."""

    scores: np.ndarray  # int32 (B, H, T, S): q kᵀ
    probabilities: np.ndarray  # int32 (B, H, T, S), 0 to 255
    context: np.ndarray  # int32 (B, H, T, D): probabilities times values
    scale: float  # of the context

    def dequantize(self) -> np.ndarray:
        """The context as float32."""
        return self.context.astype(np.float32) * np.float32(self.scale)


def int_attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, scale: float = 1.0) -> Attended:
    """Attention of float q (B, H, T, D), k and v (B, H, S, D) with the scores scale · q kᵀ, in integers.

    Each of the three lies on one symmetric int8 grid, as wide as its largest number. IndexSoftmax takes the int32
    scores as they are; their scale only decides where it cuts off. Scores are at most 127² D, and a row's probabilities
    add up to at most 510, so int32 holds all sums. mask: bool (T, S), True where a query may look at a key.
    """
    grids = [fit_grid(x, BITS) for x in (q, k, v)]
    q8, k8, v8 = (grid.quantize(x) for grid, x in zip(grids, (q, k, v), strict=True))
    of_q, of_k, of_v = (float(grid.scale) for grid in grids)
    scores = _product(q8, k8.swapaxes(2, 3))
    rows = scores.reshape(-1, scores.shape[-1])
    counts = None if mask is None else np.broadcast_to(mask, scores.shape).reshape(rows.shape)
    method = IndexSoftmax(of_q * of_k * scale)
    probabilities = method(rows, counts).reshape(scores.shape)
    return Attended(scores, probabilities, _product(probabilities, v8), of_v * method.unit)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a b of the last two axes for whole numbers, int32: in float64, which holds them exactly and multiplies fast."""
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int32)


class IntAttention(Attention):
    """An attention layer for inference that computes between its two dense layers as `int_attention` does."""

    def __init__(self, layer: Attention):
        self.__dict__.update(layer.__dict__)  # its dense layers and sizes
        self.softmax = IndexSoftmax  # not the float one, for which there are shorter ways

    def forward(self, p: Parameters, x: np.ndarray, tokens: int, cache: Cache | None = None) -> np.ndarray:
        self.q, self.k, self.v = (by_head(part, tokens, self.heads) for part in thirds(self.qkv.forward(p, x)))
        if cache is not None:
            self.k, self.v = cache.extend(self.k, self.v)
        attended = int_attention(self.q, self.k, self.v, self.mask(tokens, self.k.shape[2]), self.depth**-0.5)
        self.probabilities = (attended.probabilities * IndexSoftmax.unit).astype(x.dtype)
        self.context = np.empty_like(x)
        by_head(self.context, tokens, self.heads)[:] = attended.dequantize()
        return self.out.forward(p, self.context)


def use_int_attention(model: ViT | GPT) -> None:
    """Let all attention layers of a network compute so from now on."""
    for block in model.blocks:
        block.attention = IntAttention(block.attention)
