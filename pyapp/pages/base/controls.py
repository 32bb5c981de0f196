"""Parameters that several pages have, each built in one place: a page adds its default and what it decides there.

`changes` are other fields of Param that a page has differently.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pyapp.core.optim import OPTIMISERS
from pyapp.experiment.frame import Idle
from pyapp.experiment.params import Param, Value
from pyapp.quant.alone import ALONE, HQQ, STOCHASTIC
from pyapp.quant.calibrate import CALIBRATIONS, CLIPS, RANGES, TOKEN
from pyapp.quant.schemes import MIN_BITS, SCHEMES

OFF, NONE = "off", "none"  # instead of a number of bits
LAYERS = ("layer1", "layer2", "layer3")  # of the digits network
LAYER_TITLES = {"layer1": "layer 1", "layer2": "layer 2", "layer3": "layer 3"}
DATA_TITLES = {"laplace": "Laplace", "relu": "ReLU", "silu": "SiLU", "outlier": "with outliers",
               "channels": "unequal channels"}
NETWORK_TITLES = {"vision transformer": "Vision Transformer", "gpt": "GPT"}
ROUNDING_TITLES = {"single": "one rounding", "double": "two roundings", "float": "float32 factor"}
RANGE_TITLES = {"minmax": "smallest to largest", "percentile": "99.9th percentile", "mse": "least squared error",
                "entropy": "least divergence", "ema": "moving average"}


def idle_in_float(*names: str, by: str = "activations", value: Value = NONE, what: str = "activations") -> Idle:
    """Parameters that have no effect while `what` stays float32."""
    return Idle(names, by, "is", (value,), f"the {what} stay float32")


def seed(doc: str, **changes: Any) -> Param:
    return replace(Param("seed", "Seed", "int", 1, doc, lo=0, hi=2**32 - 1, widget="number"), **changes)


def bits(default: int, doc: str, **changes: Any) -> Param:
    """A slider for bits, 2 to 8."""
    return replace(Param("bits", "Bits", "int", default, doc, lo=MIN_BITS, hi=8), **changes)


def bits_or_off(doc: str, widths: Iterable[int] = range(MIN_BITS, 9), **changes: Any) -> Param:
    """A slider whose last position switches the quantisation off."""
    return replace(Param("bits", "Bits per weight", "choice", OFF, doc, choices=(*map(str, widths), OFF),
                         titles={OFF: "float32"}, widget="slider"), **changes)


def bits_or_none(name: str, label: str, doc: str, default: str = "8", none: str = NONE, live: bool = True) -> Param:
    """A list that begins with no quantisation, which links and commands call `none`."""
    return Param(name, label, "choice", default, doc, choices=(none, *"8765432"), titles={none: "float32"},
                 live=live)


def per(default: str, groups: tuple[int, ...] = (8, 16, 32, 64), **changes: Any) -> Param:
    param = Param("per", "One scale per", "choice", default,
                  choices=("tensor", "channel", *(f"group:{size}" for size in groups)),
                  titles={f"group:{size}": f"group of {size}" for size in groups} or None,
                  doc="Weights that share a scale: all of a matrix, those of one output, or N neighbours in a row")
    return replace(param, **changes)


def scheme(doc: str = "Scheme of the weights; activations are always affine and unsigned") -> Param:
    return Param("scheme", "Scheme", "choice", "symmetric", doc, choices=SCHEMES)


def weight_method(default: str) -> Param:
    return Param("method", "Method", "choice", default, choices=("round", "gptq"),
                 titles={"round": "rounding", "gptq": "GPTQ"},
                 doc="Round to nearest, or GPTQ, which lets later weights make up for earlier errors")


def any_method() -> Param:
    """All methods that round weights: those of `weight_method`, and those that see no inputs."""
    param = weight_method("round")
    return replace(param, choices=(*param.choices, HQQ, STOCHASTIC),
                   titles={**param.titles, HQQ: "HQQ", STOCHASTIC: "stochastic rounding"},
                   doc=f"{param.doc}; HQQ, whose zero points lie between codes; or up and down by chance")


def method_alone() -> Param:
    """The methods of `any_method` that see no inputs."""
    param = any_method()
    return replace(param, choices=ALONE, titles={name: param.titles[name] for name in ALONE},
                   doc="Round to nearest; HQQ, whose zero points lie between codes; or round up and down by chance")


def weight_range(default: str) -> Param:
    return Param("clip", "Range of the weights", "choice", default, choices=CLIPS, titles=RANGE_TITLES,
                 doc="All weights lie on the grid, or the largest are clipped where that lowers the squared error")


def calibration(at_run_time: bool = False) -> Param:
    """How the ranges of activations are found. With `at_run_time`, each image may also find its own."""
    param = Param("calibrate", "Calibration", "choice", "minmax", choices=CALIBRATIONS, titles=RANGE_TITLES,
                  doc="How the range of each activation is found, on 1,024 training images")
    return param if not at_run_time else replace(
        param, choices=RANGES, titles={**RANGE_TITLES, TOKEN: "per image, at run time"},
        doc=f"{param.doc}, or by each image itself, which integer arithmetic cannot do")


def calibration_of_text() -> Param:
    """How the ranges of a GPT's activations are found."""
    return replace(calibration(at_run_time=True), titles={**RANGE_TITLES, TOKEN: "per character, at run time"},
                   doc="How the range of each activation is found: on texts that the network writes itself, or for "
                       "each character while it is read")


def layer(doc: str, label: str = "Layer") -> Param:
    return Param("layer", label, "choice", LAYERS[0], doc, choices=LAYERS, titles=LAYER_TITLES)


def temperature(default: float, doc: str, **changes: Any) -> Param:
    return replace(Param("temperature", "Temperature", "float", default, doc, lo=0.1, hi=2.0, step=0.05), **changes)


def rows(default: int, hi: int, doc: str, lo: int = 1, step: int = 1) -> Param:
    return Param("rows", "Rows", "int", default, doc, lo=lo, hi=hi, step=step)


def columns(default: int, hi: int, doc: str) -> Param:
    return Param("columns", "Columns", "int", default, doc, lo=1, hi=hi)


def row_length(lo: int, doc: str) -> Param:
    """Logits per row, N."""
    return Param("length", "Row length", "int", 64, doc, lo=lo, hi=256)


def optimiser(default: str) -> Param:
    return Param("optimiser", "Optimiser", "choice", default, choices=tuple(OPTIMISERS),
                 titles={"sgd": "SGD", "adam": "Adam"},
                 doc="How a gradient becomes a step; changing it also sets the learning rate to its usual value")


def rate(default: float, doc: str = "How far one step goes", lo: float = 1e-4, hi: float = 0.1,
         usual: tuple[str, Mapping[str, float]] | None = None) -> Param:
    return Param("rate", "Learning rate", "float", default, doc, lo=lo, hi=hi, log=True, usual=usual)


def usual_rates(**rates: float) -> tuple[str, dict[str, float]]:
    """The optimiser parameter and the default learning rate for each optimiser; `rates` overrides some of them."""
    return "optimiser", {name: method.usual_rate for name, method in OPTIMISERS.items()} | rates


def batch(default: str, sizes: tuple[int, ...], unit: str, doc: str) -> Param:
    return Param("batch", "Batch size", "choice", default, doc, choices=tuple(map(str, sizes)), unit=unit)
