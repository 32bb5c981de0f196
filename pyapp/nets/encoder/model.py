"""MobileBERT: trigram embeddings, bottlenecked layers, and a classifier of the first token (Sun et al. 2020)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pyapp.core.embedding import Embedding
from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets.encoder.layers import Layer, NoNorm
from pyapp.nets.transformer import initialise, shapes_of

PREFIX = "mobilebert."
PAD = 0  # the token that fills short texts up, in every vocabulary
Weights = Parameters | Mapping[str, np.ndarray]  # a forward pass only asks for arrays by name


@dataclass(frozen=True)
class EncoderSize:
    """The numbers that decide the shapes. The defaults are MobileBERT's: 24.85 million parameters with 2 classes."""

    vocabulary: int = 30522
    embedding: int = 128  # columns of a token's own vector
    width: int = 512  # columns of the stream between layers
    inner: int = 128  # columns inside a layer
    hidden: int = 512  # columns inside a feed-forward network
    layers: int = 24
    networks: int = 4  # feed-forward networks of a layer
    heads: int = 4
    context: int = 512  # tokens at most
    types: int = 2  # of tokens: first and second text
    classes: int = 2  # 0 if there is no classifier
    trigram: bool = True  # embed each token with its two neighbours
    pooler: bool = True  # a dense layer with tanh before the classifier


