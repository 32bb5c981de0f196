"""Results of the benchmark: put together from what was measured, checked when they are read, and read by tables.

{"kind": "bench", "version": 1, "made": {...}, "rows": [{"name", "title", "precision", "start", "memory", "works":
{work: {"ms": {"median", "least", "most"}, "ratio", "difference", "agrees", "why" if it does not}}}], "absent": {name:
why}, "growth": [...], "page": {...}}

A `ratio` says how many times faster than plain JavaScript in the same run something is: its own time for the same work,
or, of work that plain JavaScript does not do, its time for the batch of 500 images, which only comparisons of two runs
can use. Times depend on the machine and are never compared.
"""

import json
import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files
from pyapp.bench.contestants import NUMPY, PLAIN, Contestant
from pyapp.bench.workloads import CHARACTERS, WORKLOADS, held_out_labels
from pyapp.core.losses import softmax_cross_entropy
from pyapp.places import ROOT

KIND, VERSION = "bench", 1
COMMITTED = ROOT / "tests" / "bench" / "results.json"
WORKS = tuple(WORKLOADS)
YARDSTICK = "batch"  # of plain JavaScript, for work that it does not do
LOSS_BOUND, BOUND = 1e-3, 1e-4  # losses in nats; other numbers relative to the largest one
DIGITS = 4  # of a figure that is kept


def assembled(contestants: Iterable[Contestant], times: Mapping[str, Mapping[str, list[float]]],
              checks: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Any],
              starts: Mapping[str, list[dict[str, float]]], memory: Mapping[str, int], absent: Mapping[str, str],
              growth: list[dict[str, Any]], page: Mapping[str, float], made: Mapping[str, Any]) -> dict[str, Any]:
    """The results, from milliseconds by contestant and work, from what their work came to, and from their starts."""
    plain = {name: statistics.median(ms) for name, ms in times[PLAIN].items()}
    rows = []
    for one in contestants:
        begun = starts.get(one.key, [])
        rows.append({
            "name": one.name, "title": one.title, "precision": one.precision,
            "start": {name: statistics.median(each[name] for each in begun) for name in ("ms", "first_ms", "bytes")}
            if begun else None,
            "memory": memory.get(one.key),
            "works": {name: {"ms": spread(ms), "ratio": plain.get(name, plain[YARDSTICK]) / statistics.median(ms),
                             **agreement(name, one.precision, checks[one.name][name], expected[name])}
                      for name, ms in times[one.name].items()},
        })
    return rounded({"kind": KIND, "version": VERSION, "made": dict(made), "rows": rows, "absent": dict(absent),
                    "growth": growth, "page": dict(page)})


def spread(ms: list[float]) -> dict[str, float]:
    return {"median": statistics.median(ms), "least": min(ms), "most": max(ms)}


def agreement(name: str, precision: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """How far the work's numbers are from those of NumPy under CPython in float32, whether that is rounding only, and
    `why` if it is not. Integers differ by their codes, so `agrees` is None for them: the difference is what quantising
    costs."""
    ours, theirs = (np.array(each["values"], np.float64).reshape(each["shape"]) for each in (expected, found))
    if ours.shape != theirs.shape:
        return {"difference": math.inf, "agrees": False,
                "why": f"the result has the shape {theirs.shape}, not {ours.shape}"}
    said = f"more than rounding explains: {BOUND:g} of the largest"
    if name == "epoch":
        difference, bound = abs(loss(ours) - loss(theirs)), LOSS_BOUND
        said = f"a loss of {loss(theirs):.4f} nats, not {loss(ours):.4f}: it was trained otherwise"
    elif name == "text":
        difference, bound = float((ours != theirs).mean()), 0.0
        said = "other characters were drawn"
    elif name == "vit step":
        difference, bound = float(np.abs(ours - theirs).max()), LOSS_BOUND
        said = f"losses of {np.round(theirs, 4).tolist()} nats, not {np.round(ours, 4).tolist()}"
    else:
        difference, bound = float(np.abs(ours - theirs).max() / np.abs(ours).max()), BOUND
    if precision != "float32":
        return {"difference": difference, "agrees": None}
    if difference <= bound:
        return {"difference": difference, "agrees": True}
    return {"difference": difference, "agrees": False,
            "why": said if np.isfinite(theirs).all() else "the result holds NaN or infinity"}


def loss(logits: np.ndarray) -> float:
    """Cross-entropy in nats on the 500 test images, from their logits (500, 10)."""
    return softmax_cross_entropy(logits, held_out_labels())[0]


def rounded(value: Any) -> Any:
    """Data with its floats rounded to four digits: more of them would only be noise."""
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) and math.isfinite(value) else value


def row(result: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """A contestant's row, if it took part."""
    return next((each for each in result["rows"] if each["name"] == name), None)


def workers(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The library's title and the first row of each worker that was started; rows that share one share its start."""
    seen = set()
    for one in result["rows"]:
        if one["start"] is not None and (key := (*one["start"].values(), one["memory"])) not in seen:
            seen.add(key)
            yield re.sub(r", (NumPy|kernels|float32|dynamic int8|QDQ int8|int8)\b", "", one["title"]), one


def to_numpy(result: Mapping[str, Any], one: Mapping[str, Any], work: str) -> float:
    """How many times faster than NumPy in the same run a row does some work."""
    return row(result, NUMPY)["works"][work]["ms"]["median"] / one["works"][work]["ms"]["median"]


def characters_per_second(work: Mapping[str, Any]) -> float:
    return 1000 * CHARACTERS / work["ms"]["median"]


def encoded(result: Mapping[str, Any]) -> bytes:
    """The content of a file of results. JSON has no infinity: a difference without bound becomes null."""
    finite = json.loads(json.dumps(result), parse_constant=lambda _: None)
    return (json.dumps(finite, indent=1, allow_nan=False) + "\n").encode()


def load(path: Path) -> dict[str, Any]:
    """Results from a file. ValueError says what is wrong with it."""
    try:
        found = files.json_of(files.read(path))
    except ValueError as error:
        raise ValueError(f"{path} holds no results of the benchmark: {error}") from None
    if why := wrong(found):
        raise ValueError(f"{path} holds no results of the benchmark: {why}; name a file that the benchmark wrote")
    return found


def wrong(found: Any) -> str:
    """What is wrong with data that should be results; nothing if they can be used."""
    if not isinstance(found, dict) or (found.get("kind"), found.get("version")) != (KIND, VERSION):
        return f"expected kind {KIND!r} and version {VERSION}"
    parts = {"made": dict, "rows": list, "absent": dict, "growth": list, "page": dict}
    for name, kind in parts.items():
        if not isinstance(found.get(name), kind):
            return f"{name} is missing"
    for one in found["rows"]:
        if not isinstance(one, dict) or not isinstance(one.get("works"), dict) or not one.get("name"):
            return "a row lacks its name or its works"
        for work, cell in one["works"].items():
            try:
                figures = [cell["ms"]["median"], cell["ms"]["least"], cell["ms"]["most"], cell["ratio"]]
            except (KeyError, TypeError):
                return f"{one['name']}, {work}: ms or ratio is missing"
            if not all(isinstance(each, int | float) and math.isfinite(each) and each > 0 for each in figures):
                return f"{one['name']}, {work}: expected finite numbers above 0"
    missing = {PLAIN, NUMPY} - {one["name"] for one in found["rows"]}
    return f"the row {min(missing)} is missing" if missing else ""
