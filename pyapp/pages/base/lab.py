"""Small measurements on the digits network, each in pieces so that a page stays alive: what the guidelines rest on."""

import statistics
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, replace

import numpy as np

from pyapp.core.clamps import CLAMPS
from pyapp.core.ops import linear
from pyapp.core.parameters import Parameters
from pyapp.measure.timing import times_ms
from pyapp.nets.mlp import MLP, TRAINED
from pyapp.quant.calibrate import calibrate
from pyapp.quant.matmul import product
from pyapp.quant.parameters import float_nbytes
from pyapp.quant.schemes import quantize
from pyapp.quantized.network import Memo, OnIntegers, QuantizedNetwork, Settings, quantize_network, quantizing
from pyapp.quantized.trained import shipped
from pyapp.training.trainer import judge

POINTS = 100  # percentage points in a share of 1
TIMED_IMAGES, REPEATS = 250, 9
BIAS_BITS = 8


@dataclass(frozen=True)
class Measured:
    """The results of a trial; None where something was not measured."""

    accuracy: float | None = None  # share of the images
    loss: float | None = None  # accuracy lost to the float32 network, in points; below 0 where it gained
    changed: int | None = None  # predictions that differ from the float32 network's
    nbytes: int | None = None
    of_nbytes: int | None = None  # the float32 network's
    saved: float | None = None  # share of the bytes
    ms: float | None = None


Trial = Generator[None, None, Measured | None]  # yields while it works; None: what it needs is not there


class Lab:
    """Measures one float32 network on one set of images. What was measured once is remembered."""

    def __init__(self, p: Parameters, images: np.ndarray, labels: np.ndarray, calibration: np.ndarray):
        self.p, self.images, self.labels, self.calibration = p, images, labels, calibration
        self._known: dict[Hashable, dict] = {}
        self._memo: Memo = {}

    def scores(self, settings: Settings, integers: bool = False) -> Trial:
        """The network quantised after training, simulated in floating point or in integer arithmetic."""
        if (settings, integers) in self._known:
            return self._known[settings, integers]
        for network in quantizing(self.p, settings, self.calibration, self._memo):
            if network is None:
                yield None
        found = yield from self.network(network, integers)
        self._known[settings, integers] = found
        return found

    def network(self, network: QuantizedNetwork, integers: bool = False) -> Trial:
        """A network that is quantised already."""
        model = OnIntegers(network.integer()) if integers else network.simulated()
        predictions = yield from self._predictions(model, network.parameters)
        return self._sized((yield from self._against_float(predictions)), network.nbytes)

    def cast(self, kind: str) -> Trial:
        """The network with all stored numbers, parameters, pixels and layers' outputs, as "float16" or "bfloat16".

        A layer's sums stay float32, as on hardware that multiplies in either format.
        """
        model, p = InHalf(FORMATS[kind]), self.p.copy()
        p.vector[:] = model.rounded(p.vector)
        predictions = yield from self._predictions(model, p)
        return self._sized((yield from self._against_float(predictions)), float_nbytes(p) // 2)

    def qat(self, bits: int) -> Trial:
        """The shipped network that was trained with `bits` bits; None if this site ships none."""
        network = shipped(bits)
        return (yield from self.network(network)) if network else None

    def like_qat(self, bits: int, method: str) -> Trial:
        """The best effort after training at the bits of the shipped trained network: MSE ranges, scales per neuron."""
        network = shipped(bits)
        activations = network.activations["layer1"].bits if network and network.activations else TRAINED[bits]
        return (yield from self.scores(Settings(bits, per="channel", activations=activations, calibrate="mse",
                                                method=method, clip="mse")))

    def activations(self, bits: int, scheme: str) -> Trial:
        """Weights of 8 bits, pixels and hidden activations of `bits` bits in a scheme, each with its full range."""
        weights = quantize_network(self.p, Settings(8, per="channel"), self.calibration).weights
        model = MLP()
        logits = model.forward(self.p, self.calibration)
        values = {"input": model.linears[0].x, "layer1": model.linears[1].x, "layer2": model.linears[2].x}
        grids = {name: calibrate(x, "minmax", bits, scheme) for name, x in values.items()}
        grids["layer3"] = calibrate(logits, "minmax", 8)
        return (yield from self.network(QuantizedNetwork(weights, grids)))

    def short_biases(self) -> Trial:
        """8-bit weights with biases of 8 bits, one scale per layer, and what share of the bytes that saves."""
        network = quantize_network(self.p, Settings(8, per="channel"), self.calibration)
        p, saved = network.parameters.copy(), 0
        for name in p:
            if name not in network.weights.tensors:
                tensor = quantize(p[name], BIAS_BITS)
                p[name][:] = tensor.dequantize()
                saved += 4 * p[name].size - tensor.nbytes
        found = yield from self._against_float((yield from self._predictions(MLP(), p)))
        return replace(self._sized(found, network.nbytes - saved), saved=saved / network.nbytes)

    def integers_against_simulation(self, settings: Settings) -> Trial:
        """On how many images the predictions of integer arithmetic and of its simulation differ."""
        network = quantize_network(self.p, settings, self.calibration)
        ours = yield from self._predictions(OnIntegers(network.integer()), network.parameters)
        simulated = yield from self._predictions(network.simulated(), network.parameters)
        return Measured(changed=int((ours != simulated).sum()))

    def time(self, kind: str) -> Trial:
        """The first layer's product with 250 images: float32 as the network has it, or int8 codes summed in int32."""
        x, w = self.images[:TIMED_IMAGES], self.p["layer1.weight"]
        multiply = linear
        if kind == "int8":
            x, w, multiply = quantize(x, 8, "affine").codes, quantize(w, 8).codes, product
        yield None
        return Measured(ms=statistics.median(times_ms(lambda: multiply(x, w), REPEATS)))

    def _sized(self, found: Measured, nbytes: int) -> Measured:
        return replace(found, nbytes=nbytes, of_nbytes=float_nbytes(self.p))

    def _predictions(self, model, p: Parameters) -> Generator[None, None, np.ndarray]:
        for result in judge(model, p, self.images, self.labels):
            if result is None:
                yield None
        return result["predictions"]

    def _against_float(self, predictions: np.ndarray) -> Trial:
        if "float" not in self._known:
            self._known["float"] = yield from self._predictions(MLP(), self.p)
        exact = self._known["float"]
        right, before = int((predictions == self.labels).sum()), int((exact == self.labels).sum())
        return Measured(right / len(self.labels), POINTS * (before - right) / len(self.labels),
                        int((predictions != exact).sum()))


class InHalf(MLP):
    """The digits network with its inputs and every layer's output rounded to a 16-bit format."""

    def __init__(self, rounded: Callable[[np.ndarray], np.ndarray]):
        super().__init__()
        self.rounded = rounded

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        x = self.rounded(x)
        for layer in self.linears:
            y = layer.forward(p, x)
            x = self.rounded(y if layer is self.linears[-1] else CLAMPS[p.activation](y))
        return x


def to_float16(x: np.ndarray) -> np.ndarray:
    """float32 rounded to the nearest float16, as float32 again; infinite beyond 65,504."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(np.float32)


def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """float32 rounded to the nearest bfloat16 (the upper 16 bits; half to even), as float32 again."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    lowest = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + lowest) & np.uint32(0xFFFF0000)).view(np.float32)


FORMATS = {"float16": to_float16, "bfloat16": to_bfloat16}
