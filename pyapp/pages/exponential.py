"""The exponential in integers: I-BERT's i-exp at one point, and what the scale does to it."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Column, Fact, Facts, Panel, Table, Words
from pyapp.experiment.params import Param, neighbours
from pyapp.experiment.pictures import Axis, Chart, Line
from pyapp.pages.base import softmax_controls
from pyapp.pages.base.softmax_lab import SoftmaxLab
from pyapp.softmax import exponential
from pyapp.softmax.exponential import CLIFFS, CONSTANTS, LN2, METHODS, PUBLISHED, IExp, breaks, gap
from pyapp.softmax.ibert import PERIODS

LOWEST = -8.0  # e^-8 is 3.4e-4, less than a tenth of a code of 8 bits
SMOOTH = 401  # points of a curve
BEYOND = -3.2  # where the parabola, drawn outside of its period, is back at the height of 1
MARKS = 12  # periods that are marked
FEW = 60  # codes that can be told apart as dots
SCALES = np.round(np.geomspace(0.002, 2.5, 161, dtype=np.float64), 6)


STEPS = {  # what each integer is called, and how it is made
    "q": ("code q", "x / S to the nearest"), "period": ("period", "ln 2 / S, rounded"),
    "z": ("periods z", "−q // period"), "p": ("what is left, p", "q + z · period"),
    "b": ("constant b", "b / S, rounded down"), "c": ("constant c", "c / S², rounded down"),
    "parabola": ("parabola", "(p + b) p + c"), "shift": ("shift", "n − z bits, left or right"),
    "result": ("result E", "parabola shifted"), "sixteen": ("in 16 bits", "what softmax adds up"),
}
OTHERWISE = {  # how these methods make it
    "ibert-paper": {"parabola": "(p + b)² + c", "period": "ln 2 / S, rounded down"},
    "ibert-ln2": {"shift": "n − z, less the parabola’s own bits", "period": "2¹² ln 2 / S, rounded",
                  "z": "−2¹² q // period", "p": "2¹² q + z · period"},
}
ROLES = {"ibert-paper": "faint", "ibert": "float", "ibert-ln2": "quant"}
CURVE = Panel("curve", "The exponential, and what integers make of it", (
    Words(text="Hardware that only knows integers adds, multiplies and shifts, but has nothing for eˣ: a table needs "
               "an entry for every code and another table for every scale, and a series needs many products, each "
               "wider than the last. So i-exp takes whole periods of ln 2 out of x, which a shift makes up for, and "
               "only the shaded piece is left, where one parabola will do; drag the point and watch where it is "
               "computed."),
    Words(role="caption", text="[eˣ](.float) and [{title}](.quant) over x, at {count:count} codes from "
                               "{lowest:fixed:0} to 0; dashed: the parabola outside its valid range; lines at whole "
                               "periods of {period}"),
    Chart(name="curve", label="e to the x, and the integer exponential.", x="x", pick="x", at="at", height=330,
          across=Axis(ends="ends.x"), up=Axis(ends="ends.y"), marks="marks", lines=(
              Line("parabola", "quant", x="parabola_x", thin=True, dash=True),
              Line("curve", "float", "e^x", x="curve_x"), Line("made", "quant", "i-exp", shape="steps"),
              Line("dots?", "quant", shape="dots")),
          read="q = {codes:fixed:0}, x = {x:fixed:4}: e^x {exact:fixed:5}, i-exp {made:fixed:5}, error "
               "{error:signed:5}"),
    Words(role="note", name="breaks", over="breaks", text="{item}"),
    Facts(cards=True, live=True, facts=tuple(Fact(label, (f"point.{entry}",), f"point-{entry.partition(':')[0]}", role)
                                  for label, entry, role in (
        ("x", "x:fixed:4", ""), ("code q", "q:fixed:0", "quant"), ("periods z", "z:count", "quant"),
        ("p, in the shade", "p:fixed:4", "quant"), ("e to the x", "exact:fixed:5", "float"),
        ("i-exp", "made:fixed:5", "quant"), ("error", "error:signed:5", "")))),
), empty="The curves appear when Python has started.")
INTEGERS = Panel("integers", "Every integer on the way", (
    Words(text="From the code to the result, only these integers are computed. Beside each are the real number that "
               "it stands for and the value that exact arithmetic has in its place: the error comes from the first "
               "line whose last two numbers differ."),
    Table(name="steps", rows="steps", caption="Every integer on the way", columns=(
        Column("step", "{title} [`{formula}`](.muted)"), Column("integer", "integer:count", role="quant"),
        Column("stands for", "real"), Column("exact", "exact", role="float"))),
    Words(name="widest", text="With n = {exponent:fixed:0} the largest result, at x = 0, takes {widest:count} "
                              "bits{too_wide}."),
), empty="The integers appear when Python has started.")
GAP = Panel("gap", "How good the parabola is", (
    Words(name="gap-about",
          text="Its distance from eᵖ between −ln 2 and 0, before anything is rounded to integers. The paper's text "
               "rounds the constants, the published code does not, and only the code's reach the published maximum, "
               "to the two digits that are printed; one output code of 8 bits is 3.9e−3."),
    Words(role="caption", text="polynomial − eᵖ over p; the vertical line is the point's p"),
    Chart(name="gap", label="Error of the polynomial over one period.", x="gap_p", lines="gap_lines",
          up=Axis(ends="ends.gap"), marks="gap_marks", height=200,
          read="p = {gap_p:fixed:4}: code constants {gap_code:signed:6}, paper constants {gap_paper:signed:6}"),
    Table(name="gaps", rows="gaps", chosen="chosen", caption="Both sets of constants", columns=(
        Column("constants", "name"), *(Column(key, f"{key}:text") for key in "abc"),
        Column("largest", "maximum:fixed:6"), Column("at p", "at:fixed:3"), Column("mean", "mean:fixed:6"))),
), empty="The error appears when Python has started.")
SCALE = Panel("scale", "What the scale does", (
    Words(text="ln 2 is [{ln2_codes:fixed:4}](.float) codes at S = {scale:text}, and the original wants a whole "
               "number. On a fine grid rounding it costs little; on a coarse one the periods drift away from "
               "{ln2:fixed:4}, further with each of them. The repair keeps 12 more bits of it and of p: wider "
               "integers, but no extra step."),
    Table(name="periods", rows="scales", chosen="chosen", caption="Every method at this scale", columns=(
        Column("method", "title"), Column("ln 2 in codes", "codes", role="quant"),
        Column("used as ln 2", "period:fixed:5", role="quant"),
        Column("off by", "{off_percent:signed:3} %", "off"), Column("largest error", "worst:fixed:5"))),
    Words(role="caption", text="largest error of i-exp from {lowest:fixed:0} to 0, over the scale S; both axes "
                               "logarithmic"),
    Chart(name="scales", label="Largest error over the scale.", x="all_scales", across=Axis(log=True),
          up=Axis(ends="ends.worst", log=True), marks="scale_marks", lines=tuple(
              Line(f"worst_{name}", ROLES[name], label) for name, label in (
                  ("ibert-paper", "paper"), ("ibert", "code"), ("ibert-ln2", "12-bit ln 2"))),
          read="S = {all_scales}: paper {worst_ibert-paper:fixed:5}, code {worst_ibert:fixed:5}, 12-bit ln 2 "
               "{worst_ibert-ln2:fixed:5}"),
), empty="The error at every scale appears when Python has started.")


class Page(SoftmaxLab):
    title = "Exponential"
    summary = "Drag a point along the exponential and see every integer that I-BERT's i-exp computes."
    order = 50
    NEXT = ("staircase", "See what few bits make of a curve, and of a whole softmax.")
    BAR = "e^x at {point.x:fixed:2}: [{point.exact:fixed:4}](.float) → [{point.made:fixed:4}](.quant)"
    GROUPS = (("The point", ("x",)), ("The method", ("method", "scale", "exponent")))
    PANELS = (CURVE, INTEGERS, GAP, SCALE)
    MAIN = ("method", "scale")
    RECORDED = ()
    SETTLED = preparing = True
    PARAMS = (
        Param("x", "Point x", "float", -2.5, lo=LOWEST, hi=0, step=0.01,
              doc="Logit minus the row maximum, rounded to the nearest code"),
        Param("method", "Softmax", "choice", "ibert", choices=tuple(METHODS), titles=softmax_controls.SOFTMAX_TITLES,
              doc="Whose exponential: I-BERT's published code; its paper, with the printed constants and algorithm; or "
                  "the code with 12 more bits of ln 2"),
        Param("scale", "Scale S", "float", 0.1, lo=float(SCALES[0]), hi=float(SCALES[-1]), log=True,
              doc="The real value of one code step"),
        Param("exponent", "Exponent bits n", "int", PERIODS, lo=0, hi=PERIODS,
              doc="Bits that the result has below the parabola's unit, to be shifted out by halving; the code has 30, "
                  "the printed algorithm none"),
    )

    def background(self) -> Iterator[None]:
        """Find the errors for the other positions of the slider of exponents, a tenth of a second for each."""
        for bits in neighbours(self.PARAMS, "exponent", self.params["exponent"]):
            for name in METHODS:
                worst(name, bits)
                yield

    def frame(self) -> Frame:
        name, scale, bits = self.params["method"], self.params["scale"], self.params["exponent"]
        made = IExp(name, scale, bits)
        codes = made.codes(LOWEST)
        x, y = np.round(codes * scale, 9), made.values(codes)  # -2.4, not -2.4000000000000004
        error = y - np.exp(x)
        at = int(np.abs(x - self.params["x"]).argmin())
        arrays = {"codes": codes, "x": x, "made": y, "exact": np.exp(x), "error": error, **curves(name),
                  "all_scales": SCALES, **{f"worst_{key}": worst(key, bits) for key in METHODS}}
        if codes.size <= FEW:
            arrays["dots"] = y
        period, widest = made.codes_to_a_period * scale, int(made.integers(np.zeros(1, np.int64))[0]).bit_length()
        facts, gaps = point(made, int(codes[at]), self.params["x"]), gap_rows(made.constants)
        scales = [scale_facts(key, scale, bits, name) for key in METHODS]
        scalars = {
            "title": METHODS[name].title, "scale": scale, "ln2": LN2, "ln2_codes": LN2 / scale, "lowest": LOWEST,
            "count": codes.size, "at": at, "exponent": made.bits, "widest": widest, "too_wide": "" if widest < 32 else
            ", more than an int32 holds: the published code keeps it in a float",
            **facts, "period": period, "marks": marks(facts["point"], period),
            "ends": {"x": [LOWEST, 0.0], "y": [0.0, 1.2], "gap": [-0.0026, 0.0026],
                     "worst": [1e-3, max(float(arrays[f"worst_{key}"].max()) for key in METHODS)]},
            "gaps": gaps, "gap_marks": gap_marks(gaps, facts["point"]["p"]),
            "gap_lines": [{"y": f"gap_{row['name']}", "label": row["name"], "thin": not row["chosen"],
                           "role": "quant" if row["chosen"] else "faint"} for row in gaps],
            "scales": scales, "breaks": breaks(name, scale), "scale_marks": scale_marks(scales, scale, name),
        }
        return Frame(0, scalars, arrays)


def point(made: IExp, q: int, x: float) -> dict[str, Any]:
    """The code's way to its result, and what the picture shows of it."""
    steps = made.trace(q, x)
    by_name = {step.name: step for step in steps}
    result = by_name["result"]
    facts = {"x": by_name["q"].real, "q": q, "z": by_name["z"].integer, "p": by_name["p"].real,
             "parabola": by_name["parabola"].real, "exact": result.exact, "made": result.real,
             "error": result.real - result.exact}
    own = OTHERWISE.get(made.method.name, {})
    return {"point": facts, "steps": [{**asdict(step), "title": STEPS[step.name][0],
                                       "formula": own.get(step.name, STEPS[step.name][1])} for step in steps]}


