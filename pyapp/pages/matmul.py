"""Integer matmul: a small product of matrices from floats to output codes, one step at a time."""

from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.core.rng import generator
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Values
from pyapp.pages.base import controls
from pyapp.pages.base.walk import TERMS, Walk
from pyapp.pages.panels import matmul as panels
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.matmul import row_sums
from pyapp.quant.schemes import SCHEMES, Grid, quantize

STEPS = tuple(step.name for step in panels.STEPS)
CENTRE = 0.6  # of the inputs, so that their zero point is not just the middle
RULES = {"single": "in fixed point, rounded once", "double": "in fixed point, rounded twice", "float": "in float32"}


class Page(Experiment):
    title = "Integer matmul"
    summary = "Step through an integer matrix product: three corrections make it exact."
    entry = "Integer network"
    tab = "Matrix product"
    order = 31
    NEXT = ("arena", "Is an int8 product faster than a float32 one in this browser?")
    BAR = "step {step} of {steps}: {label}"
    GROUPS = (("Shape", ("rows", "inner", "columns", "seed")),
              ("Grids", ("a_bits", "a_scheme", "w_bits", "w_scheme", "per")), ("Output", ("out_bits", "rounding")))
    PANELS = panels.PANELS
    MAIN = ("a_bits", "w_bits")
    RECORDED = ()
    PARAMS = (
        Param("step", "Step", "int", 1, lo=1, hi=len(STEPS), doc="From float32 numbers (1) to output codes (8)"),
        Param("row", "Chosen row", "int", 1, lo=1, hi=8, widget="number",
              doc="Row of the output element that is spelled out (1 = first); the last row if there are fewer"),
        Param("column", "Chosen column", "int", 1, lo=1, hi=8, widget="number",
              doc="Column of the output element that is spelled out (1 = first); the last column if there are fewer"),
        controls.rows(3, 8, "Inputs in the batch: rows of A and of the output"),
        Param("inner", "Inner size", "int", 4, lo=1, hi=16, doc="Numbers in each sum"),
        controls.columns(4, 8, "Outputs: rows of W, columns of the product"),
        controls.seed("Decides the float32 numbers in both matrices"),
        controls.bits(8, "Bits per input code", name="a_bits", label="Bits of A"),
        Param("a_scheme", "Scheme of A", "choice", "affine", choices=SCHEMES, doc="Symmetric has the zero point 0"),
        controls.bits(8, "Bits per weight code", name="w_bits", label="Bits of W"),
        Param("w_scheme", "Scheme of W", "choice", "affine", choices=SCHEMES,
              doc="Symmetric has the zero point 0, which makes the correction in step 5 unnecessary"),
        controls.per("tensor", groups=(), label="One scale per",
                     doc="Weights that share a scale: all of W, or those of one output"),
        controls.bits(8, "Bits per output code, on an affine grid that just covers this float32 product",
                      name="out_bits", label="Output bits"),
        Param("rounding", "Requantise in", "choice", "single", choices=ROUNDINGS, titles=controls.ROUNDING_TITLES,
              doc="Fixed point with one rounding, fixed point with two, or a float32 factor"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.walk = walk(params)

    def change(self, name: str, value: Any) -> list[str]:
        if name not in ("step", "row", "column", "rounding"):
            self.walk = walk(self.params)
        return []

    def frame(self) -> Frame:
        way, rounding, step = self.walk, self.params["rounding"], self.params["step"]
        (rows, columns), inner = way.y.shape, way.a.shape[1]
        row, column = (min(self.params[name], n) - 1 for name, n in (("row", rows), ("column", columns)))
        errors = {name: asdict(each) | {"exact": each.exact} for name, each in way.errors(rounding).items()}
        numbers, bound = {name: number for number, name in enumerate(STEPS, 1)}, way.bound()
        last = numbers["requantise"] == step
        scalars = {
            "step": step, "steps": len(STEPS), "label": panels.STEPS[step - 1].label, "numbers": numbers,
            "previous": max(step - 1, 1), "next": min(step + 1, len(STEPS)),
            "at": {name: number == step for name, number in numbers.items()},
            "reached": {name: number <= step for name, number in numbers.items()},
            "by": {"fixed": last and rounding != "float"} | {rule: last and rounding == rule for rule in ROUNDINGS},
            "rows": rows, "inner": inner, "columns": columns, "row": row + 1, "column": column + 1,
            "index": {"row": row, "column": column},
            "grids": {"a": facts(way.qa.grid), "w": facts(way.qw.grid), "y": facts(way.y_grid)},
            "each": way.qw.scale.size > 1, "bound": bound | {"percent": 100 * bound["share"]}, "check": way.check(),
            "errors": errors, "differ": way.differences(), "cell": way.cell(row, column, rounding),
            "near": way.nearby(row, column) if last else None,
        }
        return Frame(0, scalars | {"said": said(scalars, RULES[rounding])}, pictures(way, rounding))


def said(of: dict[str, Any], rule: str) -> dict[str, str]:
    """The words that depend on grids, rule and element; `of` are the frame's scalars."""
    (a, w, y), cell = of["grids"].values(), of["cell"]

    def nothing(zero: bool, what: str) -> str:
        return f" Here **{what} is 0**, so there is nothing to correct." if zero else ""

    def factor(n: int) -> str:
        return f"({n})".replace("-", "−") if n < 0 else str(n)

    return {
        "w_grid": "scale and zero point for each output, below its column" if of["each"] else
                  "scale **{grids.w.scale}**, zero point **{grids.w.zero_point:fixed:0}**",
        "w_zero": "of each output" if of["each"] else "= **{grids.w.zero_point:fixed:0}**",
        "no_a": nothing(a["centred"], "$z_a$"), "no_w": nothing(w["centred"], "$z_w$"),
        "no_zero": nothing(a["centred"] or w["centred"], "a zero point"), "rule": rule,
        "of_column": "of column {column} " if of["each"] else "",
        "nearest": " The nearest:" if of["near"] and of["near"]["examples"] else "",
        "w_sum": factor(cell["w_sum"]), "a_sum": factor(cell["a_sum"]),
        "clamped": f", clamped to {y['low']}..{y['high']}" if cell["clamped"] else "",
        "onnx": "are" if of["check"]["onnx"] else "differ from",
    }


def walk(params: Values) -> Walk:
    """Normal inputs around CENTRE, and weights whose outputs differ in size, so that a scale for each pays."""
    seed, rows, inner, columns = (params[name] for name in ("seed", "rows", "inner", "columns"))
    a = generator(seed, "matmul a").standard_normal((rows, inner)) + CENTRE
    rng = generator(seed, "matmul w")
    w = rng.standard_normal((columns, inner)) * rng.uniform(0.2, 1, (columns, 1))
    a, w = a.astype(np.float32), w.astype(np.float32)
    return Walk(a, w, quantize(a, params["a_bits"], params["a_scheme"]),
                quantize(w, params["w_bits"], params["w_scheme"], params["per"]), params["out_bits"])


def pictures(way: Walk, rounding: str) -> dict[str, np.ndarray]:
    """All matrices; W is transposed, as it stands in the product. "_share" is the share of the largest, for colours."""
    final, apart = way.final(rounding), way.codes["single"] != way.codes["double"]
    return {
        "a": way.a, "a_codes": way.qa.codes.astype(np.int32), "a_after": way.qa.dequantize(), "w": way.w.T,
        "w_codes": way.qw.codes.T.astype(np.int32), "w_after": way.qw.dequantize().T, "y": way.y,
        **{f"term_{name}": term for name, term in zip(TERMS[1:], way.terms[1:], strict=True)},
        **{f"after_{name}": sums for name, sums in way.after.items()},
        "w_sums": row_sums(way.qw.codes)[None], "a_sums": way.qa.codes.sum(axis=1, dtype=np.int32)[:, None],
        "w_zeros": way.w_zero[None], "w_scales": np.broadcast_to(way.qw.scale, (1, len(way.w))),
        "real": way.real, "real_error": way.real - way.y, "real_share": share(way.real - way.y),
        "codes": way.codes[rounding], "apart": (apart | (way.codes["single"] != way.codes["float"])).astype(np.uint8),
        "final": final, "final_error": final - way.y, "final_share": share(final - way.y),
    }


def facts(grid: Grid) -> dict[str, Any]:
    """A grid as plain data; scale and zero point are those of the first channel where there are several."""
    return {"scale": float(grid.scale.flat[0]), "zero_point": int(grid.zero_point.flat[0]), "bits": grid.bits,
            "low": grid.low, "high": grid.high, "grids": int(grid.scale.size), "centred": not grid.zero_point.any()}


def share(x: np.ndarray) -> np.ndarray:
    """x in units of its largest magnitude; zeros stay zeros."""
    return (x / (np.abs(x).max() or 1)).astype(np.float32)
