"""Trace: every operation of a transformer in integers, its dtypes and the room in its accumulators; and where a network
that is quantised in simulation still computes in floats."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from pyapp import shipped
from pyapp.core.losses import softmax
from pyapp.core.words import counted
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame, Idle
from pyapp.experiment.panels import Column, Fact, Facts, Panel, Table, Words
from pyapp.experiment.params import Param, ParamError, Values, neighbours
from pyapp.experiment.pictures import Axis, Chart
from pyapp.nets.vit import ViT
from pyapp.pages.base import controls, softmax_controls
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.integer_transformer import PIXELS, Widths, integer_gpt, integer_vit
from pyapp.quantized.simulated_trace import trace_simulated
from pyapp.quantized.trace import Operation, Trace
from pyapp.quantized.transformer import TransformerSettings, quantize_gpt, quantize_vit
from pyapp.softmax.methods import INTEGER

VIT, GPT = "vision transformer", "gpt"
IMAGES, TEXTS = 8, 1  # that decide the ranges; a page cannot wait for more
FIRST, LONGEST = 18, 64  # the digit at the start; characters of a text
KEPT = 16  # networks and passes, so that a control that comes back is answered at once
ANSWERS = 5  # likeliest ones that are listed
WIDTHS = (32, 64)

PASS = Panel("pass", "How full each accumulator gets", (
    Words(role="finding", name="finding", text="{finding}"),
    Words(text="The operations of one pass, from left to right. Each has up to two dots: [hollow](.quant) for its "
               "int32 accumulators, [filled](.quant) for its int64 ones. The height is the bits of the largest number "
               "there, sign included; the lines are what those types hold. Drag across to see one operation."),
    Chart(name="bits", label="Bits that the largest number in each operation's accumulators needs.", x="numbers",
          lines="lines", marks="marks", up=Axis("bits", ends="range", format="count"), across=Axis("operation"),
          height=300, pick="operation", at="at", read="{names.@i}: {readings.@i}"),
    Facts(name="operation", caption="The chosen operation", facts=(
        Fact("operation {chosen.number:count}", ("chosen.name",), "name"),
        Fact("what it is", ("chosen.kind",), "kind"), Fact("in", ("chosen.input",), "input"),
        Fact("out", ("chosen.output",), "output"),
        Fact("largest number in an accumulator", ("chosen.largest",), "largest"),
        Fact("headroom", ("{chosen.headroom:count} bits of {chosen.width:count}",), "headroom"),
        Fact("CRC-32 of its codes", ("chosen.checksum",), "checksum"))),
), empty="The operations appear when Python has started.")
HIDING = Panel("hiding", "Where floats hide in a simulation", (
    Words(text="In a simulation ([fake quantisation](?fake-quantisation)) numbers are rounded to a grid and stay "
               "floats: [{simulated.float:count} of {simulated.count:count}](.bad) operations take or give floats. On "
               "the left is the same network in integers, where queries, keys, values, shifts and softmaxes count "
               "separately. The simulation is traced on {simulated.input}; which operations use floats does not depend "
               "on that."),
    Table(name="hiding", rows="kinds", caption="Operations that take, give or compute floats", key="name", columns=(
        Column("operation", "name"), Column("in integers", "integer:count", role="quant"),
        Column("of these in float", "integer_float:count", role="quant"),
        Column("simulated", "count:count"), Column("of those in float", "float:count", bad="float"),
        Column("floats come from NumPy's", "functions", prose=True))),
    Words(role="doc", text="An integer softmax computes in integers in a simulation too, but its codes come from "
                           "floats and go back to floats. An embedding only looks floats up."),
), place="wide", empty="The comparison appears when Python has started.")
COST = Panel("cost", "What it costs", (
    Words(text="{input_words}"),
    Table(name="answers", rows="answers", caption="The likeliest answers, float32 and integers", key="name", columns=(
        Column("answer", "name"), Column("", bar=("float", "quant")),
        Column("float32", "float:percent:2", role="float"),
        Column("integers", "quant:percent:2", role="quant"))),
    Facts(name="cost", facts=(Fact("L1 of the probabilities", ("l1:small",), "l1"),
                              Fact("weights", ("nbytes:bytes",), "bytes"))),
), place="readouts", empty="The answers appear when Python has started.")
TABLE = Panel("table", "All {count:count} operations", (
    Words(text="What a tracer saw: NumPy asked it about every sum, product and shift, and it computed each again in a "
               "wider type. Bits and headroom are those of the accumulator with the least room. The checksum is over "
               "all codes that the operation gave; it is the same in every runtime."),
    Table(name="operations", rows="rows", caption="Every operation of the pass", key="number", pick="operation",
          tall=True,
          columns=(Column("operation", "name"), Column("kind", "kind"), Column("in", "input"), Column("out", "output"),
                   Column("largest", "about:scientific", role="quant"), Column("bits", "bits:count", role="quant"),
                   Column("of", "width:count"), Column("headroom", "headroom:count", bad="tight"),
                   Column("checksum", "checksum"))),
), place="wide", empty="The table appears when Python has started.")


class Made(NamedTuple):
    """A network in integers, which of its operations a simulation has in floats, and what that was traced on."""

    network: Any
    simulated: list[Operation]
    traced: str


class Followed(NamedTuple):
    """One pass, both networks' probabilities of the answers, float64 (N,), the answers' names and a sentence."""

    trace: Trace
    exact: np.ndarray
    rounded: np.ndarray
    names: list[str]
    words: str


class Page(Experiment):
    title = "Trace"
    summary = "Follow a digit or a text through an integer transformer: see where simulations hide floats."
    entry = "Transformers"
    order = 64
    NEXT = ("learn", "Train a language model yourself, here, in two minutes.")
    BAR = "{count:count} operations, {floats:count} floats, headroom {headroom:count} bits"
    GROUPS = (("Network", ("network", "digit", "text")), ("Quantise", ("bits", "stream", "softmax", "shift")))
    IDLE = (Idle(("digit",), "network", "is", (GPT,), "the GPT reads the text"),
            Idle(("text",), "network", "is", (VIT,), "the Vision Transformer reads the digit"))
    PANELS = (PASS, COST, HIDING, TABLE)
    MAIN = ("network", "bits")
    RECORDED = ()
    SETTLED = preparing = True
    PARAMS = (
        Param("network", "Network", "choice", VIT, choices=(VIT, GPT), titles=controls.NETWORK_TITLES,
              doc="Which shipped network runs in integers"),
        Param("digit", "Digit", "int", FIRST, lo=0, hi=2999, widget="number",
              doc="Index of the test digit that the Vision Transformer reads"),
        Param("text", "Text", "text", "ROMEO:\nWhat is it ", hi=LONGEST,
              doc=f"What the GPT reads, up to {LONGEST} characters; it answers with the next one"),
        controls.bits(8, "Bits of weights, of inputs of matrix products and of attention scores"),
        Param("stream", "Bits between products", "choice", "16", choices=("8", "10", "12", "16"),
              doc="Bits of the residual stream, which LayerNorm reads, and of the input of GELU"),
        softmax_controls.softmax(default="lut2", choices=tuple(INTEGER),
                                 doc="An integer method; the exact softmax computes in floats"),
        softmax_controls.shift(default="row-max"),
        Param("operation", "Operation", "int", 4, lo=1, hi=200, widget="number",
              doc="Number of the operation that is shown in full"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        if unknown := shipped.gpt()[2].unknown(params["text"]):
            self.refused["text"] = ParamError("text", f"the network does not know {unknown[:10]!r}", "leave that out")

    @property
    def reads_digits(self) -> bool:
        return self.params["network"] == VIT

    def network(self, bits: int) -> Made:
        return _made(self.params["network"], *self._settings(bits))

    def _settings(self, bits: int) -> tuple[TransformerSettings, Widths]:
        width = int(self.params["stream"])
        return TransformerSettings(bits, "channel", bits, logit_bits=bits, softmax=self.params["softmax"],
                                   shift=self.params["shift"]), Widths(width, width)

    def background(self) -> Iterator[None]:
        """Follow the same input at the slider's other positions, each of which takes half a second."""
        for bits in neighbours(self.PARAMS, "bits", self.params["bits"]):
            self.network(bits)
            yield
            self._followed(bits)
            yield

    def _followed(self, bits: int) -> Followed:
        if self.reads_digits:
            return _digit(*self._settings(bits), min(self.params["digit"], len(mnist.shipped("test")[1]) - 1))
        return _text(*self._settings(bits), self.params["text"])

    def frame(self) -> Frame:
        made = self.network(self.params["bits"])
        trace, exact, rounded, names, words = self._followed(self.params["bits"])
        rows = [_row(i, each) for i, each in enumerate(trace.operations, 1)]
        at = min(self.params["operation"], len(rows)) - 1
        tightest = min(rows, key=lambda row: row["headroom"])
        bits = [[next((each.bits for each in operation.accumulators if each.width == width), None)
                 for operation in trace.operations] for width in WIDTHS]
        likeliest = np.argsort(-exact, kind="stable")[:ANSWERS]
        floats, tight = len(trace.floats), tightest["headroom"]
        scalars = {
            "count": len(rows), "floats": floats, "headroom": tight,
            "finding": f"{len(rows)} operations, {_none(floats, 'float')}, {_none(len(trace.overflows), 'overflow')}. "
                       f"Least headroom: {counted(tight, 'bit')} of {tightest['width']}, in {tightest['name']}.",
            "rows": rows, "chosen": rows[at], "at": at, "names": [row["name"] for row in rows],
            "readings": [_reading(each) for each in trace.operations],
            "lines": [{"y": y, "role": "quant", "shape": "dots", "label": f"int{width}",
                       "hollow": [width == 32] * len(rows)}
                      for width, y in zip(WIDTHS, bits, strict=True)],
            "marks": [{"kind": "horizontal", "y": width, "text": f"int{width}", "role": "error"} for width in WIDTHS],
            "range": [0, 68], **_hiding(trace.operations, made),
            "answers": [{"name": names[i], "float": float(exact[i]), "quant": float(rounded[i])} for i in likeliest],
            "l1": float(np.abs(exact - rounded).sum()), "nbytes": made.network.nbytes, "input_words": words,
        }
        return Frame(0, scalars, {"numbers": np.arange(1, len(rows) + 1, dtype=np.int32)})


