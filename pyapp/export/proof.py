"""The proof that an export carries: ten digits or other inputs, and this package's results for them.

The logits' codes of a network in integer arithmetic have to be equal; the probabilities of any other network may
differ by BOUND, and what a network rebuilds by BOUND times its largest number. Where float32 numbers are rounded to a
grid, a number close to the midpoint between two codes may go to either, depending on the last bit of a sum, so an
engine may be a step away.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.losses import softmax
from pyapp.export.reading import PIXELS, Reading
from pyapp.export.subject import Subject
from pyapp.quantized.fingerprint import fingerprint, layer_by_layer, ten_digits
from pyapp.quantized.network import LOGITS_BITS

BOUND = 1e-5  # largest allowed difference of two probabilities, in float arithmetic
STEPS = 8  # the same for a transformer whose activations lie on b-bit grids, in units of 2^-b


@dataclass(frozen=True)
class Proof:
    """Pixels uint8 (10, 784), or bytes of other inputs (10, I), and the logits (10, K) they give: codes as int32, or
    float32. `bound` is the largest difference allowed: between probabilities, or, if the logits have a `step`, between
    logits in steps, or, if the network `rebuilds` its inputs, between these. Codes may not differ."""

    pixels: np.ndarray
    logits: np.ndarray
    fingerprint: str
    bound: float = BOUND
    step: float = 0.0
    reading: Reading = PIXELS
    rebuilds: bool = False

    @classmethod
    def of(cls, subject: Subject, pixels: np.ndarray | None = None) -> "Proof":
        """The proof that this package computes, here and now, for the ten digits or for other pixels."""
        pixels = subject.pixels if pixels is None else pixels
        pixels = ten_digits() if pixels is None else pixels
        x, what = subject.reading.inputs(pixels), {"reading": subject.reading, "rebuilds": subject.rebuilds}
        if subject.integer:
            found = layer_by_layer(subject.integer.layers, subject.integer.input.quantize(x))
            return cls(pixels, found[-1], fingerprint(found), **what)
        logits = subject.logits(x)
        bound = bound_of(logits, subject.rebuilds) if subject.simulated_bits is None else _bound(subject)
        return cls(pixels, logits, print_of(pixels, logits, subject.rebuilds), bound, subject.step, **what)

    @property
    def exact(self) -> bool:
        return self.logits.dtype == np.int32

    @property
    def unit(self) -> str:
        """The unit of the largest difference and its bound, in words."""
        if self.exact:
            return "all integers are equal"
        what = "steps of the logits" if self.step else "rebuilt inputs" if self.rebuilds else "probabilities"
        return f"in {what}, of {self.bound:.2g} allowed"


@dataclass(frozen=True)
class Run:
    """An engine's results for the ten inputs, compared with the proof."""

    engine: str  # its name and version
    difference: float  # the largest, of codes or of probabilities
    fingerprint: str
    where: str = ""  # the first difference beyond the bound, in words

    @property
    def ok(self) -> bool:
        return not self.where


def _bound(subject: Subject) -> float:
    """How much one code that is rounded the other way changes the results, as measured: for a digits network with b
    bits by up to 2^(8-b) steps of its 8-bit logits. Such codes are rare."""
    bits = subject.simulated_bits
    return float(2 ** max(LOGITS_BITS - bits, 0)) if subject.step else STEPS / 2**bits


def bound_of(logits: np.ndarray, rebuilds: bool) -> float:
    """How far apart two results in float32 may be."""
    return BOUND * max(1.0, float(np.abs(logits).max(initial=0))) if rebuilds else BOUND


def print_of(pixels: np.ndarray, logits: np.ndarray, rebuilds: bool) -> str:
    """The fingerprint of a network that computes in floats. Its only integers are the classes it predicts, or, if it
    has none, the bytes it reads."""
    return fingerprint([pixels if rebuilds else logits.argmax(axis=1)[:, None]])


def compared(engine: str, proof: Proof, logits: np.ndarray, print_: str) -> Run:
    """The run in which an engine gave these logits (10, 10) and this fingerprint, compared with the proof."""
    if logits.shape != proof.logits.shape:
        return Run(engine, float("inf"), print_, f"logits of shape {logits.shape}, not {proof.logits.shape}")
    if proof.exact or (proof.rebuilds and not proof.step):
        found, expected = logits, proof.logits
    elif proof.step:
        found, expected = (np.rint(each / np.float32(proof.step)) for each in (logits, proof.logits))
    else:
        found, expected = softmax(logits), softmax(proof.logits)
    apart = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    wrong = np.argwhere(~(apart <= proof.bound))
    if len(wrong):
        digit, column = (int(at) for at in wrong[0])
        what = ("logit code" if proof.exact else "logit in steps" if proof.step else
                "rebuilt input" if proof.rebuilds else "probability")
        where = (f"{what} {column} of {proof.reading.one} {digit}: expected {_shown(expected[digit, column])}, found "
                 f"{_shown(found[digit, column])}")
        return Run(engine, float(apart.max()), print_, where)
    if print_ != proof.fingerprint:
        return Run(engine, float(apart.max()), print_, f"the fingerprint is {print_}, expected {proof.fingerprint}")
    return Run(engine, float(apart.max()), print_)


def _shown(number: np.generic) -> str:
    return str(int(number)) if isinstance(number, np.integer) else f"{float(number):.8f}"
