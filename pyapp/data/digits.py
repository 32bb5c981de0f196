"""Images with labels: what every importer gives, and every training and measurement takes."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pyapp.core.classes import TEN, unnamed

SIDE = 28
NAMED = 5  # classes that an error names


class DataError(ValueError):
    """A data file is missing or not what it should be."""


class DataWarning(UserWarning):
    """A warning that says what was done to data so that it can be used."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images uint8 (N, 28, 28), 0 is paper and 255 is ink, with labels int64 (N,) that count in `classes`: the ten
    digits, or the names of one's own classes. `files`: the path of the file that each came from, str (N,), if each is
    a file of its own."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = TEN
    files: np.ndarray | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.images, self.labels))

    def inputs(self) -> np.ndarray:
        """The network's inputs: float32 (N, 784) in 0..1."""
        return self.images.reshape(len(self.images), -1).astype(np.float32) / np.float32(255)

    def rows(self, rows: np.ndarray) -> "Digits":
        """The images and labels with these indices, or where a mask is true."""
        files = None if self.files is None else self.files[rows]
        return replace(self, images=self.images[rows], labels=self.labels[rows], files=files)

    def spread(self, n: int) -> "Digits":
        """At most n images with labels, evenly spread: the first of MNIST's test images are harder than the rest."""
        whole = len(self.labels)
        return self.rows(np.arange(min(n, whole), dtype=np.int64) * whole // min(n, whole))

    def among(self, classes: Sequence[str], network: str) -> "Digits":
        """The images with labels that count in a `network`'s classes. Those that are only numbered are taken in this
        order, and have the names here, with a DataWarning. DataError if the network lacks one of the classes here."""
        classes = tuple(classes)
        if self.classes == classes:
            return self
        if unnamed(classes) and len(self.classes) == len(classes):
            warnings.warn(f"{network} does not name its classes; they are taken to be {named(self.classes)}, in this "
                          "order", DataWarning, stacklevel=2)
            return self
        numbers = {name: i for i, name in enumerate(classes)}
        there = [self.classes[i] for i in np.unique(self.labels)]
        if unknown := [name for name in there if name not in numbers]:
            what = f"class{'' if len(unknown) == 1 else 'es'} {named(unknown)}"
            raise DataError(f"the data has the {what}, but {network} knows only "
                            f"{named(classes)}; give data of its classes, or train a network on this data")
        places = np.array([numbers.get(name, 0) for name in self.classes], np.int64)
        return replace(self, labels=places[self.labels], classes=classes)


def named(classes: Sequence[str]) -> str:
    """Names of classes in words, the first ones if they are many."""
    if tuple(classes) == TEN:
        return "the ten digits"
    more = len(classes) - NAMED
    return ", ".join(classes[:NAMED]) + (f" and {more} more" if more > 0 else "")
