"""C99: a header with a network in integers, and a driver that runs its proof. templates/ holds what all headers share.

    manifest   JSON in the header's first comment, see formats.py; also "scales", of the input and of each layer's codes
    pixel      the input's code for each of the 256 values of a pixel
    LAYER_     for each layer: inputs, outputs, bits of a weight in the stream, half (2^(bits - 1) if codes are signed,
               else 0), groups of a row and size of a group, whether there is one scale or one for each group (scales)
               and the same for zeros; zero, lowest and highest of the codes it makes; the arrays weight (packed as in
               pyapp/quant/packing.py), weight_zero, offset, m0, exponent: see pyapp.quant.integer.IntegerLinear
    proof      pixels (runs, see text.py) of ten digits, the codes of their logits, the fingerprint; only where
               PREFIX_PROOF is defined

Every name begins with a prefix made from the file's name, so that one program can hold several networks.
"""

import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType

import numpy as np

from pyapp import files
from pyapp.core.classes import TEN
from pyapp.export import engines, names
from pyapp.export.formats import Format, Manifest, Opened, checked_manifest, digest, rounding_of
from pyapp.export.proof import Proof, Run, compared
from pyapp.export.reading import Reading
from pyapp.export.subject import Subject
from pyapp.export.text import pixels_of, runs_of
from pyapp.quant.fixedpoint import Multiplier
from pyapp.quant.integer import IntegerLinear
from pyapp.quant.packing import pack, unpack
from pyapp.quant.schemes import Grid
from pyapp.quantized.fingerprint import fingerprint, layer_by_layer
from pyapp.quantized.network import QuantizedNetwork

TEMPLATES = Path(__file__).parent / "templates"
DRIVER = "_test.c"
COMPILERS = ("cc", "gcc", "clang")
COMPILE = ("-std=c99", "-O2")
SANITIZED = (*COMPILE, "-fsanitize=undefined", "-fno-sanitize-recover=all")
WIDTH = 116  # letters in a line of numbers
TYPES = [np.dtype(name) for name in ("uint8", "int8", "uint16", "int16", "int32")]
MANIFEST = re.compile(r"^(\{\n.*?\n\})\n\*/$", re.DOTALL | re.MULTILINE)
PARTS = re.compile(r"\n/\* The (?:network|proof)\. \*/\n")  # each begins like this
CODE = re.compile(r"^typedef \w+ (\w+)_code;$", re.MULTILINE)
NUMBER = re.compile(r"(\w+) = (-?\d+)[,\n]")
ARRAY = re.compile(r"^static const (\w+)_t (\w+)\[\d+\] = \{([^}]*)\};$", re.MULTILINE)
INCLUDE = re.compile(rb'^#include "(.+)"', re.MULTILINE)


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The header."""
    grids = [subject.integer.input, *(layer.output for layer in subject.integer.layers)]
    scales = {name: float(str(np.float32(grid.scale)))  # the fewest digits that identify it in float32
              for name, grid in zip(("input", *_names(subject)), grids, strict=True)}
    text = text_of(subject, proof, prefix_of(_stem(manifest)))
    return text.replace("$MANIFEST", _dumps({**manifest, "scales": scales, "parts": parts(text)})).encode("ascii")


def text_of(subject: Subject, proof: Proof, prefix: str) -> str:
    """The header, with $MANIFEST for its manifest."""
    called, layers = _names(subject), subject.integer.layers
    grids = [subject.integer.input, *(layer.output for layer in layers)]
    kind = _smallest([end for grid in grids for end in (grid.low, grid.high)])
    ends = list(accumulate([layers[0].weight.shape[1], *(len(layer.weight) for layer in layers)]))
    sizes = {"INPUTS": ends[0], "OUTPUTS": ends[-1] - ends[-2], "LOGITS": ends[-2], "CODES": ends[-1]}
    data = [f"typedef {kind}_t NAME_code;", _enum(sizes), *_data(subject, kind)]
    logits = proof.logits.reshape(-1).astype(kind)
    told = [_array("proof_pixels", runs_of(proof.pixels)), _array("proof_logits", logits),
            f"static const uint32_t NAME_proof_fingerprint = 0x{proof.fingerprint};"]
    calls = [f"  NAME_{name}(codes + {begin}, codes + {end});"
             for name, begin, end in zip(called, [0, *ends], ends, strict=False)]
    return _filled("network.h", {
        "DATA": "\n".join(data), "ROUNDING": _filled(f"{subject.rounding}.h"), "CALLS": "\n".join(calls),
        "LAYERS": "\n".join(_filled("layer.h", {"LAYER": name}) for name in called), "PROOF": "\n".join(told),
        "LAST": called[-1], **_words(subject), "PRINT": proof.fingerprint}).replace("NAME", prefix)


def _data(subject: Subject, kind: np.dtype) -> Iterator[str]:
    """The numbers and arrays of the network, then the bytes that all arrays take together."""
    codes = subject.integer.input.quantize(subject.reading.inputs(np.arange(256, dtype=np.uint8))).astype(kind)
    yield _array("pixel", codes)
    arrays, tensors = ["pixel"], subject.network.weights.tensors.values()
    for name, layer, tensor in zip(_names(subject), subject.integer.layers, tensors, strict=True):
        numbers, own = _layer(layer, tensor.grid)
        yield f"\n/* {name}: {numbers['inputs']} codes to {numbers['outputs']}, weights of {tensor.bits} bits */"
        yield _enum({f"{name}_{key}": value for key, value in numbers.items()})
        yield from (_array(f"{name}_{key}", array) for key, array in own.items())
        arrays += [f"{name}_{key}" for key in own]
    yield "\n#define NAME_FLASH (" + " \\\n  + ".join(f"sizeof NAME_{name}" for name in arrays) + ")\n"


def _layer(layer: IntegerLinear, grid: Grid) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    """A layer's numbers and arrays, by name."""
    outputs, inputs = layer.weight.shape
    bits = grid.bits if grid.bits <= 8 else 16
    stream = pack(layer.weight.astype(grid.dtype), bits)
    if 8 % bits and bits < 16:
        stream = np.append(stream, np.uint8(0))  # a code is read from two bytes, even the last one
    zeros = layer.weight_zero.reshape(-1) if layer.weight_zero.any() else np.zeros(1, np.int32)
    numbers = {
        "inputs": inputs, "outputs": outputs, "bits": bits, "half": 1 << (bits - 1) if grid.signed else 0,
        "groups": layer.offset.shape[1], "size": layer.size, "scales": int(layer.scale.m0.size > 1),
        "zeros": int(zeros.size > 1), "zero": int(layer.output.zero_point), "lowest": layer.lowest,
        "highest": layer.highest}
    return numbers, {
        "weight": stream, "weight_zero": zeros.astype(_smallest(zeros)), "offset": layer.offset.reshape(-1),
        "m0": layer.scale.m0.reshape(-1), "exponent": layer.scale.exponent.reshape(-1).astype(np.int8)}


