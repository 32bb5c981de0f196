"""Losses of the quantised GPT on its validation text, which does not ship: what CPython measured and `weights/` keeps.

`python -m pyapp attention-table gpt --bits 8 --activations 8 --windows 218 --data FILE --out weights/gpt-attention.csv`
measures them, on the first quarter of that text.
"""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from pyapp import store
from pyapp.nets import gpt
from pyapp.quantized.transformer import TransformerSettings

RECORDED = store.WEIGHTS / "gpt-attention.csv"
NONE = "none"  # how the table writes that something stays float
WHOLE = ("bits", "activations", "logit_bits")


@dataclass(frozen=True)
class Losses:
    """Nats per character by settings, and how many characters were measured."""

    by_settings: dict[TransformerSettings, float]
    n: int


def recorded(path: Path = RECORDED) -> Losses:
    """The losses of a table; none if there is no such file, or if it was measured on other weights than ship."""
    if not path.is_file():
        return Losses({}, 0)
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file)
                if store.recipe(gpt.SHIPPED)["sha256"].startswith(row["weights"])]
    return Losses({_settings(row): float(row["loss"]) for row in rows}, int(rows[0]["n"]) if rows else 0)


def _settings(row: dict[str, str]) -> TransformerSettings:
    return TransformerSettings(**{field.name: _value(field.name, row[field.name])
                                  for field in fields(TransformerSettings) if field.name in row})


def _value(name: str, cell: str) -> str | int | None:
    if name not in WHOLE:
        return cell
    return None if cell == NONE else int(cell)
