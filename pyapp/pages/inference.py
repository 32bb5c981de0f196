"""Integer inference: the same digit read by the float32 network and by its quantised form."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import shipped
from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values, neighbours, number
from pyapp.measure.compare import Comparison, integer_codes, largest_difference, simulated_codes
from pyapp.pages.base import controls, export_buttons, format_controls, mistakes
from pyapp.pages.base.controls import NONE
from pyapp.pages.base.digit_input import EXAMPLE, Reader, told
from pyapp.pages.base.measured import activations_words, weights_words
from pyapp.pages.panels import inference as panels
from pyapp.quant.alone import ALONE, HQQ, OWN
from pyapp.quant.calibrate import RowGrids
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.parameters import float_nbytes
from pyapp.quant.schemes import GRID
from pyapp.quantized.network import Settings, quantizing

ZEROS_OF_HQQ = "HQQ finds scales and zero points itself: the scheme and the range of the weights have no effect."
POINTS = 100  # percentage points in a share of 1
SHOWN = ("arithmetic", "cell")  # parameters that choose only what is shown of a comparison
KEPT = 8  # comparisons, so that a slider that comes back is answered at once, with all that was counted
LISTED = 24  # changed images that are shown
CODES = ("input", "hidden1", "hidden2", "logits")
SHAPES = {"input": (28, 28), "hidden1": (8, 16), "hidden2": (4, 16), "logits": (1, 10)}  # as pictures


class Page(Experiment):
    title = "Integer inference"
    summary = "Show one digit to a float32 and a quantised network: scores move before answers do."
    entry = "Integer network"
    tab = "Predictions"
    order = 30
    NEXT = ("matmul", "See how integers multiply: three corrections make the product exact.")
    WORK = "auto"
    BAR = "accuracy [{float_accuracy:percent}](.float) → [{accuracy:percent}](.quant), {changed:count} changed"
    GROUPS = (("Weights", ("format", "bits", "scheme", "per", "method", "clip", "bias_correction")),
              ("Activations", ("activations", "calibrate")), ("Arithmetic", ("arithmetic", "rounding")), mistakes.GROUP)
    PANELS = panels.PANELS
    ACTIONS = export_buttons.actions()
    IDLE = (controls.idle_in_float("calibrate", "arithmetic", "rounding"),
            format_controls.idle_in_formats("bits", "scheme", "per", "method", "clip"))
    MAIN = ("bits", "activations")
    RECORDED, REHEARSED = (), 100
    preparing = True
    PARAMS = (
        format_controls.number_format(),
        controls.bits(4, "Bits stored per weight", label="Bits per weight"),
        controls.scheme(),
        controls.per("channel"),
        controls.any_method(),
        controls.weight_range("minmax"),
        Param("bias_correction", "Bias correction", "bool", False,
              doc="Adjust the biases so that each output has the same mean as in the float32 network"),
        controls.bits_or_none("activations", "Bits per activation",
                              "Bits of the pixels and hidden layers; logits keep at least 8. Float32 leaves them "
                              "as they are"),
        controls.calibration(at_run_time=True),
        Param("arithmetic", "Arithmetic", "choice", "integers", choices=("integers", "simulated"),
              doc="Integer arithmetic, or a floating-point simulation of it; the page computes both and shows one"),
        Param("rounding", "Requantisation", "choice", "single", choices=ROUNDINGS, titles=controls.ROUNDING_TITLES,
              doc="How a 32-bit sum becomes a code again: a multiplier and a shift, rounded once or twice, or a "
                  "float32 factor"),
        mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._reader = Reader()
        self._step = self._version = 0
        self._comparison: Comparison | None = None
        self._wrong: tuple = (None, None)  # see _mistakes
        self._kept: dict[tuple, tuple[int, Comparison]] = {}  # by settings, with the version; see KEPT

    def comparison(self) -> Comparison:
        """The network at these settings, made when it is first asked for: GPTQ takes a moment."""
        if self._comparison is None:
            *_, self._comparison = self._make(self.params)
            self._version, _ = self._kept[_chosen(self.params)]
        return self._comparison

    def _make(self, params: Values) -> Iterator[Comparison | None]:
        """The network at other settings, in pieces: None after each, then its comparison, which is kept."""
        for network in quantizing(shipped.mlp(), self._settings(params), mnist.calibration()):
            if network is None:
                yield None
        made = Comparison(shipped.mlp(), network, params["rounding"], *mnist.shipped("test"))
        self._kept[_chosen(params)] = 1 + max((version for version, _ in self._kept.values()), default=0), made
        self._kept = dict([*self._kept.items()][-KEPT:])
        yield made

    def background(self) -> Iterator[None]:
        """Make the networks of the slider's other positions, the nearest first: each takes a twentieth of a second,
        for which a picture should not wait. Those that are searched for would take seconds, and wait to be asked for.
        """
        if self.params["format"] != GRID or self.params["method"] not in ALONE:
            return
        for bits in neighbours(self.PARAMS, "bits", self.params["bits"]):
            params = self.params | {"bits": bits}
            if _chosen(params) not in self._kept:
                yield from (None for _ in self._make(params))

    @property
    def settings(self) -> Settings:
        return self._settings(self.params)

    def _settings(self, value: Values) -> Settings:
        names = ("per", "method") if value["method"] == HQQ else ("scheme", "per", "method", "clip")
        grid = {"format": value["format"]} if value["format"] != GRID else {
            "bits": int(value["bits"]), **{name: value[name] for name in names}}
        return Settings(**grid, activations=number(value["activations"]), calibrate=value["calibrate"],
                        bias_correction=bool(value["bias_correction"]))

    @property
    def kind(self) -> str:
        """Which arithmetic is shown: integers, unless the settings rule them out."""
        return "simulated" if self.comparison().integer is None else self.params["arithmetic"]

    def change(self, name: str, value: Any) -> list[str]:
        if name not in SHOWN:
            self._version, self._comparison = self._kept.get(_chosen(self.params), (self._version, None))
        return self.unused([name])

    def unused(self, names: Iterable[str]) -> list[str]:
        ours = self.params["method"] == HQQ and self.params["format"] == GRID
        return [ZEROS_OF_HQQ] if ours and set(names) & {"method", *OWN} else []

    def act(self, name: str, values: Values) -> Outcome:
        """Export the quantised network."""
        from pyapp.pages.base import exporting  # here, because no page needs it to begin
        return exporting.exported(self, name, self.comparison().network, exporting.shipped("mlp"),
                                  exporting.settings_of(self.settings), self.params["rounding"])

    def steps(self) -> Iterator[Frame | None]:
        """Compare one piece of the held-out images per item."""
        while True:
            if self._comparison is None:
                self.comparison()
                yield Frame(self._step)  # the digit on the pad is read first
            elif self._comparison.advance():
                self._step += 1
                yield Frame(self._step)
            else:
                return

    def frame(self) -> Frame:
        scalars = {
            "held_out": len(mnist.shipped("test")[1]), "first": EXAMPLE, "done": 0,
            "bytes_float": float_nbytes(shipped.mlp()),
            **dict.fromkeys(("accuracy", "float_accuracy", "bytes", "changed", "lost", "won", "other", "mean_gap",
                             "largest_gap", "logits_differ", "code_difference")),
            "network": "", "refusal_words": "", "agreement": "", "agree": False, "listed": 0,
            "weights_words": weights_words(self.PARAMS, self.params),
            "activations_words": activations_words(self.params["activations"]),
            "counted_words": "Both networks see the same digits.",
            "changed_words": "The digits whose prediction changes appear here.",
        }
        more, pictures = self._mistakes()
        scalars |= more
        if self._comparison is None:  # a change was just made; the numbers come with the first piece
            return Frame(self._step, scalars)
        comparison, kind = self._comparison, self.kind
        changed = comparison.changed(kind)
        listed = _spread(changed)
        float_, ours, labels = comparison.predictions["float"], comparison.predictions[kind], comparison.labels
        right_before, right_now = float_[changed] == labels[changed], ours[changed] == labels[changed]
        scalars |= {
            "done": comparison.done, "network": f"{self._version} {kind}", "bytes": comparison.network.nbytes,
            "counted_words": f"The quantised network is {'computed' if kind == 'integers' else 'simulated'} with "
                             f"{comparison.arithmetic(kind)}.",
            "refusal_words": self._refused(comparison.refusal), "listed": len(listed),
            "changed": len(changed), "lost": int(right_before.sum()), "won": int(right_now.sum()),
            "other": int((~right_before & ~right_now).sum()), "mean_gap": comparison.mean_gap,
            "largest_gap": comparison.largest_gap, **_agreement(comparison),
        }
        if comparison.done:
            scalars |= {"float_accuracy": comparison.right("float") / comparison.done,
                        "accuracy": comparison.right(kind) / comparison.done,
                        "changed_words": _listed_words(len(listed), len(changed), comparison.done)}
        images = np.rint(255 * comparison.images[listed]).astype(np.uint8).reshape(-1, 28, 28)
        arrays = {"changed_index": listed.astype(np.int32), "changed_label": labels[listed].astype(np.int32),
                  "changed_float": float_[listed], "changed_quant": ours[listed], "changed_images": images, **pictures}
        return Frame(self._step, scalars, arrays)

    def _mistakes(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The panel of mistakes, kept until more images are compared or another cell is picked."""
        there, cell = self._comparison, self.params["cell"]
        key = there, there and there.done, there and self.kind, cell
        if self._wrong[0] != key:
            read = map(there.mistakes, ("float", self.kind)) if there else (None, None)
            self._wrong = key, mistakes.shown(*read, mnist.shipped("test")[0], cell)
        return self._wrong[1]

    def _refused(self, refusal: str) -> str:
        """Why there is no integer arithmetic; empty if there is."""
        if refusal and self.params["activations"] == NONE:
            return "Activations are float32, so integer arithmetic is not possible."
        return refusal and f"Integer arithmetic is not possible here: {refusal}. The simulation is shown instead."

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Read `strokes` (P, 3), an `image` uint8 (H, W), or the held-out digit number `index`, in every arithmetic."""
        x, label, note = self._reader.read(inputs)
        if x is None:
            return Frame(self._step, {"digit": None, "confidence": None}, {}, [note])
        comparison, row = self.comparison(), x.reshape(1, -1)
        exact = comparison.float_model.forward(shipped.mlp(), row)
        logits, simulated = simulated_codes(comparison.simulation, comparison.network.parameters, row)
        codes = integer_codes(comparison.integer, row) if comparison.integer else []
        if self.kind == "integers":
            logits = comparison.network.activations["layer3"].dequantize(codes[-1])
        p, q = softmax(exact)[0], softmax(logits)[0]
        scalars = {
            "digit": int(p.argmax()), "confidence": float(p.max()), "label": label, "kind": self.kind,
            "told": told(p, q, label),
            "quant_digit": int(q.argmax()), "quant_confidence": float(q.max()),
            "difference": float(np.abs(p - q).max()), "logit_difference": float(np.abs(exact - logits).max()),
            "layers": (layers := _layers(comparison, simulated, codes)),
            "codes_words": _codes_words(layers, comparison, self.kind),
            "outputs": [{"digit": i, "float": float(exact[0, i]), "quantised": float(logits[0, i]),
                         "score": float(logits[0, i] - exact[0, i]), "points": POINTS * float(q[i] - p[i])}
                        for i in range(p.size)],
        }
        arrays = {"input": x, "probabilities": p, "probabilities_quant": q}
        arrays |= {f"codes_{name}": shown[0].reshape(SHAPES[name]).astype(np.int32)
                   for name, shown in zip(CODES, codes or simulated, strict=False)}
        return Frame(self._step, scalars, arrays)


def _chosen(params: Values) -> tuple:
    """All settings that make another network, or other integers of it."""
    return tuple(value for name, value in params.items() if name not in SHOWN)


def _spread(changed: np.ndarray) -> np.ndarray:
    """Some of the changed images, evenly from all of them: the held-out digits are sorted by class."""
    at = np.arange(min(len(changed), LISTED), dtype=np.intp) * len(changed) // LISTED
    return changed[at] if len(changed) > LISTED else changed


def _agreement(comparison: Comparison) -> dict[str, Any]:
    """How far integers and simulation agree on the images done."""
    if comparison.integer is None or not comparison.done:
        return {}
    done = slice(comparison.done)
    other = comparison.predictions["integers"][done] != comparison.predictions["simulated"][done]
    differ = int(other.sum())
    return {"agree": differ == 0, "logits_differ": comparison.logits_differ,
            "code_difference": comparison.largest_code_difference,
            "agreement": "every prediction is the same" if differ == 0 else
                         f"{differ:,} {'prediction differs' if differ == 1 else 'predictions differ'}"}


def _listed_words(listed: int, changed: int, done: int) -> str:
    if not changed:
        return f"No prediction has changed in {done:,} digits."
    if changed == 1:
        return "The one digit whose prediction changed: float32 → quantised. Click it to put it on the pad."
    which = f"{listed} of the {changed:,}" if listed < changed else f"The {listed}"
    return f"{which} digits whose predictions changed: float32 → quantised. Click one to put it on the pad."


def _codes_words(layers: list[dict[str, Any]], comparison: Comparison, kind: str) -> str:
    if not layers:
        return "Activations are float32, so there are no codes between the layers."
    alone = kind == "integers" and comparison.integer.arithmetic == "integer"
    only = "; from the pixels to the scores it computes with nothing else" if alone else ""
    return (f"What the quantised network knows about the digit, layer by layer{only}. Paper is the lowest code, ink "
            "the highest.")


def _layers(comparison: Comparison, simulated: list[np.ndarray], codes: list[np.ndarray]) -> list[dict[str, Any]]:
    """The grid of every quantised activation, and how far the two arithmetics differ there, for one image."""
    found = []
    for i, (name, grid) in enumerate(zip(CODES, (comparison.network.activations or {}).values(), strict=False)):
        difference = largest_difference(codes[i], simulated[i]) if codes else None
        if isinstance(grid, RowGrids):
            found.append({"name": name, "scale": None, "zero_point": None, "bits": grid.bits, "low": 0,
                          "high": (1 << grid.bits) - 1, "difference": None,
                          "words": f"{grid.bits} bits; each digit has a scale and a zero point of its own"})
            continue
        words = (f"{grid.bits} bits, {grid.low} to {grid.high}; scale {float(grid.scale):.3g}, zero point "
                 f"{int(grid.zero_point)}")
        if difference is not None:
            words += f"; integers and simulation differ by {difference:,}"
        found.append({"name": name, "scale": float(grid.scale), "zero_point": int(grid.zero_point), "bits": grid.bits,
                      "low": grid.low, "high": grid.high, "difference": difference, "words": words})
    return found
