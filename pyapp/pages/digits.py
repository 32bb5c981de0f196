"""Training in float32: a small network learns handwritten digits, reads a drawing, and is quantised."""

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.checkpoint import Contents
from pyapp.core.classes import TEN
from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.frame import Action, Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values, number
from pyapp.measure.mistakes import Mistakes
from pyapp.measure.timing import times_ms
from pyapp.nets.mlp import MLP
from pyapp.pages.base import controls, export_buttons, mistakes, own_data, own_layers
from pyapp.pages.base.controls import usual_rates
from pyapp.pages.base.digit_input import EXAMPLE, Reader, said, told
from pyapp.pages.base.digits_training import BATCH, DIVERGED, SEED, SHIFT, SHOWN_AGAIN, DigitsTraining
from pyapp.pages.base.own_data import OwnData
from pyapp.pages.panels import digits as panels
from pyapp.quant.parameters import QuantizedParameters, float_nbytes, quantize_parameters
from pyapp.quant.schemes import MAX_BITS, MIN_BITS
from pyapp.training.trainer import judge

OWN, PRETRAINED, PAGE = "own", "pretrained", "page digits"
MANY = 500  # images at once, when it is timed
FROM_FILE = "{}: these are now your own weights; training starts from them at step 0"
QUANTISED = ("{} holds {}: its weights, dequantised, are now your own, with float32 activations; "
             "training starts from them at step 0, in float32")


