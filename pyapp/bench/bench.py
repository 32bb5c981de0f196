"""The benchmark without a browser: the same work natively and in Node, beside plain JavaScript in the same run.

Absolute times belong to the machine; what is worth quoting are the ratios. Repeated runs differ by 10 to 30 %.
"""

import functools
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyapp.bench import material
from pyapp.bench.workloads import INTEGERS, WORKLOADS, timed
from pyapp.bridge import runtime
from pyapp.data.mnist import needed_for, shipped
from pyapp.hosts import HostError, Node
from pyapp.places import ROOT, SERVE
from pyapp.quant.matmul import FEW

ROUNDS = 7  # as in web/bench/node.mjs
REPEATS = {"epoch": 1, "image": 200, "batch": 3, "product 256x256x256": 3}  # short work is averaged
TITLES = {"epoch": "epoch", "image": "image", "batch": "batch", "product 256x256x256": "256³"}
INT8 = (
    "int8 natively: from {few} rows on, the integer products are float products by BLAS, exact by a proven bound on\n"
    "every sum (pyapp.quant.matmul.product); for fewer rows they are NumPy's loops. They show what the integers are,\n"
    "not how fast an int8 kernel is. Quantising the inputs is timed."
)


def compare(pyodide: bool) -> dict[str, Any]:
    """Milliseconds of each workload by runtime and precision, and how many times faster than plain JavaScript, which
    computes in floats, in Node."""
    with needed_for("the benchmark"):
        shipped("train")
    baseline = plain_in_node()
    result = {"plain_node": baseline, **_rows("native", runtime(), timed, baseline)}
    if pyodide:
        with Node() as node:
            result |= _rows("pyodide_node", node.call("runtime"), functools.partial(
                node.run, "pyapp.bench.workloads", "timed"), baseline)
    return result


def _rows(name: str, engine: dict, run: Callable[..., dict], baseline: dict | None) -> dict[str, dict]:
    """The rows of a runtime, in float32 and in int8, which trains nothing."""
    return {f"{name}_int8" if precision == "int8" else name:
            _row(engine, _medians(run, precision, [work for work in REPEATS if work in works]), baseline)
            for precision, works in (("float32", WORKLOADS), ("int8", INTEGERS))}


def _medians(run: Callable[..., dict], precision: str, works: list[str]) -> dict[str, float]:
    """The median of the rounds' means, in milliseconds."""
    rounds = [{name: statistics.fmean(run(name=name, repeats=REPEATS[name], precision=precision)["ms"])
               for name in works} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in works}


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
    """The result as text, and what int8 is natively."""
    heads = "".join(f"{f'{title} ms':>10}" for title in TITLES.values())
    lines = [f"{'':18}{heads}   times faster than plain JavaScript there"]
    for name, row in result.items():
        if row:
            ratios = "  ".join(f"{TITLES[key]} {value:.1f}" for key, value in row.get("ratio", {}).items())
            times = "".join(f"{row['ms'][key]:10.3f}" if key in row["ms"] else f"{'–':>10}" for key in REPEATS)
            lines.append(f"{name:18}{times}   {ratios}")
    return "\n".join((*lines, "", INT8.format(few=FEW)))
