"""Error map: what rounding does to every single weight of a layer."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, ParamError, Value
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import assemble, weight_names
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, SCHEMES, QuantizedTensor, quantize
from pyapp.training.trainer import judge

LAYERS = ("layer1", "layer2", "layer3")
PERS = ("tensor", "channel", *(f"group:{size}" for size in (8, 16, 32, 64)))
SIDE = 28  # a neuron of the first layer looks at an image of 28 x 28


def band_of(error: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 where error < low, 1 where low ≤ error < high, 2 where error ≥ high; uint8."""
    error = np.asarray(error, np.float32)
    return ((error >= np.float32(low)).astype(np.uint8) + (error >= np.float32(high))).astype(np.uint8)


class Page(Experiment):
    title = "Error map"
    summary = ("See how far rounding moves each weight of a layer, and pick one to read it before and after: the "
               "largest weight sets the scale, and all others pay for it.")
    group = "Quantise"
    view = "errors"
    order = 23
    PARAMS = (
        Param("layer", "Layer", "choice", "layer1", choices=LAYERS, widget="select",
              doc="The weight matrix of the pretrained network that is shown"),
        Param("layout", "Shown as", "choice", "images", choices=("images", "matrix"), widget="select",
              doc="The first layer as one image for each neuron, or as a matrix, a neuron a row, like the others"),
        Param("bits", "Bits", "int", 6, lo=MIN_BITS, hi=MAX_BITS, step=1, doc="Bits stored per weight"),
        Param("scheme", "Scheme", "choice", "symmetric", choices=SCHEMES, widget="select",
              doc="Zero in the middle of the grid, or a zero point that fits the range"),
        Param("per", "One scale per", "choice", "tensor", choices=PERS, widget="select",
              doc="Weights that share a scale: all, those of one neuron, or N neighbours of a row"),
        Param("low", "Lower threshold", "float", 0.001, lo=1e-6, hi=1.0, log=True,
              doc="An error below this leaves the cell as paper"),
        Param("high", "Upper threshold", "float", 0.01, lo=1e-6, hi=1.0, log=True,
              doc="Errors above this are strong orange"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self._step, self._float_accuracy = 0, None
        self._said = self._order("low")
        self._quantize()

    def _quantize(self) -> None:
        bits, scheme, per = int(self.params["bits"]), self.params["scheme"], self.params["per"]
        self._tensors = {name: quantize(shipped.mlp()[name], bits, scheme, per) for name in weight_names(shipped.mlp())}
        self._accuracy: float | None = None

    @property
    def name(self) -> str:
        return f"{self.params['layer']}.weight"

    @property
    def tensor(self) -> QuantizedTensor:
        return self._tensors[self.name]

    def _order(self, name: str) -> list[str]:
        """Keep low ≤ high: the threshold that was not touched gives way."""
        low, high = float(self.params["low"]), float(self.params["high"])
        if low <= high:
            return []
        other = "high" if name == "low" else "low"
        self.params[other] = self.params[name]
        return [f"the lower threshold may not be above the upper one; {other} is now {self.params[other]:g}, too"]

    def change(self, name: str, value: Value) -> list[str]:
        self._said = []
        if name in ("low", "high"):
            return self._order(name)
        if name in ("bits", "scheme", "per"):
            self._quantize()
        if name == "layer":
            self._accuracy = None
        return []

    def steps(self) -> Iterator[Frame | None]:
        """Judge the network with this one layer rounded, 500 held-out images an item."""
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
        arrays = {"weight": weight, "codes": self.tensor.codes.astype(np.int32), "restored": restored, "error": error,
                  "bands": self._bands(error)}
        layers = [{"name": name.removesuffix(".weight"), **self._facts(name)} for name in self._tensors]
        scalars = {
            "layer": self.params["layer"], "shape": list(weight.shape), "layers": layers, **self._facts(self.name),
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
        return band_of(error, float(self.params["low"]), float(self.params["high"]))

    def _facts(self, name: str) -> dict[str, Any]:
        """How many weights of a layer are in each band, and the errors as numbers."""
        weight, tensor = shipped.mlp()[name], self._tensors[name]
        error = np.abs(weight - tensor.dequantize())
        counts = np.bincount(self._bands(error).reshape(-1), minlength=3)
        return {"weights": weight.size, "counts": counts.tolist(), "shares": (counts / weight.size).tolist(),
                "mean": float(error.mean()), "maximum": float(error.max()), "largest": float(np.abs(weight).max()),
                "scales": tensor.scale.size, "nbytes": tensor.nbytes}

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """All about the weight number `index` of the shown layer, counted row by row."""
        weight, tensor = shipped.mlp()[self.name], self.tensor
        index = int(inputs["index"]) if "index" in inputs else -1
        if not 0 <= index < weight.size:
            raise ParamError("cell", f"there is no weight {inputs.get('index')}",
                             f"{self.params['layer']} has the weights 0 to {weight.size - 1}")
        row, column = divmod(index, weight.shape[1])
        scale, zero_point = (np.broadcast_to(part, weight.shape)[row, column]
                             for part in tensor.grid.spread(weight.shape))
        before, after = weight[row, column], tensor.dequantize()[row, column]
        error = np.abs(before - after)
        sharing = weight.size // tensor.scale.size if tensor.grid.per.kind != "group" else tensor.grid.per.size
        scalars = {"index": index, "neuron": row, "input": column, "weight": float(before),
                   "code": int(tensor.codes[row, column]), "scale": float(scale), "zero_point": int(zero_point),
                   "restored": float(after), "error": float(error), "half_step": float(scale) / 2, "sharing": sharing,
                   "band": int(self._bands(error)), "low_code": tensor.grid.low, "high_code": tensor.grid.high}
        if weight.shape[1] == SIDE * SIDE:
            scalars |= dict(zip(("image_row", "image_column"), divmod(column, SIDE), strict=True))
        return Frame(self._step, scalars)