@lru_cache(KEPT)
def _made(network: str, settings: TransformerSettings, widths: Widths) -> Made:
    """What is float in a simulation does not depend on the ranges: a small input decides those there."""
    if network == VIT:
        p, images = shipped.vit(), mnist.calibration()[:IMAGES]
        simulated = trace_simulated(quantize_vit(p, settings, images[:1]), images[:1])
        return Made(integer_vit(p, settings, images, widths=widths), simulated.operations,
                    "one training image")
    (model, p, _), text = shipped.gpt(), _own_text()
    few = text[:, :8]
    simulated = trace_simulated(quantize_gpt(model, p.astype(np.float32), settings, few), few)
    return Made(integer_gpt(model, p, settings, text, widths), simulated.operations,
                f"{few.size} characters that the GPT wrote itself")


@lru_cache(KEPT)
def _digit(settings: TransformerSettings, widths: Widths, number: int) -> Followed:
    """The pass of a test digit."""
    images, labels = mnist.shipped("test")
    trace, model = Trace(), _made(VIT, settings, widths).network.model
    x = images[number].reshape(1, -1)
    codes = model.codes(PIXELS.quantize(x), trace)
    exact = ViT().forward(shipped.vit().astype(np.float64), x.astype(np.float64))
    words = f"Test digit {number}, with the label {labels[number]}, as both networks read it."
    return Followed(trace, softmax(exact)[0], _chances(model, codes), list("0123456789"), words)