def _words(subject: Subject) -> dict[str, str]:
    """What the header's first comment says of the network, and what it reads and gives."""
    reading = subject.reading
    if reading.draws:
        return {"WHAT": "A network that reads handwritten digits", "READS":
                "NAME_run gives the digit. pixels: uint8_t, 28 rows of 28, 0 is paper and 255 ink."}
    gives = ("the place of the largest of its logits, which rebuild the x below" if subject.rebuilds else
             "the class, counted from 0")
    return {"WHAT": f"A network that reads {reading.one}s", "READS":
            f"NAME_run gives {gives}.\n   pixels: uint8_t, for a value v the number x = (v - mean) / deviation as "
            f"round(x * {reading.per:.9g}) + {reading.zero}, kept in 0 to 255;\n   inputs in the manifest has both."}


def _names(subject: Subject) -> list[str]:
    return [name.removesuffix(".weight") for name in subject.network.weights.tensors]


def _smallest(values: Iterable[int]) -> np.dtype:
    """The smallest integer type for some numbers."""
    low, high = min(values), max(values)
    return next(kind for kind in TYPES if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)


def _enum(numbers: Mapping[str, int]) -> str:
    return "enum {\n" + _lines([f" NAME_{name} = {value}" for name, value in numbers.items()]) + "\n};"


def _array(name: str, array: np.ndarray) -> str:
    return (f"static const {array.dtype}_t NAME_{name}[{len(array)}] = {{\n"
            + _lines([str(number) for number in array.tolist()]) + "\n};")


