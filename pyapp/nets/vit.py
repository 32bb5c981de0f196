"""The Vision Transformer for digits (Dosovitskiy et al. 2021, section 3.1), small: 49 patches of 4x4 pixels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import FLAT, Contents
from pyapp.core.layers import Linear
from pyapp.core.norm import LayerNorm
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.nets.transformer import Block, initialise, shapes_of

SHIPPED = store.WEIGHTS / "vit.npz"
SIDE, CLASSES = 28, 10
TOKEN, PLACES = "class.token", "places"


@dataclass(frozen=True)
class ViTSize:
    """The numbers that decide the shapes. The defaults are the shipped network: 139,018 parameters."""

    patch: int = 4  # pixels, a divisor of 28
    width: int = 64
    heads: int = 4
    blocks: int = 4
    hidden: int = 128

    @property
    def patches(self) -> int:
        """How many patches cover the image. ValueError if patches of this size do not."""
        if SIDE % self.patch:
            raise ValueError(f"patches of {self.patch} pixels do not cover {SIDE}; use 2, 4, 7 or 14")
        return (SIDE // self.patch) ** 2


SIZE = ViTSize()


def load(path: Path = SHIPPED) -> Parameters:
    """A network's weights from a file, by default the shipped ones. StoreError says what is wrong with it."""
    return parameters(checkpoint.load(path))[1]


def parameters(found: Contents) -> "tuple[ViT, Parameters]":
    """The network in a file, of any size, and its float32 weights. StoreError if it holds something else."""
    sizes = found.need_float("vit").sizes
    try:
        model = ViT(ViTSize(**sizes))
    except ValueError as error:
        raise store.StoreError(f"{found.name}: {error}") from None
    if FLAT not in found.weights:
        return model, found.parameters(model.shapes)
    p, vector = Parameters(model.shapes), found.weights[FLAT]  # a long training's file from before version 1
    if vector.shape != p.vector.shape or not np.isfinite(vector).all():
        raise store.StoreError(f"{found.name}: expected {p.vector.size:,} finite weights, found {vector.shape}")
    p.vector[:] = vector
    return model, p


class ViT:
    """Patches → rows of C columns, a class token before them, places added → blocks → norm of the class token → logits.

    B images, T = patches + 1 tokens each, token 0 is the class token.
    """

    def __init__(self, size: ViTSize = SIZE):
        self.size, self.tokens = size, size.patches + 1
        self.embed = Linear("patch", size.patch**2, size.width)
        self.blocks = [Block(f"block{i + 1}", size.width, size.heads, size.hidden) for i in range(size.blocks)]
        self.norm, self.head = LayerNorm("norm", size.width), Linear("head", size.width, CLASSES)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        own = {TOKEN: (self.size.width,), PLACES: (self.tokens, self.size.width)}
        return shapes_of([self.embed]) | own | shapes_of([*self.blocks, self.norm, self.head])

    @property
    def linears(self) -> list[Linear]:
        return [self.embed, *(linear for block in self.blocks for linear in block.linears), self.head]

    def initial(self, seed: int, dtype: np.dtype | type = np.float32) -> Parameters:
        """Random parameters from a seed."""
        p, rng = Parameters(self.shapes, dtype), generator(seed, "weights")
        initialise(self.embed, p, rng)
        for name in (TOKEN, PLACES):
            p[name][:] = rng.standard_normal(p[name].shape) * 0.02
        for block in self.blocks:
            block.initialise(p, rng, len(self.blocks))
        self.norm.initialise(p, rng)
        initialise(self.head, p, rng)
        return p

    def forward(self, p: Parameters, x: np.ndarray, only_answer: bool = False) -> np.ndarray:
        """Logits (B, 10) for images (B, 784) with values 0 to 1.

        With `only_answer` the last block computes for the class token alone, which the logits are read from: with the
        shipped size a sixth less work. Neither `backward` nor `attention` can follow then.
        """
        patches = self.embed.forward(p, patches_of(x, self.size.patch))  # B·(T-1), C
        rows = np.empty((len(x), self.tokens, self.size.width), patches.dtype)  # B, T, C
        rows[:, 0] = p[TOKEN]
        rows[:, 1:] = patches.reshape(len(x), -1, self.size.width)
        rows += p[PLACES]
        rows = rows.reshape(-1, self.size.width)  # R, C
        for block in self.blocks:
            if only_answer:
                rows = block.infer(p, rows, self.tokens, 1 if block is self.blocks[-1] else self.tokens)
            else:
                rows = block.forward(p, rows, self.tokens)
        rows = rows if only_answer else rows[:: self.tokens]  # B, C
        return self.head.forward(p, self.norm.forward(p, rows))

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient` from dL/dlogits of the last forward pass."""
        drows = np.zeros((len(dlogits) * self.tokens, self.size.width), dlogits.dtype)
        drows[:: self.tokens] = self.norm.backward(p, self.head.backward(p, dlogits))
        for block in reversed(self.blocks):
            drows = block.backward(p, drows)
        drows = drows.reshape(-1, self.tokens, self.size.width)  # B, T, C
        drows.sum(axis=0, out=p.grad[PLACES])
        p.grad[TOKEN][:] = p.grad[PLACES][0]
        self.embed.backward(p, drows[:, 1:].reshape(-1, self.size.width), input_gradient=False)

    def attention(self) -> np.ndarray:
        """What each head looked at in the last forward pass, (blocks, B, heads, T, T)."""
        return np.stack([block.attention.probabilities for block in self.blocks])


def patches_of(x: np.ndarray, patch: int) -> np.ndarray:
    """Images (B, 784) as rows of patches (B·(28/patch)², patch²), in reading order."""
    side = SIDE // patch
    return x.reshape(-1, side, patch, side, patch).transpose(0, 1, 3, 2, 4).reshape(-1, patch * patch)
