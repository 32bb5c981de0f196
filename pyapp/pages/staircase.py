"""The staircase: what is left of a curve on few codes, and which steps each softmax method makes of the same codes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, ParamError, Value
from pyapp.pages.base import tensors
from pyapp.pages.base.tensors import NumbersError
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.staircase import BITS, ELEMENTWISE, WAYS, Curve, Probability

PROBABILITY = "softmax"
MOST = 15  # other logits in the row
OTHERS = "0, 1, -1, 2.5"


class Page(Experiment):
    title = "Staircase"
    summary = ("Take bits away from a curve until it is a staircase, and notice how differently rounding the input and "
               "rounding the output cut it, and which steps each integer softmax makes of the same codes.")
    group = "Softmax"
    view = "staircase"
    order = 31
    PARAMS = (
        Param("bits", "Bits", "int", 4, lo=BITS[0], hi=BITS[-1], step=1,
              doc="b bits have 2^b codes, of which a symmetric grid uses all but one"),
        Param("curve", "Curve", "choice", PROBABILITY, choices=(PROBABILITY, *ELEMENTWISE), widget="select",
              doc="softmax is the first probability of a row, as a function of its first logit"),
        Param("method", "Softmax method", "choice", "exact", choices=tuple(METHODS), widget="select",
              doc="What makes probabilities out of the logits' codes: exact computes in floats and rounds at the end"),
        Param("point", "First logit", "float", 1.0, lo=-8, hi=8, step=0.02,
              doc="Where the point is on the curve, and the first logit of the row beside it"),
        Param("others", "Other logits", "text", OTHERS, hi=400, widget="text",
              doc=f"The rest of the row, 1 to {MOST} numbers from -64 to 64; they count when you leave the field"),
    )
    SOURCES = (
        "pyapp.softmax.staircase.Curve", "pyapp.softmax.staircase.Elementwise", "pyapp.softmax.staircase.Probability",
        "pyapp.quant.schemes.symmetric_grid", "pyapp.quant.schemes.affine_grid", "pyapp.softmax.method.Softmax",
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        try:
            self.others, self._said = _read(str(params["others"]))  # and how the text was read
        except ParamError as error:
            self.refused["others"] = error
            self.others = logits(OTHERS)
            self._said = [f"The other logits cannot be read: {error}; {error.hint}. {OTHERS} are used instead."]
        self._start()

    def change(self, name: str, value: Value) -> list[str]:
        if name == "others":
            self.others, self._said = _read(str(value))
            self._start()
        return []

    def _start(self) -> None:
        """Nothing is measured yet of the methods on this row."""
        self.measured: dict[str, list[float]] = {name: [] for name in METHODS}

    @property
    def bits(self) -> int:
        return int(self.params["bits"])

    @property
    def row(self) -> Probability:
        """The row beside the curve, whichever curve is shown."""
        return Probability(self.others, str(self.params["method"]))

    @property
    def curve(self) -> Curve:
        name = str(self.params["curve"])
        return self.row if name == PROBABILITY else ELEMENTWISE[name]

    def steps(self) -> Iterator[Frame]:
        """The L1 error of one method a step, over all bits; what was measured before stays."""
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
        at = int(np.abs(x - float(self.params["point"])).argmin())
        by_bits = errors(curve)
        arrays = {"x": x, "float": real, "bits": np.array(BITS, np.int32)}
        arrays |= {f"l1_{way}": by_bits[way] for way in WAYS}
        arrays |= {way: steps[way] for way in WAYS} | {f"error_{way}": steps[way] - real for way in WAYS}
        scalars = {
            "curve": self.params["curve"], "bits": bits, "codes": grid.high - grid.low + 1, "at": at,
            "l1": {way: curve.l1(steps[way]) for way in WAYS},
            "levels": {way: int(np.unique(steps[way]).size) for way in WAYS},
            "range": window(real, *steps.values()), "l1_range": decades(*by_bits.values()),
            "method": self._method(), "row": self._row(), "measured": self._measured(),
            "waiting": len(METHODS) - self._done,
        }
        return Frame(self._done, scalars, arrays, self._said)

    def _method(self) -> dict[str, Any]:
        method = METHODS[str(self.params["method"])]
        return {"name": method.name, "title": method.title, "about": method.about, "breaks": method.breaks,
                "source": method.source}

    def _row(self) -> dict[str, Any]:
        """Logits and probabilities of the row with the point as its first logit, float and quantised."""
        row = self.row
        z, grid = row.rows(np.array([float(self.params["point"])])), row.grid(self.bits)
        q, p, p_hat = grid.quantize(z), row.exact(z), row.answer(z, self.bits)
        y = None if row.method == "exact" else make(row.method, float(grid.scale))(q)
        columns = [{"z": float(z[0, j]), "q": int(q[0, j]), "p": float(p[0, j]), "p_hat": float(p_hat[0, j]),
                    "y": None if y is None else int(y[0, j])} for j in range(z.shape[1])]
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
    try:
        values, notes = tensors.read(text)
        values = values.reshape(-1).astype(np.float64)
    except NumbersError as error:
        raise ParamError("others", str(error), error.hint) from None
    if values.size > MOST:
        raise ParamError("others", f"there are {values.size} other logits", f"write 1 to {MOST} numbers")
    if np.abs(values).max() > 64:
        raise ParamError("others", "a logit is beyond 64", "write numbers from -64 to 64")
    return values, notes


def errors(curve: Curve) -> dict[str, np.ndarray]:
    """The curve's L1 error at 2 to 8 bits, float64 (7,), for each way of rounding."""
    made = [curve.steps(bits) for bits in BITS]
    return {way: np.array([curve.l1(steps[way]) for steps in made], np.float64) for way in WAYS}


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
