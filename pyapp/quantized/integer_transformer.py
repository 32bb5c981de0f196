"""The Vision Transformer and the GPT in integer arithmetic from end to end: codes in, codes out.

Pixels or token numbers go in, codes of logits come out, and between them there are codes, int32 accumulators and
fixed-point multipliers only; all of them are made once, from one pass of the float32 network over calibration data. The
residual stream lies on one grid for the whole network, so that a block's branches are requantised onto it and added.
`transformer.py` beside this file simulates instead: there stream, LayerNorm and GELU are float32.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyapp.core.attention import Attention, Cache, by_head
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.nets.gpt import GPT
from pyapp.nets.transformer import Block
from pyapp.nets.vit import PLACES, SIZE, TOKEN, ViT, ViTSize, patches_of
from pyapp.quant.alone import HQQ
from pyapp.quant.integer import IntegerLinear
from pyapp.quant.parameters import ROTATED, assemble, weight_names
from pyapp.quant.schemes import GRID, Grid, QuantizedTensor, affine_grid, check_bits
from pyapp.quantized.attention_softmax import QuantizedSoftmax
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.integer_layers import (
    GELU,
    Add,
    Dense,
    Norm,
    Probabilities,
    Rows,
    Scores,
    ShiftedScores,
    Weighted,
    check_attention,
)
from pyapp.quantized.integer_ranges import Ranges, ranges_of
from pyapp.quantized.preparation import prepared
from pyapp.quantized.transformer import IMAGES, QuantizedTransformer, TransformerSettings, encoded, rounded_by
from pyapp.softmax.methods import INTEGER

STREAM, GELU_INPUT, LOGITS = 16, 16, 16  # bits; README of weights/ has what fewer cost
PIXELS = affine_grid(np.float32(0), np.float32(1), 8)  # an image's bytes are its codes
# (name of the operation, operation, codes that go into it) -> codes that come out; a tracer puts itself here
Run = Callable[..., np.ndarray]


def plainly(name: str, operation: Callable, *codes: np.ndarray) -> np.ndarray:
    """Run the operation, and watch nothing."""
    return operation(*codes)


@dataclass(frozen=True)
class Widths:
    """Bits of what lies between the products: the residual stream, which LayerNorm reads, and the input of GELU."""

    stream: int = STREAM
    gelu: int = GELU_INPUT

    def __post_init__(self):
        check_bits(self.stream, "stream")
        check_bits(self.gelu, "gelu")


@dataclass(frozen=True)
class IntegerBlock:
    """A pre-norm block on codes of the residual stream. `Attention` gives shapes and the causal mask."""

    name: str
    attention: Attention
    norm1: Norm
    qkv: tuple[Dense, Dense, Dense]
    scores: ShiftedScores
    softmax: Probabilities
    weighted: Weighted
    out: Dense
    add: Add
    norm2: Norm
    up: Dense
    gelu: GELU
    down: Dense

    def __call__(self, x: np.ndarray, tokens: int, run: Run, cache: Cache | None = None) -> np.ndarray:
        """Codes (R, C) for codes (R, C), T = `tokens` per sequence; a cache holds int8 keys and values."""
        def does(name: str, operation: Callable, *codes: np.ndarray) -> np.ndarray:
            return run(f"{self.name}.{name}", operation, *codes)

        normed = does("norm1", self.norm1, x)
        q, k, v = (by_head(does(part, dense, normed), tokens, self.attention.heads)
                   for part, dense in zip("qkv", self.qkv, strict=True))
        if cache is not None:
            k, v = cache.extend(k, v)
        context = self._by_rows(does("weighted", self.weighted, self._attend(q, k, does), v))
        x = does("add1", self.add, x, does("out", self.out, context))
        hidden = does("gelu", self.gelu, does("up", self.up, does("norm2", self.norm2, x)))
        return does("add2", self.add, x, does("down", self.down, hidden))

    def _attend(self, q: np.ndarray, k: np.ndarray, does: Run) -> np.ndarray:
        """Codes of the probabilities, (B, H, T, S)."""
        acc = does("scores", Scores(), q, k)
        allowed = self.attention.mask(*acc.shape[2:])
        mask = np.broadcast_to(np.bool_(True) if allowed is None else allowed, acc.shape).reshape(-1, acc.shape[-1])
        codes = does("shift", self.scores, acc.reshape(mask.shape), mask)
        p = does("softmax", self.softmax, codes, mask).reshape(acc.shape)
        self.attention.probabilities = p  # their codes
        return p

    @property
    def probabilities(self) -> np.ndarray:
        """What each head looked at in the last pass, float32 (B, H, T, S)."""
        return self.attention.probabilities * np.float32(self.softmax.method.unit)

    def _by_rows(self, heads: np.ndarray) -> np.ndarray:
        """(B, H, T, D) as (R, C)."""
        return heads.transpose(0, 2, 1, 3).reshape(-1, heads.shape[1] * heads.shape[3])


class IntegerTransformer:
    """What the integer ViT and the integer GPT share."""

    blocks: list[IntegerBlock]

    def attention(self) -> np.ndarray:
        """What each head looked at in the last pass, float32 (blocks, B, heads, T, S)."""
        return np.stack([block.probabilities for block in self.blocks])


class IntegerViT(IntegerTransformer):
    """From pixels uint8 to codes of the ten logits. `forward` is that of a float `ViT`, with floats at both ends."""

    def __init__(self, model: ViT, made: "_Maker"):
        self.size, self.tokens = model.size, model.tokens
        self.blocks, self.norm, self.add = made.blocks(model), made.norm("norm", made.input("head")), made.add
        self.embed = made.dense("patch", PIXELS, made.stream)
        self.places = Rows.of(made.tensors[PLACES], made.stream)
        self.token = made.stream.quantize(made.p[TOKEN])  # C
        self.logits = made.logits
        self.head = made.dense("head", self.norm.output, self.logits)

    def codes(self, pixels: np.ndarray, run: Run = plainly) -> np.ndarray:
        """Codes of the logits (B, 10) for pixels uint8 (B, 784). ValueError if they are not pixels."""
        if pixels.dtype != np.uint8 or pixels.ndim != 2:
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}; give uint8 (B, 784)")
        n, patches = len(pixels), run("patch", self.embed, patches_of(pixels, self.size.patch))
        rows = np.empty((n, self.tokens, self.size.width), self.token.dtype)
        rows[:, 0], rows[:, 1:] = self.token, patches.reshape(n, -1, self.size.width)
        numbers = np.tile(np.arange(self.tokens, dtype=np.int64), n)
        x = run("add", self.add, rows.reshape(-1, self.size.width), run("places", self.places, numbers))
        for block in self.blocks:
            x = block(x, self.tokens, run)
        return run("head", self.head, run("norm", self.norm, x[:: self.tokens]))

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """float32 logits (B, 10) of images (B, 784) from 0 to 1; the network has its own codes and needs no p."""
        return self.logits.dequantize(self.codes(PIXELS.quantize(x)))


class IntegerGPT(IntegerTransformer):
    """From token numbers to codes of the logits of what follows. `forward` is that of a float `GPT`."""

    def __init__(self, model: GPT, made: "_Maker"):
        self.size, self.float = model.size, model
        table = made.tensors[model.tokens.weight]
        self.tokens, self.places = Rows.of(table, made.stream), Rows.of(made.tensors[model.places.weight], made.stream)
        self.blocks, self.norm, self.add = made.blocks(model), made.norm("norm", made.input("head")), made.add
        self.logits = made.logits
        self.head = Dense(IntegerLinear.of(table, np.zeros(len(table.codes)), self.norm.output, self.logits))

    def caches(self, batch: int = 1) -> list[Cache]:
        """Empty caches of codes, one for each block."""
        return self.float.caches(batch, np.int8 if self.blocks[0].qkv[1].layer.output.bits <= 8 else np.int16)

    def codes(self, tokens: np.ndarray, caches: list[Cache] | None = None, run: Run = plainly) -> np.ndarray:
        """Codes of the logits (B·T, N) for tokens (B, T). ValueError if they do not fit into the context."""
        start, length = caches[0].length if caches else 0, tokens.shape[1]
        if start + length > self.size.context:
            raise ValueError(f"{start + length} tokens do not fit into a context of {self.size.context}")
        places = np.tile(np.arange(start, start + length, dtype=np.int64), len(tokens))
        x = run("add", self.add, run("tokens", self.tokens, tokens.reshape(-1).astype(np.int64)),
                run("places", self.places, places))
        for i, block in enumerate(self.blocks):
            x = block(x, length, run, caches[i] if caches else None)
        return run("head", self.head, run("norm", self.norm, x))

    def forward(self, p: Parameters, tokens: np.ndarray, caches: list[Cache] | None = None) -> np.ndarray:
        """float32 logits (B·T, N); the network has its own codes and needs no p."""
        return self.logits.dequantize(self.codes(tokens, caches))


def integer_vit(p: Parameters, settings: TransformerSettings, images: np.ndarray | None = None, size: ViTSize = SIZE,
                widths: Widths | None = None) -> QuantizedTransformer:
    """The Vision Transformer with weights p in integers; ranges come from images (N, 784), as in `quantize_vit`."""
    check(settings)
    images = mnist.calibration()[:IMAGES] if images is None else images
    return _made(lambda: ViT(size), IntegerViT, p, settings, images, widths or Widths())


def integer_gpt(model: GPT, p: Parameters, settings: TransformerSettings, tokens: np.ndarray | None = None,
                widths: Widths | None = None) -> QuantizedTransformer:
    """A GPT of the model's size with weights p in integers; ranges come from tokens (B, T), as in `quantize_gpt`."""
    check(settings)
    tokens = own_text(model, p) if tokens is None else tokens
    return _made(lambda: GPT(len(p[model.tokens.weight]), model.size), IntegerGPT, p, settings, tokens,
                 widths or Widths())


