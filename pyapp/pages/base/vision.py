"""A Vision Transformer float and quantised, and the pictures of what its heads look at.

L layers of H heads, T tokens: the class token and S·S patches. Both networks are shown in float64: a sum that differs
in the last bit between runtimes would otherwise be rounded to another code now and then, and be seen in every later
layer. What the float32 network reads is counted in float32, where that cannot change a digit.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.measure.rollout import rollout
from pyapp.nets.vit import ViT
from pyapp.pages.base.counting import Count, Predictions
from pyapp.quant.parameters import float_nbytes, quantized_nbytes
from pyapp.quantized.transformer import TransformerSettings, quantize_vit

CALIBRATION = 32  # images that decide the grids; a page cannot wait for more
PATCHES = 588  # that are read at once: some 20 ms, in which a person may want something else
KEPT = 16  # settings, as many as two sliders have
CLOSE = 1e-3  # of the largest logit: float32 moves a logit by less than a hundredth of this


class ImageReading(NamedTuple):
    """A network's answer to one image, and what its heads looked at."""

    probabilities: np.ndarray  # float64 (10,)
    attention: np.ndarray  # float64 (L, H, T, T)


class Network:
    """A Vision Transformer with its parameters."""

    def __init__(self, model: ViT, p: Parameters, rounds: bool = False):
        """`rounds` says that the network puts numbers on grids between its layers."""
        self.model, self.p, self.rounds = model, p.astype(np.float64), rounds
        self._last: tuple[np.ndarray, ImageReading] | None = None

    def logits(self, x: np.ndarray, only_answer: bool = True) -> np.ndarray:
        """Logits (B, 10) of images (B, 784), see `ViT.forward`."""
        return self.model.forward(self.p, x.astype(np.float64), only_answer)

    def quick(self, x: np.ndarray) -> np.ndarray:
        """`logits` for the same digits, mostly in float32, which is faster. Images whose two largest logits are close
        are read again in float64; where numbers are rounded to codes on the way, all are read in float64."""
        if self.rounds:
            return self.logits(x)
        logits = self.model.forward(self._single, x.astype(np.float32, copy=False), only_answer=True)
        second, first = np.partition(logits, -2, axis=1)[:, -2:].T
        close = ~(first - second > CLOSE * np.abs(logits).max(axis=1))  # NaN is close
        logits = logits.astype(np.float64)
        if close.any():
            logits[close] = self.logits(x[close])
        return logits

    @cached_property
    def _single(self) -> Parameters:
        return self.p.astype(np.float32)

    def read(self, image: np.ndarray) -> ImageReading:
        """Read an image (28, 28). The last reading is kept: a page asks again after each change of a setting."""
        if self._last is None or not np.array_equal(self._last[0], image):
            probabilities = softmax(self.logits(image.reshape(1, -1), only_answer=False))[0]
            self._last = image.copy(), ImageReading(probabilities, self.model.attention()[:, 0].astype(np.float64))
        return self._last[1]


class Pair:
    """A float32 network, what it becomes under settings (None: nothing is quantised), and the count of what both read
    rightly. `seen` is how far the float one has come in an earlier pair."""

    def __init__(self, exact: Network, settings: TransformerSettings | None, seen: Predictions | None = None):
        self.exact, self.settings = exact, settings
        images, labels = mnist.shipped("test")
        self.seen = seen or Predictions(exact.quick, images)
        self.count = Count(labels, self.seen, settings and Predictions(lambda x: self.quantised.quick(x), images))

    def under(self, settings: TransformerSettings | None) -> "Pair":
        """This pair with its float32 network quantised under other settings."""
        return Pair(self.exact, settings, self.seen)

    @property
    def piece(self) -> int:
        """How many images to read at once."""
        return PATCHES // self.exact.model.size.patches

    @cached_property
    def quantised(self) -> Network | None:
        """The quantised network, made when it is first needed, because its grids take a moment to find."""
        if self.settings is None:
            return None
        images = mnist.calibration()[:CALIBRATION].astype(np.float64)
        quantised = quantize_vit(self.exact.p, self.settings, images, self.exact.model.size)
        return Network(quantised.model, quantised.parameters, rounds=self.settings.calibrated)

    @property
    def ready(self) -> bool:
        """Whether the quantised network is made."""
        return self.settings is None or "quantised" in vars(self)

    @property
    def nbytes(self) -> int | None:
        """Size of the quantised network's parameters, which needs no grids of activations."""
        if self.settings is None:
            return None
        p, bits = self.exact.p, self.settings.bits
        return quantized_nbytes(p, bits, self.settings.per) if bits else float_nbytes(p)


