"""What quantised attention scores cost an encoder: answers, and the distance between its heads and the float ones."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pyapp.nets.encoder.model import Encoder, Weights

PIECE = 1024  # tokens that are read at once: some tens of milliseconds in a browser


class Piece(NamedTuple):
    """Texts of equal length, so that nothing has to be padded."""

    numbers: np.ndarray  # int64 (B,): which of all texts
    ids: np.ndarray  # int32 (B, T)
    types: np.ndarray | None = None  # int32 (B, T)


def pieces(texts: Sequence[np.ndarray], types: Sequence[np.ndarray] | None = None, most: int = PIECE) -> list[Piece]:
    """Texts, int (T,), sorted by length and cut into pieces of at most `most` tokens, or one text. Pieces of
    all lengths take turns, so that the first few stand for all."""
    lengths = np.array([len(ids) for ids in texts], np.int64)
    by_length = []
    for length in np.unique(lengths):
        numbers, size = np.flatnonzero(lengths == length).astype(np.int64), max(1, most // int(length))
        by_length.append([_piece(texts, types, numbers[i : i + size]) for i in range(0, len(numbers), size)])
    places = [((i + 0.5) / len(group), j, piece) for j, group in enumerate(by_length) for i, piece in enumerate(group)]
    return [piece for *_, piece in sorted(places, key=lambda place: place[:2])]


def _piece(texts: Sequence[np.ndarray], types: Sequence[np.ndarray] | None, numbers: np.ndarray) -> Piece:
    kinds = None if types is None else np.stack([types[i] for i in numbers])
    return Piece(numbers, np.stack([texts[i] for i in numbers]), kinds)


class Answers(NamedTuple):
    """What a network answers to a piece."""

    logits: np.ndarray  # (B, classes)
    attention: np.ndarray | None  # (layers, B, heads, T, T), unless nobody compares it


def read(model: Encoder, weights: Weights, piece: Piece) -> Answers:
    return Answers(model.forward(weights, piece.ids, types=piece.types), model.attention())


def head_errors(attention: np.ndarray, other: np.ndarray) -> np.ndarray:
    """L1 per row, Σ_j |p̂_j - p_j| from 0 to 2, the mean over rows, float64 (B, layers, heads)."""
    return np.abs(other - attention).sum(axis=-1, dtype=np.float64).mean(axis=-1).swapaxes(0, 1)


class Tally:
    """Counts over the pieces read so far: correct answers of both networks, changed answers, and the L1 of each head.
    `labels` int (N,) are -1 where they are unknown."""

    def __init__(self, labels: np.ndarray):
        self.labels = labels
        self.pieces = 0
        self.counted = self.right = self.float_right = self.changed = self.compared = 0  # texts
        self._errors: np.ndarray | float = 0.0  # float64 (layers, heads), summed over texts

    def add(self, piece: Piece, exact: Answers, quantised: Answers) -> None:
        """Count a piece, and compare the heads if their float attention is there."""
        ours, theirs = exact.logits.argmax(axis=1), quantised.logits.argmax(axis=1)
        self.pieces += 1
        self.counted += len(piece.numbers)
        self.right += int((theirs == self.labels[piece.numbers]).sum())
        self.float_right += int((ours == self.labels[piece.numbers]).sum())
        self.changed += int((ours != theirs).sum())
        if exact.attention is not None:
            self.compared += len(piece.numbers)
            self._errors = self._errors + head_errors(exact.attention, quantised.attention).sum(axis=0)

    @property
    def accuracy(self) -> float | None:
        return self.right / self.counted if self.counted else None

    @property
    def errors(self) -> np.ndarray | None:
        """Mean L1 per row of each head, float64 (layers, heads); None before any was compared."""
        return self._errors / self.compared if self.compared else None


def compared(model: Encoder, quantised: Encoder, weights: Weights, texts: Iterable[Piece],
             labels: np.ndarray) -> Iterator[Tally]:
    """The tally after each piece."""
    tally = Tally(labels)
    for piece in texts:
        tally.add(piece, read(model, weights, piece), read(quantised, weights, piece))
        yield tally
