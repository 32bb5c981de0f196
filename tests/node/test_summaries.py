"""Every chart of every page says in one sentence what it shows: made by the shell from what it draws, here in Node."""

import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pyapp import bridge, pages, store

HERE = Path(__file__).parent
UNITS = 8  # of work, after which more is known
DRAWN = {name: {"index": 18} for name in ("vision", "digits", "inference")} | {"text": {"side": "quant", "at": 3}}
CHARTS = ("chart", "curves", "histogram", "bars", "heatmap")


def asked(method: str, **args: Any) -> dict[str, Any]:
    text, arrays = bridge.call_json(method, json.dumps(args))
    plain = [[x if math.isfinite(x) else None for x in array.tolist()] for array in arrays]
    return {"answer": json.loads(text)["ok"], "arrays": plain}


def states(name: str):
    """What the shell gets of a page as it opens, and after some work."""
    page = pages.page(name)
    opened = asked("open", page=name, params={})
    run, params = opened["answer"]["run"], opened["answer"]["params"]
    read = asked("predict", run=run, inputs=DRAWN[name]) if name in DRAWN else None
    more = {"page": name, "read": read, "shipped": {each: store.recipe(store.WEIGHTS / f"{each}.npz")
                                                    for each in page.SHIPPED}}
    yield opened | more
    if page.WORK:
        later = asked("advance", run=run, steps=UNITS)
        later["answer"]["params"] = params
        yield later | more
    bridge.runner.close(run)


@pytest.fixture(scope="module")
def said(needs_node):
    """Of every page, [kind, sentence] of the charts of each state."""
    given = [state for name in pages.names() for state in states(name)]
    done = subprocess.run(["node", HERE / "summaries.mjs"], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {name: [] for name in pages.names()}
    for answer in json.loads(done.stdout):
        found[answer["page"]].append(answer["found"])
    return found


def declared(block: Any) -> int:
    """How many charts a page may show."""
    if isinstance(block, list):
        return sum(map(declared, block))
    return (block.get("kind") in CHARTS) + sum(map(declared, block.values())) if isinstance(block, dict) else 0


@pytest.mark.parametrize("page", pages.describe(), ids=lambda page: page["name"])
def test_every_chart_has_one_sentence(said, page):
    charts = [chart for state in said[page["name"]] for chart in state]
    assert bool(charts) == bool(declared(page["panels"]))
    for kind, sentence in charts:
        assert re.fullmatch(r"[^{}\n]{10,500}[.]", sentence or ""), (kind, sentence)
        assert not re.search(r"undefined|NaN|Infinity|null|\.\.", sentence), (kind, sentence)


def test_a_sentence_says_where_a_curve_goes(said):
    *_, state = said["rung1"]
    sentence = next(sentence for kind, sentence in state if kind == "curves")
    start, end = re.fullmatch(r"Loss falls from ([\d.]+) to ([\d.]+) over \d steps\.", sentence).groups()
    assert float(start) > float(end)