def check(settings: TransformerSettings) -> None:
    """ValueError for settings that would leave anything in float."""
    if settings.format != GRID:
        raise ValueError(f'format is "{settings.format}", and a network in integers has uniform grids; give a number '
                         "of bits instead, 8 for example")
    if settings.prepare == ROTATED:
        raise ValueError(f'prepare is "{ROTATED}", which rotates activations in floats; use another, smooth '
                         "for example")
    for name in ("bits", "activations", "logit_bits"):
        if getattr(settings, name) is None:
            raise ValueError(f"{name} is none, which leaves floats in a network in integers; give a number of bits, 8 "
                             "for example")
    if settings.softmax not in INTEGER:
        raise ValueError(f"softmax is {settings.softmax!r}, which computes in floats; use one of {', '.join(INTEGER)}")
    if settings.calibrate != "minmax":
        raise ValueError(f"calibrate is {settings.calibrate!r}; a network in integers takes its ranges as they are, "
                         "use minmax")
    if settings.scheme != "symmetric" or settings.method == HQQ:
        raise ValueError("weights have zero points, and a network in integers has symmetric weights; use "
                         f'scheme="symmetric", and a method other than "{HQQ}"')
    if settings.per.startswith("group"):
        raise ValueError(f"per is {settings.per!r}; a network in integers has scales per tensor or channel")


