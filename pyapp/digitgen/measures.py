"""What can be said of a generator in numbers: is it read as intended, does it vary, does it copy."""

from functools import cache
from typing import Any

import numpy as np

from pyapp.core.ops import linear
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.digitgen.mini import Drawn, MiniDecoder
from pyapp.digitgen.painter import Painter
from pyapp.models.mlp import MLP

PAIRS = 100  # pictures a class whose distances count
CHUNK, FULL = 1000, 255.0  # real pictures compared at once; a pixel full of ink


def read(reader: Parameters, pixels: np.ndarray) -> np.ndarray:
    """What the pretrained digits network reads, int64 (B,)."""
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


def spread(pixels: np.ndarray, labels: np.ndarray) -> float:
    """Mean Euclidean distance of two pictures of the same class, averaged over the classes, in units of full ink.

    The first 100 of each class; a class with fewer than two pictures says nothing. NaN if none says anything.
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


def measure(drawn: Drawn, intended: np.ndarray, reader: Parameters, real: Digits) -> dict[str, Any]:
    """What the page and the recipes say of a set of samples, held against real digits."""
    pixels, flat = drawn.pixels, real.images.reshape(len(real.images), -1)
    rows, distances = nearest(pixels, flat)
    of_real = spread(flat, real.labels)
    return {"n": len(pixels), "read": float((read(reader, pixels) == intended).mean()),
            "neighbour": float((real.labels[rows] == intended).mean()), "spread": spread(pixels, intended),
            "spread_real": of_real, "diversity": spread(pixels, intended) / of_real,
            "nearest": float(distances.min())}


def agreement(teacher: Painter, student: MiniDecoder, u: np.ndarray) -> float:
    """The share of latents of which both mean the same digit. No temperature changes which coefficient is largest."""
    return float((teacher.coefficients(u).argmax(axis=1) == student.coefficients(u).argmax(axis=1)).mean())


@cache
def shipped() -> Digits:
    """All 5,000 digits that the page has, none of which the shipped weights were trained on."""
    parts = [mnist.load(split=split) for split in ("train", "test")]
    return Digits(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))
