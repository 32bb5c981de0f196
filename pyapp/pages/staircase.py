"""The staircase: what is left of a curve on few codes, and which steps each softmax method makes of the same codes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Column, Fact, Facts, Panel, Table, Words
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.experiment.pictures import Axis, Chart, Line
from pyapp.pages.base import controls, softmax_controls, tensors
from pyapp.pages.base.softmax_lab import SoftmaxLab
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.staircase import BITS, ELEMENTWISE, WAYS, Curve, Probability

PROBABILITY = "softmax"
MOST = 15  # other logits in the row
OTHERS = "0, 1, -1, 2.5"


def stairs(way: str, title: str, **options: Any) -> Chart:
    """The curve and its staircase, rounded in one of three ways."""
    return Chart(name=f"stairs-{way}", label=f"{{curve}} and its staircase, {title}.", x="x", up=Axis(ends="range"),
                 lines=(Line("float"), Line(way, "quant", shape="steps")),
                 read=f"{{x:fixed:2}}: float {{float:fixed:5}}, steps {{{way}:fixed:5}}, error "
                      f"{{error_{way}:signed:5}}", **options)


STEPS = Panel("steps", "The curve becomes a staircase", (
    Words(text="In fixed point a number is one of few codes, and eˣ is expensive there because it spans many powers "
               "of two while the codes are evenly spaced. Rounding the input makes steps of equal width, whose height "
               "grows with the slope; rounding the output makes steps of equal height. Take bits away and see where "
               "the steps become coarse first."),
    Words(role="caption", text="[{curve}](.float) and [{made}](.quant), {bits} bits: {codes:count} input codes, "
                               "{levels.both:count} step{levels.both:s}, L1 error {l1.both}; drag the point"),
    stairs("both", "both", pick="point", at="at", marks="point_marks", height=330),
    Words(role="doc", name="about", text="{about}", when="about"),
    Words(role="note", name="breaks", text="{breaks}", when="breaks"),
    Beside(blocks=(
        stairs("input", "input only", height=150,
               caption="**Only the input is rounded:** {levels.input:count} step{levels.input:s}, L1 {l1.input}"),
        stairs("output", "output only", height=150,
               caption="**Only the output is rounded{to_codes}:** {levels.output:count} "
                       "step{levels.output:s}, L1 {l1.output}"))),
), empty="The staircase appears when Python has started.")
WORTH = Panel("bits", "What a bit is worth", (
    Words(text="The L1 error, mean |steps − curve| over the whole curve, for 2 to 8 bits, logarithmic. One more "
               "bit halves the loss from rounding the input and from rounding the output; a method with its own output "
               "grid stops improving where that grid is the coarser of the two."),
    Chart(name="l1", label="L1 error at 2 to 8 bits.", x="widths", up=Axis(ends="l1_range", log=True),
          marks="l1_marks", lines=(Line("l1_input", label="input only"), Line("l1_both", "quant", "both"),
                                   Line("l1_output", label="output only", dash=True)),
          read="{widths} bits: input only {l1_input:scientific}, output only {l1_output:scientific}, both "
               "{l1_both:scientific}"),
), empty="The error at 2 to 8 bits appears when Python has started.")
ROW = Panel("row", "The row at the point", (
    Words(text="Softmax of a few logits on a grid of {bits} bits, S = {row.scale}: [in float](.float) and "
               "[{row_words}](.quant). Moving one logit moves all probabilities."),
    Table(name="row", rows="row.columns", key="@index", chosen="first", caption="Logits and probabilities of the row",
          columns=(Column("logit", "z:fixed:2"), Column("code", "q:fixed:0", role="quant"),
                   Column("", bar=("p", "p_hat")), Column("p", "p:fixed:4", role="float"),
                   Column("p̂", "p_hat:fixed:4", role="quant"), Column("output", "y:count", role="quant"))),
    Facts(cards=True, live=True, facts=(Fact("sum of p̂", ("row.sum:fixed:4",), "row-sum", "quant"),
                             Fact("L1 of the row", ("row.l1:fixed:4",), "row-l1"),
                             Fact("one output code", ("row.unit",)))),
), place="readouts", empty="The probabilities appear when Python has started.")
RIVALS = Panel("methods", "Every method's staircase", (
    Words(name="methods-about",
          text="L1 error of the softmax curve of this row, with {bits} and with 8 bits. Exact is rounded to the "
               "chosen bits again at its end; the others have 7 or 8 output bits whatever is chosen, so that with few "
               "bits some of them come nearer. Choose a method to see its steps."),
    Words(role="doc", text="{waiting:count} more method{waiting:s} to measure.", when="waiting"),
    Table(name="methods", rows="measured", pick="method", also=(("curve", PROBABILITY),), columns=(
        Column("method", "title"), Column("{bits} bits", "now:fixed:5", role="quant"),
        Column("8 bits", "last:fixed:5", role="quant")), caption="L1 error of every method's staircase"),
), place="readouts", empty="Measured when Python has started.")


class Page(SoftmaxLab):
    title = "Staircase"
    summary = "Take bits away from a curve: rounding the input differs from rounding the output."
    order = 51
    NEXT = ("attention", "The same steps in a row of attention, where a shift can save the bits.")
    WORK = "auto"
    BAR = "{bits} bits, L1 {l1.both}"
    GROUPS = (("The curve", ("bits", "curve")), ("The row", ("method", "point", "others")))
    PANELS = (STEPS, WORTH, ROW, RIVALS)
    MAIN = ("bits", "method")
    RECORDED, REHEARSED = (), 100
    PARAMS = (
        controls.bits(4, "b bits have 2^b codes, of which a symmetric grid uses all but one"),
        Param("curve", "Curve", "choice", PROBABILITY, choices=(PROBABILITY, *ELEMENTWISE),
              doc="softmax is the first probability of a row, as a function of its first logit"),
        softmax_controls.softmax(
            name="method",
            doc="The method that turns the logits' codes into probabilities: exact computes in floats and rounds at "
                "the end"),
        Param("point", "First logit", "float", 1.0, lo=-8, hi=8, step=0.02,
              doc="Where the point is on the curve, and the first logit of the row beside it"),
        Param("others", "Other logits", "text", OTHERS, hi=400,
              doc=f"The rest of the row, 1 to {MOST} numbers from -64 to 64; applied when you leave the field"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        try:
            self.others, self._said = _read(params["others"])  # and how the text was read
        except ParamError as error:
            self.others = logits(OTHERS)
            self._said = self.refuse("others", error, "other logits", f"{OTHERS} are used instead.")
        self._start()

    def change(self, name: str, value: Any) -> list[str]:
        if name == "others":
            self.others, self._said = _read(value)
            self._start()
        return []

    def _start(self) -> None:
        """Nothing is measured yet of the methods on this row."""
        self.measured: dict[str, list[float]] = {name: [] for name in METHODS}

    @property
    def bits(self) -> int:
        return self.params["bits"]

    @property
    def row(self) -> Probability:
        """The row beside the curve, whichever curve is shown."""
        return Probability(self.others, self.params["method"])

    @property
    def curve(self) -> Curve:
        name = self.params["curve"]
        return self.row if name == PROBABILITY else ELEMENTWISE[name]

    def steps(self) -> Iterator[Frame]:
        """The L1 error of one method per step, over all bits; results are kept."""
        for name, found in self.measured.items():
            if not found:
                curve = Probability(self.others, name)
                found += [curve.l1(curve.both(curve.x, bits)) for bits in BITS]
                yield Frame(self._done)

    @property
    def _done(self) -> int:
        return sum(map(bool, self.measured.values()))

    def frame(self) -> Frame:
        curve, bits = self.curve, self.bits
        grid = curve.grid(bits)
        x, real, steps = curve.x, curve.real(curve.x), curve.steps(bits)
        at = int(np.abs(x - self.params["point"]).argmin())
        by_bits = errors(curve)
        arrays = {"x": x, "float": real, "widths": np.array(BITS, np.int32)}
        arrays |= {f"l1_{way}": by_bits[way] for way in WAYS}
        arrays |= {way: steps[way] for way in WAYS} | {f"error_{way}": steps[way] - real for way in WAYS}
        l1 = {way: curve.l1(steps[way]) for way in WAYS}
        scalars = {
            "curve": self.params["curve"], "bits": bits, "codes": grid.high - grid.low + 1, "at": at, "l1": l1,
            "levels": {way: int(np.unique(steps[way]).size) for way in WAYS},
            "range": window(real, *steps.values()), "l1_range": decades(*by_bits.values()),
            "point_marks": point_marks(float(x[at]), float(real[at]), float(steps["both"][at])),
            "l1_marks": l1_marks(bits, l1), **self._words(), "row": self._row(), "measured": self._measured(),
            "waiting": len(METHODS) - self._done,
        }
        return Frame(self._done, scalars, arrays, self._said)

    def _words(self) -> dict[str, str]:
        """What makes the steps and the row, in words; a method's own are seen on its softmax curve."""
        method = METHODS[self.params["method"]]
        exact = method.name == "exact"
        own = self.params["curve"] == PROBABILITY and not exact
        return {"made": f"what {method.title} makes of the codes" if own else "input and output rounded",
                "row_words": "of the rounded logits, rounded" if exact else f"by {method.title}",
                "to_codes": f", to {method.title}'s codes" if own else "",
                "about": f"{method.about} {method.source}." if own else "", "breaks": method.breaks if own else ""}

    def _row(self) -> dict[str, Any]:
        """Logits and probabilities of the row with the point as its first logit, float and quantised."""
        row = self.row
        z, grid = row.rows(np.array([self.params["point"]])), row.grid(self.bits)
        q, p, p_hat = grid.quantize(z), row.exact(z), row.answer(z, self.bits)
        y = None if row.method == "exact" else make(row.method, float(grid.scale))(q)
        columns = [{"z": float(z[0, j]), "q": int(q[0, j]), "p": float(p[0, j]), "p_hat": float(p_hat[0, j]),
                    "y": None if y is None else int(y[0, j]), "first": j == 0} for j in range(z.shape[1])]
        return {"scale": float(grid.scale), "unit": row.unit(self.bits), "columns": columns,
                "sum": float(p_hat.sum()), "l1": float(np.abs(p_hat - p).sum())}

    def _measured(self) -> list[dict[str, Any]]:
        """L1 error of the staircase of each method that has been measured, with the chosen bits and with the most."""
        return [{"name": name, "title": METHODS[name].title, "now": found[BITS.index(self.bits)], "last": found[-1]}
                for name, found in self.measured.items() if found]


