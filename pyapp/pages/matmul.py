"""Integer matmul: a small product of matrices from floats to output codes, one step at a time."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.core.rng import generator
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value
from pyapp.pages.base.walk import TERMS, Walk
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.matmul import row_sums
from pyapp.quant.schemes import SCHEMES, Grid, quantize

STEPS = ("float", "codes", *TERMS, "scale", "requantise")
CENTRE = 0.6  # of the inputs, so that their zero point is not just the middle


class Page(Experiment):
    title = "Integer matmul"
    summary = ("Go through a quantised matrix product step by step, and notice that three corrections make the integer "
               "product exact: all that is lost is lost by rounding.")
    group = "Quantise"
    view = "matmul"
    order = 22
    PARAMS = (
        Param("step", "Step", "int", 1, lo=1, hi=len(STEPS), step=1, doc="From float numbers (1) to output codes (8)"),
        Param("row", "Chosen row", "int", 0, lo=0, hi=7, step=1, widget="number",
              doc="Of the output element that is spelled out; the last row if there are fewer"),
        Param("column", "Chosen column", "int", 0, lo=0, hi=7, step=1, widget="number",
              doc="Of the output element that is spelled out; the last column if there are fewer"),
        Param("rows", "Rows", "int", 3, lo=1, hi=8, step=1, doc="Inputs in the batch: rows of A and of the output"),
        Param("inner", "Inner size", "int", 4, lo=1, hi=16, step=1, doc="Numbers in each sum"),
        Param("columns", "Columns", "int", 4, lo=1, hi=8, step=1, doc="Outputs: rows of W, columns of the product"),
        Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, step=1, widget="number",
              doc="Decides the float numbers in both matrices"),
        Param("a_bits", "Bits of A", "int", 8, lo=2, hi=8, step=1, doc="Of each input code"),
        Param("a_scheme", "Scheme of A", "choice", "affine", choices=SCHEMES, widget="select",
              doc="Symmetric has the zero point 0"),
        Param("w_bits", "Bits of W", "int", 8, lo=2, hi=8, step=1, doc="Of each weight code"),
        Param("w_scheme", "Scheme of W", "choice", "affine", choices=SCHEMES, widget="select",
              doc="Symmetric has the zero point 0, and spares the correction of step 5"),
        Param("per", "A scale of W per", "choice", "tensor", choices=("tensor", "channel"), widget="select",
              doc="One for all weights, or one for each output"),
        Param("out_bits", "Output bits", "int", 8, lo=2, hi=8, step=1,
              doc="Of the output codes, on an affine grid that just holds this float product"),
        Param("rounding", "Requantise in", "choice", "single", choices=ROUNDINGS, widget="select",
              doc="Fixed point with one rounding, fixed point with two (double), or float32"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        self.walk = walk(params)

    def change(self, name: str, value: Value) -> list[str]:
        if name not in ("step", "row", "column", "rounding"):
            self.walk = walk(self.params)
        return []

    def steps(self) -> Iterator[Frame | None]:
        """All is done at once, in `frame`."""
        return iter(())

    def frame(self) -> Frame:
        way, rounding, step = self.walk, str(self.params["rounding"]), int(self.params["step"])
        (rows, columns), inner = way.y.shape, way.a.shape[1]
        row, column = min(int(self.params["row"]), rows - 1), min(int(self.params["column"]), columns - 1)
        errors = {name: asdict(each) | {"exact": each.exact} for name, each in way.errors(rounding).items()}
        return Frame(0, {
            "step": step, "steps": len(STEPS), "rows": rows, "inner": inner, "columns": columns, "row": row,
            "column": column, "rounding": rounding, "a": facts(way.qa.grid), "w": facts(way.qw.grid),
            "y": facts(way.y_grid), "bound": way.bound(), "check": way.check(), "errors": errors,
            "differ": way.differences(), "cell": way.cell(row, column, rounding),
            "near": way.nearby(row, column) if STEPS[step - 1] == "requantise" else None,
        }, pictures(way, rounding))


def walk(params: dict[str, Value]) -> Walk:
    """Normal inputs around CENTRE, and weights whose outputs differ in size, so that a scale for each pays."""
    seed, rows, inner, columns = (int(params[name]) for name in ("seed", "rows", "inner", "columns"))
    a = generator(seed, "matmul a").standard_normal((rows, inner)) + CENTRE
    rng = generator(seed, "matmul w")
    w = rng.standard_normal((columns, inner)) * rng.uniform(0.2, 1, (columns, 1))
    a, w = a.astype(np.float32), w.astype(np.float32)
    return Walk(a, w, quantize(a, int(params["a_bits"]), str(params["a_scheme"])),
                quantize(w, int(params["w_bits"]), str(params["w_scheme"]), str(params["per"])),
                int(params["out_bits"]))


def pictures(way: Walk, rounding: str) -> dict[str, np.ndarray]:
    """All matrices; W comes transposed, as it stands in the product. "_share" is of the largest, for colours."""
    final, apart = way.final(rounding), way.codes["single"] != way.codes["double"]
    return {
        "a": way.a, "a_codes": way.qa.codes.astype(np.int32), "a_after": way.qa.dequantize(), "w": way.w.T,
        "w_codes": way.qw.codes.T.astype(np.int32), "w_after": way.qw.dequantize().T, "y": way.y,
        **{f"term_{name}": term for name, term in zip(TERMS, way.terms, strict=True)},
        **{f"after_{name}": sums for name, sums in way.after.items()},
        "w_sums": row_sums(way.qw.codes), "a_sums": way.qa.codes.sum(axis=1, dtype=np.int32), "w_zeros": way.w_zero,
        "units": way.unit, "w_scales": np.broadcast_to(way.qw.scale, len(way.w)),
        "real": way.real, "real_error": way.real - way.y, "real_share": share(way.real - way.y),
        **{f"codes_{name}": codes for name, codes in way.codes.items()}, "codes": way.codes[rounding],
        "apart": (apart | (way.codes["single"] != way.codes["float"])).astype(np.uint8),
        "final": final, "final_error": final - way.y, "final_share": share(final - way.y),
        "ratios": way.ratio, "m0": way.multiplier.m0, "exponents": way.multiplier.exponent,
    }


def facts(grid: Grid) -> dict[str, Any]:
    """A grid as plain data; scale and zero point are those of the first channel where there are several."""
    return {"scale": float(grid.scale.flat[0]), "zero_point": int(grid.zero_point.flat[0]), "bits": grid.bits,
            "low": grid.low, "high": grid.high, "grids": int(grid.scale.size), "centred": not grid.zero_point.any()}


def share(x: np.ndarray) -> np.ndarray:
    """x in units of its largest magnitude; zeros stay zeros."""
    return (x / (np.abs(x).max() or 1)).astype(np.float32)
