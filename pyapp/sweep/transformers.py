"""A transformer with what it is measured on, and tables of what quantised attention scores cost it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import checkpoint, store
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.core.watching import Watch, unwatched
from pyapp.data import mnist, text
from pyapp.machine import made_on
from pyapp.measure.measure import calibration
from pyapp.measure.measure_transformer import measure_gpt, measure_vit, mistakes_of_vit
from pyapp.measure.mistakes import Mistakes
from pyapp.nets import gpt, next_token, vit
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.integer_transformer import check, integer_gpt, integer_vit
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings, quantize_gpt, quantize_vit
from pyapp.quantized.transformer_mixing import Judged
from pyapp.sweep.blas import threads
from pyapp.sweep.grid import whole_or_none, written
from pyapp.sweep.measuring import MADE_ON, SHORT, short_hash, stamp_of
from pyapp.sweep.table import Row, Table, number
from pyapp.training.trainer import CHUNK

OTHERS = ("format", "prepare", "scheme", "clip", "method", "seed")  # settings that these tables do not have
SETTINGS = tuple(field.name for field in fields(TransformerSettings) if field.name not in OTHERS)
RESULTS = {"accuracy": float, "loss": float, "n": int, "bytes": int}
STAMPS = ("weights", "data")
FLOAT = TransformerSettings()
COLUMNS = (*SETTINGS, *RESULTS, *STAMPS, MADE_ON)
Change = Callable[[ViT | GPT], None]  # of a network that is quantised already
ARITHMETIC = "arithmetic"  # a last column, of tables of networks in integers only: they cannot be mixed with others


@dataclass(frozen=True)
class Subject:
    """A network, by its file, and what it is measured on."""

    score: str  # the result that a table shows: accuracy, or loss
    on: str  # how much of which data: "500 of 10,000 images"
    measure: Callable[..., dict[str, Any]]  # of settings, of a `Change` if there is one, and of other weights if given
    stamps: tuple[str, str]  # beginnings of the sha256 of weights and data
    integers: bool = False  # whether what is measured computes in integers from end to end
    mistakes: Callable[[TransformerSettings], Mistakes] | None = None  # of a classifier
    judged: Callable[[], Judged] | None = None  # the float32 network on this data
    calibration: Callable[[], Judged] | None = None  # the same on what ranges and choices are found by


def vit_subject(weights: Path, data: str | Path, split: str = "test", images: int | None = None,
                watch: Watch = unwatched, integers: bool = False) -> Subject:
    """The Vision Transformer on a folder's images, or on at most `images` of them, evenly spread."""
    (model, p), digits = vit.parameters(checkpoint.load(weights)), mnist.load(data, split).among(TEN, weights.name)
    whole, n = len(digits.labels), _some(images, len(digits.labels), "images")
    digits, make = digits.spread(n), integer_vit if integers else quantize_vit

    def network_of(settings: TransformerSettings, other: Parameters = p) -> QuantizedTransformer:
        return (make if settings != FLOAT else quantize_vit)(other, settings, size=model.size)

    def measure(settings: TransformerSettings, change: Change | None = None,
                other: Parameters = p) -> dict[str, Any]:
        return measure_vit(_changed(network_of(settings, other), change), digits, watch)

    return Subject("accuracy", share(n, whole, "images"), measure,
                   (store.digest(weights)[:SHORT], stamp_of(digits)), integers,
                   lambda settings: mistakes_of_vit(network_of(settings), digits, watch),
                   lambda: Judged(model, p, _parts(digits.inputs(), digits.labels)),
                   lambda: Judged(model, p, _parts(*calibration(data, TEN))))


