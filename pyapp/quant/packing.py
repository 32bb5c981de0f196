"""Codes of b bits as a stream of bits, the form in which they are stored and in which sizes are counted.

Code i takes the bits i·b to i·b + b - 1 of the stream, its lowest bit first; bit k of the stream is bit k mod 8 of byte
k div 8. Negative codes are two's complement. With 4 bits this is the order of ONNX's INT4 and UINT4: first code in the
low nibble. What is left of the last byte is zero.
"""

import numpy as np

from pyapp.quant.schemes import check_bits


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
