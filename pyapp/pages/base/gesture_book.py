"""Drawings in classes: a person's own, or examples made with a seed. One in five of each class is held out."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pyapp import npz
from pyapp.core.classes import LONGEST, are_names, is_name
from pyapp.data.digits import Digits
from pyapp.data.drawing import Raster, framed
from pyapp.data.gestures import Variation, even, placed
from pyapp.data.sample_gestures import made
from pyapp.store import StoreError
from pyapp.training import gestures

EACH, SEED = 10, 1  # of the examples: drawings of each class, and the seed they are made with
FIFTH = 5  # of the drawings of a class is held out
MOST_CLASSES, MOST = 10, 500  # classes; drawings
SIDE, PEN, FILLS = 36, 0.05, 1.7  # of a small picture: its pen, and how much larger than `framed` the drawing is
DOTS, DOT = 96, 0.02  # the side of a picture of its points, and its pen
STROKES, CLASS_OF, NAMES = "strokes", "gestures", "classes"  # arrays of a file


class Drawing:
    """One drawing of a class, and what was computed of it."""

    def __init__(self, name: str, points: np.ndarray):
        self.name, self.points = name, placed(points)
        self._copies: tuple[tuple, np.ndarray] | None = None
        self._varied: tuple[tuple, np.ndarray] | None = None

    @cached_property
    def small(self) -> np.ndarray:
        """A small picture of it, uint8 (SIDE, SIDE)."""
        return small(self.points)

    @cached_property
    def even(self) -> np.ndarray:
        """The drawing as it is read: framed, with its points at equal distances."""
        return even(framed(self.points))

    @cached_property
    def dots(self) -> np.ndarray:
        """Its points as dots, as they came and at equal distances, uint8 (2, DOTS, DOTS)."""
        return np.stack([small(np.column_stack([points[:, :2], np.arange(len(points))]), DOTS, DOT)
                         for points in (self.points, self.even)])

    def varied(self, how: Variation, n: int) -> np.ndarray:
        """Small pictures of n variants, uint8 (n, SIDE, SIDE)."""
        if self._varied is None or self._varied[0] != (how, n):
            self._varied = (how, n), np.stack([small(each) for each in gestures.variants(self.points, how, n)])
        return self._varied[1]

    def copies(self, features: str, how: Variation, n: int) -> np.ndarray:
        """A network's inputs for the drawing and n variants of it, float32 (1 + n, 784)."""
        key = features, how, n
        if self._copies is None or self._copies[0] != key:
            drawn = [self.points, *gestures.variants(self.points, how, n)]
            self._copies = key, gestures.inputs(drawn, features)
        return self._copies[1]


def small(points: np.ndarray, side: int = SIDE, pen: float = PEN) -> np.ndarray:
    """A small picture of a drawing, as large as it fits, uint8 (side, side)."""
    points = framed(points) * np.float32([FILLS, FILLS, 1]) - np.float32([(FILLS - 1) / 2, (FILLS - 1) / 2, 0])
    return np.round(255 * Raster(side, pen).draw(points)).astype(np.uint8)


