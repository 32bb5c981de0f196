"""Anomalies in a recording: a small autoencoder learns to rebuild windows of a healthy machine; what it cannot rebuild
is anomalous.

A window of W rows and C channels is a row of C·W numbers, channel after channel, each channel less its mean and over
its deviation in the part that is learned from. Score of a window x: mean((x - x̂)²). An alarm is a score above a
threshold, which is a quantile of scores on healthy windows that were held out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.words import counted
from pyapp.data.digits import DataError
from pyapp.data.motor import Fault
from pyapp.data.recording import Recording
from pyapp.measure.few_bits import forward, learn
from pyapp.nets.mlp import MLP
from pyapp.training.trainer import Trainer

LEARNED, HELD_OUT = 0.4, 0.2  # parts of a recording that are healthy: learned from, and for the threshold
HOP, LEARNED_HOP = 4, 16  # a window begins every W/HOP rows of the stream, and every W/LEARNED_HOP of what is learned
HIDDEN, BOTTLENECK = 32, 8
BATCH, RATE, STEPS = 32, 3e-3, 900
MOST_WINDOWS = 4000  # that are learned from; of more, evenly spread ones
LEAST = 20  # windows of the smallest part
MOST_INPUTS = 1024


def cut(values: np.ndarray, width: int, hop: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows float64 (N, C·W) of values (rows, C), one every `hop` rows, and the row after each one's last."""
    ends = np.arange(width, len(values) + 1, hop, dtype=np.int64)
    if not len(ends):
        return np.empty((0, values.shape[1] * width)), ends
    every = np.lib.stride_tricks.sliding_window_view(values, width, axis=0)  # rows - W + 1, C, W
    return every[ends - width].reshape(len(ends), -1), ends


def threshold(scores: np.ndarray, false_alarms: float) -> float:
    """The smallest of the scores above which at most a share `false_alarms` of them lies: the (1 - a) quantile by the
    inverse of the empirical distribution (Hyndman and Fan 1996, definition 1), the k-th smallest of n with
    k = n - floor(a n)."""
    n = len(scores)
    above = int(np.floor(false_alarms * n + 1e-9))
    return float(np.sort(scores)[max(n - above, 1) - 1])


