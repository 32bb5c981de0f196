"""Quantisation-aware training: the digits network learns with the codes that it will have as integers."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from pyapp import shipped, store
from pyapp.checkpoint import START, Contents
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.experiment.frame import Action, Experiment, Frame, Idle, Outcome
from pyapp.experiment.params import Param, ParamError, Values, find, number
from pyapp.measure.mistakes import Mistakes
from pyapp.nets.mlp import MLP
from pyapp.pages.base import controls, export_buttons, format_controls, mistakes, qat_readings
from pyapp.pages.base.controls import NONE, usual_rates
from pyapp.pages.base.digits_training import BATCH, DIVERGED, SEED, SHIFT, DigitsTraining
from pyapp.pages.base.gathering import gathering, in_scales
from pyapp.pages.base.measured import activations_words
from pyapp.pages.panels import qat as panels
from pyapp.quant.formats.gguf_layout import LAYOUTS
from pyapp.quant.parameters import float_nbytes
from pyapp.quant.schemes import GRID
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.qat import ESTIMATORS, QATMLP
from pyapp.quantized.saved import digits_network, trained_model
from pyapp.quantized.trained import finished
from pyapp.training.distill import Teacher
from pyapp.training.trainer import cross_entropy, judge

SCRATCH, PRETRAINED, PAGE = "scratch", "pretrained", "page qat"
NETWORKS = {"784-128-64-10": (784, 128, 64, 10), "784-64-32-10": (784, 64, 32, 10), "784-32-10": (784, 32, 10)}
FULL = "784-128-64-10"  # the one that has pretrained weights
STUDENT = "There are no pretrained weights for {}, so it starts from scratch."
FLOORS = (0.95, 0.9, 0.8, 0.5, 0.0)  # where the axis of accuracies may begin
FROM_FILE = "{}: training starts from these weights, at step 0; Reset goes back to the start that is chosen here"


class Page(Experiment):
    title = "Quantisation-aware training (QAT)"
    summary = "Quantise first, then train: press Play and watch the network recover what rounding cost."
    entry = "Train"
    tab = "With quantisation"
    order = 21
    NEXT = ("inference", "Run the quantised network in integer arithmetic, and count the predictions that change.")
    WORK, FILES = "train", "Checkpoint"
    BAR = "step {step:count}, accuracy [{float_accuracy:percent}](.float) → [{reached:percent}](.quant){reached_by}"
    GROUPS = (("Network", ("start", "network", "seed")),
              ("Codes", ("format", "bits", "activations", "per", "estimator")),
              ("Train", ("optimiser", "rate", "batch", "shift")), ("Teacher", ("share", "temperature")),
              ("Picture", ("layer",)), mistakes.GROUP)
    SHIPPED, PANELS = panels.SHIPPED, panels.PANELS
    ACTIONS = (Action("integers", "Measure it now", "Classify the test images in integer arithmetic only"),
               *export_buttons.actions())
    IDLE = (Idle(("temperature",), "share", "is", (0.0,), "there is no teacher"),
            format_controls.idle_in_formats("bits", "per"))
    MAIN = ("bits", "activations")
    RECORDED, REHEARSED = (), 150
    UNSHOWN: ClassVar = {"wrong_index": "There is no pad here to put a digit on."}
    PARAMS = (
        Param("start", "Start from", "choice", PRETRAINED, choices=(PRETRAINED, SCRATCH), live=False,
              doc="The shipped float32 network, trained on 55,000 other images, or random weights"),
        Param("network", "Network", "choice", FULL, choices=tuple(NETWORKS), live=False,
              doc="Sizes of the layers; the smaller ones are students, which start from scratch"),
        format_controls.number_format(leave_out=LAYOUTS, live=False),  # GGUF has no code for a number alone
        controls.bits(2, "Bits stored per weight", label="Bits per weight", live=False),
        controls.bits_or_none("activations", "Bits per activation", live=False,
                              doc="Bits of the pixels and hidden layers; float32 leaves them as they are"),
        controls.per("tensor", live=False),
        Param("estimator", "Scales", "choice", "lsq", choices=tuple(reversed(ESTIMATORS)), live=False,
              titles={"lsq": "LSQ", "ste": "STE"},
              doc="How scales are found: LSQ learns them with the weights; STE takes them from the largest weight, "
                  "which works badly per tensor at 3 bits or fewer"),
        controls.optimiser("adam"),
        controls.rate(0.001, "How far one step goes; with Adam, 0.01 or more is too far here", usual=usual_rates()),
        BATCH, SHIFT, SEED,
        Param("share", "Teacher's share", "float", 0.0, lo=0.0, hi=1.0, step=0.1,
              doc="The teacher's part of the loss: at 0 only the labels teach, at 1 only the shipped float32 network"),
        controls.temperature(2.0, lo=1.0, hi=8.0, step=0.5, doc="Softens the teacher's answers, so that the digits it "
                                                                 "thinks possible count as well"),
        controls.layer("The layer whose weights are shown; a network of two layers has no third", "Layer shown"),
        mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._note = STUDENT.format(params["network"]) if _is_student(params) and params["start"] == PRETRAINED else ""
        if self._note:
            params["start"] = SCRATCH
            self.refused["start"] = ParamError("start", self._note.rstrip("."), f"set start to {SCRATCH}")
        model, images = _model(params), mnist.calibration()
        p = (model.start(shipped.mlp(), images) if params["start"] == PRETRAINED
             else model.initial(params["seed"], images))
        self._begin(DigitsTraining(model, p, params), p.copy())

    def _begin(self, training: DigitsTraining, start: Parameters) -> None:
        """Show a training; `start` are the parameters that it began with, for comparison."""
        self.training, self.trainer, self.start = training, training.trainer, start
        self.model: QATMLP = self.trainer.model
        self._first = self.model.weights(start)
        self._bytes = {"bytes_float": float_nbytes(shipped.mlp()), "bytes_quant": self.exported().nbytes}
        self._bytes_before = float_nbytes(self.model.plain(start))
        self._on_integers: Iterator[dict[str, Any]] = iter(())
        self._integers: dict[str, Any] = {}  # what has been measured of it
        self._least = 1.0  # the lowest accuracy of this run
        self._obey()
        for _ in self._judge():
            pass

    def _obey(self, changed: str = "") -> None:
        """Apply the parameters that may change while training."""
        self.training.obey(self.params, changed)
        share, temperature = self.params["share"], self.params["temperature"]
        self.trainer.loss = Teacher(MLP(), shipped.mlp(), temperature, share) if share else cross_entropy

    @property
    def p(self) -> Parameters:
        return self.trainer.p

    @property
    def diverged(self) -> bool:
        return not np.isfinite(self.p.vector).all()

    def exported(self) -> QuantizedNetwork:
        """The network with its current codes."""
        return finished(self.model, self.p)

    def references(self) -> dict[str, float | None]:
        """What to compare with: the shipped float32 network, and the same bits merely rounded after training."""
        how = self.params["bits"], self.params["per"], number(self.params["activations"]), self.params["format"]
        rounded = None if _is_student(self.params) else qat_readings.rounded_accuracy(*how)
        return {"float_accuracy": qat_readings.float_accuracy(), "rounded_accuracy": rounded}

    def steps(self) -> Iterator[Frame | None]:
        """A training batch per item, after each epoch the held-out images, in pieces."""
        return self.training.steps(self._judge)

    def beginning(self) -> dict[str, float | None]:
        return self._scores() | ({"quant_accuracy": None} if self._only_rescaled else {})

    @property
    def _only_rescaled(self) -> bool:
        """Whether the codes are the pretrained weights on LSQ's first scales: neither just rounded nor trained."""
        lsq = self.params["estimator"] == "lsq" and self.params["format"] == GRID
        return lsq and self.params["start"] == PRETRAINED and not self.trainer.steps

    def _judge(self) -> Iterator[dict | None]:
        """Judge the quantised network on the held-out images; None after each piece, then the points of the curves."""
        for found in judge(self.model, self.p, *mnist.shipped("test")):
            if found is None:
                yield None
        self._mistakes = Mistakes(found["answers"], mnist.shipped("test")[1])
        self._judged = {"test_loss": found["loss"], "quant_accuracy": found["accuracy"]}
        self._least = min(self._least, found["accuracy"])
        yield self._scores()

    def _scores(self) -> dict[str, float | None]:
        return self._judged | self.references()

    def change(self, name: str, value: Any) -> list[str]:
        self._obey(name)
        return []

    def frame(self) -> Frame:
        step, both = self.trainer.steps, (qat_readings.float_mistakes(), self._mistakes)
        wrong, wrong_ones = mistakes.shown(*(None, None) if self.diverged else both, mnist.shipped("test")[0],
                                           self.params["cell"])
        scalars = {"epoch": self.trainer.epoch, **self.training.batch, **self._scores(), **self._bytes,
                   "held_out": len(mnist.shipped("test")[1]), **self._said(), "diverged": self.diverged,
                   "layer": None, "code_counts": "", "accuracy_range": self._axis(), "layers": [], **wrong}
        if self.diverged:
            return Frame(step, scalars, {}, [DIVERGED])
        tensors = self.model.weights(self.p)
        layer = min(self.params["layer"], f"layer{len(tensors)}")
        picture = gathering(self.p[f"{layer}.weight"], tensors[f"{layer}.weight"])
        rows = qat_readings.layers(self.model, self.p, self.start, self._first, tensors)
        scalars |= {
            "layer": layer, "near": picture.near, "clipped": picture.clipped,
            "layers": [{**row, "chosen": row["name"] == layer} for row in rows],
            "changed": next(row["changed"] for row in rows if row["name"] == layer), "code_counts": picture.words,
            "neurons": len(tensors["layer1.weight"].codes), "largest_code": float(picture.lines[-1])}
        filters = in_scales(tensors["layer1.weight"]).reshape(-1, 28, 28)
        arrays = {**picture.arrays, "filters": filters, **wrong_ones}
        return Frame(step, scalars, arrays, [self._note] if self._note and not step else [])

    def _axis(self) -> list[float]:
        """Both ends of the accuracy axis, on which every line of the picture lies."""
        least = min(self._least, *(accuracy for accuracy in self.references().values() if accuracy is not None))
        return [next(floor for floor in FLOORS if floor <= least), 1.0]

    def _said(self) -> dict[str, Any]:
        """Sentences and labels that follow from the parameters and from what is being measured."""
        activations, student = self.params["activations"], self._bytes_before != self._bytes["bytes_float"]
        progress = self._integers.get("progress", 1)
        form, per = self.params["format"], self.params["per"]
        per = find(self.PARAMS, "per").titles.get(per, per)
        kind = format_controls.in_words(self.params)
        size = (f"This student would have {self._bytes_before:,} bytes in float32. There is no float32 "
                "network to round: it starts from scratch." if student else
                f"Sizes are for weights in {kind}; they include scales and float32 biases.")
        rounded = self.references()["rounded_accuracy"] if self._only_rescaled else None
        return {"size_words": size, "now": "trained" if self.trainer.steps else "before training",
                "reached": self._judged["quant_accuracy"] if rounded is None else rounded,
                "reached_by": "" if rounded is None else " rounded",
                "start_words": qat_readings.LSQ_STARTS if self._only_rescaled else "",
                "activations_words": activations_words(activations),
                "bytes_rounded": None if student else self._bytes["bytes_quant"],
                "estimator_words": qat_readings.ESTIMATED[self.params["estimator"] if form == GRID else "format"],
                "sharing_words": kind if form != GRID else f"one scale per {per}",
                "integers": dict(self._integers) or None,
                "integers_words": self._no_integers() or qat_readings.ON_INTEGERS,
                "measure_label": f"Measuring … {progress:.0%}" if progress < 1 else "Measure it now",
                "cannot_measure": bool(self._no_integers()) or progress < 1}

    def _no_integers(self) -> str:
        """Why there is no integer arithmetic; empty if there is."""
        if self.params["format"] != GRID:
            return qat_readings.IN_FORMAT
        return qat_readings.IN_FLOAT if self.params["activations"] == NONE else ""

    def act(self, name: str, values: Values) -> Outcome:
        """Export the network; or begin to measure in integer arithmetic, and `background` goes on with it."""
        if name != "integers":
            from pyapp.pages.base import exporting  # here, because no page needs it to begin
            scheme = {key: self.params[key] for key in ("bits", "per")} | {"method": "qat"}
            if (activations := number(self.params["activations"])) is not None:
                scheme["activations"] = activations
            return exporting.exported(self, name, self.exported(), exporting.own("qat", self.p), scheme)
        if why := self._no_integers():
            raise ValueError(why.rstrip("."))
        self._integers = {"progress": 0.0, "measured_step": self.trainer.steps}
        self._on_integers = qat_readings.on_integers(self.exported())
        return Outcome()

    def background(self) -> Iterator[None]:
        """Measure the network as it was when measuring began, one piece of the held-out images per item."""
        for found in self._on_integers:
            self._integers |= found
            yield

    def snapshot(self) -> dict[str, np.ndarray]:
        """The network, the state of its training, the parameters, and those that the training started from."""
        start = {START + name: array for name, array in store.arrays_of(self.start).items()}
        return self.training.arrays(self.params, PAGE, extra=start, scheme=qat_readings.scheme_of(self.params))

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """A snapshot resumes exactly where it was saved; any other digits network of these sizes starts a new training,
        from its float32 weights or from the codes of a quantised network."""
        saved, notes = Contents(arrays, name), []
        if saved.by == PAGE:
            model, params = trained_model(saved), saved.params(self.PARAMS)
            if saved.scheme != qat_readings.scheme_of(params) or model.sizes != NETWORKS[params["network"]]:
                raise store.StoreError(f"{name}: its parameters are not those of its network; save it again")
            p = saved.parameters(model.shapes)
            start = saved.parameters(model.shapes, START)
            training = DigitsTraining(model, p, params)
            training.go_on(saved)
        else:
            found = digits_network(saved)
            params, notes = self._params_for(found, saved), [FROM_FILE.format(name)]
            model = _model(params)
            try:
                start = (model.take(found) if isinstance(found, QuantizedNetwork)
                         else model.start(found, mnist.calibration()))
            except ValueError as error:
                raise store.StoreError(f"{name} holds {saved.words}; this page cannot continue its training: "
                                       f"{error}") from None
            training = DigitsTraining(model, start.copy(), params)
        self.params.update(params)
        self._note = ""
        self._begin(training, start)
        return notes

    def _params_for(self, found: Parameters | QuantizedNetwork, saved: Contents) -> Values:
        """The parameters with which this page trains a network. StoreError if it cannot."""
        network = "-".join(map(str, saved.sizes["layers"]))
        if network not in NETWORKS:
            raise store.StoreError(f"{saved.name} holds {saved.words}; this page trains {', '.join(NETWORKS)}")
        params = self.params | {"network": network}
        if isinstance(found, QuantizedNetwork):
            tensors = list(found.weights.tensors.values())
            bits, per = {tensor.bits for tensor in tensors}, str(tensors[0].grid.per)
            activations = str(found.activations["input"].bits) if found.activations else NONE
            params |= {"format": GRID, "bits": min(bits), "activations": activations, "per": per, "estimator": "lsq"}
            offered = all(params[name] in find(self.PARAMS, name).choices for name in ("per", "activations"))
            if len(bits) > 1 or not offered:
                raise store.StoreError(f"{saved.name} holds {saved.words}, one scale per {per}; this page trains all "
                                       "layers with the same bits, and with the scales and activations that it offers")
        return params | ({"start": SCRATCH} if _is_student(params) else {})


def _model(params: Values) -> QATMLP:
    return QATMLP(NETWORKS[params["network"]], params["bits"], number(params["activations"]), params["per"],
                  params["estimator"], params["format"])


def _is_student(params: Values) -> bool:
    return params["network"] != FULL
