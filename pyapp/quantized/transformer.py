"""The Vision Transformer and the GPT quantised after training: settings in, a network to run out.

Weights, the numbers that go into products of matrices, and attention scores lie on integer grids; a softmax in integers
may take the place of the float one. What lies between them, that is the stream that blocks add to, LayerNorm and GELU,
has the parameters' dtype, and products are computed in it with numbers on their grids. A Vision Transformer in float64
multiplies codes of 8 bits at most as integers, so that its sums are the same in all runtimes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pyapp.core.layers import Linear
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.nets.gpt import GPT
from pyapp.nets.transformer import Block
from pyapp.nets.vit import SIZE, ViT, ViTSize
from pyapp.quant.alone import ALONE, ROUND, Alone, check_alone
from pyapp.quant.calibrate import CLIPS, RANGES, TOKEN
from pyapp.quant.formats.catalogue import check_choice, find
from pyapp.quant.hadamard import Rotated, rotate
from pyapp.quant.parameters import ROTATED, UNPREPARED, Encoded, assemble, bits_per_weight, float_nbytes, weight_names
from pyapp.quant.schemes import GRID, SCHEMES, Granularity, QuantizedTensor, check_bits
from pyapp.quantized.attention_softmax import QuantizedSoftmax
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.on_grids import Activation, OnGrids, between_grids
from pyapp.quantized.preparation import check, prepared
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

OF_WEIGHTS = ("per", "scheme", "clip", "method")  # settings of weights on uniform grids
IMAGES = 64  # of the calibration split: the scores' ranges of 64 and of 256 are within about a tenth


@dataclass(frozen=True)
class TransformerSettings:
    """How a transformer is quantised after training; None leaves float. ValueError names what makes no sense."""

    bits: int | None = None  # of every matrix, embeddings too
    per: str = "tensor"  # what shares a scale
    activations: int | None = None  # bits of inputs of dense layers, and of queries, keys and values
    calibrate: str = "minmax"  # how the ranges of the activations are found
    logit_bits: int | None = None  # of the attention scores
    softmax: str = "exact"
    shift: str = "none"  # what is subtracted from the scores before they are rounded
    format: str = GRID  # of every matrix, by name; "grid" has the bits above
    prepare: str = UNPREPARED  # how the float32 network is changed first, see pyapp.quantized.preparation
    scheme: str = "symmetric"  # grid of the weights
    clip: str = "minmax"  # range of the weights: all of them, or the one with the least squared error
    method: str = ROUND  # how weights become codes
    seed: int = 1  # of stochastic rounding

    def __post_init__(self):
        for name in ("bits", "activations", "logit_bits"):
            if (bits := getattr(self, name)) is not None:
                check_bits(bits, name)
        Granularity.parse(self.per)
        for name, value, allowed in (("calibrate", self.calibrate, RANGES), ("softmax", self.softmax, METHODS),
                                     ("shift", self.shift, RULES), ("scheme", self.scheme, SCHEMES),
                                     ("clip", self.clip, CLIPS), ("method", self.method, ALONE)):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; use one of {', '.join(allowed)}")
        if self.format != GRID:
            check_choice(self.format, vars(self), {"bits": None, **{name: getattr(TransformerSettings, name)
                                                                    for name in OF_WEIGHTS}})
        elif self.bits is None and (needless := [name for name in OF_WEIGHTS[1:]
                                                 if getattr(self, name) != getattr(TransformerSettings, name)]):
            raise ValueError(f"{needless[0]} is {getattr(self, needless[0])!r}, but the weights are float32; give "
                             "bits, 4 for example")
        check_alone(self.method, self.clip, self.scheme)
        if self.prepare != UNPREPARED:
            check(self.prepare, True, self.bits is not None or self.format != GRID, self.activations)
        if self.logit_bits is None and (self.softmax, self.shift) != ("exact", "none"):
            raise ValueError(f"softmax is {self.softmax!r} and shift {self.shift!r}, which work on quantised logits, "
                             "but these are float32; give logit bits, 8 for example")

    @property
    def calibrated(self) -> bool:
        """Whether anything depends on calibration data."""
        ranges = self.activations is not None and self.calibrate != TOKEN
        return ranges or self.logit_bits is not None or self.prepare not in (UNPREPARED, ROTATED)


@dataclass(frozen=True)
class QuantizedTransformer:
    """A quantised network and the weights to run it with: `model.forward(parameters, x)`, as for any network."""

    model: ViT | GPT
    parameters: Parameters  # dequantised weights, float32 biases
    nbytes: int  # packed weights with their scales, and float32 for what is not quantised
    tensors: Mapping[str, Encoded] = field(default_factory=dict)  # the weights' codes; none if they are float
    activation_bits: int | None = None

    @property
    def on_grids(self) -> bool:
        """Whether all codes lie on uniform grids that are known beforehand."""
        per_token = isinstance(self.model.norm, OnGrids) and self.model.norm.after[0].method == TOKEN
        return not per_token and all(isinstance(tensor, QuantizedTensor) for tensor in self.tensors.values())

    @property
    def bits_per_weight(self) -> float:
        """Mean bits per number of the matrices, scales included; 32 if they are float."""
        return bits_per_weight(self.tensors, self.parameters)


def quantize_vit(p: Parameters, settings: TransformerSettings, images: np.ndarray | None = None,
                 size: ViTSize = SIZE) -> QuantizedTransformer:
    """The Vision Transformer with weights p; its ranges come from images (N, 784), by default of the calibration split.
    """
    if images is None and settings.calibrated:
        images = mnist.calibration()[:IMAGES]
    return _quantized(ViT(size), p, settings, images)


def quantize_gpt(model: GPT, p: Parameters, settings: TransformerSettings,
                 tokens: np.ndarray | None = None) -> QuantizedTransformer:
    """A network of the model's size with weights p; its ranges come from tokens (B, T), by default its own text.

    Give `own_text(model, p)` to several calls to have it written once.
    """
    if tokens is None and settings.calibrated:
        tokens = own_text(model, p)
    return _quantized(GPT(len(p[model.tokens.weight]), model.size), p, settings, tokens)


def _quantized(model: ViT | GPT, p: Parameters, settings: TransformerSettings,
               inputs: np.ndarray | None) -> QuantizedTransformer:
    """One pass calibrates: each grid sees what the layers before it, quantised already, make of the inputs.

    It runs in float64. Float32 sums differ in their last bits between processors, and a number next to the middle
    between two codes then goes to the other one; a step of 4-bit scores is large, so ranges of later blocks would
    differ, and losses with them. In float64 the ranges are the same everywhere.
    """
    if settings.calibrated and not len(inputs):
        raise ValueError("the calibration set is empty; give at least one image or text")
    p = prepared(model, p, settings.prepare, inputs, rounded_by(settings))
    nbytes, tensors = float_nbytes(p), {}
    if settings.bits is not None or settings.format != GRID:
        weights = assemble(p, {name: encoded(p[name], settings, name) for name in weight_names(p)})
        p, nbytes, tensors = weights.parameters, weights.nbytes, weights.tensors
    if settings.logit_bits is not None:
        for block in model.blocks:
            block.attention.softmax = QuantizedSoftmax(settings.logit_bits, settings.softmax, settings.shift)
    if settings.activations is not None:
        plain = settings.format == GRID and settings.prepare != ROTATED
        in_integers = plain and isinstance(model, ViT) and p.vector.dtype == np.float64
        put_on_grids(model, settings, tensors if in_integers else {})
    if settings.calibrated:
        double = p.astype(np.float64)
        model.forward(double, inputs)
        model.forward(double, inputs[:1])  # layers keep their last numbers: those of 32 images would be 42 MB
    return QuantizedTransformer(model, p, nbytes, tensors, settings.activations)


def encoded(w: np.ndarray, settings: TransformerSettings, name: str = "") -> Encoded:
    """The weight matrix of this name, encoded as the settings say."""
    if settings.prepare == ROTATED:
        return Rotated(encoded(rotate(w), replace(settings, prepare=UNPREPARED), name))
    if settings.format != GRID:
        return find(settings.format).encode(w)
    return Alone(settings.bits, settings.scheme, settings.per, settings.clip, settings.method, settings.seed)(w, name)


def rounded_by(settings: TransformerSettings) -> Callable[[str, np.ndarray], np.ndarray]:
    """A function of a weight matrix's name and numbers that gives what the settings make of it, decoded."""
    return lambda name, w: encoded(w, settings, name).dequantize()


def put_on_grids(model: ViT | GPT, settings: TransformerSettings, tensors: Mapping[str, QuantizedTensor],
                 follows: bool = False) -> None:
    """Put every number that goes into a product of matrices on a grid, except a softmax's probabilities. Layers whose
    weights are among the tensors multiply codes. The grids come from the first pass, or from each if they follow it."""
    def grid(rotated: bool = False) -> Activation:
        return Activation(settings.activations, settings.calibrate, follows, rotated)

    def dense(layer: Linear, after: Sequence[Activation] = ()) -> OnGrids:
        return OnGrids(layer, grid(rotated), after, tensors.get(layer.weight))

    rotated = settings.prepare == ROTATED  # the inputs of weights; queries, keys and values meet no weights

    def wrap(block: Block) -> None:
        attention = block.attention
        attention.qkv = dense(attention.qkv, [grid(), grid(), grid()])
        attention.out, block.up, block.down = dense(attention.out), dense(block.up), dense(block.down)
        block.at_once = between_grids

    if isinstance(model, ViT):
        model.embed = dense(model.embed)
    for block in model.blocks:
        wrap(block)
    model.norm = OnGrids(model.norm, after=[grid(rotated)])  # the head's input
