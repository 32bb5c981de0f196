"""ONNX: a network for ONNX Runtime and every other program that reads it, in three forms.

    onnx           float32; of a quantised network its codes between QuantizeLinear and DequantizeLinear (QDQ), the form
                   that chip compilers turn into their own integers
    onnx-qlinear   integers from the input's codes to the logits' codes, with the same answers everywhere

All take pixels, float32 (N, 784) from 0 (paper) to 1 (ink), and give logits, float32 (N, K); networks for signals
take normalised `inputs`, float32 (N, I). The model's
properties are bitladder.manifest, JSON as in formats.py; bitladder.pixels and bitladder.logits, ten digits and their
results as base64 (see text.py); and bitladder.bound, by how much other results may differ and the step, see Proof.
"""

import json
from collections.abc import Iterator, Mapping

import numpy as np

from pyapp import __version__, files
from pyapp.core.classes import TEN
from pyapp.export import names, onnx_graph, onnx_vit
from pyapp.export.formats import Format, Manifest, Opened, checked_manifest, digest
from pyapp.export.onnx_graph import Graph
from pyapp.export.onnx_layers import INPUT, OUTPUT, float_mlp, integer_mlp, integer_refused, qdq_mlp
from pyapp.export.onnx_numpy import evaluated
from pyapp.export.onnx_runtime import settings
from pyapp.export.proof import Proof, Run, compared, print_of
from pyapp.export.reading import Reading
from pyapp.export.subject import Subject
from pyapp.export.text import array_of, base64_of, pixels_of, runs_of
from pyapp.measure.measure import SIMULATED
from pyapp.quantized.fingerprint import fingerprint
from pyapp.quantized.network import QuantizedNetwork

MANIFEST, PIXELS, LOGITS, BOUND = (f"bitladder.{name}" for name in ("manifest", "pixels", "logits", "bound"))
TITLES = {"mlp": "Digits network", "vit": "Vision Transformer for digits"}  # others read signals
SIGNALS = "inputs"  # in place of INPUT


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The file."""
    graph, reading, x = Graph(), subject.reading, _input(subject.reading)
    if subject.model == "vit":
        onnx_vit.VisionGraph(graph, subject.network)
    elif subject.integer:
        integer_mlp(graph, subject.integer, list(subject.network.weights.tensors), x)
    elif isinstance(subject.network, QuantizedNetwork):
        qdq_mlp(graph, subject.network, x)
    else:
        float_mlp(graph, subject.network, x)
    gives = "the inputs again" if subject.rebuilds else f"the largest is the {reading.one}'s"
    outputs = len(subject.classes) or reading.count
    network = graph.encoded(subject.model, {x: ("N", reading.count)}, {OUTPUT: ("N", outputs)},
                            f"{reading.doc}. logits: {gives}.")
    told = {PIXELS: base64_of(runs_of(proof.pixels)), LOGITS: base64_of(proof.logits),
            BOUND: json.dumps([proof.bound, proof.step])}
    whole = {MANIFEST: json.dumps({**manifest, "parts": parts(network, told)}, ensure_ascii=False), **told}
    title = TITLES.get(subject.model, "Network for signals")
    return onnx_graph.model(network, whole, f"{title}. {manifest['command']}", __version__)


def parts(network: bytes, told: Mapping[str, str]) -> dict[str, str]:
    """Digests of the network and of the proof."""
    proof = "\n".join(told[name] for name in (PIXELS, LOGITS, BOUND))
    return {"network": digest(network), "proof": digest(proof.encode())}


def opened(data: bytes) -> Opened:
    """A file read back."""
    graph, network, told = onnx_graph.read(data)
    manifest = checked_manifest(files.json_of(told[MANIFEST].encode()))
    codes = codes_of(graph)
    bound, step = map(float, json.loads(told[BOUND]))
    logits = array_of(told[LOGITS], np.int32 if codes else np.float32).reshape(10, -1)
    reading, rebuilds = Reading.of(manifest), not manifest.get("classes", TEN)
    pixels = pixels_of(array_of(told[PIXELS], np.uint8), 10 * reading.count).reshape(10, -1)
    proof = Proof(pixels, logits, manifest["fingerprint"], bound, step, reading, rebuilds)

    def runs(beside: Mapping[str, bytes]) -> Iterator[Run]:
        name, x = _input(reading), reading.inputs(pixels)
        values = evaluated(graph, {name: x})
        yield _compared("Python", proof, values[OUTPUT], [values[code] for code in codes], graph)
        for engine, run in settings():
            try:
                found, hidden = run(data, name, x, codes)
            except Exception as error:  # ONNX Runtime has classes of its own, and old ones lack operators
                yield Run(engine, float("inf"), "", f"loading the file: {str(error).splitlines()[0][:200]}")
            else:
                yield _compared(engine, proof, found, hidden, graph)

    return Opened(manifest, proof, parts(network, told), runs)


def _input(reading: Reading) -> str:
    """What the graph calls its input."""
    return INPUT if reading.draws else SIGNALS


def codes_of(graph: Graph) -> dict[str, str]:
    """The codes that layers make, by name, with their types; none if anything but the input's codes is computed in
    floats."""
    if not any(node.op == "MatMulInteger" for node in graph.nodes):
        return {}
    _, *made = (node for node in graph.nodes if node.op == "QuantizeLinear")
    return {node.outputs[0]: graph.types[node.inputs[2]] for node in made}


def _compared(engine: str, proof: Proof, logits: np.ndarray, codes: list[np.ndarray], graph: Graph) -> Run:
    """Logits and layers' codes against the proof. The logits' codes are computed from the logits, by their grid,
    because only a copy of the model has the codes as an output."""
    if not proof.exact:
        return compared(engine, proof, logits, print_of(proof.pixels, logits, proof.rebuilds))
    _, scale, zero = (graph.constants.get(name) for name in graph.nodes[-1].inputs)
    logits = (np.rint(logits / scale) + zero).astype(np.int32)
    return compared(engine, proof, logits, fingerprint([*codes[:-1], logits]))


def recognises(data: bytes) -> bool:
    return onnx_graph.begins_as_model(data)


def fits(subject: Subject) -> str:
    return onnx_vit.refused(subject.network) if subject.model == "vit" else ""


def integer_fits(subject: Subject) -> str:
    if subject.model == "vit":
        return "its softmax, LayerNorm and GELU compute in float32; use onnx"
    if subject.integer is None:
        return "it computes in float32, and this format holds integers only; give bits=8, activations=8, or use onnx"
    return integer_refused(subject.integer)


FORMAT = Format(*names.ONNX, main, opened, recognises, fits, rounding=SIMULATED)
INTEGER = Format(*names.ONNX_INTEGER, main, opened, recognises, integer_fits, rounding="float", integers=True)
