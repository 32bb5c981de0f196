"""Attention: a matrix of attention in float beside quantised ones, without a shift before rounding and with it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value
from pyapp.measure.attention_logits import TRAINED
from pyapp.softmax.compare import gain_bits, probabilities
from pyapp.softmax.measures import broken, errors, reference
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES, Logits, quantize_logits
from pyapp.softmax.sources import GENERATED, Draw

LOGITS: dict[str, Draw] = {**GENERATED, **TRAINED}
MOST_HEADS = 16  # of the trained networks, whose layers are counted through; generated sources have 4
SHIFTS = tuple(rule for rule in RULES if rule != "none")  # no shift is always shown beside
NOTHING_BITS = 0.1  # a smaller gain or loss is none


class Page(Experiment):
    title = "Attention"
    summary = ("Watch rows of attention fall to few codes, with and without a shift before the logits are rounded, and "
               "notice which rows fade or split into equal steps.")
    group = "Softmax"
    view = "attention"
    order = 32
    PARAMS = (
        Param("source", "Logits from", "choice", "offsets", choices=tuple(LOGITS), widget="select",
              doc="What the head does; the sentence below the matrices says how its logits are made"),
        Param("head", "Head", "int", 0, lo=0, hi=MOST_HEADS - 1, step=1,
              doc="Which of the heads is shown, from 0; a trained network has 4 in each layer"),
        Param("length", "Tokens", "int", 24, lo=2, hi=64, step=1, doc="Queries, and keys that each of them looks at"),
        Param("causal", "Causal mask", "bool", False, widget="switch",
              doc="A query sees no later key: masked logits count in no range, and their probability is exactly 0"),
        Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, step=1, widget="number",
              doc="Decides the tokens and the projections, or which held-out digit is read"),
        Param("bits", "Bits", "int", 4, lo=2, hi=8, step=1, doc="Of the logits' codes, with and without the shift"),
        Param("method", "Softmax", "choice", "exact", choices=tuple(METHODS), widget="select",
              doc="exact is the float softmax of the rounded logits; the others are integer methods"),
        Param("shift", "Shift", "choice", "row-mean", choices=SHIFTS, widget="select",
              doc="What is subtracted before rounding; row-max-clip also gives the lowest code to logits far below the "
                  "row's maximum, from where that does least harm"),
        Param("row", "Query", "int", 8, lo=0, hi=63, step=1, widget="number", doc="The picked row, from 0"),
        Param("column", "Key", "int", 3, lo=0, hi=63, step=1, widget="number", doc="The picked cell in it, from 0"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self._draw()

    def _draw(self) -> None:
        draw = LOGITS[str(self.params["source"])]
        self.source = draw(int(self.params["length"]), bool(self.params["causal"]), int(self.params["seed"]))

    def change(self, name: str, value: Value) -> list[str]:
        if name in ("source", "length", "causal", "seed"):
            self._draw()
        return []

    def steps(self) -> Iterator[Frame | None]:
        """All is done at once, in `frame`."""
        return iter(())

    def frame(self) -> Frame:
        heads, rows, columns = self.source.logits.shape
        head, row, column = (min(int(self.params[name]), n - 1)
                             for name, n in (("head", heads), ("row", rows), ("column", columns)))
        z, mask = self.source.logits[head], self.source.mask
        mask = np.ones(z.shape, bool) if mask is None else mask
        p, sides = reference(z, mask), {name: self._side(z, mask, rule) for name, rule in self._rules().items()}
        facts = {name: side.facts(p) for name, side in sides.items()}
        cell = {"masked": not bool(mask[row, column]), "logit": float(z[row, column]),
                "probability": float(p[row, column])}
        return Frame(0, {
            "head": head, "heads": heads, "rows": rows, "columns": columns, "row": row, "column": column,
            "bits": self.params["bits"], "queries": list(self.source.queries),
            "keys": list(self.source.keys), "about": self.source.about,
            "method": self._method(), **facts, "words": verdict(facts), "limits": limits(p, sides, row),
            "cell": cell | {name: side.cell(p, row, column) for name, side in sides.items()},
            "this_row": {"top": int(p[row].argmax())} | {name: side.row(p, row) for name, side in sides.items()},
        }, {"logits": z, "float": p, "mask": mask.astype(np.uint8), **pictures(p, sides)})

    def _rules(self) -> dict[str, str]:
        return {"plain": "none", "shifted": str(self.params["shift"])}

    def _side(self, z: np.ndarray, mask: np.ndarray, rule: str) -> "Side":
        logits = quantize_logits(z, int(self.params["bits"]), rule, mask)
        return Side(rule, mask, logits, probabilities(logits, str(self.params["method"]), mask))

    def _method(self) -> dict[str, str]:
        method = METHODS[str(self.params["method"])]
        return {name: getattr(method, name) for name in ("name", "title", "about", "source", "breaks")}


@dataclass(frozen=True)
class Side:
    """Attention from logits that were quantised under one rule; `p` in the calls is the float attention, (R, N)."""

    rule: str
    mask: np.ndarray  # bool (R, N)
    logits: Logits
    p_hat: np.ndarray  # float64 (R, N)

    def facts(self, p: np.ndarray) -> dict[str, Any]:
        """What quantising costs over all rows."""
        found, sums = errors(self.p_hat, p, self.mask), self.p_hat.sum(axis=1)
        scale, steps = self.logits.scale, self.logits.high - self.logits.low
        rows = [int(row) for row in np.flatnonzero(broken(self.p_hat, self.mask))]
        return asdict(found) | {
            "rule": self.rule, "scale": scale, "codes": steps + 1, "span": scale * steps,
            "row_sum_least": float(sums.min()), "row_sum_most": float(sums.max()), "broken": rows,
        }

    def row(self, p: np.ndarray, row: int) -> dict[str, Any]:
        """The same for a row; `top` is the key with the largest probability, of equal ones the first."""
        one = slice(row, row + 1)
        found = errors(self.p_hat[one], p[one], self.mask[one])
        return {"l1": found.l1_per_row, "row_sum": found.row_sum, "broken": found.broken_rows > 0,
                "top": int(self.p_hat[row].argmax())}

    def cell(self, p: np.ndarray, row: int, column: int) -> dict[str, Any]:
        """One logit's way to its probability; a masked one has no code that counts."""
        q = int(self.logits.q[row, column]) if self.mask[row, column] else None
        offset, p_hat = float(self.logits.offset[row, 0]), float(self.p_hat[row, column])
        return {"offset": offset, "q": q, "logit": None if q is None else self.logits.scale * q + offset,
                "probability": p_hat, "difference": p_hat - float(p[row, column])}


