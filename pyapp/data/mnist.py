"""MNIST and data sets in its form: folders of IDX files, and the digits that ship with the page."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from pyapp import places
from pyapp.core.rng import generator
from pyapp.data.digits import DataError as DataError
from pyapp.data.digits import DataWarning as DataWarning
from pyapp.data.digits import Digits as Digits
from pyapp.data.idx import NAME, find, read, said
from pyapp.data.orientation import as_mnist

ROOT = places.ROOT
SHIPPED = places.DIGITS  # 2,000 + 3,000 real MNIST images, provisioned by serve.py
FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


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
    """Context in which the error about missing shipped digits, ShippedMissing, names what needs them."""
    try:
        yield
    except ShippedMissing as error:
        raise ShippedMissing(error.path, what) from None


def load(folder: str | Path = SHIPPED, split: str = "test") -> Digits:
    """Read one split, "train" or "test", of data of any kind: a folder that holds MNIST's four files (.gz or unpacked),
    EMNIST's, or anything that pyapp/data/importers reads, of which a part is held out if none is named so.

    DataError names the file, what was expected and what was found. Images that are stored transposed, as EMNIST's are,
    dark on light, or as 0 and 1 become as MNIST's are, with a DataWarning. Images that are no digits get one as well.
    """
    folder = Path(folder)
    with needed_for({"train": "training", "test": "measuring"}[split]):
        if is_shipped(folder):
            return _digits(*(_find(folder, stem) for stem in FILES[split]))
    try:
        files = [find(folder, stem) for stem in FILES[split]]
    except DataError as error:
        return _imported(folder, split, error)
    digits = _digits(*files)
    if digits.images.shape[1:] != (28, 28) or digits.labels.max() > 9:
        return _imported(folder, split, None)
    images, notes = as_mnist(*digits, "emnist" in files[0].name.lower())
    _warn(files[0], notes)
    return replace(digits, images=images)


def _digits(images: Path, labels: Path) -> Digits:
    found = Digits(read(images, 3), read(labels, 1).astype(np.int64))
    if len(found.images) != len(found.labels):
        raise DataError(f"{images.parent}: expected images with one label each, found {said(found.images.shape)} and "
                        f"{said(found.labels.shape)}")
    return found


def _imported(folder: Path, split: str, error: DataError | None) -> Digits:
    """Data of another kind than MNIST's files. `error` says what is wrong with it as such."""
    from pyapp.data.importers.opening import NotRecognised, opened  # here, because no page needs it to begin

    if not folder.exists():
        raise error
    if folder.is_file() and NAME.fullmatch(folder.name.lower()):
        raise DataError(f"{folder} is one of MNIST's four IDX files; name the folder that holds them")
    try:
        found = opened(folder)
    except NotRecognised as other:
        missing = error is not None and folder.is_dir()
        raise (DataError(f"{error}, or {other.instead}") if missing else other) from None
    if error is not None and split not in found.parts:
        raise error
    _warn(folder, found.changes)
    return found.part(split)


def _warn(file: Path, notes: Iterable[str]) -> None:
    for what in notes:
        warnings.warn(f"{file}: {what}", DataWarning, stacklevel=4)


def is_shipped(folder: str | Path) -> bool:
    """Whether a folder is that of the shipped digits, by whatever path."""
    return os.path.realpath(folder) == os.path.realpath(SHIPPED)


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
    return digits.rows(np.array([image.tobytes() not in known for image in digits.images], bool))


def training_images(folder: str | Path, exclude: str | Path | None) -> Digits:
    """A folder's training images less every image of the folder `exclude`; DataError if none is left."""
    digits = load(folder, "train")
    with needed_for("leaving the shipped images out of training"):
        for split in FILES if exclude is not None else ():
            digits = without(digits, load(exclude, split))
    if not len(digits.images):
        raise DataError(f"{folder}: no training images are left after leaving out those of {exclude}, which test "
                        "the network; add other images")
    return digits