def periods(period: float) -> list[float]:
    """The whole multiples of the period below 0, down to the lowest x."""
    return [-k * period for k in range(1, MARKS + 1) if -k * period > LOWEST]


def marks(point: dict[str, Any], period: float) -> list[dict[str, Any]]:
    """On the curve: the first period in the shade, all of them as lines, and the point's way into the first."""
    band = [{"kind": "band", "x": -period, "to": 0.0}] if period < -LOWEST else []
    lines = [{"kind": "vertical", "x": x, "text": f"z = {i}" if i < 10 else ""}
             for i, x in enumerate(periods(period), 1)]
    here, there = ({"x": point[x], "y": point[y], "role": "quant"} for x, y in (("p", "parabola"), ("x", "made")))
    return [*band, *lines, {"kind": "thread", **here, "to": [there["x"], there["y"]]},
            {"kind": "point", **here, "hollow": True}, {"kind": "point", **there}]


def gap_rows(chosen: str) -> list[dict[str, Any]]:
    """Both sets of constants, and how far their parabola is from e^p."""
    return [{"name": key, **asdict(of), **gap(of), "chosen": key == chosen} for key, of in CONSTANTS.items()]


def gap_marks(rows: list[dict[str, Any]], p: float) -> list[dict[str, Any]]:
    """On the parabola's error: the point's p, the published maximum, and the largest error of the chosen constants."""
    published = [{"kind": "horizontal", "y": PUBLISHED, "text": f"published maximum {PUBLISHED}", "role": "error"},
                 {"kind": "horizontal", "y": -PUBLISHED, "role": "error"}]
    return [{"kind": "vertical", "x": p, "role": "quant"}, *published,
            *({"kind": "point", "x": row["at"], "y": row["value"], "role": "error", "hollow": True}
              for row in rows if row["chosen"])]


