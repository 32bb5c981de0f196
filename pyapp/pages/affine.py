"""Symmetric or affine: both schemes on the same numbers, and what the zero point buys."""

from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Beside, Column, Fact, Facts, Head, Panel, Table, Words
from pyapp.experiment.params import Param, Values
from pyapp.experiment.pictures import Histogram
from pyapp.measure.histogram import edges, histogram
from pyapp.nets.mlp import MLP
from pyapp.pages.base import controls, tensors
from pyapp.pages.base.picture import ends, lines
from pyapp.quant.error import quantization_error, sqnr_db
from pyapp.quant.schemes import MAX_BITS, SCHEMES, QuantizedTensor, quantize

SHAPE = (64, 64)
IMAGES = 32  # whose activations are shown
GLANCE = (2, 4, 8, 16)
FINE_BITS = 7  # from here on the grid's lines are too close to be drawn
BIT_DB = float(20 * np.log10(2))  # a bit more halves the step: 6.02 dB
NOTHING_DB = 0.5  # a smaller difference is none
KINDS = {
    "relu": "normal numbers after ReLU", "silu": "normal numbers after SiLU",
    "activations": "the digits network's numbers after its first layer, for 32 digits", "normal": "normal numbers",
    "laplace": "Laplace numbers", "weights": "weights of the digits network's first layer",
}
FACTS = (  # of both schemes, and of the affine grid that is not nudged
    ("SQNR", "sqnr_db:decibels:2", "sqnr_db:decibels:2"), ("scale", "scale", ""),
    ("zero point", "zero_point:fixed:0", "zero_point:fixed:3"), ("what 0 becomes", "zero_error", "zero"),
    ("codes in use, of {codes_there:count}", "used:count", ""), ("codes out of reach", "beyond:count", ""),
    ("mean error", "mean", ""), ("maximum error", "maximum", ""),
)


def comparison(name: str, title: str) -> Panel:
    """One set of numbers under both schemes: the grid over the histogram, then the facts side by side."""
    def picture(scheme: str) -> Histogram:
        array = f"{name}_{scheme}"
        return Histogram(
            name=f"{name}-{scheme}", caption=scheme,
            label=f"Histogram of the {name} numbers, {scheme}, {{bits}} bits.",
            edges=f"{name}_edges", before=f"{name}_before", after=f"{array}_after", ends=f"{array}_ends",
            lines=f"{array}_lines?", used=f"{array}_used?", height=300)

    return Panel(name, title, (
        Words(text=f"{{{name}.count:count}} {{{name}.kind}}, {{{name}.lowest}} to {{{name}.highest}}; "
                   f"{{{name}.zeros:percent}} are exactly 0. Ink: the numbers; orange: where they land; heights have a "
                   "square-root scale. Below them the grid: an orange tick is a code in use, a [red cross](.bad) one "
                   "on which no number lands{fine}."),
        Beside(blocks=tuple(picture(scheme) for scheme in SCHEMES)),
        Facts(name=f"{name}-facts", caption=f"The {name} numbers on both grids",
              heads=(*(Head(scheme, name=f"{name}-{scheme}") for scheme in SCHEMES),
                     Head("not nudged", "muted", f"{name}-unnudged")),
              facts=tuple(Fact(label, (*(f"{name}.{scheme}.{value}" for scheme in SCHEMES),
                                       f"{name}.unnudged.{other}" if other else ""))
                          for label, value, other in FACTS)),
    ), empty="Two histograms appear when Python has started.")


def glance(name: str) -> Table:
    return Table(name=f"glance-{name}", rows=f"{name}.glance", key="bits", caption=f"SQNR of the {name} numbers",
                 columns=(Column(f"{name}, bits", "bits"),
                          *(Column(scheme, f"{scheme}:decibels:2") for scheme in SCHEMES)))


def buys(name: str, title: str) -> Words:
    return Words(name=f"verdict-{name}", role="verdict-words", text=f"**{title}.** {{{name}.words}}")