@lru_cache(KEPT)
def _text(settings: TransformerSettings, widths: Widths, text: str) -> Followed:
    """The pass of a text, and what comes next."""
    exact, p, vocabulary = shipped.gpt()
    known = "".join(c for c in text if c in vocabulary.characters) or "\n"
    tokens, trace, model = vocabulary.encode(known)[None], Trace(), _made(GPT, settings, widths).network.model
    codes = model.codes(tokens, run=trace)
    names = [{"\n": "line break", " ": "space"}.get(c, c) for c in vocabulary.characters]
    words = "The character that comes next, as both networks expect it."
    return Followed(trace, softmax(exact.forward(p, tokens)[-1:])[0], _chances(model, codes[-1:]), names, words)


@cache
def _own_text() -> np.ndarray:
    """The tokens that calibrate the shipped GPT."""
    return own_text(*shipped.gpt()[:2], TEXTS)


def _chances(model: Any, codes: np.ndarray) -> np.ndarray:
    """Probabilities (N,) for codes (1, N) of logits."""
    return softmax(model.logits.dequantize(codes).astype(np.float64))[0]


def _row(number: int, found: Operation) -> dict[str, Any]:
    """An operation in a row of the table."""
    room = found.tightest
    return {"number": number, "name": found.name, "kind": found.kind, "headroom": room.headroom, "bits": room.bits,
            "width": room.width, "largest": f"{room.largest:,}", "about": float(room.largest),
            "tight": room.headroom < 0,
            "input": ", ".join(f"{dtype} {_shape(shape)}" for dtype, shape in
                               zip(found.inputs, found.input_shapes, strict=True)),
            "output": f"{found.output} {_shape(found.output_shape)}", "checksum": f"{found.checksum:08x}"}


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _reading(found: Operation) -> str:
    return ", ".join(f"{each.bits} bits of int{each.width}" for each in found.accumulators)


def _none(n: int, what: str) -> str:
    return counted(n, what) if n else f"no {what}"


def _hiding(integers: list[Operation], made: Made) -> dict[str, Any]:
    """The operations of both passes, counted by kind."""
    rows, simulated = [], made.simulated
    for kind in dict.fromkeys(_kind(each) for each in [*simulated, *integers]):
        ours, theirs = ([each for each in walk if _kind(each) == kind] for walk in (integers, simulated))
        functions = dict.fromkeys(name for each in theirs for name in each.functions)
        rows.append({"name": kind, "integer": len(ours), "integer_float": _floats(ours), "count": len(theirs),
                     "float": _floats(theirs), "functions": ", ".join(functions)})
    return {"kinds": rows, "simulated": {"count": len(simulated), "float": _floats(simulated), "input": made.traced}}


def _kind(found: Operation) -> str:
    """An operation's kind, named alike for both passes: in integers, shift and softmax are two operations."""
    kind = found.kind.removesuffix(", requantise")
    return "shift and softmax" if kind in ("shift", "softmax") else kind


def _floats(operations: list[Operation]) -> int:
    return sum(bool(each.floats) for each in operations)
