"""A network that learns the drawings of a book: prepared a drawing at a time, trained a batch at a time, judged on the
held-out drawings, float beside quantised."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyapp.checkpoint import Contents
from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.data.digits import Digits
from pyapp.data.gestures import READ, Variation
from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Values, number
from pyapp.measure.mistakes import Mistakes
from pyapp.pages.base.digit_input import told
from pyapp.pages.base.digits_training import arrays_of, go_on
from pyapp.pages.base.gesture_book import Book
from pyapp.quant.parameters import QuantizedParameters, quantize_parameters
from pyapp.training import gestures
from pyapp.training.trainer import Trainer, evaluate

EVERY = 20  # steps between two judgements


def variation(params: Values) -> Variation:
    return Variation(params["degrees"], params["stretch"], params["wobble"])


class GestureTraining:
    """A network for the drawings of a book, and how far it is. `trainer` is None until the drawings are prepared."""

    def __init__(self, book: Book, params: Values):
        self.book, self.params = book, params
        self.trainer: Trainer | None = None
        self.loss: float | None = None
        self.mistakes: dict[str, Mistakes] = {}  # on the held-out drawings, of "float" and "quant"
        self._quantised: tuple | None = None

    @property
    def step(self) -> int:
        return self.trainer.steps if self.trainer else 0

    @property
    def _read(self) -> tuple[str, Variation]:
        return self.params["features"], variation(self.params)

    def prepare(self) -> Iterator[None]:
        """Compute the inputs, one drawing per item, and begin to train."""
        n = self.params["variants"]
        found = []
        for each in self.book.learned:
            found.append(each.copies(*self._read, n))
            yield None
        labels = np.repeat(self.book.labels(self.book.learned), 1 + n)
        self.trainer = gestures.trainer((np.concatenate(found), labels), len(self.book.names), self.params["seed"],
                                        self.params["hidden"])

    def steps(self) -> Iterator[Frame | None]:
        """One drawing prepared per item, then one training batch per item; ends after a fixed number of batches."""
        if not self.book.trainable:
            return
        if self.trainer is None:
            yield from self.prepare()
        while self.trainer.steps < gestures.STEPS:
            self.loss, _ = self.trainer.step()
            judged = self.judge() if self.trainer.steps % EVERY == 0 else {}
            yield Frame(self.trainer.steps, {"loss": self.loss, **judged})

    def judge(self) -> dict[str, float | None]:
        """Classify the held-out drawings."""
        self.mistakes, held_out = {}, self.book.held_out
        if held_out and self.trainer:
            x = np.concatenate([each.copies(*self._read, 0) for each in held_out])
            labels = self.book.labels(held_out)
            for name, p in (("float", self.trainer.p), ("quant", self.rounded)):
                if p is not None:
                    answers = evaluate(self.trainer.model, p, x, labels)["answers"]
                    self.mistakes[name] = Mistakes(answers, labels, self.book.names)
        return self.accuracies

    @property
    def accuracies(self) -> dict[str, float | None]:
        """Shares of the held-out drawings that are classified correctly; None if not known."""
        return {f"{name}_accuracy": float(self.mistakes[name].right.mean()) if name in self.mistakes else None
                for name in ("float", "quant")}

    @property
    def quantised(self) -> QuantizedParameters | None:
        """The network at the chosen bits, made again after each step and change."""
        bits = number(self.params["bits"])
        if not (bits and self.trainer):
            return None
        wanted = self.trainer.steps, bits
        if self._quantised is None or self._quantised[0] != wanted:
            self._quantised = wanted, quantize_parameters(self.trainer.p, bits)
        return self._quantised[1]

    @property
    def rounded(self) -> Parameters | None:
        return self.quantised.parameters if self.quantised else None

    def rows(self) -> list[dict[str, Any]]:
        """A row per class: its drawings, and how many of the held-out ones are classified correctly."""
        labels = self.book.labels(self.book.held_out)

        def right(kind: str, i: int) -> str:
            mine = labels == i
            found = self.mistakes.get(kind)
            return f"{found.right[mine].sum()} of {mine.sum()}" if found and mine.any() else "–"

        return [{"name": name, "drawings": len(self.book.of(name)), "float": right("float", i),
                 "quant": right("quant", i)} for i, name in enumerate(self.book.names)]

    def read(self, points: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Scalars and arrays of a drawing that is read: the input, and the probabilities as soon as there are some."""
        x = READ[self.params["features"]](points)
        scalars, arrays, q = {"digit": None, "confidence": None}, {"input": x}, None
        if self.trainer:
            p = softmax(self.trainer.model.forward(self.trainer.p, x.reshape(1, -1)))[0]
            scalars = {"digit": int(p.argmax()), "confidence": float(p.max()), "classes": list(self.book.names)}
            arrays["probabilities"] = p
        if self.quantised:
            q = softmax(self.trainer.model.forward(self.rounded, x.reshape(1, -1)))[0]
            scalars |= {"quant_digit": int(q.argmax()), "quant_confidence": float(q.max())}
            arrays["probabilities_quant"] = q
        if self.trainer:
            scalars["told"] = told(p, q, classes=self.book.names)
        return scalars, arrays

    def parts(self) -> dict[str, Digits]:
        """What is learned from and what is held out, as images."""
        return self.book.parts(*self._read, self.params["variants"])

    def arrays(self, by: str, drawn: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A checkpoint of the page `by`, with its drawings."""
        return arrays_of(self.trainer, self.params, by, extra=drawn, classes=self.book.names)

    def go_on(self, saved: Contents) -> None:
        """Restore the state that a checkpoint saved. StoreError if it does not fit the drawings."""
        for _ in self.prepare():
            pass
        self.trainer.p.vector[:] = saved.parameters(self.trainer.model.shapes).vector
        go_on(self.trainer, saved)
        self.judge()
