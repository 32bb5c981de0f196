"""The mini decoder: ten latents, a 10x10 routing, a softmax, and ten glyphs that it blends.

B pictures, K = 10.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyapp import store
from pyapp.core.parameters import Parameters
from pyapp.digitgen import exact, mulberry

SHIPPED = store.WEIGHTS / "routing.npz"
CLASSES = LATENTS = 10
WEIGHT, BIAS = "routing.weight", "routing.bias"
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


def load(path: Path = SHIPPED) -> Parameters:
    """The routing from a file, by default the shipped one. StoreError says what is wrong with it."""
    return store.parameters(store.load(path), SHAPES, str(path))


def latents(seeds: np.ndarray) -> np.ndarray:
    """u = 2 x - 1 for the first ten numbers of each seed's Mulberry32: float64 (B, 10) in [-1, 1)."""
    return 2.0 * mulberry.uniform(seeds, LATENTS) - 1.0


def temperature_of(value: float) -> float:
    """ValueError if a temperature is outside of the slider's range."""
    if not COOLEST <= value <= HOTTEST:
        raise ValueError(f"the temperature is {value}; use {COOLEST} to {HOTTEST}")
    return float(value)


def coefficients(p: Parameters, u: np.ndarray, temperature: float = USUAL) -> np.ndarray:
    """softmax((W u + b) / T), float64 (B, 10), the same bits everywhere."""
    return exact.softmax(exact.affine(u, p[WEIGHT], p[BIAS]), temperature)


def draw(p: Parameters, fields: np.ndarray, u: np.ndarray, temperature: float = USUAL) -> Drawn:
    """Blend the fields, uint8 (10, 784), by the coefficients of the latents."""
    shares = coefficients(p, u, temperature)
    return Drawn(exact.blend(shares, fields), shares)


def entropy(shares: np.ndarray) -> np.ndarray:
    """-Σ p log p in nats a row: 0 where one coefficient has all, log 10 = 2.303 where all are alike."""
    return -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=-1)
