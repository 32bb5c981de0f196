"""Rung 7: from a vector to a word, and to the next."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from pyapp.checkpoint import Contents, described
from pyapp.core.rng import generator
from pyapp.experiment.formulas import Matrix
from pyapp.experiment.frame import Frame, Idle
from pyapp.experiment.panels import Column, Panel, Table, Words
from pyapp.experiment.params import Param
from pyapp.ladder import attention, generate, toy
from pyapp.ladder.rollout import MOST, Step, choose
from pyapp.ladder.table import TABLE
from pyapp.pages.base import controls
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.ladder_bits import BITS, quantized
from pyapp.pages.base.toy_page import MLP, OWN, PROMPT, SCALED, ToyPage, ranking

TABLES = ("E", "W_Q", "W_K", "W_V", "W1", "W2")  # what the bit slider rounds


class Page(ToyPage):
    title = "Next word"
    summary = "Every word gets a probability and one is appended: take bits away until that breaks."
    tab = "7 Next word"
    order = 76
    NEXT = ("generator", "Generate pictures instead of words, and take bits away from the generator.")
    WORK = "train"
    BAR = "{bar}"
    GROUPS = (("Words", ("prompt",)), ("Choice", ("choice", "temperature", "seed")), ("Bits", ("bits",)),
              ("Block", ("mlp", "own", "scaled")), ("Table of rung 4", ("table",)))
    UNSHOWN: ClassVar = {"appended": "the sentence has these words and their probabilities"}
    PANELS = ladder.rung(
        Panel("sentence", "The sentence", (
            Words(text="Step appends one word, Play goes on to the full stop. Behind each new word is the probability "
                       "that it had."),
            Words(name="sentence", role="sentence", text="{sentence}"),
            Words(name="next", role="plain", when="ended", text="The sentence has ended."),
            Words(name="next", role="plain", when="!ended",
                  text="Next: **{next}**, with {probability:percent:2}."),
            Words(name="rounded-words", role="quant", when="rounded",
                  text="With {params.bits} bits the most likely word is {top.0.word} ({top.0.probability:percent:2}); "
                       "in float32 it is {top_float.0.word} ({top_float.0.probability:percent:2})."),
            Table(name="words", rows="table", chosen="first", caption="Every word and its probability", columns=(
                Column("word", "name"), Column("", bar=("probability",), roles=("{role}",)),
                Column("logit", "logit:signed:3"),
                Column("probability, T = {params.temperature}", "probability:percent:2"),
                Column("probability, T = 1", "plain:percent:2"),
                Column("in float32", "float:percent:2", role="float", when="rounded"))),
            Words(text="The logit of a word is the dot product of its row of the table with the output of the last "
                       "word. T is the temperature; the bars are drawn with it."),
            Words(name="appended", role="doc", text="Words appended: {step:count}")), empty=ladder.EMPTY),
        Panel("attention", "Where the last word looked", (
            Matrix(name="attention", array="attention", shade="attention", columns="words", format="fixed:3",
                   caption="Weights of the last word"),
            Words(role="doc", text="Output of the last word: {output:words:3}"))))
    IDLE = (Idle(("seed",), "choice", "is", ("greedy",), "nothing is drawn"),)
    MAIN = ("choice", "temperature")
    RECORDED = ()
    PARAMS = (
        PROMPT,
        Param("choice", "Next word", "choice", "greedy", choices=("greedy", "sampled"),
              doc="Always the most likely word, or one drawn by the probabilities"),
        controls.temperature(1.0, "Logits are divided by it: below 1 sharpens the probabilities, above 1 flattens them",
                             hi=10.0, step=None, log=True),
        controls.seed("Decides the drawn words: the same seed draws the same"),
        BITS, MLP, OWN, SCALED, TABLE,
    )
    LIVE = (generate.probabilities, generate.most_likely, generate.sample, attention.softmax)

    def _read_prompt(self) -> None:
        super()._read_prompt()
        self.prompt, self.appended = self.numbers, []

    def change(self, name: str, value: Any) -> list[str]:
        notes = super().change(name, value)
        if name in ("seed", "choice"):
            self._read_prompt()
        return notes

    def weights(self) -> dict[str, np.ndarray]:
        """What is computed with: the weights, or what their codes stand for."""
        p = dict(self.p)
        for name in TABLES:
            if tensor := quantized(p[name], self.params["bits"]):
                p[name] = tensor.dequantize().astype(np.float64)
        return p

    def next(self) -> Step:
        """The word that comes next."""
        u = generator(self.params["seed"], "rollout").random(MOST + 1)[len(self.appended)]
        switches = {name: self.params[name] for name in ("own", "scaled", "mlp")}
        return choose(self.numbers, self.weights(), self.params["choice"] == "greedy", float(u), self.rungs,
                      temperature=self.params["temperature"], **switches)

    @property
    def ended(self) -> bool:
        return bool(self.appended) and (self.appended[-1]["word"] == toy.STOP or len(self.appended) >= MOST)

    def steps(self) -> Iterator[Frame]:
        """One word per item, to the full stop."""
        while not self.ended:
            step = self.next()
            self.appended.append({"word": step.word, "probability": step.probability})
            self.numbers = np.append(self.numbers, np.int32(step.chosen))
            yield Frame(len(self.appended), {"probability": step.probability})

    def frame(self) -> Frame:
        step, float_ = self.next(), self.forward(temperature=self.params["temperature"])
        found, plain = step.result, self.rungs.probabilities(step.result["logits"], 1.0)
        off = self.params["bits"] == "off"
        order = np.argsort(-found["logits"], kind="stable").tolist()
        table = [{"name": toy.WORDS[i], "logit": float(found["logits"][i]), "plain": float(plain[i]),
                  "probability": float(found["probabilities"][i]), "float": float(float_["probabilities"][i]),
                  "first": i == order[0], "role": "float" if off else "quant"} for i in order]
        written = [f"**{each['word']}** [{each['probability']:.0%}](.muted)".replace("%", " %")
                   for each in self.appended]
        sentence = " ".join([*toy.text(self.prompt).split(), *written, *([] if self.ended else ["…"])])
        frame = self.said(
            {"attention": found["weights"][-1:], "output": found["output"][-1]}, words=self.words, sentence=sentence,
            appended=self.appended, ended=self.ended, next=step.word, probability=step.probability, rounded=not off,
            bar="ended" if self.ended else f"next: {step.word}", table=table,
            top=ranking(found["probabilities"]), top_float=ranking(float_["probabilities"]))
        frame.step = len(self.appended)
        return frame

    def snapshot(self) -> dict[str, np.ndarray]:
        probabilities = np.array([each["probability"] for each in self.appended], np.float64)
        return described({"prompt": self.prompt, "numbers": self.numbers, "probabilities": probabilities},
                         "page rung7")

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        arrays = Contents(arrays, name).need("words").weights
        if not _fits(arrays):
            raise ValueError(f"{name}: expected the words of this page, found {', '.join(arrays) or 'nothing'}")
        prompt = arrays["prompt"].astype(np.int32)
        self.params["prompt"] = toy.text(prompt)
        self._read_prompt()
        self.numbers = arrays["numbers"].astype(np.int32)
        words = toy.text(self.numbers[len(prompt):]).split()
        self.appended = [{"word": word, "probability": float(p)}
                            for word, p in zip(words, arrays["probabilities"], strict=True)]
        return [f"continues after {len(words)} words"]


def _fits(arrays: Mapping[str, Any]) -> bool:
    """Whether these are word numbers that begin with a prompt, and a probability for each word after it."""
    if set(arrays) != {"prompt", "numbers", "probabilities"} or any(a.ndim != 1 for a in arrays.values()):
        return False
    prompt, numbers, probabilities = (arrays[key] for key in ("prompt", "numbers", "probabilities"))
    words = np.concatenate([prompt, numbers])
    return (words.dtype.kind == "i" and 1 <= len(prompt) <= toy.LONGEST and len(probabilities) <= MOST
            and len(numbers) == len(prompt) + len(probabilities) and np.array_equal(numbers[: len(prompt)], prompt)
            and bool((words >= 0).all() and (words < len(toy.WORDS)).all()))
