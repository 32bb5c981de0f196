"""Networks that read signals, as subjects of an export: an anomaly detector, and a keyword spotter."""

import hashlib
from typing import Any

import numpy as np

from pyapp import store
from pyapp.core.parameters import Parameters
from pyapp.data import mel
from pyapp.export.reading import Reading
from pyapp.export.subject import Subject, measured_of
from pyapp.measure.anomaly import Detector, threshold
from pyapp.measure.few_bits import ACTIVATIONS, quantised
from pyapp.measure.keywords import Spotter
from pyapp.quantized.network import QuantizedNetwork

LEARNING = "the network is still learning; save it when that is done"


def of_detector(detector: Detector, false_alarms: float, bits: int | None, command: str) -> Subject:
    """A trained detector in float32, or with weights of so many bits, and the threshold of the scores for a share of
    false alarms; proven on ten windows of the stream. ValueError while it is learning."""
    _check(detector)
    parts = detector.parts
    reading = Reading.signals(
        "window", f"inputs: {parts.width} rows of each of {', '.join(parts.recording.channels)}, one column after the "
        "other; the score of a window x is the mean of (x - logits)²", parts.learned,
        tuple(np.repeat(each, parts.width) for each in parts.normal))
    scores = detector.scored(bits).held_out
    measured = measured_of({"threshold": threshold(scores, false_alarms), "n": len(scores)}, parts.recording.name)
    return Subject("anomaly", *_network(detector.weights, bits, parts.learned), measured, command, classes=(),
                   pixels=reading.ten(parts.stream[0]), reading=reading)


def of_spotter(spotter: Spotter, bits: int | None, command: str) -> Subject:
    """A trained keyword spotter, as `of_detector`; proven on ten held-out sounds."""
    _check(spotter)
    learned, (rows, labels) = spotter.learned[0], spotter.held_out
    frames = learned.shape[1] // mel.BANDS
    reading = Reading.signals("sound", f"inputs: {frames} frames of {mel.BANDS} log-mel features of a sound, one frame "
                              "after the other", learned, spotter.normal)
    name = spotter.own.name if spotter.own else "made words"
    right = spotter.network(bits).mistakes(rows, labels).right
    measured = measured_of({"accuracy": float(right.mean()), "n": len(right)}, name)
    return Subject("keywords", *_network(spotter.weights, bits, learned), measured, command, classes=spotter.classes,
                   pixels=reading.ten(rows), reading=reading)


def _check(trained: Any) -> None:
    if not trained.trained:
        raise ValueError(LEARNING)


def _network(weights: Parameters, bits: int | None, learned: np.ndarray
             ) -> tuple[Parameters | QuantizedNetwork, dict[str, str], dict[str, Any]]:
    """The network to export, its source and its scheme."""
    sha256 = hashlib.sha256(store.pack(store.arrays_of(weights))).hexdigest()
    source = {"file": "learned for this export", "sha256": sha256}
    if bits is None:
        return weights, source, {}
    return quantised(weights, bits, learned), source, {"bits": bits, "per": "channel", "activations": ACTIVATIONS}
