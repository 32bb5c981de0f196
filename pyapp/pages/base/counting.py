"""Counting right answers of a float32 network and a quantised one, a few images at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pyapp.core.losses import softmax
from pyapp.measure.mistakes import Mistakes

STEP = 100  # images after which the mistakes are looked through again; before, after each piece

Read = Callable[[np.ndarray], np.ndarray]  # images (B, 784) -> logits (B, 10)


class Predictions:
    """One network's logits for images, as far as it has read them, and the digits that it predicts."""

    def __init__(self, read: Read, images: np.ndarray):
        self.read, self.images = read, images
        self.logits = np.empty((0, 10))

    def reach(self, count: int) -> None:
        """Read on until `count` images are read, or all."""
        rest = self.images[len(self.logits) : count]
        if len(rest):
            self.logits = np.concatenate([self.logits, self.read(rest)])

    @property
    def found(self) -> np.ndarray:
        return self.logits.argmax(axis=1)


class Count:
    """Two networks on the same images. The float one may have been read further already, by an earlier count."""

    def __init__(self, labels: np.ndarray, exact: Predictions, quantised: Predictions | None):
        self.labels, self.exact, self.quantised = labels, exact, quantised
        self.counted = 0
        self._mistakes: tuple[int, tuple[Mistakes | None, Mistakes | None]] | None = None  # of so many images

    def go_on(self, images: int) -> None:
        """Count at most `images` more."""
        self.counted = min(self.counted + images, len(self.labels))
        for predictions in filter(None, (self.exact, self.quantised)):
            predictions.reach(self.counted)

    def mistakes(self) -> tuple[Mistakes | None, Mistakes | None]:
        """What both networks read wrongly of the images counted so far, the same objects until there are more. While
        the count is under way they follow in steps: to look through all images after each piece takes a tenth of the
        time, and hardly moves a picture."""
        n = self.counted
        if STEP < n < len(self.labels):
            n -= n % STEP
        if self._mistakes is None or self._mistakes[0] != n:
            both = (self.exact, self.quantised)
            self._mistakes = n, tuple(p and Mistakes(softmax(p.logits[:n]), self.labels[:n]) for p in both)
        return self._mistakes[1]

    def scores(self) -> dict[str, Any]:
        """Each network's share of right answers among the images counted so far, and on how many the two differ."""
        n = self.counted
        exact, quantised = (p and p.found[:n] for p in (self.exact, self.quantised))
        return {"counted": n, "count_of": len(self.labels), "float_accuracy": _share(exact, self.labels[:n]),
                "quant_accuracy": _share(quantised, self.labels[:n]),
                "changed": None if quantised is None else int((exact != quantised).sum())}


def _share(predictions: np.ndarray | None, labels: np.ndarray) -> float | None:
    return None if predictions is None or not len(labels) else float((predictions == labels).mean())
