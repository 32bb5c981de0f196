"""JSON with a small JavaScript engine: the network's numbers as base64, and a module that runs and proves them.

    manifest   see formats.py
    input      the grid of the input's codes, if activations are quantised: scale, zero, low, high
    clamp      the ends between which the hidden layers' float32 activations are kept, if these are not ReLU's
    layers     for each: name, shape (outputs, inputs), bits, size (inputs of a row that share a scale; without it there
               is one scale), unsigned, weight (codes, packed as in pyapp/quant/packing.py; float32 if bits is 32),
               zero, and
               scale, bias    float32, where activations are float
               offset, m0, shift, lowest, output    where they are integers, see pyapp.quant.integer.IntegerLinear, and
                              highest where it is not the highest of output:
                              a weight's scale is m0 * 2^(shift - 31) * (scale of its output) / (scale of its input)
    proof      pixels (runs, see text.py) of ten digits, or bytes of other inputs (reading.py), and their logits: codes
               in the smallest integer type that holds the last output's low to high, or float32

`node NAME.mjs` runs the proof. `import { load, run, prove } from "./NAME.mjs"` is all that a page needs.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files
from pyapp.core.clamps import CLAMPS, RELU, Clamp
from pyapp.core.classes import TEN
from pyapp.core.ops import linear
from pyapp.export import engines, names
from pyapp.export.formats import Format, Manifest, Opened, checked_manifest, digest, rounding_of
from pyapp.export.proof import Proof, Run, bound_of, compared, print_of
from pyapp.export.reading import Reading
from pyapp.export.subject import Subject
from pyapp.export.text import array_of, base64_of, pixels_of, runs_of
from pyapp.quant.fixedpoint import Multiplier
from pyapp.quant.integer import IntegerLinear, IntegerNetwork
from pyapp.quant.packing import pack, unpack
from pyapp.quant.schemes import Grid
from pyapp.quantized.fingerprint import fingerprint, layer_by_layer
from pyapp.quantized.network import QuantizedNetwork

TEMPLATES = Path(__file__).parent / "templates"
FLOAT = 32  # bits


def network_of(subject: Subject) -> dict[str, Any]:
    """The network as plain data: `input` or `clamp`, and `layers`."""
    if subject.integer:
        layers = [_integer_layer(name, tensor.grid, layer) for (name, tensor), layer
                  in zip(subject.network.weights.tensors.items(), subject.integer.layers, strict=True)]
        return {"input": _grid(subject.integer.input), "layers": layers}
    p = subject.parameters
    tensors = subject.network.weights.tensors if isinstance(subject.network, QuantizedNetwork) else {}
    clamp = CLAMPS[p.activation]
    return {**({} if p.activation == RELU else {"clamp": [clamp.low, clamp.high]}),
            "layers": [_float_layer(name, p[name], p[name.replace(".weight", ".bias")], tensors.get(name))
                       for name in p if name.endswith(".weight")]}


def _integer_layer(name: str, grid: Grid, layer: IntegerLinear) -> dict[str, Any]:
    highest = {} if layer.highest == layer.output.high else {"highest": layer.highest}
    return {**_weight(name, layer.weight, grid), **_zero(layer.weight_zero, grid),
            "offset": base64_of(layer.offset), "m0": base64_of(layer.scale.m0),
            "shift": base64_of(layer.scale.exponent.astype(np.int8)), "lowest": layer.lowest,
            **highest, "output": _grid(layer.output)}


def _float_layer(name: str, weight: np.ndarray, bias: np.ndarray, tensor: Any) -> dict[str, Any]:
    bias = {"bias": base64_of(bias)}
    if tensor is None:
        return {"name": name.removesuffix(".weight"), "shape": list(weight.shape), "bits": FLOAT,
                "weight": base64_of(weight), **bias}
    return {**_weight(name, tensor.codes, tensor.grid), "scale": base64_of(tensor.grid.scale),
            **_zero(tensor.zero_point, tensor.grid), **bias}


def _weight(name: str, codes: np.ndarray, grid: Grid) -> dict[str, Any]:
    inputs = codes.shape[1]
    size = {} if grid.per.kind == "tensor" else {"size": min(grid.per.size or inputs, inputs)}
    return {"name": name.removesuffix(".weight"), "shape": list(codes.shape), "bits": grid.bits, **size,
            **({} if grid.signed else {"unsigned": True}),
            "weight": base64_of(pack(codes.astype(grid.dtype), grid.bits))}


def _zero(zero: np.ndarray, grid: Grid) -> dict[str, str]:
    return {"zero": base64_of(zero.astype(np.int32))} if np.any(zero) else {}


def _grid(grid: Grid) -> dict[str, float | int]:
    scale = float(str(np.float32(grid.scale)))  # the fewest digits that identify it in float32
    return {"scale": scale, "zero": int(grid.zero_point), "low": grid.low, "high": grid.high}


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The file."""
    return text_of(subject, proof, manifest).encode()


def text_of(subject: Subject, proof: Proof, manifest: Manifest) -> str:
    """The JSON, with one line per layer so that people can read it."""
    network = network_of(subject)
    logits = proof.logits.astype(subject.integer.layers[-1].output.dtype) if proof.exact else proof.logits
    told = {"pixels": base64_of(runs_of(proof.pixels)), "logits": base64_of(logits)}
    lines = [f'{{"manifest":{_dumps({**manifest, "parts": parts(network, told)})},', '"network":{']
    for name in network.keys() - {"layers"}:  # one at most
        lines[-1] += f'"{name}":{_dumps(network[name])},'
    lines += ['"layers":[', ",\n".join(map(_dumps, network["layers"])) + "]},", f'"proof":{_dumps(told)}}}']
    return "\n".join(lines) + "\n"


