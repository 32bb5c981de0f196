"""Hadamard rotation: no number of a rotated row is an outlier, because each is a sum of all with signs.

QuIP# (Tseng et al. 2024, arXiv 2402.04396) and QuaRot (Ashkboos et al. 2024, arXiv 2404.00456) multiply by a Hadamard
matrix with random signs: R = D H, D = diag(±1), H Hᵀ = I. A layer is the same with x R and W R, as (x R)(W R)ᵀ = x Wᵀ.

H has powers of two as sizes. Another width is cut into blocks of the powers of two that it is the sum of, the largest
first, and each block is rotated by itself: 784 = 512 + 256 + 16. So nothing is padded; a last block of one stays.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.core.rng import generator
from pyapp.quant.calibrate import calibrate
from pyapp.quant.parameters import Encoded
from pyapp.quant.schemes import Grid

SEED = 1  # of the signs; without them, numbers of one sign, as ReLU gives, would add up to an outlier


def blocks(width: int) -> list[int]:
    """The powers of two whose sum is the width, the largest first."""
    return [1 << bit for bit in range(width.bit_length() - 1, -1, -1) if width >> bit & 1]


def rotate(x: np.ndarray) -> np.ndarray:
    """x R along the last axis, in x's dtype; summed in float64 in one order, so the same in every runtime."""
    return _transformed(x * _signs(x.shape[-1])).astype(x.dtype)


def rotate_back(x: np.ndarray) -> np.ndarray:
    """x Rᵀ = x H D along the last axis, which undoes `rotate`: H is its own inverse."""
    return (_transformed(x) * _signs(x.shape[-1])).astype(x.dtype)


def _signs(width: int) -> np.ndarray:
    return 1.0 - 2.0 * generator(SEED, "signs").integers(0, 2, width, np.int8)


def _transformed(x: np.ndarray) -> np.ndarray:
    """x H, float64: in each block, sums and differences of halves, again and again (the fast Walsh-Hadamard transform).
    """
    y, start = np.array(x, np.float64), 0
    for size in blocks(x.shape[-1]):
        part, half = y[..., start: start + size], 1
        while half < size:
            pairs = part.reshape(*x.shape[:-1], -1, 2, half)
            part = np.stack([pairs[..., 0, :] + pairs[..., 1, :], pairs[..., 0, :] - pairs[..., 1, :]], axis=-2)
            half *= 2
        y[..., start: start + size] = part.reshape(*x.shape[:-1], size) / np.sqrt(size)
        start += size
    return y


@dataclass(frozen=True)
class Rotated:
    """Weights that were rotated before they were quantised. `dequantize` rotates back, so that a layer computes with x
    what the codes would compute with x R."""

    rotated: Encoded

    @property
    def codes(self) -> np.ndarray:
        return self.rotated.codes

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales; the signs come from a seed and take none."""
        return self.rotated.nbytes

    def dequantize(self) -> np.ndarray:
        """The weights that the codes stand for, rotated back, float32."""
        return rotate_back(self.rotated.dequantize())


@dataclass(frozen=True)
class RotatedGrid:
    """A grid for rotated activations."""

    grid: Grid

    @property
    def nbytes(self) -> int:
        return self.grid.nbytes

    def fake_quantize(self, x: np.ndarray) -> np.ndarray:
        """x rotated, moved onto the grid and rotated back, float32."""
        return rotate_back(self.grid.fake_quantize(rotate(x)))


def rotated_grid(x: np.ndarray, method: str, bits: int) -> RotatedGrid:
    """The grid for rotated numbers like x (N, I), see `calibrate`."""
    return RotatedGrid(calibrate(rotate(x), method, bits))
