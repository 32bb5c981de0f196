"""A GPT that writes character by character (Radford et al. 2019; the size of nanoGPT's for a CPU)."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import ABOUT, VOCABULARY, Contents
from pyapp.core.attention import Cache
from pyapp.core.dropout import Dropout
from pyapp.core.embedding import Embedding
from pyapp.core.layers import Linear
from pyapp.core.norm import LayerNorm
from pyapp.core.ops import linear, linear_input_gradient, linear_weight_gradient
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.data.corpus import Own, Stories
from pyapp.data.text import Vocabulary, tidy
from pyapp.nets.transformer import Block, shapes_of

SHIPPED = store.WEIGHTS / "gpt.npz"


@dataclass(frozen=True)
class GPTSize:
    """The numbers that, with the vocabulary's size, decide the shapes. The defaults are the shipped network's."""

    width: int = 128
    heads: int = 4
    blocks: int = 4
    context: int = 128
    hidden: int = 512


SIZE = GPTSize()


class GPT:
    """Token and place embeddings → causal blocks → norm → logits by the token table again (tied: Press and Wolf 2017).

    B sequences of T ≤ context tokens are R = B·T rows; N tokens in the vocabulary.
    """

    def __init__(self, characters: int, size: GPTSize = SIZE, dropout: float = 0.0):
        self.size = size
        self.tokens = Embedding("tokens", characters, size.width)
        self.places = Embedding("places", size.context, size.width)
        self.blocks = [Block(f"block{i + 1}", size.width, size.heads, size.hidden, True, dropout)
                       for i in range(size.blocks)]
        self.norm = LayerNorm("norm", size.width)
        self.dropout = Dropout(dropout)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return shapes_of([self.tokens, self.places, *self.blocks, self.norm])

    @property
    def linears(self) -> list[Linear]:
        """All dense layers but the head, which is the token table."""
        return [linear for block in self.blocks for linear in block.linears]

    def drop(self, rng: np.random.Generator | None) -> None:
        """Use dropout with these random numbers from now on, or none for None, as at the start."""
        for dropout in (self.dropout, *(each for block in self.blocks for each in block.dropouts)):
            dropout.rng = rng

    def initial(self, seed: int, dtype: np.dtype | type = np.float32) -> Parameters:
        """Random parameters from a seed."""
        p, rng = Parameters(self.shapes, dtype), generator(seed, "weights")
        for layer in (self.tokens, self.places, self.norm):
            layer.initialise(p, rng)
        for block in self.blocks:
            block.initialise(p, rng, len(self.blocks))
        return p

    def caches(self, batch: int = 1, dtype: np.dtype | type = np.float32) -> list[Cache]:
        """Empty caches, one per block, for texts of up to `context` tokens."""
        return [block.attention.cache(batch, self.size.context, dtype) for block in self.blocks]

    def forward(self, p: Parameters, tokens: np.ndarray, caches: list[Cache] | None = None) -> np.ndarray:
        """Logits (B·T, N) of what follows each of the tokens (B, T). With caches they follow those seen before.

        ValueError if there are more tokens than the context has places.
        """
        start, length = caches[0].length if caches else 0, tokens.shape[1]
        if start + length > self.size.context:
            raise ValueError(f"{start + length} tokens do not fit into a context of {self.size.context}")
        places = np.tile(np.arange(start, start + length, dtype=np.int64), len(tokens))
        rows = self.tokens.forward(p, tokens) + self.places.forward(p, places)  # R, C
        rows = self.dropout.forward(p, rows)
        for i, block in enumerate(self.blocks):
            rows = block.forward(p, rows, length, caches[i] if caches else None)
        self.last = self.norm.forward(p, rows)  # R, C
        return linear(self.last, p[self.tokens.weight])

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits (R, N) of the last forward pass, which used no cache."""
        linear_weight_gradient(self.last, dlogits, out=p.grad[self.tokens.weight])
        drows = self.norm.backward(p, linear_input_gradient(dlogits, p[self.tokens.weight]))
        for block in reversed(self.blocks):
            drows = block.backward(p, drows)
        drows = self.dropout.backward(p, drows)
        self.tokens.backward(p, drows)
        p.grad[self.places.weight][:] = 0
        self.places.backward(p, drows)

    def attention(self) -> np.ndarray:
        """What each head looked at in the last forward pass, (blocks, B, heads, T, S)."""
        return np.stack([block.attention.probabilities for block in self.blocks])


def load(path: Path = SHIPPED) -> tuple[GPT, Parameters, Vocabulary]:
    """Network, weights and vocabulary from a file, by default the shipped one. StoreError says what is wrong."""
    return opened(checkpoint.load(path))


def opened(found: Contents) -> tuple[GPT, Parameters, Vocabulary]:
    """Network, float32 weights and vocabulary in a file. StoreError if it holds something else."""
    sizes = dict(found.need_float("gpt").sizes)
    if not sizes:
        raise store.StoreError(f"{found.name} holds an unfinished GPT without its vocabulary, as older versions saved "
                               "it; resume its training with its recipe, and use the file that this saves")
    vocabulary = _vocabulary(found)
    if (characters := sizes.pop("characters")) != len(vocabulary):
        raise store.StoreError(f"{found.name}: expected a vocabulary of {characters} characters, found "
                               f"{len(vocabulary)}")
    model = GPT(characters, GPTSize(**sizes))
    return model, found.parameters(model.shapes), vocabulary


def _vocabulary(found: Contents) -> Vocabulary:
    codes = found.arrays.get(VOCABULARY)
    if codes is None and found.by == "page learn":  # the page did not save it before version 1
        return _learned(found)
    if codes is None or codes.dtype != np.int32 or codes.ndim != 1:
        raise store.StoreError(f"{found.name}: expected the array {VOCABULARY}, int32 code points, found "
                               f"{'none' if codes is None else f'{codes.dtype} {codes.shape}'}")
    if not ((codes >= 0) & (codes <= sys.maxunicode)).all():
        raise store.StoreError(f"{found.name}: expected code points up to {sys.maxunicode:,} in {VOCABULARY}")
    return Vocabulary("".join(map(chr, codes)))


def _learned(found: Contents) -> Vocabulary:
    """The characters of the text that the page learned from."""
    try:
        params = checkpoint.unpacked_json(found.arrays[checkpoint.PARAMS])
        return Own(tidy(params["text"])[0]).vocabulary if params["corpus"] == "own" else Stories().vocabulary
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise store.StoreError(f"{found.name}: expected the text that the GPT learned, found none ({error})") from None


def parameters(arrays: Mapping[str, np.ndarray], model: GPT, name: str) -> Parameters:
    """The float32 parameters in the arrays of a file, whose weights may be float16. StoreError if they are not there.
    """
    own = {key: array for key, array in arrays.items() if key not in (VOCABULARY, ABOUT)}
    return checkpoint.parameters(own, model.shapes, name)


def arrays_of(p: Parameters, vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    """The arrays under which a network is saved: float16 weights, half the size, and the vocabulary."""
    return {**{name: p[name].astype(np.float16) for name in p}, **code_points(vocabulary)}


def code_points(vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    """The vocabulary as an array of a file."""
    return {VOCABULARY: np.array([ord(c) for c in vocabulary.characters], np.int32)}
