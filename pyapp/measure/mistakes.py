"""What a classifier gets wrong: which classes it takes for which, how sure it is, and its worst mistakes.

Labels and predictions are whole numbers from 0, (N,); probabilities are (N, K), K classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pyapp.core.words import counted

BINS = 10  # of the reliability curve, as in Guo et al. 2017
WORST = 10  # mistakes that are listed


def confusion(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """How many images of each class (row) are predicted as each class (column), int64 (K, K)."""
    cells = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    return np.bincount(cells, minlength=classes * classes).astype(np.int64).reshape(classes, classes)


def precision(matrix: np.ndarray) -> list[float | None]:
    """Of the images predicted as a class, the share that are of it: matrix[k, k] / column sum; None without images."""
    return _shares(matrix, matrix.sum(axis=0))


def recall(matrix: np.ndarray) -> list[float | None]:
    """Of the images of a class, the share that are predicted as it: matrix[k, k] / row sum; None if there are none."""
    return _shares(matrix, matrix.sum(axis=1))


def _shares(matrix: np.ndarray, of: np.ndarray) -> list[float | None]:
    return [int(right) / int(n) if n else None for right, n in zip(np.diag(matrix), of, strict=True)]


@dataclass(frozen=True)
class Bin:
    """Images whose confidence, the largest probability, is above `low` and at most `high`."""

    low: float
    high: float
    n: int
    confidence: float | None  # their mean
    accuracy: float | None


def reliability(confidences: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[Bin]:
    """Accuracy by confidence, in bins of equal width over (0, 1] (Guo et al. 2017, section 2)."""
    edges = np.arange(bins + 1) / bins
    which = np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)
    found = []
    for i in range(bins):
        inside = which == i
        n = int(inside.sum())
        found.append(Bin(float(edges[i]), float(edges[i + 1]), n,
                         float(confidences[inside].mean(dtype=np.float64)) if n else None,
                         float(right[inside].mean(dtype=np.float64)) if n else None))
    return found


def calibration_error(curve: list[Bin]) -> float:
    """Expected calibration error: Σ n/N |accuracy - confidence| (Guo et al. 2017, eq. 3)."""
    total = sum(each.n for each in curve)
    return sum(each.n * abs(each.accuracy - each.confidence) for each in curve if each.n) / total if total else 0.0


class Mistakes:
    """What a classifier with these answers gets wrong. `names` of the classes: their numbers, unless given. `files`:
    the paths that the images came from, if each is a file."""

    def __init__(self, probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str] = (),
                 files: Sequence[str] | np.ndarray | None = None):
        self.files = files
        self.labels, self.classes = labels, probabilities.shape[1]
        self.names = list(names) or [str(k) for k in range(self.classes)]
        self.predictions = probabilities.argmax(axis=1)
        self.confidences = np.take_along_axis(probabilities, self.predictions[:, None], axis=1)[:, 0]
        self.right = self.predictions == labels

    @cached_property
    def matrix(self) -> np.ndarray:
        return confusion(self.labels, self.predictions, self.classes)

    @cached_property
    def curve(self) -> list[Bin]:
        return reliability(self.confidences, self.right)

    def worst(self, most: int = WORST) -> np.ndarray:
        """The images misclassified with the greatest confidence, the most confident first. Where confidences are equal
        to four digits, the first image comes first: their last bits differ between machines."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-np.round(self.confidences[wrong], 4), kind="stable")][:most]

    def cell(self, label: int, said: int) -> np.ndarray:
        """The images of a class that are predicted as another, or the same, in their order."""
        return np.flatnonzero((self.labels == label) & (self.predictions == said))

    def told(self) -> dict[str, Any]:
        """Matrix, shares, calibration and worst mistakes as plain data."""
        return {"classes": self.names, "confusion": self.matrix.tolist(), "precision": precision(self.matrix),
                "recall": recall(self.matrix),
                "calibration_error": calibration_error(self.curve), "reliability": [vars(each) for each in self.curve],
                "worst": [{"index": int(i), "true": int(self.labels[i]), "said": int(self.predictions[i]),
                           "probability": float(self.confidences[i]),
                           **({} if self.files is None else {"file": self.files[i]})} for i in self.worst()]}


def table(matrix: np.ndarray, names: Sequence[str]) -> str:
    """The matrix as text: a row for each true class, a column for each predicted one."""
    longest = max(map(len, names))
    first, width = max(4, longest), max(4, len(str(matrix.max(initial=0))) + 1, longest + 1)
    rows = [["true", *names], *([name, *row] for name, row in zip(names, matrix.tolist(), strict=True))]
    return "\n".join("".join(f"{cell:>{width if i else first}}" for i, cell in enumerate(row)) for row in rows)


def in_words(found: Mistakes, one: str = "image") -> str:
    """A classifier's mistakes as lines of text; `one` of what it was shown, in a word."""
    shares = zip(precision(found.matrix), recall(found.matrix), strict=True)
    classes = [f"  {name}  precision {_percent(said)}  recall {_percent(there)}"
               for name, (said, there) in zip(found.names, shares, strict=True)]
    curve = [f"  {each.low:.1f} to {each.high:.1f}: {counted(each.n, one)}, "
             f"confidence {_percent(each.confidence)}, accuracy {_percent(each.accuracy)}"
             for each in found.curve if each.n]
    files = [""] * len(found.labels) if found.files is None else [f", {file}" for file in found.files]
    worst = [f"  {one} {i}{files[i]}: {found.names[found.labels[i]]}, read as {found.names[found.predictions[i]]} with "
             f"{found.confidences[i]:.1%}" for i in found.worst()]
    return "\n".join(["confusion (rows: true, columns: predicted)", table(found.matrix, found.names),
                      "by class", *classes, f"expected calibration error {calibration_error(found.curve):.2%}", *curve,
                      "worst mistakes" if worst else "no mistakes", *worst])


def each_in_words(found: Mapping[str, Mistakes], one: str = "image") -> str:
    """The mistakes of several networks, by name, as lines that follow a line of text."""
    return "".join(f"\n\n{name}\n{in_words(each, one)}" for name, each in found.items())


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
