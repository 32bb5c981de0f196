"""GGUF's block formats, as llama.cpp stores weights: blocks of 32 numbers (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1), and of 256
whose sub-blocks of 16 or 32 have quantised scales (Q2_K to Q6_K).

Reading gives the very float32 numbers of ggml's dequantize_row_*. Writing Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1 gives the
very bytes of its quantize_row_*_ref; the K formats are written by a search of our own (`gguf_search`), because ggml
weighs errors by a rule that no specification fixes. x = d·s·(q - zero), or d·s·q - m·t with the factors s and t of the
sub-block.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.quant.formats.gguf_layout import LAYOUTS, Layout
from pyapp.quant.formats.gguf_search import scaled, shifted, stored
from pyapp.quant.schemes import NOT_FINITE

ZERO = {"q4_0": 8, "q5_0": 16, "q3_k": 4, "q6_k": 32}  # the code of the number 0
ZERO_SCALE = {"q3_k": 32}  # the code of a sub-block's factor 0
TOGETHER = 16  # blocks whose scales are searched at once: what is tried for them stays in a processor's cache
SMALLEST = np.float32(2.0**-127)  # float16 keeps 0 for it, and for far larger ones


@dataclass(frozen=True)
class GGUFTensor:
    """A tensor's blocks as bytes (N, bytes per block), row by row; the last block of a row is filled up with zeros."""

    codes: np.ndarray
    shape: tuple[int, ...]
    format: "GGUF"

    def dequantize(self) -> np.ndarray:
        width, block = self.shape[-1] if self.shape else 1, self.format.layout.block
        rows = self.format.decode(self.codes).reshape(int(np.prod(self.shape[:-1])), -(-width // block) * block)
        return rows[:, :width].reshape(self.shape)

    @property
    def nbytes(self) -> int:
        return self.codes.size


@dataclass(frozen=True)
class GGUF:
    """One of GGUF's block formats."""

    name: str

    @property
    def title(self) -> str:
        return f"GGUF {self.name.upper()}"

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.name]

    @property
    def source(self) -> str:
        return "ggml-quants.c of llama.cpp"

    @property
    def searched(self) -> bool:
        """Whether scales are written by a search of our own rather than as ggml writes them."""
        return self.name not in WRITERS

    def bits(self, shape: tuple[int, ...]) -> float:
        """Bits per number of a tensor of this shape, with scales and with the zeros that fill up its rows."""
        count = int(np.prod(shape))
        return 8 * self._blocks(shape) * self.layout.nbytes / max(count, 1)

    def _blocks(self, shape: tuple[int, ...]) -> int:
        width = shape[-1] if shape else 1
        return int(np.prod(shape[:-1])) * -(-width // self.layout.block)

    def encode(self, x: np.ndarray) -> GGUFTensor:
        """The blocks of x. ggml itself refuses rows that blocks do not fill. ValueError for NaN and infinity, and for a
        block whose scale is beyond float16."""
        x = np.asarray(x, np.float32)
        if not np.isfinite(x).all():
            raise ValueError(NOT_FINITE)
        block = self.layout.block
        width = x.shape[-1] if x.ndim else 1
        padded = np.pad(x.reshape(int(np.prod(x.shape[:-1])), width), ((0, 0), (0, -width % block)))
        blocks = np.zeros((0, self.layout.nbytes), np.uint8)
        if x.size:
            blocks = WRITERS.get(self.name, _write_ks)(self, padded.reshape(-1, block))
        return GGUFTensor(blocks, x.shape, self)

    def decode(self, blocks: np.ndarray) -> np.ndarray:
        """The float32 numbers (N, block) of blocks (N, bytes)."""
        layout, name = self.layout, self.name
        q = layout.read(blocks, layout.codes)
        signed = q.view(np.int8) if name == "q8_0" else q.astype(np.int8) - np.int8(ZERO.get(name, 0))
        q, d = signed.astype(np.float32), layout.half(blocks, 0)
        if layout.scales is None:
            return q * d + layout.half(blocks, 1) if len(layout.halves) > 1 else q * d
        factor = layout.read(blocks, layout.scales)
        factor = factor.view(np.int8) if name == "q6_k" else factor.astype(np.int8) - np.int8(ZERO_SCALE.get(name, 0))
        q = q.reshape(*factor.shape, layout.block // factor.shape[1])
        x = (d * factor.astype(np.float32))[:, :, None] * q
        if layout.minima is not None:
            lower = layout.half(blocks, 1) * layout.read(blocks, layout.minima).astype(np.float32)
            x = x - lower[:, :, None]
        return x.reshape(len(blocks), layout.block)


def _inverse(d: np.ndarray) -> np.ndarray:
    """1 / d, or 0 where d is so small that its inverse is beyond float32."""
    return np.divide(np.float32(1), d, out=np.zeros_like(d), where=np.abs(d) > SMALLEST)


def _write_q8(kind: GGUF, x: np.ndarray) -> np.ndarray:
    """Half away from zero, as C's roundf."""
    d = np.abs(x).max(1, initial=0, keepdims=True) / np.float32(127)
    y = x * _inverse(d)
    q = np.copysign(np.floor(np.abs(y) + np.float32(0.5)), y)
    # where adding the half itself rounded up, as for the largest float32 below 0.5
    q = np.where(np.abs(q) - np.abs(y) > np.float32(0.5), np.trunc(y), q)
    return kind.layout.write((stored(d),), {"codes": q.astype(np.int8).view(np.uint8)})


def _write_symmetric(kind: GGUF, x: np.ndarray) -> np.ndarray:
    """The number of largest magnitude goes to the lowest code, whatever its sign."""
    zero = ZERO[kind.name]
    d = np.take_along_axis(x, np.abs(x).argmax(1, keepdims=True), 1) / np.float32(-zero)
    q = np.trunc(x * _inverse(d) + np.float32(zero + 0.5)).clip(0, 2 * zero - 1)
    return kind.layout.write((stored(d),), {"codes": q})


def _write_affine(kind: GGUF, x: np.ndarray) -> np.ndarray:
    """From the smallest number to the largest."""
    top = (1 << kind.layout.codes.shape[1]) - 1
    low = x.min(1, keepdims=True)
    with np.errstate(over="ignore"):  # refused where it is stored
        d = (x.max(1, keepdims=True) - low) / np.float32(top)
    halves = stored(d), stored(low)
    q = np.trunc((x - low) * _inverse(d) + np.float32(0.5)).clip(0, top)
    return kind.layout.write(halves, {"codes": q})


def _write_ks(kind: GGUF, x: np.ndarray) -> np.ndarray:
    return np.concatenate([_write_k(kind, x[start : start + TOGETHER]) for start in range(0, len(x), TOGETHER)])


def _write_k(kind: GGUF, x: np.ndarray) -> np.ndarray:
    layout = kind.layout
    parts = x.reshape(len(x), len(layout.scales), -1)
    top, most = (1 << layout.codes.shape[1]) - 1, (1 << layout.scales.shape[1]) - 1
    if layout.minima is None:
        zero, signed = ZERO[kind.name], kind.name == "q6_k"
        d, factor, q = scaled(parts, zero, (most + 1) // 2)
        codes = factor.astype(np.int8).view(np.uint8) if signed else factor + ZERO_SCALE[kind.name]
        return layout.write((stored(d),), {"codes": q + zero, "scales": codes})
    d, m, factor, lower, q = shifted(parts, top, most)
    return layout.write((stored(d), stored(m)), {"codes": q, "scales": factor, "minima": lower})


WRITERS: dict[str, Callable] = {"q8_0": _write_q8, "q4_0": _write_symmetric, "q5_0": _write_symmetric,
                                "q4_1": _write_affine, "q5_1": _write_affine}
