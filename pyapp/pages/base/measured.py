"""The settings behind an accuracy: pages differ in them, so the same bits give different figures there."""

from collections.abc import Iterable

from pyapp.experiment.panels import Words
from pyapp.experiment.params import Param, Values, find
from pyapp.quant.schemes import GRID

OTHERS = "Pages that use other images, scales or activations show other figures for the same bits."


def weights_words(params: Iterable[Param], values: Values) -> str:
    """How the weights are quantised, by the parameters `format`, `method` and `per` of a page."""
    def title(name: str) -> str:
        return find(params, name).titles.get(values[name], values[name])
    if values["format"] != GRID:
        return f"weights in {title('format')}"
    return f"weights by {title('method')}{ternary(values)}, one scale per {title('per')}"


def ternary(values: Values) -> str:
    """A word in brackets for grids of three numbers, which those of HQQ are not whatever the scheme; "" for others."""
    three = values["bits"] == 2 and values.get("scheme", "symmetric") == "symmetric" and values.get("method") != "hqq"
    return " (ternary)" if values["format"] == GRID and three else ""


def activations_words(bits: str) -> str:
    """The activations in words, from a parameter that is a number of bits or "none"."""
    return f"{bits}-bit activations" if bits.isdecimal() else "float32 activations"


def measured(images: str, weights: str, activations: str, when: str = "") -> Words:
    """A line below an accuracy: which images, how the weights are rounded, and what the activations are."""
    return Words(role="doc", name="measured-with", when=when,
                 text=f"Measured on {images}; {weights}; {activations}. {OTHERS}")