class Encoder:
    """Tokens → their vectors beside those of both neighbours → width, places and types added, NoNorm → layers → the
    first token's column → tanh(dense) → logits.

    B texts of T tokens are R = B·T rows. After `forward`, `hidden` holds the stream (B, T, C) before the first layer
    and after each, if `keep` was asked for; `pooled` (B, C) is what the classifier reads.
    """

    def __init__(self, size: EncoderSize):
        self.size = size
        stem, wide = f"{PREFIX}embeddings", size.embedding * (3 if size.trigram else 1)
        self.words = Embedding(f"{stem}.word_embeddings", size.vocabulary, size.embedding)
        self.places = Embedding(f"{stem}.position_embeddings", size.context, size.width)
        self.types = Embedding(f"{stem}.token_type_embeddings", size.types, size.width)
        self.widen, self.norm = Linear(f"{stem}.embedding_transformation", wide, size.width), NoNorm(
            f"{stem}.LayerNorm", size.width)
        self.layers = [Layer(f"{PREFIX}encoder.layer.{i}", size.width, size.inner, size.heads, size.hidden,
                             size.networks) for i in range(size.layers)]
        self.pool = Linear(f"{PREFIX}pooler.dense", size.width, size.width) if size.pooler else None
        self.head = Linear("classifier", size.width, size.classes) if size.classes else None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        ends = [part for part in (self.pool, self.head) if part]
        return shapes_of([self.words, self.places, self.types, self.widen, self.norm, *self.layers, *ends])

    def initial(self, seed: int, dtype: np.dtype | type = np.float32) -> Parameters:
        """Random parameters from a seed. The vector of `PAD` is 0, and places begin as waves, from which a head learns
        to look a few tokens back far sooner than from noise."""
        p, rng = Parameters(self.shapes, dtype), generator(seed, "weights")
        p[self.words.weight][:] = rng.standard_normal(p[self.words.weight].shape)
        p[self.words.weight][PAD] = 0
        p[self.places.weight][:] = waves(*p[self.places.weight].shape)
        self.types.initialise(p, rng)
        for layer in self.layers:
            layer.initialise(p, rng, self.size.layers)
        self.norm.initialise(p, rng)
        for linear in (self.widen, self.pool, self.head):
            if linear:
                initialise(linear, p, rng)
        return p

    def forward(self, p: Weights, ids: np.ndarray, mask: np.ndarray | None = None, types: np.ndarray | None = None,
                keep: bool = False, at: np.ndarray | None = None) -> np.ndarray:
        """Logits (B, classes), or what the classifier would read (B, C) if there is none, for tokens int (B, T).

        The mask, bool (B, T), is False for tokens that no other may attend to; `types` int (B, T) are 0 by default.
        `at`, int (N,), are the rows of R that are classified, each once; by default the first of each text. ValueError
        if there are more tokens than places.
        """
        batch, tokens = ids.shape
        if tokens > self.size.context:
            raise ValueError(f"{tokens} tokens do not fit into a context of {self.size.context}")
        vectors = self.words.forward(p, ids).reshape(batch, tokens, -1)  # B, T, E
        inputs = with_neighbours(vectors) if self.size.trigram else vectors
        x = self.widen.forward(p, inputs.reshape(batch * tokens, -1))  # R, C
        x += self.places.forward(p, np.tile(np.arange(tokens, dtype=np.int64), batch))
        x += self.types.forward(p, np.zeros_like(ids) if types is None else types)
        x = self.norm.forward(p, x)
        keys = None if mask is None else mask[:, None, None, :]  # B, 1, 1, T
        self.hidden = [x.reshape(batch, tokens, -1)] if keep else []
        for layer in self.layers:
            x = layer.forward(p, x, tokens, keys)
            if keep:
                self.hidden.append(x.reshape(batch, tokens, -1))
        self.shape = batch, tokens
        self.at = np.arange(0, batch * tokens, tokens, dtype=np.int64) if at is None else at
        first = x[self.at]  # B, C
        self.pooled = first if self.pool is None else np.tanh(self.pool.forward(p, first))
        return self.pooled if self.head is None else self.head.forward(p, self.pooled)

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits (B, classes) of the last forward pass, of a network with classifier. The
        vector of `PAD` has no gradient, so that it stays 0 and a text is read alike with and without padding."""
        dpooled = self.head.backward(p, dlogits)
        if self.pool is not None:
            dpooled = self.pool.backward(p, dpooled * (1 - np.square(self.pooled)))
        batch, tokens = self.shape
        dx = np.zeros((batch * tokens, self.size.width), dlogits.dtype)
        dx[self.at] = dpooled
        for layer in reversed(self.layers):
            dx = layer.backward(p, dx)
        dx = self.norm.backward(p, dx)
        for table in (self.words, self.places, self.types):
            p.grad[table.weight][...] = 0
        self.places.backward(p, dx)
        self.types.backward(p, dx)
        dinputs = self.widen.backward(p, dx).reshape(batch, tokens, -1)
        if self.size.trigram:
            dinputs = gathered(dinputs)
        self.words.backward(p, dinputs.reshape(-1, self.size.embedding))
        p.grad[self.words.weight][PAD] = 0

    def attention(self) -> np.ndarray:
        """What each head looked at in the last forward pass, (layers, B, heads, T, T)."""
        return np.stack([layer.attention.probabilities for layer in self.layers])


def waves(places: int, width: int) -> np.ndarray:
    """sin and cos of a place over wavelengths from 2π to 2π · 1000, float64 (places, width), of variance 1/2 (Vaswani
    et al. 2017, section 3.5, whose longest wave is ten times as long)."""
    turns = np.arange(places, dtype=np.float64)[:, None] / 1000 ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(places, -1)[:, :width]


def with_neighbours(vectors: np.ndarray) -> np.ndarray:
    """[next, own, previous] vector of each token, zeros beyond both ends: (B, T, E) to (B, T, 3E)."""
    batch, tokens, width = vectors.shape
    wide = np.zeros((batch, tokens, 3, width), vectors.dtype)
    wide[:, :-1, 0], wide[:, :, 1], wide[:, 1:, 2] = vectors[:, 1:], vectors, vectors[:, :-1]
    return wide.reshape(batch, tokens, 3 * width)


def gathered(dwide: np.ndarray) -> np.ndarray:
    """The gradient of `with_neighbours`: (B, T, 3E) to (B, T, E)."""
    parts = dwide.reshape(*dwide.shape[:2], 3, -1)
    dvectors = parts[:, :, 1].copy()
    dvectors[:, 1:] += parts[:, :-1, 0]
    dvectors[:, :-1] += parts[:, 1:, 2]
    return dvectors
