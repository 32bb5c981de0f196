"""The benchmark without a browser: the same work natively and in Node, beside plain JavaScript in the same run.

Absolute times belong to the machine; what is worth quoting are the ratios. Repeated runs differ by 10 to 30 %.
"""

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyapp.bench import material
from pyapp.bench.workloads import timed
from pyapp.bridge import runtime
from pyapp.data.mnist import needed_for, shipped
from pyapp.hosts import HostError, Node
from pyapp.places import ROOT, SERVE

ROUNDS = 7  # as in web/bench/node.mjs
REPEATS = {"epoch": 1, "image": 200, "batch": 3}  # short work is averaged


def compare(pyodide: bool) -> dict[str, Any]:
    """Milliseconds of each workload by runtime, and how many times faster than plain JavaScript in Node."""
    with needed_for("the benchmark"):
        shipped("train")
    baseline = plain_in_node()
    result = {"plain_node": baseline, "native": _row(runtime(), _medians(timed), baseline)}
    if pyodide:
        with Node() as node:
            times = _medians(lambda name, n: node.run("pyapp.bench.workloads", "timed", name=name, repeats=n))
            result["pyodide_node"] = _row(node.call("runtime"), times, baseline)
    return result


def _medians(run: Callable[[str, int], dict]) -> dict[str, float]:
    """The median of the rounds' means, in milliseconds."""
    rounds = [{name: statistics.fmean(run(name, n)["ms"]) for name, n in REPEATS.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in REPEATS}


def _row(engine: dict, ms: dict[str, float], baseline: dict | None) -> dict:
    row = {"engine": f"{engine['engine']} {engine['python']}, NumPy {engine['numpy']}", "ms": ms}
    return row | ({"ratio": {name: baseline["ms"][name] / ms[name] for name in ms}} if baseline else {})


def plain_in_node(times: bool = True) -> dict | None:
    """The plain-JavaScript network in Node: its times, or the results of its work. None if Node is not installed;
    HostError if it fails."""
    if not (node := shutil.which("node")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        material.write(Path(folder))
        words = [json.dumps(REPEATS)] if times else []
        done = subprocess.run([node, str(ROOT / "web" / "bench" / "node.mjs"), folder, *words], capture_output=True,
                              text=True)
    if done.returncode:
        raise HostError(f"the plain-JavaScript benchmark failed: {done.stderr.strip()}",
                        hint=f"run `{SERVE} --provision` once")
    return json.loads(done.stdout)


def table(result: dict[str, Any]) -> str:
    """The result as text."""
    lines = [f"{'':18}{'epoch ms':>10}{'image ms':>10}{'batch ms':>10}   times faster than plain JavaScript there"]
    for name, row in result.items():
        if row:
            ratios = "  ".join(f"{key} {value:.1f}" for key, value in row.get("ratio", {}).items())
            lines.append(f"{name:18}" + "".join(f"{row['ms'][key]:10.3f}" for key in REPEATS) + f"   {ratios}")
    return "\n".join(lines)
