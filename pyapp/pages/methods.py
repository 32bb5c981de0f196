"""Methods: every integer softmax on the same codes, how far each is from the float one, and what each costs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.experiment.frame import Frame, Idle
from pyapp.experiment.panels import Column, Heading, More, Panel, Progress, Table, Text, Words
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.experiment.pictures import Heatmap, Scale
from pyapp.measure.attention_logits import TRAINED
from pyapp.pages.base import controls, softmax_controls, tensors
from pyapp.pages.base.softmax_lab import SoftmaxLab
from pyapp.softmax import papers
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.measures import broken, errors, reference
from pyapp.softmax.method import Method
from pyapp.softmax.methods import METHODS, make
from pyapp.softmax.shift import quantize_logits

PASTED = "pasted"
PIECE = 1 << 15  # logits that a method is given at a time, so that no unit of work takes long
SHOWN = (16, 64)  # rows and columns of the picture, so that a cell can be seen
COLUMNS = {"method": None, "l1_per_row": 0, "max_error": 0, "row_sum": 1, "top1": 1,
           "broken_rows": 0}  # by which the table is sorted, and the best number: the nearer to it, the better
COLUMN_TITLES = {"l1_per_row": "L1 per row", "max_error": "largest error", "row_sum": "row sum",
                 "top1": "top-1 agreement", "broken_rows": "broken rows"}
CHOOSING = ("sort", "best", "method", "row")  # these only choose what is shown of what is known
IMAGES = (("float", "Float softmax of the logits", "float"), ("method", "{picture.title}, from the codes", "quant"),
          ("difference", "Difference: the second minus the first", ""))
TABLE = Panel("table", "Every method on the same codes", (
    Words(text="Fixed point has no exponential: it takes either a table, or a polynomial with multiplications, or a "
               "power of two with a shift that is not quite e to the z. Look at L1 per row, the total error of its "
               "probabilities, and compare it with Exact, a float [softmax](?softmax) where only the "
               "[logits](?logits) are rounded."),
    Words(role="doc", name="facts",
          text="{logits.rows:count} row{logits.rows:s} of N = {logits.n:count}, {logits.lowest} to {logits.highest}; "
               "codes {logits.low:count} to {logits.high:count}, scale {logits.scale}."),
    Progress(name="measured", done="measured", of="total", text="{measured:count} of {total:count} methods measured."),
    Table(name="methods", caption="Errors of every method; the headings sort, and a method's name shows its picture",
          rows="rows", pick="method", sort="sort", best="best", columns=(
              Column("method", "title", name="method", role="{role}", sort="method", flag="original breaks",
                     flagged="guarded"),
              Column("L1 per row", "found.l1_per_row:fixed:4", sort="l1_per_row"),
              Column("MAE, N = {logits.n}", "found.mae:fixed:6", sort="l1_per_row", follows=True),
              Column("largest error", "found.max_error:fixed:4", sort="max_error"),
              Column("row sum", "found.row_sum:fixed:3", sort="row_sum", order="other"),
              Column("top-1 agreement", "found.top1:percent", sort="top1", largest=True),
              Column("broken rows", "found.broken_rows:count", sort="broken_rows", bad="found.broken_rows"))),
    Words(role="doc", text="MAE = L1 / N; do not compare it across row lengths."),
    Words(role="finding", name="finding", text="{words}", when="words"),
    Heading(text="Rows that are no longer distributions", when="broken"),
    Words(role="doc", text="A row is broken if it is all 0, or if its sum is not between 0.5 and 1.5.",
          when="broken"),
    Words(role="note", name="breaks-{name}", over="broken", text="**{title}**: "
          "[{found.broken_rows:count} of {logits.rows:count} row{logits.rows:s}.](.bad) {breaks}"),
    Heading(text="Originals that break at this scale", when="guarded_there"),
    Words(role="doc", name="guarded", when="guarded_there",
          text="At S = {logits.scale} they have no answer. The numbers above are those of the guarded forms, which the "
               "finding leaves out."),
    Words(role="note", name="breaks-{name}", over="guarded_there", text="**{title}**: {breaks}"),
    More(summary="Where the {other_words}originals break, and what is answered here", blocks=(
        Words(role="doc", text="The scale of the logits now: {logits.scale}."),
        Words(role="note", name="breaks-{name}", over="others", text="**{title}**: {breaks}"))),
), empty="The table appears when Python has started.")
PICTURE = Panel("picture", "Where {picture.title} goes wrong", (
    Words(text="A line is a softmax, a cell one probability; the exponential stretches small differences between "
               "logits, so one code more or less multiplies the probability. Look for lines whose difference has one "
               "colour: there the method loses or gains mass instead of moving it."),
    Words(role="doc", name="picture-rows",
          text="Rows {picture.first:count} to {picture.last:count} of {picture.of_rows:count}, columns 1 to "
               "{picture.columns:count} of {picture.of_columns:count}.{picture.unit_words} "
               "[{picture.broken_words}](.bad)"),
    *(Heatmap(name=f"picture-{name}", array=name, limit="picture.limit", caption=caption, role=role,
              label=f"{caption}, {{picture.rows}} row{{picture.rows:s}} by {{picture.columns}} "
                    "column{picture.columns:s}.",
              read="row {picture.numbers.@row}, column {@column}, code {codes:fixed:0}\nfloat {float:fixed:5}, method "
                   "{method:fixed:5}, difference {difference:signed:5}")
      for name, caption, role in IMAGES),
    Scale(limit="picture.limit", what="Probabilities and their difference"),
), empty="Click a method in the table to see where it goes wrong.")
COSTS = Panel("costs", "What each needs in hardware", (
    Words(text="An exponential unit in float takes more silicon than the multiplier beside it, and a second pass over "
               "a row means keeping the row or reading it again. See which methods need no multiplication at all, and "
               "what that did to the errors above."),
    Table(name="cost", caption="Hardware cost of every method, with its source", rows="hardware", columns=(
        Column("method", "title", about="{about}"),
        Column("multiplications per logit", "{multiplications}", prose=True), Column("tables", "{tables}"),
        Column("passes over the row", "passes:count"), Column("widest sum or product", "{widest}"),
        Column("source", "{from}", prose=True))),
    More(summary="Cite these papers: BibTeX", blocks=(Text(name="bibtex", label="BibTeX entries", text="bibtex"),)),
), place="wide", empty="The table appears when Python has started.")
EXAMPLE = "0.5 -1.2 3 2.5; -40 -41 -38 -43; 7 7 7 7"


class Page(SoftmaxLab):
    title = "Methods"
    summary = "Run every integer softmax on the same codes, and see which error is the method's own."
    order = 53
    NEXT = ("shift", "A shift before rounding often helps more than a better method: measure it.")
    WORK = "auto"
    BAR = "{bar}"
    GROUPS = (("Codes", ("bits", "shift")), ("Logits", ("logits", "text", "rows", "length", "seed")),
              ("Table", ("sort", "best")), ("Picture", ("method", "row")))
    PANELS = (TABLE, PICTURE, COSTS)
    IDLE = (Idle(("rows",), "logits", "is not", FAMILIES, "these logits are not drawn"),
            Idle(("length", "seed"), "logits", "is", (PASTED,), "your own logits are used"))
    MAIN = ("logits", "bits", "shift", "method")
    RECORDED, REHEARSED = (), 100
    PARAMS = (
        Param("logits", "Logits", "choice", "centred", choices=(*FAMILIES, *TRAINED, PASTED),
              titles=controls.NETWORK_TITLES,
              doc="Normal around 0, normal with an offset for each row, skewed below a maximum, all heads of a trained "
                  "network, or your own"),
        Param("text", "Pasted logits", "text", EXAMPLE, hi=100_000,
              doc="Used when Logits is set to pasted: numbers separated by spaces or commas, one row per line"),
        controls.bits(8, "Bits per logit"),
        softmax_controls.shift(),
        controls.rows(512, 1024, "How many softmaxes are drawn"),
        controls.row_length(1, "Logits in a drawn row, N"),
        controls.seed("Decides the drawn logits", default=0),
        Param("sort", "Sort by", "choice", "method", choices=tuple(COLUMNS), titles=COLUMN_TITLES,
              doc="The column to sort by; row sums are sorted by their distance from 1, and method keeps the listed "
                  "order"),
        Param("best", "Best first", "bool", True, doc=
              "Whether the method that does best in the sorted column stands first; if not, the worst does"),
        softmax_controls.softmax(name="method", default="ibert",
                         doc="The method whose probabilities are shown as a picture"),
        Param("row", "First row shown", "int", 1, lo=1, hi=1024, doc="Row with which the picture begins (1 = first)"),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        try:
            pasted(params["text"])
        except ParamError as error:
            self.refused["text"] = error
        self._said: list[str] = []  # how the pasted text was read, or why a link's could not be
        try:
            self._begin()
        except ParamError as error:  # a link with a text that is no matrix
            params["logits"] = FAMILIES[0]
            self._begin()
            self._said = self.refuse("logits", error, "pasted logits", f"{FAMILIES[0].capitalize()} ones are shown.")

    def unused(self, names: Iterable[str]) -> list[str]:
        if "text" not in names or self.params["logits"] == PASTED:
            return []
        return [f"The pasted text is not used while Logits is {self.params['logits']}; set it to {PASTED}."]

    def change(self, name: str, value: Any) -> list[str]:
        if name == "text" and self.params["logits"] != PASTED:
            pasted(value)  # says now what is wrong with it
            return [f"set Logits to {PASTED}, and these are used"]
        if name not in CHOOSING:
            self._begin()
        return []

    def _begin(self) -> None:
        """Start on new logits or new codes, of which nothing is measured yet."""
        self.z, self.mask = self._logits()  # R, N
        self.codes = quantize_logits(self.z, self.params["bits"], self.params["shift"], self.mask)
        self.p = reference(self.z, self.mask)
        self._found: dict[str, dict[str, Any]] = {}

    def _logits(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits float64 (R, N), and their mask, or None if all count."""
        kind, length, seed = self.params["logits"], self.params["length"], self.params["seed"]
        self._said = []
        if kind == PASTED:
            z, self._said = tensors.pasted(self.params["text"], "text")
            return z.astype(np.float64), None
        if kind in TRAINED:
            source = TRAINED[kind](length, False, seed)
            heads, rows, columns = source.logits.shape
            mask = None if source.mask is None else np.tile(source.mask, (heads, 1))
            return source.logits.reshape(heads * rows, columns), mask
        return draw(kind, self.params["rows"], length, seed), None

    def steps(self) -> Iterator[Frame | None]:
        """One method, or a piece of its rows, per item."""
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
        ordered = self._sorted()
        found = self._found.get(self.params["method"])
        broken = [row for row in ordered if row["found"] and row["found"]["broken_rows"]]
        guarded = [row for row in ordered if row["guarded"] and row["name"] not in {each["name"] for each in broken}]
        explained = {row["name"] for row in broken + guarded}
        scalars = {
            "broken": broken, "guarded_there": guarded, "other_words": "other " if explained else "",
            "others": [row for row in ordered if METHODS[row["name"]].breaks and row["name"] not in explained],
            "bibtex": papers.bibliography({each.title: each.source for each in METHODS.values()}),
            "hardware": [hardware(METHODS[row["name"]]) for row in ordered],
            "bar": f"{len(self._found)} of {len(METHODS)}" if len(self._found) < len(METHODS) else
                   f"{picture['title']}: {found['l1_per_row']:.4f}",
            "rows": ordered, "measured": len(self._found), "total": len(METHODS), "words": self._words(),
            "logits": {"rows": rows, "n": columns, "scale": self.codes.scale, "low": self.codes.low,
                       "high": self.codes.high, "lowest": float(counted.min()), "highest": float(counted.max())},
            "picture": picture,
        }
        return Frame(len(self._found), scalars, arrays, self._said)

    def _sorted(self) -> list[dict[str, Any]]:
        """All methods, measured or not, in the order that was asked for; what is not measured, or no number, last."""
        rows = [{**about(METHODS[name]), "guarded": METHODS[name].guarded(self.codes.scale),
                 "found": self._found.get(name)} for name in METHODS]
        column, best = self.params["sort"], self.params["best"]
        if column == "method":
            return rows if best else rows[::-1]
        known = [row for row in rows if row["found"] and np.isfinite(row["found"][column])]
        known.sort(key=lambda row: abs(row["found"][column] - COLUMNS[column]), reverse=not best)
        return known + [row for row in rows if row not in known]

    def _words(self) -> str | None:
        """A sentence about the table that follows from its numbers; None before there are any."""
        if len(self._found) < len(METHODS):
            return None
        whole = {name: row["l1_per_row"] for name, row in self._found.items()
                 if not row["broken_rows"] and not METHODS[name].guarded(self.codes.scale)}
        rounding = whole.pop("exact")
        if not whole:
            return (f"Rounding the logits costs an L1 error of {rounding:.4f} per row, and every integer method breaks "
                    "some rows, here or in the original.")
        best, worst = min(whole, key=whole.__getitem__), max(whole, key=whole.__getitem__)
        among = "the integer methods" + (" that break no row, here or in the original"
                                         if len(whole) < len(METHODS) - 1 else "")
        return (f"Rounding the logits alone costs an L1 error of {rounding:.4f} per row. Of {among}, "
                f"{METHODS[best].title} is closest to the float softmax ({whole[best]:.4f} per row) and "
                f"{METHODS[worst].title} is farthest from it ({whole[worst]:.4f}).")

    def _part(self, rows: slice) -> tuple[np.ndarray, np.ndarray | None]:
        """Codes of some rows, and their mask."""
        return self.codes.q[rows], None if self.mask is None else self.mask[rows]

    def _picture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Some rows of the float softmax, of the chosen method's, and their difference, float32 (rows, columns)."""
        name = self.params["method"]
        rows, columns = (min(most, size) for most, size in zip(SHOWN, self.z.shape, strict=True))
        first = min(self.params["row"] - 1, len(self.z) - rows)
        part = slice(first, first + rows)
        method = make(name, self.codes.scale)
        q, mask = self._part(part)
        p_hat, p = method.probabilities(q, mask), self.p[part]
        arrays = {key: value[:, :columns].astype(np.float32)
                  for key, value in {"float": p, "method": p_hat, "difference": p_hat - p}.items()}
        arrays["codes"] = q[:, :columns]
        limit = max(float(np.abs(value).max()) for value in arrays.values() if value.dtype == np.float32)
        empty = (first + 1 + np.flatnonzero(broken(p_hat, mask))).tolist()
        return {"method": name, "title": METHODS[name].title, "first": first + 1, "rows": rows, "columns": columns,
                "last": first + rows, "numbers": list(range(first + 1, first + rows + 1)),
                "of_rows": len(self.z), "of_columns": self.z.shape[1], "limit": limit, "unit": method.unit,
                "unit_words": f" One code of the method is a probability of {method.unit:.6f}."
                              if method.unit < 1 else "", "broken": empty,
                "broken_words": f"Broken: {', '.join(map(str, empty))}." if empty else ""}, arrays


def pasted(text: str) -> np.ndarray:
    """Logits float64 (R, N) from a text; ParamError if it is no matrix of numbers."""
    return tensors.pasted(text, "text")[0].astype(np.float64)


def about(method: type[Method]) -> dict[str, Any]:
    """The facts about a method that do not depend on the logits."""
    return {"name": method.name, "title": method.title, "about": method.about, "source": method.source,
            "breaks": method.breaks or "It has too few codes at this row length and these bits.",
            "role": "float" if method.name == "exact" else "quant"}


def hardware(method: type[Method]) -> dict[str, Any]:
    """The hardware that a method needs for a row of logits."""
    needs = method.hardware
    return {"name": method.name, "title": method.title, "about": method.about,
            "multiplications": needs.multiplications,
            "tables": f"{needs.table_bytes:,} bytes" if needs.table_bytes else "none", "passes": needs.passes,
            "widest": f"{needs.accumulator_bits} bits" if needs.accumulator_bits else "–",
            "from": papers.linked(f"{needs.source}. Method: {method.source}.")}
