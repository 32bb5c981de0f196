"""ONNX Runtime: its static and dynamic quantisation of the digits network with its defaults, and ours as it runs it."""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from pyapp import __version__
from pyapp.bench.framework_runs import ALONE, THREADS, TOGETHER, UNOPTIMISED, WASM, Quantised, Run, one_by_one
from pyapp.core.parameters import Parameters
from pyapp.export import onnx_graph
from pyapp.export.onnx_graph import Graph
from pyapp.export.onnx_layers import INPUT, OUTPUT, float_mlp, integer_mlp
from pyapp.hosts import HostError
from pyapp.places import ROOT
from pyapp.quantized.network import Settings, quantize_network

QUIET = 3  # errors only
CLASSES = 10


def networks(p: Parameters, images: np.ndarray, web: Path | None) -> tuple[list[Quantised], dict[str, str]]:
    """The networks and the versions that made them. `images` (N, 784) calibrate; `web` is a folder in which npm has
    installed onnxruntime-web. ImportError without ONNX Runtime or onnx, which its quantisation needs."""
    import onnx
    import onnxruntime

    whole = file_of(lambda graph: float_mlp(graph, p))
    network = quantize_network(p, Settings(bits=8, activations=8), images)
    integers = file_of(lambda graph: integer_mlp(graph, network.integer("float"), list(network.weights.tensors)))
    made = {"ONNX Runtime, float32": whole, "ONNX Runtime, static": static(whole, images),
            "ONNX Runtime, dynamic": dynamic(whole), "ONNX Runtime, our integers (`onnx-qlinear`)": integers}
    versions = {"ONNX Runtime": onnxruntime.__version__, "onnx": onnx.__version__}
    if web:
        versions["onnxruntime-web"] = in_node("version", web)
    return [Quantised(name, len(data), runs(data, web)) for name, data in made.items()], versions


def file_of(fill: Callable[[Graph], None]) -> bytes:
    """An ONNX file with nothing but the network."""
    graph = Graph()
    fill(graph)
    network = graph.encoded("mlp", {INPUT: ("N", 784)}, {OUTPUT: ("N", CLASSES)}, "")
    return onnx_graph.model(network, {}, "", __version__)


def static(data: bytes, images: np.ndarray) -> bytes:
    """A model quantised by `quantize_static`: int8 weights and activations, whose ranges hold every number seen."""
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Images(CalibrationDataReader):
        batches = iter([{INPUT: images}])

        def get_next(self) -> dict | None:
            return next(self.batches, None)

    return _quantised(data, lambda source, target: quantize_static(source, target, Images()))


def dynamic(data: bytes) -> bytes:
    """A model quantised by `quantize_dynamic`: int8 weights; the range of activations is measured in each run."""
    from onnxruntime.quantization import quantize_dynamic

    return _quantised(data, quantize_dynamic)


def _quantised(data: bytes, quantise: Callable[[str, str], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "quantised.onnx"
        source.write_bytes(data)
        logging.disable(logging.WARNING)  # its advice to prepare the graph first: this one has nothing to be folded
        try:
            quantise(str(source), str(target))
        finally:
            logging.disable(logging.NOTSET)
        return target.read_bytes()


def runs(data: bytes, web: Path | None) -> dict[str, Run]:
    """Runs of a model by setting; the first is one thread, with the graph optimised."""
    usual = session(data)
    found = {TOGETHER: usual, ALONE: one_by_one(usual), UNOPTIMISED: session(data, optimised=False),
             THREADS: session(data, threads=2)}
    return found | ({WASM: partial(in_wasm, data, web)} if web else {})


def session(data: bytes, optimised: bool = True, threads: int = 1) -> Run:
    import onnxruntime

    levels, options = onnxruntime.GraphOptimizationLevel, onnxruntime.SessionOptions()
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = threads, QUIET
    made = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda x: made.run([OUTPUT], {INPUT: x})[0]


def in_wasm(data: bytes, web: Path, x: np.ndarray) -> np.ndarray:
    """A model's logits by onnxruntime-web in Node, one thread, with the graph optimised."""
    with tempfile.TemporaryDirectory() as folder:
        model, inputs, outputs = (Path(folder) / name for name in ("model.onnx", "inputs", "outputs"))
        model.write_bytes(data)
        inputs.write_bytes(x.astype("<f4").tobytes())
        in_node("run", web, model, inputs, outputs)
        return np.frombuffer(outputs.read_bytes(), "<f4").reshape(len(x), CLASSES)


def in_node(*words: str | Path) -> str:
    """What the program for onnxruntime-web prints. HostError if there is no Node or no onnxruntime-web, or it fails."""
    if not (node := shutil.which("node")):
        raise HostError("Node is not installed", hint="install Node.js 18 or newer")
    script = ROOT / "web" / "bench" / "onnxruntime-web.mjs"
    done = subprocess.run([node, str(script), *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["Node says nothing"])[-1]
        raise HostError(f"onnxruntime-web in {words[1]} cannot be used: {why}",
                        hint="run `npm install onnxruntime-web` in that folder")
    return done.stdout.strip()
