"""Losses of a quantised GPT for each number of logit bits, without and with a shift, measured piece by piece."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.measure.own_text_loss import BITS, FLOAT, OwnTextLoss, ladder, verdict
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.transformer import TransformerSettings

RIVAL = "row-max"  # the shift that is measured while none is chosen
CALIBRATION_TEXTS = 2  # eight, as the command line has, take four times as long and find ranges that are no better


@cache
def calibration() -> np.ndarray:
    """Texts that the shipped GPT has written, by which the ranges of its activations are found, int (B, T)."""
    model, p, _ = shipped.gpt()
    return own_text(model, p, CALIBRATION_TEXTS)


@cache
def of_shipped() -> OwnTextLoss:
    """The shipped GPT's losses, one for all runs, so that what was measured once stays known."""
    model, p, _ = shipped.gpt()
    return OwnTextLoss(model, p, calibration())


class LossLadder:
    """What is known of a network's losses under its settings, and a measurement of the rest that can be stopped.

    `softmax` and `shift` are those for quantised logits, whether the settings quantise them or not.
    """

    def __init__(self, losses: OwnTextLoss, settings: TransformerSettings, softmax: str, shift: str):
        self.losses, self.settings = losses, settings
        self.rule = RIVAL if shift == "none" else shift
        rungs = replace(settings, logit_bits=BITS[0], softmax=softmax)
        self.plain, self.shifted = ladder(rungs, "none"), ladder(rungs, self.rule)
        self.stop()

    @property
    def measuring(self) -> bool:
        return self._progress is not None

    def begin(self) -> None:
        pairs = zip(self.plain, self.shifted, strict=True)
        wanted = [FLOAT, self.settings, *(each for pair in pairs for each in pair)]
        self._measuring, self._progress = self.losses.measure(wanted), 0.0

    def stop(self) -> None:
        self._measuring: Iterator[float] = iter(())
        self._progress: float | None = None

    def go_on(self) -> Iterator[None]:
        """One piece per item of the measurement that was begun."""
        for share in self._measuring:
            self._progress = share
            yield
        self.stop()

    def frame(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Scalars, and arrays (BITS) of losses in nats per character with bits ascending; NaN where none is known."""
        plain, shifted = self.losses.losses(self.plain), self.losses.losses(self.shifted)
        own, quant = self.losses.known.get(FLOAT), self.losses.known.get(self.settings)
        known = [float(loss) for loss in (*plain, *shifted, own) if loss is not None and np.isfinite(loss)]
        whole, logits = bool(np.isfinite([*plain, *shifted]).all()), self.settings.logit_bits
        marks = [] if own is None else [{"kind": "horizontal", "y": own, "text": f"float {own:.3f}", "role": "float"}]
        marks += [] if logits is None else [{"kind": "vertical", "x": logits, "text": "chosen"}]
        return {
            "progress": self._progress, "measuring": self.measuring, "rule": self.rule, "float": own, "quant": quant,
            "n": self.losses.characters, "cost": None if own is None or quant is None else quant - own,
            "button": "Stop" if self.measuring else "Measure 8 to 2 logit bits",
            "known": whole and quant is not None and not self.measuring, "marks": marks,
            "drawn": len(known) > 1, "ends": [min(known) - 0.1, max(known)] if known else None,
            "verdict": verdict(self.rule, plain, shifted) if whole else "",
        }, {"ladder_bits": np.array(BITS[::-1], np.int32), "ladder_plain": plain[::-1],
            "ladder_shifted": shifted[::-1]}
