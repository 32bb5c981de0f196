"""Rung 5: what the words take from one another."""

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.ladder import attention, toy
from pyapp.ladder.table import TABLE
from pyapp.pages.base.toy_page import DIMS, OWN, PROMPT, SCALED, ToyPage


class Page(ToyPage):
    title = "Attention"
    summary = ("Every word looks back with dot products and takes something of what it sees: follow the arrows to "
               "creature, which becomes fluffy and blue.")
    order = 64
    PARAMS = (PROMPT, OWN, SCALED, DIMS, TABLE)
    LIVE = (attention.scores, attention.softmax, attention.nudge, attention.refine)

    def frame(self) -> Frame:
        found = self.forward()
        x, a, s = found["embeddings"], found["weights"], found["scores"]
        matrices = {name: self.p[name] if self.params["own"] else np.eye(toy.DIM) for name in ("W_Q", "W_K", "W_V")}
        queries, keys, values = (x @ matrix.T for matrix in matrices.values())
        seen = np.isfinite(s)  # by default j <= i: nobody looks ahead, but a reader may edit that
        frame = self.shared(own=self.params["own"], scaled=self.params["scaled"], arrows=[
            {"from": j, "to": i, "product": float(queries[i] @ keys[j]), "score": float(s[i, j]),
             "weight": float(a[i, j])} for i, j in np.argwhere(seen).tolist()])
        frame.arrays |= {**matrices, "queries": queries, "keys": keys, "values": values,
                         "mixed": a[:, :, None] * values[None], "seen": seen.astype(np.uint8),
                         "scores": np.where(seen, s, 0.0),
                         **{name: found[name] for name in ("embeddings", "weights", "nudge", "refined")}}
        return frame