class Page(Experiment):
    title = "Training in float32"
    summary = "Watch a network learn handwritten digits, draw one for it, then take bits away."
    entry = "Train"
    tab = "In float32"
    order = 20
    NEXT = ("qat", "Let the network train with its codes, and get back what rounding cost.")
    ACCEPTS, LABELS = own_data.ACCEPTS, {"load": "Load checkpoint or data"}
    WORK, SETTLED, FILES, PLAYS = "train", True, "Checkpoint and data", (("weights", OWN, SHOWN_AGAIN),)
    BAR = "step {step:count}, {bar}"
    GROUPS = (("Network", ("weights", "layers", "activation", "bits")),
              ("Train", ("data", "keep", "optimiser", "rate", "batch", "shift", "seed")), mistakes.GROUP)
    SHIPPED, PANELS = ("mlp",), panels.PANELS
    ACTIONS = (Action("measure", "Measure", "Time predictions of one image and of 500 on this machine"),
               *export_buttons.actions())
    MAIN = ("weights", "bits")
    RECORDED, UNRECORDED = ("weights",), ("filters",)
    PARAMS = (
        controls.optimiser("sgd"),
        controls.rate(0.1, hi=1.0, usual=usual_rates()),
        BATCH, SHIFT, SEED, own_data.DATA, own_data.KEEP,
        Param("weights", "Model", "choice", OWN, choices=(OWN, PRETRAINED), widget="segments",
              doc="The network that you train here, or the shipped one, trained on 55,000 other images"),
        own_layers.LAYERS, own_layers.ACTIVATION,
        controls.bits_or_off("Symmetric quantisation of every weight matrix", range(MIN_BITS, MAX_BITS + 1)),
        mistakes.CELL,
    )

    brought = OwnData()  # what a reader has brought, whether it is in use or not

    def __init__(self, params: Values):
        super().__init__(params)
        self._reader, self.data = Reader(), OwnData()
        self._afresh()

    def _afresh(self) -> None:
        """Begin a new training on the data in use."""
        sizes, self._said = own_layers.sizes(self, len(self.data.classes))
        model = MLP(sizes)
        p = model.initial(self.params["seed"], activation=self.params["activation"])
        self._begin(DigitsTraining(model, p, self.params, self.data.train))

    def inherit(self, before: Experiment) -> None:
        if before.brought and self.params["data"] == own_data.OWN:
            self.data = self.brought = before.brought
            self._afresh()
        self.brought = before.brought

    def receive(self, data: bytes, name: str) -> list[str] | None:
        if (found := OwnData.read(data, name)) is None:
            return None
        self.data = self.brought = found
        self.params |= {"data": own_data.OWN, "weights": OWN}
        self._afresh()
        return [own_data.RECEIVED.format(name, found.count, len(found.classes))]

    def _begin(self, training: DigitsTraining) -> None:
        self.training, self.trainer = training, training.trainer
        self._quantised: QuantizedParameters | None = None
        self._quantised_of: tuple | None = None  # the network, its bits and its step
        self._times: dict[str, float] | None = None  # of predictions, once they were asked for
        self._scores: dict[tuple[Parameters, int | None, int], dict] = {}  # by network, its bits (None: float) and step
        self._due = self._judge()
        for _ in self._due:
            pass

    @property
    def shown(self) -> Parameters:
        """The float parameters behind predictions and pictures: those trained here, or the shipped ones."""
        return shipped.mlp() if self.params["weights"] == PRETRAINED else self.trainer.p

    @property
    def model(self) -> MLP:
        """The layers of the network on show; a network from a file may have other sizes."""
        return MLP() if self.params["weights"] == PRETRAINED else self.trainer.model

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the network on show."""
        return TEN if self.params["weights"] == PRETRAINED else self.data.classes

    @property
    def bits(self) -> int | None:
        return number(self.params["bits"])

    @property
    def diverged(self) -> bool:
        return not np.isfinite(self.shown.vector).all()

    def quantised(self) -> QuantizedParameters | None:
        """The shown parameters at the chosen bits, made again after each change."""
        wanted = (self.shown, self.bits, self.trainer.steps)
        if wanted != self._quantised_of:
            there = self.bits and not self.diverged
            self._quantised, self._quantised_of = quantize_parameters(self.shown, self.bits) if there else None, wanted
        return self._quantised

    def steps(self) -> Iterator[Frame | None]:
        """A training batch per item; after each epoch, and after a change, the held-out images, in pieces."""
        yield from self.background()
        for item in self.training.steps(self._judge):
            yield item
            yield from self.background()

    def beginning(self) -> dict[str, float | None]:
        own = self.params["weights"] == OWN
        return {name: self._judged[name] for name in ("test_loss", "test_accuracy", "quant_accuracy") if own}

    def background(self) -> Iterator[None]:
        """Judge the network after a change; its pictures are shown at once and do not wait for that."""
        for _ in self._due:
            yield None

    def change(self, name: str, value: Any) -> list[str]:
        if name in ("weights", "bits"):
            self._due = self._judge()
            self._tell()
        self.training.obey(self.params, name)
        return []

    def frame(self) -> Frame:
        p, quantised = self.shown, self.quantised()
        filters = p["layer1.weight"].reshape(-1, 28, 28)  # one picture of 28x28 for each first-layer neuron
        shipped_ones = self.params["weights"] == PRETRAINED
        scalars = {
            "epoch": self.trainer.epoch, **self.training.batch, **self._judged, "times": self._times,
            "held_out": len(self._held_out(p)[1]), "trained_on": len(self.trainer.images),
            "first": EXAMPLE % len(self._held_out(p)[1]), "pretrained": shipped_ones,
            "bytes_float": float_nbytes(p),
            "bytes_quant": quantised.nbytes if quantised else None, "batch_of": MANY, "neurons": len(filters),
            "weight_error": quantised.weight_error if quantised else None,
            "bar": "accuracy [{test_accuracy:percent}](.float) → [{quant_accuracy:percent}](.quant)" if self.bits else
                   "float32 accuracy [{test_accuracy:percent}](.float)",
            "bits_head": f"{self.bits} bits" if self.bits else "quantised",
            "filter_limit": float(np.abs(filters).max()),
            "weights_words": "These are the pretrained weights." if shipped_ones else
                             "They start as noise; strokes emerge as the network trains.",
            "quantise_words": "The same network with its weight matrices rounded." if self.bits else
                              "Choose the bits per weight to see what rounding costs.",
        }
        own, arrays = self.data.frame()
        wrong, pictures = mistakes.shown(*self._mistakes, self._held_out(p)[0], self.params["cell"])
        scalars, arrays = scalars | own | wrong, {"filters": filters, **arrays, **pictures}
        if quantised:
            arrays["filters_quant"] = quantised.parameters["layer1.weight"].reshape(-1, 28, 28)
        missing = self.params["data"] == own_data.OWN and not self.data
        return Frame(self.trainer.steps, scalars, arrays,
                     [*self._said, *[DIVERGED] * self.diverged, *[own_data.NONE_YET] * missing])

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Read `strokes` (P, 3), an `image` uint8 (H, W), or the held-out digit number `index`."""
        if "index" in inputs and self.data and self.params["weights"] == OWN:
            images, labels = self.data.test
            at = int(inputs["index"]) % len(labels)
            return self._read(images[at].reshape(28, 28), int(labels[at]))
        x, label, note = self._reader.read(inputs)
        if x is None:
            return Frame(self.trainer.steps, {"digit": None, "confidence": None}, {}, [note])
        return self._read(x, label)

    def _read(self, x: np.ndarray, label: int | None) -> Frame:
        row = x.reshape(1, -1)
        p = softmax(self.model.forward(self.shown, row))[0]
        classes = self.classes
        scalars = {"digit": int(p.argmax()), "confidence": float(p.max()), "label": label,
                   "digit_words": said(p, classes), **({} if classes == TEN else {"classes": list(classes)})}
        arrays, q = {"input": x, "probabilities": p}, None
        if quantised := self.quantised():
            q = softmax(self.model.forward(quantised.parameters, row))[0]
            scalars |= {"quant_digit": int(q.argmax()), "quant_confidence": float(q.max()),
                        "quant_digit_words": said(q, classes), "difference": float(np.abs(p - q).max())}
            arrays["probabilities_quant"] = q
        return Frame(self.trainer.steps, scalars | {"told": told(p, q, label, classes)}, arrays)

    def act(self, name: str, values: Values) -> Outcome:
        return self._measure() if name == "measure" else self._export(name)

    def _export(self, action: str) -> Outcome:
        """The network on show: float32, or with its quantised weights."""
        from pyapp.pages.base import exporting  # here, because no page needs these to begin
        from pyapp.quantized.network import QuantizedNetwork
        shipped_ones, quantised = self.params["weights"] == PRETRAINED, self.quantised()
        source = exporting.shipped("mlp") if shipped_ones else exporting.own("digits", self.trainer.p)
        network = QuantizedNetwork(quantised) if quantised else self.shown
        return exporting.exported(self, action, network, source, {"bits": self.bits} if quantised else {},
                                  own=None if shipped_ones else self.data.parts)

    def _measure(self) -> Outcome:
        """Mean times of a prediction in milliseconds, measured where this runs: a browser's clock is too coarse for
        a median of single predictions."""
        held_out, _ = mnist.shipped("test")
        one, many, quantised = held_out[:1], held_out[:MANY], self.quantised()

        def mean(p: Parameters, x: np.ndarray, repeats: int) -> float:
            return statistics.fmean(times_ms(lambda: softmax(self.model.forward(p, x)), repeats))

        self._times = {"image_ms": mean(self.shown, one, 200), "batch_ms": mean(self.shown, many, 7)}
        if quantised:
            self._times |= {"image_quant_ms": mean(quantised.parameters, one, 200),
                            "batch_quant_ms": mean(quantised.parameters, many, 7)}
        return Outcome()

    def snapshot(self) -> dict[str, np.ndarray]:
        """The own network, the state of its training, parameters as JSON bytes, and, if asked, the reader's images."""
        extra = self.data.arrays(self.params["keep"])
        return self.training.arrays(self.params, PAGE, extra=extra, classes=self.data.classes)

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """A snapshot resumes exactly where it was saved; any other digits network starts a new training."""
        from pyapp.quantized.saved import digits_network  # here, because few begin with a file
        saved = Contents(arrays, name)
        found, goes_on = digits_network(saved), saved.under_way and saved.by == PAGE
        rounded = not isinstance(found, Parameters)
        p = found.weights.parameters if rounded else found
        params = saved.params(self.PARAMS) if goes_on else dict(self.params)
        data = OwnData.of_file(saved, not goes_on and params["data"] == own_data.OWN, self.brought)
        training = DigitsTraining(MLP.of(p), p, params, data.train)
        if goes_on:
            training.go_on(saved)
        self.data, self.brought, self._said = data, data or self.brought, []
        self.params.update(params | {
            "weights": OWN, "bits": self.params["bits"], "data": own_data.OWN if data else own_data.SHIPPED,
            "layers": own_layers.written(training.trainer.model.sizes), "activation": p.activation})
        self._begin(training)
        if rounded:
            return [QUANTISED.format(name, saved.words)]
        return [] if goes_on else [FROM_FILE.format(name)]

    def _judge(self) -> Iterator[dict | None]:
        """Judge the shown network, float and quantised; None after each piece, then the scores."""
        step, p, bits, quantised = self.trainer.steps, self.shown, self.bits, self.quantised()
        self._scores = {key: found for key, found in self._scores.items() if key[2] == step}
        yield from self._judge_one(p, (p, None, step))
        if quantised:
            yield from self._judge_one(quantised.parameters, (p, bits, step))
        if p is not self.shown or quantised is not self.quantised():
            return  # the reader changed something meanwhile, and that is due now
        self._tell()
        yield {name: self._judged[name] for name in ("test_loss", "test_accuracy", "quant_accuracy")}

    def _held_out(self, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels that judge the network with these float parameters: shipped digits for the shipped one."""
        return mnist.shipped("test") if p is not self.trainer.p else self.data.test

    def _judge_one(self, p: Parameters, key: tuple) -> Iterator[None]:
        if key in self._scores:
            return  # the bits may change while the float32 network does not, and come back
        for result in judge(MLP.of(p), p, *self._held_out(key[0])):
            if result is None:
                yield None
        own = key[0] is self.trainer.p  # its mistakes stay the same objects, which look through their answers once
        self._scores[key] = result | {"mistakes": Mistakes(
            result["answers"], self._held_out(key[0])[1], *((self.data.classes, self.data.files) if own else (TEN,)))}

    def _tell(self) -> None:
        """Put what is known about the network on show into the frame's numbers and the curves."""
        exact, rounded = (self._scores.get((self.shown, bits, self.trainer.steps)) for bits in (None, self.bits))
        rounded = self.bits and rounded
        self._mistakes = [each["mistakes"] if each and not self.diverged else None for each in (exact, rounded)]
        self._judged = {
            "test_loss": exact and exact["loss"], "test_accuracy": exact and exact["accuracy"],
            "quant_accuracy": rounded and rounded["accuracy"],
            "changed": int((exact["predictions"] != rounded["predictions"]).sum()) if exact and rounded else None,
        }
