"""The mistakes of a classifier, float beside quantised: a panel that pages with a classifier share."""

from dataclasses import replace
from typing import Any

import numpy as np

from pyapp.core.classes import TEN
from pyapp.experiment.panels import Beside, Column, Panel, Table, Together, Words
from pyapp.experiment.params import Param
from pyapp.experiment.pictures import Axis, Chart, Heatmap, Images, Line
from pyapp.measure.mistakes import Mistakes, calibration_error, precision, recall

MOST = 100  # classes of a matrix that a page draws
LISTED = 24  # images that are shown
CELL = Param("cell", "Confusion cell", "int", -1, lo=-1, hi=2 * MOST**2 - 1, widget="number",
             doc="Index of the cell whose examples are shown, counted from 0 row by row, the float32 matrix first; "
                 "-1 shows the worst mistakes")
SHARES = ("precision", "recall")
GROUP = ("Mistakes", ("cell",))
PANEL = Panel("mistakes", "Mistakes", (
    Words(text="Rows are true classes, columns are predicted classes: [float32](.float){and_quantised}. The darkest "
               "colour marks the most frequent mistake and every larger count. To see the images of a cell, click it, "
               "or go to it with the arrow keys and press Enter."),
    Beside(width=260, blocks=(
        Heatmap(name="confusion", array="confusion", limit="mistakes.limit", map="grey", height=280, gap=8,
                tiles_across="mistakes.across", caption="down: true class · across: predicted class",
                label="Confusion matrices.", pick=(("cell", "confusion_cell"),), kept=("mistakes.kept",),
                read="{mistakes.networks.@tile}: {confusion:count} of the {mistakes.of} {mistakes.names.@row:text} are "
                     "read as {mistakes.names.@column:text}"),
        Together(blocks=(
            Words(name="calibration-error", role="plain", text="{mistakes.calibration}"),
            Chart(name="reliability", label="Accuracy by confidence.", caption="accuracy by confidence", x="confidence",
                  lines=(Line("sure", "faint", "ideal", dash=True),
                         Line("reliability_float", "float", "float32"),
                         Line("reliability_quant?", "quant", "quantised")),
                  across=Axis("confidence", format="percent:0"), up=Axis(ends="mistakes.ends", format="percent:0"),
                  height=200, read="{mistakes.bins.@i}"))))),
    Words(name="wrong-words", text="{mistakes.words}"),
    Images(name="wrong-digit", pictures="wrong_images", size="changed", puts="wrong_index",
           label="It is {mistakes.names.@wrong_label:text}, read as {mistakes.names.@wrong_said:text}.",
           words="{mistakes.names.@wrong_label:text} → **{mistakes.names.@wrong_said:text}** "
                 "[{wrong_sure:percent:1}](.doc)[{mistakes.files.@i:text}](.doc)"),
    Words(name="by-class-words", text="Precision and recall of each class: [float32](.float){and_quantised}."),
    Table(name="by-class", rows="mistakes.classes", key="class", caption="Precision and recall of every class",
          tall=True, columns=(
                   Column("class", "class:text"),
                   *(Column(share, f"{share}_float:percent", role="float", about=f"{{mistakes.below.{share}}}")
                     for share in SHARES))),
), place="wide", when="mistakes")
WITHOUT_PAD = replace(PANEL, blocks=tuple(replace(each, puts="") if isinstance(each, Images) else each
                                          for each in PANEL.blocks))


