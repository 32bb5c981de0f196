"""A quantised network as arrays of a file: codes packed bit by bit, scales, biases, and the activations' grids.

    layer1.weight.codes       uint8     with .scale, .zero_point and .form: see pyapp/quant/packing.py
    layer1.bias               float32
    input.scale, layer1.scale, ...      grids of the activations, where they are quantised: scale, zero_point, form
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from pyapp.core.clamps import RELU
from pyapp.core.parameters import Parameters
from pyapp.nets.mlp import MLP
from pyapp.quant.packing import CODES, SCALE, grid_arrays, grid_of, tensor_arrays, tensor_of
from pyapp.quant.parameters import assemble
from pyapp.quantized.network import QuantizedNetwork
from pyapp.store import StoreError


def arrays_of(network: QuantizedNetwork) -> dict[str, np.ndarray]:
    """The network as named arrays."""
    found = {}
    for name, tensor in network.weights.tensors.items():
        found |= tensor_arrays(name, tensor)
    p = network.weights.parameters
    found |= {name: p[name] for name in p if name not in network.weights.tensors}
    for name, grid in (network.activations or {}).items():
        found |= grid_arrays(name, grid)
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
    found = (key.removesuffix(CODES) for key in arrays if key.endswith(CODES))
    weights = sorted(found, key=lambda key: (len(key), key))  # layer10 after layer9
    tensors = {key: tensor_of(arrays, key) for key in weights}
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
    activations = {key: grid_of(arrays, key)[0] for key in layers} if "input" + SCALE in arrays else None
    return QuantizedNetwork(assemble(p, tensors), activations)
