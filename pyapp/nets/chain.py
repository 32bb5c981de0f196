"""Chains of dense layers that other programs wrote: their matrices and biases as layer1.weight, layer1.bias, ...

An ONNX file says itself in which order they compute (`onnx_chain`). In .npz and .safetensors files that is found from
names and shapes: PyTorch's net.0.weight (outputs, inputs), Keras' dense/kernel (inputs, outputs), W1 beside b1, or the
arrays of numpy.savez in turn. All matrices of a file lie the same way. What is between the layers, which ONNX tells,
may stand under the name `activation`, in an array or in the metadata of safetensors; without it ReLU is assumed, with a
DataWarning.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from pyapp import checkpoint, files, safetensors, store
from pyapp.checkpoint import Contents
from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.classes import MOST, TEN, numbered
from pyapp.data.digits import DataWarning
from pyapp.recognised import INPUTS, known
from pyapp.safetensors import shown
from pyapp.store import StoreError

PAIRS = (("weights", "biases"), ("weight", "bias"), ("kernel", "bias"), ("coefs", "intercepts"), ("W", "b"), ("w", "b"))
NAMED = re.compile(r"layer\d+\.(weight|bias)")  # of this package
ACTIVATION = "activation"
ASSUMED = ("{} does not say what is between its layers; ReLU is assumed. If it is something else, put the name (" +
           ", ".join(CLAMPS) + ") into the file as “activation”: an array for numpy.savez, metadata in safetensors")
MOST_STEPS = 1000  # of the search for an order
Layers = dict[str, np.ndarray]
Arrays = Mapping[str, np.ndarray]


def load(path: str | Path) -> Contents:
    """Read a checkpoint, or the chain of dense layers in another program's file. StoreError says why it is none."""
    def look(arrays: Arrays) -> None:
        if not _foreign(arrays):
            checkpoint.refuse_foreign(arrays, str(path))

    return Contents(unpack(store.meant(Path(path)), str(path), look=look), str(path))


def unpack(data: bytes, name: str, most: int = files.LARGEST,
           look: Callable[[Arrays], None] = lambda arrays: None) -> dict[str, np.ndarray]:
    """The arrays of a file, as `store.unpack` reads them; those of a chain under this package's names, described if its
    outputs are not the ten digits. What cannot be a chain is refused by its outline, and what `look` refuses, too."""
    if Path(name).suffix.lower() == ".onnx":
        from pyapp.nets.onnx_chain import layers  # here, because the first page reads no ONNX
        store.check_seal(data, name)
        return _described(*layers(data, name), name)

    def fitting(outline: Arrays) -> None:
        look(outline)
        arrays = _parameters(outline)
        if _foreign(outline) and not _own(arrays):
            _pairs(arrays, name)

    given = store.unpack(data, name, most, fitting)
    if not _foreign(given):
        return given
    arrays, told = _parameters(given), _activation(given.get(ACTIVATION), data, name)
    own = _own(arrays)
    layers = {key: arrays[key] for key in sorted(arrays, key=_natural)} if own else layers_of(arrays, name)
    if not told and not own and len(layers) > 2:
        warnings.warn(ASSUMED.format(name), DataWarning, stacklevel=2)
    return _described(layers, told or RELU, name)


def _parameters(given: Arrays) -> Layers:
    return {key: array for key, array in given.items() if key != ACTIVATION}


def _own(arrays: Arrays) -> bool:
    """Whether arrays have the names of a network of this package."""
    network = known(arrays)
    return bool(network) and not (network == "line" and arrays["w"].ndim == 2)  # a line's w is one number


def _foreign(given: Arrays) -> bool:
    """Whether a file's arrays may be a chain that another program wrote: there are matrices, and no description. Such a
    program may have called its layers as this package does."""
    arrays = _parameters(given)
    bare = known(arrays) == "mlp" and all(NAMED.fullmatch(key) and array.ndim == 1 + key.endswith("t")
                                          for key, array in arrays.items())
    return (store.ABOUT not in given and (bare or not _own(arrays))
            and any(array.ndim == 2 for array in arrays.values()))


def _activation(array: np.ndarray | None, data: bytes, name: str) -> str:
    """The activation that a file names, or "" if it names none. StoreError if there is none of that name here."""
    if array is not None:
        is_text = array.dtype.kind == "U" and array.size == 1
        text = str(array.reshape(-1)[0]) if is_text else f"{array.dtype} {array.shape}"
    else:
        packed = safetensors.recognises(data)
        text = safetensors.entries(data, safetensors.READ)[1].get(ACTIVATION, "") if packed else ""
    found = text.strip().lower().replace("_", "-").replace("hardtanh", "hard-tanh")
    if found and found not in CLAMPS:
        raise StoreError(f"{name} has {text[:40]!r} between its layers, by its {ACTIVATION}; Bitladder computes with "
                         f"{', '.join(CLAMPS)}")
    return found


def _described(found: Layers, activation: str, name: str) -> Layers:
    """The layers; if there are not ten outputs, or their activation is not ReLU, with a description that says so. Its
    classes are numbered from 0."""
    weights = [array for key, array in found.items() if key.endswith(".weight")]
    inputs, outputs = weights[0].shape[1], len(weights[-1])
    ten = outputs == len(TEN)
    if (ten and activation == RELU) or inputs != INPUTS:
        return found
    if not 2 <= outputs <= MOST:
        raise strange(name, f"its last layer has {outputs:,} outputs; use 2 to {MOST:,}")
    return checkpoint.described(found, "another program", classes=TEN if ten else numbered(outputs),
                                activation=activation)