def shown(exact: Mistakes | None, rounded: Mistakes | None, images: np.ndarray, cell: int,
          one: str = "image") -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Scalars and arrays of PANEL. `images`: what was read, (N, 784) from 0 to 1, or pictures of it, uint8 (N, H, W);
    `one` of them in words, if they are not of digits."""
    if exact is None or not len(exact.labels) or exact.classes > MOST:
        return {"mistakes": None, "and_quantised": ""}, {}
    networks = [exact, rounded] if rounded else [exact]
    matrices = np.stack([each.matrix for each in networks])
    picked = 0 <= cell < matrices.size
    tile, label, said = np.unravel_index(cell if picked else 0, matrices.shape)
    of = networks[tile if picked else -1]
    which = of.cell(label, said) if picked else of.worst(LISTED)
    off = matrices * (1 - np.eye(exact.classes, dtype=matrices.dtype))
    name = "quantised" if of is rounded else "float32"
    scalars = {
        "limit": float(max(1, off.max())), "networks": ["float32", "quantised"], "ends": [0.0, 1.0],
        "across": len(networks), "names": exact.names, "of": "digits" if exact.names == list(TEN) else f"{one}s of",
        "kept": [int(tile), int(label), int(said)] if picked else None,
        "words": _words(len(which), name, exact.names, int(label), int(said), one) if picked else
                 f"The {name} network's mistakes with the highest confidence, the worst first." if len(which) else
                 f"The {name} network makes no mistakes.",
        "calibration": _calibration(exact, rounded), "bins": _bins(exact, rounded, one),
        "classes": _classes(exact, rounded),
        "below": {share: f"[{{{share}_quant:percent}}](.quant)" if rounded else "" for share in SHARES}}
    which = which[:LISTED]
    scalars["files"] = [""] * len(which) if of.files is None else [_name(of.files[i]) for i in which]
    arrays = {
        "confusion": matrices.astype(np.int32),
        "confusion_cell": np.arange(matrices.size, dtype=np.int32).reshape(matrices.shape),
        "confidence": _middles(exact), "sure": _middles(exact), "reliability_float": _accuracies(exact),
        "wrong_index": which.astype(np.int32),
        "wrong_label": of.labels[which].astype(np.int32), "wrong_said": of.predictions[which].astype(np.int32),
        "wrong_sure": of.confidences[which].astype(np.float32),
        "wrong_images": images[which] if images.ndim == 3 else
                        np.rint(255 * images[which]).astype(np.uint8).reshape(-1, 28, 28)}
    if rounded:
        arrays["reliability_quant"] = _accuracies(rounded)
    return {"mistakes": scalars, "and_quantised": " first, then [quantised](.quant)" if rounded else ""}, arrays


def _name(path: str) -> str:
    """The last part of a path, as a tile has room for: its folder is the class, which stands above it."""
    return path.rpartition("/")[2]


def _words(count: int, name: str, names: list[str], label: int, said: int, one: str) -> str:
    one, several = ("digit", "digits") if names == list(TEN) else (f"{one} of", f"{one}s of")
    what = f"{names[label]} that the {name} network reads as {names[said]}"
    if not count:
        return f"There is no {one} {what}."
    few = f"The first {LISTED} of the {count:,} {several}" if count > LISTED else f"The {count} {several}"
    return f"{f'The one {one}' if count == 1 else few} {what}, with its confidence."


def _calibration(exact: Mistakes, rounded: Mistakes | None) -> str:
    more = f", [{100 * calibration_error(rounded.curve):.2f} %](.quant) quantised" if rounded else ""
    return (f"Expected calibration error, the mean gap between confidence and accuracy: "
            f"[{100 * calibration_error(exact.curve):.2f} %](.float) in float32{more}.")


def _middles(found: Mistakes) -> np.ndarray:
    return np.array([(each.low + each.high) / 2 for each in found.curve])


def _accuracies(found: Mistakes) -> np.ndarray:
    """Accuracy by confidence; NaN in bins without an answer."""
    return np.array([np.nan if each.accuracy is None else each.accuracy for each in found.curve])


def _bins(exact: Mistakes, rounded: Mistakes | None, one: str) -> list[str]:
    """The counts behind each point of the curves, in words."""
    def told(name: str, n: int, accuracy: float | None) -> str:
        return f"{name} {n:,} {one}s" + ("" if accuracy is None else f", {100 * accuracy:.1f} % right")
    pairs = zip(exact.curve, rounded.curve if rounded else [None] * len(exact.curve), strict=True)
    return [f"confidence {ours.low:.0%} to {ours.high:.0%}: {told('float32', ours.n, ours.accuracy)}"
            + (f"; {told('quantised', other.n, other.accuracy)}" if other else "") for ours, other in pairs]


def _classes(exact: Mistakes, rounded: Mistakes | None) -> list[dict[str, Any]]:
    def shares(found: Mistakes | None, name: str) -> dict[str, list[float | None]]:
        empty = [None] * exact.classes
        return {f"precision_{name}": precision(found.matrix) if found else empty,
                f"recall_{name}": recall(found.matrix) if found else empty}
    columns = shares(exact, "float") | shares(rounded, "quant")
    return [{"class": each, **{name: values[i] for name, values in columns.items()}}
            for i, each in enumerate(exact.names)]
