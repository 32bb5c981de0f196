"""The exponential in integers: I-BERT's i-exp at one point, and what the scale does to it."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param
from pyapp.softmax import exponential
from pyapp.softmax.exponential import CLIFFS, CONSTANTS, LN2, METHODS, PUBLISHED, IExp, breaks, gap
from pyapp.softmax.ibert import PERIODS

LOWEST = -8.0  # e^-8 is 3.4e-4, less than a tenth of a code of 8 bits
SMOOTH = 401  # points of a curve
BEYOND = -3.2  # where the parabola, drawn outside of its period, is back at the height of 1
MARKS = 12  # periods that are marked
FEW = 60  # codes that can be told apart as dots
SCALES = np.round(np.geomspace(0.002, 2.5, 161, dtype=np.float64), 6)


class Page(Experiment):
    title = "Exponential"
    summary = ("Drag a point along the exponential and read every integer of I-BERT's i-exp on its way; notice that a "
               "parabola and a shift do all the work, and that the scale decides how well.")
    group = "Softmax"
    view = "exponential"
    order = 30
    PARAMS = (
        Param("x", "Point x", "float", -2.5, lo=LOWEST, hi=0, step=0.01,
              doc="Logit minus the row maximum, rounded to the nearest code"),
        Param("method", "Method", "choice", "ibert", choices=tuple(METHODS), widget="select",
              doc="ibert as the published code, ibert-paper with the printed constants and algorithm, ibert-ln2 as the "
                  "code with 12 more bits of ln 2"),
        Param("scale", "Scale S", "float", 0.1, lo=float(SCALES[0]), hi=float(SCALES[-1]), log=True,
              doc="The real number that one more code stands for"),
        Param("exponent", "Exponent bits n", "int", PERIODS, lo=0, hi=PERIODS, step=1,
              doc="Bits that the result has below the parabola's unit, to be shifted out by halving; the code has 30, "
                  "the printed algorithm none"),
    )
    SOURCES = (
        "pyapp.softmax.ibert.Polynomial", "pyapp.softmax.ibert.IBert", "pyapp.softmax.ibert.IBertPaper",
        "pyapp.softmax.ibert.IBertLn2", "pyapp.softmax.exponential.error", "pyapp.softmax.exponential.IExp",
    )

    def steps(self) -> Iterator[Frame | None]:
        """All is done at once, in `frame`."""
        return iter(())

    def frame(self) -> Frame:
        name, scale, bits = str(self.params["method"]), float(self.params["scale"]), int(self.params["exponent"])
        made = IExp(name, scale, bits)
        codes = made.codes(LOWEST)
        x, y = np.round(codes * scale, 9), made.values(codes)  # -2.4, not -2.4000000000000004
        error = y - np.exp(x)
        at = int(np.abs(x - float(self.params["x"])).argmin())
        arrays = {"codes": codes, "x": x, "made": y, "exact": np.exp(x), "error": error, **curves(name), **worst(bits)}
        scalars = {
            "method": name, "title": METHODS[name].title, "constants": made.constants, "scale": scale, "ln2": LN2,
            "lowest": LOWEST, "count": codes.size, "few": codes.size <= FEW, "at": at,
            "exponent": made.bits, "widest": int(made.integers(np.zeros(1, np.int64))[0]).bit_length(),
            **point(made, int(codes[at]), float(self.params["x"])),
            "period": made.codes_to_a_period * scale, "periods": periods(made.codes_to_a_period * scale),
            "published": PUBLISHED, "gaps": {key: {**asdict(of), **gap(of)} for key, of in CONSTANTS.items()},
            "scales": [scale_facts(key, scale, bits) for key in METHODS], "breaks": breaks(name, scale),
            "cliffs": [{"scale": limit, "text": f"{limit:.3g}"} for limit, _ in CLIFFS[name]],
            "worst_range": [1e-3, max(float(arrays[f"worst_{key}"].max()) for key in METHODS)],
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
    return {"steps": [asdict(step) for step in steps], "point": facts}


def periods(period: float) -> list[float]:
    """Where the first whole multiples of the period below 0 lie, down to the lowest x."""
    return [-k * period for k in range(1, MARKS + 1) if -k * period > LOWEST]


def curves(name: str) -> dict[str, np.ndarray]:
    """e^x, the method's parabola in its period and below it, and the errors of both sets of constants; float64."""
    x = np.linspace(LOWEST, 0, SMOOTH, dtype=np.float64)
    beyond = np.linspace(BEYOND, 0, SMOOTH, dtype=np.float64)
    arrays = {"curve_x": x, "curve": np.exp(x), "parabola_x": beyond, "parabola": METHODS[name].polynomial(beyond)}
    for key, constants in CONSTANTS.items():
        arrays["gap_p"], arrays[f"gap_{key}"] = exponential.error(constants, SMOOTH)
    return arrays


def scale_facts(name: str, scale: float, bits: int) -> dict[str, Any]:
    """What a method takes for ln 2 at this scale, by how many percent that is off, and its largest error."""
    made = IExp(name, scale, bits)
    period = made.codes_to_a_period * scale
    return {"name": name, "title": METHODS[name].title, "codes": made.codes_to_a_period, "exact": LN2 / scale,
            "period": period, "off_percent": 100 * (period / LN2 - 1), "worst": made.worst(LOWEST)}


@cache
def worst(bits: int) -> dict[str, np.ndarray]:
    """The largest error of each method from the lowest x to 0, at all scales, float64 (161,)."""
    return {"all_scales": SCALES} | {
        f"worst_{name}": np.array([IExp(name, float(scale), bits).worst(LOWEST) for scale in SCALES], np.float64)
        for name in METHODS}
