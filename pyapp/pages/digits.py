"""Digits: a small network learns handwritten digits, reads a drawing, and is quantised."""

import json
import math
import statistics
from collections.abc import Generator, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from pyapp import store
from pyapp.core.losses import softmax
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import augment, mnist
from pyapp.data.reading import Reader
from pyapp.frame import Experiment, Frame
from pyapp.models import mlp
from pyapp.models.mlp import MLP
from pyapp.models.trainer import Trainer, judge
from pyapp.params import Param, Value, parse_all
from pyapp.quant.parameters import QuantizedParameters, float_nbytes, quantize_parameters
from pyapp.quant.schemes import MAX_BITS, MIN_BITS
from pyapp.timing import times_ms

OFF = "off"
DIVERGED = "The training has diverged: the loss is no longer a number. Lower the learning rate and reset."
TRAINER = "trainer."  # prefix of the training's state in a snapshot


pretrained = cache(mlp.load)  # read once


class Page(Experiment):
    title = "Digits"
    summary = ("Watch a network learn handwritten digits, draw one for it to read, then take bits away from its "
               "weights and see what is lost.")
    view = "digits"
    order = 10
    PARAMS = (
        Param("optimiser", "Optimiser", "choice", "sgd", choices=tuple(OPTIMISERS), widget="select",
              doc="How a gradient becomes a step; changing it also sets the learning rate to its usual value"),
        Param("rate", "Learning rate", "float", 0.1, lo=1e-4, hi=1.0, log=True, doc="How far one step goes"),
        Param("batch", "Batch size", "choice", "32", choices=("8", "16", "32", "64", "128"), widget="select",
              unit="images", doc="Images that one step averages its gradient over"),
        Param("shift", "Shift augmentation", "int", 0, lo=0, hi=3, step=1, unit="px",
              doc="Each training image is moved by up to this many pixels, anew every time"),
        Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, step=1, live=False, widget="number",
              doc="Decides the first weights and the order of the images: the same seed gives the same run"),
        Param("weights", "Weights", "choice", "own", choices=("own", "pretrained"), widget="select",
              doc="The network that you train here, or the shipped one, trained on 55,000 other images"),
        Param("bits", "Bits per weight", "choice", OFF, doc="Symmetric quantisation of every weight matrix",
              choices=(*(str(bits) for bits in range(MIN_BITS, MAX_BITS + 1)), OFF)),
    )
    SOURCES = (
        "pyapp.data.drawing.to_mnist", "pyapp.core.layers.Linear", "pyapp.core.layers.ReLU", "pyapp.models.mlp.MLP",
        "pyapp.core.losses.softmax_cross_entropy", "pyapp.core.optim.SGD", "pyapp.core.optim.Adam",
        "pyapp.quant.schemes.symmetric_grid", "pyapp.quant.schemes.Grid",
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self.model = MLP()
        self._reader = Reader()
        self._begin(self._trainer(params, self.model.initial(int(params["seed"]))))

    def _trainer(self, params: Mapping[str, Value], p: Parameters) -> Trainer:
        optimiser = OPTIMISERS[params["optimiser"]](p, float(params["rate"]))
        trainer = Trainer(self.model, p, optimiser, *mnist.shipped("train"), int(params["seed"]))
        _obey(trainer, params)
        return trainer

    def _begin(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._accuracies: list[float] = []  # of the batches that make up one pass over the data
        self._batch = {"loss": None, "train_accuracy": None}
        self._quantised: QuantizedParameters | None = None
        self._exact: dict[tuple[Parameters, int], dict] = {}  # the float network's scores, by network and step
        self._judge_now()

    @property
    def shown(self) -> Parameters:
        """The float parameters that predictions and pictures come from: the own ones, or the shipped ones."""
        return self.trainer.p if self.params["weights"] == "own" else pretrained()

    @property
    def bits(self) -> int | None:
        return None if self.params["bits"] == OFF else int(self.params["bits"])

    @property
    def diverged(self) -> bool:
        return not np.isfinite(self.shown.vector).all()

    def quantised(self) -> QuantizedParameters | None:
        """The shown parameters at the chosen bits, made again after each change."""
        if self.bits and self._quantised is None and not self.diverged:
            self._quantised = quantize_parameters(self.shown, self.bits)
        return self._quantised

    def steps(self) -> Iterator[Frame | None]:
        """A training batch an item; after each epoch the held-out images, in pieces."""
        while True:
            loss, accuracy = self.trainer.step()
            self._quantised = None
            in_an_epoch = -(-len(self.trainer.images) // self.trainer.batch)
            self._accuracies = [*self._accuracies, accuracy][-in_an_epoch:]
            self._batch = {"loss": loss, "train_accuracy": sum(self._accuracies) / len(self._accuracies)}
            scores = {}
            if self.trainer.epoch_ended:
                for item in self._judge():
                    scores = item or {}
                    if item is None:
                        yield None
            yield Frame(self.trainer.steps, self._batch | scores)
            if not math.isfinite(loss):
                return

    def change(self, name: str, value: Value) -> list[str]:
        notes = []
        if name == "optimiser":
            self.params["rate"] = OPTIMISERS[value].usual_rate
            self.trainer.optimiser = OPTIMISERS[value](self.trainer.p, self.params["rate"])
            notes.append(f"rate set to {self.params['rate']:g}, the usual value for {value}")
        if name in ("weights", "bits"):
            self._quantised = None
            self._judge_now()
        _obey(self.trainer, self.params)
        return notes

    def frame(self) -> Frame:
        p, quantised = self.shown, self.quantised()
        filters = p["layer1.weight"].reshape(-1, 28, 28)  # one picture of 28x28 for each first-layer neuron
        scalars = {
            "epoch": self.trainer.epoch, **self._batch, **self._judged, "parameters": p.vector.size,
            "held_out": len(mnist.shipped("test")[1]), "weights": self.params["weights"],
            "bits": self.params["bits"], "bytes_float": float_nbytes(p),
            "bytes_quant": quantised.nbytes if quantised else None,
            "weight_error": quantised.weight_error if quantised else None,
        }
        arrays = {"filters": filters, "range": np.abs(filters).max(keepdims=True).reshape(1)}
        if quantised:
            arrays["filters_quant"] = quantised.parameters["layer1.weight"].reshape(-1, 28, 28)
        return Frame(self.trainer.steps, scalars, arrays, [DIVERGED] if self.diverged else [])

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Read `strokes` (P, 3), an `image` uint8 (H, W), or the held-out digit number `index`."""
        x, label, note = self._reader.read(inputs)
        if x is None:
            return Frame(self.trainer.steps, {"digit": None, "confidence": None}, {}, [note])
        return self._read(x, label)

    def _read(self, x: np.ndarray, label: int | None) -> Frame:
        row = x.reshape(1, -1)
        p = softmax(self.model.forward(self.shown, row))[0]
        scalars = {"digit": int(p.argmax()), "confidence": float(p.max()), "label": label}
        arrays = {"input": x, "probabilities": p}
        if quantised := self.quantised():
            q = softmax(self.model.forward(quantised.parameters, row))[0]
            scalars |= {"quant_digit": int(q.argmax()), "quant_confidence": float(q.max()),
                        "difference": float(np.abs(p - q).max())}
            arrays["probabilities_quant"] = q
        return Frame(self.trainer.steps, scalars, arrays)

    def measure(self) -> Frame:
        """Mean times of a prediction in milliseconds, measured where this runs: a browser's clock is too coarse for
        a median of single predictions."""
        held_out, _ = mnist.shipped("test")
        one, many, quantised = held_out[:1], held_out[:500], self.quantised()

        def mean(p: Parameters, x: np.ndarray, repeats: int) -> float:
            return statistics.fmean(times_ms(lambda: softmax(self.model.forward(p, x)), repeats))

        scalars = {"image_ms": mean(self.shown, one, 200), "batch_ms": mean(self.shown, many, 7), "batch": len(many)}
        if quantised:
            scalars |= {"image_quant_ms": mean(quantised.parameters, one, 200),
                        "batch_quant_ms": mean(quantised.parameters, many, 7)}
        return Frame(self.trainer.steps, scalars)

    def snapshot(self) -> dict[str, np.ndarray]:
        """The own network, the state of its training, and the parameters as JSON bytes."""
        params = np.frombuffer(json.dumps(self.params).encode(), np.uint8)
        return {**store.arrays_of(self.trainer.p), "params": params,
                **{TRAINER + name: array for name, array in self.trainer.state().items()}}

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """A snapshot goes on exactly where it was; a file of weights alone starts a new training from them."""
        state = {key.removeprefix(TRAINER): array for key, array in arrays.items() if key.startswith(TRAINER)}
        weights = {key: array for key, array in arrays.items() if not key.startswith(TRAINER) and key != "params"}
        p, params, note = store.parameters(weights, self.model.shapes, name), dict(self.params), []
        if state:
            params = _saved_params(arrays, name)
        trainer = self._trainer(params, p)
        if state:
            try:
                trainer.load_state(state)
            except ValueError as error:
                raise store.StoreError(f"{name}: {error}; it is not a whole snapshot of this page") from None
        else:
            note = [f"{name}: these weights are now your own; training goes on from them at step 0"]
        self.params.update(params | {"weights": "own", "bits": self.params["bits"]})
        self._begin(trainer)
        return note

    def _judge(self) -> Iterator[dict | None]:
        """Judge the shown network, float and quantised; None after each piece, then the scores."""
        step, p, quantised = self.trainer.steps, self.shown, self.quantised()
        exact, rounded = self._exact.get((p, step)), None
        if not exact:
            exact = yield from self._judge_one(p)
            self._exact = {(p, step): exact}  # the bits may change while the float network does not
        if quantised:
            rounded = yield from self._judge_one(quantised.parameters)
        if p is not self.shown or quantised is not self.quantised():
            return  # the reader changed something meanwhile, and that has been judged already
        self._judged = {
            "test_step": step, "test_loss": exact["loss"], "test_accuracy": exact["accuracy"],
            "quant_accuracy": rounded["accuracy"] if rounded else None,
            "changed": int((exact["predictions"] != rounded["predictions"]).sum()) if rounded else None,
        }
        yield {name: self._judged[name] for name in ("test_loss", "test_accuracy", "quant_accuracy")}

    def _judge_one(self, p: Parameters) -> Generator[None, None, dict]:
        for result in judge(self.model, p, *mnist.shipped("test")):
            if result is None:
                yield None
        return result

    def _judge_now(self) -> None:
        for _ in self._judge():
            pass


def _obey(trainer: Trainer, params: Mapping[str, Value]) -> None:
    """Set what may change while training."""
    trainer.optimiser.rate, trainer.batch = float(params["rate"]), int(params["batch"])
    pixels = int(params["shift"])
    trainer.augment = (lambda x, rng: augment.shift(x, rng, pixels)) if pixels else None


def _saved_params(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, Value]:
    """The parameters in a snapshot."""
    try:
        return parse_all(Page.PARAMS, json.loads(arrays["params"].tobytes()), strict=True)[0]
    except (KeyError, ValueError, AttributeError) as error:
        raise store.StoreError(f"{name}: expected the parameters of a snapshot, found others ({error})") from None
