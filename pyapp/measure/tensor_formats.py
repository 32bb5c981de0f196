"""What number formats cost the tensors of a file, and which format each gets under a budget."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pyapp.core.words import counted
from pyapp.data.tensors.rows import Columns, Flat, as_stored, picked
from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.tensor_statistics import statistics
from pyapp.quant.error import compare
from pyapp.quant.formats.catalogue import find
from pyapp.quant.mixed import allocate
from pyapp.store import StoreError

KEPT = "kept"  # a tensor that stays as it is in the file
PIECE = 256  # numbers: a multiple of every format's block
WORST = 10
SEARCHED = 2**18  # numbers at a time, where the largest is looked for
SAMPLE = 2**14  # numbers of a tensor on which formats are measured


@dataclass(frozen=True)
class Cost:
    """What a format makes of a tensor: bits per number and bytes, scales included, and the error on the sample; None
    where the format refuses these numbers."""

    bits: float
    nbytes: int
    sqnr_db: float | None
    maximum: float | None


def sample(flat: Flat, shape: tuple[int, ...], most: int = SAMPLE) -> np.ndarray:
    """At most about `most` numbers of a tensor of this shape, float32: all, or whole rows spread evenly over it, with
    the row that holds the largest number, which decides the scale of the whole. Rows longer than that are cut into
    pieces of 256."""
    if flat.size <= most:
        return flat[:].reshape(shape).astype(np.float32)
    width = shape[-1] if len(shape) > 1 and shape[-1] <= most else PIECE
    return rows_at(flat, width, spread(flat, width, max(most // width, 1)))


def spread(flat: Flat, width: int, most: int) -> np.ndarray:
    """Indices of at most about `most` rows of `width` numbers, int64 and ascending: spread evenly, with that of the row
    that has the largest number."""
    count, stored, peak, largest = flat.size // width, as_stored(flat), 0, -1.0
    for start in range(0, count * width, SEARCHED):
        size = np.abs(stored[start : min(start + SEARCHED, count * width)])
        if size[at := int(size.argmax())] > largest:
            peak, largest = start + at, size[at]
    row = min((flat.place(peak) if isinstance(flat, Columns) else peak) // width, count - 1)
    return np.union1d(np.linspace(0, count - 1, min(most, count)).astype(np.int64), [row])


def rows_at(flat: Flat, width: int, places: np.ndarray) -> np.ndarray:
    """The rows of `width` numbers with these indices, float32 (places, width)."""
    within = places[:, None] * width + np.arange(width)
    return picked(flat, within.reshape(-1)).reshape(within.shape).astype(np.float32)


def cost(x: np.ndarray, shape: tuple[int, ...], name: str) -> Cost:
    """The cost of the format `name` for a tensor of this shape, measured on x, a sample of it."""
    kind = find(name)
    bits = kind.bits(shape)
    nbytes = round(bits * int(np.prod(shape, dtype=np.int64)) / 8)
    try:
        lost = compare(x, kind.encode(x).dequantize())
    except ValueError:  # NaN, or scales beyond float16
        return Cost(bits, nbytes, None, None)
    return Cost(bits, nbytes, lost.sqnr_db, lost.maximum)


def bits_of(tensor: Tensor, name: str) -> float | None:
    """Bits per number of a tensor in this format; None if the format needs another shape."""
    try:
        return find(name).bits(tensor.shape)
    except ValueError:
        return None


def looked_at(tensor: Tensor, most: int) -> tuple[dict[str, Any], np.ndarray | None]:
    """A row for a tensor: what it is, its statistics, and `costs` to be filled; and a sample of its numbers. None
    where no format can be measured, as for integers without a scale, which are no weights; `note` says why."""
    row = {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype, "numbers": tensor.size,
           "bytes": tensor.nbytes, "note": "", "costs": {}}
    try:
        flat = tensor.flat()
        row |= asdict(statistics(flat))
    except StoreError as error:
        return {**row, **asdict(statistics(np.zeros(0))), "note": str(error).partition("read: ")[2] or str(error)}, None
    if as_stored(flat)[:1].dtype.kind != "f":
        return {**row, "note": "whole numbers without a scale"}, None
    if row["not_finite"] or not flat.size:
        note = counted(row["not_finite"], "number") + " NaN or infinite" if flat.size else "empty"
        return {**row, "note": note}, None
    if 0 < row["maximum"] < float(np.finfo(np.float32).tiny):
        return {**row, "note": "all numbers are below float32's range"}, None
    if row["maximum"] > float(np.finfo(np.float32).max):
        return {**row, "note": "some numbers are beyond float32's range"}, None
    return row, sample(flat, tensor.shape, most)


def described(tensor: Tensor, formats: Sequence[str], bits: float | None, most: int) -> dict[str, Any]:
    """The row of a tensor with the `costs` of the formats that take at most `bits` per number."""
    row, some = looked_at(tensor, most)
    if some is None:
        return row
    wanted = [name for name in formats if (own := bits_of(tensor, name)) is not None and (bits is None or own <= bits)]
    return {**row, "costs": {name: cost(some, tensor.shape, name) for name in wanted}}


def rows_of(tensors: Sequence[Tensor], formats: Sequence[str], bits: float | None, most: int,
            watch: Callable[[int, int], None]) -> Iterator[dict[str, Any]]:
    """`described` for each tensor."""
    for i, tensor in enumerate(tensors):
        yield described(tensor, formats, bits, most)
        watch(i + 1, len(tensors))


def best(rows: Sequence[Mapping[str, Any]], budget: int | None) -> list[dict[str, Any]]:
    """The rows with the format of each: the one of the highest SQNR, the smaller of equals; or with a `budget` in bytes
    for the whole file, formats that lose the smallest share of the numbers' energy, each number counting alike. A
    tensor for which no format in reach is smaller than it is in the file is kept. ValueError if the budget is too
    small."""
    usable = {i: {name: each for name, each in row["costs"].items()
                  if each.sqnr_db is not None and each.nbytes < row["bytes"]} for i, row in enumerate(rows)}
    if budget is None:
        chosen = {i: max(costs, key=lambda name: (costs[name].sqnr_db, -costs[name].nbytes))
                  for i, costs in usable.items() if costs}
    else:
        chosen = _allocated(rows, usable, budget)
    return [_chosen(row, chosen.get(i, KEPT)) for i, row in enumerate(rows)]


def _allocated(rows: Sequence[Mapping[str, Any]], usable: Mapping[int, Mapping[str, Cost]],
               budget: int) -> dict[int, str]:
    sizes = {i: {KEPT: rows[i]["bytes"], **{name: each.nbytes for name, each in costs.items()}}
             for i, costs in usable.items() if costs}
    lost = {i: {KEPT: 0.0, **{name: rows[i]["numbers"] * 10 ** (-each.sqnr_db / 10)
                              for name, each in usable[i].items()}} for i in sizes}
    if not sizes:
        return {}
    return allocate(lost, sizes, budget, sum(row["bytes"] for i, row in enumerate(rows) if i not in sizes)).bits


def _chosen(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = row["costs"].get(name) or Cost(8 * row["bytes"] / max(row["numbers"], 1), row["bytes"], None, None)
    rest = {key: value for key, value in row.items() if key not in ("costs", "note")}
    return {**rest, "format": name, "bits": found.bits, "sqnr_db": found.sqnr_db, "format_bytes": found.nbytes,
            "note": row["note"]}


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The file's size now and in the formats that the rows have, and the tensors that lose most, worst first."""
    suffer = sorted((row for row in rows if row["sqnr_db"] is not None), key=lambda row: row["sqnr_db"])
    return {"tensors": len(rows), "numbers": sum(row["numbers"] for row in rows),
            "bytes": sum(row["bytes"] for row in rows), "format_bytes": sum(row["format_bytes"] for row in rows),
            "kept": sum(row["format"] == KEPT for row in rows), "worst": [row["name"] for row in suffer[:WORST]]}
