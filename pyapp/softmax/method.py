"""What every softmax method of this package is: constants made once from a scale, then integer arithmetic only.

A method is given logits as whole numbers, z = scale · q, and answers with probabilities; one in integers answers with
whole numbers that stand for probabilities, p = unit · y. Shapes: R rows, N columns; a row is one softmax.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Hardware:
    """What a row of N logits costs in hardware, and the source that says so."""

    multiplications: str  # for each element, such as "2" or "none"
    table_bytes: int
    passes: int  # over the row
    accumulator_bits: int  # the widest sum or product
    source: str


class Method(ABC):
    """A softmax for logits of one scale, from whole numbers to probabilities."""

    name: ClassVar[str]  # as on the command line: "ibert"
    title: ClassVar[str]  # as in a table: "I-BERT"
    source: ClassVar[str]  # paper, section, code
    about: ClassVar[str]  # a sentence: the idea
    breaks: ClassVar[str] = ""  # where the original breaks and what this one answers there
    guarded_above: ClassVar[float] = math.inf  # the scale above which the original divides by 0, or the largest gets 0
    hardware: ClassVar[Hardware]
    unit: float  # the probability of one output code

    def __init__(self, scale: float):
        if not (np.isfinite(scale) and scale > 0):
            raise ValueError(f"the logits' scale is {scale}; use a finite number above 0")
        self.scale = float(scale)

    @abstractmethod
    def probabilities(self, q: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Probabilities, float64 (R, N), of logits int8 to int32 (R, N); masked columns have 0."""

    @classmethod
    @abstractmethod
    def real(cls, z: np.ndarray) -> np.ndarray:
        """What the method computes before anything is rounded to integers, float64 (R, N) of logits float (R, N)."""

    @classmethod
    def guarded(cls, scale: float) -> bool:
        """Whether the original fails at this scale of logits, so that a guard of our own gives the answer."""
        return scale > cls.guarded_above

    @abstractmethod
    def row_sums(self, n: int) -> tuple[float, float]:
        """The least and the largest sum of the probabilities of a row of n columns."""


class Softmax(Method):
    """A method in integers. Floats are used in the constructor, where the constants are made, and never after it."""

    ordered: ClassVar[bool] = False  # whether moving columns about can change a code: sums that shift as they grow

    def __call__(self, q: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Probabilities as codes, int32 (R, N), of logits int8 to int32 (R, N).

        `mask`, bool (R, N), is True where a column counts; others get code 0, and a row without any is all 0.
        ValueError if the logits are not integers or have no columns.
        """
        below, mask = below_maximum(q, mask)
        return np.where(mask, self.codes(below, mask), 0).astype(np.int32)

    @abstractmethod
    def codes(self, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Codes of q less its row's maximum, int64 (R, N), never positive; masked columns must not count in a sum."""

    def probabilities(self, q: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """What the codes stand for, float64 (R, N)."""
        return self(q, mask) * self.unit


def below_maximum(q: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Logits less the largest unmasked one of their row, int64 (R, N), and the mask, all True if there is none.

    The differences are never positive: masked columns that lie above the maximum are put on it. ValueError if the
    logits are not integers with a column at least, or if the mask is not bool of their shape.
    """
    if q.dtype.kind not in "iu" or q.ndim != 2 or q.shape[1] == 0:
        raise ValueError(f"logits are {q.dtype} {q.shape}; give integers with rows and at least one column")
    if mask is None:
        q = q.astype(np.int64)
        return q - q.max(axis=1, keepdims=True), np.ones(q.shape, bool)
    if mask.shape != q.shape or mask.dtype != bool:
        raise ValueError(f"the mask is {mask.dtype} {mask.shape}; give bool {q.shape}")
    q = q.astype(np.int64)
    lowest = q.min(axis=1, keepdims=True)  # R, 1
    largest = np.where(mask, q, lowest).max(axis=1, keepdims=True)  # R, 1
    return np.minimum(q - largest, 0), mask
