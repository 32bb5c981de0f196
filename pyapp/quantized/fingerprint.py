"""Ten digits, one of each class, and a short hash of every integer that a network computes for them.

If two fingerprints are equal, so are all these integers: a reader can compare a browser, a C program and this package
at a glance. The integers themselves are compared as well, wherever both sides are at hand: 32 bits tell accidents
apart, not forgeries.
"""

from collections.abc import Iterable

import numpy as np

from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quant.integer import IntegerLinear, IntegerNetwork
from pyapp.quantized.network import Settings, quantize_network

OFFSET, PRIME, WORD = 0x811C9DC5, 0x01000193, 0xFFFFFFFF  # FNV-1a of 32 bits (draft-eastlake-fnv, section 5)


def ten_digits() -> np.ndarray:
    """Pixels uint8 (10, 784) of a held-out digit of each class, 0 to 9: the one with the fewest pixels of ink, so that
    files that hold all ten stay small."""
    digits = mnist.load()
    pixels, ink = digits.images.reshape(len(digits.labels), -1), np.count_nonzero(digits.images, axis=(1, 2))
    rows = [np.flatnonzero(digits.labels == label) for label in range(10)]
    return pixels[[row[ink[row].argmin()] for row in rows]]


def inputs_of(pixels: np.ndarray) -> np.ndarray:
    """The network's inputs, float32 in 0..1, for pixels uint8."""
    return pixels.astype(np.float32) / np.float32(255)


def results(network: IntegerNetwork, pixels: np.ndarray) -> list[np.ndarray]:
    """The codes of every layer for some pictures, one int32 (B, O) per layer; the last are the logits'."""
    return layer_by_layer(network.layers, network.input.quantize(inputs_of(pixels)))


def layer_by_layer(layers: Iterable[IntegerLinear], codes: np.ndarray) -> list[np.ndarray]:
    """The codes of every layer for the codes (B, I) of some inputs."""
    found = []
    for layer in layers:
        codes = layer.forward(codes)
        found.append(codes.astype(np.int32))
    return found


def fingerprint(numbers: Iterable[np.ndarray]) -> str:
    """FNV-1a over the integers of all arrays (B, O), picture by picture, each as four bytes, the lowest first: eight
    hexadecimal digits."""
    rows = np.concatenate([np.asarray(array, np.int32).reshape(len(array), -1) for array in numbers], axis=1)
    found = OFFSET
    for byte in rows.astype("<i4").tobytes():
        found = (found ^ byte) * PRIME & WORD
    return f"{found:08x}"


def usual() -> IntegerNetwork:
    """The shipped digits network with 8-bit weights and activations, which `export mlp --bits 8 --activations 8`
    writes."""
    return quantize_network(mlp.load(), Settings(bits=8, activations=8), mnist.calibration()).integer()