class Page(Experiment):
    title = "Symmetric or affine"
    summary = "The same numbers on a symmetric and on an affine grid: see when a zero point pays."
    entry = "Rounding"
    order = 11
    NEXT = ("formats", "Beside whole numbers: small floats, NF4 and shared scales on the same tensor.")
    BAR = "skewed: symmetric {skewed.symmetric.sqnr_db:decibels:1} → affine {skewed.affine.sqnr_db:decibels:1}"
    PANELS = (
        comparison("skewed", "Skewed numbers"),
        comparison("centred", "Centred numbers"),
        Panel("verdict", "What the zero point buys", (
            Beside(blocks=(buys("skewed", "Skewed"), buys("centred", "Centred"))),
            Words(text="What it costs: in a matrix product each [zero point](?zero-point) that is not 0 brings a "
                       "correction term: the row sums of the weights times the zero point of the activations, known "
                       "in advance, and the sums of the activations times the zero point of the weights, which have "
                       "to be added up again for every input. [Integer matmul](#matmul) shows them."),
            Words(name="cost", text="{cost}"),
        ), empty="Measured when Python has started."),
        Panel("glance", "At 2, 4, 8 and 16 bits", (
            Words(text="[SQNR](?sqnr) of both schemes on the same numbers, in decibels."),
            Beside(blocks=(glance("skewed"), glance("centred"))),
        )),
    )
    MAIN = ("bits", "skewed")
    RECORDED = ()
    PARAMS = (
        controls.bits(4, "Bits per code, on both grids", hi=MAX_BITS),
        Param("skewed", "Skewed numbers", "choice", "relu", choices=("relu", "silu", "activations"),
              titles=controls.DATA_TITLES,
              doc="Normal numbers after ReLU or SiLU, or what the digits network has after its first layer"),
        Param("centred", "Centred numbers", "choice", "normal", choices=("normal", "laplace", "weights"),
              titles=controls.DATA_TITLES,
              doc="A distribution around 0, or weights of the digits network's first layer"),
        controls.seed("Decides which numbers, weights or images are drawn"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.change("seed", params["seed"])

    def change(self, name: str, value: Any) -> list[str]:
        seed = self.params["seed"]
        if name != "bits":
            self.data = {key: numbers(self.params[key], seed) for key in ("skewed", "centred")}
        return []

    def frame(self) -> Frame:
        bits = self.params["bits"]
        frame = Frame(scalars={"bits": bits, "codes_there": 1 << bits, "fine": "" if bits < FINE_BITS else
                               f" (up to {FINE_BITS - 1} bits; here only how far the grid reaches)"})
        for name, x in self.data.items():
            self._compare(name, x, frame)
        frame.scalars["cost"] = cost(frame.scalars["skewed"]["affine"]["zero_point"])
        return frame

    def _compare(self, name: str, x: np.ndarray, frame: Frame) -> None:
        """Both schemes on x: facts, and pictures on common bins."""
        bits = self.params["bits"]
        made = {scheme: quantize(x, bits, scheme) for scheme in SCHEMES}
        facts: dict[str, Any] = {scheme: judged(x, tensor) for scheme, tensor in made.items()}
        facts["unnudged"] = without_nudging(x, bits)
        facts["gain_db"] = facts["affine"]["sqnr_db"] - facts["symmetric"]["sqnr_db"]
        facts["gain_bits"] = facts["gain_db"] / BIT_DB
        facts["words"] = verdict(facts, bits)
        facts["glance"] = [{"bits": b, **{scheme: quantization_error(x, quantize(x, b, scheme)).sqnr_db
                                          for scheme in SCHEMES}} for b in GLANCE]
        facts |= {"kind": KINDS[self.params[name]], "count": x.size, "zeros": float((x == 0).mean()),
                  "lowest": float(x.min()), "highest": float(x.max())}
        frame.scalars[name] = facts
        bins = edges(x, *(end for tensor in made.values() for end in np.array(ends(tensor.grid))))
        frame.arrays |= {f"{name}_edges": bins, f"{name}_before": histogram(x, bins)}
        for scheme, tensor in made.items():
            frame.arrays |= {f"{name}_{scheme}_{key}": array for key, array in pictures(tensor, bins).items()}


def numbers(kind: str, seed: int) -> np.ndarray:
    """The numbers of one choice, float32 (64, 64)."""
    if kind == "weights":
        return tensors.weights("layer1", SHAPE, seed)
    if kind != "activations":
        return tensors.draw(kind, SHAPE, seed)
    first, *_ = MLP().linears
    images = generator(seed, "affine images").permutation(mnist.CALIBRATION)[:IMAGES]
    p, x = shipped.mlp(), mnist.calibration()[images].astype(np.float64)  # so that sums end alike in any order
    return first.forward(p, x, relu=True).astype(np.float32).reshape(SHAPE)  # 32 images of 128 neurons


def judged(x: np.ndarray, tensor: QuantizedTensor) -> dict[str, Any]:
    """Grid, errors, and how many of the 2^b codes are used; `beyond` counts those outside the range of used ones."""
    used, grid = np.unique(tensor.codes), tensor.grid
    lowest, highest = ends(grid)
    there = 1 << grid.bits
    return {
        **{key: value for key, value in asdict(quantization_error(x, tensor)).items() if not isinstance(value, dict)},
        "scale": float(grid.scale), "zero_point": int(grid.zero_point), "low": grid.low, "high": grid.high,
        "used": int(used.size), "beyond": there - (int(used[-1]) - int(used[0]) + 1), "lowest": lowest,
        "highest": highest, "zero_error": float(abs(grid.fake_quantize(np.zeros(1, np.float32))[0])),
    }


def unnudged(x: np.ndarray, lo: float, hi: float, bits: int) -> np.ndarray:
    """x on a grid that begins at lo itself: x̂ = lo + s · round((x - lo) / s). This grid may have no line at 0."""
    levels = (1 << bits) - 1
    scale = (hi - lo) / levels
    return lo + scale * np.clip(np.rint((x - lo) / scale), 0, levels)


def without_nudging(x: np.ndarray, bits: int) -> dict[str, float]:
    """What 0 becomes on the grid from min x ≤ 0 to max x, the zero point that this grid would need, and its SQNR."""
    lo, hi = float(x.min()), float(x.max())
    after, zero = unnudged(x.astype(np.float64), lo, hi, bits), unnudged(np.zeros(1), lo, hi, bits)
    return {"zero": float(zero[0]), "zero_point": abs(lo) / (hi - lo) * ((1 << bits) - 1),
            "sqnr_db": sqnr_db(x, after - x)}


def verdict(facts: dict[str, Any], bits: int) -> str:
    """What the zero point buys, in a sentence that follows from the measured numbers."""
    gain, symmetric, affine = facts["gain_db"], facts["symmetric"], facts["affine"]
    spent = (f"the symmetric grid wastes {symmetric['beyond']:,} of its {1 << bits:,} codes, the affine grid "
             f"{affine['beyond']:,}")
    if gain < -NOTHING_DB:
        return f"Here a zero point costs {-gain:.1f} dB: {spent}."
    if gain <= NOTHING_DB:
        return f"Here a zero point gains nothing ({gain:+.1f} dB): {spent}."
    return f"Here a zero point gains {gain:.1f} dB, as much as {gain / BIT_DB:.1f} more bits would: {spent}."


def cost(zero_point: int) -> str:
    """Whether the zero point of the skewed numbers has to be paid for."""
    paid = (f"The zero point of the skewed numbers is {zero_point}, so they need the correction." if zero_point else
            "The zero point of the skewed numbers is 0, because their smallest number is 0: they need no correction.")
    return f"{paid} That is why activations are usually affine and weights symmetric."


def pictures(tensor: QuantizedTensor, bins: np.ndarray) -> dict[str, np.ndarray]:
    """Where the numbers land; on a coarse grid also its lines and whether a number landed on them; the grid's ends."""
    grid = tensor.grid
    arrays = {"after": histogram(tensor.dequantize(), bins), "ends": np.array(ends(grid), np.float64)}
    if grid.bits < FINE_BITS:
        codes, reals = lines(grid)
        arrays |= {"lines": reals, "used": np.isin(codes, tensor.codes).astype(np.uint8)}
    return arrays
