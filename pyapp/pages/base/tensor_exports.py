"""The files that the page about tensors saves: its table as CSV, one tensor as .npy, a report as one HTML file."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import npz
from pyapp.data.tensors.tensor import Tensor
from pyapp.experiment.frame import Action, Outcome
from pyapp.experiment.panels import Button, Buttons, Panel, Words
from pyapp.measure.tensor_report import report, rule
from pyapp.measure.tensor_table import COLUMNS, as_csv

TABLE, ONE, REPORT = "csv", "npy", "html"
ACTIONS = (Action(TABLE, "Table as CSV", "Save every row of the list, as it is filtered and sorted, as CSV"),
           Action(ONE, "Chosen tensor as .npy", "Save the numbers of the chosen tensor, decoded by its scales"),
           Action(REPORT, "Report as HTML", "Save one HTML file with all tensors, what the file would weigh, and "
                                            "histograms of those that lose most"))
PANEL = Panel("take", "Take it with you", (
    Words(text="The table has every row, not only those listed. The report is one file that opens in any browser, "
               "without scripts and without a connection. Both are available once everything is measured."),
    Buttons(buttons=tuple(Button(action.label, act=action.name, name=f"export-{action.name}", off=off)
                          for action, off in zip(ACTIONS, ("measuring", "", "measuring"), strict=True))),
))


def exported(action: str, file: str, tensors: Sequence[Tensor], chosen: Tensor, found: Sequence[Mapping[str, Any]],
             listed: Sequence[Mapping[str, Any]], bits: float, most: int) -> Outcome:
    """The file of an action. found, listed: rows of the tensors that are measured, and those that the list has."""
    stem = re.sub(r"[^\w.-]+", "-", Path(file).stem).strip("-") or "tensors"
    if action == ONE:
        stem = f"{stem}-{re.sub(r'[^-.0-9A-Z_a-z]+', '-', chosen.name).strip('-')[:100]}"
        return _outcome(npz.pack_one(chosen.read()), f"{stem}.npy", [])
    notes = [f"It has the {len(found):,} of {len(tensors):,} tensors that are measured here."] * (
        len(found) < len(tensors))
    if action == TABLE:
        return _outcome(as_csv(COLUMNS, listed), f"{stem}.csv", notes)
    return _outcome(report(file, tensors, found, rule(bits), most, len(tensors)), f"{stem}.html", notes)


def _outcome(data: bytes, name: str, notes: list[str]) -> Outcome:
    return Outcome([f"{name}: {len(data):,} bytes.", *notes], file=np.frombuffer(data, np.uint8), name=name)