def pictures(p: np.ndarray, sides: dict[str, Side]) -> dict[str, np.ndarray]:
    """For each side its probabilities, what they differ by from p, and the logits' codes."""
    arrays = {}
    for name, side in sides.items():
        arrays |= {name: side.p_hat, f"{name}_error": side.p_hat - p, f"{name}_q": side.logits.q}
    return arrays


def limits(p: np.ndarray, sides: dict[str, Side], row: int) -> dict[str, float]:
    """The values that get the full colour, one for all probabilities and one for all differences; a full bar's."""
    all_p = np.stack([p, *(side.p_hat for side in sides.values())])  # 3, R, N
    return {"probability": float(all_p.max()), "difference": float(np.abs(all_p[1:] - p).max()),
            "row": float(all_p[:, row].max())}


def verdict(facts: dict[str, dict[str, Any]]) -> str:
    """What the shift is worth here, in a sentence that follows from the measured numbers."""
    plain, shifted = facts["plain"], facts["shifted"]
    gain = gain_bits([plain["l1_per_row"]], [shifted["l1_per_row"]])
    change = f"mean L1 per row goes from {plain['l1_per_row']:.3f} to {shifted['l1_per_row']:.3f}"
    rows = f"; broken rows: {len(plain['broken'])} without it, {len(shifted['broken'])} with it"
    if not np.isfinite(gain):
        return f"With the shift {change}{rows}."
    if abs(gain) < NOTHING_BITS:
        return f"Here the shift buys nothing: {change}{rows}."
    if gain < 0:
        return f"Here the shift costs as much as {-gain:.1f} bits less would: {change}{rows}."
    return f"Here the shift is worth {gain:.1f} bits: {change}{rows}."
