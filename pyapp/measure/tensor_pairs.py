"""Two files of tensors compared, such as a checkpoint before and after quantisation."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pyapp.data.tensors.rows import Columns, picked
from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.tensor_statistics import PIECE, unit_of
from pyapp.store import StoreError

PLACES = 512  # numbers of a tensor that are compared to find it under another name
LEAST = 3  # numbers: any two pairs of numbers correlate
CONSTANT = 1e-9  # length of centred numbers whose largest is 1: rounding alone gives as much
ALIKE = 0.95  # correlation from which on two tensors are offered as one


def matched(one: Sequence[Tensor], other: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Tensors of the same name and shape in two files."""
    partners = {(tensor.name, tensor.shape): tensor for tensor in other}
    return [(tensor, partners[tensor.name, tensor.shape]) for tensor in one if (tensor.name, tensor.shape) in partners]


def compare_files(one: Sequence[Tensor], other: Sequence[Tensor],
                  watch: Callable[[int, int], None]) -> dict[str, Any]:
    """Tensors of the same name and shape, the worst first: the difference x - y of what they stand for, and its SQNR.
    Those without a partner, and candidates for them: of the same numbers under another name, or transposed."""
    pairs, rows = matched(one, other), []
    for pair in pairs:
        rows.append(difference(*pair))
        watch(len(rows), len(pairs))
    return {"rows": worst_first(rows), **unmatched(one, other)}


def worst_first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=_suffering)


def unmatched(one: Sequence[Tensor], other: Sequence[Tensor]) -> dict[str, Any]:
    """The names of tensors that have no partner in the other file, and `candidates` for them; and square matrices that
    are transposed under the name that they have in both files."""
    pairs = matched(one, other)
    there = {(a.name, a.shape) for a, _ in pairs}
    alone = [[tensor for tensor in each if (tensor.name, tensor.shape) not in there] for each in (one, other)]
    return {"only_first": [tensor.name for tensor in alone[0]], "only_second": [tensor.name for tensor in alone[1]],
            "candidates": [*candidates(*alone), *(row for pair in pairs for row in transposed(*pair))]}


def _suffering(row: dict[str, Any]) -> float:
    """Sorting key: pairs that cannot be compared come first, then those of the lowest SQNR."""
    return float("-inf") if row["sqnr_db"] is None else row["sqnr_db"]


def difference(a: Tensor, b: Tensor) -> dict[str, Any]:
    """A row for a pair: mean and maximum of |x - y|, and 10 log₁₀(Σ x² / Σ (x - y)²) in decibels, infinite for equal
    tensors. Sums are float64. None, and a note, where one cannot be read or has numbers that are not finite."""
    nothing = {"name": a.name, "shape": list(a.shape), "dtype": a.dtype, "other_dtype": b.dtype,
               "mean_difference": None, "maximum_difference": None, "sqnr_db": None}
    try:
        x, y = a.flat(), b.flat()
        if isinstance(x, Columns) and isinstance(y, Columns):
            x, y = x.stored, y.stored
    except StoreError as error:
        return {**nothing, "note": str(error)}
    unit = max(map(unit_of, (x, y)))
    signal = noise = total = largest = 0.0
    for start in range(0, x.size, PIECE):
        u, v = (each[start : start + PIECE].astype(np.float64) / unit for each in (x, y))
        if not (np.isfinite(u).all() and np.isfinite(v).all()):
            return {**nothing, "note": "NaN or infinity is among its numbers"}
        error = np.abs(u - v)
        signal, noise = signal + float(np.square(u).sum()), noise + float(np.square(error).sum())
        total, largest = total + float(error.sum()), max(largest, float(error.max()))
    sqnr = float("inf") if not noise else 10 * float(np.log10(signal / noise)) if signal else float("-inf")
    return {**nothing, "mean_difference": total / max(x.size, 1) * unit, "maximum_difference": largest * unit,
            "sqnr_db": sqnr, "note": ""}


def candidates(one: Sequence[Tensor], other: Sequence[Tensor]) -> list[dict[str, Any]]:
    """For tensors of one file those of the other whose numbers correlate most with theirs, as they are or transposed,
    where that is at least ALIKE. Constant tensors correlate with nothing."""
    shapes = {tensor.shape for tensor in one}
    prints = {}  # by the shape that is looked for: the tensors of the other file, and their numbers at the same places
    for tensor in other:
        for shape, turned in ((tensor.shape, False), (tensor.shape[::-1], True)):
            if shape in shapes and (not turned or len(shape) == 2):
                for found in _fingerprint(tensor, shape, turned):
                    prints.setdefault(shape, []).append((tensor.name, turned, found))
    rows = []
    for tensor in one:
        for own in _fingerprint(tensor, tensor.shape, False) if tensor.shape in prints else ():
            there = prints[tensor.shape]
            likeness = [float(own @ found) for _, _, found in there]
            best = int(np.argmax(np.abs(likeness)))
            name, turned, _ = there[best]
            if abs(likeness[best]) >= ALIKE:
                how = [word for word, true in (("renamed", name != tensor.name), ("transposed", turned)) if true]
                rows.append({"first": tensor.name, "second": name, "how": " and ".join(how),
                             "correlation": likeness[best]})
    return rows


def transposed(a: Tensor, b: Tensor) -> Iterator[dict[str, Any]]:
    """The row of a candidate, if b is of the numbers of a transposed, and not of these as they are."""
    if len(a.shape) != 2 or a.shape[0] != a.shape[1]:
        return
    for own in _fingerprint(a, a.shape, False):
        straight, across = (max((float(own @ found) for found in _fingerprint(b, a.shape, turned)), key=abs, default=0)
                            for turned in (False, True))
        if abs(across) >= ALIKE > abs(straight):
            yield {"first": a.name, "second": b.name, "how": "transposed", "correlation": across}


def _fingerprint(tensor: Tensor, shape: tuple[int, ...], turned: bool) -> Iterator[np.ndarray]:
    """Numbers spread over a tensor, less their mean, of length 1; the places are counted in `shape`, which is the
    transposed one if `turned`. Nothing for what cannot be read, is too small or constant."""
    try:
        if tensor.size < LEAST:
            return
        places = np.linspace(0, tensor.size - 1, min(PLACES, tensor.size)).astype(np.int64)
        if turned:
            places = np.ravel_multi_index(np.unravel_index(places, shape)[::-1], tensor.shape)
        some = picked(tensor.flat(), places).astype(np.float64)
    except StoreError:
        return
    if not np.isfinite(some).all() or not (largest := np.abs(some).max()):
        return
    centred = some / largest - (some / largest).mean()
    length = float(np.linalg.norm(centred))
    if length > CONSTANT:
        yield centred / length
