"""Encoder: a small MobileBERT answers a question about a story, with attention scores of a few bits."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from pyapp import shipped
from pyapp.core.losses import softmax
from pyapp.data import questions
from pyapp.data.wordpiece import Tokens
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Values, neighbours
from pyapp.measure import published
from pyapp.measure.encoder import Answers, Piece, Tally, head_errors, pieces, read
from pyapp.nets.encoder.model import PAD, Encoder
from pyapp.pages.base import softmax_controls
from pyapp.pages.base.softmax_controls import SHIFT_TITLES, SOFTMAX_TITLES
from pyapp.pages.panels import encoder as panels
from pyapp.quantized.encoder import ScoreSettings, quantize_scores
from pyapp.softmax.compare import BITS
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES
from pyapp.training.encoder_recipe import HELD_OUT, encoded, held_out

CALIBRATION_SEED, CALIBRATION = 3, 32  # stories that decide the ranges of scores
HEADS_ON = 200  # held-out stories on which heads are compared: more of the float attention need not be kept
REDRAWN = 8  # pieces from one frame to the next
EXAMPLES = 5
NOTABLE = 0.15  # share of attention
SIDES = ("float", "quant")


class Cell(NamedTuple):
    """One combination of settings that is measured on the held-out stories."""

    bits: int
    method: str
    shift: str


class Page(Experiment):
    title = "Encoder"
    summary = "Ask who did it in a short story; take bits from the attention until the answer is wrong."
    entry = "Transformers"
    order = 62
    NEXT = ("text", "Writing is less forgiving: watch a text fall apart and come back.")
    WORK = "auto"
    BAR = "{bits} bits, {counted:count} stories: [{float_accuracy:percent}](.float) → [{accuracy:percent}](.quant)"
    GROUPS = (("Story", ("text",)), ("Quantise the scores", ("logit_bits", "softmax", "shift")),
              ("Look at", ("layer", "head")))
    SHIPPED, PANELS = ("encoder",), panels.PANELS
    MAIN = ("logit_bits", "shift")
    RECORDED, REHEARSED = (), 10_000
    PARAMS = (
        Param("text", "Story and question", "text", "emil likes nora. finn sees nora. who likes nora?", hi=400,
              doc="Short sentences about mia, ada, nora, tom, emil and finn, and a question that begins with “who”"),
        Param("logit_bits", "Bits per score", "int", 3, lo=BITS[0], hi=BITS[-1],
              doc="Bits of the attention scores, which are rounded before the softmax"),
        softmax_controls.softmax(),
        softmax_controls.shift(),
        Param("layer", "Layer", "int", 3, lo=1, hi=3, doc="Layer whose attention is shown (1 = first)"),
        Param("head", "Head", "choice", "3", choices=tuple("1234"), widget="slider",
              doc="Attention head to show (1 = first)"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.net = shipped.encoder()
        texts, self.labels = held_out()
        ids = [self.net.vocabulary.encode(text, context=self.net.model.size.context).ids for text in texts]
        self.pieces = pieces(ids)
        self.examples = [{"text": text, "answer": self.net.labels[label]}
                         for text, label in zip(texts[:EXAMPLES], self.labels, strict=False)]
        drawn, _ = questions.write(CALIBRATION_SEED, CALIBRATION)
        self.calibration = encoded(self.net.vocabulary, drawn, self.net.model.size.context)
        self.networks: dict[Cell, Encoder] = {}
        self.tallies: dict[Cell, Tally] = {}
        self.exact: dict[int, Answers] = {}  # of the float32 network, by number of the piece
        self.step = 0

    def cell(self, bits: int | None = None, method: str = "", shift: str = "") -> Cell:
        """The chosen settings, or others where they are given."""
        chosen = self.params
        return Cell(bits or chosen["logit_bits"], method or chosen["softmax"], shift or chosen["shift"])

    def network(self, cell: Cell) -> Encoder:
        if cell not in self.networks:
            ids = self.calibration
            self.networks[cell] = quantize_scores(self.net.model, self.net.weights, ScoreSettings(*cell), ids,
                                                  ids != PAD)
        return self.networks[cell]

    def wanted(self) -> list[Cell]:
        """What to measure, in order: the chosen settings, their curve, that without a shift, and that of exact."""
        curves = [("", ""), ("", "none"), ("exact", ""), ("exact", "none")]
        cells = [self.cell(), *(self.cell(bits, *curve) for curve in curves for bits in BITS)]
        return list(dict.fromkeys(cells))

    def steps(self) -> Iterator[Frame | None]:
        """The networks of the slider's positions, then a piece of the held-out stories per item, for the first settings
        not yet measured; results are kept."""
        for bits in neighbours(self.PARAMS, "logit_bits", self.params["logit_bits"]):
            self.network(self.cell(bits))
            yield None
        while cell := next((each for each in self.wanted() if self.tally(each).counted < len(self.labels)), None):
            tally = self.tally(cell)
            i = tally.pieces
            tally.add(self.pieces[i], self.float_answers(i), read(self.network(cell), self.net.weights, self.pieces[i]))
            drawn = tally.counted == len(self.labels) or tally.pieces % REDRAWN == 0
            self.step += drawn
            yield Frame(self.step) if drawn else None

    def tally(self, cell: Cell) -> Tally:
        return self.tallies.setdefault(cell, Tally(self.labels))

    def float_answers(self, i: int) -> Answers:
        """The float32 network's answers to a piece; its attention is kept for the first `HEADS_ON` stories."""
        if i not in self.exact:
            found = read(self.net.model, self.net.weights, self.pieces[i])
            early = sum(len(piece.numbers) for piece in self.pieces[:i]) < HEADS_ON
            self.exact[i] = found if early else found._replace(attention=None)
        return self.exact[i]

    def frame(self) -> Frame:
        tokens = self.net.vocabulary.encode(self.params["text"], context=self.net.model.size.context)
        piece = Piece(np.zeros(1, np.int64), tokens.ids[None])
        exact, rounded = (read(model, self.net.weights, piece) for model in (self.net.model, self.network(self.cell())))
        chances = [softmax(answers.logits)[0] for answers in (exact, rounded)]
        layer, head = self.params["layer"] - 1, int(self.params["head"]) - 1
        maps = [answers.attention[layer, 0, head] for answers in (exact, rounded)]  # T, T each
        heads = [answers.attention[:, 0].reshape(-1, *maps[0].shape) for answers in (exact, rounded)]  # L·H, T, T
        error, people, method = maps[1] - maps[0], list(self.net.labels), METHODS[self.params["softmax"]]
        layers, across = self.net.model.size.layers, self.net.model.size.heads
        scalars = {
            "bits": self.params["logit_bits"], "tokens": list(tokens.pieces), "unknown": self._unknown(tokens),
            "people": people, "full": 1.0, "answer": int(chances[0].argmax()), "examples": self.examples,
            **{f"{side}_says": f"{people[int(p.argmax())]} ({100 * float(p.max()):.1f} %)"
               for side, p in zip(SIDES, chances, strict=True)},
            **{f"{side}_looks": _looks(each[0], tokens.pieces) for side, each in zip(SIDES, maps, strict=True)},
            "layer": layer + 1, "head": head + 1, "heads": across, "kept": layer * across + head,
            "layers": [i + 1 for i in range(layers) for _ in range(across)],
            "numbers": [str(i + 1) for _ in range(layers) for i in range(across)],
            "names": [f"{i + 1}.{j + 1}" for i in range(layers) for j in range(across)],
            "limits": {"map": float(max(each.max() for each in maps)), "error": float(np.abs(error).max()),
                       "heads": float(max(each.max() for each in heads))},
            "method": {name: getattr(method, name) for name in ("title", "about", "breaks")},
            **self._heads(exact, rounded), **self._counted(), **self._curve(), "measured": self._measured(),
            "published": published.rows(),
        }
        return Frame(self.step, scalars, {
            "p_float": chances[0], "p_quant": chances[1], "map_float": maps[0], "map_quant": maps[1],
            "map_error": error, "heads_float": heads[0], "heads_quant": heads[1],
            "widths": np.array(BITS, np.int32)})

    def _unknown(self, tokens: Tokens) -> str:
        """The words of the text that the network does not know, in a sentence."""
        known = f"The network knows {len(self.net.vocabulary)} words and marks, those of the stories."
        parts = [f"Unknown words, read as [UNK]: {', '.join(tokens.unknown[:9])}. {known}"] if tokens.unknown else []
        if tokens.cut:
            parts.append(f"The last {tokens.cut} tokens are not read: {self.net.model.size.context} fit.")
        return " ".join(parts)

    def _heads(self, exact: Answers, rounded: Answers) -> dict[str, Any]:
        """L1 of each head, on the text and on the held-out stories."""
        here, tally = head_errors(exact.attention, rounded.attention)[0], self.tally(self.cell())
        places = list(np.ndindex(here.shape))
        chosen = self.params["layer"] - 1, int(self.params["head"]) - 1
        rows = [{"name": f"{i + 1}.{j + 1}", "here": float(here[i, j]), "chosen": (i, j) == chosen,
                 "mean": None if tally.errors is None else float(tally.errors[i, j])} for i, j in places]
        return {"rows": rows, "compared": tally.compared,
                "mean_l1": None if tally.errors is None else float(tally.errors.mean())}

    def _counted(self) -> dict[str, Any]:
        """How far the held-out stories are counted with the chosen settings, and all that is to be measured."""
        tally, wanted = self.tally(self.cell()), self.wanted()
        done, whole = sum(self.tally(cell).counted for cell in wanted), len(wanted) * len(self.labels)
        right = sum(int((answers.logits.argmax(axis=1) == self.labels[self.pieces[i].numbers]).sum())
                    for i, answers in self.exact.items())
        seen = sum(len(self.pieces[i].numbers) for i in self.exact)
        left = len([cell for cell in wanted if self.tally(cell).counted < len(self.labels)])
        return {"accuracy": tally.accuracy, "counted": tally.counted, "changed": tally.changed,
                "float_accuracy": right / seen if seen else None, "float_counted": seen, "count_of": HELD_OUT,
                "done": done, "all": whole,
                "counted_words": f"{len(wanted) - left} of {len(wanted)} settings finished" if left else ""}

    def _accuracies(self, method: str, shift: str) -> list[float | None]:
        """Accuracies by bits of a method and shift; None where nothing is counted."""
        found = [self.tallies.get(Cell(bits, method, shift)) for bits in BITS]
        return [each and each.accuracy for each in found]

    def _curve(self) -> dict[str, Any]:
        """The chosen method and shift, what they are compared with, and the float32 network."""
        method, shift = self.params["softmax"], self.params["shift"]
        words = f"{SOFTMAX_TITLES[method]}, {SHIFT_TITLES[shift]}"
        exact = self._counted()["float_accuracy"]
        others = {(method, "none"), ("exact", shift), ("exact", "none")} - {(method, shift)}
        lines = [{"y": [exact] * len(BITS), "role": "float", "label": "float32"},
                 *({"y": self._accuracies(*each), "role": "faint", "thin": True, "label": ""}
                   for each in sorted(others)),
                 {"y": self._accuracies(method, shift), "role": "quant", "label": "chosen"}]
        chosen = lines[-1]["y"]
        at = BITS.index(self.params["logit_bits"])
        values = [y for line in lines for y in line["y"] if y is not None]
        return {"lines": lines, "at": at, "range": [min(values, default=0.0) - 0.02, 1.01],
                "marks": [] if chosen[at] is None else [{"kind": "point", "x": BITS[at], "y": chosen[at],
                                                         "role": "quant"}],
                "curve_words": f"[float32](.float) and [{words}](.quant)",
                "readings": [f"{bits} bits: " + (f"{100 * y:.2f} %" if y is not None else "not counted yet")
                             for bits, y in zip(BITS, chosen, strict=True)]}

    def _measured(self) -> list[dict[str, Any]]:
        """A row for each method and shift of which something is counted."""
        there = {(cell.method, cell.shift) for cell, tally in self.tallies.items() if tally.counted}
        chosen = self.params["softmax"], self.params["shift"]
        order = [(method, shift) for method in METHODS for shift in RULES if (method, shift) in there]
        return [{"name": f"{method} {shift}", "title": SOFTMAX_TITLES[method], "shift": SHIFT_TITLES[shift],
                 "accuracies": self._accuracies(method, shift), "chosen": (method, shift) == chosen}
                for method, shift in order]


def _looks(row: np.ndarray, words: Sequence[str]) -> str:
    """Where most of a row of attention goes, in words: the tokens with a share above `NOTABLE`, the largest first."""
    most = [i for i in np.argsort(-row, kind="stable") if row[i] > NOTABLE]
    return " and ".join(f"{words[i]} ({100 * float(row[i]):.0f} %)" for i in most) or "all words, a little"
