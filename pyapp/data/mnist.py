"""MNIST in its own file format (IDX), plain or gzip-compressed."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyapp import places
from pyapp.core.rng import generator

ROOT = places.ROOT
SHIPPED = places.DIGITS  # 2,000 + 3,000 real MNIST images, provisioned by serve.py
FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}
UNSIGNED_BYTE = 0x08  # IDX type code


class DataError(ValueError):
    """A data file is missing or not what it should be."""


class ShippedMissing(DataError):
    """The shipped digits are needed and not there; `what` says for what they are needed."""

    def __init__(self, path: Path, what: str):
        super().__init__(f"{what} needs the shipped digits, and {path} is not there; "
                         f"run `{places.SERVE} --provision` once, which fetches them")
        self.path, self.what = path, what

    def __reduce__(self):  # so that it comes back from another process
        return type(self), (self.path, self.what)


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Within it, missing shipped digits are an error that says for what they were needed."""
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


def load(folder: str | Path = SHIPPED, split: str = "test") -> Digits:
    """Read one split, "train" or "test", of a folder that holds MNIST's four files (.gz or unpacked).

    DataError names the file, what was expected and what was found.
    """
    folder = Path(folder)
    with needed_for({"train": "training", "test": "measuring"}[split]):
        images, labels = (_read_idx(_find(folder, stem), axes) for stem, axes in zip(FILES[split], (3, 1), strict=True))
    if images.shape[1:] != (28, 28) or len(images) != len(labels):
        raise DataError(f"{folder}: expected 28x28 images with one label each, found images {images.shape} and "
                        f"labels {labels.shape}")
    if labels.size and labels.max() > 9:
        raise DataError(f"{folder / FILES[split][1]}: expected labels 0 to 9, found {labels.max()}")
    return Digits(images, labels.astype(np.int64))


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


def _find(folder: Path, stem: str) -> Path:
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return path
    if folder == SHIPPED:
        raise ShippedMissing(folder / f"{stem}.gz", "reading")
    raise DataError(f"{folder / stem}(.gz) is not there; name a folder with MNIST's four IDX files")


def _read_idx(path: Path, axes: int) -> np.ndarray:
    """An IDX file of unsigned bytes: two zeros, type, number of axes, big-endian sizes, then the data."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":  # some web servers unpack .gz files on the way, so look at the bytes, not at the name
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: expected a whole gzip file, found a damaged one ({error})") from None
    if data[:4] != bytes([0, 0, UNSIGNED_BYTE, axes]):
        raise DataError(f"{path}: expected an IDX file of bytes with {axes} axes, found it to start with {data[:4]!r}")
    header = 4 + 4 * axes
    if len(data) < header:
        raise DataError(f"{path}: expected an IDX header of {header} bytes, found {len(data)} bytes")
    shape = struct.unpack(f">{axes}I", data[4:header])
    expected = int(np.prod(shape, dtype=np.int64))
    if len(data) - header != expected:
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}, found {len(data) - header}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


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
