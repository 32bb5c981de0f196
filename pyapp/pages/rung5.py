"""Rung 5: what the words take from one another."""

from typing import ClassVar

import numpy as np

from pyapp.experiment.formulas import Matrix
from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Column, Custom, Panel, Table, Words
from pyapp.experiment.params import Param
from pyapp.ladder import attention, toy
from pyapp.ladder.table import TABLE
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.toy_page import DIMS, OWN, PROMPT, SCALED, Arrow, ToyPage, part, plain

MATRICES = ("W_Q", "W_K", "W_V")


class Page(ToyPage):
    title = "Self-attention"
    summary = "Every word looks back and takes from what it sees: creature becomes fluffy and blue."
    tab = "5 Self-attention"
    order = 74
    NEXT = ("rung6", "After looking around comes thinking alone: six neurons.")
    BAR = "{count} word{count:s}"
    GROUPS = (("Words", ("prompt", "look")), ("Attention", ("own", "scaled")), ("Picture", ("dims",)),
              ("Table of rung 4", ("table",)))
    UNSHOWN: ClassVar = {name: "its row for the word that looks stands in the sum" for name in
                         ("embeddings", "mixed", "nudge", "refined", "queries", "keys")}
    PANELS = ladder.rung(
        Panel("arcs", "Who looks at whom", (
            Words(text="**{word}** looks at itself and at the words before it. Each arrow carries the dot product of "
                       "the two words and, below it, the share that the softmax makes of it. Choose another word to "
                       "look from there."),
            Custom(name="look", module="arcs", label="{looks}", entries=("words", "at", "into")),
            Table(name="arrows", rows="into", key="from", caption="The arrows", columns=(
                Column("from", "name"), Column("dot product", "product:signed:4"), Column("score", "score:signed:4"),
                Column("weight", "weight:percent:2")))), empty=ladder.EMPTY),
        Panel("vectors", "The nudge", (
            Words(text="Every word gives its value times its weight; the sum is the nudge, and it is added to what "
                       "{word} was."),
            ladder.vectors("nudge-picture", ladder.SUM))),
        Panel("weights", "All weights, and what they are made from", (
            Words(text="A row for each word that looks; no word sees what comes later."),
            Matrix(name="weights", array="weights", shade="shade", rows="words", columns="words", chosen=("at", ""),
                   corner="looks", format="percent:1", caption="Weights of each word for each"),
            Words(name="disclosed", role="note", text="{disclosed}"),
            Beside(width=150, blocks=tuple(Matrix(array=name, caption=name) for name in MATRICES)))))
    MAIN = ("own", "scaled")
    RECORDED = ()
    PARAMS = (PROMPT,
              Param("look", "Word that looks", "int", 0, lo=0, hi=toy.LONGEST, widget="number",
                    doc="Its place in the prompt, counted from 1; 0 is the last word"),
              OWN, SCALED, DIMS, TABLE)
    LIVE = (attention.scores, attention.softmax, attention.nudge, attention.refine)

    def frame(self) -> Frame:
        found, words = self.forward(), self.words
        x, a, s = found["embeddings"], found["weights"], found["scores"]
        matrices = {name: self.p[name] if self.params["own"] else np.eye(toy.DIM) for name in MATRICES}
        queries, keys, values = (x @ matrix.T for matrix in matrices.values())
        seen = np.isfinite(s)  # by default j <= i: no word looks ahead, but a reader may edit that
        look = self.params["look"]
        at = look - 1 if 0 < look <= len(words) else len(words) - 1
        into = [{"from": j, "name": words[j], "product": float(queries[at] @ keys[j]), "score": float(s[at, j]),
                 "weight": float(a[at, j])} for j in np.flatnonzero(seen[at]).tolist()]
        mixed = a[:, :, None] * values[None]
        before, after = x[at], found["refined"][at]
        others = [Arrow(words[j], x[j], "other") for j in dict.fromkeys(words.index(each["name"]) for each in into)
                  if words[j] != words[at]]
        own, scaled = (self.params[name] for name in ("own", "scaled"))
        return self.said(
            {**matrices, "queries": queries, "keys": keys, "mixed": mixed, "weights": a,
             "shade": np.where(seen, a, np.nan), **{name: found[name] for name in ("embeddings", "nudge", "refined")}},
            words=words, word=words[at], count=len(words), at=at, into=into,
            looks=looks(words[at], into), sum=[
                part("before", f"{words[at]}, before", before),
                *(part(f"mixed-{each['from']}", f"+ share of {each['name']}", mixed[at, each["from"]], "muted")
                  for each in into),
                part("nudge", "the nudge", found["nudge"][at]),
                part("refined", f"{words[at]}, refined", after, chosen=True)],
            vectors=self.vectors(f"{words[at]} moves from {plain(before)} to {plain(after)}.",
                                 Arrow(f"{words[at]}, refined", after, "chosen"), Arrow(words[at], before, "float"),
                                 Arrow("nudge", after, "positive", before), *others),
            disclosed=disclosed(own, scaled))


def looks(word: str, into: list[dict]) -> str:
    """What the arrows show, in a sentence. An edited function may leave none."""
    most = max(into, key=lambda each: each["weight"], default=None)
    return f"Arrows to {word}: " + (f"it looks most at {most['name']}, {most['weight']:.1%}." if most else "none.")


def disclosed(own: bool, scaled: bool) -> str:
    """A sentence about what the switches do."""
    made = ("Queries, keys and values come from the fitted matrices below." if own else
            "W_Q, W_K and W_V are identity matrices here: a word's vector is its own query, key and value.")
    return (f"{made} The scores are {'' if scaled else 'not '}divided by {'√3' if scaled else '√d'}. Two "
            "switches turn these on and off.")
