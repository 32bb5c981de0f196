"""What an importer finds in files, before classes are numbered and a part is held out."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

# How people name the parts of a data set, as folders, files and arrays.
SPLITS = {"train": "train", "training": "train", "tr": "train", "test": "test", "testing": "test", "t10k": "test",
          "te": "test", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
WORDS = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])")
GLUED = re.compile(r"(x|y)(train|test|val|valid|tr|te|dev)|(images?|labels?|data|targets?)(train|test|val|valid)|"
                   r"(train|test|val|valid)(x|y|images?|labels?|data|targets?)")


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case; glued ones, as in Xtrain and trainX, count as two."""
    found = []
    for word in WORDS.split(name.lower()):
        glued = GLUED.fullmatch(word)
        found += filter(None, glued.groups()) if glued else [word]
    return found


def split_named(name: str) -> str:
    """The split that a word of a name stands for, or "" if none does: x_train, Xtrain, mnist-test.csv."""
    return next((SPLITS[word] for word in words_of(name) if word in SPLITS), "")


def labelled(name: str) -> bool:
    """Whether a cell of labels has one: programs write a missing one as NaN, or not at all."""
    return name.lower() not in ("", "nan")


def normal(name: str) -> str:
    """A class's name in Unicode's composed form: macOS and some archives write é as e with an accent."""
    return unicodedata.normalize("NFC", name)


@dataclass
class Found:
    """Images by split ("" where none is named) with the class name of each, and notes on what was understood."""

    kind: str
    images: dict[str, list[np.ndarray]] = field(default_factory=dict)  # uint8 (n, 28, 28) each
    names: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)  # paths, if each image is a file of its own
    notes: list[str] = field(default_factory=list)
    emnist: bool = False  # whether names say that the files are EMNIST's
    parted: bool = False  # whether files of this kind always say which part they are

    def add(self, split: str, images: np.ndarray, names: str | Sequence[str], file: str = "") -> None:
        """One image (28, 28) with the name of its class and the path of its file, or several (n, 28, 28) with names.
        """
        one = isinstance(names, str)
        self.images.setdefault(split, []).append(images[None] if one else images)
        self.names.setdefault(split, []).extend(map(normal, [names] if one else names))
        self.files.setdefault(split, []).extend([file] * bool(file))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
