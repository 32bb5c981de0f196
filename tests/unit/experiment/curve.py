"""A page whose functions a reader may edit, for the tests of that."""

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param
from pyapp.ladder import line

X = np.array([1.0, 2.0, 3.0])
PARABOLA = "def predict(x, w, b):\n    return w * x * x + b\n"


class Curve(Experiment):
    title = summary = "draws"
    PARAMS = (Param("w", "w", "float", 2.0, "slope", lo=-9, hi=9),
              Param("seed", "Seed", "int", 1, "where from", lo=0, hi=9, live=False))
    LIVE = (line.predict, line.loss, line.gradients)

    def __init__(self, params):
        super().__init__(params)
        self.count = 0

    def steps(self):
        while True:
            dw, _ = self.live.gradients(X, X, self.params["w"], 0.0)
            self.count += 1
            yield Frame(self.count, {"dw": float(dw)})

    def frame(self):
        predicted = self.live.predict(X, self.params["w"], 0.0)
        return Frame(self.count, {"loss": float(self.live.loss(predicted, X))}, {"y": predicted})
