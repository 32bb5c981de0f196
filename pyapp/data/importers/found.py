"""What an importer finds in files, before classes are numbered and a part is held out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

# How people name the parts of a data set, as folders, files and arrays.
SPLITS = {"train": "train", "training": "train", "tr": "train", "test": "test", "testing": "test", "t10k": "test",
          "te": "test", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
WORDS = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])")


def split_named(name: str) -> str:
    """The split that a word of a name stands for, or "" if none does: x_train, mnist-test.csv."""
    return next((SPLITS[word] for word in WORDS.split(name.lower()) if word in SPLITS), "")


@dataclass
class Found:
    """Images by split ("" where none is named) with the name of each one's class, and notes on what was understood."""

    kind: str
    images: dict[str, list[np.ndarray]] = field(default_factory=dict)  # uint8 (n, 28, 28) each
    names: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    emnist: bool = False  # whether names say that the files are EMNIST's
    parted: bool = False  # whether files of this kind always say which part they are

    def add(self, split: str, images: np.ndarray, names: str | Sequence[str]) -> None:
        """One image (28, 28) with the name of its class, or several (n, 28, 28) with theirs."""
        one = isinstance(names, str)
        self.images.setdefault(split, []).append(images[None] if one else images)
        self.names.setdefault(split, []).extend([names] if one else names)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
