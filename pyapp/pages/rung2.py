"""Rung 2: the line is bent by a sigmoid."""

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Column, Panel, Table, Together, Words
from pyapp.experiment.params import Param
from pyapp.experiment.pictures import Axis, Chart, Line
from pyapp.ladder import bend, line
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.descent import CURVE, Sliders, bias, rate, weight

TARGETS = {"hill": line.Y, "stair": np.array([0.0, 0.0, 1.0, 1.0])}
TABLE = np.array([-10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0])
CHAIN = {"x": ("x", "fixed:0"), "y": ("y", "fixed:0"), "z": ("z", "fixed:3"), "predicted": ("ŷ = σ(z)", "fixed:3"),
         "error": ("e = ŷ − y", "signed"), "slope": ("σ′(z)", "signed"), "chain": ("e σ′(z)", "signed")}
SLOPES = [0.0, 0.3]  # that the picture shows
LAYERS = 10  # that many sigmoids one behind the other


class Page(Sliders):
    title = "Bend"
    summary = "A sigmoid bends the line: watch learning stop where the curve is flat."
    tab = "2 Bend"
    order = 71
    NEXT = ("rung3", "One bend cannot rise and fall: take two.")
    SURFACE = (4.0, 10.0)
    RANGE = -0.5, 1.5
    MAIN = ("w", "b")
    RECORDED = ()
    PARAMS = (
        Param("points", "Points", "choice", "hill", choices=tuple(TARGETS),
              doc="The four points of rung 1, which rise and fall, or four that only rise"),
        weight(2.0, SURFACE[0]), bias(-2.0, SURFACE[1]), rate(bend.RATE),
    )
    GROUPS = (("Bend", ("points", "w", "b")), ("Descent", ("rate",)))
    PANELS = ladder.rung(
        ladder.picture("The bent line and its loss", "A large w makes the bend steep. Where the surface is one flat "
                                                     "shade, there is no slope to follow down."),
        Panel("numbers", "The chain rule at each point", (
            Words(text="A point pulls with its error times the slope of the bend where it stands; the average of the "
                       "last column is half of ∂b."),
            Table(name="chain", rows="points", key="x", caption="The chain rule at each point", columns=tuple(
                Column(title, f"{key}:{form}") for key, (title, form) in CHAIN.items())),
            ladder.REACHED)),
        Panel("slopes", "Where the bend is flat, nothing is learned", (Beside(width=320, blocks=(
            Together(blocks=(
                Chart(name="slope", label="The slope of the bend over x.", height=180, x="curve_x",
                      caption="Slope σ′ of the bend over x: where it is near 0, a point has no pull",
                      lines=(Line("slope_curve", label="σ′"),), marks="slope_marks", up=Axis(ends="slope_range"),
                      read="x {curve_x:fixed:2}: σ′ {slope_curve:small}"),
                Words(role="doc", text="The slope is never more than {best_slope:fixed:2}. A gradient through "
                                       "{layers:count} sigmoids in a row keeps at most "
                                       "{through_layers:scientific} of itself."))),
            Table(name="sigmoid", rows="sigmoid", key="z", caption="The sigmoid and its slope", columns=(
                Column("z", "z:fixed:0"), Column("σ(z)", "sigmoid:fixed:6"), Column("σ′(z)", "slope:small"))))),)),
        ladder.LOSS)
    LIVE = (bend.sigmoid, bend.sigmoid_slope, bend.predict, line.loss, bend.gradients, bend.step)

    @property
    def y(self) -> np.ndarray:
        return TARGETS[self.params["points"]]

    def show(self, frame: Frame) -> None:
        z = self.w * line.X + self.b
        slope, predicted = self.live.sigmoid_slope(z), self.curve(line.X, self.w, self.b)
        columns = {"x": line.X, "y": self.y, "z": z, "predicted": predicted, "error": predicted - self.y,
                   "slope": slope, "chain": (predicted - self.y) * slope}
        table = {"z": TABLE, "sigmoid": self.live.sigmoid(TABLE), "slope": self.live.sigmoid_slope(TABLE)}
        best = float(np.max(table["slope"]))
        frame.scalars |= {**self.gradients(), "best_slope": best, "layers": LAYERS, "through_layers": best**LAYERS,
                          "points": rows(columns), "sigmoid": rows(table), "slope_range": SLOPES, "slope_marks": [
                              {"kind": "point", "x": float(x), "y": float(y), "hollow": True, "role": "ink"}
                              for x, y in zip(line.X, slope, strict=True) if np.isfinite(y)]}
        frame.arrays["slope_curve"] = self.live.sigmoid_slope(self.w * CURVE + self.b)


def rows(columns: dict[str, np.ndarray]) -> list[dict[str, float]]:
    """Columns of one length as rows."""
    return [dict(zip(columns, row, strict=True)) for row in np.stack(list(columns.values()), 1).tolist()]
