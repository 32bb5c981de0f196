"""What the pages of rungs 4 to 7 share: the table that the reader moves, the prompt, the switches, the forward pass."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.live import EditError
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.ladder import toy
from pyapp.ladder.table import TABLE, parse, write

PROMPT = Param("prompt", "Prompt", "text", toy.PROMPT, hi=200, doc=f"Words of: {' '.join(toy.WORDS)}")
DIMS = Param("dims", "Dimensions drawn", "choice", "1, 2", choices=("1, 2", "1, 3", "2, 3"),
             doc="A word has three numbers; two are plotted, the third is listed")
OWN = Param("own", "Fitted W_Q, W_K, W_V", "bool", False,
            doc="Off: identity matrices, a word's vector is its own query, key and value")
SCALED = Param("scaled", "Divide by √d", "bool", False,
               doc="On: scores are divided by √3, as in the original attention")
MLP = Param("mlp", "MLP block", "bool", True, doc="Off: the refined vector is the output")

LEAST = 0.3  # that a picture of vectors shows of each axis, both ways


class ToyPage(Experiment):
    """A page of the toy transformer; `self.p` are its weights with the reader's table."""

    entry = "Ladder"
    SHARES: ClassVar = {name: name for name in ("prompt", "own", "scaled", "mlp", "dims", "table")}
    SHARED = "Prompt, switches and words stay as you set them."

    def __init__(self, params: Values):
        super().__init__(params)
        self._said = [*self._opened(TABLE.name, self._read_table), *self._opened(PROMPT.name, self._read_prompt)]

    def _opened(self, name: str, read: Any) -> list[str]:
        """Read a text parameter, which a link may have set: if that fails, use the default and return a note."""
        try:
            read()
        except ParamError as error:
            self.params[name] = next(param.default for param in self.PARAMS if param.name == name)
            read()
            self.refused[name] = error
            return [f"{error}, but {error.hint}; using the default"]
        return []

    def _read_table(self) -> None:
        fitted = toy.load()["E"]
        table = parse(self.params["table"], fitted)
        self.p = {**toy.load(), "E": table}
        self.params["table"] = write(table, fitted)

    def _read_prompt(self) -> None:
        self.numbers = toy.tokens(str(self.params.get("prompt", toy.PROMPT)))

    def change(self, name: str, value: Any) -> list[str]:
        self._said = []
        if name == "table":
            self._read_table()
        if name == "prompt":
            self._read_prompt()
        return []

    @property
    def rungs(self) -> SimpleNamespace:
        """The ladder's functions; those that this page shows are the live ones."""
        own = {name: getattr(self.live, name) for name in self.live.shipped if name in toy.FUNCTIONS}
        return SimpleNamespace(**{**toy.FUNCTIONS, **own})

    def forward(self, p: toy.Weights | None = None, **how: Any) -> dict[str, np.ndarray]:
        """The arrays of the toy's forward pass on the page's words, with its switches and functions. EditError if an
        edited function fails."""
        switches = {name: self.params[name] for name in ("own", "scaled", "mlp") if name in self.params}
        with np.errstate(invalid="ignore", divide="ignore"):  # of edited code, said below
            found = toy.forward(self.numbers, p or self.p, **{**switches, "rungs": self.rungs, **how})
        if self.live.edits and not np.isfinite(found["probabilities"]).all():
            raise EditError(list(self.live.edits)[-1], "ValueError", "with this text the probabilities are not numbers")
        return found

    def said(self, arrays: Mapping[str, np.ndarray], **scalars: Any) -> Frame:
        """A frame with the notes about the link and the controls."""
        return Frame(0, scalars, dict(arrays), self._said)

    @property
    def words(self) -> list[str]:
        return toy.text(self.numbers).split()

    def vectors(self, label: str, *arrows: "Arrow") -> dict[str, Any]:
        """Vectors of three numbers as arrows of two: the more important first, from the origin if nothing else is
        said. spans: what both axes show at least, so that all arrows and the origin are seen."""
        x, y = (int(dim) - 1 for dim in self.params["dims"].split(", "))
        told = [{"name": arrow.name, "kind": arrow.kind, "thin": arrow.thin,
                 "title": f"{arrow.name}: {plain(arrow.to)}", "from": [float(arrow.start[i]) for i in (x, y)],
                 "to": [float(arrow.to[i]) for i in (x, y)]}
                for arrow in arrows]
        ends = np.array([[each["from"], each["to"]] for each in told]).reshape(-1, 2)
        return {"arrows": told, "label": label, "axes": [f"number {x + 1}", f"number {y + 1}"],
                "spans": [[float(min(-LEAST, *side)), float(max(LEAST, *side))] for side in ends.T],
                "caption": f"Numbers {x + 1} and {y + 1} are plotted; number {4 - x - y} is listed in the table and "
                           "shown on hover."}


class Arrow(NamedTuple):
    """A vector as it is drawn; kind is a colour: chosen, float, positive or other; thin: only its end."""

    name: str
    to: np.ndarray
    kind: str
    start: np.ndarray = np.zeros(toy.DIM)
    thin: bool = False


def plain(vector: np.ndarray) -> str:
    return f"({', '.join(f'{x:.2f}' for x in vector)})".replace("-", "−")


def part(name: str, title: str, vector: np.ndarray, role: str = "", chosen: bool = False) -> dict[str, Any]:
    """A row of the table that adds up vectors."""
    return {"name": name, "title": title, "vector": vector.tolist(), "role": role, "chosen": chosen}


def ranking(p: np.ndarray, most: int = 5) -> list[dict[str, Any]]:
    """Rows of the most probable words, the first `most`."""
    best = np.argsort(-p, kind="stable")[:most]
    return [{"word": toy.WORDS[i], "probability": float(p[i])} for i in best]
