"""Tensors: a file of the reader's, what its tensors are like, and what each number format costs them."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.data.tensors.opening import open_tensors
from pyapp.data.tensors.tensor import Tensor
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Fact, Facts, Panel, Progress, Table, Words
from pyapp.experiment.params import Param, Values
from pyapp.measure.tensor_formats import KEPT, Cost, best, bits_of, cost, looked_at, summary
from pyapp.measure.tensor_statistics import Statistics
from pyapp.quant.formats.catalogue import FORMATS

OWN = "the digits network"
SAMPLE = 4096  # numbers of a tensor on which formats are measured
MOST, ROWS = 300, 100  # tensors that are measured, and that are listed
STATISTICS = tuple(field.name for field in fields(Statistics))
COLUMNS = {"place": "order in the file", "numbers": "numbers", "mean_magnitude": "mean magnitude",
           "maximum": "largest magnitude", "kurtosis": "kurtosis", "zeros": "zeros", "outliers": "outliers",
           "bits": "bits", "sqnr_db": "SQNR"}

LIST = Panel("list", "The tensors in {file}", (
    Words(text="**{tensors:count} tensor{tensors:s}, {numbers:count} numbers, {bytes:bytes}.** The format beside each "
               "has the highest [SQNR](?sqnr) of those that take at most {params.bits:fixed:2} bits a number, scales "
               "counted."),
    Progress(done="done", of="of", text="{done:count} of {of:count} measurements"),
    Words(role="note", text="{cut}", when="cut"),
    Table(name="tensors", rows="rows", pick="tensor", sort="sort", best="largest", caption="Tensors", columns=(
        Column("tensor", "name", about="{note}"), Column("shape", "shape"), Column("type", "dtype"),
        Column("mean |x|", "mean_magnitude:small", sort="mean_magnitude", largest=True),
        Column("max |x|", "maximum:small", sort="maximum", largest=True),
        Column("kurtosis", "kurtosis:fixed:2", sort="kurtosis", largest=True),
        Column("zeros", "zeros:percent:2", sort="zeros", largest=True),
        Column("beyond 4 σ", "outliers:percent:2", sort="outliers", largest=True),
        Column("format", "format", role="quant"), Column("bits", "bits:fixed:2", sort="bits", largest=True),
        Column("SQNR", "sqnr_db:decibels:1", role="quant", sort="sqnr_db", largest=True))),
    Facts(cards=True, facts=(Fact("now", ("bytes:bytes",), "now"), Fact("in these formats", ("then:bytes",), "then",
                                                                        "quant"),
                             Fact("of it", ("ratio:percent:1",), "ratio"), Fact("kept as they are", ("kept:count",)))),
    Words(role="finding", text="Suffer most: {worst}.", when="worst"),
), empty="The list appears when Python has started.")
ONE = Panel("one", "One tensor in every format", (
    Words(text="**{chosen.name}**: {chosen.shape}, {chosen.dtype}, {chosen.bytes:bytes} in the file. {chosen.note}"),
    Facts(cards=True, facts=(Fact("mean |x|", ("chosen.mean_magnitude:small",)),
                             Fact("max |x|", ("chosen.maximum:small",)),
                             Fact("kurtosis", ("chosen.kurtosis:fixed:2",)),
                             Fact("zeros", ("chosen.zeros:percent:2",)),
                             Fact("beyond 4 σ", ("chosen.outliers:percent:3",)),
                             Fact("NaN, infinite", ("chosen.not_finite:count",)))),
    Table(name="formats", rows="formats", caption="This tensor in every format", columns=(
        Column("format", "title"), Column("bits a number", "bits:fixed:3", role="quant"),
        Column("SQNR", "sqnr_db:decibels:1"), Column("", bar=("share",), roles=("quant",)),
        Column("largest error", "maximum:small"), Column("bytes", "bytes:bytes"))),
), empty="Measured when Python has started.")


class Page(Experiment):
    title = "Tensors"
    summary = ("Open a file of weights and see what each number format would cost every tensor; nothing leaves your "
               "browser.")
    entry = "Rounding"
    order = 14
    NEXT = ("errors", "Where in a trained layer does rounding hurt?")
    WORK, FILES = "auto", "Your file"
    LABELS = {"load": "Open a file"}  # noqa: RUF012 - as Experiment declares it
    BAR = "{file}: {ratio:percent:1} of its bytes"
    GROUPS = (("List", ("bits", "filter", "sort", "largest")), ("One tensor", ("tensor",)))
    PANELS = (LIST, ONE)
    MAIN = ("bits",)
    RECORDED, REHEARSED = (), 1000
    PARAMS = (
        Param("bits", "Bits a number", "float", 4.5, lo=1, hi=16, step=0.25, live=True,
              doc="At most so many, scales counted; a tensor that no format brings below that stays as it is"),
        Param("filter", "Only names with", "text", "", hi=200, widget="line", live=True,
              doc="Part of a name; empty lists all tensors"),
        Param("sort", "Sort by", "choice", "place", choices=tuple(COLUMNS), titles=COLUMNS, live=True,
              doc="The column by which tensors are ordered"),
        Param("largest", "Largest first", "bool", True, live=True, doc="Off: smallest first"),
        Param("tensor", "Tensor", "text", "", hi=1000, widget="line", live=True,
              doc="The name of the tensor that is shown in every format; empty: the first one"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        own = [Tensor(name, x.shape, x.dtype.name, x.nbytes, lambda x=x: x)
               for name, x in store.arrays_of(shipped.mlp()).items()]
        self._show(OWN, own)

    def _show(self, file: str, tensors: list[Tensor]) -> None:
        """These tensors, of which nothing is known yet."""
        self.file, self.tensors = file, tensors
        self.rows: list[dict[str, Any]] = []
        self.samples: list[np.ndarray | None] = []
        self.reach = [{name: bits for name in FORMATS if (bits := bits_of(tensor, name)) is not None}
                      for tensor in tensors[:MOST]]
        self._choose()

    def receive(self, data: bytes, name: str) -> list[str]:
        """Show a file. StoreError says why it cannot be read."""
        tensors = open_tensors(data, name)
        if not tensors:
            raise store.StoreError(f"{name}: it holds no tensor")
        self.params["tensor"] = self.params["filter"] = ""
        self._show(name, tensors)
        return [f"{name} is read here and sent nowhere. It is not kept: open it again after a reload."]

    def steps(self) -> Iterator[Frame]:
        """Statistics of one tensor a step, then one format of one tensor."""
        while len(self.rows) < len(self.reach):
            row, some = looked_at(self.tensors[len(self.rows)], SAMPLE)
            self.rows.append({**row, "place": -len(self.rows)})
            self.samples.append(some)
            yield Frame(self._done)
        while found := next(self._waiting(), None):
            i, name = found
            self.rows[i]["costs"][name] = cost(self.samples[i], self.tensors[i].shape, name)
            yield Frame(self._done)

    def _waiting(self) -> Iterator[tuple[int, str]]:
        """Formats that are not measured: of the chosen tensor all, of the others those in reach."""
        for i in (self.chosen, *range(len(self.rows))):
            if self.samples[i] is not None:
                yield from ((i, name) for name in self._wanted(i) if name not in self.rows[i]["costs"])

    def _wanted(self, i: int) -> list[str]:
        """Of a tensor, the formats that are to be measured."""
        return [name for name, bits in self.reach[i].items() if bits <= self.params["bits"] or i == self.chosen]

    def change(self, name: str, value: Any) -> list[str]:
        if name != "tensor":
            return []
        self._choose()
        return [f"There is no tensor of that name among those that are measured; {self.tensors[0].name} is shown."
                ] if value and self.tensors[self.chosen].name != value else []

    def _choose(self) -> None:
        """The place of the tensor that is shown in every format."""
        names = [tensor.name for tensor in self.tensors[:MOST]]
        self.chosen = names.index(self.params["tensor"]) if self.params["tensor"] in names else 0

    @property
    def _done(self) -> int:
        return len(self.rows) + sum(len(row["costs"]) for row in self.rows)

    def frame(self) -> Frame:
        bits = self.params["bits"]
        rows = [*self.rows, *(_unknown(self.tensors[i], i) for i in range(len(self.rows), len(self.reach)))]
        found = best([{**row, "costs": {name: each for name, each in row["costs"].items() if each.bits <= bits}}
                      for row in rows], None)
        told, listed, chosen = summary(found), self._listed(found), rows[self.chosen]
        wanted = sum(len(self._wanted(i)) for i, some in enumerate(self.samples) if some is not None)
        scalars = {
            "file": self.file, "tensors": len(self.tensors), "numbers": told["numbers"], "bytes": told["bytes"],
            "done": self._done, "of": max(len(self.reach) + wanted, self._done), "then": told["format_bytes"],
            "ratio": told["format_bytes"] / told["bytes"] if told["bytes"] else None, "kept": told["kept"],
            "worst": _breakable(", ".join(told["worst"])), "rows": [_row(row) for row in listed[:ROWS]],
            "cut": self._cut(len(listed)), "formats": _formats(chosen["costs"]),
            "chosen": {**{key: chosen[key] for key in ("name", "dtype", "bytes", "note", *STATISTICS)},
                       "name": _breakable(chosen["name"]), "shape": _shape(chosen["shape"])}}
        return Frame(self._done, scalars)

    def _listed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that the filter leaves, in order; what is missing last."""
        part, column = self.params["filter"].lower(), self.params["sort"]
        there = [row for row in rows if part in row["name"].lower()]
        known = [row for row in there if row[column] is not None]
        known.sort(key=lambda row: row[column], reverse=self.params["largest"])
        return [*known, *(row for row in there if row[column] is None)]

    def _cut(self, listed: int) -> str:
        """What the list leaves out."""
        said = []
        if len(self.tensors) > MOST:
            said.append(f"The first {MOST:,} of {len(self.tensors):,} tensors are measured, and sizes are theirs; "
                        "`python -m pyapp inspect` measures all.")
        if listed > ROWS:
            said.append(f"{ROWS:,} of {listed:,} are listed; filter by a part of the name to see others.")
        return " ".join(said)