def squared_error(x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean squared error of a reconstruction y of x (B, I), its gradient, and y: a loss as `Trainer` takes it."""
    apart = y - x
    return float(np.square(apart).mean()), apart * (2 / apart.size), y


@dataclass(frozen=True)
class Scored:
    """The scores that one network gives to windows."""

    rebuild: Callable[[np.ndarray], np.ndarray]  # x̂ of windows x, (N, C·W) each
    held_out: np.ndarray  # scores of the healthy windows that were held out, float64 (H,)
    stream: np.ndarray  # and of those of the stream, float64 (N,)
    nbytes: int  # of the network

    def alarms(self, limit: float) -> np.ndarray:
        """Which windows of the stream score above a threshold, bool (N,)."""
        return self.stream > limit


@dataclass(frozen=True, eq=False)
class Parts:
    """A recording as the detector uses it: windows to learn from, held-out ones, and the stream."""

    recording: Recording
    width: int

    def __post_init__(self):
        rows, channels = self.recording.values.shape
        if self.width < 1:
            raise DataError(f"width={self.width} is no number of rows; use 1 or more")
        if channels * self.width > MOST_INPUTS:
            raise DataError(f"{counted(channels, 'column')} of {counted(self.width, 'row')} are "
                            f"{channels * self.width:,} inputs; at most {MOST_INPUTS:,} are used: choose fewer columns "
                            "or a shorter window")
        least = round(LEAST * self.width / HOP / HELD_OUT) + self.width
        if rows < least:
            raise DataError(f"{self.recording.name} has {counted(rows, 'row')}; windows of {self.width} rows need at "
                            f"least {least:,}: choose a shorter window or use a longer recording")

    @property
    def hop(self) -> int:
        """Rows from one window of the stream to the next."""
        return max(1, self.width // HOP)

    @cached_property
    def begins(self) -> tuple[int, int]:
        """The first row of the held-out part, and of the stream."""
        rows = len(self.recording.values)
        return round(LEARNED * rows), round((LEARNED + HELD_OUT) * rows)

    @cached_property
    def normal(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each channel in the learned part, (C,) each; 1 in place of the deviation of one that is
        constant there."""
        learned = self.recording.values[: self.begins[0]]
        deviation = learned.std(axis=0)
        return learned.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0)

    @cached_property
    def values(self) -> np.ndarray:
        """All rows, float64 (rows, C), each channel less its mean and over its deviation."""
        mean, deviation = self.normal
        return (self.recording.values - mean) / deviation

    @cached_property
    def learned(self) -> np.ndarray:
        """Windows to learn from, float64 (N, C·W)."""
        windows, _ = cut(self.values[: self.begins[0]], self.width, max(1, self.width // LEARNED_HOP))
        n = len(windows)
        return windows if n <= MOST_WINDOWS else windows[np.arange(MOST_WINDOWS, dtype=np.int64) * n // MOST_WINDOWS]

    @cached_property
    def held_out(self) -> np.ndarray:
        """Healthy windows for the threshold, float64 (N, C·W)."""
        return cut(self.values[slice(*self.begins)], self.width, self.hop)[0]

    @cached_property
    def stream(self) -> tuple[np.ndarray, np.ndarray]:
        """Windows of the rest (N, C·W), and for each the row of the recording after its last."""
        windows, ends = cut(self.values[self.begins[1]:], self.width, self.hop)
        return windows, ends + self.begins[1]

    @cached_property
    def faulty(self) -> np.ndarray | None:
        """Whether a window of the stream has a faulty row, bool (N,); None if the recording does not say."""
        labels = self.recording.labels
        if labels is None:
            return None
        before = np.concatenate([[0], np.cumsum(labels, dtype=np.int64)])
        ends = self.stream[1]
        return before[ends] > before[ends - self.width]


class Detector:
    """An autoencoder C·W - 32 - 8 - 32 - C·W on a recording: `train`, then ask what is `scored`.

    Training is in float64 and the weights are rounded to float32 at its end, so that both runtimes get the same weights
    and give the same alarms.
    """

    def __init__(self, parts: Parts, seed: int):
        self.parts = parts
        inputs = parts.learned.shape[1]
        self.model = MLP((inputs, HIDDEN, BOTTLENECK, HIDDEN, inputs))
        p = self.model.initial(seed, np.float64)
        nothing = np.zeros(len(parts.learned), np.int64)
        self._trainer = Trainer(self.model, p, Adam(p, RATE), parts.learned, nothing, seed, BATCH, loss=squared_error)
        self.losses: list[float] = []

    def train(self) -> Iterator[float]:
        """The loss of a batch per item, until STEPS are done."""
        return learn(self._trainer, self.losses, STEPS, RATE)

    @property
    def trained(self) -> bool:
        return len(self.losses) >= STEPS

    @cached_property
    def weights(self) -> Parameters:
        """The trained weights, float32; only after `train` has ended."""
        return self._trainer.p.astype(np.float32)

    def scored(self, bits: int | None) -> Scored:
        """All scores of the network with float32 weights, or with `bits`-bit weights in integer arithmetic."""
        rebuild, nbytes = forward(self.model, self.weights, bits, self.parts.learned)
        return Scored(rebuild, score(self.parts.held_out, rebuild(self.parts.held_out)),
                      score(x := self.parts.stream[0], rebuild(x)), nbytes)


def score(x: np.ndarray, rebuilt: np.ndarray) -> np.ndarray:
    """mean((x - x̂)²) of each window, float64 (N,)."""
    return np.square(x - rebuilt).mean(axis=1)


def windows_with(faults: Sequence[Fault], ends: np.ndarray, width: int) -> dict[str, np.ndarray]:
    """Which windows overlap a fault, bool (N,) by kind of fault; they have `width` rows and end before `ends` (N,)."""
    found: dict[str, np.ndarray] = {}
    for fault in faults:
        overlaps = (ends > fault.start) & (ends - width < fault.stop)
        found[fault.kind] = found.get(fault.kind, False) | overlaps
    return found


def rates(alarms: np.ndarray, faulty: np.ndarray) -> dict[str, float | int | None]:
    """Shares of windows: alarms among the faulty ones ("detected"), and among those without a faulty row."""
    return {"detected": float(alarms[faulty].mean()) if faulty.any() else None,
            "false_alarms": float(alarms[~faulty].mean()) if (~faulty).any() else None,
            "faulty": int(faulty.sum()), "healthy": int((~faulty).sum())}
