"""Methods: every integer softmax on the same codes, how far each is from the float one, and what each costs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, ParamError, Value
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages.base import tensors
from pyapp.pages.base.tensors import TextError
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.measures import broken, errors, reference
from pyapp.softmax.method import Method
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.shift import RULES, quantize_logits

PASTED = "pasted"
PIECE = 1 << 15  # logits that a method is given at a time, so that no unit of work takes long
SHOWN = (16, 64)  # rows and columns of the picture, so that a cell can be seen
COLUMNS = {"method": None, "l1_per_row": 0, "max_error": 0, "row_sum": 1, "top1": 1,
           "broken_rows": 0}  # by which the table is sorted, and the best number: the nearer to it, the better
CHOOSING = ("sort", "best", "method", "row")  # these only choose what is shown of what is known
EXAMPLE = "0.5 -1.2 3 2.5; -40 -41 -38 -43; 7 7 7 7"


class Page(Experiment):
    title = "Methods"
    summary = ("Let all integer softmax methods answer to the same codes, and notice which error is the method's own, "
               "and which was there before, in the rounded logits.")
    group = "Softmax"
    view = "methods"
    order = 33
    PARAMS = (
        Param("logits", "Logits", "choice", "centred", choices=(*FAMILIES, *TRAINED, PASTED), widget="select",
              doc="Normal around 0, normal with an offset for each row, skewed below a maximum, all heads of a trained "
                  "network, or your own"),
        Param("text", "Pasted logits", "text", EXAMPLE, hi=100_000, widget="text",
              doc="Used when Logits is set to pasted: numbers separated by spaces or commas, one row per line"),
        Param("bits", "Bits", "int", 8, lo=2, hi=8, step=1, doc="Of the logits' codes"),
        Param("shift", "Shift", "choice", "none", choices=RULES, widget="select",
              doc="What is subtracted before the logits are rounded"),
        Param("rows", "Rows", "int", 512, lo=1, hi=1024, step=1, doc="How many softmaxes are drawn"),
        Param("length", "Row length", "int", 64, lo=1, hi=256, step=1, doc="Logits in a drawn row, N"),
        Param("seed", "Seed", "int", 0, lo=0, hi=2**32 - 1, step=1, widget="number", doc="Decides the drawn logits"),
        Param("sort", "Sort by", "choice", "method", choices=tuple(COLUMNS), widget="select",
              doc="The column that orders the table, row sums by how near they are to 1; method: the order as listed"),
        Param("best", "Best first", "bool", True, widget="switch", doc="Or else the worst"),
        Param("method", "Picture of", "choice", "ibert", choices=tuple(METHODS), widget="select",
              doc="The method whose probabilities are shown as a picture"),
        Param("row", "First row shown", "int", 0, lo=0, hi=1023, step=1, doc="Of the rows in the picture, from 0"),
    )
    SOURCES = ("pyapp.softmax.method.Softmax", "pyapp.softmax.measures.errors", "pyapp.softmax.measures.broken",
               "pyapp.softmax.compare.probabilities", "pyapp.softmax.shift.calibrate", "pyapp.softmax.logits.draw")

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        try:
            pasted(str(params["text"]))
        except ParamError as error:
            self.refused["text"] = error
        self._said: list[str] = []  # how the pasted text was read, or why a link's could not be
        try:
            self._begin()
        except ParamError as error:  # a link with a text that is no matrix
            params["logits"] = FAMILIES[0]
            self._begin()
            self.refused["logits"] = error
            self._said = [f"The pasted logits cannot be read: {error}; {error.hint}. {FAMILIES[0].capitalize()} ones "
                          "are shown."]

    def unused(self, names: Iterable[str]) -> list[str]:
        if "text" not in names or self.params["logits"] == PASTED:
            return []
        return [f"The pasted text is not used while Logits is {self.params['logits']}; set it to {PASTED}."]

    def change(self, name: str, value: Value) -> list[str]:
        if name == "text" and self.params["logits"] != PASTED:
            pasted(str(value))  # says now what is wrong with it
            return [f"set Logits to {PASTED}, and these are used"]
        if name not in CHOOSING:
            self._begin()
        return []

    def _begin(self) -> None:
        """New logits or new codes: nothing is known about them."""
        self.z, self.mask = self._logits()  # R, N
        self.codes = quantize_logits(self.z, int(self.params["bits"]), str(self.params["shift"]), self.mask)
        self.p = reference(self.z, self.mask)
        self._found: dict[str, dict[str, Any]] = {}

    def _logits(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits float64 (R, N), and where they count if that is not everywhere."""
        kind, length, seed = str(self.params["logits"]), int(self.params["length"]), int(self.params["seed"])
        self._said = []
        if kind == PASTED:
            z, self._said = _read(str(self.params["text"]))
            return z, None
        if kind in TRAINED:
            source = TRAINED[kind](length, False, seed)
            heads, rows, columns = source.logits.shape
            mask = None if source.mask is None else np.tile(source.mask, (heads, 1))
            return source.logits.reshape(heads * rows, columns), mask
        return draw(kind, int(self.params["rows"]), length, seed), None

    def steps(self) -> Iterator[Frame | None]:
        """A method, or a piece of its rows, an item."""
        while waiting := [name for name in METHODS if name not in self._found]:
            name, codes, p_hat = waiting[0], self.codes, []
            method = make(name, codes.scale)
            height = max(1, PIECE // codes.q.shape[1])
            for first in range(0, len(codes.q), height):
                p_hat.append(method.probabilities(*self._part(slice(first, first + height))))
                yield None
                if codes is not self.codes:  # the reader has changed something meanwhile
                    break
            else:
                self._found[name] = asdict(errors(np.concatenate(p_hat), self.p, self.mask))
                yield Frame(len(self._found))

    def frame(self) -> Frame:
        rows, columns = self.z.shape
        counted = self.z if self.mask is None else self.z[self.mask]
        picture, arrays = self._picture()
        scalars = {
            "rows": self._sorted(), "measured": len(self._found), "total": len(METHODS), "words": self._words(),
            "logits": {"rows": rows, "n": columns, "scale": self.codes.scale, "low": self.codes.low,
                       "high": self.codes.high, "lowest": float(counted.min()), "highest": float(counted.max())},
            "picture": picture,
        }
        return Frame(len(self._found), scalars, arrays, self._said)

    def _sorted(self) -> list[dict[str, Any]]:
        """All methods, measured or not, in the order that was asked for; what is not measured, or no number, last."""
        rows = [{**about(METHODS[name]), "guarded": METHODS[name].guarded(self.codes.scale),
                 "found": self._found.get(name)} for name in METHODS]
        column, best = str(self.params["sort"]), bool(self.params["best"])
        if column == "method":
            return rows if best else rows[::-1]
        known = [row for row in rows if row["found"] and np.isfinite(row["found"][column])]
        known.sort(key=lambda row: abs(row["found"][column] - COLUMNS[column]), reverse=not best)
        return known + [row for row in rows if row not in known]

    def _words(self) -> str | None:
        """What the table says, in words that follow from its numbers."""
        if len(self._found) < len(METHODS):
            return None
        whole = {name: row["l1_per_row"] for name, row in self._found.items()
                 if not row["broken_rows"] and not METHODS[name].guarded(self.codes.scale)}
        rounding = whole.pop("exact")
        if not whole:
            return (f"Rounding the logits costs {rounding:.4f} a row, and every integer method breaks some rows, "
                    "here or in the original.")
        best, worst = min(whole, key=whole.__getitem__), max(whole, key=whole.__getitem__)
        among = "the integer methods" + (" that break no row, here or in the original"
                                         if len(whole) < len(METHODS) - 1 else "")
        return (f"Rounding the logits costs {rounding:.4f} a row before any method begins. Of {among}, "
                f"{METHODS[best].title} comes nearest to the float softmax, {whole[best]:.4f} a row, and "
                f"{METHODS[worst].title} stays farthest, {whole[worst]:.4f}.")

    def _part(self, rows: slice) -> tuple[np.ndarray, np.ndarray | None]:
        """Codes of some rows, and their mask."""
        return self.codes.q[rows], None if self.mask is None else self.mask[rows]

    def _picture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Some rows of the float softmax, of the chosen method's, and their difference, float32 (rows, columns)."""
        name = str(self.params["method"])
        rows, columns = (min(most, size) for most, size in zip(SHOWN, self.z.shape, strict=True))
        first = min(int(self.params["row"]), len(self.z) - rows)
        part = slice(first, first + rows)
        method = make(name, self.codes.scale)
        q, mask = self._part(part)
        p_hat, p = method.probabilities(q, mask), self.p[part]
        arrays = {key: value[:, :columns].astype(np.float32)
                  for key, value in {"float": p, "method": p_hat, "difference": p_hat - p}.items()}
        arrays["codes"] = q[:, :columns]
        limit = max(float(np.abs(value).max()) for value in arrays.values() if value.dtype == np.float32)
        return {"method": name, "title": METHODS[name].title, "first": first, "rows": rows, "columns": columns,
                "of_rows": len(self.z), "of_columns": self.z.shape[1], "limit": limit, "unit": method.unit,
                "broken": (first + np.flatnonzero(broken(p_hat, mask))).tolist()}, arrays


def pasted(text: str) -> np.ndarray:
    """Logits float64 (R, N) from a text; ParamError if it is no matrix of numbers."""
    return _read(text)[0]


def _read(text: str) -> tuple[np.ndarray, list[str]]:
    """The logits, and notes on how the text was read."""
    try:
        values, notes = tensors.read(text)
        return values.astype(np.float64), notes
    except TextError as error:
        raise ParamError("text", str(error), error.hint) from None


def about(method: type[Method]) -> dict[str, Any]:
    """What is the same for all logits."""
    return {"name": method.name, "title": method.title, "about": method.about, "source": method.source,
            "breaks": method.breaks, "hardware": asdict(method.hardware)}
