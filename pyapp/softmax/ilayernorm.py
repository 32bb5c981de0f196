"""I-BERT's LayerNorm in integers: a mean, a sum of squares and a square root, no float until the output's scale."""

import numpy as np

from pyapp.softmax.integers import divide_half_even
from pyapp.softmax.isqrt import isqrt


class ILayerNorm:
    """out = Y + bias in units of `unit` (C,), gamma (x - mean) / sigma + beta for x of any scale.

    y = q - round(mean q), V = sum (y >> shift)^2, sd = floor(sqrt V) << shift,
    Y = floor(y floor(2^31 / sd) / 2), bias = floor(beta / gamma / scale), unit = scale · gamma,
    scale = sqrt(C) / 2^30, as sd is sqrt(C) sigma.

    V = 0 divides by 0 in the original, which has no epsilon; here it counts as 1, and a constant row gives beta.
    I-BERT, ICML 2021, section 3.6 and IntLayerNorm. gamma, beta (C,).
    """

    def __init__(self, gamma: np.ndarray, beta: np.ndarray, shift: int = 0):
        gamma, beta = np.asarray(gamma, np.float64), np.asarray(beta, np.float64)
        if gamma.ndim != 1 or gamma.shape != beta.shape:
            raise ValueError(f"gamma is {gamma.shape} and beta {beta.shape}; give one of each for every channel")
        scale = np.sqrt(np.float64(gamma.size)) / 2**30
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bias = beta / gamma / scale
        wrong = ~(np.abs(bias) < 2.0**62) | (gamma == 0)
        if wrong.any():
            channel = int(np.argmax(wrong))
            raise ValueError(f"gamma of channel {channel} is {gamma[channel]:g} and beta {beta[channel]:g}; "
                             "beta / gamma is kept as an integer, so gamma must not be 0 or next to it: give it a "
                             "small number or leave the channel out")
        self.shift = np.int64(shift)
        self.bias = np.floor(bias).astype(np.int64)  # C
        self.unit = scale * gamma  # C, real number of one output code

    def __call__(self, q: np.ndarray) -> np.ndarray:
        """Codes int64 (..., C) of integers (..., C). ValueError if they are not integers or have other channels."""
        y = centred(q, self.bias.size)
        factor = (1 << 31) // (np.maximum(isqrt(_squares(y, self.shift)), 1) << self.shift)
        return (y * factor >> 1) + self.bias

    @staticmethod
    def real(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
        """gamma (x - mean) / sigma + beta without epsilon, float64; a constant row gives beta."""
        constant = (x == x[..., :1]).all(axis=-1, keepdims=True)  # sigma is next to 0 there, not 0, by rounding
        y = x - x.mean(axis=-1, keepdims=True, dtype=np.float64)
        sigma = np.where(constant, np.inf, np.sqrt((y * y).mean(axis=-1, keepdims=True)))
        return y / sigma * gamma + beta


def shift_for(q: np.ndarray) -> int:
    """The smallest shift for which V of every row stays below 2^32: what training calibrates for a 32-bit V."""
    y, shift = centred(q, q.shape[-1]), 0
    while (_squares(y, np.int64(shift)) >= 1 << 32).any():
        shift += 1
    return shift


def centred(q: np.ndarray, channels: int) -> np.ndarray:
    """q less its mean, which is rounded to an integer, half to even; int64 (..., C). ValueError if these are not
    integers of C channels, or if a sum of squares does not fit 63 bits."""
    if q.dtype.kind not in "iu" or q.ndim == 0 or q.shape[-1] != channels:
        raise ValueError(f"inputs are {q.dtype} {q.shape}; give integers of {channels} channels")
    q = q.astype(np.int64)
    y = q - divide_half_even(q.sum(axis=-1, keepdims=True), np.int64(channels))
    if channels * int(np.abs(y).max(initial=0)) ** 2 >= 2**63:
        raise ValueError(f"inputs lie up to {np.abs(y).max()} from their mean, and {channels} such squares overflow 63 "
                         "bits; I-BERT gives LayerNorm 22 bits, so requantise them")
    return y


def _squares(y: np.ndarray, shift: np.int64) -> np.ndarray:
    shifted = y >> shift
    return (shifted * shifted).sum(axis=-1, keepdims=True)
