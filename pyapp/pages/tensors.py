"""Tensors: a file of the reader's, what its tensors are like, and what each number format costs them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.data.tensors.opening import open_tensors
from pyapp.data.tensors.tensor import Tensor
from pyapp.experiment.frame import Experiment, Frame, Outcome
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.measure.layer_output import inputs_for
from pyapp.measure.tensor_errors import error_map
from pyapp.measure.tensor_formats import best, bits_of, cost, looked_at, summary
from pyapp.measure.tensor_pairs import difference, matched, unmatched
from pyapp.pages.base import tensor_exports, tensor_rows
from pyapp.pages.base.tensor_outputs import Outputs
from pyapp.pages.base.tensor_rows import STATISTICS, Picture
from pyapp.pages.base.tensors import pasted
from pyapp.pages.panels import tensors as panels
from pyapp.parts import Parts
from pyapp.quant.formats.catalogue import FORMATS

OWN, PASTED = "the digits network", "the pasted numbers"
SAMPLE = 4096  # numbers of a tensor on which formats are measured
MOST, ROWS = 300, 100  # tensors that are measured at first and for a filter, and that are listed
COLUMNS = {"place": "order in the file", "name": "name", "shape": "shape", "dtype": "type", "numbers": "numbers",
           "mean_magnitude": "mean magnitude", "maximum": "largest magnitude", "kurtosis": "kurtosis", "zeros": "zeros",
           "outliers": "outliers", "format": "format", "bits": "bits", "sqnr_db": "SQNR"}


class Page(Experiment):
    title = "Tensors"
    summary = "See what each number format would cost your weights; the file never leaves your browser."
    entry = "Rounding"
    order = 14
    NEXT = ("errors", "Where in a trained layer does rounding hurt?")
    WORK, FILES, IN_PARTS = "auto", "Your file", True
    LABELS = {"load": "Open a file"}  # noqa: RUF012 - as Experiment declares it
    BAR = "{file}: {ratio:percent:1} of its bytes"
    GROUPS = (("List", ("bits", "filter", "sort", "largest")), ("One tensor", ("tensor", "format")),
              ("Numbers", ("values", "opens")))
    PANELS, ACTIONS = panels.PANELS, tensor_exports.ACTIONS
    MAIN = ("bits",)
    RECORDED, REHEARSED = (), 1000
    PARAMS = (
        Param("bits", "Bits per number", "float", 4.5, lo=1, hi=16, step=0.25, live=True,
              doc="The most that a format may take, scales counted; a tensor that no format brings that low is kept"),
        Param("filter", "Only names with", "text", "", hi=200, widget="line", live=True,
              doc="Part of a name; empty lists all tensors"),
        Param("sort", "Sort by", "choice", "place", choices=tuple(COLUMNS), titles=COLUMNS, live=True,
              doc="The column by which tensors are ordered"),
        Param("largest", "Largest first", "bool", True, live=True, doc="Off: smallest first, and names from a to z"),
        Param("tensor", "Tensor", "text", "", hi=1000, widget="line", live=True,
              doc="The name of the tensor that is shown in every format; empty: the first one"),
        Param("format", "Format", "choice", "mxfp4", choices=tuple(FORMATS), live=True,
              titles={name: kind.title for name, kind in FORMATS.items()},
              doc="The format whose errors in that tensor are shown"),
        Param("values", "Paste numbers", "text", "", hi=50_000, live=True,
              doc="One row per line, numbers separated by spaces or commas, or an array as a program prints it; "
                  "applied when you leave the field. They take the place of the file"),
        Param("opens", "The next file", "choice", "shown", choices=("shown", "compared", "inputs"), live=True,
              titles={"shown": "is shown", "compared": "is compared", "inputs": "holds inputs of a layer"},
              doc="Compared: its tensors are subtracted from those shown, by name and shape. Inputs of the layer whose "
                  "weights are shown, one row per example: measures the error of its output, weights rounded to "
                  "nearest, by GPTQ and by AWQ"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        try:
            self._take()
        except ParamError as error:
            self.params["values"] = ""
            self._take()
            self._said = self.refuse("values", error, "pasted numbers", f"{OWN.capitalize()} is shown.")

    def _take(self) -> None:
        """Show the numbers that were pasted, or else the shipped weights."""
        self._said: list[str] = []
        if self.params["values"].strip():
            x, self._said = pasted(self.params["values"], "values")
            self._show(PASTED, [Tensor("pasted", x.shape, "float32", x.nbytes, lambda: x)])
        else:
            self._show(OWN, [Tensor(name, x.shape, x.dtype.name, x.nbytes, lambda x=x: x)
                             for name, x in store.arrays_of(shipped.mlp()).items()])

    def _show(self, file: str, tensors: list[Tensor]) -> None:
        """Show these tensors, of which nothing is measured yet."""
        self.file, self.tensors = file, tensors
        # By place in the file, of what was measured:
        self.rows: dict[int, dict[str, Any]] = {}
        self.samples: dict[int, np.ndarray | None] = {}
        self.reach: dict[int, dict[str, float]] = {}
        self.picture: Picture | None = None
        self.outputs = Outputs()
        self._choose()
        self._compare("", [])

    def _compare(self, other: str, tensors: list[Tensor]) -> None:
        """Compare with the tensors of another file, or with an empty name stop comparing; nothing is measured yet."""
        self.other, self.others = other, tensors
        self.pairs = matched(self.tensors, tensors)
        self.differences: list[dict[str, Any]] = []
        self.alone: dict[str, Any] | None = None

    def receive(self, data: bytes | Parts, name: str) -> list[str]:
        """Show a file, or compare it with the one that is shown. StoreError says why it cannot be read."""
        tensors = open_tensors(data, name)
        if not tensors:
            raise store.StoreError(f"{name}: it holds no tensor")
        if self.params["opens"] == "compared":
            self._compare(name, tensors)
            return [f"{name} is compared with {self.file} here and sent nowhere."]
        if self.params["opens"] == "inputs":
            inputs_for(self.tensors[self.chosen], tensors)
            self.outputs = Outputs(name, tensors)
            return [f"{name} is read as inputs here and sent nowhere."]
        self.params["tensor"] = self.params["filter"] = self.params["values"] = ""
        self._said = []
        self._show(name, tensors)
        return [f"{name} is read here and sent nowhere. It is not kept: open it again after a reload."]

    def steps(self) -> Iterator[Frame]:
        """One measurement per step, in this order: pairs of two files, statistics of tensors, pictures, outputs of the
        chosen layer, formats of tensors."""
        while True:
            if (i := len(self.differences)) < len(self.pairs):
                self.differences.append(difference(*self.pairs[i]))
            elif self.other and self.alone is None:
                self.alone = unmatched(self.tensors, self.others)
            elif (i := next((i for i in self.places if i not in self.rows), None)) is not None:
                row, self.samples[i] = looked_at(self.tensors[i], SAMPLE)
                self.rows[i] = {**row, "place": -i}
            elif not (self.picture and self.picture.of == self._wish):
                self.picture = self._drawn()
            elif self.outputs.step(self.tensors[self.chosen]):
                pass
            elif found := next(self._waiting(), None):
                i, name = found
                self.rows[i]["costs"][name] = cost(self.samples[i], self.tensors[i].shape, name)
            else:
                return
            yield Frame(self._done)

    @property
    def _wish(self) -> tuple[int, str]:
        """The tensor and the format whose errors are to be shown."""
        return self.chosen, self.params["format"]

    def _drawn(self) -> Picture:
        i, name = self._wish
        if self.samples[i] is None:
            return Picture(self._wish, None, self.rows[i]["note"])
        try:
            return Picture(self._wish, error_map(self.tensors[i].flat(), self.tensors[i].shape, name))
        except ValueError as error:
            return Picture(self._wish, None, f"{FORMATS[name].title} cannot hold this tensor: {error}.")

    def _waiting(self) -> Iterator[tuple[int, str]]:
        """Formats that are not measured: of the chosen tensor all, of the others those in reach."""
        for i in (self.chosen, *self.places):
            if self.samples[i] is not None:
                yield from ((i, name) for name in self._wanted(i) if name not in self.rows[i]["costs"])

    def _wanted(self, i: int) -> list[str]:
        """Of a tensor, the formats that are to be measured."""
        return [name for name, bits in self.reach[i].items() if bits <= self.params["bits"] or i == self.chosen]

    def change(self, name: str, value: Any) -> list[str]:
        if name == "values":
            self._take()
        if name in ("tensor", "filter"):
            self._choose()
        return [f"There is no tensor of that name; {self.tensors[0].name} is shown."
                ] if name == "tensor" and value and self.tensors[self.chosen].name != value else []

    def _choose(self) -> None:
        """The place of the tensor that is shown in every format, and places of all that are measured: those that the
        filter leaves come before the others, so that any tensor of a long file can be reached."""
        names, part = [tensor.name for tensor in self.tensors], self.params["filter"].lower()
        self.chosen = names.index(self.params["tensor"]) if self.params["tensor"] in names else 0
        self.left = [i for i, name in enumerate(names) if part in name.lower()]
        self.places = list(dict.fromkeys([*self.left[:MOST], self.chosen, *range(min(MOST, len(names)))]))
        for i in self.places:
            if i not in self.reach:
                self.reach[i] = {name: bits for name in FORMATS
                                 if (bits := bits_of(self.tensors[i], name)) is not None}

    @property
    def _done(self) -> int:
        return sum(1 + len(self.rows[i]["costs"]) for i in self.places if i in self.rows)

    def frame(self) -> Frame:
        found = self._best()
        told, listed = summary(found), self._listed(found)
        chosen = self._row(self.chosen)
        wanted = sum(len(self._wanted(i)) for i in self.places if self.samples.get(i) is not None)
        scalars = {
            "file": self.file, "tensors": len(self.tensors), "numbers": told["numbers"], "bytes": told["bytes"],
            "done": self._done, "of": (of := max(len(self.places) + wanted, self._done)), "measuring": self._done < of,
            "then": told["format_bytes"],
            "ratio": told["format_bytes"] / told["bytes"] if told["bytes"] else None, "kept": told["kept"],
            "worst": tensor_rows.told(told["worst"]),
            "rows": [tensor_rows.listed(row) for row in listed[:ROWS]],
            "cut": self._cut(), "formats": tensor_rows.formats(chosen["costs"]),
            "chosen": {**{key: chosen[key] for key in ("dtype", "bytes", *STATISTICS)},
                       "name": tensor_rows.breakable(chosen["name"]), "shape": tensor_rows.shape(chosen["shape"]),
                       "because": chosen["note"] and f": {chosen['note']}"}}
        picture = self.picture if self.picture and self.picture.of == self._wish else None
        pictured, arrays = tensor_rows.pictured(picture, self.tensors[self.chosen])
        compared = tensor_rows.compared(self.file, self.other, self.differences, self.alone or {}, ROWS)
        scalars |= {**pictured, **compared, **self.outputs.told(self.tensors[self.chosen]),
                    "pairs_of": len(self.pairs), "form": FORMATS[self.params["format"]].title}
        return Frame(self._done, scalars, arrays, self._said)

    def _row(self, i: int) -> dict[str, Any]:
        """The row of the tensor at this place, without numbers as long as it is not measured."""
        return self.rows.get(i) or tensor_rows.unknown(self.tensors[i], i)

    def _best(self) -> list[dict[str, Any]]:
        """These rows with the best format of each within the limit, as far as formats are measured."""
        return best([{**row, "costs": {name: row["costs"][name] for name, bits in self.reach[i].items()
                                       if bits <= self.params["bits"] and name in row["costs"]}}
                     for i in sorted(self.places) for row in [self._row(i)]], None)

    def act(self, name: str, values: Values) -> Outcome:
        """Save a file, after everything in it has been measured."""
        if name != tensor_exports.ONE:
            for _ in self.steps():
                pass
        found = self._best()
        return tensor_exports.exported(name, self.file, self.tensors, self.tensors[self.chosen], found,
                                       self._listed(found), self.params["bits"], SAMPLE)

    def _listed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that the filter leaves, in the chosen order; rows without a value come last."""
        part, column = self.params["filter"].lower(), self.params["sort"]
        there = [row for row in rows if part in row["name"].lower()]
        known = [row for row in there if row[column] is not None]
        known.sort(key=lambda row: tensor_rows.order(row, column), reverse=self.params["largest"])
        return [*known, *(row for row in there if row[column] is None)]

    def _cut(self) -> str:
        """A sentence about what the list leaves out."""
        said = []
        if len(self.places) < len(self.tensors):
            said.append(f"{len(self.places):,} of {len(self.tensors):,} tensors are measured, and sizes are theirs; "
                        "those that the filter leaves are measured first, and `python -m pyapp inspect` measures all.")
        if len(self.left) > ROWS:
            said.append(f"{ROWS:,} of {len(self.left):,} are listed; filter by a part of the name to see others.")
        return " ".join(said)
