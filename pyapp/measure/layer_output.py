"""What rounding a layer's weights does to its output on the reader's inputs: rounding to nearest, and methods that use
the inputs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyapp.core.ops import linear
from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.tensor_formats import spread
from pyapp.quant.awq import awq_scales, steady
from pyapp.quant.gptq import gptq
from pyapp.quant.schemes import NOT_FINITE, Grid, fit_grid, quantize
from pyapp.safetensors import shown
from pyapp.store import StoreError

BITS = (8, 6, 4, 3, 2)
PER = "channel"  # one scale per output
MOST = 1024  # rows of inputs that are used
MOST_INPUTS = 4096  # of a layer: GPTQ factors a matrix of their squares
ROWS_OF_AWQ = 128  # which goes through the layer once for each of its 20 strengths


def _awq(w: np.ndarray, x: np.ndarray, bits: int) -> np.ndarray:
    """Ŵ whose columns were scaled before rounding, and are scaled back."""
    def rounded(scaled: np.ndarray) -> np.ndarray:
        return quantize(scaled, bits, per=PER).dequantize()

    s = steady(awq_scales(w, x[:ROWS_OF_AWQ], rounded))
    return rounded(w * s) / s


# Ŵ from W (O, I), inputs X (N, I), a grid, and a memo for what depends on X alone.
Method = Callable[[np.ndarray, np.ndarray, Grid, dict], np.ndarray]
METHODS: dict[str, tuple[str, Method]] = {
    "nearest": ("to nearest", lambda w, x, grid, memo: grid.fake_quantize(w)),
    "gptq": ("GPTQ", lambda w, x, grid, memo: gptq(w, x, grid, memo=memo).dequantize()),
    "awq": ("AWQ", lambda w, x, grid, memo: _awq(w, x, grid.bits)),
}


@dataclass(frozen=True)
class Layer:
    """Weights float32 (O, I) and inputs float32: `seen` (N, I) by the methods, and `kept` (M, I) on which the output is
    compared."""

    w: np.ndarray
    seen: np.ndarray
    kept: np.ndarray
    turned: bool  # the file has the weights as (I, O)

    def said(self) -> str:
        """How many inputs the methods see and how many are kept, in a sentence or two."""
        seen, inputs = self.seen.shape
        turned = "The file has the weights as (inputs, outputs). " if self.turned else ""
        few = (f" With fewer rows than the {inputs:,} inputs, GPTQ fits just those, and may lose more than rounding to "
               "nearest does." if seen < inputs else "")
        some = f", AWQ the first {ROWS_OF_AWQ} of them" if seen > ROWS_OF_AWQ else ""
        saw = f"GPTQ saw {seen:,} rows of inputs{some}" if some else f"GPTQ and AWQ saw {seen:,} rows of inputs"
        return f"{turned}{saw}, and errors are measured on {len(self.kept):,} others.{few}"


def inputs_for(tensor: Tensor, others: Sequence[Tensor]) -> Tensor:
    """Of the tensors of a file, the inputs of the layer with these weights: the one whose rows have one number per
    input of the layer. StoreError if none is, or several are and none has the weights' name."""
    if len(tensor.shape) != 2:
        raise StoreError(f"{shown(tensor.name)} has {len(tensor.shape)} axes; inputs are for a matrix of weights, so "
                         "choose a tensor with 2 axes")
    fits = [each for each in others if len(each.shape) > 1 and each.shape[-1] in tensor.shape]
    named = [each for each in fits if each.name == tensor.name]
    if len(fits) == 1 or named:
        return (named or fits)[0]
    outputs, inputs = tensor.shape
    if not fits:
        raise StoreError(f"no tensor there has rows of {inputs:,} numbers, or of {outputs:,} for weights stored as "
                         f"(inputs, outputs), as {shown(tensor.name)} needs; save the layer's inputs as (N, {inputs})")
    raise StoreError(f"{len(fits)} tensors there have rows that fit {shown(tensor.name)}; keep only one, or give the "
                     "inputs the name of the weights")


def layer_of(w: np.ndarray, x: np.ndarray) -> Layer:
    """Weights (O, I), or (I, O) if only those fit the rows of x (..., I). Of the rows at most about MOST are taken,
    spread evenly; every other one is kept for comparing. ValueError for numbers that are no finite floats, for no
    inputs, or for too many."""
    turned = x.shape[-1] != w.shape[1]
    w, rows = np.asarray(w.T if turned else w, np.float32), np.asarray(x.reshape(-1, x.shape[-1]), np.float32)
    if not rows.size or not w.size:
        raise ValueError("there are no inputs, or no weights")
    if w.shape[1] > MOST_INPUTS:
        raise ValueError(f"the layer has {w.shape[1]:,} inputs; up to {MOST_INPUTS:,} are compared")
    if not (np.isfinite(w).all() and np.isfinite(rows).all()):
        raise ValueError(NOT_FINITE)
    if len(rows) > MOST:
        rows = rows[spread(rows.reshape(-1), rows.shape[1], MOST)]
    return Layer(np.ascontiguousarray(w), rows[::2], rows[1::2] if len(rows) > 1 else rows, turned)


def output_errors(layer: Layer, bits: Sequence[int] = BITS) -> Iterator[dict[str, Any]]:
    """For each width ‖X Wᵀ - X Ŵᵀ‖ / ‖X Wᵀ‖ of every method, with X the inputs that no method saw, on a symmetric grid
    with a scale per output; None where the output is 0. Sums are float64."""
    kept, w = layer.kept.astype(np.float64), layer.w.astype(np.float64)
    whole, memo = float(np.linalg.norm(linear(kept, w))), {}
    for width in bits:
        grid, row = fit_grid(layer.w, width, per=PER), {"bits": width}
        for name, (_, method) in METHODS.items():
            lost = w - method(layer.w, layer.seen, grid, memo)
            row[name] = float(np.linalg.norm(linear(kept, lost))) / whole if whole else None
        yield row
