"""Tensors of a file as a page shows them: rows of its tables, and where a format errs as pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.histogram import edges, histogram
from pyapp.measure.tensor_errors import ErrorMap
from pyapp.measure.tensor_formats import KEPT, Cost
from pyapp.measure.tensor_pairs import worst_first
from pyapp.measure.tensor_statistics import Statistics
from pyapp.quant.formats.catalogue import FORMATS

FEW = 10  # names in a sentence
LONG = 24  # letters of a name in a line
PIECES = re.compile(rf"\.|[^.\s]{{{LONG}}}(?=[^.\s])")  # what a name may wrap after
SAID = 3 * LONG  # letters of a name in a sentence
# Characters without a form of their own; some turn the writing direction of all that follows in the sentence.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
STATISTICS = tuple(field.name for field in fields(Statistics))


@dataclass(frozen=True)
class Picture:
    """Where a format errs in a tensor; `of` says which. Without a map, why there is none."""

    of: tuple[int, str]
    map: ErrorMap | None
    refused: str = ""


def unknown(tensor: Tensor, i: int) -> dict[str, Any]:
    """The row of a tensor that was not looked at yet."""
    return {"name": tensor.name, "shape": tensor.shape, "dtype": tensor.dtype, "numbers": tensor.size,
            "bytes": tensor.nbytes, "note": "", "costs": {}, "place": -i, **dict.fromkeys(STATISTICS)}


def breakable(name: str) -> str:
    """A name that may wrap after its dots, and within a part that is longer than LONG: a line of a phone holds so many
    letters, and a table would hide its other columns behind a name of 200. Characters that cannot be seen can be."""
    return PIECES.sub("\\g<0>\u200b", UNSEEN.sub("\N{REPLACEMENT CHARACTER}", name))


def told(names: Sequence[str]) -> str:
    """Names in a sentence, long ones cut."""
    return ", ".join(breakable(name if len(name) <= SAID else f"{name[:SAID]}…") for name in names)


def shape(axes: Any) -> str:
    return " × ".join(map(str, axes)) or "one number"


def listed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with a format as the list shows it."""
    kept = {key: row[key] for key in ("name", "dtype", "bits", "sqnr_db", "note", *STATISTICS)}
    return {**kept, "title": breakable(row["name"]), "sqnr": decibels(row["sqnr_db"]), "shape": shape(row["shape"]),
            "format": title(row["format"])}


def title(form: str) -> str:
    return FORMATS[form].title if form != KEPT else KEPT


def order(row: Mapping[str, Any], column: str) -> Any:
    """What rows are ordered by: words as they are shown, whatever their case, and shapes axis by axis."""
    value = title(row[column]) if column == "format" else row[column]
    return value.casefold() if isinstance(value, str) else tuple(value) if column == "shape" else value


def decibels(ratio: float | None) -> str:
    """An SQNR in words; a dash if none was measured, as for a tensor that is kept or cannot be read."""
    if ratio is None or not np.isfinite(ratio):
        return "–" if ratio is None else "exact" if ratio > 0 else "no signal"
    return f"{ratio:.1f} dB".replace("-", "−")


def pictured(picture: Picture | None, tensor: Tensor) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The pictures of a tensor as scalars and arrays."""
    found = picture and picture.map
    told = {"pictured": bool(found), "refused": picture.refused if picture else "", "channels": [], "starts": [],
            "row_is": "", "cell_is": "", "map_limit": 0.0, "shown_part": "", **number_line([], [0.0, 1.0])}
    if not found:
        return told, {}
    bins = edges(found.before, found.after)
    told |= number_line(found.levels, [float(bins[0]), float(bins[-1])])
    told |= {"channels": (found.channels + 1).tolist(), "map_limit": float(found.lost.max()),
             "starts": list(range(1, found.before.shape[1] + 1, found.block)),
             "row_is": "a piece of 256 neighbours" if found.pieces else "one place of the first axis",
             "cell_is": "one number" if found.block == 1 else f"{found.block} neighbours",
             "shown_part": "All of its numbers are shown." if found.before.size == tensor.size else
                           f"{found.before.size:,} of its {tensor.size:,} numbers are shown: rows spread evenly over "
                           "it, with the one of the largest number."}
    return told, {"edges": bins, "before": histogram(found.before, bins), "after": histogram(found.after, bins),
                  "lost": found.lost, "levels": found.levels[-1].astype(np.float64)}


def number_line(lines: Sequence[np.ndarray], ends: list[float]) -> dict[str, Any]:
    """The numbers that a format has for a tensor as rows of dots over the axis of its histogram: with the smallest
    scale at the top, and the largest at the bottom."""
    rows = [{"x": levels.tolist(), "y": [len(lines) - 1 - i] * len(levels), "shape": "dots", "role": "quant"}
            for i, levels in enumerate(lines)]
    said = ("one scale holds for all" if len(lines) < 2 else "blocks with the smallest scale at the top, "
            + "a middle one, " * (len(lines) > 2) + "and the largest at the bottom")
    return {"level_rows": rows, "level_ends": [-0.6, max(len(lines), 1) - 0.4], "level_ticks": [], "axis_ends": ends,
            "level_words": said}


def formats(costs: dict[str, Cost]) -> list[dict[str, Any]]:
    """Formats that can hold a tensor, the smallest first, with a bar for the SQNR."""
    able = {name: each for name, each in costs.items() if each.sqnr_db is not None}
    most = max((each.sqnr_db for each in able.values() if np.isfinite(each.sqnr_db)), default=1.0) or 1.0
    return [{"name": name, "title": FORMATS[name].title, "bits": each.bits, "sqnr_db": each.sqnr_db,
             "sqnr": decibels(each.sqnr_db), "maximum": each.maximum, "bytes": each.nbytes,
             "share": float(np.clip(each.sqnr_db / most, 0, 1))}
            for name, each in sorted(able.items(), key=lambda item: item[1].bits)]


def compared(file: str, other: str, differences: Sequence[Mapping[str, Any]], alone: Mapping[str, Any],
             most: int) -> dict[str, Any]:
    """Two files compared: their pairs, of which at most `most` are listed, and the tensors known to have no partner."""
    pairs = [{**row, "title": breakable(row["name"]), "sqnr": decibels(row["sqnr_db"]), "shape": shape(row["shape"])}
             for row in worst_first(differences)[:most]]
    candidates = [{**each, "first_title": breakable(each["first"]), "second_title": breakable(each["second"])}
                  for each in alone.get("candidates", [])[:most]]
    said = [_only(which, alone.get(key)) for which, key in ((file, "only_first"), (other, "only_second"))]
    if len(differences) > most:
        said.insert(0, f"The worst {most:,} of {len(differences):,} are listed.")
    return {"other": other, "paired": len(differences), "pairs": pairs, "candidates": candidates,
            "alone": " ".join(filter(None, said))}


def _only(file: str, names: Sequence[str] | None) -> str:
    if not names:
        return ""
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return f"Only in {file}: {told(names[:FEW])}{more}."