def logits(text: str) -> np.ndarray:
    """The other logits of the row, float64 (N - 1,); ParamError if the text is no such row."""
    return _read(text)[0]


def _read(text: str) -> tuple[np.ndarray, list[str]]:
    """The logits, and notes on how the text was read."""
    values, notes = tensors.pasted(text, "others")
    values = values.reshape(-1).astype(np.float64)
    if values.size > MOST:
        raise ParamError("others", f"there are {values.size} other logits", f"write 1 to {MOST} numbers")
    if np.abs(values).max() > 64:
        raise ParamError("others", "a logit is beyond 64", "write numbers from -64 to 64")
    return values, notes


def errors(curve: Curve) -> dict[str, np.ndarray]:
    """The curve's L1 error at 2 to 8 bits, float64 (7,), for each way of rounding."""
    made = [curve.steps(bits) for bits in BITS]
    return {way: np.array([curve.l1(steps[way]) for steps in made], np.float64) for way in WAYS}


def point_marks(x: float, real: float, step: float) -> list[dict[str, Any]]:
    """The point on the curve and on its staircase, and how far they are apart."""
    return [{"kind": "thread", "x": x, "y": real, "to": [x, step], "role": "error"},
            {"kind": "point", "x": x, "y": real, "role": "float", "hollow": True},
            {"kind": "point", "x": x, "y": step, "role": "quant"}]


def l1_marks(bits: int, l1: dict[str, float]) -> list[dict[str, Any]]:
    """The chosen number of bits among all."""
    return [{"kind": "vertical", "x": bits, "text": f"{bits} bits", "role": "quant"},
            *({"kind": "point", "x": bits, "y": error, "role": "quant" if way == "both" else "float",
               "hollow": way != "both"} for way, error in l1.items())]


def window(*curves: np.ndarray) -> list[float]:
    """From the lowest to the highest number of all, with a little room."""
    lowest, highest = min(float(y.min()) for y in curves), max(float(y.max()) for y in curves)
    room = (highest - lowest) / 20
    return [lowest - room, highest + room]


def decades(*errors: np.ndarray) -> list[float]:
    """The powers of ten around all errors that are not 0."""
    found = np.concatenate(errors)
    found = np.log10(found[found > 0]) if found.any() else np.zeros(1, np.float64)
    return [float(10 ** np.floor(found.min())), float(10 ** np.ceil(found.max() + 1e-9))]
