"""The network's input from what a page sends: a drawing, a picture or the number of a held-out digit."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pyapp.core.classes import TEN
from pyapp.data import drawing, exif, mnist
from pyapp.experiment.panels import Beside, Column, Custom, Fact, Facts, Panel, Table, Together, Words

EXAMPLE = 1923  # the held-out digit that a pad opens with: a 6, and each bit less makes a network less sure of it
IMAGE = (drawing.IMAGE, drawing.IMAGE)  # rows and columns of what is read
ANSWER = (
    Fact("", ("read.told.digit:text",), "prediction", "float"),
    Fact("", ("read.confidence:percent",), "confidence", "float"),
    Fact("", ("read.told.quant:text",), "quant-prediction", "quant", "read.told.quant?"),
    Fact("", ("read.quant_confidence:percent",), "quant-confidence", "quant", "read.told.quant?"))
TOLD = (  # beside a drawing: what `told` says of it, and the names of the classes as long as nothing is read
    Beside(width=80, when="read.told.digit?", blocks=(Together(blocks=(
        Facts(name="letter", cards=True, facts=ANSWER, when="read.told.short"),
        Facts(name="word", cards=True, facts=ANSWER, when="!read.told.short"),
        Words(name="label", role="doc", text="Its label is {read.told.label}. Draw your own.",
              when="read.told.label"))),)),
    Table(name="bar", rows="read.told.classes?", chosen="best?", caption="Probability of each class", columns=(
        Column("class", "name:text"),
        Column("bar", bar=("p?",), when="!read.told.quant?"), Column("bars", bar=("p?", "q?"), when="read.told.quant?"),
        Column("float32", "p?:percent:2", role="float"),
        Column("quantised", "q?:percent:2", role="quant", when="read.told.quant?"))))
ASKED = ("held_out", "first?", "network?", "known?")  # of the frame, by web/views/draw.js
DRAW = Panel("draw", "Draw", (
    Custom(module="draw", shape=IMAGE, entries=ASKED, blocks=TOLD,
           label="The {} by {} image that the network reads.".format(*IMAGE),
           caption="{} × {}, as Python sees it".format(*IMAGE)),))
EMPTY_PAD = "The pad is empty: draw a digit."
EMPTY_PICTURE = "There is no ink in this picture."


class DigitInput(NamedTuple):
    """An image float32 (28, 28) in 0..1, or None and a note that says why; the label of a held-out digit."""

    image: np.ndarray | None
    label: int | None = None
    note: str = ""


class Reader:
    """Reads `strokes` (P, 3), an `image` as `drawing.ink_of_picture` takes it, with the file `webp` whose EXIF says how
    to turn it, the held-out digit number `index`, or an `input` (28, 28) that was read before."""

    def __init__(self):
        self._raster = drawing.Raster()

    def read(self, inputs: Mapping[str, Any]) -> DigitInput:
        """The network's input. ValueError if there is no such digit, or nothing to read."""
        if "index" in inputs:
            return held_out(int(inputs["index"]))
        if "strokes" in inputs:
            return _inked(drawing.to_mnist(self._raster.draw(drawing.framed(inputs["strokes"]))), EMPTY_PAD)
        if "image" in inputs:
            pixels = exif.upright(inputs["image"], exif.orientation(exif.of_webp(bytes(inputs.get("webp", b"")))))
            return _inked(drawing.to_mnist(drawing.ink_of_picture(pixels)), EMPTY_PICTURE)
        if "input" in inputs:
            return DigitInput(_checked(inputs["input"]))
        raise ValueError("predict needs strokes, image or index")


def held_out(index: int) -> DigitInput:
    """The held-out digit of this number, with its label. ValueError if there is none."""
    images, labels = mnist.shipped("test")
    if not 0 <= index < len(labels):
        raise ValueError(f"there is no test digit {index}; they are numbered 0 to {len(labels) - 1}")
    return DigitInput(images[index].reshape(28, 28), int(labels[index]))


def _checked(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image, np.float32)
    if image.shape != IMAGE or not ((image >= 0) & (image <= 1)).all():
        raise ValueError(f"an input must be 28 x 28 values of 0 to 1; found shape {image.shape}")
    return image


def _inked(image: np.ndarray | None, note: str) -> DigitInput:
    return DigitInput(image, None, note if image is None else "")


def said(p: np.ndarray, classes: Sequence[str] = TEN) -> str:
    """The digit, or other class, that probabilities are for, and how sure they are."""
    return f"{classes[p.argmax()]}  {100 * p.max():.1f} %"


def told(p: np.ndarray, q: np.ndarray | None = None, label: int | None = None,
         classes: Sequence[str] = TEN) -> dict[str, Any]:
    """`read.told` of the panel Draw: what probabilities (n,) say of a drawing, those of float32 and of a quantised
    network, and its label, if it has one. `words` is read out; `short`: names of one letter are set large."""
    digit, quant = classes[p.argmax()], None if q is None else classes[q.argmax()]
    rows = [{"name": name, "p": float(p[i]), "q": None if q is None else float(q[i]), "best": name == digit}
            for i, name in enumerate(classes)]
    words = f"Prediction {digit}, {100 * p.max():.1f} %" + ("" if quant is None else f", quantised {quant}")
    return {"digit": digit, "quant": quant, "label": None if label is None else classes[label], "classes": rows,
            "words": words, "short": max(map(len, classes)) == 1}
