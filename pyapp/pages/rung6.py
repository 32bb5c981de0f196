"""Rung 6: six neurons on each refined vector."""

from typing import Any, ClassVar

import numpy as np

from pyapp.experiment.formulas import Matrix
from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Column, Panel, Table, Words
from pyapp.ladder import block
from pyapp.ladder.table import TABLE
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.toy_page import DIMS, MLP, OWN, PROMPT, SCALED, Arrow, ToyPage, part, plain, ranking

ADDED = "What fired is added up, with the bias b₂, onto the refined vector; the thin arrows are the parts."
IDLE = "The block is off: the refined vector is the output."


def likely(name: str, title: str) -> Table:
    return Table(name=name, rows=name, key="word", caption=title, columns=(
        Column(title, "word"), Column("probability", "probability:percent:2")))


class Page(ToyPage):
    title = "MLP block"
    summary = "Six neurons look at the refined vector: see which fire, and where those move it."
    tab = "6 MLP block"
    order = 75
    NEXT = ("rung7", "Turn the last vector into a word, append it, and begin again.")
    BAR = "{fired} of {neurons_count} fired"
    GROUPS = (("Words", ("prompt",)), ("Block", ("mlp",)), ("Attention", ("own", "scaled")), ("Picture", ("dims",)),
              ("Table of rung 4", ("table",)))
    UNSHOWN: ClassVar = {name: "what it is at the last word stands in the sum" for name in
                         ("parts", "refined", "output")}
    PANELS = ladder.rung(
        Panel("neurons", "Six neurons", (
            Words(text="Each neuron asks **{word}**, refined, one question: a sum above zero fires and is sent on; "
                       "below zero it is silent."),
            Table(name="neurons", rows="neurons", caption="The six neurons at the last word", columns=(
                Column("neuron", "[{name}](.{role})"), Column("", "state:text", name="state", role="{colour}"),
                Column("", bar=("share",), both=True), Column("sum", "sum:signed:3", role="{role}"),
                Column("sends", "value:fixed:3", role="{role}")))), empty=ladder.EMPTY),
        Panel("vectors", "Where it moves {word}", (
            ladder.vectors("block-picture", ladder.SUM), Words(text="{moves}"))),
        Panel("words", "At every word", (
            Words(text="The same six neurons, a column each, stand at every word and see only that word's refined "
                       "vector."),
            Matrix(name="hidden", array="hidden", shade="shade", rows="words", columns="numbers", corner="word",
                   caption="What each neuron sends at each word"))),
        Panel("ranking", "What it is good for", (
            Words(text="The five most likely next words with the block and without it."),
            Beside(blocks=(likely("on", "with the block"), likely("off", "without"))))), pictures=2)
    MAIN = ("mlp", "own")
    RECORDED = ()
    PARAMS = (PROMPT, MLP, OWN, SCALED, DIMS, TABLE)
    LIVE = (block.hidden, block.output)

    def frame(self) -> Frame:
        found, words = self.forward(mlp=True), self.words
        h, refined, last = found["hidden"], found["refined"], -1
        output = found["output"] if self.params["mlp"] else refined
        neurons = self._neurons((refined @ self.p["W1"].T + self.p["b1"])[last], h[last])
        parts = h[last][:, None] * self.p["W2"].T
        fired = [k for k, neuron in enumerate(neurons) if neuron["fired"]] if self.params["mlp"] else []
        added = [part(f"neuron-{k + 1}", f"+ neuron {k + 1}", parts[k], "muted") for k in fired]
        if self.params["mlp"]:
            added.append(part("bias", "+ bias b₂", self.p["b2"], "muted"))
        return self.said(
            {"refined": refined, "hidden": h, "output": output, "parts": parts,
             "shade": np.where(h > 0, h / (h.max() or 1), np.nan)},
            words=words, word=words[last], neurons=neurons, neurons_count=len(neurons),
            fired=sum(neuron["fired"] for neuron in neurons), numbers=[k + 1 for k in range(len(neurons))],
            moves=ADDED if self.params["mlp"] else IDLE, on=ranking(found["probabilities"]),
            off=ranking(self.forward(mlp=False)["probabilities"]),
            sum=[part("refined", "refined", refined[last]), *added,
                 part("output", "output", output[last], chosen=True)],
            vectors=self.vectors(
                f"{words[last]} moves from {plain(refined[last])} to {plain(output[last])}.",
                Arrow("output", output[last], "chosen"), Arrow(f"{words[last]}, refined", refined[last], "float"),
                Arrow("", output[last], "positive", refined[last]),
                *(Arrow(f"neuron {k + 1}", parts[k], "other") for k in fired)))

    def _neurons(self, z: np.ndarray, h: np.ndarray) -> list[dict[str, Any]]:
        """The six neurons at the last word: their sums and what they send."""
        most = float(np.abs(z).max()) or 1.0
        return [{"name": str(k + 1), "sum": float(z[k]), "share": float(z[k]) / most, "value": float(h[k]),
                 "fired": bool(h[k] > 0), "state": "fired" if h[k] > 0 else "silent",
                 "role": "" if h[k] > 0 else "muted", "colour": "positive" if h[k] > 0 else "muted"}
                for k in range(len(z))]
