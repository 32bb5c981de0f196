"""Simulator: a tensor of one's own on any grid, and where each of its numbers lands."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame, Idle
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.measure.histogram import edges, histogram
from pyapp.pages.base import controls, tensors
from pyapp.pages.base.picture import Cell, ends, lines
from pyapp.pages.panels import simulator as panels
from pyapp.quant.error import TensorErrors, compare
from pyapp.quant.schemes import (
    FLOAT_BYTES,
    MAX_BITS,
    Granularity,
    Grid,
    QuantizedTensor,
    make_grid,
)

GLANCE = (2, 4, 8, 16)
FINE_BITS = 7  # from here on the grid has too many lines for one picture, and a piece of it is shown enlarged
ZOOM_STEPS = 32  # of the enlarged piece
DRAWING = ("data", "rows", "columns", "seed")
PASTED = "The pasted values are shown; empty their field to draw numbers."
SEEDS = 9999  # that a press of the button goes through
SIGNED = {"usual": None, "signed": True, "unsigned": False}


class Page(Experiment):
    title = "Simulator"
    summary = ("Quantise a tensor of your own and see which numbers are rounded, which are clipped, and what each "
               "costs.")
    entry = "Rounding"
    order = 10
    NEXT = ("affine", "When is a zero point worth its price?")
    BAR = "{bits} bits, {errors.sqnr_db:decibels:1}"
    GROUPS = (("Grid", ("bits", "scheme", "codes", "per", "group", "clip")),
              ("Tensor", ("values", "data", "rows", "columns", "seed")), ("Number line", ("part", "zoom")))
    PANELS = panels.PANELS
    IDLE = (Idle(DRAWING, "values", "is not", ("",), "your pasted numbers are shown"),
            Idle(("group",), "per", "is not", ("group",), "there are no groups"))
    MAIN = ("bits", "scheme")
    RECORDED = ()
    PARAMS = (
        Param("values", "Paste values", "text", "", hi=50_000,
              doc="One row per line, numbers separated by spaces or commas, or an array as a program prints it. "
                  "Applied when you leave the field; leave empty for random numbers"),
        Param("data", "Drawn from", "choice", "normal", choices=(*tensors.DRAWN, *tensors.NETWORK),
              titles=controls.DATA_TITLES | controls.LAYER_TITLES,
              doc="A distribution, or a part of the pretrained digits network's weights"),
        controls.rows(16, 64, "Output channels of the drawn tensor"),
        controls.columns(32, 64, "Numbers in each row of the drawn tensor"),
        controls.seed("The same seed draws the same numbers"),
        controls.bits(4, "Bits per code: b bits give 2^b codes", hi=MAX_BITS),
        controls.scheme("Symmetric centres the grid on 0; affine fits the grid to the range of the numbers"),
        Param("codes", "Codes", "choice", "usual", choices=tuple(SIGNED),
              doc="Usual means signed for symmetric and unsigned for affine"),
        Param("per", "A scale per", "choice", "tensor", choices=("tensor", "channel", "group"),
              doc="Which numbers share a scale: all of them, one row, or a group of neighbours in a row"),
        Param("group", "Group size", "int", 8, lo=1, hi=64,
              doc="How many neighbours share a scale if there is one per group; the last group of a row may be "
                  "shorter"),
        Param("clip", "Clip range", "int", 100, lo=1, hi=100, unit="%",
              doc="How much of each range the grid covers: less makes finer steps and clips what lies outside"),
        Param("part", "Grid shown", "int", 0, lo=0, hi=tensors.LARGEST - 1, widget="number",
              doc="Which channel's or group's grid the number line shows, counted from 0"),
        Param("zoom", "Zoom position", "int", 50, lo=0, hi=100, unit="%",
              doc=f"With {FINE_BITS} or more bits, a piece of the grid is enlarged: at 0 % around the smallest number, "
                  "at 50 % around the median"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.pasted: np.ndarray | None = None
        self._said: list[str] = []  # how the pasted text was read, or why a link's could not be
        try:
            self._parse()
        except ParamError as error:
            self._said = self.refuse("values", error, "pasted values", tensors.DRAWN_INSTEAD)
        self.x = self._tensor()

    def unused(self, names: Iterable[str]) -> list[str]:
        return [PASTED] if self.pasted is not None and set(names) & set(DRAWING) else []

    def change(self, name: str, value: Any) -> list[str]:
        if name == "values":
            self._parse()
        self.x = self._tensor()
        return [PASTED] if name in DRAWING and self.pasted is not None else []

    def _parse(self) -> None:
        """Take the pasted tensor; none if nothing was pasted, ParamError if it is no tensor."""
        text = self.params["values"]
        self.pasted, self._said = tensors.pasted(text, "values") if text.strip() else (None, [])

    def _tensor(self) -> np.ndarray:
        """What was pasted, or else drawn; float32 (rows, columns)."""
        if self.pasted is not None:
            return self.pasted
        kind, seed = self.params["data"], self.params["seed"]
        shape = self.params["rows"], self.params["columns"]
        return tensors.weights(kind, shape, seed) if kind in tensors.NETWORK else tensors.draw(kind, shape, seed)

    @property
    def per(self) -> Granularity:
        kind = self.params["per"]
        return Granularity(kind, self.params["group"] if kind == "group" else None)

    def quantized(self, bits: int) -> tuple[QuantizedTensor, TensorErrors]:
        """The tensor on grids that cover the chosen part of each range, and what that loses."""
        part = np.float32(self.params["clip"] / 100)
        lowest, highest = (self.per.reduce(ufunc, self.x) * part for ufunc in (np.minimum, np.maximum))
        grid = make_grid(lowest, highest, bits, self.params["scheme"], SIGNED[self.params["codes"]], self.per)
        tensor = QuantizedTensor(grid.quantize(self.x), grid)
        return tensor, compare(self.x, tensor.dequantize(), grid.clips(self.x))

    def frame(self) -> Frame:
        tensor, errors = self.quantized(self.params["bits"])
        after, beyond = tensor.dequantize(), tensor.grid.clips(self.x)
        facts, arrays = self._number_line(Cell.of(tensor.grid, self.x.shape, self.params["part"]), tensor.grid)
        glance, pictures = self._glance(after)
        db_a_bit = (glance[2]["sqnr_db"] - glance[1]["sqnr_db"]) / (GLANCE[2] - GLANCE[1])
        scalars = {
            **self._facts(tensor), "cell": facts, **error_marks(facts["half_step"], facts["maximum"]), "glance": glance,
            "errors": {**asdict(errors), "exact": errors.exact},
            "shares": [] if errors.exact else [
                {"name": name, "role": role, "share": getattr(errors, name).mse / errors.mse}
                for name, role in (("rounding", "quant"), ("clipping", "bad"))],
            "db_a_bit": db_a_bit, "db_known": bool(np.isfinite(db_a_bit)),
            "limits": {"value": float(np.abs(self.x).max()), "error": errors.maximum},  # of the colours
            "codes_text": as_text(tensor.codes), **self._words(tensor.grid, errors),
        }
        arrays |= pictures | {
            "values": self.x, "codes": tensor.codes.astype(np.int32), "after": after, "error": after - self.x,
            "clipped": beyond.astype(np.uint8),
        }
        return Frame(0, scalars, arrays, self._said)

    def _facts(self, tensor: QuantizedTensor) -> dict[str, Any]:
        """Numbers, grids and size."""
        grid = tensor.grid
        return {
            "pasted": self.pasted is not None, "nothing": "", "next_seed": self.params["seed"] % SEEDS + 1,
            "count": self.x.size, "bits": grid.bits, "low": grid.low, "high": grid.high,
            "codes_used": int(np.unique(tensor.codes).size), "codes_there": grid.high - grid.low + 1,
            "short_group": self.x.shape[1] % grid.per.size if grid.per.kind == "group" else 0,
            "per": str(grid.per), "grids": int(grid.scale.size), "many": grid.scale.size > 1,
            "scale_min": float(grid.scale.min()), "scale_max": float(grid.scale.max()),
            "zeros": int((tensor.dequantize() == 0).sum()),
            "bytes": {"codes": tensor.nbytes - grid.nbytes, "grids": grid.nbytes, "all": tensor.nbytes,
                      "float": self.x.size * FLOAT_BYTES, "ratio": tensor.nbytes / (self.x.size * FLOAT_BYTES)},
        }

    def _words(self, grid: Grid, errors: TensorErrors) -> dict[str, Any]:
        """What depends on the settings in the page's sentences."""
        many, whole = grid.scale.size > 1, self.params["clip"] == 100
        clip_words = "" if not whole else (
            "The affine range was moved by up to half a step to put 0 on a line; a number at its end can be clipped by "
            "that much." if errors.clipping.count else
            "Nothing is clipped while the grid covers the whole range; lower “Clip range” to see clipping.")
        return {
            "owner": "The" if self.pasted is None else "Your", "of_grid": " of this grid" if many else "",
            "too_many": ", too many to draw except in the framed piece" if grid.bits >= FINE_BITS else "",
            "lone": ". All numbers are the same, and a lone number is always the end of its own grid"
                    if (self.x == self.x[0, 0]).all() else "",
            "shown": " shown" if many else "", "clip_words": clip_words,
            "grids_title": f"{grid.scale.size:,} grids" if many else "The grid",
            "grids_words": "Each has a scale of its own; the number line shows one of them." if many else
                           "One scale for all numbers.",
            "db_rest": "the rest is chance." if whole else
                       "what is clipped stays clipped, however many bits there are.",
            "fates": ["rounded", "clipped"], "clips": ["", ", clipped"],
        }

    def _number_line(self, cell: Cell, grids: Grid) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The shown grid, its numbers in ascending order, where each lands, and the lines that one can tell apart."""
        grid, values = cell.grid, np.sort(cell.of_matrix(self.x))
        codes = grid.quantize(values)
        after = grid.dequantize(codes)
        lowest, highest = ends(grid)
        window = [min(lowest, float(values[0])), max(highest, float(values[-1]))]
        first, last = (grid.low, grid.high) if grid.bits < FINE_BITS else self._zoomed(grid, codes)
        line_codes, line_values = lines(grid, first, last)
        error, clipped, half = after - values, grid.clips(values), float(grid.scale) / 2
        part = f", columns {cell.columns.start} to {cell.columns.stop - 1}" if grids.per.kind == "group" else ""
        facts = {"index": cell.index, "place": f"row {cell.rows.start}{part}", "previous": cell.index - 1,
                 "next": cell.index + 1, "is_first": cell.index == 0, "is_last": cell.index == grids.scale.size - 1,
                 "count": values.size, "scale": float(grid.scale), "half_step": half,
                 "zero_point": int(grid.zero_point), "lowest": lowest, "highest": highest,
                 "maximum": float(np.abs(error).max()), "fine": grid.bits >= FINE_BITS}
        return facts, {
            "cell_values": values, "cell_codes": codes.astype(np.int32), "cell_after": after,
            "cell_error": error, "cell_clipped": clipped.astype(np.uint8),
            **{f"{fate}_{name}": array[which] for fate, which in (("rounded", ~clipped), ("clipped", clipped))
               if which.any() for name, array in (("x", values), ("error", error))},
            "line_codes": line_codes, "line_values": line_values, "window": np.array(window, np.float64),
            "zoom": line_values[[0, -1]].astype(np.float64) + np.array([-0.5, 0.5]) * float(grid.scale),
        }

    def _zoomed(self, grid: Grid, codes: np.ndarray) -> tuple[int, int]:
        """First and last code of the piece that is enlarged, around one of the codes, which ascend."""
        middle = int(codes[round(self.params["zoom"] / 100 * (codes.size - 1))])
        first = min(max(middle - ZOOM_STEPS // 2, grid.low), grid.high - ZOOM_STEPS)
        return first, first + ZOOM_STEPS

    def _glance(self, after: np.ndarray) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """At 2, 4, 8 and 16 bits, all else as chosen: what is lost; and histograms before and after, on common bins."""
        made = [self.quantized(bits) for bits in GLANCE]
        rows = [{"bits": tensor.bits, "sqnr_db": errors.sqnr_db, "exact": errors.exact, "mean": errors.mean,
                 "maximum": errors.maximum, "bytes": tensor.nbytes, "chosen": tensor.bits == self.params["bits"]}
                for tensor, errors in made]
        bins = edges(self.x, after, *(tensor.dequantize() for tensor, _ in made))
        for row, (tensor, _) in zip(rows, made, strict=True):
            row["landed"] = histogram(tensor.dequantize(), bins).tolist()
        return rows, {
            "edges": bins, "before": histogram(self.x, bins), "histogram": histogram(after, bins),
        }


def error_marks(half: float, maximum: float) -> dict[str, Any]:
    """How far the picture of the errors reaches, and half a step, which rounding stays within."""
    most = max(half, maximum) or 1.0
    return {"error_ends": [-most, most], "half_steps": [
        {"kind": "horizontal", "y": half, "text": "half a step"}, {"kind": "horizontal", "y": -half}]}


def as_text(codes: np.ndarray) -> str:
    """Codes, one row per line, aligned below each other."""
    width = max(len(str(code)) for code in (codes.min(), codes.max()))
    return "\n".join(" ".join(f"{code:{width}}" for code in row) for row in codes.tolist())
