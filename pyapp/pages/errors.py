"""Error map: what rounding does to every single weight of a layer."""

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Fact, Facts, Panel, Table, Words
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.experiment.pictures import Heatmap
from pyapp.nets.mlp import MLP
from pyapp.pages.base import controls, format_controls
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.formats.gguf import GGUFTensor
from pyapp.quant.formats.tensor import FormatTensor
from pyapp.quant.parameters import Encoded, assemble, weight_names
from pyapp.quant.schemes import GRID, MAX_BITS, Granularity, QuantizedTensor, quantize
from pyapp.training.trainer import judge

SIDE = 28  # a neuron of the first layer looks at an image of 28 x 28
BANDS = ("below the lower threshold", "between the thresholds", "above the upper threshold")


def picture(place: str, **options: Any) -> Heatmap:
    """A layer's weights in the colours of their bands. `place` says in words where the weight that is read lies."""
    return Heatmap(name="error-map", array="band", label="{map_label}", map="bands", height=960, pick=(("cell", "@i"),),
                   kept=("picked",), **options,
                   read=place + "\nfloat32 {weight?:fixed:5}, code {codes?:fixed:0}, after {restored?:fixed:5}\n"
                                "error {error?:fixed:5}, {band_words.@band}")


PANELS = (
    Panel("map", "The error map", (
        picture("neuron {@tile}, row {@row}, column {@column}", loupe=True, when="images"),
        picture("neuron {@row}, input {@column}", when="!images")),
          empty="The picture appears when Python has started."),
    Panel("bands", "How far each weight moved", (
        Words(text="One cell is one weight; its colour says how far rounding moved it. {layer} has {weights:count} "
                   "weights."),
        Table(name="bands", rows="bands", key="band", caption="Bands of error", columns=(
            Column("error", "{swatch} {name}"), Column("weights", "count:count"), Column("share", "share:percent"),
            Column("", bar=("share",), roles=("band-{band}",)))),
    ), place="readouts"),
    Panel("no-cell", "One weight", (
        Words(role="empty", name="cell-empty",
              text="Click a cell, or go to it with the arrow keys and press Enter: its numbers stay here while you "
                   "change the settings."),
    ), place="readouts", when="!cell"),
    Panel("cell", "{cell.title}", (
        Facts(cards=True, live=True, facts=(
            Fact("float32 value", ("cell.weight:fixed:6",), "cell-weight", "float"),
            Fact("code", ("cell.code:fixed:0",), "cell-code", "quant", when="cell.coded"),
            Fact("value after", ("cell.restored:fixed:6",), "cell-restored", "quant"),
            Fact("error", ("cell.error:fixed:6",), "cell-error"),
            Fact("scale", ("cell.scale:fixed:6",), "cell-scale", when="cell.coded"),
            Fact("zero point", ("cell.zero_point:fixed:0",), "cell-zero-point", when="cell.on_grid"))),
        Words(role="doc", text="{cell.band}. {cell.words}"),
    ), place="readouts", when="cell"),
    Panel("layers", "Every layer at these settings", (
        Words(name="accuracy", text="With {layer} rounded and the other two left as they are, "
                                    "[{accuracy:percent:2}](.quant) of {held_out:count} test images are classified "
                                    "correctly; the float32 network gets [{float_accuracy:percent:2}](.float)."),
        Table(name="layers", rows="layers", chosen="chosen", caption="Errors of every layer", columns=(
            Column("layer", "name"), Column("weights", "weights:count"), Column("scales", "scales:count"),
            Column("bits per weight", "bits:fixed:2"), Column("packed", "nbytes:bytes"),
            Column("{bands.0.name}", "shares.0:percent", "below"),
            Column("{bands.2.name}", "shares.2:percent", "above"), Column("mean error", "mean:fixed:5"),
            Column("largest error", "maximum:fixed:5"), Column("largest weight", "largest:fixed:4"))),
    ), place="wide"),
)


