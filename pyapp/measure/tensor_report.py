"""A report about the tensors of a file as one HTML page: no script, nothing from the net, opened by a double click."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.histogram import edges, histogram
from pyapp.measure.tensor_formats import sample, summary
from pyapp.measure.tensor_table import LISTED, WORDS, name_of
from pyapp.quant.formats.catalogue import FORMATS, find

BAR, HALF = 4, 48  # of a histogram: the width of a bin, and the height of the tallest, in pixels
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#1c1a17, #ece8e1); --quant: light-dark(#b8480f, #f0955c);
  --line: light-dark(#d8d3ca, #46423c); --paper: light-dark(#fbfaf7, #1b1a18); }}
body {{ margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }}
h1, h2 {{ line-height: 1.2; overflow-wrap: anywhere; }}
.scrolls {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }}
.word {{ text-align: left; }}
.worst {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }}
figure {{ margin: 0; }}
figcaption {{ overflow-wrap: anywhere; }}
svg {{ display: block; width: 100%; }}
.before {{ fill: var(--ink); }}
.after {{ fill: var(--quant); }}
code {{ overflow-wrap: anywhere; }}
</style>
<h1>{title}</h1>
<p>{totals}</p>
<p>{how}</p>
{worst}
<h2>All tensors</h2>
<div class="scrolls">
{table}
</div>
{notes}
</html>
"""


def rule(bits: float | None, budget: int | None = None, formats: Sequence[str] = ()) -> str:
    """The limits under which `best` chose, in words: bits per number, bytes for the file, and the formats it had."""
    choice = f"format out of {', '.join(formats)}" if 0 < len(formats) < len(FORMATS) else "format"
    if budget is not None:
        return f"Each tensor is in the {choice} with which the file takes at most {budget:,} bytes and loses least"
    return (f"Each tensor is in the {choice} with the highest signal-to-noise ratio (SQNR) within {bits:g} bits per "
            "number")


def report(file: str, tensors: Sequence[Tensor], rows: Sequence[Mapping[str, Any]], chosen_by: str, most: int,
           whole: int | None = None) -> bytes:
    """The page, UTF-8: what the file weighs and would weigh, histograms of the tensors that lose most, and every row.

    rows: of `tensors`, as `best` returns them, in any order. `chosen_by` is a `rule`; formats were measured on at most
    about `most` numbers of each. `whole`: tensors in the file, where not all are here.
    """
    told = summary(rows)
    return PAGE.format(title=f"What number formats cost {escape(file)}", totals=_totals(told, whole or len(rows)),
                       how=_how(chosen_by, most), worst=_worst(tensors, rows, told["worst"], most), table=_table(rows),
                       notes=_notes(rows)).encode("utf-8", "backslashreplace")


def _totals(told: Mapping[str, Any], whole: int) -> str:
    first = f"{told['tensors']:,} of the {whole:,} tensors" if told["tensors"] < whole else (
        f"{told['tensors']:,} tensor{'s' * (told['tensors'] != 1)}")
    ratio = told["format_bytes"] / max(told["bytes"], 1)
    return (f"{first}, {told['numbers']:,} numbers. They take <b>{told['bytes']:,} bytes</b> in the file; in the "
            f"formats below they would take <b>{told['format_bytes']:,} bytes</b>, which is {ratio:.1%}. "
            f"Tensors that would stay as they are: {told['kept']:,}.")


def _how(chosen_by: str, most: int) -> str:
    return (f"{escape(chosen_by)}, scales counted, measured on at most about {most:,} of its numbers. Computed by "
            "Bitladder; nothing was uploaded.")


def _worst(tensors: Sequence[Tensor], rows: Sequence[Mapping[str, Any]], names: Sequence[str], most: int) -> str:
    """A histogram for each tensor that loses most: its numbers upwards, and what the format makes of them downwards."""
    if not names:
        return ""
    by_name, row_of = ({each: one for each, one in pairs} for pairs in (
        ((tensor.name, tensor) for tensor in tensors), ((row["name"], row) for row in rows)))
    samples = (sample(by_name[name].flat(), by_name[name].shape, most) for name in names)
    figures = "\n".join(_figure(row_of[name], x) for name, x in zip(names, samples, strict=True))
    return ("<h2>The tensors that lose most</h2>\n<p>Numbers before, upwards, and after the format, downwards, each "
            f'scaled to its own height (square-root scale).</p>\n<div class="worst">\n{figures}\n</div>')


def _figure(row: Mapping[str, Any], x: np.ndarray) -> str:
    after = find(row["format"]).encode(x).dequantize()
    bins = edges(x, after)
    parts = [_bars("before", histogram(x, bins), up=True), _bars("after", histogram(after, bins), up=False)]
    width, name = BAR * (len(bins) - 1), escape(name_of(row["name"]))
    ratio = "exact" if np.isinf(row["sqnr_db"]) else f"{row['sqnr_db']:.1f} dB"
    return (f'<figure><svg viewBox="0 0 {width} {2 * HALF}" role="img" aria-label="Histogram of {name}">'
            f"{''.join(parts)}</svg><figcaption>{name}: {escape(row['format'])}, {ratio}, from {bins[0]:.4g} to "
            f"{bins[-1]:.4g}</figcaption></figure>")


def _bars(kind: str, counts: np.ndarray, up: bool) -> str:
    """The bars as one SVG path; heights are roots of the counts over the largest, in tenths of a pixel."""
    heights = np.rint(10 * HALF * np.sqrt(counts / counts.max())) / 10
    bars = "".join(f"M{BAR * i} {HALF}v{-height if up else height:g}h{BAR - 1}V{HALF}z"
                   for i, height in enumerate(heights.tolist()) if height)
    return f'<path class="{kind}" d="{bars}"/>'


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    words = [' class="word"' if form in WORDS else "" for _, _, form in LISTED]
    head = "".join(f"<th{word}>{escape(title)}" for word, (title, _, _) in zip(words, LISTED, strict=True))
    lines = ["".join(f"<td{word}>{escape(form(row[key]))}" for word, (_, key, form) in zip(words, LISTED, strict=True))
             for row in rows]
    return "\n".join(["<table>", f"<thead><tr>{head}", "<tbody>", *(f"<tr>{line}" for line in lines), "</table>"])


def _notes(rows: Sequence[Mapping[str, Any]]) -> str:
    said = [f"<li>{escape(name_of(row['name']))}: {escape(row['note'])}" for row in rows if row["note"]]
    return "\n".join(["<h2>Notes</h2>", "<ul>", *said, "</ul>"]) if said else ""
