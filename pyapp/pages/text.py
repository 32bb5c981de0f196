"""Text: a GPT and its quantised twin write on from the same prompt and the same seed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from pyapp import shipped
from pyapp.core.words import counted
from pyapp.experiment.frame import Action, Experiment, Frame, Idle, Outcome
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.measure.own_text_loss import FLOAT
from pyapp.measure.recorded_losses import Losses, recorded
from pyapp.nets.generate import Sampling
from pyapp.pages.base import controls, format_controls, softmax_controls
from pyapp.pages.base.text_losses import LossLadder, calibration, of_shipped
from pyapp.pages.base.writing import (
    Text,
    TokenReading,
    cache_sizes,
    described,
    first_difference,
    listed,
    quoted,
    read,
    settings_of,
    visible,
)
from pyapp.pages.panels import text as panels
from pyapp.quant.alone import ROUND
from pyapp.quant.parameters import float_nbytes
from pyapp.quant.schemes import GRID
from pyapp.quantized.kv_cache import quantize_with_cache
from pyapp.store import StoreError

NONE = "float"  # instead of a number of bits
START = "\n"  # what an empty prompt stands for
LOOKED_AT = 5  # characters with the most attention that are listed
WRITING = ("prompt", "seed", "temperature", "top_k", "greedy")  # what decides both texts
QUANTISING = ("format", "bits", "per", "method", "activations", "calibrate", "logit_bits", "softmax", "shift",
              "cache_bits")  # only one text
SHOWN = ("layer", "head")  # these change only what is shown
BEFORE = 12  # characters of the text that a caption quotes
COST = ", loss [{validation.float:fixed:3}](.float) → [{validation.quant:fixed:3}](.quant)"  # where it was recorded
TITLES = {"float": "float32", "quant": "quantised"}
LEFT_OUT = ("The network knows {known}, but not {unknown}: it reads the prompt without them. The prompt itself "
            "is kept as it is.")
FLOAT_LOGITS = "Softmax and shift have no effect on float32 logits; choose bits for the logits."
OWN_SCALES = "A number format has scales and codes of its own; “One scale per” and “Method” have no effect on it."


class Page(Experiment):
    title = "Text"
    summary = "A GPT and its quantised twin continue one prompt: see where they diverge, then add a shift."
    entry = "Transformers"
    order = 61
    NEXT = ("trace", "Follow a text through the network in integers, one operation after another.")
    WORK, EAGER = "train", (*WRITING, *QUANTISING, "tokens")
    LABELS: ClassVar = {"play": "Generate", "pause": "Stop", "step": "One character", "reset": "Start again"}
    BAR = "{step:count}/{tokens:count}{cost}"
    GROUPS = (("Write", ("prompt", "tokens", "greedy", "temperature", "top_k", "seed")), ("Quantise", QUANTISING),
              ("Attention shown", SHOWN))
    PANELS = panels.PANELS
    ACTIONS = (Action("measure", "Measure", "Start or stop measuring the losses for 8 to 2 logit bits"),)
    IDLE = (Idle(("seed",), "greedy", "is", (True,), "nothing is drawn"),
            controls.idle_in_float("per", "method", by="bits", value=NONE, what="weights"),
            controls.idle_in_float("calibrate", value=NONE),
            format_controls.idle_in_formats("bits"))
    MAIN = ("logit_bits", "shift")
    RECORDED, REHEARSED = (), 300
    PARAMS = (
        Param("prompt", "Prompt", "text", "ROMEO:\n", hi=1000,
              doc="The text to continue, up to 1,000 characters; the network sees the last 128. An empty prompt means "
                  "the start of a line"),
        Param("tokens", "Characters", "int", 300, lo=1, hi=1000, doc="How many characters to write after the prompt"),
        Param("greedy", "Greedy", "bool", False,
              doc="Always take the likeliest character; temperature, top-k and seed then have no effect"),
        controls.temperature(0.8, "Logits are divided by it before a character is drawn: below 1 is careful, above 1 "
                                  "is daring"),
        Param("top_k", "Top-k", "int", 0, lo=0, hi=65, doc="Draw from this many of the likeliest characters; 0 means "
                                                           "all"),
        controls.seed("Decides what is drawn, the same numbers for both networks"),
        format_controls.number_format(format_controls.SEARCHED),
        controls.bits_or_none("bits", "Bits per weight", none=NONE,
                              doc="Bits of every matrix, embeddings included; float32 leaves them as they are"),
        controls.per("tensor", (16, 32, 64)),
        controls.method_alone(),
        controls.bits_or_none("activations", "Bits per activation", none=NONE,
                              doc="Bits of the inputs of matrix products; float32 leaves them as they are"),
        controls.calibration_of_text(),
        controls.bits_or_none("logit_bits", "Logit bits", default="3", none=NONE,
                              doc="Bits of the attention scores, which are rounded before the softmax"),
        softmax_controls.softmax(),
        softmax_controls.shift(),
        Param("cache_bits", "Bits of keys and values", "choice", NONE, choices=(NONE, "8", "4", "2"),
              titles={NONE: "float32"}, live=True,
              doc="Bits of the keys and values that are kept of earlier characters; float32 leaves them as they are"),
        Param("layer", "Layer", "int", 2, lo=1, hi=4, doc="Layer whose attention is shown (1 = first)"),
        Param("head", "Head", "int", 1, lo=1, hi=4, doc="Head of that layer whose attention is shown (1 = first)"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.model, self.p, self.vocabulary = shipped.gpt()
        self._live = False  # while characters are written, what they are drawn from is shown
        if unknown := self.vocabulary.unknown(params["prompt"]):
            self.refused["prompt"] = ParamError("prompt", f"the network knows {len(self.vocabulary)} characters, but "
                                                f"not {listed(unknown)}", "leave them out")
        self._quantize()
        self._begin()

    def _quantize(self) -> None:
        settings = settings_of(self.params)
        self.twin = quantize_with_cache(self.model, self.p, settings, calibration())
        self._losses = LossLadder(of_shipped(), settings, self.params["softmax"], self.params["shift"])

    def _begin(self, sides: Sequence[str] = ("float", "quant")) -> None:
        """Begin again after the prompt, on the sides that a change concerns."""
        known = self._known_prompt()
        networks = {"float": (self.model, self.p), "quant": (self.twin.model, self.twin.parameters)}
        fresh = {side: Text(*networks[side], self.vocabulary.encode(known or START), self._sampling(),
                            self.params["seed"]) for side in sides}
        self.texts = (self.texts if len(sides) == 1 else {}) | fresh
        self._speed: dict[str, float] | None = None  # known once writing rests: other frames do not depend on a clock
        self._read: dict[tuple[int, ...], tuple[TokenReading, TokenReading]] = {}  # the last readings, by their window

    def _known_prompt(self) -> str:
        """The prompt without the characters that the network does not know."""
        return self.params["prompt"].translate(dict.fromkeys(map(ord, self.vocabulary.unknown(
            self.params["prompt"]))))

    def _sampling(self, greedy: bool | None = None) -> Sampling:
        return Sampling(self.params["temperature"], self.params["top_k"],
                        self.params["greedy"] if greedy is None else greedy)

    def change(self, name: str, value: Any) -> list[str]:
        if name not in SHOWN:
            self._losses.stop()
        if name in QUANTISING:
            self._quantize()
            self._begin(["quant"])
        elif name in WRITING:
            self._begin()
        return []

    def steps(self) -> Iterator[Frame | None]:
        """One character per item, always of the shorter text; a step is one character of both."""
        before = self._step()
        while (text := min(self.texts.values(), key=lambda each: each.written)).written < self.params["tokens"]:
            text.write()
            self._live = True
            yield Frame(self._step())
        if self._step() > before:
            self._losses.begin()

    def background(self) -> Iterator[None]:
        """While writing rests: find how fast it was, and continue a measurement that was begun, one piece per item."""
        self._live = False
        speeds = {side: text.speed for side, text in self.texts.items()}
        if all(speeds.values()):
            self._speed = speeds
        yield from self._losses.go_on()

    def act(self, name: str, values: Values) -> Outcome:
        """Begin to measure, or stop; `background` goes on with it."""
        if self._losses.measuring:
            self._losses.stop()
        else:
            self._losses.begin()
        return Outcome()

    def snapshot(self) -> dict[str, np.ndarray]:
        """The tokens that each network has written, int32."""
        return {side: np.array(text.tokens[text.prompt:], np.int32) for side, text in self.texts.items()}

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """Go on after the text that was written to this prompt with these settings. StoreError if there is none."""
        if set(arrays) != set(TITLES) or not all(
                each.ndim == 1 and each.dtype == np.int32 and len(each) <= self._most
                and ((each >= 0) & (each < len(self.vocabulary))).all() for each in arrays.values()):
            raise StoreError(f"{name}: expected the characters that two networks have written, found something else")
        self._quantize()
        self._begin()
        for side, text in self.texts.items():
            text.follow(arrays[side].tolist())
        return []

    @property
    def _most(self) -> int:
        """How many characters can be written."""
        return next(param.hi for param in self.PARAMS if param.name == "tokens")

    def _step(self) -> int:
        return min(self.params["tokens"], *(text.written for text in self.texts.values()))

    def frame(self) -> Frame:
        tokens, texts = self.params["tokens"], self.texts
        shown = {side: self.vocabulary.decode(text.tokens[: text.prompt + tokens]) for side, text in texts.items()}
        difference = first_difference(texts["float"], texts["quant"])
        both = texts["float"].prompt + self._step()  # up to here both are written
        if difference is not None and difference >= both:
            difference = None
        drawn = {f"next_{side}": self._sampling(False).probabilities(text.logits)
                 for side, text in texts.items() if self._live and text.logits is not None}
        live, (losses, measured), validation = len(drawn) == len(texts), self._losses.frame(), self._validation()
        labels = visible(self.vocabulary.characters)
        return Frame(self._step(), {
            "texts": shown, "prompt": texts["float"].prompt, "empty": not self._known_prompt(), "live": live,
            "tokens": tokens, "difference": difference, "words": self._words(difference), "labels": labels,
            "labels_count": len(labels), "full": 1.0, "validation": validation,
            "cost": COST if validation and validation["quant"] is not None else "",
            "validation_words": f"validation, {counted(validation['n'], 'character')}, as recorded" if validation else
                                "validation: nothing was recorded for these weights",
            "settings": described(self.params), "losses": losses, "speed": self._speed,
            "bytes": {"float": float_nbytes(self.p), "quant": self.twin.nbytes},
            "cache": cache_sizes(self.params, self.model.size),
        }, (drawn if live else {}) | measured, self._notes())

    def _validation(self) -> dict[str, Any] | None:
        """Losses on the validation text, as recorded; None if nothing was for these weights."""
        losses = _recorded().by_settings
        if not losses:
            return None
        own, quant = losses[FLOAT], losses.get(settings_of(self.params))
        return {"n": _recorded().n, "float": own, "quant": quant, "cost": None if quant is None else quant - own}

    def _words(self, difference: int | None) -> str:
        """A sentence about how far the two texts agree."""
        step, prompt = self._step(), self.texts["float"].prompt
        if difference is None:
            return f"No difference so far: the texts agree after {counted(step, 'character')}." if step else ""
        one, other = (quoted(self.vocabulary.characters[text.tokens[difference]]) for text in self.texts.values())
        same = difference - prompt
        where = f"The texts agree for {counted(same, 'character')}, then differ" if same else "The texts differ at once"
        return (f"{where}: the float32 network writes {one}, the quantised one {other}, and each continues its own "
                "text.")

    def _notes(self) -> list[str]:
        unknown, notes = self.vocabulary.unknown(self.params["prompt"]), []
        if unknown:
            notes.append(LEFT_OUT.format(known=counted(len(self.vocabulary), "character"), unknown=listed(unknown)))
        if self.params["logit_bits"] == NONE and (self.params["softmax"], self.params["shift"]) != ("exact", "none"):
            notes.append(FLOAT_LOGITS)
        if self.params["format"] != GRID and (self.params["per"], self.params["method"]) != ("tensor", ROUND):
            notes.append(OWN_SCALES)
        return notes

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Both networks' predictions after a character of a text, {"side": "float" or "quant", "at": its number from 0,
        or None for the newest}. ValueError for anything else."""
        side, at = inputs.get("side"), inputs.get("at", "")
        if side not in self.texts or not (at is None or isinstance(at, int)):
            raise ValueError("this page reads a text up to a character: give its `side`, float or quant, and its "
                             "number `at`")
        newest = at is None or at >= len(self.texts[side].tokens)  # the text may have become shorter meanwhile
        return self._reading(side, len(self.texts[side].tokens) - 1 if newest else max(at, 0), newest)

    def _reading(self, side: str, at: int, newest: bool) -> Frame:
        text = self.texts[side]
        window = text.window(at)
        key = tuple(window.tolist())
        if key not in self._read:
            self._read = {key: (read(self.model, self.p, window), read(self.twin.model, self.twin.parameters, window))}
        layer, head = (self.params[name] - 1 for name in ("layer", "head"))
        chances = {name: self._sampling(False).probabilities(reading.logits)
                   for name, reading in zip(self.texts, self._read[key], strict=True)}
        looks = {name: reading.attention[layer, head].astype(np.float64)
                 for name, reading in zip(self.texts, self._read[key], strict=True)}
        follows = text.tokens[at + 1] if at + 1 < len(text.tokens) else None
        start, seen, characters = text.starts[at], self.vocabulary.decode(window), visible(self.vocabulary.characters)
        most = np.argsort(-looks[side], kind="stable")[:LOOKED_AT].tolist()
        labels = visible(seen)
        return Frame(self._step(), {
            "side": side, "at": at, "newest": newest, "start": start, "follows": follows, "window": seen,
            "title": TITLES[side], "number": at + 1, "seen": len(seen), "labels": labels, "last": len(seen) - 1,
            "character": labels[-1], "tail": seen[-BEFORE:].replace("\n", "↵"),
            "numbers": list(range(start + 1, start + len(seen) + 1)), "layer": layer + 1, "head": head + 1,
            "most": [{"before": seen[max(0, i - 5) : i].replace("\n", "↵"), "character": labels[i],
                      "number": start + i + 1, **{name: float(look[i]) for name, look in looks.items()}} for i in most],
            "likeliest": {name: {"character": characters[int(each.argmax())], "chance": float(each.max())}
                          for name, each in chances.items()},
            "follows_words": "" if follows is None else f" In the text **{characters[follows]}** follows.",
            "limits": {"next": float(max(map(np.max, chances.values()))),
                       "attention": float(max(map(np.max, looks.values())))},
        }, {**{f"next_{name}": each for name, each in chances.items()},
            **{f"attention_{name}": each for name, each in looks.items()}})


_recorded: Callable[[], Losses] = cache(recorded)
