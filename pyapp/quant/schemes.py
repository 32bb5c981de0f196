"""Quantisation schemes. A quantised value never travels without its scale: one dataclass carries both."""

from dataclasses import dataclass

import numpy as np

from pyapp.core.parameters import Parameters

MIN_BITS, MAX_BITS = 2, 16
FLOAT_BYTES = 4


@dataclass(frozen=True)
class QuantizedTensor:
    """Integer codes and what turns them back into real numbers: x̂ = (codes - zero_point) · scale."""

    codes: np.ndarray  # int8 up to 8 bits, int16 above
    scale: np.float32
    zero_point: int
    bits: int

    def dequantize(self) -> np.ndarray:
        """The float32 values that the codes stand for."""
        return (self.codes.astype(np.float32) - np.float32(self.zero_point)) * self.scale

    @property
    def nbytes(self) -> int:
        """Size when the codes are packed bit by bit, with one float32 scale. Symmetric codes need no zero point."""
        return (self.codes.size * self.bits + 7) // 8 + FLOAT_BYTES


def check_bits(bits: int) -> int:
    """Return `bits` if it is a whole number from 2 to 16; otherwise a ValueError says so."""
    if int(bits) != bits or not MIN_BITS <= bits <= MAX_BITS:
        raise ValueError(f"bits is {bits}; use a whole number from {MIN_BITS} to {MAX_BITS}")
    return int(bits)


def quantize_symmetric(x: np.ndarray, bits: int) -> QuantizedTensor:
    """Symmetric quantisation per tensor: zero stays zero, and the grid is the same on both sides.

    scale = max|x| / (2^(b-1) - 1),  code = clip(round(x / scale), -(2^(b-1) - 1), 2^(b-1) - 1)

    Rounding is half to even (as ONNX QuantizeLinear), the division is done in float32. The lowest two's-complement
    code is never used. A tensor of zeros gets scale 1. Values that are not finite are refused with a ValueError.
    """
    highest = (1 << (check_bits(bits) - 1)) - 1
    x = np.asarray(x, np.float32)
    largest = np.abs(x).max(initial=np.float32(0))
    if not np.isfinite(largest):
        raise ValueError("cannot quantise a tensor with NaN or infinite values; the training has probably diverged")
    scale = largest / np.float32(highest)
    if scale == 0:  # all zeros, or so small that the scale underflows
        scale = np.float32(1)
    codes = np.clip(np.rint(x / scale), -highest, highest)
    return QuantizedTensor(codes.astype(np.int8 if bits <= 8 else np.int16), scale, 0, bits)


@dataclass(frozen=True)
class QuantizedParameters:
    """A network's parameters with every weight matrix quantised; biases stay float32."""

    tensors: dict[str, QuantizedTensor]
    parameters: Parameters  # what inference uses: dequantised weights, unchanged biases
    weight_error: float  # largest |w - ŵ|
    nbytes: int


def quantize_parameters(p: Parameters, bits: int) -> QuantizedParameters:
    """Quantise each weight matrix (two or more axes) symmetrically per tensor to `bits`."""
    values = p.copy()
    tensors, error, nbytes = {}, 0.0, 0
    for name, shape in p.shapes.items():
        if len(shape) < 2:
            nbytes += p[name].size * FLOAT_BYTES
            continue
        tensors[name] = tensor = quantize_symmetric(p[name], bits)
        values[name][:] = tensor.dequantize()
        error = max(error, float(np.abs(p[name] - values[name]).max()))
        nbytes += tensor.nbytes
    return QuantizedParameters(tensors, values, error, nbytes)


def float_nbytes(p: Parameters) -> int:
    """Size of the unquantised parameters in bytes, four for each."""
    return p.vector.size * FLOAT_BYTES
