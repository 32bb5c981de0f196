"""The benchmark: the same work in every runtime, beside plain JavaScript in the same run.

Absolute times belong to the machine; what is worth quoting are the ratios. Repeated runs differ by 10 to 30 %.
"""

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable
from typing import Any

from pyapp.bench.workloads import WORKLOADS, timed
from pyapp.bridge import runtime
from pyapp.data.mnist import needed_for, shipped
from pyapp.hosts import HostError, Node, chromium, site
from pyapp.places import ROOT, SERVE

ROUNDS = 7
REPEATS = {"epoch": 1, "image": 200, "batch": 3}  # both as in web/bench/workloads.js
VISITS = 3


def compare(pyodide: bool, browser: bool) -> dict[str, Any]:
    """Milliseconds of each workload by runtime, and how many times faster than plain JavaScript in the same engine."""
    with needed_for("the benchmark"):
        shipped("train")
    baseline = plain_in_node()
    result = {"plain_node": baseline, "native": _row(runtime(), _medians(timed), baseline)}
    if pyodide:
        with Node() as node:
            times = _medians(lambda name, n: node.run("pyapp.bench.workloads", "timed", name=name, repeats=n))
            result["pyodide_node"] = _row(node.call("runtime"), times, baseline)
    if browser:
        result |= in_chromium()
    return result


def _medians(run: Callable[[str, int], dict]) -> dict[str, float]:
    """The median of the rounds' means, in milliseconds."""
    rounds = [{name: statistics.fmean(run(name, REPEATS[name])["ms"]) for name in WORKLOADS} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in WORKLOADS}


def _row(engine: dict, ms: dict[str, float], baseline: dict | None) -> dict:
    row = {"engine": f"{engine['engine']} {engine['python']}, NumPy {engine['numpy']}", "ms": ms}
    return row | ({"ratio": {name: baseline["ms"][name] / ms[name] for name in ms}} if baseline else {})


def plain_in_node() -> dict | None:
    """The plain-JavaScript network in Node; None if Node is not installed."""
    if not (node := shutil.which("node")):
        return None
    done = subprocess.run([node, str(ROOT / "web" / "bench" / "node.mjs")], capture_output=True, text=True)
    if done.returncode:
        raise HostError(f"the plain-JavaScript benchmark failed: {done.stderr.strip()}",
                        hint=f"run `{SERVE} --provision` once")
    return json.loads(done.stdout)


def in_chromium() -> dict[str, Any]:
    """Plain JavaScript and Bitladder in turns on one page, and the time from navigation to ready beside that of Pyodide
    and NumPy as published."""
    with site() as url, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{url}bench/")
        page.wait_for_function("() => window.result", timeout=300_000)
        found = page.evaluate("window.result")
        if "error" in found:
            raise HostError(found["error"])
        page.close()
        visits = [(_visits(browser, url), _visits(browser, f"{url}bench/published.html")) for _ in range(VISITS)]
    starts = {}
    for number, name in enumerate(("first_visit", "later_visit")):
        ours, published = (statistics.median(pair[who][number] for pair in visits) for who in range(2))
        starts |= {f"{name}_ms": ours, f"{name}_to_published": ours / published}
    return {
        "plain_chromium": {"engine": found["browser"], "ms": found["plain"]},
        "pyodide_chromium": _row(found["runtime"], found["bitladder"], {"ms": found["plain"]}) | starts,
    }


def _visits(browser: Any, url: str) -> tuple[float, float]:
    """Milliseconds from navigation to ready, with an empty cache and again with a full one."""
    context = browser.new_context()
    times = []
    for _ in range(2):
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("() => performance.getEntriesByName('ready').length", timeout=120_000)
        times.append(page.evaluate("performance.getEntriesByName('ready')[0].startTime"))
        page.close()
    context.close()
    return times[0], times[1]


def table(result: dict[str, Any]) -> str:
    """The result as text."""
    lines = [f"{'':18}{'epoch ms':>10}{'image ms':>10}{'batch ms':>10}   times faster than plain JavaScript there"]
    for name, row in result.items():
        if row:
            ratios = "  ".join(f"{key} {value:.1f}" for key, value in row.get("ratio", {}).items())
            lines.append(f"{name:18}" + "".join(f"{row['ms'][key]:10.3f}" for key in WORKLOADS) + f"   {ratios}")
    for name, row in result.items():
        if row and "first_visit_ms" in row:
            lines.append(f"{name}: ready {row['first_visit_ms']:.0f} ms after navigation on the first visit, "
                         f"{row['later_visit_ms']:.0f} ms on a later one; {row['first_visit_to_published']:.2f} and "
                         f"{row['later_visit_to_published']:.2f} of what Pyodide with NumPy as published takes")
    return "\n".join(lines)
