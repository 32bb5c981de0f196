"""A network's parameters with quantised weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.quant.schemes import FLOAT_BYTES, Granularity, quantize

# Ways to prepare a network for rounding: none, and rotating all that is multiplied. Others are in quantized/.
UNPREPARED, ROTATED = "none", "hadamard"


class Encoded(Protocol):
    """What every format makes of a tensor; a `QuantizedTensor` of a uniform grid is one, too."""

    codes: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of the packed codes and all scales."""

    def dequantize(self) -> np.ndarray:
        """The float32 numbers that the codes stand for."""


@dataclass(frozen=True)
class QuantizedParameters:
    """A network's parameters with every weight matrix quantised; biases stay float32."""

    tensors: dict[str, Encoded]  # on uniform grids, or in number formats
    parameters: Parameters  # what simulated inference uses: dequantised weights, float32 biases
    weight_error: float  # largest |w - ŵ|

    @property
    def nbytes(self) -> int:
        """Packed codes, scales, zero points, and four bytes for each bias."""
        biases = sum(self.parameters[name].size for name in self.parameters if name not in self.tensors)
        return sum(tensor.nbytes for tensor in self.tensors.values()) + biases * FLOAT_BYTES

    @property
    def bits_per_weight(self) -> float:
        """Mean over all quantised matrices, their scales and zero points counted."""
        return bits_per_weight(self.tensors, self.parameters)


def bits_per_weight(tensors: Mapping[str, Encoded], p: Parameters) -> float:
    """Bits for each number of the matrices, scales and zero points counted; 32 if there are no quantised ones."""
    count = sum(p[name].size for name in tensors)
    return 8 * sum(tensor.nbytes for tensor in tensors.values()) / count if count else 8.0 * FLOAT_BYTES


def weight_names(p: Parameters) -> list[str]:
    """The parameters that are quantised: those with two or more axes."""
    return [name for name, shape in p.shapes.items() if len(shape) >= 2]


def quantize_parameters(p: Parameters, bits: int | Mapping[str, int], scheme: str = "symmetric",
                        per: str | Granularity = "tensor") -> QuantizedParameters:
    """Round every weight matrix to the nearest codes. `bits` is one number, or one for each matrix by name."""
    return assemble(p, {name: quantize(p[name], bits if isinstance(bits, int) else bits[name], scheme, per)
                        for name in weight_names(p)})


def quantized_nbytes(p: Parameters, bits: int, per: str | Granularity = "tensor") -> int:
    """`quantize_parameters(p, bits, per=per).nbytes`, from the shapes alone."""
    per, total = Granularity.parse(per), float_nbytes(p)
    for shape in (p.shapes[name] for name in weight_names(p)):
        packed = (math.prod(shape) * bits + 7) // 8 + math.prod(per.scales(shape)) * FLOAT_BYTES
        total += packed - math.prod(shape) * FLOAT_BYTES
    return total


def assemble(p: Parameters, tensors: Mapping[str, Encoded]) -> QuantizedParameters:
    """Parameters with these quantised matrices, on a grid or in another format, in place of p's own."""
    values, error = p.copy(), 0.0
    for name, tensor in tensors.items():
        values[name][:] = tensor.dequantize()
        error = max(error, float(np.abs(p[name] - values[name]).max()))
    return QuantizedParameters(dict(tensors), values, error)


def float_nbytes(p: Parameters) -> int:
    """Size of the unquantised parameters in bytes, four for each."""
    return p.vector.size * FLOAT_BYTES
