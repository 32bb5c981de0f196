"""Small tensors to quantise: drawn from a seed, cut out of the shipped network, or pasted as text."""

import re
from collections.abc import Callable
from functools import cache

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.models import mlp

Shape = tuple[int, int]
Draw = Callable[[np.random.Generator, Shape], np.ndarray]
LARGEST = 64 * 64  # numbers in a tensor
BEYOND = 1e38  # the range of larger numbers, highest - lowest, might not fit into float32
OUTLIER = (0.01, 20)  # one number in a hundred is twenty times as large

DRAWN: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "laplace": lambda rng, shape: rng.laplace(size=shape),
    "relu": lambda rng, shape: np.maximum(rng.standard_normal(shape), 0),
    "silu": lambda rng, shape: silu(rng.standard_normal(shape)),
    "outlier": lambda rng, shape: rng.standard_normal(shape) * np.where(rng.random(shape) < OUTLIER[0], OUTLIER[1], 1),
    "channels": lambda rng, shape: rng.standard_normal(shape) * np.exp(rng.standard_normal((shape[0], 1))),
}
NETWORK = ("layer1", "layer2", "layer3")

pretrained: Callable[[], Parameters] = cache(mlp.load)  # read once


class TextError(ValueError):
    """A text is no tensor; `hint` says what to write instead."""

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


def draw(kind: str, shape: Shape, seed: int) -> np.ndarray:
    """Float32 numbers of a kind in DRAWN. The same seed gives the same numbers in every runtime."""
    return DRAWN[kind](generator(seed, f"tensor {kind}"), shape).astype(np.float32)


def silu(x: np.ndarray) -> np.ndarray:
    """x · sigmoid(x), an activation that goes a little below 0 (Elfwing et al. 2017)."""
    return x / (1 + np.exp(-x))


def weights(layer: str, shape: Shape, seed: int) -> np.ndarray:
    """Rows and columns drawn from a pretrained weight matrix, in their order; fewer where it has no more."""
    w, rng = pretrained()[f"{layer}.weight"], generator(seed, f"tensor {layer}")
    rows, columns = (np.sort(rng.permutation(n)[:size]) for n, size in zip(w.shape, shape, strict=True))
    return w[np.ix_(rows, columns)]


WRITE = "write numbers with spaces or commas between them and end a row with ; or a new line, as in 0.5 -1.2; 3 4"
OPENING = re.compile(r"(\w+ *= *)?((np|numpy|torch)\.)?(array|asarray|tensor|Parameter)? *\(?\s*\Z")
CLOSING = re.compile(r"\s*(,\s*\w+ *= *[^,()]*)*\)?\s*;?\s*\Z")  # for example , dtype=float32)
BETWEEN = re.compile(r"[\s,;]*")


def parse(text: str) -> np.ndarray:
    """A matrix, float32 (rows, columns), from numbers as people and programs write them.

    Without brackets a row ends at a line's end or at ;. With brackets, as Python, JSON, NumPy and torch print them, the
    innermost bracket is a row, however many lines it takes. TextError names what is wrong, and where.
    """
    if "..." in text or "…" in text:
        raise TextError("the text has “...”: numbers were left out when it was printed",
                        "print it whole, for example after np.set_printoptions(threshold=10**6)")
    text = text.strip().replace("−", "-")
    lines = _bracketed(text) if "[" in text or "]" in text else re.split(r"[;\n\r]", text)
    rows = [line.replace(",", " ").split() for line in lines]
    rows = [row for row in rows if row]
    _check_shape(rows)
    numbers = [[_number(word, i) for word in row] for i, row in enumerate(rows, 1)]
    return np.array(numbers, np.float64).astype(np.float32)


def _bracketed(text: str) -> list[str]:
    """What stands in the innermost brackets, cut at ; as MATLAB has it."""
    start, stop = text.find("["), text.rfind("]")
    depth = 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth < 0:
            break
    if depth or start < 0:
        raise TextError("the brackets [ ] do not match", "close every bracket, or leave them out")
    for found, pattern in ((text[:start], OPENING), (text[stop + 1:], CLOSING)):
        if not pattern.match(found):
            raise TextError(f"“{found.strip()[:40]}” stands outside the brackets", WRITE)
    inner = re.compile(r"\[([^\[\]]*)\]")
    rest = inner.sub("", text[start: stop + 1]).replace("[", "").replace("]", "")
    if not BETWEEN.fullmatch(rest):
        raise TextError(f"“{rest.strip(' ,;')[:40]}” stands between the rows' brackets", "put every number into a row")
    return [line for row in inner.findall(text) for line in row.split(";")]


def _check_shape(rows: list[list[str]]) -> None:
    if not rows:
        raise TextError("there is no number in the text", WRITE)
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise TextError(f"row {i + 1} has {len(row)} numbers, but row 1 has {len(rows[0])}",
                            "give every row the same number of numbers; a row ends at ; or at the end of a line")
    if (size := len(rows) * len(rows[0])) > LARGEST:
        raise TextError(f"the text has {size:,} numbers", f"use at most {LARGEST:,}")


def _number(word: str, row: int) -> float:
    try:
        number = float(word)
    except ValueError:
        raise TextError(f"“{word[:40]}” in row {row} is not a number", WRITE) from None
    if number - number != 0:  # NaN and infinity
        raise TextError(f"{word} in row {row} has no place on a grid", "remove NaN and infinity, or replace them")
    if abs(number) > BEYOND:
        raise TextError(f"{word} in row {row} is too large for a float32 range", "use numbers from -1e38 to 1e38")
    return number
