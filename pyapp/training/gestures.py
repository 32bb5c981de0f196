"""A small network that learns gestures from a few drawings and their variants."""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from pyapp.core.optim import Adam
from pyapp.core.rng import generator
from pyapp.data.gestures import READ, Variation, varied
from pyapp.data.sample_gestures import CLASSES, made
from pyapp.machine import made_on
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import quantize_parameters
from pyapp.training.trainer import Trainer, evaluate

PIXELS = 784
HIDDEN, RATE, BATCH, STEPS = 32, 0.003, 32, 240  # of the network, of Adam, and of a training: some seconds in a browser
NUMBERS, VARIANTS, TESTED = (1, 2, 5, 10), (0, 6), 40  # of what `measured` tries: per class, per drawing, per class
Pair = tuple[np.ndarray, np.ndarray]


def inputs(drawings: Iterable[np.ndarray], features: str) -> np.ndarray:
    """The inputs that a network gets for drawings, float32 (N, 784); `features` is the name of their kind."""
    found = [READ[features](points).reshape(-1) for points in drawings]
    return np.array(found, np.float32).reshape(-1, PIXELS)


def variants(points: np.ndarray, how: Variation, n: int) -> list[np.ndarray]:
    """`n` variants of a drawing: the same ones in every call, because the drawing itself is their seed."""
    rng = generator(zlib.crc32(points.tobytes()), "variants")
    return [varied(points, how, rng) for _ in range(n)]


def trainer(data: Pair, classes: int, seed: int, hidden: int = HIDDEN) -> Trainer:
    """A training from random weights, 784-hidden-classes with ReLU between."""
    model = MLP((PIXELS, hidden, classes))
    p = model.initial(seed)
    return Trainer(model, p, Adam(p, RATE), *data, seed, BATCH)


def measured(seeds: Sequence[int], bits: int,
             report: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """Accuracy on held-out drawings, a row per number of drawings, of variants and per kind of
    features: means over seeds, each with drawings of its own, of float32 weights and of `bits`-bit ones."""
    rows, how, names = [], Variation(), list(CLASSES)
    for features in READ:
        sets = []
        for seed in seeds:
            drawn, tested = made(seed, max(NUMBERS)), made(seed + 1000, TESTED)
            copies = [inputs([points, *variants(points, how, max(VARIANTS))], features) for _, points in drawn]
            sets.append((seed, np.array(copies), inputs([points for _, points in tested], features),
                         np.array([names.index(name) for name, _ in tested], np.int64)))
        for each in NUMBERS:
            for more in VARIANTS:
                scores = [_one(*one, each, more, bits) for one in sets]
                exact, rounded = np.mean(scores, axis=0)
                rows.append({"features": features, "drawings": each, "variants": more, "float": round(float(exact), 3),
                             "quantised": round(float(rounded), 3)})
                report(f"{features}, {each} drawings, {more} variants: {exact:.3f}, {bits} bits {rounded:.3f}")
    return rows


def recipe(seeds: Sequence[int], bits: int) -> bytes:
    """What `measured` finds, as the JSON of weights/gestures.json: {about, command, data, made_on, bits, n, variants,
    accuracies}, where `accuracies` lead from the features over the variants ("0") to a list of {drawings, float,
    quantised}."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in measured(seeds, bits):
        of = found.setdefault(row.pop("features"), {}).setdefault(str(row.pop("variants")), [])
        of.append(row)
    return json.dumps({
        "about": "Accuracy on gestures never learned from, by the drawings of each class and their variants.",
        "command": "python -m pyapp run gestures --steps 0 --do measure --out weights/gestures.json",
        "data": f"the {len(CLASSES)} classes of pyapp/data/sample_gestures.py, means over the seeds "
                f"{', '.join(map(str, seeds))}",
        "made_on": made_on(), "bits": bits, "n": TESTED * len(CLASSES), "variants": max(VARIANTS),
        "accuracies": found}, indent=1).encode()


def _one(seed: int, copies: np.ndarray, x: np.ndarray, labels: np.ndarray, each: int, more: int,
         bits: int) -> tuple[float, float]:
    """Accuracies of a network that learns the first `each` drawings of every class with `more` variants of each."""
    of = np.arange(len(copies)).reshape(len(CLASSES), -1)[:, :each]
    chosen = copies[of.reshape(-1), : 1 + more]  # drawings, copies, 784
    answers = np.repeat(np.arange(len(CLASSES), dtype=np.int64), each * (1 + more))
    training = trainer((chosen.reshape(-1, PIXELS), answers), len(CLASSES), seed)
    for _ in range(STEPS):
        training.step()
    p = training.p
    return tuple(evaluate(training.model, q, x, labels)["accuracy"]
                 for q in (p, quantize_parameters(p, bits).parameters))
