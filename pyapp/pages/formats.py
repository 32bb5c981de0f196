"""Formats: the numbers that each format has, one tensor in all of them, and what one outlier does to a block."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np

from pyapp.core.rng import generator
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Fact, Facts, Panel, Progress, Table, Words
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.experiment.pictures import Axis, Chart, Line
from pyapp.pages.base import controls, tensors
from pyapp.pages.base.matrix import levels
from pyapp.quant.error import compare
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.formats.gguf import GGUF
from pyapp.quant.formats.scales import SmallFloat
from pyapp.quant.formats.tensor import Format

SHAPE = 64, 256  # of a drawn tensor; GGUF's K formats have blocks of 256
BLOCK, PLACE = 32, 10  # and where the outlier is
RIVALS = ("int4", "mxfp4", "nvfp4", "nf4", "q4_0", "q4_k")  # of 4 bits and their scales, in one block with an outlier
OUTLIERS = tuple(float(x) for x in np.round(np.geomspace(1, 100, 25), 2))
FAMILIES = (("integers", "float", False, ("int2", "int3", "int4", "int5", "int6", "int7", "int8")),
            ("small floats", "float", "6 3", ("fp4", "fp6-e2m3", "fp8-e4m3")),
            ("microscaling", "quant", False, ("mxfp4", "mxfp6", "mxfp8")),
            ("GGUF K", "float", "2 2", ("q2_k", "q3_k", "q4_k", "q5_k", "q6_k")))
ALIKE = ("int8", "fp8-e4m3", "fp8-e5m2", "fp6-e2m3", "fp6-e3m2", "int4", "fp4", "nf4", "int2", "nf2", "ternary",
         "binary")
MOST_DB = 60  # of the axis; a tensor that a format holds exactly is beyond it

VALUES = Panel("values", "What each format can hold", (
    Words(text="Every number that a code can stand for, before the scale, drawn so that the largest is 1. Integers are "
               "evenly spaced; small floats and NF4 crowd around 0, where most weights are."),
    Chart(name="values", label="The numbers of {rows:count} formats on one axis; chosen: {title}.", x="levels",
          lines=(Line("float_rows", "float", x="float_dots", shape="dots"),
                 Line("quant_rows", "quant", x="quant_dots", shape="dots")),
          up=Axis(ends="row_ends", ticks="row_ticks"), across=Axis(ends="value_ends"), height=352,
          read="code {codes:fixed:0} stands for {levels}", told="A row per format, a dot per number, from −1 to 1."),
    Words(role="caption", name="about", text="[{title}](.quant): {about}"),
), empty="The number lines appear when Python has started.")
TABLE = Panel("all", "The same tensor in every format", (
    Words(text="{owner} {count:count} number{count:s}, with every format's own blocks and scales. Scales count: 4-bit "
               "codes with a scale of 16 bits for 32 numbers are 4.5 bits per number."),
    Progress(done="done", of="of", text="{done:count} of {of:count} formats measured"),
    Chart(name="race", label="Signal to noise over bits per number.", x="race_bits", lines="race",
          across=Axis(ends="race_across"), up=Axis(ends="race_up"), marks="race_marks", read="{race_bits:fixed:2} bits",
          caption="SQNR in decibels over bits per number; more is better, and the chosen format is marked"),
    Table(name="formats", rows="formats", pick="format", caption="Every format on the same tensor", columns=(
        Column("format", "title"), Column("bits per number", "bits:fixed:3", role="quant"),
        Column("[SQNR](?sqnr)", "sqnr_db:decibels:1"), Column("", bar=("share",), roles=("quant",)),
        Column("largest error", "maximum"), Column("bytes", "bytes:bytes"))),
    Facts(cards=True, live=True, facts=(
        Fact("chosen", ("{title}",), "chosen"), Fact("bits per number", ("bits:fixed:3",), "bits"),
        Fact("SQNR", ("sqnr_db:decibels:2",), "sqnr", "quant"), Fact("bytes", ("bytes:bytes",), "bytes"))),
), empty="Measured when Python has started.")
OUTLIER = Panel("outlier", "A block of 32 with one outlier", (
    Words(text="{block} normal numbers share a scale, and one of them is made **{outlier:fixed:1}** times as large as "
               "the largest of the others. What happens to the other {others}?"),
    Chart(name="block", label="A block before and after {title}.", x="places", read="number {places}: {block_values} "
          "becomes {block_after}", lines=(Line("block_values", "float", "before", shape="dots"),
                                          Line("block_after", "quant", "{title}", shape="dots"))),
    Chart(name="others", label="Error of the other numbers over the outlier's size.", x="sizes", lines="rivals",
          across=Axis(log=True), marks="outlier_mark", read="outlier of {sizes:fixed:1}",
          caption="SQNR of the others in decibels, over the size of the outlier"),
    Table(name="rivals", rows="rival_rows", pick="format", caption="Formats of about 4 bits in this block", columns=(
        Column("format", "title"), Column("SQNR of the others", "sqnr_db:decibels:1", role="quant"),
        Column("rounded to 0", "zeros:count"))),
), place="readouts", empty="The block appears when Python has started.")


class Page(Experiment):
    title = "Formats"
    summary = "Today's number formats beside plain integers: what they cost, and what an outlier does."
    entry = "Rounding"
    order = 13
    NEXT = ("tensors", "What do these formats cost a file of your own?")
    WORK = "auto"
    BAR = "{title}: {bits:fixed:2} bits, {sqnr_db:decibels:1}"
    GROUPS = (("Format", ("format", "outlier")), ("Tensor", ("values", "data", "seed")))
    PANELS = (VALUES, TABLE, OUTLIER)
    MAIN = ("format", "outlier")
    RECORDED, REHEARSED = (), 100
    PARAMS = (
        Param("format", "Format", "choice", "mxfp4", choices=tuple(FORMATS), live=True,
              titles={name: kind.title for name, kind in FORMATS.items()},
              doc="int: whole numbers; fp: small floats; nf: quantiles of the normal distribution; mx and nvfp4: "
                  "blocks with small scales; q: the blocks of GGUF files"),
        Param("outlier", "Outlier", "float", 10.0, lo=1, hi=100, log=True, live=True,
              doc="How many times as large as the largest other number of the block"),
        Param("values", "Paste values", "text", "", hi=50_000,
              doc="One row per line, numbers separated by spaces or commas, or an array as a program prints it. "
                  "Applied when you leave the field; leave empty for random numbers"),
        Param("data", "Drawn from", "choice", "normal", choices=(*tensors.DRAWN, *tensors.NETWORK),
              titles={**controls.DATA_TITLES, **controls.LAYER_TITLES},
              doc="A distribution, or a part of the pretrained digits network's weights"),
        controls.seed("The same seed draws the same numbers"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._said: list[str] = []
        self.x = np.zeros(SHAPE, np.float32)
        try:
            self._take()
        except ParamError as error:
            self.params["values"] = ""
            self._take()
            self._said = self.refuse("values", error, "pasted values", tensors.DRAWN_INSTEAD)

    def change(self, name: str, value: Any) -> list[str]:
        if name in ("values", "data", "seed"):
            self._take()
        return []

    def _take(self) -> None:
        """Take the pasted tensor, or else draw one; nothing is measured of it yet."""
        text, kind, seed = (self.params[name] for name in ("values", "data", "seed"))
        if text.strip():
            self.x, self._said = tensors.pasted(text, "values")
        else:
            self.x = tensors.weights(kind, SHAPE, seed) if kind in tensors.NETWORK else tensors.draw(kind, SHAPE, seed)
            self._said = []
        self.found: dict[str, dict[str, Any]] = {}

    def steps(self) -> Iterator[Frame]:
        """Measure one format per step."""
        for name in FORMATS:
            if name not in self.found:
                self.found[name] = self._measured(name)
                yield Frame(len(self.found))

    def _measured(self, name: str) -> dict[str, Any]:
        """The error and the bits of a format for the tensor; GGUF refuses scales beyond float16."""
        kind = FORMATS[name]
        row = {"name": name, "title": kind.title, "bits": kind.bits(self.x.shape)}
        try:
            coded = kind.encode(self.x)
        except ValueError as error:
            return {**row, "sqnr_db": None, "maximum": None, "bytes": None, "failed": str(error)}
        lost = compare(self.x, coded.dequantize())
        return {**row, "sqnr_db": lost.sqnr_db, "maximum": lost.maximum, "bytes": coded.nbytes}

    def frame(self) -> Frame:
        name = self.params["format"]
        chosen = self.found.get(name) or self._measured(name)
        reals, codes = levels_of(name)
        drawn = rows_of(name)
        seed, outlier = self.params["seed"], self.params["outlier"]
        block = block_of(seed, outlier)
        after = FORMATS[name].encode(block[None]).dequantize()[0]
        best = max((row["sqnr_db"] for row in self.found.values() if finite(row["sqnr_db"])), default=1.0)
        formats = sorted(({**row, "share": row["sqnr_db"] / best if finite(row["sqnr_db"]) else 0.0}
                          for row in self.found.values()), key=lambda row: (row["bits"], row["name"]))
        scalars = {
            **{key: chosen[key] for key in ("title", "bits", "sqnr_db", "bytes")}, "about": about(name),
            "owner": "Your" if self.params["values"].strip() else "The",
            "count": self.x.size, "rows": len(drawn), "row_ends": [-0.6, len(drawn) - 0.4],
            "row_ticks": [{"at": i, "text": FORMATS[other].title} for i, other in enumerate(drawn)],
            "value_ends": [-1.05, 1.05], "formats": formats, "done": len(self.found), "of": len(FORMATS),
            "race": self._race(), "race_across": [1, 9], "race_up": [0, MOST_DB],
            "race_marks": [{"kind": "point", "x": chosen["bits"], "y": min(chosen["sqnr_db"], MOST_DB),
                            "text": chosen["title"], "role": "quant"}] if finite(chosen["sqnr_db"]) else [],
            "block": BLOCK, "others": BLOCK - 1, "outlier": outlier, "rival_rows": rivals_of(seed, outlier),
            "rivals": self._rivals(), "outlier_mark": [{"kind": "vertical", "x": outlier, "role": "faint"}],
        }
        arrays = {**number_lines(name), "levels": reals, "codes": codes, "race_bits": np.arange(1, 9, dtype=np.float64),
                  "places": np.arange(1, BLOCK + 1, dtype=np.int32), "block_values": block, "block_after": after,
                  "sizes": np.array(OUTLIERS)}
        return Frame(len(self.found), scalars, arrays, self._said)

    def _race(self) -> list[dict[str, Any]]:
        """SQNR over bits per number, one line per family, as far as it is measured."""
        lines = []
        for label, role, dash, names in FAMILIES:
            rows = [self.found[name] for name in names if name in self.found and finite(self.found[name]["sqnr_db"])]
            if len(rows) > 1:
                lines.append({"x": [row["bits"] for row in rows], "y": [min(row["sqnr_db"], MOST_DB) for row in rows],
                              "role": role, "dash": dash, "label": label})
        return lines

    def _rivals(self) -> list[dict[str, Any]]:
        """The error of formats of about 4 bits on the numbers beside an outlier, over its size."""
        curves = curves_of(self.params["seed"])
        return [{"y": curves[name], "label": FORMATS[name].title,
                 "role": "quant" if name == self.params["format"] else "float", "dash": dash}
                for name, dash in zip(RIVALS, (False, "6 3", "2 2", "8 2 2 2", "1 3", "10 4"), strict=True)]


def block_of(seed: int, outlier: float) -> np.ndarray:
    """Normal numbers, float32 (32,), of which one is `outlier` times the largest other."""
    x = generator(seed, "block").standard_normal(BLOCK).astype(np.float32)
    x[PLACE] = 0
    x[PLACE] = np.abs(x).max() * np.float32(outlier)
    return x


@lru_cache(maxsize=1)
def rivals_of(seed: int, outlier: float) -> list[dict[str, Any]]:
    """The error of formats of about 4 bits on the numbers beside one outlier."""
    block = block_of(seed, outlier)[None]
    return [{"name": name, "title": FORMATS[name].title, **others(name, block)[0]} for name in RIVALS]


@lru_cache(maxsize=1)
def curves_of(seed: int) -> dict[str, list[float]]:
    """By format, SQNR of these numbers for outliers of all sizes."""
    blocks = np.stack([block_of(seed, size) for size in OUTLIERS])
    return {name: [one["sqnr_db"] for one in others(name, blocks)] for name in RIVALS}


def finite(x: float | None) -> bool:
    return x is not None and bool(np.isfinite(x))


@cache
def levels_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The finite numbers of a format's codes, ascending, the largest 1, float32, and the codes. GGUF's are integers."""
    kind = FORMATS[name]
    if isinstance(kind, GGUF):
        count = 1 << kind.layout.codes.shape[1]
        codes = np.arange(count) - (count // 2 if kind.layout.minima is None and len(kind.layout.halves) < 2 else 0)
        return (codes / np.abs(codes).max()).astype(np.float32), codes.astype(np.int32)
    codes, values = levels(kind.elements)
    return values / np.float32(kind.elements.largest), codes


def rows_of(chosen: str) -> tuple[str, ...]:
    """The formats whose number lines are drawn, from the lowest; the chosen one is among them, or else on top."""
    return (*reversed(ALIKE), *([] if chosen in ALIKE else [chosen]))


def number_lines(chosen: str) -> dict[str, np.ndarray]:
    """The dots of all rows, those of the chosen format apart."""
    arrays = {}
    for role, here in ("float", False), ("quant", True):
        rows = [(i, levels_of(name)[0]) for i, name in enumerate(rows_of(chosen)) if (name == chosen) is here]
        arrays[f"{role}_dots"] = np.concatenate([reals for _, reals in rows])
        arrays[f"{role}_rows"] = np.repeat([row for row, _ in rows], [len(reals) for _, reals in rows]
                                           ).astype(np.float32)
    return arrays


def others(name: str, blocks: np.ndarray) -> list[dict[str, Any]]:
    """SQNR of the numbers of each block (N, 32) beside its outlier, and how many of them became 0."""
    kind, small = FORMATS[name], np.arange(BLOCK) != PLACE
    if isinstance(kind, Format) and kind.per.kind == "tensor":
        kind = kind.with_per(f"group:{BLOCK}")  # a block is a tensor of its own
    alone = isinstance(kind, Format) and isinstance(kind.rule, SmallFloat)  # the tensor has a scale beside the blocks'
    parts = np.split(blocks, len(blocks)) if alone else [blocks]
    after = np.concatenate([kind.encode(part).dequantize() for part in parts])
    return [{"sqnr_db": compare(x[small], y[small]).sqnr_db, "zeros": int((y[small] == 0).sum())}
            for x, y in zip(blocks, after, strict=True)]


def about(name: str) -> str:
    """A sentence about a format."""
    kind = FORMATS[name]
    if isinstance(kind, GGUF):
        searched = " Scales come from a search of our own: llama.cpp's may lose more or less." if kind.searched else ""
        return f"blocks of {kind.layout.block} numbers, as llama.cpp stores them; from {kind.source}.{searched}"
    per = {"tensor": "one scale per tensor", "channel": "one scale per row"}.get(
        kind.per.kind, f"one scale per {kind.per.size} numbers")
    ternary = " Symmetric grids of 2 bits are ternary." if name in ("int2", "ternary") else ""
    return f"{np.unique(levels_of(name)[0]).size} different values, {per}; {kind.source}.{ternary}"
