"""Methods that make codes of a weight matrix from its own numbers, without the inputs that it meets."""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.calibrate import fit_weight_grid
from pyapp.quant.parameters import Encoded
from pyapp.quant.schemes import QuantizedTensor

ROUND, STOCHASTIC, HQQ = "round", "stochastic", "hqq"
ALONE = (ROUND, STOCHASTIC, HQQ)
OWN = ("scheme", "clip")  # settings of grids that HQQ finds itself


@dataclass(frozen=True)
class Alone:
    """How a weight matrix becomes codes."""

    bits: int
    scheme: str = "symmetric"
    per: str = "tensor"
    clip: str = "minmax"
    method: str = ROUND
    seed: int = 1  # of stochastic rounding

    def __call__(self, w: np.ndarray, name: str = "") -> Encoded:
        """Codes of W; stochastic rounding draws other numbers for another name."""
        if self.method == HQQ:
            from pyapp.quant.hqq import hqq  # here, because few pages and commands need these two
            return hqq(w, self.bits, self.per)
        grid = fit_weight_grid(w, self.bits, self.scheme, self.per, self.clip)
        if self.method == STOCHASTIC:
            from pyapp.quant.stochastic import stochastic
            return stochastic(w, grid, self.seed, name)
        return QuantizedTensor(grid.quantize(w), grid)


def check_alone(method: str, clip: str, scheme: str = "symmetric") -> None:
    """ValueError for settings of a grid beside HQQ, which would have no effect."""
    if method == HQQ and (clip, scheme) != ("minmax", "symmetric"):
        what = f'clip="{clip}"' if clip != "minmax" else f'scheme="{scheme}"'
        raise ValueError(f'method is "{HQQ}", which finds scales and zero points itself, so {what} cannot apply; leave '
                         "out one of the two")
