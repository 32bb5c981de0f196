"""Text: a GPT and its quantised twin write on from the same prompt and the same seed."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.experiment.frame import Action, Experiment, Frame, Outcome
from pyapp.experiment.params import Param, ParamError, Value
from pyapp.measure.own_text_loss import BITS, FLOAT, OwnTextLoss, ladder, verdict
from pyapp.measure.recorded_losses import Losses, recorded
from pyapp.nets.generate import Sampling
from pyapp.pages.base.writing import Text, TokenReading, first_difference, read
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

NONE = "float"  # instead of a number of bits
START = "\n"  # what an empty prompt stands for
CALIBRATION_TEXTS = 2  # eight, as the command line has, take four times as long and find ranges that are no better
RIVAL = "row-max"  # the shift that is measured while none is chosen
LOOKED_AT = 5  # characters with the most attention that are listed
WRITING = ("prompt", "seed", "temperature", "top_k", "greedy")  # what decides both texts
QUANTISING = ("bits", "per", "activations", "logit_bits", "softmax", "shift")  # what decides the quantised one
NAMED = 10  # unknown characters that a note names
LEFT_OUT = ("The network knows {n} characters, but not {unknown}: it reads the prompt without them. The prompt itself "
            "is kept as it is.")
FLOAT_LOGITS = "Softmax and shift are not in use: they need quantised logits, and the logit bits are float."


class Page(Experiment):
    title = "Text"
    summary = ("Let a small GPT and its quantised twin write on from the same prompt and seed, and notice where their "
               "texts part; with few logit bits, choose a shift and watch the words come back.")
    group = "Transformers"
    view = "text"
    order = 41
    ACTIONS = (Action("speed", "Speed", "How many characters per second each network has written"),)
    PARAMS = (
        Param("prompt", "Prompt", "text", "ROMEO:\n", hi=1000, widget="text",
              doc="The text to go on from, up to 1,000 characters; the network sees the last 128. An empty one stands "
                  "for the start of a line"),
        Param("tokens", "Characters", "int", 300, lo=1, hi=1000, step=1, doc="How many to write after the prompt"),
        Param("greedy", "Greedy", "bool", False, widget="switch",
              doc="Always the likeliest character; temperature, top-k and seed then change nothing"),
        Param("temperature", "Temperature", "float", 0.8, lo=0.1, hi=2.0, step=0.05,
              doc="Logits are divided by it before one is drawn: below 1 careful, above 1 daring"),
        Param("top_k", "Top-k", "int", 0, lo=0, hi=65, step=1,
              doc="Only so many of the likeliest can be drawn; 0 is all"),
        Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, step=1, widget="number",
              doc="Decides what is drawn, the same numbers for both networks"),
        Param("bits", "Bits per weight", "choice", "8", choices=(NONE, *"8765432"), widget="select",
              doc="Of every matrix, embeddings too; with float they stay as they are"),
        Param("per", "One scale per", "choice", "tensor", widget="select",
              choices=("tensor", "channel", "group:16", "group:32", "group:64"),
              doc="Weights that share a scale: all of a matrix, those of one output, or N neighbours of a row"),
        Param("activations", "Bits per activation", "choice", "8", choices=(NONE, *"8765432"), widget="select",
              doc="Of what goes into products of matrices; with float they stay as they are"),
        Param("logit_bits", "Logit bits", "choice", "3", choices=(NONE, *"8765432"), widget="select",
              doc="Of the attention scores, which are rounded before the softmax"),
        Param("softmax", "Softmax", "choice", "exact", choices=tuple(METHODS), widget="select",
              doc="exact is the float softmax of the rounded logits; the others are integer methods"),
        Param("shift", "Shift", "choice", "none", choices=RULES, widget="select",
              doc="What is subtracted from each row of logits before rounding, which a softmax does not notice"),
        Param("layer", "Block", "int", 2, lo=1, hi=4, step=1, doc="Transformer block to inspect (1 = first)"),
        Param("head", "Head", "int", 1, lo=1, hi=4, step=1, doc="Which of the block’s heads is shown"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self.model, self.p, self.vocabulary = shipped.gpt()
        self._measuring: Iterator[float] = iter(())
        self._progress: float | None = None
        if unknown := self.vocabulary.unknown(str(params["prompt"])):
            self.refused["prompt"] = ParamError("prompt", f"the network knows {len(self.vocabulary)} characters, but "
                                                f"not {_listed(unknown)}", "leave them out")
        self._quantize()
        self._begin()

    def _quantize(self) -> None:
        self.twin = quantize_gpt(self.model, self.p, self._settings(), _calibration())

    def _settings(self) -> TransformerSettings:
        logits = _bits(self.params["logit_bits"])
        softmax, shift = ("exact", "none") if logits is None else (str(self.params[k]) for k in ("softmax", "shift"))
        return TransformerSettings(_bits(self.params["bits"]), str(self.params["per"]),
                                   _bits(self.params["activations"]), logit_bits=logits, softmax=softmax, shift=shift)

    def _begin(self, sides: Sequence[str] = ("float", "quant")) -> None:
        """Empty texts after the prompt, for the sides that a change concerns."""
        known = self._known_prompt()
        networks = {"float": (self.model, self.p), "quant": (self.twin.model, self.twin.parameters)}
        fresh = {side: Text(*networks[side], self.vocabulary.encode(known or START), self._sampling(),
                            int(self.params["seed"])) for side in sides}
        self.texts = (self.texts if len(sides) == 1 else {}) | fresh
        self._speed: dict[str, float] | None = None  # only known once it was asked for: frames do not depend on a clock
        self._read: dict[tuple[int, ...], tuple[TokenReading, TokenReading]] = {}  # the last readings, by their window

    def _known_prompt(self) -> str:
        """The prompt without the characters that the network does not know."""
        return str(self.params["prompt"]).translate(dict.fromkeys(map(ord, self.vocabulary.unknown(
            str(self.params["prompt"])))))

    def _sampling(self, greedy: bool | None = None) -> Sampling:
        return Sampling(float(self.params["temperature"]), int(self.params["top_k"]),
                        bool(self.params["greedy"]) if greedy is None else greedy)

    def change(self, name: str, value: Value) -> list[str]:
        if name in QUANTISING:
            self._quantize()
            self._begin(["quant"])
            self._progress = None
        elif name in WRITING:
            self._begin()
        return []

    def steps(self) -> Iterator[Frame | None]:
        """A character an item, always of the text that is shorter; a step is a character of both."""
        while (text := min(self.texts.values(), key=lambda each: each.written)).written < int(self.params["tokens"]):
            text.write()
            yield Frame(self._step())

    def _step(self) -> int:
        return min(int(self.params["tokens"]), *(text.written for text in self.texts.values()))

    def frame(self) -> Frame:
        tokens, texts = int(self.params["tokens"]), self.texts
        shown = {side: self.vocabulary.decode(text.tokens[: text.prompt + tokens]) for side, text in texts.items()}
        difference = first_difference(texts["float"], texts["quant"])
        both = texts["float"].prompt + self._step()  # up to here both are written
        if difference is not None and difference >= both:
            difference = None
        arrays = {f"next_{side}": self._sampling(False).probabilities(text.logits)
                  for side, text in texts.items() if text.logits is not None}
        return Frame(self._step(), {
            "texts": shown, "prompt": texts["float"].prompt, "empty": not self._known_prompt(),
            "tokens": tokens, "difference": difference, "words": self._words(difference),
            "characters": self.vocabulary.characters, "validation": self._validation(),
            "bytes": {"float": float_nbytes(self.p), "quant": self.twin.nbytes}, "speed": self._speed,
        }, arrays, self._notes())

    def _validation(self) -> dict[str, Any] | None:
        """Losses on the validation text, as recorded; None if nothing was for these weights."""
        losses = _recorded().by_settings
        if not losses:
            return None
        own, quant = losses[FLOAT], losses.get(self._settings())
        return {"n": _recorded().n, "float": own, "quant": quant, "cost": None if quant is None else quant - own}

    def _words(self, difference: int | None) -> str:
        """How far the texts are the same."""
        step, prompt = self._step(), self.texts["float"].prompt
        if difference is None:
            return f"The same {step} characters so far." if step else ""
        one, other = (_quoted(self.vocabulary.characters[self.texts[side].tokens[difference]])
                      for side in ("float", "quant"))
        return (f"The same for {difference - prompt} characters; then the float network writes {one} and the quantised "
                f"one {other}, and from there on each goes on from a text of its own.")

    def _notes(self) -> list[str]:
        unknown, notes = self.vocabulary.unknown(str(self.params["prompt"])), []
        if unknown:
            notes.append(LEFT_OUT.format(n=len(self.vocabulary), unknown=_listed(unknown)))
        if self.params["logit_bits"] == NONE and (self.params["softmax"], self.params["shift"]) != ("exact", "none"):
            notes.append(FLOAT_LOGITS)
        return notes

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """What both networks make of a text up to a character, {"side": "float" or "quant", "at": its number}; or a
        piece of measuring losses, {"measure": 0 to begin and 1 to go on}, whose `progress` goes from 0 to 1 and is None
        where nothing was begun."""
        if "measure" in inputs:
            return self._measured(not inputs["measure"])
        if inputs.get("side") not in self.texts or not isinstance(inputs.get("at"), int):
            raise ValueError("this page reads a text up to a character: give its `side`, float or quant, and its "
                             "number `at`; or it measures: give `measure`, 0 to begin and 1 to go on")
        return self._reading(str(inputs["side"]), inputs["at"])

    def _reading(self, side: str, at: int) -> Frame:
        text = self.texts[side]
        at = min(max(at, 0), len(text.tokens) - 1)  # the text may have become shorter meanwhile
        window = text.window(at)
        key = tuple(window.tolist())
        if key not in self._read:
            self._read = {key: (read(self.model, self.p, window), read(self.twin.model, self.twin.parameters, window))}
        layer, head = (int(self.params[name]) - 1 for name in ("layer", "head"))
        chances = [self._sampling(False).probabilities(reading.logits) for reading in self._read[key]]
        looks = [reading.attention[layer, head].astype(np.float64) for reading in self._read[key]]
        follows = text.tokens[at + 1] if at + 1 < len(text.tokens) else None
        most = np.argsort(-looks[side == "quant"], kind="stable")[:LOOKED_AT].tolist()
        return Frame(self._step(), {
            "side": side, "at": at, "start": text.starts[at], "follows": follows,
            "window": self.vocabulary.decode(window), "most": most,
            "likeliest": [int(each.argmax()) for each in chances], "layer": layer + 1, "head": head + 1,
            "limits": {"next": float(np.max(chances)), "attention": float(np.max(looks))},
        }, {"next_float": chances[0], "next_quant": chances[1],
            "attention_float": looks[0], "attention_quant": looks[1]})

    def _measured(self, begin: bool) -> Frame:
        losses, settings, rule = _losses(), self._settings(), self._rule()
        plain, shifted = ladder(self._with_logits(), "none"), ladder(self._with_logits(), rule)
        if begin:
            pairs = [each for pair in zip(plain, shifted, strict=True) for each in pair]
            self._measuring, self._progress = losses.measure([FLOAT, settings, *pairs]), 0.0
        elif self._progress is not None:
            self._progress = next(self._measuring, 1.0)
        found = {"plain": losses.losses(plain), "shifted": losses.losses(shifted)}
        whole = np.isfinite([*found["plain"], *found["shifted"]]).all()
        own = {name: losses.known.get(each) for name, each in (("float", FLOAT), ("quant", settings))}
        return Frame(self._step(), {
            "progress": self._progress, "rule": rule, **own, "n": losses.characters,
            "cost": None if None in own.values() else own["quant"] - own["float"],
            "verdict": verdict(rule, found["plain"], found["shifted"]) if whole else "",
        }, {"bits": np.array(BITS, np.int32), **found})

    def _rule(self) -> str:
        return RIVAL if self.params["shift"] == "none" else str(self.params["shift"])

    def _with_logits(self) -> TransformerSettings:
        """The settings as they are for quantised logits, of which the ladder replaces the bits and the shift."""
        return TransformerSettings(_bits(self.params["bits"]), str(self.params["per"]),
                                   _bits(self.params["activations"]), logit_bits=BITS[0],
                                   softmax=str(self.params["softmax"]))

    def act(self, name: str, values: Mapping[str, Value]) -> Outcome:
        """Say how fast each network has written, in characters per second of computing; nothing before both have."""
        if all(text.written for text in self.texts.values()):
            self._speed = {side: text.written / text.seconds for side, text in self.texts.items()}
        return Outcome()


@cache
def _calibration() -> np.ndarray:
    model, p, _ = shipped.gpt()
    return own_text(model, p, CALIBRATION_TEXTS)


@cache
def _losses() -> OwnTextLoss:
    """One for all runs, so that what was measured once stays known."""
    model, p, _ = shipped.gpt()
    return OwnTextLoss(model, p, _calibration())


@cache
def _recorded() -> Losses:
    return recorded()


def _bits(choice: Value) -> int | None:
    return None if choice == NONE else int(choice)


def _listed(characters: str) -> str:
    more = f" and {len(characters) - NAMED} more" if len(characters) > NAMED else ""
    return ", ".join(map(_quoted, characters[:NAMED])) + more


def _quoted(character: str) -> str:
    return {"\n": "a line break", " ": "a space", "\t": "a tab"}.get(character, f"“{character}”")
