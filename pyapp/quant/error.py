"""How much a quantised tensor has lost, with the two causes apart: rounding and clipping.

A number is clipped if its nearest code lies outside the grid, so that it went to the grid's end; its whole error then
counts as clipping. Every other number was rounded, and is off by half a step at most. The two sets are disjoint, so
their parts of the mean squared error add up to it. All sums are float64.
"""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import NOT_FINITE, QuantizedTensor


@dataclass(frozen=True)
class Part:
    """What one cause adds to the error: mean and mse are over all numbers of the tensor, so that the parts add up."""

    count: int  # numbers that this cause concerns
    mean: float
    maximum: float
    mse: float


@dataclass(frozen=True)
class TensorErrors:
    """The error e = x - x̂ of a tensor, in the tensor's own unit (mse: its square)."""

    mean: float  # mean |e|
    maximum: float  # max |e|
    mse: float  # mean e²
    sqnr_db: float
    rounding: Part
    clipping: Part

    @property
    def exact(self) -> bool:
        return self.maximum == 0


def quantization_error(x: np.ndarray, tensor: QuantizedTensor) -> TensorErrors:
    """The error of `tensor` against x (the same shape), the numbers that it was made from."""
    return compare(x, tensor.dequantize(), tensor.grid.clips(x))


def compare(x: np.ndarray, after: np.ndarray, beyond: np.ndarray | None = None) -> TensorErrors:
    """The error of `after` against x; `beyond` is true where a number was clipped, by default nowhere.

    ValueError for an empty tensor, for NaN or infinity, and for shapes that differ.
    """
    x, after = np.asarray(x, np.float64), np.asarray(after, np.float64)
    if not x.size:
        raise ValueError("an empty tensor has no error; give it at least one number")
    if x.shape != after.shape:
        raise ValueError(f"shapes {x.shape} and {after.shape} differ; compare a tensor with its own quantised form")
    if not (np.isfinite(x).all() and np.isfinite(after).all()):
        raise ValueError(NOT_FINITE)
    error = np.abs(x - after)
    beyond = np.zeros(x.shape, bool) if beyond is None else beyond
    return TensorErrors(float(error.mean()), float(error.max()), float(np.square(error).mean()), sqnr_db(x, error),
                        _part(error, ~beyond), _part(error, beyond))


def sqnr_db(x: np.ndarray, error: np.ndarray) -> float:
    """Signal-to-quantisation-noise ratio 10 log₁₀(Σ x² / Σ e²) in decibels; 6.02 dB halve the error.

    Infinite where there is no error at all, as for a tensor of zeros; minus infinity for an error without a signal.
    """
    signal, noise = float(np.square(x, dtype=np.float64).sum()), float(np.square(error, dtype=np.float64).sum())
    if noise == 0:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal else float("-inf")


def _part(error: np.ndarray, here: np.ndarray) -> Part:
    own = np.where(here, error, 0.0)
    return Part(int(here.sum()), float(own.mean()), float(own.max()), float(np.square(own).mean()))
