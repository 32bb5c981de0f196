"""Texts with labels from a reader's file: one per line, the label, a tab, the text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyapp.data import text as texts
from pyapp.data.text import TextError

MOST = 100_000  # lines


def load(path: str | Path, labels: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Texts, and the number of each one's label among `labels`, int64 (N,): named as they are, or by number. Empty
    lines are passed over, and so is a first line "label <tab> text". TextError names the first line that is no such
    line."""
    numbers = {name: i for i, name in enumerate(labels)}
    numbers |= {str(i): i for i in range(len(labels)) if str(i) not in numbers}
    found: list[tuple[str, int]] = []
    lines = texts.read(path).split("\n")
    if len(lines) > MOST:
        raise TextError(f"{path} has {len(lines):,} lines; use at most {MOST:,}")
    for i, line in enumerate(lines, 1):
        label, _, text = line.partition("\t")
        label = label.strip()
        if not line.strip() or (i == 1 and label == "label"):
            continue
        if not text.strip() or label not in numbers:
            raise TextError(f"{path}, line {i}: expected a label ({', '.join(labels[:9])}), a tab and a text, found "
                            f"{line[:40]!r}")
        found.append((text.strip(), numbers[label]))
    if not found:
        raise TextError(f"{path} holds no text; write a label, a tab and a text on each line")
    return [text for text, _ in found], np.array([label for _, label in found], np.int64)
