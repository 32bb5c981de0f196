"""Gestures: draw classes of your own, and a small network learns them while you draw."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import store
from pyapp.checkpoint import PARAMS, TRAINER, Contents, packed_json, unpacked_json
from pyapp.core.classes import LONGEST
from pyapp.core.words import counted
from pyapp.data.gestures import DIRECTIONS, PICTURE, picture
from pyapp.experiment.frame import Action, Experiment, Frame, Idle, Outcome
from pyapp.experiment.params import Param, Values, parse_all
from pyapp.pages.base import controls, export_buttons, mistakes
from pyapp.pages.base.gesture_book import Book
from pyapp.pages.base.gesture_training import EVERY, GestureTraining, variation
from pyapp.pages.panels import gestures as panels
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.network import QuantizedNetwork
from pyapp.store import StoreError
from pyapp.training import gestures

EXAMPLES, OWN, PAGE = "examples", "own", "page gestures"
DRAWN = TRAINER + "drawn."  # arrays of a snapshot: the drawings
SHOWN, MOST_UNDONE = 11, 50  # variants that are shown; changes that can be undone
EMPTY = np.empty((0, 3), np.float32)
TOO_FEW = ("There is nothing to tell apart yet: type a name into Class, draw the gesture and press Add this drawing; "
           "then do the same for a second class.")
NO_PICTURE = "This page reads strokes, not pictures: draw the gesture on the pad."
COPIED = "Your own set began as a copy of the examples; Start empty puts them aside."
FROM_FILE = "{}: {} of {} are open here, and sent nowhere; the network learns them now"
NOT_DRAWINGS = "{} holds no drawings; open a file that this page has saved: drawings, weights or a session"
NO_PAD = ("the exported page has a pad that makes plain pictures, and this network reads directions; set Input to "
          "plain picture first")
SEEDS, BITS = (1, 2, 3), 4  # of the accuracies in weights/gestures.json


class Page(Experiment):
    title = "Gestures"
    summary = "Draw gestures of your own: a small network learns them in seconds and reads the next."
    entry = "Your data"
    order = 85
    NEXT = ("anomaly", "From drawings to sensors: let a network listen to a machine, or to your own recording.")
    WORK, FILES, ACCEPTS, LABELS = "auto", "Drawings and checkpoint", ".npz", {"load": "Open drawings"}
    BAR = "{bar}"
    GROUPS = (("Drawings", ("gesture", "data", "picked")), ("Network", ("features", "hidden", "bits", "seed")),
              ("Variants", ("variants", "degrees", "stretch", "wobble")), mistakes.GROUP)
    SHIPPED, PANELS = ("gestures",), panels.PANELS
    IDLE = (Idle(("degrees", "stretch", "wobble"), "variants", "is", (0,), "nothing is varied"),)
    ACTIONS = (Action("add", "Add this drawing", "Add the drawing on the pad to the class"),
               Action("new", "New class", "Choose an unused name for the next class"),
               Action("undo", "Undo", "Take back the last change of the drawings"),
               Action("delete", "Delete class", "Delete the class with its drawings"),
               Action("empty", "Start empty", "Put all drawings aside and begin with your own"),
               Action("save", "Save drawings", "Save the drawings, and what the network reads of them"),
               Action("measure", "Measure", "Measure accuracy by number of drawings and variants, for "
                                            "weights/gestures.json; it takes a minute"),
               *export_buttons.actions())
    MAIN = ("gesture", "bits")
    RECORDED, REHEARSED = (), gestures.STEPS
    PARAMS = (
        Param("gesture", "Class", "text", "clockwise", hi=LONGEST, widget="line",
              doc="The class that the next drawing is added to; a new name makes a new class"),
        Param("data", "Set", "choice", EXAMPLES, choices=(EXAMPLES, OWN), widget="segments", live=False,
              titles={OWN: "your own"},
              doc="Drawings to learn: six example classes made with a seed, or those that you add or open"),
        Param("picked", "Drawing", "int", 1, lo=0, hi=500, widget="number",
              doc="The drawing of this class whose variants are shown (1 = first): clicking a drawing picks it"),
        Param("features", "Input", "choice", DIRECTIONS, choices=(DIRECTIONS, PICTURE), widget="segments", live=False,
              titles={PICTURE: "plain picture"},
              doc="Four maps, of ink drawn to the right, down, to the left and up; or one picture, which does not know "
                  "which way you drew"),
        Param("hidden", "Hidden neurons", "int", gestures.HIDDEN, lo=4, hi=64, live=False,
              doc="Width of the hidden layer, between 784 inputs and one score per class"),
        controls.bits_or_off("Symmetric quantisation of both weight matrices, one scale each", default="4"),
        controls.seed("Decides the first weights and the order of the drawings", live=False),
        Param("variants", "Variants per drawing", "int", 6, lo=0, hi=20, live=False,
              doc="Copies of each drawing that the network learns as well, each one varied"),
        Param("degrees", "Rotation", "float", 15.0, lo=0.0, hi=45.0, step=1, unit="°", live=False,
              doc="A variant is rotated by up to this angle"),
        Param("stretch", "Stretch and slant", "float", 0.15, lo=0.0, hi=0.5, step=0.01, live=False,
              doc="Each axis is stretched, and the drawing slanted, by up to this share"),
        Param("wobble", "Wobble", "float", 0.015, lo=0.0, hi=0.05, step=0.001, live=False,
              doc="Slow deviation along the strokes, as a share of the drawing's size"),
        mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.own, self.past, self._examples = Book(), [], None  # past: own books, and which set was in use then
        self._pad, self._runs = EMPTY, 0  # what was drawn last; how often the run started again
        self._training: GestureTraining | None = None

    @property
    def brought(self) -> bool:
        """Whether there are drawings that a session has to hold, even if nothing was learned from them yet."""
        return bool(self.own)

    @property
    def book(self) -> Book:
        """The drawings in use."""
        if self.params["data"] == OWN:
            return self.own
        self._examples = self._examples or Book.of_examples()
        return self._examples

    @property
    def training(self) -> GestureTraining:
        """The training on the drawings in use."""
        if self._training is None or self._training.book is not self.book:
            self._training = GestureTraining(self.book, self.params)
        return self._training

    def inherit(self, before: Experiment) -> None:
        self.own, self.past, self._examples, self._pad = before.own, before.past, before._examples, before._pad
        self._runs = before._runs + 1

    def receive(self, data: bytes, name: str) -> list[str] | None:
        if (found := Book.read(data, name)) is None:
            return None
        self._keep(found)
        self.params |= {"data": OWN, "gesture": found.names[0], "picked": 1}
        return [FROM_FILE.format(name, counted(len(found.drawings), "drawing"), counted(len(found.names), "class"))]

    def _keep(self, book: Book) -> None:
        self.past, self.own = [*self.past, (self.own, self.params["data"])][-MOST_UNDONE:], book

    def steps(self) -> Iterator[Frame | None]:
        yield from self.training.steps()

    def change(self, name: str, value: Any) -> list[str]:
        if name == "bits":
            self.training.judge()
        if name == "gesture":
            self.params["picked"] = 1
        return []

    def frame(self) -> Frame:
        book, training = self.book, self.training
        shown, bits = book.of(self.params["gesture"].strip()), self.params["bits"]
        scores, quantised = training.accuracies, training.quantised
        scalars = {
            **scores, "classes": training.rows(), "count": len(book.drawings),
            "held_out": len(book.held_out),
            "network": f"{self._runs}, {training.step // EVERY}, {bits}" if training.step else "",
            "chosen": self.params["gesture"].strip(), "known": list(book.names),
            "no_past": not self.past, "absent": not shown, "learning": training.step, "of": gestures.STEPS,
            "bits_head": f"{bits} bits" if quantised else "quantised", "bar": _bar(scores),
            "bytes_float": float_nbytes(training.trainer.p) if training.trainer else None,
            "bytes_quant": quantised.nbytes if quantised else None, "one": None,
        }
        small = np.stack([each.small for each in book.held_out]) if training.mistakes else np.empty((0, 1, 1))
        wrong, arrays = mistakes.shown(*map(training.mistakes.get, ("float", "quant")), small, self.params["cell"],
                                       "drawing")
        scalars |= wrong
        if self.params["data"] == EXAMPLES:
            scalars["first"] = 0
        if shown:
            at = min(max(self.params["picked"], 1), len(shown)) - 1  # 0 stands in earlier files
            found = shown[at]
            scalars["one"] = {"at": at, "number": at + 1, "reported": len(found.points), "even": len(found.even)}
            arrays |= {"drawings": np.stack([each.small for each in shown]), "pens": found.dots}
            if self.params["variants"]:
                arrays["variants_shown"] = found.varied(variation(self.params), SHOWN)
        return Frame(training.step, scalars, arrays, [TOO_FEW] * (not book.trainable))

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Read `strokes` (P, 3), or the held-out drawing number `index`, whose strokes go onto the pad."""
        nothing, more = {"digit": None, "confidence": None}, {}
        if "index" in inputs:
            among = self.book.held_out or self.book.drawings
            self._pad = among[int(inputs["index"]) % len(among)].points if among else EMPTY
            more = {"pad": picture(self._pad)}
        elif "strokes" in inputs:
            self._pad = np.asarray(inputs["strokes"], np.float32)
        else:
            return Frame(0, nothing, {}, [NO_PICTURE])
        if not len(self._pad):
            return Frame(0, nothing, {}, ["The pad is empty: draw a gesture."])
        scalars, arrays = self.training.read(self._pad)
        notes = [] if self.training.trainer else ["The network is learning."] if self.book.trainable else [TOO_FEW]
        return Frame(self.training.step, scalars, arrays | more, notes)

    def act(self, name: str, values: Values) -> Outcome:
        return self._export(name) if name.startswith(export_buttons.PREFIX) else getattr(self, f"_{name}")()

    @property
    def _edited(self) -> Book:
        """The book that a change is made to: the person's own, which begins as a copy of the examples."""
        return self.own or self.book

    def _changed(self, book: Book, note: str, gesture: str = "") -> Outcome:
        """Learn from another book: the run starts again with it."""
        copied = [COPIED] * (self.params["data"] == EXAMPLES and not self.own and bool(book))
        self._keep(book)
        return Outcome([note, *copied], {**({"gesture": gesture} if gesture else {}), "data": OWN})

    def _add(self) -> Outcome:
        name = self.params["gesture"].strip()
        book = self._edited.with_one(name, self._pad)
        outcome = self._changed(book, f"“{name}” has {counted(len(book.of(name)), 'drawing')}.")
        outcome.drawn, self._pad = {"strokes": EMPTY}, EMPTY
        return outcome

    def _new(self) -> Outcome:
        return Outcome(params={"gesture": self._edited.free_name()})

    def _undo(self) -> Outcome:
        if not self.past:
            raise ValueError("there is nothing to undo yet")
        (self.own, data), self.past = self.past[-1], self.past[:-1]
        return Outcome(params={"data": data})

    def _delete(self) -> Outcome:
        name = self.params["gesture"].strip()
        book = self._edited.without(name)
        return self._changed(book, f"“{name}” is deleted; Undo brings it back.", next(iter(book.names), "gesture 1"))

    def _empty(self) -> Outcome:
        outcome = self._changed(Book(), "All drawings are put aside; Undo brings them back.", "gesture 1")
        outcome.drawn = {"strokes": EMPTY}
        return outcome

    def _save(self) -> Outcome:
        if not self.book:
            raise ValueError("there are no drawings to save; add one first")
        data = store.pack(self.book.file(self.training.parts()))
        return Outcome(file=np.frombuffer(data, np.uint8), name="gestures.npz")

    def _measure(self) -> Outcome:
        return Outcome(file=np.frombuffer(gestures.recipe(SEEDS, BITS), np.uint8), name="gestures.json")

    def _export(self, action: str) -> Outcome:
        """The network as it is now, float32 or with its quantised weights, proven on drawings."""
        from pyapp.pages.base import exporting  # here, because no page needs it to begin
        training, features = self.training, self.params["features"]
        if not training.trainer:
            raise ValueError("there is no network yet; draw two classes first")
        if action == f"{export_buttons.PREFIX}html" and features == DIRECTIONS:
            raise ValueError(NO_PAD)
        network = QuantizedNetwork(training.quantised) if training.quantised else training.trainer.p
        source = exporting.own(f"gestures, input {features}", training.trainer.p)
        scheme = {"bits": int(self.params["bits"])} if training.quantised else {}
        return exporting.exported(self, action, network, source, scheme, own=training.parts())

    def snapshot(self) -> dict[str, np.ndarray]:
        """The drawings and, as soon as there are two classes, the network and the state of its training."""
        drawn = {DRAWN + name: array for name, array in self.own.arrays().items()}
        if self.training.trainer:
            return self.training.arrays(PAGE, drawn)
        return {**drawn, PARAMS: packed_json(self.params)}

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        saved = Contents(arrays, name) if "layer1.weight" in arrays else None
        if PARAMS not in arrays or (saved and saved.by != PAGE):
            raise StoreError(NOT_DRAWINGS.format(name))
        params = saved.params(self.PARAMS) if saved else parse_all(self.PARAMS, unpacked_json(arrays[PARAMS]), True)[0]
        own = Book.of_arrays({key.removeprefix(DRAWN): each for key, each in arrays.items() if key.startswith(DRAWN)},
                             name)
        book = own if params["data"] == OWN else self._examples or Book.of_examples()
        training = GestureTraining(book, params)
        if saved:
            if saved.classes != book.names:
                raise StoreError(f"{name}: its network and its drawings are of different classes; use another copy")
            training.go_on(saved)
        self.params.update(params)
        training.params = self.params
        self.own, self._training = own, training
        self._examples = self._examples if book is own else book
        return []


def _bar(scores: Mapping[str, float | None]) -> str:
    """The headline: accuracy on held-out drawings, or how many drawings there are."""
    if scores["float_accuracy"] is None:
        return "{count:count} drawing{count:s}"
    rounded = "" if scores["quant_accuracy"] is None else " → [{quant_accuracy:percent:0}](.quant)"
    return "{held_out:count} held-out drawings: [{float_accuracy:percent:0}](.float)" + rounded