def _made(fresh: Callable[[], Any], kind: type, p: Parameters, settings: TransformerSettings, inputs: np.ndarray,
          widths: Widths) -> QuantizedTransformer:
    if not len(inputs):
        raise ValueError("the calibration set is empty; give at least one image or text")
    p = prepared(fresh(), p, settings.prepare, inputs, rounded_by(settings))
    ranges = ranges_of(fresh(), p, inputs,
                       lambda: QuantizedSoftmax(settings.logit_bits, settings.softmax, settings.shift))
    weights = assemble(p, {name: encoded(p[name], settings, name) for name in weight_names(p)})
    model = kind(fresh(), _Maker(p, weights.tensors, ranges, settings, widths))
    return QuantizedTransformer(model, p, weights.nbytes, weights.tensors, settings.activations)


class _Maker:
    """Makes each layer from weights, ranges and settings."""

    def __init__(self, p: Parameters, tensors: dict[str, QuantizedTensor], ranges: Ranges,
                 settings: TransformerSettings, widths: Widths):
        self.p, self.tensors, self.ranges, self.settings, self.widths = p, tensors, ranges, settings, widths
        parts = (f"{name} {end}" for name, end in self._streams())
        self.stream = max((ranges[part] for part in parts), key=lambda found: found.largest).symmetric(widths.stream)
        self.add, self.logits = Add(self.stream), ranges["logits"].symmetric(LOGITS)

    def _streams(self) -> list[tuple[str, str]]:
        """What lies on the residual stream: what LayerNorms read, and what is added to it."""
        names = [name.removesuffix(" in") for name in self.ranges.found if name.endswith(" in")]
        return ([(name, "in") for name in names if name.rpartition(".")[2].startswith("norm")]
                + [(name, "out") for name in names if name.endswith((".out", ".down"))])

    def input(self, name: str) -> Grid:
        """The grid of a dense layer's input; the head's is what the last LayerNorm gives."""
        part = "norm out" if name == "head" else f"{name} in"
        return self.ranges[part].affine(self.settings.activations)

    def dense(self, name: str, input: Grid, output: Grid, rows: slice = slice(None)) -> Dense:
        """A dense layer, or some of its outputs."""
        weight, bias = self.tensors[f"{name}.weight"], self.p[f"{name}.bias"][rows]
        grid = weight.grid
        if grid.per.kind == "channel":
            grid = Grid(grid.scale[rows], grid.zero_point[rows], grid.bits, grid.low, grid.high, grid.per)
        return Dense(IntegerLinear.of(QuantizedTensor(weight.codes[rows], grid), bias, input, output))

    def norm(self, name: str, output: Grid) -> Norm:
        return Norm.of(self.p[f"{name}.weight"], self.p[f"{name}.bias"], output)

    def blocks(self, model: ViT | GPT) -> list[IntegerBlock]:
        longest = model.tokens if isinstance(model, ViT) else model.size.context
        return [self._block(f"block{i}", block, longest) for i, block in enumerate(model.blocks, 1)]

    def _block(self, name: str, block: Block, longest: int) -> IntegerBlock:
        bits, attention = self.settings.activations, block.attention
        into = {part: self.input(f"{name}.{part}") for part in ("out", "up", "down")}
        normed = self.ranges[f"{name}.norm1 out"].affine(bits)
        root, width = np.float32(attention.depth**0.5), attention.heads * attention.depth
        q, k, v = (self.ranges[f"{name}.{part}"].symmetric(bits) for part in "qkv")
        whole_q = Grid(q.scale * root, q.zero_point, q.bits, q.low, q.high)  # the range of q includes 1/sqrt(D)
        qkv = (self.dense(f"{name}.attention.qkv", normed, grid, slice(i * width, (i + 1) * width))
               for i, grid in enumerate((whole_q, k, v)))
        softmax = self.ranges.softmax[name]
        check_attention(softmax.rule, softmax.method, (q, k, v), attention.depth, longest)
        gelu_input = self.ranges[f"{name}.gelu in"].symmetric(self.widths.gelu)
        return IntegerBlock(
            name, attention, self.norm(f"{name}.norm1", normed), tuple(qkv),
            ShiftedScores.of(softmax.shift, float(q.scale) * float(k.scale)), Probabilities(softmax.method),
            Weighted.of(softmax.method.unit, v, into["out"]),
            self.dense(f"{name}.attention.out", into["out"], self.stream), self.add,
            self.norm(f"{name}.norm2", into["up"]), self.dense(f"{name}.up", into["up"], gelu_input),
            GELU.of(gelu_input, into["down"]), self.dense(f"{name}.down", into["down"], self.stream))
