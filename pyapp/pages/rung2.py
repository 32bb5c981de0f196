"""Rung 2: the line is bent by a sigmoid."""

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param
from pyapp.ladder import bend, line
from pyapp.pages.base.descent import CURVE, Sliders, bias, rate, weight

TARGETS = {"hill": line.Y, "stair": np.array([0.0, 0.0, 1.0, 1.0])}
TABLE = np.array([-10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0])
LAYERS = 10  # that many sigmoids one behind the other


class Page(Sliders):
    title = "Bend"
    summary = ("A sigmoid bends the line, and the chain rule puts its slope into the gradient: watch learning stop "
               "where the curve is flat.")
    order = 61
    SURFACE = (4.0, 10.0)
    PARAMS = (
        Param("points", "Points", "choice", "hill", choices=tuple(TARGETS), widget="select",
              doc="The four points of rung 1, which rise and fall, or four that only rise"),
        weight(2.0, SURFACE[0]), bias(-2.0, SURFACE[1]), rate(bend.RATE),
    )
    LIVE = (bend.sigmoid, bend.sigmoid_slope, bend.predict, line.loss, bend.gradients, bend.step)

    @property
    def y(self) -> np.ndarray:
        return TARGETS[self.params["points"]]

    def show(self, frame: Frame) -> None:
        z = self.w * line.X + self.b
        slope, error = self.live.sigmoid_slope(z), frame.arrays["predicted"] - self.y
        best = float(np.max(self.live.sigmoid_slope(TABLE)))
        frame.scalars |= {**self.gradients(), "best_slope": best, "layers": LAYERS, "through_layers": best**LAYERS}
        frame.arrays |= {
            "z": z, "slope": slope, "error": error, "chain": error * slope,
            "slope_curve": self.live.sigmoid_slope(self.w * CURVE + self.b),
            "table_z": TABLE, "table_sigmoid": self.live.sigmoid(TABLE), "table_slope": self.live.sigmoid_slope(TABLE)}
