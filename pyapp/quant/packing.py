"""Codes of b bits as a stream of bits, the form in which they are stored and in which sizes are counted.

Code i takes the bits i·b to i·b + b - 1 of the stream, its lowest bit first; bit k of the stream is bit k mod 8 of byte
k div 8. Negative codes are two's complement. With 4 bits this is the order of ONNX's INT4 and UINT4: first code in the
low nibble. What is left of the last byte is zero.

A quantised tensor NAME is four arrays of a file:

    NAME.codes         uint8     the packed codes
    NAME.scale         float32
    NAME.zero_point    int32
    NAME.form          int32     bits, lowest code, highest code, group size (0 tensor, -1 channel), shape ...
"""

import math
from collections.abc import Mapping

import numpy as np

from pyapp.quant.schemes import PER_TENSOR, Granularity, Grid, QuantizedTensor, check_bits

PARTS = CODES, SCALE, ZERO_POINT, FORM = ".codes", ".scale", ".zero_point", ".form"


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """Integer codes of any shape as uint8 ((n·bits + 7) // 8,). ValueError if a code does not fit into `bits`."""
    codes, bits = np.asarray(codes), check_bits(bits)
    if codes.dtype.kind not in "iu":
        raise ValueError(f"codes have dtype {codes.dtype}; pack takes integers")
    low, high = code_range(bits, codes.dtype.kind == "i")
    if codes.size and (codes.min() < low or codes.max() > high):
        raise ValueError(f"codes go from {codes.min()} to {codes.max()}; {bits} bits hold {low} to {high}")
    words = (codes.astype(np.int32) & 0xFFFF).astype("<u2")  # two's complement, lowest byte first
    each = np.unpackbits(words.ravel().view(np.uint8).reshape(-1, 2), axis=1, bitorder="little")  # n, 16
    return np.packbits(each[:, :bits], bitorder="little")


def unpack(data: np.ndarray, bits: int, count: int, signed: bool) -> np.ndarray:
    """The `count` codes that `pack` made into uint8 `data`, one-dimensional, in the smallest integer type for them.
    ValueError if the data are not as many bytes as these codes take."""
    data, bits = np.asarray(data), check_bits(bits)
    expected = (count * bits + 7) // 8
    if data.dtype != np.uint8 or data.shape != (expected,):
        raise ValueError(f"{count} codes of {bits} bits are uint8 ({expected},); found {data.dtype} {data.shape}")
    width = 8 if bits <= 8 else 16
    each = np.zeros((count, width), np.uint8)
    each[:, :bits] = np.unpackbits(data, count=count * bits, bitorder="little").reshape(count, bits)
    if signed:
        each[:, bits:] = each[:, bits - 1 : bits]  # the sign, repeated
    words = np.packbits(each, axis=1, bitorder="little").view(f"<u{width // 8}").ravel()
    return words.astype(f"u{width // 8}").view(f"{'i' if signed else 'u'}{width // 8}")


def code_range(bits: int, signed: bool) -> tuple[int, int]:
    """Lowest and highest whole number of `bits` bits."""
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def tensor_arrays(name: str, tensor: QuantizedTensor) -> dict[str, np.ndarray]:
    """The four arrays of a tensor."""
    return {name + CODES: pack(tensor.codes, tensor.bits), **grid_arrays(name, tensor.grid, tensor.codes.shape)}


def tensor_of(arrays: Mapping[str, np.ndarray], name: str) -> QuantizedTensor:
    """The tensor in its four arrays. ValueError if they do not fit each other, KeyError if one is missing."""
    grid, shape = grid_of(arrays, name)
    codes = unpack(arrays[name + CODES], grid.bits, math.prod(shape), grid.signed)
    if codes.size and not grid.low <= codes.min() <= codes.max() <= grid.high:
        raise ValueError(f"{name} has codes outside of its grid, {grid.low} to {grid.high}")
    return QuantizedTensor(codes.reshape(shape).astype(grid.dtype), grid)


def grid_arrays(name: str, grid: Grid, shape: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    """The arrays of a grid, without codes; `shape` is that of the tensor, () of activations."""
    size = {"tensor": 0, "channel": -1}.get(grid.per.kind, grid.per.size)
    form = np.array([grid.bits, grid.low, grid.high, size, *shape], np.int32)
    return {name + SCALE: grid.scale, name + ZERO_POINT: grid.zero_point, name + FORM: form}


def grid_of(arrays: Mapping[str, np.ndarray], name: str) -> tuple[Grid, tuple[int, ...]]:
    """A grid in its arrays, and the shape of its tensor. ValueError and KeyError as `tensor_of`."""
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