class Book:
    """Drawings in the order in which they came. A change gives another book, so that an earlier one can come back."""

    def __init__(self, drawings: Sequence[Drawing] = ()):
        self.drawings = tuple(drawings)

    def __bool__(self) -> bool:
        return bool(self.drawings)

    @classmethod
    def of_examples(cls) -> "Book":
        return cls([Drawing(*one) for one in made(SEED, EACH)])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The classes, the oldest first."""
        return tuple(dict.fromkeys(each.name for each in self.drawings))

    def of(self, name: str) -> list[Drawing]:
        return [each for each in self.drawings if each.name == name]

    @cached_property
    def held_out(self) -> list[Drawing]:
        """The fifth, the tenth and so on of each class; nothing is learned from these."""
        return [each for name in self.names for each in self.of(name)[FIFTH - 1 :: FIFTH]]

    @cached_property
    def learned(self) -> list[Drawing]:
        """The drawings that are not held out."""
        return [each for each in self.drawings if each not in self.held_out]

    def labels(self, drawings: Sequence[Drawing]) -> np.ndarray:
        return np.array([self.names.index(each.name) for each in drawings], np.int64)

    def with_one(self, name: str, points: np.ndarray) -> "Book":
        """A book with one more drawing. ValueError says why it cannot be taken."""
        if not is_name(name):
            raise ValueError(f"a class needs a name of 1 to {LONGEST} printable characters; type one into Class")
        if not len(points):
            raise ValueError("the pad is empty; draw the gesture, then add it")
        if name not in self.names and len(self.names) >= MOST_CLASSES:
            raise ValueError(f"there are {MOST_CLASSES} classes already; delete one first, or add to one of them")
        if len(self.drawings) >= MOST:
            raise ValueError(f"there are {MOST} drawings already; delete a class first")
        return Book([*self.drawings, Drawing(name, points)])

    def without(self, name: str) -> "Book":
        """A book without a class. ValueError if there is none of that name."""
        if name not in self.names:
            raise ValueError(f"there is no class {name!r} to delete; there are {', '.join(self.names) or 'none yet'}")
        return Book([each for each in self.drawings if each.name != name])

    def free_name(self) -> str:
        """A name that no class has."""
        return next(name for i in range(1, MOST + 2) if (name := f"gesture {i}") not in self.names)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `of_arrays` reads: points with the number of their drawing (P, 4), the class of each drawing, names."""
        points = [np.column_stack([each.points, np.full(len(each.points), i, np.float32)])
                  for i, each in enumerate(self.drawings)]
        return {STROKES: np.concatenate(points).astype(np.float32), CLASS_OF: self.labels(self.drawings),
                NAMES: np.array(self.names)} if points else {}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], file: str) -> "Book":
        """The drawings in a file; none if it has none. StoreError if they are damaged."""
        if STROKES not in arrays:
            return cls()
        try:
            points, of, names = arrays[STROKES], arrays[CLASS_OF], list(map(str, arrays[NAMES].tolist()))
            number = points[:, 3]
            if (points.shape[1:] != (4,) or not np.isfinite(points).all() or of.ndim != 1 or not 0 < len(of) <= MOST
                    or not 0 < len(set(names)) == len(names) <= MOST_CLASSES or not all(map(is_name, names))
                    or not (0 <= of.min() <= of.max() < len(names)) or (np.diff(number) < 0).any()
                    or not np.array_equal(np.unique(number), np.arange(len(of)))):
                raise ValueError("strokes, classes and names do not fit together")
            each = np.split(points[:, :3], np.flatnonzero(np.diff(number)) + 1)
            return cls([Drawing(names[int(label)], one) for label, one in zip(of, each, strict=True)])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise StoreError(f"{file}: expected drawings saved by the page Gestures, found something else "
                             f"({error})") from None

    @classmethod
    def read(cls, data: bytes, name: str) -> "Book | None":
        """The drawings in an .npz file, or None if it is something else. StoreError if they are damaged."""
        if not name.lower().endswith(".npz") or f"{STROKES}.npy".encode() not in data or b"about.npy" in data:
            return None
        try:
            return cls.of_arrays(npz.unpack(data), name)
        except npz.Damaged as error:
            raise StoreError(f"{name}: expected drawings saved by the page Gestures, found {error}") from None

    @property
    def trainable(self) -> bool:
        """Whether there are two classes to tell apart."""
        return are_names(self.names)

    def parts(self, features: str, how: Variation, n: int) -> dict[str, Digits]:
        """What is learned from, with n variants of each drawing, and what is held out, as images; without held-out
        drawings there is no part "test", and no variants: two of one drawing could come to lie in both parts."""
        n = n if self.held_out else 0
        sets = {"train": [(each, each.copies(features, how, n)) for each in self.learned],
                "test": [(each, each.copies(features, how, 0)) for each in self.held_out]}
        return {part: Digits(np.round(255 * np.concatenate([x for _, x in found])).astype(np.uint8).reshape(-1, 28, 28),
                             np.repeat(self.labels([each for each, _ in found]), [len(x) for _, x in found]),
                             self.names)
                for part, found in sets.items() if found}

    def file(self, parts: Mapping[str, Digits]) -> dict[str, Any]:
        """Arrays that this page opens again, and that every command takes with --data."""
        images = {f"{letter}_{part}": array for part, each in parts.items()
                  for letter, array in (("x", each.images), ("y", each.labels))}
        return images | self.arrays()