def gpt_subject(weights: Path, data: str | Path, windows: int | None = None, watch: Watch = unwatched,
                integers: bool = False) -> Subject:
    """The GPT on the last 10 % of a text file, or on the first `windows` windows of that part."""
    model, p, vocabulary = gpt.load(weights)
    _, tokens = text.split(vocabulary.encode(text.read(data)), model.size.context)
    whole = -(-(len(tokens) - 1) // model.size.context)
    n = _some(windows, whole, "windows")
    tokens = tokens[: n * model.size.context + 1]
    own, make = cache(lambda: own_text(model, p)), integer_gpt if integers else quantize_gpt

    def measure(settings: TransformerSettings, change: Change | None = None,
                other: Parameters = p) -> dict[str, Any]:
        read = own() if other is p else own_text(model, other)
        network = (make if settings != FLOAT else quantize_gpt)(model, other, settings, read)
        return measure_gpt(_changed(network, change), tokens, watch)

    return Subject("loss", f"{share(n, whole, 'windows')} of {model.size.context} characters", measure,
                   (store.digest(weights)[:SHORT], short_hash(tokens.tobytes())), integers,
                   judged=lambda: Judged(model, p, list(text.in_turn(tokens, model.size.context, next_token.CHUNK))),
                   calibration=lambda: Judged(model, p, [(own()[:, :-1], own()[:, 1:])]))


def _parts(inputs: np.ndarray, labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(inputs[at : at + CHUNK], labels[at : at + CHUNK]) for at in range(0, len(labels), CHUNK)]


def _changed(network: QuantizedTransformer, change: Change | None) -> QuantizedTransformer:
    if change:
        change(network.model)
    return network


def _some(wanted: int | None, there: int, what: str) -> int:
    if wanted is not None and wanted < 1:
        raise ValueError(f"{what} is {wanted}; use 1 or more, or leave it out for all {there}")
    return min(wanted or there, there)


def share(n: int, whole: int, what: str) -> str:
    """How many of how many were measured, in words: "500 of 10,000 images"."""
    return f"{n:,} {what}" if n == whole else f"{n:,} of {whole:,} {what}"


def attention_rows(subject: Subject, bits: Iterable[int], methods: Sequence[str], rules: Sequence[str], out: str | Path,
                   report: Callable[[str], None], base: TransformerSettings = FLOAT) -> Iterator[dict[str, Any]]:
    """The float32 network first, then `base` with each rule, each method and each number of logit bits: settings and
    results.

    Rows that `out`, a CSV file, has are not measured again. ValueError for settings that make no sense, before anything
    is measured, and for a file of other weights or data.
    """
    wanted = [FLOAT] + [replace(base, logit_bits=b, softmax=method, shift=rule)
                        for rule in rules for method in methods for b in bits]
    more = {ARITHMETIC: "integer"} if subject.integers else {}
    for settings in wanted[1:] if subject.integers else ():
        check(settings)
    table = Table(out, (*COLUMNS, *more), len(SETTINGS), lambda row: _check(row, subject.stamps))
    with table:
        for i, settings in enumerate(wanted, 1):
            key = tuple(cells(settings).values())
            if key not in table.rows:
                with threads(1):  # more change the last bits of sums
                    found = {name: repr(value) for name, value in subject.measure(settings).items()}
                table.add({**cells(settings), **found, **dict(zip(STAMPS, subject.stamps, strict=True)),
                           MADE_ON: made_on(), **({ARITHMETIC: "float32"} if more and settings == FLOAT else more)})
                report(f"{i} of {len(wanted)}: {' '.join(key)}  {subject.score} {table.rows[key][subject.score]}")
            yield typed(table.rows[key])


def cells(settings: TransformerSettings) -> Row:
    """The settings' part of a row."""
    return {name: written(value) for name, value in asdict(settings).items() if name in SETTINGS}


def typed(row: Row) -> dict[str, Any]:
    """A row's cells as values. ValueError names an invalid cell."""
    settings = {name: row[name] if name in ("per", "calibrate", "softmax", "shift") else
                number(row, name, whole_or_none) for name in SETTINGS}
    return settings | {name: number(row, name, kind) for name, kind in RESULTS.items()} | {MADE_ON: row[MADE_ON]}


def _check(row: Row, stamps: tuple[str, str]) -> None:
    """ValueError if an existing row comes from other files, or was damaged."""
    check_stamps(row, stamps)
    typed(row)


def check_stamps(row: Row, stamps: tuple[str, str]) -> None:
    """ValueError if a row was measured with other weights or data."""
    for name, stamp in zip(STAMPS, stamps, strict=True):
        if row[name] != stamp:
            raise ValueError(f"it was measured with other {name} (sha256 {row[name]}..., these have {stamp}...); name "
                             "another file with out=FILE")
