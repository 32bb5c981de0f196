"""MNIST and data sets in its form: folders of IDX files, and the digits that ship with the page."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyapp import places
from pyapp.core.rng import generator
from pyapp.data.idx import DataError, find, read, said
from pyapp.data.orientation import foreign, light_paper, transposed

ROOT = places.ROOT
SHIPPED = places.DIGITS  # 2,000 + 3,000 real MNIST images, provisioned by serve.py
FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}
EMNIST = {26: "EMNIST's letters", 46: "EMNIST's balanced or merged classes", 61: "EMNIST's 62 classes"}  # by label


class DataWarning(UserWarning):
    """What was done to data so that it can be used."""


class ShippedMissing(DataError):
    """The shipped digits are missing; `what` names what needs them."""

    def __init__(self, path: Path, what: str):
        super().__init__(f"{what} needs the shipped digits, but {path} is missing; "
                         f"run `{places.SERVE} --provision` once to fetch them")
        self.path, self.what = path, what

    def __reduce__(self):  # so that it can be unpickled in another process
        return type(self), (self.path, self.what)


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Within this context the error about missing shipped digits names what needs them."""
    try:
        yield
    except ShippedMissing as error:
        raise ShippedMissing(error.path, what) from None


class Digits(NamedTuple):
    """Images uint8 (N, 28, 28), 0 is paper and 255 is ink, with labels int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def inputs(self) -> np.ndarray:
        """The network's inputs: float32 (N, 784) in 0..1."""
        return self.images.reshape(len(self.images), -1).astype(np.float32) / np.float32(255)

    def spread(self, n: int) -> "Digits":
        """At most n of them, evenly spread: of MNIST's test images, the first are read worse than all 10,000."""
        whole = len(self.labels)
        rows = np.arange(min(n, whole), dtype=np.int64) * whole // min(n, whole)
        return Digits(self.images[rows], self.labels[rows])


def load(folder: str | Path = SHIPPED, split: str = "test") -> Digits:
    """Read one split, "train" or "test", of a folder that holds MNIST's four files (.gz or unpacked), or EMNIST's.

    DataError names the file, what was expected and what was found. Images that are stored transposed, as EMNIST's are,
    dark on light, or as 0 and 1 become as MNIST's are, with a DataWarning; so does it warn of what are no digits.
    """
    folder = Path(folder)
    with needed_for({"train": "training", "test": "measuring"}[split]):
        files = [_find(folder, stem) for stem in FILES[split]]
    images, labels = (read(path, axes) for path, axes in zip(files, (3, 1), strict=True))
    if images.shape[1:] != (28, 28) or len(images) != len(labels):
        raise DataError(f"{folder}: expected 28x28 images with one label each, found {said(images.shape)} and "
                        f"{said(labels.shape)}")
    if labels.max() > 9:
        known = EMNIST.get(int(labels.max()))
        raise DataError(f"{files[1]}: expected labels 0 to 9, found {labels.max()} (they go from {labels.min()} to "
                        f"{labels.max()}{f', as those of {known}' if known else ''}); use digits")
    if not is_shipped(folder):
        images = _as_mnist(images, labels, files[0])
    return Digits(images, labels.astype(np.int64))


def is_shipped(folder: str | Path) -> bool:
    """Whether a folder is that of the shipped digits, by whatever path."""
    return os.path.realpath(folder) == os.path.realpath(SHIPPED)


def _as_mnist(images: np.ndarray, labels: np.ndarray, file: Path) -> np.ndarray:
    """The images as MNIST has them: light on dark, of full brightness and upright. A DataWarning says how they were
    changed, or that they do not look like digits."""
    found = []
    if images.max() == 1:
        images = images * np.uint8(255)
        found.append("the pixels are only 0 and 1; 1 is read as 255")
    if light_paper(images):
        images = 255 - images
        found.append("the digits are dark on light, where MNIST's are light on dark; they are read inverted")
    if transposed(images, labels, "emnist" in file.name.lower()):
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
        found.append("the images are stored transposed, as EMNIST's are; they are read upright")
    if foreign(images, labels):
        found.append("few of the images look like the digits that their labels name: they may show something else, as "
                     "Fashion-MNIST's do, be turned, or have other labels")
    for what in found:
        warnings.warn(f"{file}: {what}", DataWarning, stacklevel=3)
    return images


def _find(folder: Path, stem: str) -> Path:
    try:
        return find(folder, stem)
    except DataError:
        if is_shipped(folder):
            raise ShippedMissing(folder / f"{stem}.gz", "reading") from None
        raise


@cache
def shipped(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs float32 (N, 784) and labels int64 (N,) of the shipped digits, read once and shared: do not change them."""
    digits = load(split=split)
    return digits.inputs(), digits.labels


CALIBRATION = 1024


@cache
def calibration() -> np.ndarray:
    """The calibration split: float32 (1024, 784), drawn once and for all from the 2,000 shipped training images.

    Ranges of activations, GPTQ, AdaRound and bias correction see these images and no others: none of them is a test
    image, and the shipped weights were not trained on them.
    """
    with needed_for("calibration"):
        inputs, _ = shipped("train")
    return inputs[calibration_rows()]


def calibration_labels() -> np.ndarray:
    """The digits of the calibration split, int64 (1024,)."""
    with needed_for("calibration"):
        return shipped("train")[1][calibration_rows()]


def calibration_rows() -> np.ndarray:
    """Which of the shipped training images calibrate, int64 (1024,)."""
    return generator(1, "calibration").permutation(len(shipped("train")[1]))[:CALIBRATION].astype(np.int64)


def without(digits: Digits, others: Digits) -> Digits:
    """`digits` less every image that also occurs in `others`, byte for byte."""
    known = {image.tobytes() for image in others.images}
    keep = np.array([image.tobytes() not in known for image in digits.images], bool)
    return Digits(digits.images[keep], digits.labels[keep])


def training_images(folder: str | Path, exclude: str | Path | None) -> Digits:
    """A folder's training images less every image of the folder `exclude`; DataError if none is left."""
    digits = load(folder, "train")
    with needed_for("leaving the shipped images out of training"):
        for split in FILES if exclude is not None else ():
            digits = without(digits, load(exclude, split))
    if not len(digits.images):
        raise DataError(f"{folder}: no training images are left after leaving out those of {exclude}")
    return digits
