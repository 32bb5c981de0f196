"""Rung 6: six neurons on each refined vector."""

from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.ladder import block
from pyapp.ladder.table import TABLE
from pyapp.pages.base.toy_page import DIMS, MLP, OWN, PROMPT, SCALED, ToyPage, ranking


class Page(ToyPage):
    title = "MLP block"
    summary = ("Six ReLU neurons look at the refined vector; see which fire, which stay silent, and where those that "
               "fire move it.")
    order = 65
    PARAMS = (PROMPT, MLP, OWN, SCALED, DIMS, TABLE)
    LIVE = (block.hidden, block.output)

    def frame(self) -> Frame:
        found, last = self.forward(mlp=True), -1
        z = found["refined"] @ self.p["W1"].T + self.p["b1"]
        h = found["hidden"]
        frame = self.shared(mlp=self.params["mlp"], neurons=self._neurons(z[last], h[last]),
                          on=ranking(found["probabilities"]), off=ranking(self.forward(mlp=False)["probabilities"]))
        frame.arrays |= {**{name: self.p[name] for name in ("W1", "b1", "W2", "b2")}, "before_relu": z,
                         "fired": (h > 0).astype(np.uint8), "parts": h[last][:, None] * self.p["W2"].T,
                         "embeddings": found["embeddings"], "refined": found["refined"], "hidden": h,
                         "output": found["output"] if self.params["mlp"] else found["refined"]}
        return frame

    def _neurons(self, z: np.ndarray, h: np.ndarray) -> list[dict[str, Any]]:
        """The six neurons at the last word: their sums and what they send."""
        return [{"sum": float(z[k]), "value": float(h[k]), "fired": bool(h[k] > 0)} for k in range(len(z))]
