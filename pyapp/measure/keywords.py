"""Keyword spotting: a small network on the log-mel features of one second of sound, in float32 and with few bits."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.digits import DataError
from pyapp.data.importers.sounds import Sounds
from pyapp.data.importers.wav import Sound
from pyapp.data.mel import BANDS, log_mel
from pyapp.data.speech import RATE, SECONDS
from pyapp.measure.few_bits import Forward, forward, learn
from pyapp.measure.mistakes import Mistakes
from pyapp.nets.mlp import MLP
from pyapp.training.trainer import Trainer

HIDDEN = 48
LEARNED, HELD_OUT = 36, 12  # sounds of each class
ONE_IN = 5  # of one's own sounds of a class is held out
BATCH, EPOCHS, LEARNING_RATE = 32, 16, 2e-3


def one_second(sound: Sound) -> np.ndarray:
    """SECONDS of a sound at RATE around its loud part, float64 (N,), at one loudness; what lies outside is silence.

    The middle is Σ t e_t² / Σ e_t² over stretches of 10 ms with the energies e_t, so that it matters little to the
    network where in a recording a word was said.
    """
    x, n, stretch = sound.at(RATE).samples, round(RATE * SECONDS), RATE // 100
    energy = np.square(np.pad(x, (0, -len(x) % stretch))).reshape(-1, stretch).sum(axis=1)
    total = np.square(energy).sum()
    middle = round(float((np.arange(len(energy)) * np.square(energy)).sum() / total)) if total > 0 else len(energy) // 2
    x = np.pad(x, n)[n + middle * stretch - n // 2 :][:n]
    return 0.6 * x / max(float(np.abs(x).max()), 1e-3)


class Spotter:
    """A network 780 - 48 - classes: `prepare` makes or reads the sounds, `train` learns, `scored` judges.

    The features are less their mean and over their deviation among the learned sounds. Training is in float64 and the
    weights are rounded to float32 at its end, so that both runtimes get the same weights and hear the same words.
    """

    def __init__(self, seed: int, own: Sounds | None = None):
        self.seed, self.own = seed, own
        self.classes: tuple[str, ...] = own.classes if own else speech.CLASSES
        self.losses: list[float] = []
        self._made: dict[str, list[tuple[np.ndarray, int]]] = {"learned": [], "held out": []}
        parts = self._parts(own) if own else []
        self.files = [file for part, *_, file in parts if part == "held out"] or None  # of one's own sounds
        self._wanted = [each[:3] for each in parts] or [
            (part, name, rng) for part, each in (("learned", LEARNED), ("held out", HELD_OUT))
            for name, rng in speech.words(seed, each, part)]
        self.total = len(self._wanted)
        self._trainer: Trainer | None = None

    def _parts(self, own: Sounds) -> list[tuple[str, str, Sound, str]]:
        """One's own sounds with their part, class and file. DataError if a class has too few."""
        if "" in self.classes or len(self.classes) < 2:
            raise DataError(f"{own.name}: the sounds are not in two or more folders named by class; sort them so")
        found = []
        for name in self.classes:
            mine = [each for each, other in zip(zip(own.sounds, own.files, strict=True), own.names, strict=True)
                    if other == name]
            if len(mine) < 2:
                raise DataError(f"{own.name} has one sound of {name}; give at least two of each class")
            held = set(generator(self.seed, f"held out {name}").permutation(len(mine))[: max(
                1, len(mine) // ONE_IN)].tolist())
            found += [("held out" if i in held else "learned", name, *each) for i, each in enumerate(mine)]
        return found

    def prepare(self) -> Iterator[int]:
        """The features of one more sound per item: how many are there."""
        while self._wanted:
            part, name, given = self._wanted.pop(0)
            sound = given if isinstance(given, Sound) else Sound(speech.word(name, given), RATE)
            self._made[part].append((log_mel(one_second(sound), RATE).reshape(-1), self.classes.index(name)))
            yield self.total - len(self._wanted)

    @property
    def prepared(self) -> int:
        return self.total - len(self._wanted)

    def _split(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        rows, labels = zip(*self._made[part], strict=True)
        return np.stack(rows), np.array(labels, np.int64)

    @cached_property
    def normal(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each feature over the learned sounds, (I,) each; only when all are prepared."""
        x = self._split("learned")[0]
        deviation = x.std(axis=0)
        return x.mean(axis=0), np.where(deviation > 1e-6, deviation, 1.0)

    def features(self, x: np.ndarray) -> np.ndarray:
        """The network's input for what `one_second` makes of a sound, float64 (1, I)."""
        return self._normalised(log_mel(x, RATE).reshape(1, -1))

    def _normalised(self, rows: np.ndarray) -> np.ndarray:
        mean, deviation = self.normal
        return (rows - mean) / deviation

    @cached_property
    def learned(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs float64 (N, I) and labels (N,) that are trained on."""
        rows, labels = self._split("learned")
        return self._normalised(rows), labels

    @cached_property
    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        rows, labels = self._split("held out")
        return self._normalised(rows), labels

    @cached_property
    def pictures(self) -> np.ndarray:
        """The features of the held-out sounds as pictures, uint8 (N, bands, frames), the highest band first: how far
        each is above the median of its sound, 255 where it is most."""
        found = self._split("held out")[0].reshape(len(self.held_out[1]), -1, BANDS)
        above = np.maximum(found - np.median(found, axis=(1, 2), keepdims=True), 0)
        most = np.maximum(above.max(axis=(1, 2), keepdims=True), 1e-9)
        return np.rint(255 * above / most).astype(np.uint8).transpose(0, 2, 1)[:, ::-1]

    @property
    def steps(self) -> int:
        """Steps of the training, one batch each."""
        learned = len(self._made["learned"]) + sum(part == "learned" for part, *_ in self._wanted)
        return EPOCHS * -(-learned // BATCH)

    def train(self) -> Iterator[float]:
        """The loss of a batch per item, until all epochs are done."""
        if self._trainer is None:
            model = MLP((self.learned[0].shape[1], HIDDEN, len(self.classes)))
            p = model.initial(self.seed, np.float64)
            self._trainer = Trainer(model, p, Adam(p, LEARNING_RATE), *self.learned, self.seed, BATCH)
        yield from learn(self._trainer, self.losses, self.steps, LEARNING_RATE)

    @property
    def trained(self) -> bool:
        return not self._wanted and len(self.losses) >= self.steps

    @cached_property
    def weights(self) -> Parameters:
        """The trained weights, float32; only after `train` has ended."""
        return self._trainer.p.astype(np.float32)

    def network(self, bits: int | None) -> "Network":
        """The network in float32, or with `bits`-bit weights in integer arithmetic."""
        return Network(self.classes, *forward(self._trainer.model, self.weights, bits, self.learned[0]))


class Network:
    """A trained network, in float32 or quantised."""

    def __init__(self, classes: Sequence[str], forward: Forward, nbytes: int):
        self.classes, self.forward, self.nbytes = tuple(classes), forward, nbytes

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Probabilities of the K classes, float64 (N, K), for inputs (N, I)."""
        return softmax(self.forward(x).astype(np.float64))

    def mistakes(self, x: np.ndarray, labels: np.ndarray, files: Sequence[str] | None = None) -> Mistakes:
        """What it answers to inputs of these classes, from these files if they are known."""
        return Mistakes(self.probabilities(x), labels, self.classes, files)
