"""A motor as two sensors see it, made with a seed: healthy for a long time, then with faults of known kinds.

Vibration is the turning of the shaft and two of its harmonics; the current swings once per turn about a mean. Speed and
load wander slowly, as they do in a healthy machine, so a plain limit on either sensor would miss most faults.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pyapp.core.rng import generator
from pyapp.data.recording import Recording

CHANNELS = ("vibration", "current")
RATE = 100.0  # samples per second
TURNS = 5.0  # of the shaft per second, on average
LEARNED, STREAMED = 90, 60  # seconds that are healthy, and after them seconds with faults
EPISODE = 3  # seconds of a fault
RESOLUTION = 1e-3  # of the sensors: a last bit of another machine's sine is below it
NOISE = (0.06, 0.03)


class Fault(NamedTuple):
    """A part of the stream in which something is wrong: samples start..stop."""

    kind: str
    start: int
    stop: int


def stream(seed: int, noise: float = 1.0, drift: float = 1.0) -> tuple[Recording, list[Fault]]:
    """The recording, (LEARNED + STREAMED) seconds of both channels, and the faults of its second part in order.

    `noise` and `drift` scale the sensors' noise and the wandering of speed and load. ValueError for a negative seed.
    """
    rng = generator(seed, "motor")
    n = round((LEARNED + STREAMED) * RATE)
    speed = TURNS * (1 + 0.05 * drift * _wandering(n, rng))
    load = 1 + 0.1 * drift * _wandering(n, rng)
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    vibration = np.sin(phase) + 0.35 * np.sin(2 * phase + 0.7) + 0.15 * np.sin(3 * phase + 1.9)
    current = load + 0.2 * np.sin(phase - 0.6)
    values = np.stack([vibration, current], axis=1) + noise * np.array(NOISE) * rng.standard_normal((n, 2))
    faults, labels = _episodes(n, rng), np.zeros(n, bool)
    for fault in faults:
        rows = slice(fault.start, fault.stop)
        values[rows] = FAULTS[fault.kind](values[rows], phase[rows], rng)
        labels[rows] = True
    return Recording("the motor", CHANNELS, np.rint(values / RESOLUTION) * RESOLUTION, RATE, True, labels), faults


def _wandering(n: int, rng: np.random.Generator) -> np.ndarray:
    """A slow curve (n,) within ±1: straight lines between random heights, one every three seconds."""
    every = round(3 * RATE)
    knots = rng.uniform(-1, 1, n // every + 2)
    return np.interp(np.arange(n), every * np.arange(len(knots)), knots)


def _episodes(n: int, rng: np.random.Generator) -> list[Fault]:
    """Each kind of fault twice, in an order from the seed, spread over the second part with random starts."""
    kinds = [kind for _ in range(2) for kind in FAULTS]
    edges = np.linspace(LEARNED * RATE, n, len(kinds) + 1).astype(np.int64).tolist()
    length = round(EPISODE * RATE)
    starts = [int(rng.integers(low + length // 4, high - length, dtype=np.int64)) for low, high in pairwise(edges)]
    order = rng.permutation(len(kinds)).tolist()
    return [Fault(kinds[i], start, start + length) for i, start in zip(order, starts, strict=True)]


def _imbalance(values: np.ndarray, phase: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A weight on one side: the first harmonic of the vibration grows."""
    return values + np.stack([0.9 * np.sin(phase + 0.4), 0 * phase], axis=1)


def _bearing(values: np.ndarray, phase: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A damaged ball: a rattle 1.6 times per turn, which dies away before the next."""
    place = np.mod(1.6 * phase / (2 * np.pi), 1)
    return values + np.stack([2 * np.exp(-4 * place) * rng.standard_normal(len(phase)), 0 * phase], axis=1)


def _slip(values: np.ndarray, phase: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A slipping belt: the current swings out of step with the shaft, so each sensor alone looks healthy."""
    return values + np.stack([0 * phase, 0.2 * np.sin(phase + 2.54) - 0.2 * np.sin(phase - 0.6)], axis=1)


def _stuck(values: np.ndarray, phase: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sensor that repeats its last vibration."""
    return np.stack([np.full(len(values), values[0, 0]), values[:, 1]], axis=1)


FAULTS: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]] = {
    "imbalance": _imbalance, "worn bearing": _bearing, "slipping belt": _slip, "stuck sensor": _stuck}
WORDS = {"imbalance": "a weight on one side of the shaft", "worn bearing": "a rattle 1.6 times per turn",
         "slipping belt": "the current swings out of step", "stuck sensor": "the vibration repeats its last value"}
