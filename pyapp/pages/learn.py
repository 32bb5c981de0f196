"""Train a tiny GPT: it learns to write in the page, and is scored while it learns and as bits are taken away."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, ClassVar

import numpy as np

from pyapp import store
from pyapp.checkpoint import TRAINER, Contents, packed_json, unpacked_json
from pyapp.core.words import counted
from pyapp.data.corpus import Own, Stories
from pyapp.data.text import LONGEST, TextError
from pyapp.experiment.frame import Action, Experiment, Frame, Idle, Outcome
from pyapp.experiment.params import Param, ParamError, Values, number
from pyapp.nets.gpt import code_points
from pyapp.pages.base import controls
from pyapp.pages.base.digits_training import DIVERGED, arrays_of, go_on
from pyapp.pages.base.readings import Readings
from pyapp.pages.base.text_training import CONTEXT, SAMPLES, SIZES, TextTraining, of_file, readable
from pyapp.pages.panels import learn as panels

PAGE = "page learn"
READ = f"{TRAINER}readings"  # JSON: what has been measured of the network
WIDTHS = (8, 6, 5, 4, 3, 2)  # bits of the table that compares them
FIRST, EVERY = (50, 100), 200  # steps after which the network is read: early ones, then each so many
SHOWN = 8  # samples of each reading
MARKS = "[✓](.good) the grammar accepts the sentence, [✗](.bad) it does not."
BEGINNING = 400  # characters of the text that the page shows
LEARNED = "{}: a text of your own with {}. It stays in this browser."

stories = cache(Stories)  # written once


class Page(Experiment):
    title = "Train a tiny GPT"
    summary = "Watch a small GPT learn to write: sentences improve with training and fall with the bits."
    entry = "Transformers"
    tab = "Train a GPT"
    order = 62
    NEXT = ("rung1", "See how it works from the ground up: seven small steps, from a line to a transformer.")
    WORK, FILES, ACCEPTS = "train", "Checkpoint or text", ".npz,.txt,.md,.csv,text/*"
    LABELS: ClassVar = {"load": "Load checkpoint or text"}
    BAR = "score [{last.score:percent:0}](.float){quant_words}"
    GROUPS = (("Quantise", ("bits",)), ("Write", ("temperature",)), ("Train", ("rate", "batch")),
              ("Begin with", ("corpus", "text", "size", "seed")))
    IDLE = (Idle(("text",), "corpus", "is", ("stories",), "the stories are learned"),)
    PANELS = panels.PANELS
    ACTIONS = (Action("widths", "Measure at all widths", "Measure the network with weights of 2 to 8 bits"),)
    MAIN = ("bits", "temperature")
    RECORDED, REHEARSED = (), 300
    PARAMS = (
        Param("corpus", "Corpus", "choice", "stories", choices=("stories", "own"), live=False,
              titles={"own": "your own text"},
              doc="What is learned: small stories from a grammar, which can be scored, or a text of your own"),
        Param("text", "Your text", "text", "", hi=LONGEST, live=False, doc="The text to learn if the corpus is your "
              f"own: paste it, up to {LONGEST:,} characters, or open a text file"),
        Param("size", "Size", "choice", "medium", choices=tuple(SIZES), live=False,
              doc="Size of the network; medium learns the stories in about two minutes"),
        controls.bits_or_off("Symmetric quantisation of the dense layers, one scale per output channel",
                             sorted(WIDTHS), default="4"),
        controls.rate(0.006, "Peak rate, reached at step 100, then decaying as 1/sqrt(step)"),
        controls.batch("4", (1, 2, 4, 8, 16, 32), "windows",
                       f"Windows of {CONTEXT} characters averaged in one step"),
        controls.temperature(0.8, "Temperature of the writing: lower favours likely characters even more"),
        controls.seed("Decides the first weights, the order of the windows and the writing", live=False),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        try:
            learner, self._notes = begun(params)
        except TextError as error:
            learner = TextTraining(stories(), params["size"], params["seed"])
            self.refused["text"] = self.refused["corpus"] = ParamError("text", str(error))
            self._notes = [f"Your text cannot be learned: {error}. The stories are learned instead."]
        self._begin(learner)

    def unused(self, names: Iterable[str]) -> list[str]:
        if "text" not in names or self.params["corpus"] == "own":
            return []
        return ["Your text is not used while Corpus is stories; set it to own."]

    def _begin(self, learner: TextTraining) -> None:
        self.learner = learner
        self.readings: Readings[int | None] = Readings(lambda bits: learner.read(bits, self.temperature))
        self._earlier: dict[int | None, dict] = {}  # readings of earlier steps, shown until there are newer ones
        self._loss: float | None = None  # of the last batch
        self._told: int | None = None  # the step whose readings the curves have
        self._read_again()

    @property
    def step(self) -> int:
        return self.learner.trainer.steps

    @property
    def bits(self) -> int | None:
        return number(self.params["bits"])

    @property
    def temperature(self) -> float:
        return self.params["temperature"]

    def steps(self) -> Iterator[Frame | None]:
        """A batch per item; at some steps the network is read, in pieces."""
        while not self.learner.diverged:
            while self.readings.work():
                yield None
            yield from self._tell()
            self.learner.trainer.batch = int(self.params["batch"])
            self._loss, _ = self.learner.step(self.params["rate"])
            if self.step in FIRST or self.step % EVERY == 0:
                self._read_again()
            yield Frame(self.step, {"loss": self._loss})

    def background(self) -> Iterator[Frame | None]:
        """Continue reading while no training runs."""
        while self.readings.work():
            yield
        yield from self._tell()

    def act(self, name: str, values: Values) -> Outcome:
        self._read_also(*WIDTHS)
        return Outcome()

    def _tell(self) -> Iterator[Frame]:
        """What new readings add to the curves."""
        if self._told == self._read_at or self.learner.diverged:
            return
        self._told = self._read_at
        float_, rounded = (self.readings.results.get(bits) for bits in (None, self.bits))
        points = {"held_out_loss": float_["loss"], "score": float_["score"]}
        yield Frame(self._read_at, points | (
            {"quant_loss": rounded["loss"], "quant_score": rounded["score"]} if self.bits else {}))

    def _read_again(self, *more: int) -> None:
        """Read the network as it is now: float, at the chosen width, and at others."""
        self._earlier |= self.readings.results
        self._read_at = self.step
        wanted = [None, self.bits, *more] if self.bits else [None, *more]
        self.readings.begin_again([] if self.learner.diverged else wanted)

    def _read_also(self, *widths: int) -> None:
        """Read the same network at other widths; if it has trained since, read all that is shown again."""
        if self._read_at == self.step and not self.learner.diverged:
            self.readings.want(widths)
        else:
            self._read_again(*widths)

    def change(self, name: str, value: Any) -> list[str]:
        if name == "bits" and self.bits:
            self._read_also(self.bits)
        if name == "temperature":
            self.readings.begin_again([])
            self._earlier = {}
            self._read_again()
        return []

    def frame(self) -> Frame:
        trainer, corpus = self.learner.trainer, self.learner.corpus
        float_, rounded = (self._reading(bits) if bits or not i else {} for i, bits in enumerate((None, self.bits)))
        own, pending = isinstance(corpus, Own), self.readings.pending
        scalars = {
            "quant_words": " → [{last.quant_score:percent:0}](.quant)" if self.bits else "",
            "epoch": trainer.epoch, "loss": self._loss, "rate": trainer.optimiser.rate if self.step else None,
            "parameters": trainer.p.vector.size, "quantised": self.bits is not None,
            "held_out": self.learner.held_out[0].size, "samples": SAMPLES, "pending": pending,
            "by_frequency": self.learner.by_frequency,
            "pending_words": f"{pending:,} still to measure" if pending else "",
            "reading_words": " Measuring …" if pending else "",
            "readings": [self._row(bits) for bits in (None, *WIDTHS)],
            "last": {"step": float_.get("step"), "loss": float_.get("loss"), "score": float_.get("score"),
                     "quant_loss": rounded.get("loss"), "quant_score": rounded.get("score")},
            "writing": [self._writing(bits, found) for bits, found in ((None, float_), (self.bits, rounded))
                        if bits or found is float_],
            "mark_title": "known words" if own else "accepted",
            "mark_words": "The percentage is the share of its words that occur in your text." if own else MARKS,
            "corpus": {"own": own, "title": "Your own text" if own else "Stories from a grammar",
                       "characters": len(corpus.text), "scored": corpus.scored,
                       "different": len(corpus.vocabulary), "beginning": f"{corpus.text[:BEGINNING]}…"},
        }
        return Frame(self.step, scalars, {}, [*self._notes, *([DIVERGED] if self.learner.diverged else [])])

    def _reading(self, bits: int | None) -> dict[str, Any]:
        """The newest reading at a width; empty if there is none."""
        return self.readings.results.get(bits) or self._earlier.get(bits) or {}

    def _row(self, bits: int | None) -> dict[str, Any]:
        """The table's row of a width."""
        found = self._reading(bits)
        return {"name": str(bits or "float"), **named(bits),
                **{name: found.get(name) for name in ("step", "loss", "score", "bytes")}}

    def _writing(self, bits: int | None, found: dict[str, Any]) -> dict[str, Any]:
        """The first samples of a width, each with its mark."""
        corpus = self.learner.corpus
        samples = zip(found.get("samples", ()), found.get("marks", ()), strict=True)
        words = f"At step {found['step']:,}. Score: {corpus.scored}." if found else "Not measured yet."
        return {**named(bits), "score": found.get("score"), "words": words, "samples": [
            {"name": str(i), "text": text or "(nothing)", **marked(mark, isinstance(corpus, Own))}
            for i, (text, mark) in enumerate(islice(samples, SHOWN))]}

    def receive(self, data: bytes, name: str) -> list[str] | None:
        """Learn the text of a file."""
        if name.lower().endswith(tuple(Experiment.ACCEPTS.split(","))):
            return None
        text, notes = of_file(data, name)
        self._begin(TextTraining(Own(text), self.params["size"], self.params["seed"]))
        self.params |= {"corpus": "own", "text": text}
        self._notes = []
        return [LEARNED.format(name, counted(len(text), "character")), *notes]

    def snapshot(self) -> dict[str, np.ndarray]:
        """The network, the state of its training, and the parameters, text included, as JSON bytes."""
        trainer, corpus = self.learner.trainer, self.learner.corpus
        params = self.params | {"corpus": "own" if isinstance(corpus, Own) else "stories"}  # what is really learned
        return arrays_of(trainer, params, PAGE, code_points(corpus.vocabulary) | {READ: self._read_so_far()},
                         heads=trainer.model.size.heads)

    def _read_so_far(self) -> np.ndarray:
        """The readings, and what of them the curves have, as JSON bytes."""
        return packed_json({"at": self._read_at, "told": self._told, "loss": self._loss, "wanted": self.readings.wanted,
                            **{name: [[bits, found] for bits, found in each.items()] for name, each in
                               (("results", self.readings.results), ("earlier", self._earlier))}})

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """Go on exactly where a snapshot was made. StoreError if it does not fit."""
        saved = Contents(arrays, name).need("gpt")
        if saved.by != PAGE:
            raise store.StoreError(f"{name} holds {saved.words}; this page resumes only its own snapshots, which "
                                   "include the text that was learned")
        params = saved.params(self.PARAMS)
        try:
            learner, notes = begun(params)
        except TextError as error:
            raise store.StoreError(f"{name}: {error}; the file is not a complete snapshot of this page") from None
        learner.p.vector[:] = saved.parameters(learner.model.shapes).vector
        go_on(learner.trainer, saved)
        read = _read_then(saved, learner.trainer.steps)
        self._notes = notes
        self.params.update(params | {"bits": self.params["bits"]})
        self._begin(learner)
        if read:
            self._read_at, self._told, self._loss, results, self._earlier, wanted = read
            self.readings.begin_again([])
            self.readings.results = results
            self.readings.want(wanted)
        return []


