"""How weights lie between the lines of their grid while they are trained: in steps of the scale, w / S."""

from dataclasses import dataclass

import numpy as np

from pyapp.quant.schemes import QuantizedTensor

BINS = 128  # about so many in all
MARGIN = 1.5  # steps beyond the outermost codes


@dataclass(frozen=True)
class Gathering:
    """Weights and their codes, counted in bins that are parts of a step; a code is the middle of a bin.

    The outermost bins hold all that lies further out.
    """

    edges: np.ndarray  # float64 (N + 1,), in steps
    weights: np.ndarray  # int32 (N,)
    codes: np.ndarray  # int32 (N,)
    lines: np.ndarray  # int32, every code from the lowest to the highest
    counts: np.ndarray  # int32, how many weights have it
    near: float  # of the weights that are not clipped, the share within a quarter of a step of a code: by chance half
    clipped: float  # share of the weights that lie further out than half a step beyond the last code


def gathering(w: np.ndarray, tensor: QuantizedTensor) -> Gathering:
    """Count finite float32 weights by their place on the grid of `tensor`, which is symmetric and signed."""
    grid = tensor.grid
    scale, _ = grid.spread(w.shape)
    reach = np.float32(grid.high + MARGIN)
    place = np.clip(w / scale, -reach, reach)
    inside = np.abs(place) <= np.float32(grid.high + 0.5)
    near = inside & (np.abs(place - tensor.codes) < np.float32(0.25))
    lines = np.arange(grid.low, grid.high + 1, dtype=np.int32)
    counts = np.bincount(tensor.codes.reshape(-1).astype(np.int32) - lines[0], minlength=lines.size).astype(np.int32)
    steps = int(2 * reach)
    parts = _parts(steps)
    index = np.minimum(((place + reach) * np.float32(parts)).astype(np.int32), steps * parts - 1)
    landed = np.zeros(steps * parts, np.int32)
    landed[parts + parts // 2 : -parts : parts] = counts
    return Gathering(np.arange(steps * parts + 1, dtype=np.float64) / parts - float(reach),
                     np.bincount(index.reshape(-1), minlength=steps * parts).astype(np.int32), landed, lines, counts,
                     float(near.sum() / max(inside.sum(), 1)), float(1 - inside.mean()))


def _parts(steps: int) -> int:
    """Bins to a step: about BINS in all, and an odd number, so that a code has a bin around it."""
    return max(BINS // steps - 1, 0) // 2 * 2 + 1
