"""Attention logits: attention in float beside quantised attention, with and without a shift before rounding."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Fact, Facts, Head, Panel, Together, Words
from pyapp.experiment.params import Param, Values
from pyapp.experiment.pictures import Bars, Heatmap, Line, Scale
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages.base import controls, softmax_controls
from pyapp.pages.base.softmax_lab import SoftmaxLab
from pyapp.softmax.compare import gain_bits, probabilities
from pyapp.softmax.measures import broken, errors, reference
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES, Logits, quantize_logits
from pyapp.softmax.sources import GENERATED, Draw

LOGITS: dict[str, Draw] = {**GENERATED, **TRAINED}
MOST_HEADS = 16  # of the trained networks, whose layers are counted through; generated sources have 4
SHIFTS = tuple(rule for rule in RULES if rule != "none")  # no shift is always shown beside
NOTHING_BITS = 0.1  # a smaller gain or loss is none
SIDES = ("plain", "shifted")
TITLES = {"none": "no shift", "tensor-mean": "shift by the tensor’s mean", "row-mean": "shift by the row’s mean",
          "row-midrange": "shift by the row’s mid-range", "row-max": "shift by the row’s maximum",
          "row-max-clip": "row’s maximum, clipped"}
FATES = (  # what is read of a cell, by its mask
    "masked: exactly {shifted_p:fixed:0}",
    "logit {logits:fixed:3}, float {float:fixed:4}\n"
    "no shift: code {plain_q:fixed:0}, {plain_p:fixed:4} ({plain_error:signed:4})\n"
    "shifted: code {shifted_q:fixed:0}, {shifted_p:fixed:4} ({shifted_error:signed:4})",
)
ROW_FATES = ("masked, exactly {row_shifted:fixed:0}",
             "float {row_float:fixed:4}, no shift {row_plain:fixed:4}, shifted {row_shifted:fixed:4}")


def matrix(name: str, label: str, caption: str, about: str, role: str = "") -> Heatmap:
    """One of five matrices, which share what is read and the picked cell; differences have a scale of their own."""
    error = name.endswith("_error")
    return Heatmap(name=f"map-{name.replace('_', '-')}", label=label, caption=f"{caption} [{about}](.doc)",
                   array=name if error or name == "float" else f"{name}_p",
                   limit="limits.difference" if error else "limits.probability", map="signed" if error else "grey",
                   role=role, height=360, pick=(("row", "@row"), ("column", "@column")), kept=("picked",),
                   read="query {@row} ({queries.@row}) → key {@column} ({keys.@column})\n{fates.@mask}")


def heads(name: str = "") -> tuple[Head, ...]:
    return tuple(Head(f"{{titles.{side}}}", "quant", f"{name}{side}") for side in SIDES)


def both(label: str, value: str, name: str) -> Fact:
    """A fact of either side."""
    return Fact(label, tuple(value.replace("SIDE", side) for side in SIDES), name)


def of_cell(label: str, value: str, name: str, float_value: str = "") -> Fact:
    return Fact(label, (float_value, *(f"cell.{side}.{value}" for side in SIDES)), name)


def of_row(side: str, title: str) -> Words:
    row = f"this_row.{side}"
    return Words(role="doc", name=f"row-{side}",
                 text=f"**{title}:** sum [{{{row}.row_sum:fixed:3}}](.quant), L1 [{{{row}.l1:fixed:3}}](.quant), "
                      f"largest at key [{{{row}.top:count}}](.quant)[{{{row}.broken_words}}](.bad)")


MAPS = Panel("maps", "Attention: float and quantised", (
    Words(text="A softmax needs the exponential of every logit, and fixed-point hardware has none: it has to be built "
               "of tables, polynomials or shifts, from logits that were rounded to a few codes. Look for rows that "
               "fade or split into equal steps without the shift, and for what the same bits keep when each row is "
               "shifted before it is rounded."),
    Words(role="verdict-words", name="verdict", text="{words}"),
    Beside(width=140, blocks=(
        matrix("float", "Float attention.", "float softmax", "{rows} × {columns}", "float"),
        *(matrix(side, f"Quantised attention {how} shift.", f"{{titles.{side}}}",
                 f"L1 {{{side}.l1_per_row:fixed:3}} per row, {{{side}.broken_rows:count}} broken", "quant")
          for side, how in zip(SIDES, ("without a", "with the"), strict=True)))),
    Beside(width=140, blocks=(
        Together(blocks=(Scale(name="probability-scale", limit="limits.probability", what="Probability", map="grey"),
                         Scale(name="difference-scale", limit="limits.difference", what="Differences"))),
        *(matrix(f"{side}_error", f"Difference {how} shift.", f"{{titles.{side}}}", "quantised − float")
          for side, how in zip(SIDES, ("without a", "with the"), strict=True)))),
    Words(role="doc", name="source-about", text="Head {head} of {heads}. {about}"),
), empty="The matrices appear when Python has started.")
CELL = Panel("cell", "Query {row} “{cell.query}” looks at key {column} “{cell.key}”", (
    Words(name="cell-about", text="{cell.words} Click any cell, or move with the arrow keys and press Enter, to pick "
                                  "another one."),
    Facts(name="cell", caption="The picked cell", live=True, heads=(
        Head("float", "float", "cell-float"), *heads("cell-")), facts=(
        of_cell("subtracted before rounding", "offset:fixed:3", "offset"),
        of_cell("code of the logit", "q:fixed:0", "q"),
        of_cell("logit", "logit:fixed:4", "logit", "cell.logit:fixed:4"),
        of_cell("probability", "probability:fixed:5", "probability", "cell.probability:fixed:5"),
        of_cell("quantised − float", "difference:signed:5", "difference"))),
), when="cell")
ROW = Panel("row", "The picked row, query {row}", (
    Words(name="row-about",
          text="Everything that this query sees, one bar per key, on one scale up to {limits.row:fixed:3}. The float "
               "row’s largest is key [{this_row.top:count}](.float)."),
    Bars(name="row-bars", label="The picked row: float, quantised without and with shift.", labels="keys",
         limit="limits.row", picked="at_key", read="key {@i} ({keys.@i}): {row_fates.@row_mask}", lanes=(
             Line("row_float", "float", "float"), Line("row_plain", "quant", "no shift"),
             Line("row_shifted", "quant", "shifted"))),
    Beside(width=300, blocks=(of_row("plain", "No shift"), of_row("shifted", "Shifted"))),
), when="this_row")
MEASURES = Panel("measures", "All rows, by {method.title}", (
    Words(name="method-about", text="{method.about}"),
    Facts(name="measures", caption="Errors without and with the shift", heads=heads(), facts=(
        both("L1 per row, 0 to 2", "SIDE.l1_per_row:fixed:4", "l1"),
        both("mean absolute error, N = {plain.n}", "SIDE.mae:scientific", "mae"),
        both("largest error", "SIDE.max_error:fixed:4", "max-error"),
        both("top-1 agreement", "SIDE.top1:percent", "top1"),
        both("row sums, mean", "SIDE.row_sum:fixed:3", "row-sum"),
        both("row sums, from", "SIDE.row_sum_least:fixed:3", "row-sum-least"),
        both("row sums, to", "SIDE.row_sum_most:fixed:3", "row-sum-most"),
        both("broken rows of {rows}", "SIDE.broken_rows:count", "broken"),
        both("span of the logits’ grid", "{SIDE.span:fixed:2} nats", "span"),
        both("step of the logits’ grid", "{SIDE.scale:fixed:3} nats", "scale"))),
    *(Words(role="doc", name=f"{side}-broken-rows", when=f"{side}.broken",
            text=f"{{titles.{side}}}: [**broken**](.bad) queries: {{{side}.broken:words}} (all 0, or a sum outside "
                 "0.5 to 1.5).")
      for side in SIDES),
    Words(role="note", name="breaks", text="{method.breaks}", when="method.breaks"),
    Words(role="doc", text="Source: {method.source}"),
), when="method")


class Page(SoftmaxLab):
    title = "Attention logits"
    summary = "Round attention logits to a few codes, and see which rows fade or split into equal steps."
    order = 52
    NEXT = ("methods", "Compare all integer softmaxes on the same codes.")
    SHARES: ClassVar = {**SoftmaxLab.SHARES, "logits": "source"}
    BAR = "L1 {plain.l1_per_row:fixed:3} → [{shifted.l1_per_row:fixed:3}](.quant)"
    GROUPS = (("Logits", ("source", "head", "length", "causal", "seed")), ("Quantise", ("bits", "method", "shift")),
              ("Picked cell", ("row", "column")))
    PANELS = (MAPS, CELL, ROW, MEASURES)
    MAIN = ("source", "bits", "shift", "method")
    RECORDED = ()
    PARAMS = (
        Param("source", "Logits", "choice", "offsets", choices=tuple(LOGITS), titles=controls.NETWORK_TITLES,
              doc="The kind of head that they come from; the sentence below the matrices says how they are made"),
        Param("head", "Head", "int", 1, lo=1, hi=MOST_HEADS,
              doc="Head that is shown (1 = first); a trained network has 4 in each layer"),
        Param("length", "Tokens", "int", 24, lo=2, hi=64, doc="Number of queries, and of the keys that each of them "
                                                              "looks at"),
        Param("causal", "Causal mask", "bool", False,
              doc="A query sees no later key: masked logits do not affect the range, and their probability is exactly "
                  "0"),
        controls.seed("Decides the tokens and the projections, or which test digit is used"),
        controls.bits(4, "Bits per logit, with and without the shift"),
        softmax_controls.softmax(name="method"),
        softmax_controls.shift(default="row-mean", choices=SHIFTS, doc=(
            "What is subtracted before rounding; “row maximum, clipped” also gives the lowest code to logits far "
            "below the row's maximum, beyond the distance at which that does least harm")),
        Param("row", "Query", "int", 9, lo=1, hi=64, widget="number", doc="Row of the picked cell (1 = first)"),
        Param("column", "Key", "int", 4, lo=1, hi=64, widget="number", doc="Column of the picked cell (1 = first)"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._draw()

    def _draw(self) -> None:
        draw = LOGITS[self.params["source"]]
        self.source = draw(self.params["length"], self.params["causal"], self.params["seed"])

    def change(self, name: str, value: Any) -> list[str]:
        if name in ("source", "length", "causal", "seed"):
            self._draw()
        return []

    def frame(self) -> Frame:
        heads, rows, columns = self.source.logits.shape
        head, row, column = (min(self.params[name], n) - 1
                             for name, n in (("head", heads), ("row", rows), ("column", columns)))
        z, mask = self.source.logits[head], self.source.mask
        mask = np.ones(z.shape, bool) if mask is None else mask
        p, sides = reference(z, mask), {name: self._side(z, mask, rule) for name, rule in self._rules().items()}
        facts = {name: side.facts(p) for name, side in sides.items()}
        masked = not bool(mask[row, column])
        cell = {"masked": masked, "logit": float(z[row, column]), "probability": float(p[row, column]),
                "query": self.source.queries[row], "key": self.source.keys[column], "words": cell_words(masked, facts)}
        return Frame(0, {
            "head": head + 1, "heads": heads, "rows": rows, "columns": columns, "row": row + 1, "column": column + 1,
            "at_key": column, "picked": [0, row, column], "about": self.source.about,
            "queries": list(self.source.queries), "keys": list(self.source.keys), "fates": list(FATES),
            "row_fates": list(ROW_FATES), "titles": {name: TITLES[rule] for name, rule in self._rules().items()},
            "method": self._method(), **facts, "words": verdict(facts), "limits": limits(p, sides, row),
            "cell": cell | {name: side.cell(p, row, column) for name, side in sides.items()},
            "this_row": {"top": int(p[row].argmax()) + 1} | {name: side.row(p, row) for name, side in sides.items()},
        }, {"logits": z, "float": p, "mask": mask.astype(np.uint8), **pictures(p, sides),
            "row_float": p[row], "row_mask": mask[row].astype(np.uint8),
            **{f"row_{name}": side.p_hat[row] for name, side in sides.items()}})

    def _rules(self) -> dict[str, str]:
        return {"plain": "none", "shifted": self.params["shift"]}

    def _side(self, z: np.ndarray, mask: np.ndarray, rule: str) -> "Side":
        logits = quantize_logits(z, self.params["bits"], rule, mask)
        return Side(rule, mask, logits, probabilities(logits, self.params["method"], mask))

    def _method(self) -> dict[str, str]:
        method = METHODS[self.params["method"]]
        return {name: getattr(method, name) for name in ("title", "about", "source", "breaks")}


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
        rows = [int(row) + 1 for row in np.flatnonzero(broken(self.p_hat, self.mask))]
        return asdict(found) | {
            "rule": self.rule, "scale": scale, "codes": steps + 1, "span": scale * steps,
            "row_sum_least": float(sums.min()), "row_sum_most": float(sums.max()), "broken": rows,
        }

    def row(self, p: np.ndarray, row: int) -> dict[str, Any]:
        """What quantising costs in one row; `top` is the position of the key with the largest probability, the
        first of equal ones."""
        one = slice(row, row + 1)
        found = errors(self.p_hat[one], p[one], self.mask[one])
        is_broken = found.broken_rows > 0
        return {"l1": found.l1_per_row, "row_sum": found.row_sum, "broken": is_broken,
                "broken_words": ", broken" if is_broken else "", "top": int(self.p_hat[row].argmax()) + 1}

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
        arrays |= {f"{name}_p": side.p_hat, f"{name}_error": side.p_hat - p, f"{name}_q": side.logits.q}
    return arrays


def limits(p: np.ndarray, sides: dict[str, Side], row: int) -> dict[str, float]:
    """The values that get the full colour, one for all probabilities and one for all differences, and a full bar."""
    all_p = np.stack([p, *(side.p_hat for side in sides.values())])  # 3, R, N
    return {"probability": float(all_p.max()), "difference": float(np.abs(all_p[1:] - p).max()),
            "row": float(all_p[:, row].max())}


def cell_words(masked: bool, facts: dict[str, dict[str, Any]]) -> str:
    if masked:
        return "This position is masked: it takes no part in the grid’s range, and its probability is exactly 0."
    plain, shifted = (facts[side]["codes"] for side in SIDES)
    return (f"Without the shift this logit becomes one of {plain:,} codes, with it one of {shifted:,}. The method sees "
            "only the code.")


def verdict(facts: dict[str, dict[str, Any]]) -> str:
    """What the shift is worth here, in a sentence that follows from the measured numbers."""
    plain, shifted = facts["plain"], facts["shifted"]
    gain = gain_bits([plain["l1_per_row"]], [shifted["l1_per_row"]])
    change = f"mean L1 per row goes from {plain['l1_per_row']:.3f} to {shifted['l1_per_row']:.3f}"
    rows = f", and broken rows from {len(plain['broken'])} to {len(shifted['broken'])}"
    if not np.isfinite(gain):
        return f"With the shift {change}{rows}."
    if abs(gain) < NOTHING_BITS:
        return f"Here the shift gains nothing: {change}{rows}."
    if gain < 0:
        return f"Here the shift does as much harm as losing {-gain:.1f} bits: {change}{rows}."
    return f"Here the shift is worth {gain:.1f} bits: {change}{rows}."
