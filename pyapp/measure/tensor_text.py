"""Where a number format errs in a tensor, drawn in plain text for a terminal of 80 columns."""

from collections.abc import Iterable

import numpy as np

from pyapp.core.words import counted
from pyapp.measure.histogram import edges, histogram
from pyapp.measure.tensor_errors import ErrorMap

SHADES = " .:-=+*#%@"  # from nothing to the largest
COLUMNS, ROWS, LABEL = 64, 16, 14  # of characters: a line, the rows of a map, and what stands before them
SCALES = {1: ("one scale",), 2: ("smallest scale", "largest scale"),
          3: ("smallest scale", "middle scale", "largest scale")}


def drawn(found: ErrorMap, title: str) -> str:
    """The tensor's numbers and those that a format has for it on one axis, and a map of the errors."""
    return f"{number_line(found, title)}\n\n{map_of(found, title)}"


def number_line(found: ErrorMap, title: str) -> str:
    """A histogram of the numbers (square roots of counts), and below it where the format has values: | one in this
    column, # several. One line for each scale that `number_lines` gives."""
    bins = edges(found.before, found.after, bins=COLUMNS)
    lines = [("its numbers", _shaded(np.sqrt(histogram(found.before, bins))))]
    for scale, levels in zip(SCALES[len(found.levels)], found.levels, strict=True):
        lines.append((scale, "".join(" |#"[min(count, 2)] for count in histogram(levels, bins).tolist())))
    told = f"number line from {bins[0]:.4g} to {bins[-1]:.4g}; {title}: | one value, # several"
    return "\n".join([told, *_labelled(lines)])


def map_of(found: ErrorMap, title: str) -> str:
    """The errors by channel and block as `ErrorMap` has them, each line after the place of its channel. Where there are
    more than ROWS, several share a line: the root of the mean of their squares."""
    together = -(-len(found.channels) // ROWS)
    starts = np.arange(0, len(found.channels), together)
    squares = np.add.reduceat(np.square(found.lost, dtype=np.float64), starts, axis=0)
    lost = np.sqrt(squares / np.diff([*starts, len(found.channels)])[:, None])
    lines = zip([f"{place + 1:,}" for place in found.channels[starts].tolist()], _shaded(lost), strict=True)
    what = counted(together, "piece") + " of 256" if found.pieces else counted(together, "channel")
    told = [f"error of {title}: {what} per line, {counted(found.block, 'number')} per character;",
            f"{SHADES[-1]} is {lost.max():.1%} of the tensor's root mean square, in shades \"{SHADES}\""]
    return "\n".join([*told, *_labelled(lines)])


def _shaded(x: np.ndarray) -> str | list[str]:
    """A character for each number from 0 on, blank only for 0; of a matrix a text for each row."""
    shades = np.ceil(x / (x.max() or 1.0) * (len(SHADES) - 1)).astype(np.int64)
    texts = ["".join(SHADES[i] for i in row) for row in np.atleast_2d(shades).tolist()]
    return texts if x.ndim > 1 else texts[0]


def _labelled(lines: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name:>{LABEL}} {text}".rstrip() for name, text in lines]