class Pairs:
    """A network's pairs under the last settings (see KEPT): grids and counts, so that a slider that comes back is
    answered at once."""

    def __init__(self, exact: Network):
        self.exact = exact
        self._kept: dict[TransformerSettings | None, Pair] = {}  # the last one used last

    def under(self, settings: TransformerSettings | None) -> Pair:
        """The pair under these settings, made if they are new."""
        one = next(iter(self._kept.values()), None)
        found = self._kept.pop(settings, None) or (one.under(settings) if one else Pair(self.exact, settings))
        self._kept = dict([*self._kept.items(), (settings, found)][-KEPT:])
        return found

    def prepare(self, others: Iterable[TransformerSettings | None],
                shown: TransformerSettings | None) -> Iterator[None]:
        """Find the grids of settings that a reader may want next, one at a time: it takes a tenth of a second, for
        which a picture should not wait. What is shown stays the last one used."""
        for settings in others:
            pair, _ = self.under(settings), self.under(shown)
            if not pair.ready:
                _ = pair.quantised
                yield


def pictures(exact: ImageReading, rounded: ImageReading | None, layer: int, head: int | None,
             token: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Pictures by name, those of the quantised network with "_quant" and what they differ by with "_error", and the
    values that get the full colour: one for float and quantised together, one for the difference.

    `layer` and `head` from 0; without a head it is the mean of all.
    """
    arrays, limits = {}, {}
    ours = dict(_pictures(exact.attention, layer, head, token))
    theirs = dict(_pictures(rounded.attention, layer, head, token)) if rounded else {}
    for name, picture in ours.items():
        arrays[name], limits[name] = picture, float(picture.max())
        if rounded:
            error = theirs[name] - picture
            arrays |= {f"{name}_quant": theirs[name], f"{name}_error": error}
            limits |= {name: max(limits[name], float(theirs[name].max())), f"{name}_error": float(np.abs(error).max())}
    return arrays, limits


def _pictures(attention: np.ndarray, layer: int, head: int | None, token: int) -> Iterator[tuple[str, np.ndarray]]:
    side = round((attention.shape[-1] - 1) ** 0.5)
    chosen = attention[layer].mean(axis=0) if head is None else attention[layer, head]  # T, T
    yield "matrix", chosen
    yield "look", chosen[token, 1:].reshape(side, side)
    yield "heads", attention[:, :, token, 1:].reshape(-1, side, side)  # L·H, S, S
    yield "rollout", rollout(attention)[token, 1:].reshape(side, side)


def facts(reading: ImageReading, layer: int, head: int | None, token: int) -> dict[str, Any]:
    """A reading in numbers; `to_class` is the attention to the class token, which no picture shows."""
    p = reading.probabilities
    chosen = reading.attention[layer].mean(axis=0) if head is None else reading.attention[layer, head]
    return {"digit": int(p.argmax()), "confidence": float(p.max()), "to_class": float(chosen[token, 0])}


def colours(limits: dict[str, float], name: str) -> str:
    """A sentence about the colours of a row of pictures."""
    error = limits.get(f"{name}_error")
    difference = "" if error is None else f", in the difference ±{error:.3f}"
    return f"Full orange is {limits[name]:.3f}{difference}; paper is zero (square-root scale)."
