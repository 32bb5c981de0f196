"""How the scales of a format are found and stored: one float32 each, a power of two, a small float, or quantised again.

Each rule has `fit(x, elements, per)`, which gives float32 scales of shape `per.scales(x.shape)`, and `nbytes(count)`.
A scale of 0, where all numbers are 0 or too small for it, makes every number 0.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.formats.elements import Integers, Levels
from pyapp.quant.formats.minifloat import E4M3, MiniFloat
from pyapp.quant.schemes import FLOAT_BYTES, Granularity

Elements = Integers | Levels | MiniFloat
LOWEST, HIGHEST = -127, 127  # exponents of E8M0


def largest_of(x: np.ndarray, per: Granularity) -> np.ndarray:
    """max |x| over the numbers that share a scale, float32."""
    return np.maximum(per.reduce(np.maximum, x), -per.reduce(np.minimum, x))


class Largest:
    """float32: the largest number of a block goes to the largest element."""

    def fit(self, x: np.ndarray, elements: Elements, per: Granularity) -> np.ndarray:
        return largest_of(x, per) / np.float32(elements.largest)

    def nbytes(self, count: int) -> int:
        return count * FLOAT_BYTES


class MeanMagnitude(Largest):
    """float32: mean |x|, the best scale for signs (Rastegari et al. 2016, arXiv 1603.05279), and that of BitNet b1.58
    (Ma et al. 2024, arXiv 2402.17764)."""

    def fit(self, x: np.ndarray, elements: Elements, per: Granularity) -> np.ndarray:
        total, count = (per.reduce(np.add, part) for part in (np.abs(x.astype(np.float64)), np.ones(x.shape)))
        return (total / count).astype(np.float32)


class PowerOfTwo:
    """E8M0, one byte: 2^(⌊log₂ max |x|⌋ - e) with the exponent e of the largest element.

    That is the rule of OCP Microscaling Formats 1.0, section 6.3. It clips: a largest number of 1.9 · 2^n may lie
    beyond the largest element.
    """

    def fit(self, x: np.ndarray, elements: Elements, per: Granularity) -> np.ndarray:
        top = int(np.frexp(elements.largest)[1]) - 1
        largest = largest_of(x, per)
        exponent = np.clip(np.frexp(largest)[1] - 1 - top, LOWEST, HIGHEST)
        return np.where(largest > 0, np.ldexp(np.float32(1), exponent), 0).astype(np.float32)

    def nbytes(self, count: int) -> int:
        return count


class SmallFloat:
    """E4M3, one byte per block, and one float32 for the tensor, which brings the largest scale to 448 (NVFP4)."""

    def fit(self, x: np.ndarray, elements: Elements, per: Granularity) -> np.ndarray:
        wanted = largest_of(x, per) / np.float32(elements.largest)
        whole = wanted.max(initial=0) / np.float32(E4M3.largest)
        if whole == 0:
            return np.zeros_like(wanted)
        return E4M3.decode(E4M3.encode(wanted / whole)) * whole

    def nbytes(self, count: int) -> int:
        return count + FLOAT_BYTES


@dataclass(frozen=True)
class Doubled(Largest):
    """Double quantisation (QLoRA, section 3): the scales, less their mean, in E4M3, with one float32 for each 256."""

    block: int = 256

    def fit(self, x: np.ndarray, elements: Elements, per: Granularity) -> np.ndarray:
        wanted = super().fit(x, elements, per)
        if not wanted.size:
            return wanted
        mean, rows = np.float32(wanted.mean(dtype=np.float64)), Granularity("group", self.block)
        flat = (wanted - mean).reshape(1, -1)
        second = rows.spread(Largest().fit(flat, E4M3, rows), flat.shape)
        codes = E4M3.encode(np.divide(flat, second, out=np.zeros_like(flat), where=second > 0))
        return np.maximum((E4M3.decode(codes) * second + mean).reshape(wanted.shape), 0)

    def nbytes(self, count: int) -> int:
        return count + FLOAT_BYTES * (1 + -(-count // self.block))
