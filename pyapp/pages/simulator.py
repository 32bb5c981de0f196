"""Simulator: any tensor, such as the reader's own, on any grid or in any format, and where each number lands."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame, Idle
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.measure.histogram import edges, histogram
from pyapp.pages.base import controls, format_controls, tensors
from pyapp.pages.base.matrix import Matrix, matrix
from pyapp.pages.panels import simulator as panels
from pyapp.quant.error import TensorErrors, compare
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.formats.gguf import GGUF
from pyapp.quant.parameters import Encoded
from pyapp.quant.schemes import FLOAT_BYTES, GRID, MAX_BITS, Granularity, QuantizedTensor, make_grid

GLANCE = (2, 4, 8, 16)
RIVALS = ("nf4", "mxfp4", "nvfp4", "q4_0")  # formats with codes of 4 bits, at a glance
LOOKS = "part", "zoom"  # of the same tensor on the same grids
FINE = 100  # a grid of more lines is too fine for one picture, and a piece of it is shown enlarged
ZOOM_STEPS = 32  # of the enlarged piece
CLIPS_IN_FORMATS = ("A format's own rule sets its scales: powers of two may leave the largest numbers outside, and "
                    "mean magnitudes leave many.")
DRAWING = ("data", "rows", "columns", "seed")
PASTED = "The pasted values are shown; empty their field to draw numbers."
SEEDS = 9999  # that a press of the button goes through
SIGNED = {"usual": None, "signed": True, "unsigned": False}


class Page(Experiment):
    title = "Simulator"
    summary = "Quantise your own tensor: see what is rounded, what is clipped, and what each costs."
    entry = "Rounding"
    order = 10
    NEXT = ("affine", "When is a zero point worth its price?")
    BAR = "{form}, {errors.sqnr_db:decibels:1}"
    GROUPS = (("Grid", ("format", "bits", "scheme", "codes", "per", "group", "clip")),
              ("Tensor", ("values", "data", "rows", "columns", "seed")), ("Number line", LOOKS))
    PANELS = panels.PANELS
    IDLE = (Idle(DRAWING, "values", "is not", ("",), "your pasted numbers are shown"),
            Idle(("group",), "per", "is not", ("group",), "there are no groups"),
            format_controls.idle_in_formats("bits", "scheme", "codes", "per", "clip"))
    MAIN = ("format", "bits")
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
        format_controls.number_format(),
        controls.bits(4, "Bits per code: b bits give 2^b codes", hi=MAX_BITS),
        controls.scheme("Symmetric centres the grid on 0; affine fits the grid to the range of the numbers"),
        Param("codes", "Codes", "choice", "usual", choices=tuple(SIGNED),
              doc="Usual means signed for symmetric and unsigned for affine"),
        controls.per("tensor", label="One scale per", choices=("tensor", "channel", "group"), titles=None,
                     doc="Which numbers share a scale: all of them, one row, or a group of neighbours in a row"),
        Param("group", "Group size", "int", 8, lo=1, hi=64,
              doc="How many neighbours share a scale if there is one per group; the last group of a row may be "
                  "shorter"),
        Param("clip", "Clip range", "int", 100, lo=1, hi=100, unit="%",
              doc="How much of each range the grid covers: less makes finer steps and clips what lies outside"),
        Param("part", "Grid shown", "int", 1, lo=1, hi=tensors.LARGEST, widget="number",
              doc="Which channel's or group's grid the number line shows (1 = first)"),
        Param("zoom", "Zoom position", "int", 50, lo=0, hi=100, unit="%",
              doc="With codes of 7 or more bits, a piece of the grid is enlarged: at 0 % around the smallest number, "
                  "at 50 % around the median"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.pasted: np.ndarray | None = None
        self._refused: list[str] = []  # why a link's format could not be used
        self._said: list[str] = []  # how the pasted text was read, or why a link's could not be
        try:
            self._parse()
        except ParamError as error:
            self._said = self.refuse("values", error, "pasted values", tensors.DRAWN_INSTEAD)
        self.x = self._tensor()
        try:
            self._encode("format")
        except ParamError as error:
            self._refused = [f"{error}. A uniform grid is shown"]
            self.refused["format"], self.params["format"] = error, GRID
            self._encode("format")

    def unused(self, names: Iterable[str]) -> list[str]:
        return [PASTED] if self.pasted is not None and set(names) & set(DRAWING) else []

    def change(self, name: str, value: Any) -> list[str]:
        self._refused, refused = [], self._refused
        if name in LOOKS:  # GGUF's search for scales would take a tenth of a second for each step of the slider
            return []
        before = self.pasted, self._said, self.x
        try:
            if name == "values":
                self._parse()
            self.x = self._tensor()
            self._encode(name)
        except ParamError:
            self.pasted, self._said, self.x = before
            self._refused = refused
            raise
        return [PASTED] if name in DRAWING and self.pasted is not None else []

    def _parse(self) -> None:
        """Take the pasted tensor; none if nothing was pasted, ParamError if it is no tensor."""
        text = self.params["values"]
        self.pasted, self._said = tensors.pasted(text, "values") if text.strip() else (None, [])

    def _tensor(self) -> np.ndarray:
        """The tensor that was pasted, or else one that is drawn; float32 (rows, columns)."""
        if self.pasted is not None:
            return self.pasted
        kind, seed = self.params["data"], self.params["seed"]
        shape = self.params["rows"], self.params["columns"]
        return tensors.weights(kind, shape, seed) if kind in tensors.NETWORK else tensors.draw(kind, shape, seed)

    @property
    def per(self) -> Granularity:
        kind = self.params["per"]
        return Granularity(kind, self.params["group"] if kind == "group" else None)

    def on_grid(self, bits: int) -> QuantizedTensor:
        """The tensor on grids that cover the chosen part of each range."""
        part = np.float32(self.params["clip"] / 100)
        lowest, highest = (self.per.reduce(ufunc, self.x) * part for ufunc in (np.minimum, np.maximum))
        grid = make_grid(lowest, highest, bits, self.params["scheme"], SIGNED[self.params["codes"]], self.per)
        return QuantizedTensor(grid.quantize(self.x), grid)

    def _encode(self, changed: str) -> None:
        """Put the tensor on the chosen grid or in the chosen format. ParamError if that cannot hold it."""
        name = self.params["format"]
        try:
            self.tensor = self.on_grid(self.params["bits"]) if name == GRID else FORMATS[name].encode(self.x)
        except ValueError as error:
            raise ParamError(changed, f"{FORMATS[name].title}: {error}", "choose another format, or a uniform grid"
                             ) from None

    def frame(self) -> Frame:
        shown, after = matrix(self.tensor), self.tensor.dequantize()
        beyond = shown.clips(self.x)
        errors = compare(self.x, after, beyond)
        facts, arrays = self._number_line(shown, after, beyond)
        words = self._words(shown, errors)
        glance, pictures = self._glance(after)
        db_a_bit = ((glance[2]["sqnr_db"] - glance[1]["sqnr_db"]) / (GLANCE[2] - GLANCE[1])
                    if isinstance(self.tensor, QuantizedTensor) else float("nan"))
        scalars = {
            **self._facts(shown, after), "cell": facts,
            **error_marks(facts["half_step"], facts["maximum"], words["half"]),
            "errors": {**asdict(errors), "exact": errors.exact},
            "shares": [] if errors.exact else [
                {"name": name, "role": role, "share": getattr(errors, name).mse / errors.mse}
                for name, role in (("rounding", "quant"), ("clipping", "bad"))],
            "db_a_bit": db_a_bit if (known := bool(np.isfinite(db_a_bit))) else None, "db_known": known,
            "limits": {"value": float(np.abs(self.x).max()), "error": errors.maximum},  # of the colours
            "codes_text": as_text(shown.codes), **words, "glance": glance,
        }
        arrays |= pictures | {
            "values": self.x, "codes": shown.codes, "after": after, "error": after - self.x,
            "clipped": beyond.astype(np.uint8),
        }
        return Frame(0, scalars, arrays, self._said + self._refused)

    def _facts(self, shown: Matrix, after: np.ndarray) -> dict[str, Any]:
        """Numbers, grids and size."""
        tensor, count = self.tensor, self.x.size
        scales = tensor.nbytes - int(np.ceil(count * self._code_bits() / 8))
        return {
            "pasted": self.pasted is not None, "nothing": "", "next_seed": self.params["seed"] % SEEDS + 1,
            "count": count, "form": format_controls.in_words(self.params), "on_grid": self.params["format"] == GRID,
            "low": int(shown.all_codes.min()), "high": int(shown.all_codes.max()),
            "codes_used": int(np.unique(shown.codes).size), "codes_there": shown.all_codes.size,
            "short_group": self.x.shape[1] % shown.per.size if shown.per.kind == "group" else 0,
            "grids": shown.scales.size, "many": shown.scales.size > 1,
            "scale_min": float(shown.scales.min()), "scale_max": float(shown.scales.max()),
            "zeros": int((after == 0).sum()),
            "bytes": {"codes": tensor.nbytes - scales, "grids": scales, "all": tensor.nbytes,
                      "each": 8 * tensor.nbytes / count, "float": count * FLOAT_BYTES,
                      "ratio": tensor.nbytes / (count * FLOAT_BYTES)},
        }

    def _code_bits(self) -> float:
        """Bits per number, without scales."""
        kind = None if isinstance(self.tensor, QuantizedTensor) else self.tensor.format
        if kind is None:
            return self.tensor.bits
        return kind.layout.codes.shape[1] if isinstance(kind, GGUF) else kind.elements.bits

    def _words(self, shown: Matrix, errors: TensorErrors) -> dict[str, Any]:
        """The parts of the page's sentences that depend on the settings."""
        many, on_grid = shown.scales.size > 1, self.params["format"] == GRID
        whole = self.params["clip"] == 100
        clip_words = CLIPS_IN_FORMATS if not on_grid else "" if not whole else (
            "The affine range was moved by up to half a step to put 0 on a line; a number at its end can be clipped by "
            "that much." if errors.clipping.count else
            "Nothing is clipped while the grid covers the whole range; lower “Clip range” to see clipping.")
        return {
            "owner": "The" if self.pasted is None else "Your", "of_grid": " of this grid" if many else "",
            "too_many": ", too many to draw except in the framed piece" if shown.all_codes.size > FINE else "",
            "lone": ". All numbers are the same, and a lone number is always the end of its own grid"
                    if (self.x == self.x[0, 0]).all() else "",
            "shown": " shown" if many else "", "clip_words": clip_words,
            "grids_title": f"{shown.scales.size:,} grids" if many else "The grid",
            "grids_words": "Each has a scale of its own; the number line shows one of them." if many else
                           "One scale for all numbers.",
            "and_zeros": " and zero points" if on_grid else "",
            "half": "half a step" if on_grid else "half the widest gap",
            "db_rest": "the rest is chance." if whole or not on_grid else
                       "what is clipped stays clipped, however many bits there are.",
            "fates": ["rounded", "clipped"], "clips": ["", ", clipped"],
        }

    def _number_line(self, shown: Matrix, after: np.ndarray, beyond: np.ndarray
                     ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The shown grid, its numbers in ascending order, where each lands, and the lines that one can tell apart."""
        cell = shown.cell(self.params["part"] - 1)
        order = np.argsort(cell.of_matrix(self.x), kind="stable")
        values, codes, after, clipped = (cell.of_matrix(all_)[order] for all_ in (self.x, shown.codes, after, beyond))
        lines, fine = cell.lines, cell.lines.size > FINE
        lowest, highest = float(lines[0]), float(lines[-1])
        window = [min(lowest, float(values[0])), max(highest, float(values[-1]))]
        piece = self._zoomed(lines, after) if fine else slice(0, lines.size)
        gap = float(np.diff(lines[piece]).max(initial=0))
        error = after - values
        part = f", columns {cell.columns.start + 1} to {cell.columns.stop}" if shown.per.kind == "group" else ""
        facts = {"index": cell.index, "place": f"row {cell.rows.start + 1}{part}", "previous": cell.index,
                 "next": cell.index + 2, "is_first": cell.index == 0, "is_last": cell.index == shown.scales.size - 1,
                 "count": values.size, "scale": cell.scale, "half_step": cell.half_step,
                 "zero_point": cell.zero_point, "lowest": lowest, "highest": highest,
                 "maximum": float(np.abs(error).max()), "fine": fine}
        return facts, {
            "cell_values": values, "cell_codes": codes, "cell_after": after,
            "cell_error": error, "cell_clipped": clipped.astype(np.uint8),
            **{f"{fate}_{name}": array[which] for fate, which in (("rounded", ~clipped), ("clipped", clipped))
               if which.any() for name, array in (("x", values), ("error", error))},
            "line_codes": cell.codes[piece], "line_values": lines[piece], "window": np.array(window, np.float64),
            "zoom": lines[piece][[0, -1]].astype(np.float64) + np.array([-0.5, 0.5]) * gap,
        }

    def _zoomed(self, lines: np.ndarray, after: np.ndarray) -> slice:
        """The piece of the lines that is enlarged, around one of the numbers after, which ascend."""
        middle = int(np.searchsorted(lines, after[round(self.params["zoom"] / 100 * (after.size - 1))]))
        first = min(max(middle - ZOOM_STEPS // 2, 0), lines.size - 1 - ZOOM_STEPS)
        return slice(first, first + ZOOM_STEPS + 1)

    def _glance(self, after: np.ndarray) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """At 2, 4, 8 and 16 bits, all else as chosen, or in four formats: what is lost; and histograms before and
        after, on common bins."""
        form, bits = self.params["format"], self.params["bits"]
        if form == GRID:
            made = [({"bits": at, "chosen": at == bits}, self.on_grid(at)) for at in GLANCE]
        else:
            made = [({"name": name, "title": FORMATS[name].title, "chosen": name == form}, tensor)
                    for name in RIVALS if (tensor := self._in_format(name)) is not None]
        bins = edges(self.x, after, *(tensor.dequantize() for _, tensor in made))
        rows = []
        for what, tensor in made:
            errors = compare(self.x, tensor.dequantize())
            rows.append({**what, "sqnr_db": errors.sqnr_db, "exact": errors.exact, "mean": errors.mean,
                         "maximum": errors.maximum, "bytes": tensor.nbytes,
                         "landed": histogram(tensor.dequantize(), bins).tolist()})
        return rows, {
            "edges": bins, "before": histogram(self.x, bins), "histogram": histogram(after, bins),
        }

    def _in_format(self, name: str) -> Encoded | None:
        """The tensor in a format; None if the format cannot hold these numbers."""
        try:
            return FORMATS[name].encode(self.x)
        except ValueError:
            return None


def error_marks(half: float, maximum: float, text: str) -> dict[str, Any]:
    """How far the picture of the errors reaches, and half a step, which rounding stays within."""
    most = max(half, maximum) or 1.0
    return {"error_ends": [-most, most], "half_steps": [
        {"kind": "horizontal", "y": half, "text": text}, {"kind": "horizontal", "y": -half}]}


def as_text(codes: np.ndarray) -> str:
    """Codes, one row per line, aligned below each other."""
    width = max(len(str(code)) for code in (codes.min(), codes.max()))
    return "\n".join(" ".join(f"{code:{width}}" for code in row) for row in codes.tolist())
