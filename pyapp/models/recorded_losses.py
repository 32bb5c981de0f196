"""Losses of the quantised GPT on its validation text, which does not ship: what CPython measured and `weights/` keeps.

`python -m pyapp attention-table gpt --bits 8 --activations 8 --data FILE --out weights/gpt-losses.csv` measures them.
"""

import csv
from dataclasses import fields
from pathlib import Path

from pyapp import store
from pyapp.models import gpt
from pyapp.models.quantized_transformer import TransformerSettings

RECORDED = store.WEIGHTS / "gpt-losses.csv"
NONE = "none"  # how the table writes that something stays float
WHOLE = ("bits", "activations", "logit_bits")


def recorded(path: Path = RECORDED) -> dict[TransformerSettings, float]:
    """Nats a character by settings; empty if there is no table, or one of other weights than those that ship."""
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shipped = store.recipe(gpt.SHIPPED)["sha256"]
    return {_settings(row): float(row["loss"]) for row in rows if shipped.startswith(row["weights"])}


def _settings(row: dict[str, str]) -> TransformerSettings:
    return TransformerSettings(**{field.name: _value(field.name, row[field.name])
                                  for field in fields(TransformerSettings)})


def _value(name: str, cell: str) -> str | int | None:
    if name not in WHOLE:
        return cell
    return None if cell == NONE else int(cell)