def _lines(texts: Sequence[str]) -> str:
    """Texts joined into lines: as many per line as would fit if all were as long as the longest."""
    per = max(1, WIDTH // (1 + max(map(len, texts))))
    return ",\n".join(",".join(texts[i : i + per]) for i in range(0, len(texts), per))


def _filled(name: str, values: Mapping[str, str] = MappingProxyType({})) -> str:
    return string.Template((TEMPLATES / name).read_text(encoding="ascii")).safe_substitute(values)


def _dumps(manifest: Manifest) -> str:
    """JSON that neither ends the comment in which it stands nor begins another."""
    return json.dumps(manifest, indent=1).replace("*", r"\u002a")


def parts(text: str) -> dict[str, str]:
    """Digests of the network and of the proof, each with its code. ValueError if the text has other parts."""
    _, network, proof = PARTS.split(text)
    return {"network": digest(network.encode()), "proof": digest(proof.encode())}


def _stem(manifest: Manifest) -> str:
    """The name of the export without its ending: that of its driver without DRIVER."""
    return next(iter(manifest["beside"])).removesuffix(DRIVER)


def prefix_of(stem: str) -> str:
    """A file's name as a C identifier."""
    found = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_") or "network"
    return f"network_{found}" if found[0].isdigit() else found


def driver(header: str) -> bytes:
    """The test driver of a header of this name. ValueError if no #include can name it."""
    if re.search(r'["\\\r\n]|[?]{2}', header):
        raise ValueError(f"{header!r} cannot be used in an #include; choose a name without quotes or backslashes")
    return _filled("driver.c").replace("NAME", prefix_of(Path(header).stem)).replace("$HEADER", header).encode()


def opened(data: bytes) -> Opened:
    """A header read back."""
    text = data.decode("ascii")
    manifest = checked_manifest(files.json_of(MANIFEST.search(text)[1].encode()))
    found, stem = parts(text), _stem(manifest)
    numbers = {name: int(value) for name, value in NUMBER.findall(text)}
    arrays = {name: np.array(json.loads(f"[{told}]"), kind) for kind, name, told in ARRAY.findall(text)}
    prefix = CODE.search(text)[1]
    layers = _read_layers(prefix, numbers, arrays, rounding_of(manifest))
    reading, rebuilds = Reading.of(manifest), not manifest.get("classes", TEN)
    pixels = pixels_of(arrays[f"{prefix}_proof_pixels"], 10 * reading.count).reshape(10, -1)
    logits = arrays[f"{prefix}_proof_logits"].astype(np.int32).reshape(10, -1)
    proof = Proof(pixels, logits, manifest["fingerprint"], reading=reading, rebuilds=rebuilds)

    def runs(beside: Mapping[str, bytes]) -> Iterator[Run]:
        codes = layer_by_layer(layers, arrays[f"{prefix}_pixel"][pixels])
        yield compared("Python", proof, codes[-1], fingerprint(codes))
        yield from _compiled(data, beside.get(stem + DRIVER, driver(f"{stem}.h")))

    return Opened(manifest, proof, found, runs)


def _read_layers(prefix: str, numbers: Mapping[str, int], arrays: Mapping[str, np.ndarray],
                 rounding: str) -> list[IntegerLinear]:
    """The layers of a header, from its numbers and arrays."""
    layers, one = [], np.float32(1)
    codes = arrays[f"{prefix}_pixel"]
    grid = Grid(one, np.zeros((), np.int32), 16, int(codes.min()), int(codes.max()))
    while f"{prefix}_layer{len(layers) + 1}_weight" in arrays:
        name = f"{prefix}_layer{len(layers) + 1}_"
        inputs, outputs, bits, half, groups, size, zero, lowest, highest = (numbers[name + key] for key in (
            "inputs", "outputs", "bits", "half", "groups", "size", "zero", "lowest", "highest"))
        weight, zeros, offset, m0, exponent = (arrays[name + key] for key in (
            "weight", "weight_zero", "offset", "m0", "exponent"))
        stream = weight[: (outputs * inputs * bits + 7) // 8]
        weight = unpack(stream, bits, outputs * inputs, half > 0).reshape(outputs, inputs)
        zeros = zeros.astype(np.int32) if numbers[name + "zeros"] else np.full(groups, zeros[0], np.int32)
        scale = Multiplier(m0.reshape(-1, groups), exponent.astype(np.int32).reshape(-1, 1))
        output = Grid(one, np.array(zero, np.int32), 16, lowest, highest)
        layers.append(IntegerLinear(weight, zeros.reshape(-1, groups), offset.reshape(-1, groups), scale, grid, output,
                                    size, lowest, highest, rounding))
        grid = output
    return layers


def _compiled(header: bytes, source: bytes) -> Iterator[Run]:
    """Runs of the driver, compiled by the first compiler found here: without, then with its sanitizer."""
    compiler, version = next(((name, told) for name in COMPILERS if (told := engines.version(name))), ("", ""))
    included = Path(INCLUDE.search(source)[1].decode()).name
    for flags, also in ((COMPILE, ""), (SANITIZED, " with UBSan")):
        if compiler and engines.compiles([compiler, *flags]):
            yield engines.driven(version + also, {included: header, "driver.c": source},
                                 [compiler, *flags, "-o", "driver", "driver.c"], ["./driver"])


def recognises(data: bytes) -> bool:
    return data.lstrip()[:2] == b"/*"


def fits(subject: Subject) -> str:
    if subject.model == "vit":
        return "it has code for networks of dense layers only; use onnx"
    if not subject.integer:
        missing = "activations=8" if isinstance(subject.network, QuantizedNetwork) else "bits=8 and activations=8"
        missing = missing if subject.reading.draws else "bits=8"
        return f"it holds integers only, and this network has float32 activations; quantise it with {missing}"
    if subject.integer.arithmetic != "integer":
        return 'its sums would be requantised in float32; use rounding="single" or rounding="double"'
    return ""


FORMAT = Format(*names.C, main, opened, recognises, fits, {DRIVER: driver}, integers=True)