def _read_then(saved: Contents, step: int) -> tuple | None:
    """What a file says of readings, as `_read_so_far` has it; older ones say nothing, and the network is read again."""
    if READ not in saved.arrays:
        return None
    try:
        found = unpacked_json(saved.arrays[READ])
        results, earlier = (dict(_reading(*each) for each in found[name]) for name in ("results", "earlier"))
        at, told, loss = numbers = [found[name] for name in ("at", "told", "loss")]
        if any(type(each) not in (int, float, type(None)) for each in numbers) or not 0 <= at <= step:
            raise ValueError("a step or a loss is not a number")
        return at, told, loss, results, earlier, [bits for bits in found["wanted"] if bits is None or bits in WIDTHS]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise store.StoreError(f"{saved.name}: expected the readings of this page in {READ} ({error})") from None


def _reading(bits: int | None, found: dict[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """A reading from a file; ValueError if it is none."""
    numbers = [found[name] for name in ("step", "bytes", "loss", "score")]
    fits = (bits is None or bits in WIDTHS) and len(found["samples"]) == len(found["marks"])
    if not fits or not all(type(each) in (int, float) for each in (*numbers, *found["marks"])) or not all(
            isinstance(each, str) for each in found["samples"]):
        raise ValueError("one is not whole")
    return bits, found


def named(bits: int | None) -> dict[str, str]:
    """The name of a width and its colour."""
    return {"title": f"{bits} bits", "role": "quant"} if bits else {"title": "float32", "role": "float"}


def marked(mark: float, own: bool) -> dict[str, str]:
    """A sample's mark in words and colour: a share for the reader's text, accepted or not for the stories."""
    if own:
        return {"mark": f"{mark:.0%}".replace("%", " %"), "role": "muted"}
    return {"mark": "✓", "role": "good"} if mark else {"mark": "✗", "role": "bad"}


def begun(params: Values) -> tuple[TextTraining, list[str]]:
    """A training on the chosen corpus before its first step, and notes. TextError if the text cannot be learned."""
    if params["corpus"] == "own":
        text, notes = readable(params["text"])
        return TextTraining(Own(text), params["size"], params["seed"]), notes
    return TextTraining(stories(), params["size"], params["seed"]), []
