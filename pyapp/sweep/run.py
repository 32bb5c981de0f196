"""A sweep from Python: measure every combination of settings, keep the rows in a CSV file, go on where it stopped."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pyapp.core.classes import TEN
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.sweep import backends
from pyapp.sweep.blas import threads
from pyapp.sweep.grid import DEFAULTS, cells, combinations, read
from pyapp.sweep.measuring import MADE_ON, RESULTS, TRAINED, Source, calibrates, measured, stamp_of
from pyapp.sweep.table import Key, Row, Table, number

WORDS = {"weights": "weights", "images": "images", "training": "training images"}  # by the columns with their sha256
STAMPS = tuple(WORDS)
COLUMNS = (*DEFAULTS, *RESULTS, *STAMPS, MADE_ON)
NEWER = ("reconstruction", "format", "prepare", "bits_per_weight", MADE_ON)  # columns that older files do not have


def sweep(grid: Mapping[str, Iterable[Any]], out: str | Path, weights: str | Path = mlp.SHIPPED,
          data: str | Path = mnist.SHIPPED, split: str = "test", jobs: int | None = None,
          backend: str = "loky") -> list[dict[str, Any]]:
    """Measure the product of lists, such as {"bits": [8, 4], "activations": [None, 8]}, and return a row for each.

    Rows that `out` has already are not measured again; each new one is in the file as soon as it is known. At the end
    the file has this grid's rows first, in the grid's order, then what else it had: the same bytes however many
    and whichever workers there were, and however often it was stopped. A refused combination is a row with the reason
    in `error`. ValueError, before anything is measured, for a grid that names unknown settings or invalid values, and
    for an `out` that is no sweep, or one of other weights or images.
    """
    wanted = combinations(grid)
    jobs = backends.check(backend, jobs)
    source = Source.of(weights, data, split)
    own = source.classes != TEN  # such networks are calibrated on training images too
    training = stamp_of(mnist.load(data, "train")) if own or any(one["method"] in TRAINED for one in wanted) else ""
    table = Table(out, COLUMNS, len(DEFAULTS), lambda row: _check(row, (*source.stamps, training)), NEWER)
    keys = [tuple(cells(one).values()) for one in wanted]
    missing = [one for one, key in zip(wanted, keys, strict=True) if key not in table.rows]
    if not own and any(map(calibrates, missing)):
        mnist.calibration()  # read before the work, which would stop without it

    def stamped(row: Row) -> Row:
        trained = training if own or row["method"] in TRAINED else ""
        return {**row, **dict(zip(STAMPS, (*source.stamps, trained), strict=True))}
    tasks = [(one, source) for one in missing]
    return [typed(row) for row in fill(table, keys, tasks, measured, backend, jobs, stamped)]


def fill(table: Table, keys: Sequence[Key], tasks: Sequence[tuple], measured: Callable[..., Row], backend: str,
         jobs: int, stamped: Callable[[Row], Row] = lambda row: row) -> list[Row]:
    """Measure the tasks and add their rows to the table, then put the rows with these keys first, in this order."""
    with table, backends.bar(len(keys), len(keys) - len(tasks)) as bar:
        for row in _measure(tasks, measured, backend, jobs):
            table.add(stamped(row))
            bar.update()
    table.rewrite(keys)
    return [table.rows[key] for key in keys]


def _measure(tasks: Sequence[tuple], measured: Callable[..., Row], backend: str, jobs: int) -> Iterator[Row]:
    """Rows as they become known. One BLAS thread here too: with threads, or one worker, the work is done here."""
    if tasks:
        with threads(1):
            yield from backends.results(measured, tasks, backend, min(jobs, len(tasks)))


def _check(row: Row, stamps: tuple[str, str, str]) -> None:
    """ValueError if an existing row comes from other files, or was damaged. An empty stamp matches any file."""
    for name, stamp in zip(STAMPS, stamps, strict=True):
        if row[name] and stamp and row[name] != stamp:
            raise ValueError(f"it was measured with other {WORDS[name]} (sha256 {row[name]}..., these have "
                             f"{stamp}...); name another file with out=FILE")
    typed(row)


def typed(row: Row, defaults: Mapping[str, Any] = DEFAULTS, results: Mapping[str, type] = RESULTS) -> dict[str, Any]:
    """A row's cells as values; None where a cell is empty, or says "none". ValueError names an invalid cell."""
    values = {name: number(row, name, partial(read, name, defaults=defaults)) if row[name] else None
              for name in defaults}
    values |= {name: number(row, name, kind) if row[name] else None for name, kind in results.items()}
    return values | {name: row[name] or None for name in row if name not in values}
