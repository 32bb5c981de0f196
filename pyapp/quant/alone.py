"""Methods that quantise a weight matrix from its own numbers alone, without calibration inputs."""

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
    """A method and its settings, which encode one weight matrix after another."""

    bits: int
    scheme: str = "symmetric"
    per: str = "tensor"
    clip: str = "minmax"
    method: str = ROUND
    seed: int = 1  # of stochastic rounding

    def __call__(self, w: np.ndarray, name: str = "") -> Encoded:
        """Codes of W. Stochastic rounding draws from a stream of its own for each `name`."""
        if self.method == HQQ:
            from pyapp.quant.hqq import hqq  # here, because few pages and commands need these two
            return hqq(w, self.bits, self.per)
        grid = fit_weight_grid(w, self.bits, self.scheme, self.per, self.clip)
        if self.method == STOCHASTIC:
            from pyapp.quant.stochastic import stochastic
            return stochastic(w, grid, self.seed, name)
        return QuantizedTensor(grid.quantize(w), grid)


def check_alone(method: str, clip: str, scheme: str = "symmetric") -> None:
    """ValueError if `clip` or `scheme` is set beside HQQ, where neither would have an effect."""
    if method == HQQ and (clip, scheme) != ("minmax", "symmetric"):
        what = f'clip="{clip}"' if clip != "minmax" else f'scheme="{scheme}"'
        raise ValueError(f'method is "{HQQ}", which finds scales and zero points itself, so {what} cannot apply; leave '
                         "out one of the two")
