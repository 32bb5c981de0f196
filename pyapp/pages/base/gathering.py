"""How weights lie between the lines of their grid, or the values of their format, while they are trained: w / S."""

from dataclasses import dataclass

import numpy as np

from pyapp.pages.base.matrix import levels
from pyapp.quant.formats.tensor import FormatTensor
from pyapp.quant.schemes import QuantizedTensor

BINS = 128  # about so many in all
MARGIN = 1.5  # steps beyond the outermost codes
FEW, COUNTED = 31, 7  # lines that can be told apart; codes that are counted in words


@dataclass(frozen=True)
class Gathering:
    """Weights and their codes, counted in bins that are parts of a step; a code is the middle of a bin.

    The outermost bins hold all that lies further out.
    """

    edges: np.ndarray  # float64 (N + 1,), in steps
    weights: np.ndarray  # int32 (N,)
    codes: np.ndarray  # int32 (N,)
    lines: np.ndarray  # every code from the lowest to the highest, int32; in a format what they stand for, float32
    counts: np.ndarray  # int32, how many weights have it
    near: float  # of the weights that are not clipped, the share within a quarter of a step of a code: by chance half
    clipped: float  # share of the weights that lie further out than half a step beyond the last code

    @property
    def words(self) -> str:
        """How many weights have each code; empty if there are many codes."""
        counted = zip(self.lines.tolist(), self.counts.tolist(), strict=True)
        return ", ".join(f"**[{code:{'+' if code else ''}.3g}](.quant)** {n:,}".replace("-", "−")
                         for code, n in counted) if len(self.lines) <= COUNTED else ""

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that the picture is drawn from."""
        few = {"few_lines": self.lines} if len(self.lines) <= FEW else {}
        return {"edges": self.edges, "weights": self.weights, "codes": self.codes, "counts": self.counts,
                "ends": self.lines[[0, -1]], **few}


def in_scales(tensor: QuantizedTensor | FormatTensor) -> np.ndarray:
    """What each code of a symmetric grid or a format stands for, in units of its scale."""
    return tensor.format.elements.decode(tensor.codes) if isinstance(tensor, FormatTensor) else tensor.codes


def gathering(w: np.ndarray, tensor: QuantizedTensor | FormatTensor) -> Gathering:
    """Count finite float32 weights by their place on the grid of `tensor`, which is symmetric and signed, or between
    the values of its format, where a step is the distance of the two values around a weight."""
    return _uneven(w, tensor) if isinstance(tensor, FormatTensor) else _even(w, tensor)


def _even(w: np.ndarray, tensor: QuantizedTensor) -> Gathering:
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


def _uneven(w: np.ndarray, tensor: FormatTensor) -> Gathering:
    scale = tensor.format.spread(tensor.scale, w.shape)
    lines = np.unique(levels(tensor.format.elements)[1])  # -0 is 0, and there is one line
    gaps = np.diff(lines)
    place = np.divide(w, scale, out=np.zeros_like(w), where=scale > 0)
    inside = (place >= lines[0] - gaps[0] / 2) & (place <= lines[-1] + gaps[-1] / 2)
    below = np.clip(np.searchsorted(lines, place, "right") - 1, 0, gaps.size - 1)  # the gap around it
    away = np.minimum(np.abs(place - lines[below]), np.abs(place - lines[below + 1]))
    near = inside & (away < gaps[below] / 4)
    reach = float(max(lines[-1], -lines[0])) + MARGIN * float(max(gaps[0], gaps[-1]))
    edges = np.linspace(-reach, reach, BINS + 2)  # an odd number of bins: 0 is the middle of one
    counts = np.bincount(np.searchsorted(lines, in_scales(tensor)).reshape(-1), minlength=lines.size).astype(np.int32)
    landed = np.zeros(BINS + 1, np.int32)
    np.add.at(landed, _bins(lines, edges), counts)
    weights = np.bincount(_bins(place, edges).reshape(-1), minlength=BINS + 1).astype(np.int32)
    return Gathering(edges, weights, landed, lines, counts, float(near.sum() / max(inside.sum(), 1)),
                     float(1 - inside.mean()))


def _bins(x: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each number; the outermost ones hold all that lies further out."""
    return np.clip(np.searchsorted(edges, x, "right") - 1, 0, edges.size - 2)


def _parts(steps: int) -> int:
    """Bins to a step: about BINS in all, and an odd number, so that a code has a bin around it."""
    return max(BINS // steps - 1, 0) // 2 * 2 + 1