def parts(network: Any, proof: Any) -> dict[str, str]:
    """Digests of the network and of the proof."""
    return {"network": digest(_dumps(network).encode()), "proof": digest(_dumps(proof).encode())}


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def opened(data: bytes, engine: bytes | None = None) -> Opened:
    """The JSON read back, to be run by this package and by a JavaScript engine: this one, or the one beside it."""
    found = files.json_of(data)
    manifest, network, told = checked_manifest(found["manifest"]), found["network"], found["proof"]
    exact = "input" in network
    replay = (_integers if exact else _reals)(network, manifest)
    kind = _read_grid(network["layers"][-1]["output"]).dtype if exact else np.float32
    logits = array_of(told["logits"], kind).astype(np.int32 if exact else np.float32)
    reading, rebuilds = Reading.of(manifest), not manifest.get("classes", TEN)
    pixels = pixels_of(array_of(told["pixels"], np.uint8), 10 * reading.count).reshape(10, -1)
    proof = Proof(pixels, logits.reshape(10, -1), manifest["fingerprint"], bound_of(logits, rebuilds), 0.0, reading,
                  rebuilds)

    def runs(beside: Mapping[str, bytes]) -> Iterator[Run]:
        yield compared("Python", proof, *replay(proof))
        if node := engines.version("node"):
            module = engine or next(iter(beside.values()), engine_module(""))
            yield engines.driven(f"Node {node}", {"network.mjs": module, "network.json": data},
                                 ["node", "network.mjs"])

    return Opened(manifest, proof, parts(network, told), runs)


def _integers(network: Mapping[str, Any], manifest: Manifest):
    """A function from a proof to the logits' codes and the fingerprint, computed with the file's integers."""
    rounding = rounding_of(manifest)
    layers, first = [], _read_grid(network["input"])
    grid = first
    for told in network["layers"]:
        output = _read_grid(told["output"])
        inputs, codes = told["shape"][1], _codes(told).astype(np.int32)
        m0, exponent = array_of(told["m0"], np.int32), array_of(told["shift"], np.int8).astype(np.int32)
        size = told.get("size", inputs)
        groups = -(-inputs // size)
        zero = array_of(told["zero"], np.int32) if "zero" in told else np.zeros(groups, np.int32)
        offset, scale = array_of(told["offset"], np.int32), Multiplier(m0.reshape(-1, groups), exponent.reshape(-1, 1))
        layers.append(IntegerLinear(codes, zero.reshape(-1, groups), offset.reshape(-1, groups),
                                    scale, grid, output, size, told["lowest"], told.get("highest", output.high),
                                    rounding))
        grid = output
    whole = IntegerNetwork(layers, first)

    def replay(proof: Proof) -> tuple[np.ndarray, str]:
        found = layer_by_layer(whole.layers, whole.input.quantize(proof.reading.inputs(proof.pixels)))
        return found[-1], fingerprint(found)
    return replay


def _reals(network: Mapping[str, Any], manifest: Manifest):
    """A function from a proof to the logits and the fingerprint, computed in float32."""
    f = Clamp("", *map(float, network["clamp"])) if "clamp" in network else CLAMPS[RELU]

    def replay(proof: Proof) -> tuple[np.ndarray, str]:
        x = proof.reading.inputs(proof.pixels)
        for told in network["layers"]:
            y = linear(x, _real_weight(told)) + array_of(told["bias"], np.float32)
            x = y if told is network["layers"][-1] else f(y)
        return x, print_of(proof.pixels, x, proof.rebuilds)
    return replay


def _codes(told: Mapping[str, Any]) -> np.ndarray:
    outputs, inputs = told["shape"]
    codes = unpack(array_of(told["weight"], np.uint8), told["bits"], outputs * inputs, not told.get("unsigned"))
    return codes.reshape(outputs, inputs)


def _real_weight(told: Mapping[str, Any]) -> np.ndarray:
    if told["bits"] == FLOAT:
        return array_of(told["weight"], np.float32).reshape(told["shape"])
    outputs, inputs = told["shape"]
    scale = array_of(told["scale"], np.float32)
    zero = array_of(told["zero"], np.int32) if "zero" in told else np.zeros(scale.size, np.int32)
    rows = (outputs, -1) if "size" in told else (1, -1)
    spread = [np.repeat(values.reshape(rows), told.get("size", inputs), axis=1)[:, :inputs] for values in (scale, zero)]
    return (_codes(told).astype(np.int32) - spread[1]).astype(np.float32) * spread[0]


def _read_grid(told: Mapping[str, Any]) -> Grid:
    low, high = int(told["low"]), int(told["high"])
    bits = max(2, (high - min(low, 0)).bit_length())
    return Grid(np.float32(told["scale"]), np.array(told["zero"], np.int32), bits, low, high)


def engine_module(name: str) -> bytes:
    """The engine, which is the same for every network."""
    return (TEMPLATES / "engine.mjs").read_bytes()


def recognises(data: bytes) -> bool:
    return data.lstrip()[:1] == b"{"


def fits(subject: Subject) -> str:
    if subject.model == "vit":
        return "its engine runs networks of dense layers only; use onnx"
    if subject.integer and subject.rounding == "float":
        return 'its engine rounds sums in fixed point; use rounding="single" or rounding="double"'
    return ""


FORMAT = Format(*names.JSON, main, opened, recognises, fits, {".mjs": engine_module})
