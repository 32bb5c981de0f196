"""A generator in numbers: whether its digits are recognised, whether they vary, and whether they are copies."""

from functools import cache
from typing import Any

import numpy as np

from pyapp.core.ops import linear
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.digitgen.mini import Drawn, MiniDecoder
from pyapp.digitgen.painter import Painter
from pyapp.nets.mlp import MLP
from pyapp.quant.matmul import product

PAIRS = 100  # pictures per class whose distances count
CHUNK, FULL = 1000, 255.0  # real pictures compared at once; a pixel full of ink


def read(reader: Parameters, pixels: np.ndarray) -> np.ndarray:
    """The digits that the network with parameters `reader` predicts for pictures uint8 (B, 784), int64 (B,)."""
    return MLP().forward(reader, pixels.astype(np.float32) / np.float32(FULL)).argmax(axis=1).astype(np.int64)


def nearest(pixels: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each picture (B, 784) the nearest real one and its Euclidean distance, where full ink is 1 (0 to 28).

    |a - b|² = |a|² - 2 a·b + |b|². All of them are whole numbers below 2²⁶, so in float64 nothing is rounded.
    """
    a = pixels.astype(np.float64)
    best, rows = np.full(len(a), np.inf, np.float64), np.zeros(len(a), np.int64)
    for start in range(0, len(real), CHUNK):
        b = real[start : start + CHUNK].astype(np.float64)
        between = (b * b).sum(axis=1) - 2.0 * linear(a, b)
        here = between.argmin(axis=1)
        nearer = between[np.arange(len(a)), here] < best
        best[nearer], rows[nearer] = between[nearer, here[nearer]], start + here[nearer]
    return rows, np.sqrt(best + (a * a).sum(axis=1)) / FULL


def neighbours(pixels: np.ndarray, real: Digits, count: int,
               known: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The `count` real digits that are nearest to one picture (784,): their rows and distances, nearest first.

    |a - b|² = |a|² - 2 a·b + |b|², in whole numbers below 2²⁶; `known` are the squares |b|², `squares(real)`.
    """
    dots = product(pixels[None], _flat(real))[0]
    between = (squares(real) if known is None else known) - 2 * dots + (pixels.astype(np.int64) ** 2).sum()
    rows = np.argsort(between, kind="stable")[:count].astype(np.int64)
    return rows, np.sqrt(between[rows]) / FULL


def spread(pixels: np.ndarray, labels: np.ndarray) -> float:
    """Mean Euclidean distance of two pictures of the same class, averaged over the classes, in units of full ink.

    Only the first 100 of each class count; a class with fewer than two pictures is left out. NaN if all are.
    """
    means = []
    for label in range(10):
        a = pixels[labels == label][:PAIRS].astype(np.float64)
        if len(a) < 2:
            continue
        squares = (a * a).sum(axis=1)
        between = np.sqrt(np.maximum(squares - 2.0 * linear(a, a) + squares[:, None], 0.0))
        means.append(between.sum() / (len(a) * (len(a) - 1)) / FULL)
    return float(np.mean(means)) if means else float("nan")


def quality(drawn: Drawn, reader: Parameters, real: Digits) -> dict[str, Any]:
    """The share of samples that are recognised as the intended digit, and the spread within a class, beside that of
    real digits."""
    intended, of_real = drawn.labels, spread(_flat(real), real.labels)
    own = spread(drawn.pixels, intended)
    return {"n": len(intended), "read": float((read(reader, drawn.pixels) == intended).mean()), "spread": own,
            "spread_real": of_real, "diversity": own / of_real}


def measure(drawn: Drawn, reader: Parameters, real: Digits) -> dict[str, Any]:
    """`quality`, and for each sample the nearest real digit: which class it has, and how far away it is."""
    rows, distances = nearest(drawn.pixels, _flat(real))
    return {**quality(drawn, reader, real), "neighbour": float((real.labels[rows] == drawn.labels).mean()),
            "nearest": float(distances.min())}


def squares(digits: Digits) -> np.ndarray:
    """|b|² of each picture b, int32 (N,)."""
    return np.einsum("ij,ij->i", _flat(digits), _flat(digits), dtype=np.int32)


def _flat(digits: Digits) -> np.ndarray:
    return digits.images.reshape(len(digits.images), -1)


def agreement(teacher: Painter, student: MiniDecoder, u: np.ndarray) -> float:
    """The share of latents for which both choose the same digit. Temperature does not matter: it never changes which
    coefficient is largest."""
    return float((teacher.coefficients(u).argmax(axis=1) == student.coefficients(u).argmax(axis=1)).mean())


@cache
def shipped() -> Digits:
    """All 5,000 digits that the page has, none of which the shipped weights were trained on."""
    with mnist.needed_for("comparing with real digits"):
        parts = [mnist.load(split=split) for split in ("train", "test")]
    return Digits(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))
