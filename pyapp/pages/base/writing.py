"""Two networks that continue the same prompt, and what each had read when it wrote a character."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.experiment.params import number
from pyapp.nets.generate import Sampling, Writer
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.pages.base.controls import any_method
from pyapp.pages.base.format_controls import TITLES as FORMAT_TITLES
from pyapp.pages.base.softmax_controls import SHIFT_TITLES, SOFTMAX_TITLES
from pyapp.quant.alone import ROUND
from pyapp.quant.calibrate import TOKEN
from pyapp.quant.schemes import GRID
from pyapp.quantized.kv_cache import CacheSettings, SettingsWithCache, cache_bytes
from pyapp.quantized.transformer import TransformerSettings

METHOD_TITLES = any_method().titles
NAMED = 10  # characters that a note names


class Text:
    """A prompt and its continuation by a network.

    `starts[i]` is where the window begins whose last token is number i: what was seen when the next one was drawn.
    """

    def __init__(self, model: GPT, p: Parameters, prompt: np.ndarray, sampling: Sampling, seed: int):
        self.model, self.p, self.prompt = model, p, len(prompt)
        self.tokens = [int(token) for token in prompt]
        context = model.size.context
        unseen = max(0, len(prompt) - context)  # of the prompt, which may be longer than a window
        self.starts = [max(0, i + 1 - context) if i < unseen else unseen for i in range(len(prompt))]
        self.logits: np.ndarray | None = None  # (N,), that the last token was drawn from
        self._timed, self._seconds = 0, 0.0  # tokens that were written here, and how long that took
        self._writer = Writer(model, p, prompt, sampling, seed)

    @property
    def written(self) -> int:
        return len(self.tokens) - self.prompt

    @property
    def speed(self) -> float | None:
        """Tokens per second of computing; None before one was written here, or if the clock is too coarse."""
        return self._timed / self._seconds if self._seconds else None

    def write(self) -> None:
        """Write one more token."""
        begun = time.perf_counter()
        token, self.logits = self._writer.write()
        self._timed, self._seconds = self._timed + 1, self._seconds + time.perf_counter() - begun
        self.tokens.append(token)
        self.starts.append(len(self.tokens) - len(self._writer.window))

    def follow(self, tokens: list[int]) -> None:
        """Go on after these tokens, which this network has written after the prompt."""
        for token, length in zip(tokens, self._writer.follow(tokens), strict=True):
            self.tokens.append(token)
            self.starts.append(len(self.tokens) - length)

    def window(self, at: int) -> np.ndarray:
        """The tokens int32 (T,) up to and with number `at` that the network saw."""
        return np.array(self.tokens[self.starts[at] : at + 1], np.int32)


def first_difference(one: Text, other: Text) -> int | None:
    """The number of the first token that is not the same in both, as far as both are written; None if all are."""
    pairs = zip(one.tokens, other.tokens, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), None)


class TokenReading(NamedTuple):
    """A network's predictions for a window of T tokens, and its attention."""

    logits: np.ndarray  # (N,), of the token that follows
    attention: np.ndarray  # (blocks, heads, T), of the last token to each


def read(model: GPT, p: Parameters, window: np.ndarray) -> TokenReading:
    """The network's predictions after a window of tokens int32 (T,)."""
    logits = model.forward(p, window[None])[-1]
    return TokenReading(logits, model.attention()[:, 0, :, -1])


def settings_of(params: Mapping[str, Any]) -> TransformerSettings:
    """How the quantised network is made, as the controls say. A float softmax has neither method nor shift."""
    logits, cache = number(params["logit_bits"]), number(params["cache_bits"])
    softmax, shift = ("exact", "none") if logits is None else (params["softmax"], params["shift"])
    bits, activations = number(params["bits"]), number(params["activations"])
    weights = {"bits": bits, "per": params["per"]} | ({} if bits is None else {"method": params["method"]})
    settings = TransformerSettings(
        **(weights if params["format"] == GRID else {"format": params["format"]}), activations=activations,
        **({} if activations is None else {"calibrate": params["calibrate"]}), logit_bits=logits, softmax=softmax,
        shift=shift)
    return settings if cache is None else SettingsWithCache(**vars(settings), cache_bits=cache)


def cache_sizes(params: Mapping[str, Any], size: GPTSize) -> dict[str, int]:
    """Bytes that keys and values of a full window take in both networks, and how many tokens these are."""
    bits = number(params["cache_bits"])
    kept = {"float": None, "quant": None if bits is None else CacheSettings(bits)}
    return {"tokens": size.context,
            **{side: cache_bytes(size, settings, size.context) for side, settings in kept.items()}}


def described(params: Mapping[str, Any]) -> str:
    """What the quantised network is, in words."""
    def rounded(bits: str, what: str) -> str:
        return f"float32 {what}" if bits == "float" else f"{bits}-bit {what}"
    per = "" if params["bits"] == "float" or params["per"] == "tensor" else f" per {params['per'].replace(':', ' of ')}"
    how = "" if params["bits"] == "float" or params["method"] == ROUND else f" by {METHOD_TITLES[params['method']]}"
    weights = f"{rounded(params['bits'], 'weights')}{per}{how}"
    if params["format"] != GRID:
        weights = f"weights in {FORMAT_TITLES[params['format']]}"
    shift = "no shift" if params["shift"] == "none" else f"shifted by the {SHIFT_TITLES[params['shift']]}"
    kind = "exact softmax" if params["softmax"] == "exact" else f"softmax {SOFTMAX_TITLES[params['softmax']]}"
    softmax = "" if params["logit_bits"] == "float" else f", {kind}, {shift}"
    cache = "" if params["cache_bits"] == "float" else f", {rounded(params['cache_bits'], 'keys and values')}"
    own = params["activations"] != "float" and params["calibrate"] == TOKEN
    activations = rounded(params["activations"], "activations") + (" with a range for each character" if own else "")
    return (f"{weights}, {activations}, "
            f"{rounded(params['logit_bits'], 'logits')}{softmax}{cache}")


def visible(text: str) -> list[str]:
    """Each character in a form that can be seen alone, such as a mark for a space."""
    return [{"\n": "↵", " ": "␣"}.get(character, character) for character in text]


def quoted(character: str) -> str:
    """A character as a sentence quotes it."""
    return {"\n": "a line break", " ": "a space", "\t": "a tab"}.get(character, f"“{character}”")


def listed(characters: str) -> str:
    """The first `NAMED` of them, and how many more there are."""
    more = f" and {len(characters) - NAMED} more" if len(characters) > NAMED else ""
    return ", ".join(map(quoted, characters[:NAMED])) + more