def scale_marks(rows: list[dict[str, Any]], scale: float, method: str) -> list[dict[str, Any]]:
    """On the error over the scale: this scale and every method's error there, and where the original breaks."""
    cliffs = [{"kind": "vertical", "x": limit, "text": f"{limit:.3g}", "role": "error"} for limit, _ in CLIFFS[method]]
    return [{"kind": "vertical", "x": scale, "text": "S", "role": "quant"}, *cliffs,
            *({"kind": "point", "x": scale, "y": row["worst"], "role": ROLES[row["name"]],
               "hollow": row["name"] != "ibert-ln2"} for row in rows)]


def curves(name: str) -> dict[str, np.ndarray]:
    """e^x, the method's parabola in its period and below it, and the errors of both sets of constants; float64."""
    x = np.linspace(LOWEST, 0, SMOOTH, dtype=np.float64)
    beyond = np.linspace(BEYOND, 0, SMOOTH, dtype=np.float64)
    arrays = {"curve_x": x, "curve": np.exp(x), "parabola_x": beyond, "parabola": METHODS[name].polynomial(beyond)}
    for key, constants in CONSTANTS.items():
        arrays["gap_p"], arrays[f"gap_{key}"] = exponential.error(constants, SMOOTH)
    return arrays


def scale_facts(name: str, scale: float, bits: int, chosen: str) -> dict[str, Any]:
    """What a method takes for ln 2 at this scale, by how many percent that is off, and its largest error."""
    made = IExp(name, scale, bits)
    period = made.codes_to_a_period * scale
    return {"name": name, "title": METHODS[name].title, "codes": made.codes_to_a_period, "period": period,
            "off_percent": 100 * (period / LN2 - 1), "worst": made.worst(LOWEST), "chosen": name == chosen}


@cache
def worst(name: str, bits: int) -> np.ndarray:
    """The largest error of a method from the lowest x to 0, at all SCALES, float64 (161,)."""
    return np.array([IExp(name, float(scale), bits).worst(LOWEST) for scale in SCALES], np.float64)
