"""A cache of keys and values in few bits: what a GPT keeps of the tokens that it has read, packed.

KIVI (Liu et al. 2024, arXiv 2402.02750): single channels of keys are large for all tokens, so keys share a scale along
the tokens of a channel; values have no such channels, and share one within a token. Grids are asymmetric: a code stands
for lowest + scale · code. Shapes: B sequences, H heads, S tokens, D columns of a head.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pyapp.core.attention import Attention, Cache, by_head, scores_of, thirds, weighted
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.quant.packing import pack, unpack
from pyapp.quant.schemes import check_bits
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings, quantize_gpt

SHARED = ("token", "channel")
GROUP = 32  # tokens of a channel that share a scale: KIVI's group size
NUMBER_BYTES, FLOAT_BYTES = 2, 4  # of a scale or lowest number, float16; of what is not quantised yet, float32


@dataclass(frozen=True)
class CacheSettings:
    """How keys and values are kept. ValueError names what makes no sense."""

    bits: int
    keys: str = "channel"  # what shares a scale: a token's numbers in a head, or GROUP tokens' numbers in a channel
    values: str = "token"
    symmetric: bool = False  # lowest = -scale · (2^(b-1) - 1), which need not be stored

    def __post_init__(self):
        if check_bits(self.bits, "cache bits") > 8:
            raise ValueError(f"cache bits is {self.bits}; use a whole number from 2 to 8")
        for name in ("keys", "values"):
            if getattr(self, name) not in SHARED:
                raise ValueError(f"{name} is {getattr(self, name)!r}; use one of {', '.join(SHARED)}")


class Packed(NamedTuple):
    """Codes packed bit by bit, and what they stand for: lowest + scale · code."""

    data: np.ndarray  # uint8
    lowest: np.ndarray  # float16, broadcasts against `shape`
    scale: np.ndarray  # float16
    shape: tuple[int, ...]
    bits: int
    symmetric: bool

    def dequantize(self) -> np.ndarray:
        codes = unpack(self.data, self.bits, int(np.prod(self.shape)), signed=False).reshape(self.shape)
        return self.lowest.astype(np.float32) + self.scale.astype(np.float32) * codes.astype(np.float32)

    @property
    def nbytes(self) -> int:
        return self.data.nbytes + self.scale.nbytes + (0 if self.symmetric else self.lowest.nbytes)


def packed(x: np.ndarray, settings: CacheSettings, shared: str) -> Packed:
    """Numbers (B, H, S, D) packed, one scale per token of a head, or per channel of these S tokens.

    scale = (max - min) / (2^b - 1) and lowest = min, both rounded to float16, then code = round((x - lowest) / scale),
    half to even, within 0 .. 2^b - 1. Symmetric settings have scale = max |x| / h and lowest = -h · scale instead, with
    h = 2^(b-1) - 1. Where the scale would be 0 it is 1. ValueError for what float16 cannot hold.
    """
    axis, x = {"token": 3, "channel": 2}[shared], x.astype(np.float32)
    levels = (1 << settings.bits) - 1
    if settings.symmetric:
        half = levels // 2
        scale = np.abs(x).max(axis=axis, keepdims=True) / np.float32(half)
    else:
        low = x.min(axis=axis, keepdims=True)
        scale = (x.max(axis=axis, keepdims=True) - low) / np.float32(levels)
    with np.errstate(over="ignore"):  # refused below
        scale = scale.astype(np.float16)
        scale = np.where(scale == 0, np.float16(1), scale)
        low = (np.float32(-half) * scale if settings.symmetric else low).astype(np.float16)
    if not (np.isfinite(scale).all() and np.isfinite(low).all()):
        raise ValueError("keys or values are beyond float16, or not finite; the network has probably diverged")
    codes = np.rint((x - low.astype(np.float32)) / scale.astype(np.float32))
    codes = np.clip(codes, 0, 2 * half if settings.symmetric else levels).astype(np.uint8)
    return Packed(pack(codes, settings.bits), low, scale, x.shape, settings.bits, settings.symmetric)


class PackedCache(Cache):
    """A `Cache` whose tokens are packed: at once where each token has its own scale, by GROUP where channels have.

    `keys` and `values` hold what the packed numbers stand for, and float32 for the tokens of a group that is not full.
    """

    def __init__(self, settings: CacheSettings, batch: int, heads: int, context: int, depth: int):
        super().__init__(batch, heads, context, depth)
        self.settings = settings
        self.parts: dict[str, list[Packed]] = {"keys": [], "values": []}
        self.done = dict.fromkeys(self.parts, 0)  # tokens that are packed

    def extend(self, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        super().extend(k, v)
        for name, numbers in (("keys", self.keys), ("values", self.values)):
            shared = getattr(self.settings, name)
            size = GROUP if shared == "channel" else 1
            while self.done[name] + size <= self.length:
                part = numbers[:, :, self.done[name] : self.done[name] + size]
                self.parts[name].append(packed(part, self.settings, shared))
                part[:] = self.parts[name][-1].dequantize()
                self.done[name] += size
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    @property
    def nbytes(self) -> int:
        """Packed codes with their scales, and float32 for what waits for its group to be full."""
        batch, heads, _, depth = self.keys.shape
        return sum(sum(part.nbytes for part in parts) + (self.length - self.done[name]) * batch * heads * depth *
                   FLOAT_BYTES for name, parts in self.parts.items())


class AttentionFromCache(Attention):
    """An attention layer whose caches are packed, and that reads a text at once as they would have it read.

    A token sees a group of keys or values as codes if the group's last token is not later than itself, and else as
    float numbers, as it would if tokens came one at a time.
    """

    def __init__(self, layer: Attention, settings: CacheSettings):
        self.__dict__.update(layer.__dict__)
        self.settings = settings

    def cache(self, batch: int, context: int, dtype: np.dtype | type = np.float32) -> PackedCache:
        """An empty packed cache, which holds float32."""
        return PackedCache(self.settings, batch, self.heads, context, self.depth)

    def forward(self, p: Parameters, x: np.ndarray, tokens: int, cache: Cache | None = None) -> np.ndarray:
        if cache is not None and (cache.length or tokens == 1):
            return super().forward(p, x, tokens, cache)
        qkv = self.qkv.forward(p, x)
        qkv[:, : x.shape[1]] *= x.dtype.type(self.depth**-0.5)
        self.q, self.k, self.v = (by_head(part, tokens, self.heads) for part in thirds(qkv))
        k, keys_done = self._kept(self.k, self.settings.keys)
        v, values_done = self._kept(self.v, self.settings.values)
        scores = np.where(keys_done, scores_of(self.q, k), scores_of(self.q, self.k))
        self.probabilities = self.softmax(scores, self.mask(tokens, tokens))
        self.context, part = np.empty_like(x), np.empty(self.q.shape, x.dtype)
        out = by_head(self.context, tokens, self.heads)
        weighted(np.where(values_done, self.probabilities, x.dtype.type(0)), v, out=part)
        out[:] = part
        weighted(np.where(values_done, x.dtype.type(0), self.probabilities), np.ascontiguousarray(self.v), out=part)
        out += part
        if cache is not None:
            cache.extend(self.k, self.v)
        return self.out.forward(p, self.context)

    def _kept(self, x: np.ndarray, shared: str) -> tuple[np.ndarray, np.ndarray]:
        """What packed numbers (B, H, S, D) stand for, and bool (T, S): which of them token t sees packed."""
        tokens = x.shape[2]
        size = GROUP if shared == "channel" else 1
        kept, whole = x.copy(), tokens // size * size
        for start in range(0, whole, size if shared == "channel" else max(whole, 1)):
            part = slice(start, start + size if shared == "channel" else whole)
            kept[:, :, part] = packed(x[:, :, part], self.settings, shared).dequantize()
        full = (np.arange(1, tokens + 1, dtype=np.int64) // size * size)[:, None]
        return kept, np.arange(tokens, dtype=np.int64) < full


def use_cache(model: GPT, settings: CacheSettings) -> None:
    """Let a network keep keys and values packed: in its caches, and in effect also where it reads a text at once."""
    for block in model.blocks:
        block.attention = AttentionFromCache(block.attention, settings)


@dataclass(frozen=True)
class SettingsWithCache(TransformerSettings):
    """How a GPT is quantised that keeps keys and values in few bits, keys per channel and values per token."""

    cache_bits: int = 8

    @property
    def cache(self) -> CacheSettings:
        return CacheSettings(self.cache_bits)


def quantize_with_cache(model: GPT, p: Parameters, settings: TransformerSettings,
                        tokens: np.ndarray | None = None) -> QuantizedTransformer:
    """`quantize_gpt`, whose keys and values stay float32 unless these are `SettingsWithCache`."""
    quantised = quantize_gpt(model, p, settings, tokens)
    if isinstance(settings, SettingsWithCache):
        use_cache(quantised.model, settings.cache)
    return quantised


def cache_bytes(size: GPTSize, settings: CacheSettings | None, tokens: int) -> int:
    """Bytes that all caches of a network take for a text of that many tokens; with None, as float32."""
    depth = size.width // size.heads
    if settings is None:
        return size.blocks * 2 * tokens * size.width * FLOAT_BYTES
    numbers = NUMBER_BYTES * (1 if settings.symmetric else 2)  # of each scale
    whole = tokens // GROUP * GROUP
    per = {"token": tokens * ((depth * settings.bits + 7) // 8 * size.heads + size.heads * numbers),
           "channel": whole // GROUP * ((GROUP * size.width * settings.bits + 7) // 8 + size.width * numbers) +
           (tokens - whole) * size.width * FLOAT_BYTES}
    return size.blocks * (per[settings.keys] + per[settings.values])