def _unknown(tensor: Tensor, i: int) -> dict[str, Any]:
    """The row of a tensor that was not looked at yet."""
    return {"name": tensor.name, "shape": tensor.shape, "dtype": tensor.dtype, "numbers": tensor.size,
            "bytes": tensor.nbytes, "note": "", "costs": {}, "place": -i, **dict.fromkeys(STATISTICS)}


def _breakable(name: str) -> str:
    """A name that may wrap after its dots: on a phone a line holds a part of it."""
    return name.replace(".", ".\u200b")


def _shape(shape: Any) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _row(row: dict[str, Any]) -> dict[str, Any]:
    title = FORMATS[row["format"]].title if row["format"] != KEPT else KEPT
    kept = {key: row[key] for key in ("name", "dtype", "bits", "sqnr_db", "note", *STATISTICS)}
    return {**kept, "shape": _shape(row["shape"]), "format": title}


def _formats(costs: dict[str, Cost]) -> list[dict[str, Any]]:
    """Formats that can hold a tensor, the smallest first, with a bar for the SQNR."""
    able = {name: each for name, each in costs.items() if each.sqnr_db is not None}
    most = max((each.sqnr_db for each in able.values() if np.isfinite(each.sqnr_db)), default=1.0) or 1.0
    return [{"name": name, "title": FORMATS[name].title, "bits": each.bits, "sqnr_db": each.sqnr_db,
             "maximum": each.maximum, "bytes": each.nbytes, "share": float(np.clip(each.sqnr_db / most, 0, 1))}
            for name, each in sorted(able.items(), key=lambda item: item[1].bits)]
