"""Where attention logits come from: generated heads that behave as heads of trained networks do.

A source is a function `(length, causal, seed) -> Source`. Those of GENERATED need nothing but a seed: eight kinds of
token, written as letters, are given random vectors, and queries and keys are projections of these,
z_ij = SHARPNESS · q_i · k_j / √D_HEAD.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.core.rng import generator

HEADS, D_MODEL, D_HEAD = 4, 64, 16
LETTERS = "abcdefgh"
NOISE = 0.3  # of a token's vector beside that of its letter, so that equal letters are alike and not the same
SHARPNESS = 2.0  # random projections give logits of standard deviation 1; trained heads are more decided
OFFSET = 6.0  # root mean square of the rows' offsets, in nats
SINK = 4.0  # by how many nats the first key stands out
FINENESS = 2.0**20  # sums may differ in the last bit between runtimes; logits on this grid do not


@dataclass(frozen=True)
class Source:
    """Attention logits of H heads: a row is a query, a column a key. ValueError if shapes do not fit together."""

    logits: np.ndarray  # float64 (H, R, N), scaled by 1/√d, before mask and softmax
    mask: np.ndarray | None  # bool (R, N), True where the query may look at the key; None: everywhere
    queries: tuple[str, ...]  # R labels
    keys: tuple[str, ...]  # N labels
    about: str  # where the logits come from, in a sentence

    def __post_init__(self):
        if self.logits.ndim != 3 or self.logits.dtype != np.float64:
            raise ValueError(f"logits are {self.logits.dtype} {self.logits.shape}; give float64 (heads, queries, keys)")
        rows, columns = self.logits.shape[1:]
        if (len(self.queries), len(self.keys)) != (rows, columns):
            raise ValueError(f"{len(self.queries)} queries and {len(self.keys)} keys have labels; "
                             f"label all {rows} and {columns}")
        if self.mask is not None and (self.mask.shape != (rows, columns) or self.mask.dtype != bool):
            raise ValueError(f"the mask is {self.mask.dtype} {self.mask.shape}; give bool {(rows, columns)}")


Draw = Callable[[int, bool, int], Source]


class Heads:
    """Queries and keys of random heads that read the same tokens."""

    def __init__(self, length: int, seed: int):
        rng = generator(seed, "attention")
        kinds = rng.integers(len(LETTERS), size=length, dtype=np.int32)
        self.tokens = tuple(LETTERS[kind] for kind in kinds)
        vectors = rng.standard_normal((len(LETTERS), D_MODEL))[kinds] + NOISE * rng.standard_normal((length, D_MODEL))
        self.projections = rng.standard_normal((2, HEADS, D_MODEL, D_HEAD)) / np.sqrt(D_MODEL)
        self.queries = vectors @ self.projections[0]  # H, R, D_HEAD
        self.keys = vectors @ self.projections[1]  # H, N, D_HEAD
        self.rng = rng

    def logits(self, keys: np.ndarray) -> np.ndarray:
        """Scaled products of the queries with keys (H, N, D_HEAD), float64 (H, R, N)."""
        return SHARPNESS * (self.queries @ keys.transpose(0, 2, 1)) / np.sqrt(D_HEAD)

    def source(self, logits: np.ndarray, causal: bool, about: str) -> Source:
        logits = np.rint(logits * FINENESS) / FINENESS
        return Source(logits, causal_mask(len(self.tokens)) if causal else None, self.tokens, self.tokens, about)


def causal_mask(length: int) -> np.ndarray:
    """True where a key is not later than its query, bool (length, length)."""
    return np.tri(length, dtype=bool)


def random(length: int, causal: bool, seed: int) -> Source:
    """A head before any training: each letter looks at letters that have nothing to do with it. Rows have mean 0."""
    heads = Heads(length, seed)
    logits = heads.logits(heads.keys)
    return heads.source(logits - logits.mean(axis=2, keepdims=True), causal,
                        "Random token vectors through random query and key projections, and each row moved to the mean "
                        "0 over all its keys: without a mask, the control.")


def matching(length: int, causal: bool, seed: int) -> Source:
    """Queries and keys by one projection: a token looks for tokens like itself."""
    heads = Heads(length, seed)
    return heads.source(heads.logits(heads.queries), causal,
                        "Queries and keys share a projection, so equal letters find each other and the logits are "
                        "skewed: few large ones, many around 0.")


def local(length: int, causal: bool, seed: int) -> Source:
    """Distance costs: z_ij - m_h |i - j| with m_h = 2^(-8 h / H), h = 1..H (ALiBi, Press et al. 2022, section 3)."""
    heads = Heads(length, seed)
    slopes = 2.0 ** (-8 / HEADS * np.arange(1, HEADS + 1, dtype=np.float64))
    place = np.arange(length, dtype=np.float64)
    distance = np.abs(place[:, None] - place)  # R, N
    return heads.source(heads.logits(heads.keys) - slopes[:, None, None] * distance, causal,
                        "Each step of distance lowers the logit (ALiBi), so near keys win; the first head is the "
                        "most short-sighted.")


def sink(length: int, causal: bool, seed: int) -> Source:
    """The first key draws attention that is needed nowhere else (StreamingLLM, Xiao et al. 2024, section 3)."""
    heads = Heads(length, seed)
    logits = heads.logits(heads.keys)
    logits[:, :, 0] += SINK
    return heads.source(logits, causal, f"The first key stands {SINK:g} nats out and draws most of the attention, as "
                                        "in trained language models.")


def offsets(length: int, causal: bool, seed: int) -> Source:
    """All keys share a vector c: row i is moved by SHARPNESS · q_i · c / √D_HEAD, which its softmax does not notice."""
    heads = Heads(length, seed)
    shared = heads.rng.standard_normal((HEADS, 1, D_HEAD))
    moves = heads.logits(shared)  # H, R, 1
    shared *= OFFSET / np.sqrt((moves**2).mean(axis=1, keepdims=True))
    return heads.source(heads.logits(heads.keys + shared), causal,
                        f"All keys share a vector, which moves each row by an offset of its own, {OFFSET:g} nats in "
                        "root mean square: the softmax does not notice it, the grid of codes does.")


GENERATED: dict[str, Draw] = {
    "random": random, "matching": matching, "local": local, "sink": sink, "offsets": offsets,
}
