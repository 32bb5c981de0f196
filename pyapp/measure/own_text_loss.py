"""What quantising costs a GPT, measured on text that its float32 network wrote itself.

The text that it was trained and validated on does not ship. Of text x drawn from the float32 network, each character as
likely as it is, the expected loss of a network is a cross-entropy between the two, so that

    E[loss_quantised(x) - loss_float(x)] = KL(float ‖ quantised) ≥ 0   in nats per character,

exactly what quantising changes, whatever the text is about. A loss here is no validation loss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.next_token import next_token
from pyapp.quantized.calibration_text import writing_own_text
from pyapp.quantized.kv_cache import quantize_with_cache
from pyapp.quantized.transformer import TransformerSettings

BITS = (8, 7, 6, 5, 4, 3, 2)  # of the logits
TEXTS, SEED = 4, 2  # other text than that which calibrates
VISIBLE = 0.05  # nats per character that one sees in what is written
FLOAT = TransformerSettings()


class OwnTextLoss:
    """Losses of a network under several settings on the same text, each measured once."""

    def __init__(self, model: GPT, p: Parameters, calibration: np.ndarray):
        self.model, self.p, self.calibration = model, p, calibration
        self.known: dict[TransformerSettings, float] = {}  # nats per character
        self.text: np.ndarray | None = None  # tokens int32 (TEXTS, context), the first random: it is never predicted

    @property
    def characters(self) -> int:
        """How many characters are predicted."""
        return TEXTS * (self.model.size.context - 1)

    def measure(self, wanted: Sequence[TransformerSettings]) -> Iterator[float]:
        """Measure the settings that have no loss yet; each item is the share of the work that is done, 0 to 1."""
        missing = [settings for settings in dict.fromkeys(wanted) if settings not in self.known]
        if missing and self.text is None:
            pieces = writing_own_text(self.model, self.p, TEXTS, SEED)
            text = next(pieces)
            yield from (0.0 for _ in pieces)
            self.text = text
        for i, settings in enumerate(missing):
            model, p = self._network(settings)
            yield (i + 0.2) / len(missing)
            total = 0.0
            for done, row in enumerate(self.text, 1):
                total += next_token(row[None], model.forward(p, row[None, :-1]), row[None, 1:])[0]
                if done < TEXTS:
                    yield (i + 0.2 + 0.8 * done / TEXTS) / len(missing)
            self.known[settings] = total / TEXTS
            yield (i + 1) / len(missing)

    def _network(self, settings: TransformerSettings) -> tuple[GPT, Parameters]:
        if settings == FLOAT:
            return self.model, self.p
        twin = quantize_with_cache(self.model, self.p, settings, self.calibration)
        return twin.model, twin.parameters

    def losses(self, wanted: Sequence[TransformerSettings]) -> np.ndarray:
        """The losses known so far, float64 in nats per character; NaN for the others."""
        return np.array([self.known.get(settings, np.nan) for settings in wanted], np.float64)


def ladder(settings: TransformerSettings, rule: str) -> list[TransformerSettings]:
    """The settings with each number of logit bits, from 8 to 2, under the shift `rule`."""
    return [replace(settings, logit_bits=bits, shift=rule) for bits in BITS]


def verdict(rule: str, plain: np.ndarray, shifted: np.ndarray) -> str:
    """A sentence about the logit bits at which the shift helps, from losses in nats per character, one per BITS."""
    gains = plain - shifted
    helps = [f"{bits} bits ({before:.2f} → {after:.2f})" for bits, gain, before, after
             in zip(BITS, gains, plain, shifted, strict=True) if gain > VISIBLE]
    harms = [str(bits) for bits, gain in zip(BITS, gains, strict=True) if gain < -VISIBLE]
    said = (f"The shift {rule} makes a visible difference at {_and(helps)}" if helps
            else f"The shift {rule} lowers the loss visibly at no number of bits")
    said += f"; it costs more than it brings at {_and(harms)} bits" if harms else ""
    return f"{said}. Visible here means more than {VISIBLE:g} nats per character."


def _and(words: list[str]) -> str:
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])
