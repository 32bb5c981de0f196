"""Attention scores as whole numbers, and a softmax in integers in place of the float one.

As in the softmax lab: scores are quantised before the softmax, after the shift of a rule, on one scale for the layer.
Shapes: B sequences, H heads, T tokens, S tokens that can be attended to; R = B·H·T rows.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pyapp.core.attention import Attention
from pyapp.quant.schemes import check_bits
from pyapp.softmax.exact import Exact, rounded_softmax
from pyapp.softmax.method import Method, Softmax
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.shift import RULES, Shift, best_clip, calibrate, offsets

CHUNK = 1 << 15  # numbers worked on at once: 256 KB of int64 stay in a processor's cache
CLIP_ROWS = 512  # rows to search the best clip on; 16 times as many move it by 0.2 nats at most
FINENESS = 1 << 12  # steps of a scale's mantissa


class Codes(NamedTuple):
    """What goes into a method and what comes out, each in the shape of the scores."""

    logits: np.ndarray  # int32; masked columns have the lowest code
    probabilities: np.ndarray  # int32: times the method's unit, a probability


class QuantizedSoftmax:
    """A softmax for `Attention.softmax`: scores → shift → codes → method → probabilities.

    The first scores that it is given decide the scale, and the offset of a rule that has one for the whole layer; from
    then on both are fixed. Masked columns count neither there nor in a row, so that a row gets the same numbers
    whether later tokens are masked or, with a cache of keys and values, not there yet.
    """

    def __init__(self, bits: int, method: str, rule: str):
        """`rule` is that of the shift. ValueError for bits, a method or a rule that does not exist."""
        check_bits(bits)
        if method not in METHODS:
            raise ValueError(f"no softmax method is named {method!r}; choose from {', '.join(METHODS)}")
        if rule not in RULES:
            raise ValueError(f"there is no shift {rule!r}; use one of {', '.join(RULES)}")
        self.bits, self.name, self.rule = bits, method, rule
        self.shift: Shift | None = None
        self.method: Method | None = None

    def calibrate(self, scores: np.ndarray, mask: np.ndarray | None) -> None:
        """Decide the scale from scores (B, H, T, S) where the mask (T, S) is True.

        It reaches as far as these scores do. Only "row-max-clip" clips, at the rule's own best: for the other rules a
        shorter reach helps at 3 and 4 bits and harms from 6 on.
        """
        z, counts = _rows(scores.astype(np.float64, copy=False), mask)
        some = slice(None, None, -(-len(z) // CLIP_ROWS))
        clip = best_clip(z[some], self.bits, _of(counts, some)) if self.rule == "row-max-clip" else None
        shift = calibrate(z, self.bits, self.rule, counts, clip)
        self.shift = replace(shift, scale=round_up(shift.scale))
        self.method = make(self.name, self.shift.scale)

    def __call__(self, scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Probabilities (B, H, T, S), in the scores' dtype."""
        if self.shift is None:
            self.calibrate(scores, mask)
        z, counts = _rows(scores, mask)
        p = np.empty(z.shape, scores.dtype)
        for rows in chunks(*z.shape):
            if counts is None and isinstance(self.method, Exact):
                some = z[rows].astype(np.float64, copy=False)
                rounded_softmax(some, offsets(some, self.rule, None, self.shift.mean), self.shift, p[rows])
                continue
            p[rows] = self.method.probabilities(self._logits(z[rows], _of(counts, rows)), _of(counts, rows))
        return p.reshape(scores.shape)

    @property
    def constant(self) -> Shift | None:
        """The shift, if it subtracts one number from all scores and their softmax is the exact one; otherwise None."""
        return self.shift if isinstance(self.method, Exact) and self.rule in ("none", "tensor-mean") else None

    def codes(self, scores: np.ndarray, mask: np.ndarray | None) -> Codes:
        """The integers that go into a calibrated method and come out. ValueError if the method has none."""
        if not isinstance(self.method, Softmax):
            raise ValueError(f"{self.name!r} answers with float numbers; choose another method to see codes")
        z, counts = _rows(scores, mask)
        q = self._logits(z, counts)
        return Codes(q.reshape(scores.shape), self.method(q, counts).reshape(scores.shape))

    def _logits(self, z: np.ndarray, counts: np.ndarray | None) -> np.ndarray:
        return self.shift.quantize(z.astype(np.float64, copy=False), counts).q


def codes_of(attention: Attention) -> Codes:
    """The integers in the last forward pass of an attention that has a `QuantizedSoftmax`."""
    scores = attention.scores()
    return attention.softmax.codes(scores, attention.mask(*scores.shape[2:]))


def round_up(scale: float) -> float:
    """The next larger number with 12 significant bits: sums differ in their last bits between runtimes, and the
    constants that a method derives from its scale should not."""
    mantissa, exponent = math.frexp(scale)
    return math.ldexp(math.ceil(mantissa * FINENESS) / FINENESS, exponent)


def _rows(scores: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Scores as rows (R, S), and bool (R, S) where they count, or None where all do."""
    width = scores.shape[-1]
    return scores.reshape(-1, width), mask if mask is None else np.broadcast_to(mask, scores.shape).reshape(-1, width)


def _of(counts: np.ndarray | None, rows: slice) -> np.ndarray | None:
    return counts if counts is None else counts[rows]


def chunks(rows: int, columns: int) -> Iterator[slice]:
    """Rows to work on at once, so that they stay in a cache of the processor."""
    step = max(CHUNK // columns, 1)
    return (slice(start, start + step) for start in range(0, rows, step))
