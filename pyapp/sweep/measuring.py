"""What a worker of a sweep does: quantise with one combination of settings, measure, hand back a row of text."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyapp import store
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits, ShippedMissing
from pyapp.machine import made_on
from pyapp.measure.measure import measure, network_for
from pyapp.nets import mlp
from pyapp.quantized.network import Settings
from pyapp.quantized.saved import classes_of
from pyapp.sweep.blas import set_threads
from pyapp.sweep.grid import Combination, cells

RESULTS = {"accuracy": float, "loss": float, "n": int, "bytes": int, "bits_per_weight": float, "arithmetic": str,
           "note": str, "error": str}
MADE_ON = "made_on"  # the last column: processor, NumPy and BLAS kernel, see pyapp.machine
SHORT = 12  # hexadecimal digits: 48 bits tell files apart
TRAINED = ("qat",)  # methods that learn from training images


@dataclass(frozen=True)
class Source:
    """Weights and images, by name and by the beginnings of their sha256; a row says from which it comes."""

    weights: str
    data: str
    split: str
    stamps: tuple[str, str]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, weights: str | Path, data: str | Path, split: str) -> "Source":
        """The source of weights and images by path. ValueError or OSError if they cannot be used."""
        _, digits, stamps = _read(str(weights), str(data), split)
        return cls(str(weights), str(data), split, stamps, digits.classes)


def _read(weights: str, data: str, split: str) -> tuple[Parameters, Digits, tuple[str, str]]:
    if split not in mnist.FILES:
        raise ValueError(f"split is {split!r}; use {' or '.join(mnist.FILES)}")
    p = mlp.load(Path(weights))
    digits = mnist.load(data, split).among(classes_of(Path(weights)), Path(weights).name)
    return p, digits, (store.digest(weights)[:SHORT], stamp_of(digits))


def stamp_of(digits: Digits) -> str:
    """A short hash that tells sets of images with their labels apart."""
    return short_hash(digits.images.tobytes() + digits.labels.tobytes())


def short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:SHORT]


@lru_cache(maxsize=1)
def materials(source: Source) -> tuple[Parameters, Digits]:
    """The weights and images of a source, read once per worker. ValueError if the files have changed since the sweep
    began."""
    p, digits, stamps = _read(source.weights, source.data, source.split)
    if stamps != source.stamps:
        raise ValueError(f"{source.weights} or {source.data} changed while the sweep was running; start it again")
    return p, digits


def calibrates(combination: Combination) -> bool:
    """Whether a combination needs the calibration split. False if it is refused, or trained (which may need it)."""
    try:
        return combination["method"] not in TRAINED and Settings(**combination).calibrated
    except ValueError:
        return False


def measured(combination: Combination, source: Source) -> dict[str, str]:
    """One row: settings, results, or the reason why this combination is refused."""
    set_threads(1)
    p, digits = materials(source)
    try:
        network = network_for(p, Settings(**combination), source.data, lambda line: None, classes=source.classes)
        results = measure(network, digits)
    except ShippedMissing:  # not the fault of this combination: it can be measured once the digits are there
        raise
    except ValueError as error:
        results = {"error": error}
    found = {name: as_cell(value) for name, value in results.items()}
    return {**cells(combination), **found, MADE_ON: made_on()}


def as_cell(value: Any) -> str:
    """A value as a cell's text: numbers are read back exactly, and sentences are on one line."""
    return repr(float(value)) if isinstance(value, float) else " ".join(str(value).split())
