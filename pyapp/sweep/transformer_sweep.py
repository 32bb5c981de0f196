"""A sweep of a transformer's settings: every combination of lists, one row each, as that of the digits network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyapp.data import mnist
from pyapp.data.mnist import ShippedMissing
from pyapp.machine import made_on
from pyapp.quant.alone import HQQ, OWN, STOCHASTIC
from pyapp.quant.schemes import GRID
from pyapp.quantized.transformer import OF_WEIGHTS, TransformerSettings
from pyapp.sweep import backends, run, transformers
from pyapp.sweep.blas import set_threads
from pyapp.sweep.grid import Combination, Space, cells, combinations
from pyapp.sweep.measuring import MADE_ON, as_cell
from pyapp.sweep.table import Row, Table
from pyapp.sweep.transformers import STAMPS, Subject, check_stamps, gpt_subject, vit_subject

DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TransformerSettings)}
RESULTS = {**transformers.RESULTS, "bits_per_weight": float, "error": str}
COLUMNS = (*DEFAULTS, *RESULTS, *STAMPS, MADE_ON)


def applies(name: str, combination: Combination) -> bool:
    """Whether a setting changes anything: those of grids do not beside a number format or float32 weights, nor a seed
    without chance, `calibrate` without activations, or a softmax without bits of the scores."""
    if name in ("format", "prepare"):
        return combination[name] != DEFAULTS[name]
    if name == "bits":
        return combination["format"] == GRID
    if name in (*OF_WEIGHTS, "seed") and (combination["format"] != GRID or combination["bits"] is None):
        return False
    if name in OWN and combination["method"] == HQQ:
        return False
    if name == "seed":
        return combination["method"] == STOCHASTIC
    if name == "calibrate":
        return combination["activations"] is not None
    return name not in ("softmax", "shift") or combination["logit_bits"] is not None


def _check_value(name: str, value: Any) -> None:
    """ValueError for a value that no combination could use."""
    beside = {"activations": 8, "logit_bits": 8, "bits": None if name == "format" else 8}
    TransformerSettings(**{**beside, name: value})


SPACE = Space(DEFAULTS, applies, _check_value)


@dataclass(frozen=True)
class Source:
    """A transformer by its files, and how many images of a split, or windows of a text, it is measured on."""

    model: str  # vit or gpt
    weights: Path
    data: str | Path = mnist.SHIPPED
    some: int | None = None  # None: all
    split: str = "test"
    stamps: tuple[str, str] | None = None  # what the files have to be, once a sweep has begun


@lru_cache(maxsize=1)
def _subject(source: Source) -> Subject:
    """The subject of a source, read once per worker."""
    if source.model == "vit":
        return vit_subject(source.weights, source.data, source.split, source.some)
    return gpt_subject(source.weights, source.data, source.some)


def measured(combination: Combination, source: Source) -> Row:
    """One row: settings, results, or the reason why this combination is refused."""
    set_threads(1)
    subject = _subject(replace(source, stamps=None))
    if subject.stamps != source.stamps:
        raise ValueError(f"{source.weights} or {source.data} changed while the sweep was running; start it again")
    try:
        results = subject.measure(TransformerSettings(**combination))
    except ShippedMissing:  # not the fault of this combination: it can be measured once the digits are there
        raise
    except ValueError as error:
        results = {"error": error}
    return {**cells(combination, SPACE), **{name: as_cell(value) for name, value in results.items()},
            **dict(zip(STAMPS, subject.stamps, strict=True)), MADE_ON: made_on()}


def sweep_transformer(grid: Mapping[str, Iterable[Any]], out: str | Path, source: Source, jobs: int | None = None,
                      backend: str = "loky") -> list[dict[str, Any]]:
    """Measure the product of lists, such as {"format": ["grid", "mxfp4"], "bits": [8, 4]}, and return a row for each;
    all else as `pyapp.sweep.run.sweep`."""
    wanted, jobs = combinations(grid, SPACE), backends.check(backend, jobs)
    stamps = _subject(source).stamps
    table = Table(out, COLUMNS, len(DEFAULTS), lambda row: _check(row, stamps))
    keys = [tuple(cells(one, SPACE).values()) for one in wanted]
    tasks = [(one, replace(source, stamps=stamps)) for one, key in zip(wanted, keys, strict=True)
             if key not in table.rows]
    return [_typed(row) for row in run.fill(table, keys, tasks, measured, backend, jobs)]


def _check(row: Row, stamps: tuple[str, str]) -> None:
    """ValueError if an existing row comes from other files, or was damaged."""
    check_stamps(row, stamps)
    _typed(row)


def _typed(row: Row) -> dict[str, Any]:
    return run.typed(row, DEFAULTS, RESULTS)