def layers_of(arrays: Arrays, name: str) -> Layers:
    """The layers in a file's arrays. StoreError names what does not belong to a chain, or says that it is ambiguous."""
    return named(_pairs(arrays, name))


def _pairs(arrays: Arrays, name: str) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Matrices with their biases, in order, by names and shapes alone."""
    for key, array in arrays.items():
        if array.ndim not in (1, 2) or not np.issubdtype(array.dtype, np.floating):
            raise strange(name, f"{shown(key)} is {array.dtype} {array.shape}, and dense layers have float matrices "
                                "and vectors only")
    order, transposed = _ordered({key: array.shape for key, array in arrays.items() if array.ndim == 2}, name)
    vectors = {key: array for key, array in arrays.items() if array.ndim == 1}
    pairs = []
    for key in order:
        matrix, own = arrays[key].T if transposed else arrays[key], _bias(key, arrays)
        pairs.append((matrix, None if own is None else vectors.pop(own, None)))
        if own and arrays[own].shape != matrix.shape[:1]:
            raise strange(name, f"{shown(own)} has {arrays[own].size:,} numbers, but {shown(key)} has {len(matrix):,} "
                                "outputs")
    if vectors:
        raise strange(name, f"{shown(next(iter(vectors)))} is the bias of none of its matrices")
    return pairs


def named(pairs: list[tuple[np.ndarray, np.ndarray | None]]) -> Layers:
    """Matrices (outputs, inputs) with their biases, if they have one, under this package's names, float32."""
    found = {}
    for i, (weight, bias) in enumerate(pairs, 1):
        with np.errstate(over="ignore"):  # infinity is refused when it is read
            found[f"layer{i}.weight"] = np.ascontiguousarray(weight, np.float32)
            found[f"layer{i}.bias"] = np.zeros(len(weight), np.float32) if bias is None else bias.astype(np.float32)
    return found


def strange(name: str, why: str) -> StoreError:
    return StoreError(f"{name} holds no network of Bitladder, and no chain of dense layers from {INPUTS} inputs to "
                      f"a score for each class: {why}")


def _ordered(shapes: dict[str, tuple[int, ...]], name: str) -> tuple[list[str], bool]:
    """The matrices in the order in which they compute, and whether they are (inputs, outputs). The order is that of
    their numbers, where names differ by these alone; else the only one that their shapes allow."""
    numbered = sorted(shapes, key=_natural)
    if len({re.sub(r"[._/-]?\d+", "", key) for key in shapes}) == 1:
        found = [(numbered, turned) for turned in (False, True) if _fits([shapes[key] for key in numbered], turned)]
    else:
        found = [(way, turned) for turned in (False, True) for way in _ways(shapes, turned, name)]
    if not found:
        raise strange(name, f"its matrices are {', '.join(str(shapes[key]) for key in numbered[:6])}"
                            f"{', ...' if len(numbered) > 6 else ''}, and do not follow each other")
    if len(found) > 1:
        raise _ambiguous(name)
    return found[0]


def _fits(shapes: list[tuple[int, ...]], turned: bool) -> bool:
    pairs = [shape if turned else shape[::-1] for shape in shapes]  # inputs, outputs
    return [INPUTS, *(outputs for _, outputs in pairs[:-1])] == [inputs for inputs, _ in pairs]


def _ways(shapes: dict[str, tuple[int, ...]], turned: bool, name: str) -> Iterator[list[str]]:
    """The first two orders in which each matrix takes what the one before gives. StoreError if there are too many."""
    steps, count, stack = 0, 0, [[]]
    while stack and count < 2:
        way = stack.pop()
        if (steps := steps + 1) > MOST_STEPS:
            raise _ambiguous(name)
        if len(way) == len(shapes):
            if _fits([shapes[key] for key in way], turned):
                count += 1
                yield way
            continue
        width = shapes[way[-1]][1 if turned else 0] if way else INPUTS
        stack += [[*way, key] for key in shapes if key not in way and shapes[key][0 if turned else 1] == width]


def _ambiguous(name: str) -> StoreError:
    return StoreError(f"{name} holds matrices that fit in more than one order; give them names that differ by a number "
                      "only, such as net.0.weight and net.1.weight")


def _bias(key: str, arrays: Arrays) -> str | None:
    """The vector that belongs to a matrix: by its name, or the one that comes next among numbered arrays."""
    for word, other in PAIRS:
        before, found, after = key.rpartition(word)
        if found and (own := before + other + after) in arrays and arrays[own].ndim == 1:
            return own
    if any(word in key for word, _ in PAIRS[:4]):
        return None
    names = sorted(arrays, key=_natural)
    following = names[names.index(key) + 1:][:1]
    return following[0] if following and arrays[following[0]].ndim == 1 else None


def _natural(key: str) -> list[tuple[int, int | str]]:
    """Sorting key by number: net.10 comes after net.9, dense_1 after dense."""
    return [(0, int(part)) if part.isdigit() and len(part) < 20 else (1, part)
            for part in re.split(r"([0-9]+)", key)]
