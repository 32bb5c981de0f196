"""A quantised network as arrays of a file: codes packed bit by bit, scales, biases, and the activations' grids.

    layer1.weight.codes       uint8     the packed codes
    layer1.weight.scale       float32   and .zero_point, int32
    layer1.weight.form        int32     bits, lowest code, highest code, group size (0 tensor, -1 channel), shape ...
    layer1.bias               float32
    input.scale, layer1.scale, ...      grids of the activations, where they are quantised: scale, zero_point, form
"""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from pyapp.core.clamps import RELU
from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP
from pyapp.quant.packing import code_range, pack, unpack
from pyapp.quant.parameters import assemble
from pyapp.quant.schemes import PER_TENSOR, Granularity, Grid, QuantizedTensor, check_bits
from pyapp.quantized.network import QuantizedNetwork
from pyapp.store import StoreError

CODES, SCALE, ZERO_POINT, FORM = ".codes", ".scale", ".zero_point", ".form"


def arrays_of(network: QuantizedNetwork) -> dict[str, np.ndarray]:
    """The network as named arrays."""
    found = {}
    for name, tensor in network.weights.tensors.items():
        found |= {name + CODES: pack(tensor.codes, tensor.bits), **_grid_arrays(name, tensor.grid, tensor.codes.shape)}
    p = network.weights.parameters
    found |= {name: p[name] for name in p if name not in network.weights.tensors}
    for name, grid in (network.activations or {}).items():
        found |= _grid_arrays(name, grid, ())
    return found


def network_of(arrays: Mapping[str, np.ndarray], name: str, activation: str = RELU) -> QuantizedNetwork:
    """The network in a file's arrays, with the activation that its description names. StoreError if they hold no
    network."""
    try:
        return _network(arrays, activation)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise StoreError(f"{name}: expected a quantised network, found {', '.join(sorted(arrays)) or 'no arrays'} "
                         f"({error})") from None


def _network(arrays: Mapping[str, np.ndarray], activation: str) -> QuantizedNetwork:
    tensors = {}
    found = (key.removesuffix(CODES) for key in arrays if key.endswith(CODES))
    weights = sorted(found, key=lambda key: (len(key), key))  # layer10 after layer9
    for key in weights:
        grid, shape = _grid(arrays, key)
        codes = unpack(arrays[key + CODES], grid.bits, math.prod(shape), grid.signed)
        if codes.size and not grid.low <= codes.min() <= codes.max() <= grid.high:
            raise ValueError(f"{key} has codes outside of its grid, {grid.low} to {grid.high}")
        tensors[key] = QuantizedTensor(codes.reshape(shape).astype(grid.dtype), grid)
    sizes = [tensors[key].codes.shape[::-1] for key in weights]
    if not sizes or any(a[1] != b[0] for a, b in pairwise(sizes)):
        raise ValueError("the layers do not follow each other")
    p = Parameters(MLP((sizes[0][0], *(outputs for _, outputs in sizes))).shapes, activation=activation)
    for key in p:
        found = tensors[key].dequantize() if key in tensors else arrays[key]
        if found.shape != p[key].shape:
            raise ValueError(f"{key} has shape {found.shape}, not {p[key].shape}")
        p[key][:] = found
    if not np.isfinite(p.vector).all():
        raise ValueError("some numbers are not finite")
    layers = ["input", *(key.removesuffix(".weight") for key in weights)]
    activations = {key: _grid(arrays, key)[0] for key in layers} if "input" + SCALE in arrays else None
    return QuantizedNetwork(assemble(p, tensors), activations)


def _grid_arrays(name: str, grid: Grid, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    size = {"tensor": 0, "channel": -1}.get(grid.per.kind, grid.per.size)
    form = np.array([grid.bits, grid.low, grid.high, size, *shape], np.int32)
    return {name + SCALE: grid.scale, name + ZERO_POINT: grid.zero_point, name + FORM: form}


def _grid(arrays: Mapping[str, np.ndarray], name: str) -> tuple[Grid, tuple[int, ...]]:
    bits, low, high, size, *shape = (int(n) for n in arrays[name + FORM])
    per = {0: PER_TENSOR, -1: Granularity("channel")}.get(size) or Granularity("group", size)
    scale, zero_point = arrays[name + SCALE], arrays[name + ZERO_POINT]
    fits = min(shape, default=1) >= 1 and size >= -1 and scale.shape == per.scales(tuple(shape)) == zero_point.shape
    if not fits:
        raise ValueError(f"{name} has scales {scale.shape} for a tensor of shape {tuple(shape)}")
    lowest, highest = code_range(check_bits(bits), low < 0)
    if not (lowest <= low < high <= highest and ((low <= zero_point) & (zero_point <= high)).all()
            and np.isfinite(scale).all() and (scale > 0).all()):
        raise ValueError(f"{name} has an impossible grid of {bits} bits")
    return Grid(scale.astype(np.float32), zero_point.astype(np.int32), bits, low, high, per), tuple(shape)