def band_of(error: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 where error < low, 1 where low ≤ error < high, 2 where error ≥ high; uint8."""
    error = np.asarray(error, np.float32)
    return ((error >= np.float32(low)).astype(np.uint8) + (error >= np.float32(high))).astype(np.uint8)


class Page(Experiment):
    title = "Error map"
    summary = "See how far rounding moves each weight: the largest sets the scale, and all others pay."
    entry = "Rounding"
    order = 12
    NEXT = ("digits", "Train the network that these weights come from, and draw a digit for it.")
    WORK = "auto"
    BAR = "{form}, {bands.2.share:percent} strong"
    GROUPS = (("Layer", ("layer", "layout")), ("Quantise", ("format", "bits", "scheme", "per")),
              ("Bands", ("low", "high")), ("Picked weight", ("cell",)))
    PANELS = PANELS
    MAIN = ("bits", "layer")
    IDLE = (format_controls.idle_in_formats("bits", "scheme", "per"),)
    RECORDED, REHEARSED, UNRECORDED = (), 100, ("weight", "codes", "restored", "error")
    PARAMS = (
        controls.layer("Which weight matrix of the pretrained network is shown"),
        Param("layout", "Shown as", "choice", "images", choices=("images", "matrix"),
              doc="The first layer as one image for each neuron, or as a matrix, one neuron per row, like the others"),
        format_controls.number_format(),
        controls.bits(6, "Bits stored per weight", hi=MAX_BITS),
        controls.scheme("Zero in the middle of the grid, or a zero point that fits the range"),
        controls.per("tensor"),
        Param("low", "Lower threshold", "float", 0.001, lo=1e-6, hi=1.0, log=True,
              doc="Errors below this are not coloured"),
        Param("high", "Upper threshold", "float", 0.01, lo=1e-6, hi=1.0, log=True,
              doc="Errors above this are strong orange"),
        Param("cell", "Weight", "int", 0, lo=0, hi=SIDE * SIDE * 128, widget="number",
              doc="Number of the picked weight, counted row by row (1 = first); 0 picks none"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._step, self._float_accuracy = 0, None
        self._said = self._order("low")
        try:
            self._find()
        except ParamError as error:  # a link with a weight that another layer has
            self.refused["cell"] = error
            self._said.append(f"{error}; {error.hint}, and none is picked")
            self.params["cell"] = 0
        self._quantize()

    def _quantize(self) -> None:
        bits, scheme, per = self.params["bits"], self.params["scheme"], self.params["per"]
        form, p = self.params["format"], shipped.mlp()
        self._tensors: dict[str, Encoded] = {
            name: quantize(p[name], bits, scheme, per) if form == GRID else FORMATS[form].encode(p[name])
            for name in weight_names(p)}
        self._accuracy: float | None = None

    def _find(self) -> None:
        """Find the picked weight. ParamError if the shown layer has no such weight."""
        size = shipped.mlp()[self.name].size
        if self.params["cell"] > size:
            raise ParamError("cell", f"there is no weight {self.params['cell']}",
                             f"{self.params['layer']} has the weights 1 to {size}")

    @property
    def name(self) -> str:
        return f"{self.params['layer']}.weight"

    @property
    def tensor(self) -> Encoded:
        return self._tensors[self.name]

    def _order(self, name: str) -> list[str]:
        """Keep low ≤ high: the threshold that was not touched gives way."""
        low, high = self.params["low"], self.params["high"]
        if low <= high:
            return []
        other = "high" if name == "low" else "low"
        self.params[other] = self.params[name]
        return [f"the lower threshold may not be above the upper one; {other} is now {self.params[other]:g}, too"]

    def change(self, name: str, value: Any) -> list[str]:
        self._said = []
        if name in ("low", "high"):
            return self._order(name)
        if name in ("format", "bits", "scheme", "per"):
            self._quantize()
        if name == "cell":
            self._find()
        if name == "layer":
            self._accuracy, self.params["cell"] = None, 0
        return []

    def steps(self) -> Iterator[Frame | None]:
        """Judge the network with this one layer rounded, 500 held-out images per item."""
        if self._float_accuracy is None:
            self._float_accuracy = yield from self._judge(shipped.mlp())
        while self._accuracy is None:
            tensor = self.tensor
            accuracy = yield from self._judge(assemble(shipped.mlp(), {self.name: tensor}).parameters)
            if tensor is self.tensor:  # or else the reader has changed something meanwhile
                self._accuracy = accuracy

    def _judge(self, p: Parameters) -> Generator[Frame, None, float]:
        for result in judge(MLP(), p, *mnist.shipped("test")):
            if result is None:
                self._step += 1
                yield Frame(self._step)
        return result["accuracy"]

    def frame(self) -> Frame:
        shape = self._shape()
        weight, restored = shipped.mlp()[self.name], self.tensor.dequantize()
        error = np.abs(weight - restored)
        arrays = {"weight": weight, "restored": restored, "error": error, "band": self._bands(error)}
        if not isinstance(self.tensor, GGUFTensor):  # whose codes are bytes of whole blocks
            arrays["codes"] = self.tensor.codes.astype(np.int32)
        layers = [{"name": name.removesuffix(".weight"), "chosen": name == self.name, **self._facts(name)}
                  for name in self._tensors]
        facts, (tiles, rows, columns) = self._facts(self.name), shape
        number, low, high = (self.params[name] for name in ("cell", "low", "high"))
        names = (f"below {low:g}", f"{low:g} to {high:g}", f"{high:g} and more")
        scalars = {
            "form": format_controls.in_words(self.params),
            "layer": self.params["layer"], "layers": layers, "weights": weight.size, "images": tiles > 1,
            "map_label": f"Errors of {self.params['layer']}, {tiles} images of 28 by 28." if tiles > 1 else
                         f"Errors of {self.params['layer']}, {rows} neurons by {columns} inputs.",
            "bands": [{"band": band, "swatch": swatch(band), "name": names[band], "count": facts["counts"][band],
                       "share": facts["shares"][band]} for band in range(len(BANDS))],
            "band_words": list(BANDS), "cell": self._cell(),
            "picked": [int(at) for at in np.unravel_index(number - 1, shape)] if number else None,
            "accuracy": self._accuracy, "float_accuracy": self._float_accuracy,
            "held_out": len(mnist.shipped("test")[1]),
        }
        return Frame(self._step, scalars, {key: array.reshape(shape) for key, array in arrays.items()}, self._said)

    def _shape(self) -> tuple[int, int, int]:
        """Tiles, rows and columns of the picture."""
        neurons, inputs = shipped.mlp().shapes[self.name]
        as_images = inputs == SIDE * SIDE and self.params["layout"] == "images"
        return (neurons, SIDE, SIDE) if as_images else (1, neurons, inputs)

    def _bands(self, error: np.ndarray) -> np.ndarray:
        return band_of(error, self.params["low"], self.params["high"])

    def _facts(self, name: str) -> dict[str, Any]:
        """How many weights of a layer are in each band, and the errors as numbers."""
        weight, tensor = shipped.mlp()[name], self._tensors[name]
        error = np.abs(weight - tensor.dequantize())
        counts = np.bincount(self._bands(error).reshape(-1), minlength=3)
        return {"weights": weight.size, "counts": counts.tolist(), "shares": (counts / weight.size).tolist(),
                "mean": float(error.mean()), "maximum": float(error.max()), "largest": float(np.abs(weight).max()),
                "scales": scales_of(tensor), "bits": 8 * tensor.nbytes / weight.size, "nbytes": tensor.nbytes}

    def _cell(self) -> dict[str, Any] | None:
        """The picked weight of the shown layer, its code and its error; None if none is picked."""
        if not (number := self.params["cell"]):
            return None
        weight, tensor = shipped.mlp()[self.name], self.tensor
        row, column = divmod(number - 1, weight.shape[1])
        before, after = weight[row, column], tensor.dequantize()[row, column]
        error = np.abs(before - after)
        band = int(self._bands(error))
        pixel = f"pixel in row {column // SIDE + 1}, column {column % SIDE + 1}"
        return {"title": f"Neuron {row + 1}, {pixel if weight.shape[1] == SIDE**2 else f'input {column + 1}'}",
                "weight": float(before), "restored": float(after), "error": float(error), "code": None, "scale": None,
                "zero_point": None, "coded": not isinstance(tensor, GGUFTensor),
                "on_grid": isinstance(tensor, QuantizedTensor), **code_of(tensor, row, column),
                "band": f"{swatch(band)} The error is {BANDS[band]}"}


def scales_of(tensor: Encoded) -> int:
    """How many scales a tensor has, those of sub-blocks not counted."""
    return len(tensor.codes) if isinstance(tensor, GGUFTensor) else tensor.scale.size


def sharing(tensor: QuantizedTensor | FormatTensor, per: Granularity) -> int:
    """How many weights share a scale."""
    return per.size if per.kind == "group" else tensor.codes.size // max(tensor.scale.size, 1)


def code_of(tensor: Encoded, row: int, column: int) -> dict[str, Any]:
    """The code of one weight, its scale, and a sentence about both."""
    shape = tensor.codes.shape
    if isinstance(tensor, GGUFTensor):
        return {"words": f"{tensor.format.title} packs {tensor.format.layout.block} neighbours of a row into "
                         f"{tensor.format.layout.nbytes} bytes, scales included."}
    code = int(tensor.codes[row, column])
    if isinstance(tensor, FormatTensor):
        scale = float(tensor.format.spread(tensor.scale, shape)[row, column])
        stands = float(tensor.format.elements.decode(tensor.codes[row, column][None])[0])
        return {"code": code, "scale": scale, "words":
                f"The code stands for {stands:.4g}, times a scale for {sharing(tensor, tensor.format.per):,} weights."}
    grid = tensor.grid
    scale, zero_point = (np.broadcast_to(part, shape)[row, column] for part in grid.spread(shape))
    return {"code": code, "scale": float(scale), "zero_point": int(zero_point), "words":
            f"Half a step is {float(scale) / 2:.2e}. Codes go from {grid.low} to {grid.high}; this scale is for "
            f"{sharing(tensor, grid.per):,} weights.", "half_step": float(scale) / 2, "low_code": grid.low,
            "high_code": grid.high, "sharing": sharing(tensor, grid.per)}


def swatch(band: int) -> str:
    """A patch of the band's colour, as words of a template."""
    return f"[\u2003](.band-{band})"
