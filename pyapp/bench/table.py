"""The benchmark's results as Markdown: what the command prints.

`python -m pyapp.bench.table` writes those of the committed results into weights/README.md.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pyapp import files
from pyapp.bench.contestants import PLAIN
from pyapp.bench.results import COMMITTED, characters_per_second, load, row, to_numpy, workers
from pyapp.places import WEIGHTS

BEGIN, END = "<!-- python -m pyapp bench --table -->", "<!-- end -->"
FAST = ("epoch", "image", "batch", "product 32x784x128", "product 128x128x128", "product 256x256x256",
        "product 512x512x512")
TITLES = {"epoch": "epoch", "image": "one image", "batch": "500 images"}
STAGES = {"download": "Python's download begins", "python": "Python's files have come", "numpy": "Python runs",
          "app": "NumPy is imported", "bitladder": "Bitladder is imported", "ready": "the page is ready"}
WAYS = {"plain": "uncompressed", "gzip": "with gzip", "brotli": "with brotli"}
DASH = "–"


def markdown(result: Mapping[str, Any]) -> str:
    """All tables, and the machine that they were measured on."""
    parts = (_speeds(result), _transformers(result), _starts(result), _stages(result["page"]), _growth(result),
             _notes(result))
    return "\n\n".join(filter(None, parts))


def _speeds(result: Mapping[str, Any]) -> str:
    """The table of speeds, as multiples of plain JavaScript's."""
    plain = row(result, PLAIN)
    heads = ["times as fast as plain JavaScript", *(TITLES.get(work, work.removeprefix("product ").replace("x", "×"))
                                                    for work in FAST)]
    lines = []
    for one in result["rows"]:
        if one is plain:
            cells = [_ms(one["works"].get(work)) for work in FAST]
        else:
            cells = [_ratio(one["works"].get(work)) for work in FAST]
        if any(cell != DASH for cell in cells):
            lines.append([one["title"], *cells])
    return _table(heads, lines)


def _transformers(result: Mapping[str, Any]) -> str:
    """The table of work that plain JavaScript does not do, beside NumPy."""
    lines = []
    for one in result["rows"]:
        works = one["works"]
        if {"text", "vit step", "vit image"} <= works.keys():
            lines.append([one["title"], f"{characters_per_second(works['text']):,.0f} ({_times(result, one, 'text')})",
                          *(f"{_figure(works[name]['ms']['median'])} ms ({_times(result, one, name)})"
                            for name in ("vit step", "vit image"))])
    heads = ["times as fast as NumPy", "GPT, characters per second", "Vision Transformer, training step",
             "Vision Transformer, one image"]
    return _table(heads, lines) if lines else ""


def _starts(result: Mapping[str, Any]) -> str:
    """The table of each library's start; those that share a worker have one line."""
    lines = []
    for title, one in workers(result):
        begun, memory = one["start"], one["memory"]
        lines.append([title, f"{begun['ms']:,.0f} ms", f"{begun['first_ms']:,.1f} ms",
                      f"{begun['bytes'] / 1e6:.2f} MB", f"{memory / 1e6:,.0f} MB" if memory else DASH])
    return _table(["start", "until it can compute", "then the first image", "sent, with gzip",
                   "memory after the work of the first table"], lines) if lines else ""


def _stages(page: Mapping[str, Any]) -> str:
    """The table of when each stage of the page's start begins; earlier results have none."""
    visits = [page[name] for name in ("first_visit_stages", "later_visit_stages") if name in page]
    lines = [[title, *(f"{visit[name]:,.0f} ms" if name in visit else DASH for visit in visits)]
             for name, title in STAGES.items()]
    return _table(["the page's own start, after navigation", "first visit", "later visit"], lines) if visits else ""


def _growth(result: Mapping[str, Any]) -> str:
    lines = []
    for each in result["growth"]:
        first, last = each["sizes"][0], each["sizes"][-1]
        for name, found in each["rows"].items():
            one = row(result, name)
            lines.append([f"{each['work']}, {each['over']} {first:,} to {last:,}", one["title"] if one else name,
                          f"{_figure(found['ms'][0])} to {_figure(found['ms'][-1])} {each['unit']}",
                          f"{found['slope']:.2f}"])
    return _table(["how cost grows", "engine", "cost", "log-log slope"], lines) if lines else ""


def _notes(result: Mapping[str, Any]) -> str:
    made, page = result["made"], result["page"]
    said = [_machine(made)]
    if made["load"] is not None:
        said.append(f"Before it, the load average was {made['load']:.1f}.")
    if made["packages"]:
        said.append(f"Versions: {', '.join(f'{name} {version}' for name, version in made['packages'].items())}.")
    if "first_visit_ms" in page:
        said.append(f"The page is ready {page['first_visit_ms']:,.0f} ms after navigation on the first visit and "
                    f"{page['later_visit_ms']:,.0f} ms on a later one: {page['first_visit_to_published']:.2f} and "
                    f"{page['later_visit_to_published']:.2f} of what Pyodide with NumPy as published takes.")
    if loaded := page.get("first_visit_bytes"):
        ways = ", ".join(f"{size / 1e6:.2f} MB {WAYS[way]}" for way, size in loaded.items())
        said.append(f"Until then the first visit loads {ways}.")
    apart = [f"{one['title']}: {work} ({_apart(cell)})" for one in result["rows"]
             for work, cell in one["works"].items() if cell.get("agrees") is False]
    said.append(f"Not the same result as NumPy under CPython: {'; '.join(apart)}." if apart else
                "All float32 rows agree with NumPy under CPython: losses to 0.001 nats, other results to 0.0001 of the "
                "largest.")
    quantised = [cell["difference"] for one in result["rows"] if one["precision"] == "int8"
                 for cell in one["works"].values() if cell["difference"] is not None]
    if quantised:
        said.append("int8 rows differ from float32 by what 8 bits cost, in these works by up to "
                    f"{100 * max(quantised):.2g} % of the largest result.")
    said += [f"Absent: {name} ({why})." for name, why in result["absent"].items()]
    return " ".join(said)


def _apart(cell: Mapping[str, Any]) -> str:
    """Why a result is not the expected one; earlier results only say how far it is."""
    return cell.get("why") or f"{cell['difference']:.1e}"


def _machine(made: Mapping[str, Any]) -> str:
    return (f"Chromium {_version(made['browser'])} on {made['machine']}; {made['engine']}, NumPy {made['numpy']}; "
            f"medians of {made['rounds']} interleaved rounds, one thread each.")


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    ruled = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ruled, *lines))


def _times(result: Mapping[str, Any], one: Mapping[str, Any], work: str) -> str:
    return f"{to_numpy(result, one, work):.1f}×"


def _ratio(cell: Mapping[str, Any] | None) -> str:
    return f"{cell['ratio']:.1f}" if cell else DASH


def _ms(cell: Mapping[str, Any] | None) -> str:
    return f"{_figure(cell['ms']['median'])} ms" if cell else DASH


def _figure(value: float) -> str:
    """A number with three digits and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _version(agent: str) -> str:
    found = re.search(r"Chrome/(\d+)", agent)
    return found[1] if found else agent


def filled(text: str, tables: str) -> str:
    """A text with `tables` between its two marks. ValueError if it lacks them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the text lacks the marks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{tables}\n\n{END}{tail}"


if __name__ == "__main__":
    path = WEIGHTS / "README.md"
    files.write(path, filled(path.read_text(encoding="utf-8"), markdown(load(COMMITTED))).encode())
