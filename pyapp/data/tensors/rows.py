"""The numbers of a large tensor one after another, decoded when they are asked for."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

ALIGNED = 256  # numbers: of every type, so many begin with a byte, and with a block
PIECE = 2**16  # numbers that are read at once, at most, where single ones are wanted
PANEL = 2**21  # numbers that are kept of an array whose rows are spread over the whole file

Part = Callable[[int, int], np.ndarray]  # numbers i to j, where ALIGNED divides i


class Row:
    """Numbers in the order of the file, sliced as a vector of NumPy is."""

    def __init__(self, size: int, part: Part):
        self.size, self.part = size, part

    def __getitem__(self, key: slice) -> np.ndarray:
        start, stop, _ = key.indices(self.size)
        first, last = start - start % ALIGNED, min(stop + -stop % ALIGNED, self.size)
        return self.part(first, last)[start - first : stop - first]

    def at(self, places: np.ndarray) -> np.ndarray:
        """The numbers with these indices, in one pass: what is packed is unpacked from the start."""
        order, found = np.argsort(places, kind="stable"), np.empty(places.size, self[:1].dtype)
        wanted = places[order]
        apart = (np.diff(wanted) > ALIGNED) | (np.diff(wanted // PIECE) > 0)
        for near in np.split(order, np.flatnonzero(apart) + 1):
            if near.size:
                first, last = places[near[0]], places[near[-1]]
                found[near] = self[first : last + 1][places[near] - first]
        return found


class Columns:
    """Numbers row by row of an array (`shape`) that the file, `stored`, has column by column. A row is spread over the
    whole file, so a slice takes a pass over it, unless it lies in the panel of the slice before it."""

    def __init__(self, stored: Row, shape: tuple[int, ...]):
        self.size, self.stored, self.shape = stored.size, stored, shape
        self.panel = lru_cache(1)(lambda i: self.at(np.arange(i * PANEL, min((i + 1) * PANEL, self.size))))

    def __getitem__(self, key: slice) -> np.ndarray:
        start, stop, _ = key.indices(self.size)
        found = [self.panel(i)[max(start - i * PANEL, 0) : stop - i * PANEL]
                 for i in range(start // PANEL, -(-stop // PANEL))]
        return np.concatenate(found) if found else self.stored[:0]

    def at(self, places: np.ndarray) -> np.ndarray:
        """The numbers with these indices, in one pass."""
        return self.stored.at(np.ravel_multi_index(np.unravel_index(places, self.shape), self.shape, order="F"))

    def place(self, i: int) -> int:
        """The index of the number that is the i-th in the file."""
        return int(np.ravel_multi_index(np.unravel_index(i, self.shape, order="F"), self.shape))


Flat = np.ndarray | Row | Columns


def as_stored(flat: Flat) -> np.ndarray | Row:
    """The numbers of `flat` in the order in which the file has them: each piece is read once."""
    return flat.stored if isinstance(flat, Columns) else flat


def picked(flat: Flat, places: np.ndarray) -> np.ndarray:
    """The numbers with these indices."""
    return flat[places] if isinstance(flat, np.ndarray) else flat.at(places)
