"""The mini decoder: ten latents, a 10x10 routing, a softmax, and ten glyphs that it blends.

B pictures, K = 10.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import Contents
from pyapp.core.parameters import Parameters
from pyapp.digitgen import exact, mulberry
from pyapp.quant.parameters import float_nbytes, quantize_parameters

SHIPPED = store.WEIGHTS / "routing.npz"
CLASSES, LATENTS, PIXELS = 10, 10, 784
WEIGHT, BIAS, MEANS = "routing.weight", "routing.bias", "means"
SHAPES = {WEIGHT: (CLASSES, LATENTS), BIAS: (CLASSES,)}
COOLEST, HOTTEST, STEP, USUAL = 0.35, 1.5, 0.05, 0.75  # temperature


class Drawn(NamedTuple):
    """Pictures with what decided them."""

    pixels: np.ndarray  # uint8 (B, 784), 0 is paper and 255 is ink
    coefficients: np.ndarray  # float64 (B, 10), rows sum to 1

    @property
    def labels(self) -> np.ndarray:
        """The largest coefficient of each, int64 (B,)."""
        return self.coefficients.argmax(axis=1).astype(np.int64)


class Student(NamedTuple):
    """What distillation gives: the mini decoder's weights."""

    routing: Parameters  # 110 numbers
    means: np.ndarray  # uint8 (10, 784): what the teacher writes for each digit on average


def load(path: Path = SHIPPED) -> Student:
    """The student from a file, by default the shipped one. StoreError says what is wrong with it."""
    return student(checkpoint.load(path))


def student(found: Contents) -> Student:
    """The student in a file. StoreError if it holds something else."""
    arrays, path = dict(found.need("routing").weights), found.name
    means = arrays.pop(MEANS, np.empty(0))
    if means.shape != (CLASSES, PIXELS) or means.dtype != np.uint8:
        raise store.StoreError(f"{path}: expected {MEANS} as uint8 {(CLASSES, PIXELS)}, found {means.dtype} "
                               f"{means.shape}")
    return Student(store.parameters(arrays, SHAPES, str(path)), means)


def latents(seeds: np.ndarray) -> np.ndarray:
    """u = 2 x - 1 for the first ten numbers of each seed's Mulberry32: float64 (B, 10) in [-1, 1)."""
    return 2.0 * mulberry.uniform(seeds, LATENTS) - 1.0


def temperature_of(value: float) -> float:
    """The temperature. ValueError if it is outside of the slider's range."""
    if not COOLEST <= value <= HOTTEST:
        raise ValueError(f"the temperature is {value}; use {COOLEST} to {HOTTEST}")
    return float(value)


class MiniDecoder:
    """softmax((W u + b) / T) blends ten fields, uint8 (10, 784), with weights of `bits`, in float where that is None.

    Every step is exact or rounded once, in a fixed order, so that pixels and coefficients are equal in every runtime.
    """

    def __init__(self, routing: Parameters, fields: np.ndarray, bits: int | None = None):
        made = None if bits is None else quantize_parameters(routing, bits, "symmetric", "tensor")
        self._p, self._fields = made.parameters if made else routing, fields
        self.nbytes = (made.nbytes if made else float_nbytes(routing)) + fields.nbytes
        self.numbers = routing.vector.size

    def coefficients(self, u: np.ndarray, temperature: float = USUAL) -> np.ndarray:
        """softmax((W u + b) / T) for latents u (B, 10): float64 (B, 10), rows sum to 1."""
        return exact.softmax(exact.affine(u, self._p[WEIGHT], self._p[BIAS]), temperature)

    def draw(self, u: np.ndarray, style: np.ndarray, temperature: float = USUAL, digit: int | None = None) -> Drawn:
        """The pictures of the latents, or the field of the `digit` that is asked for; `style` plays no part."""
        shares = self.coefficients(u, temperature) if digit is None else one_hot(digit, len(u))
        return Drawn(exact.blend(shares, self._fields), shares)


def one_hot(digit: int, rows: int) -> np.ndarray:
    """Coefficients that are all one digit's, float64 (rows, 10). ValueError for what is no digit."""
    if not 0 <= digit < CLASSES:
        raise ValueError(f"the digit is {digit}; use 0 to 9")
    return np.repeat(np.eye(CLASSES, dtype=np.float64)[digit : digit + 1], rows, axis=0)


def entropy(shares: np.ndarray) -> np.ndarray:
    """-Σ p log p in nats per row: 0 where one coefficient has all, log 10 = 2.303 where all are alike."""
    return 0.0 - (shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=-1)  # 0.0 -: no -0.0
