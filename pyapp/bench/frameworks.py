"""The digits network in 8 bits, as this package and as other frameworks quantise it: same weights, same calibration.

Each framework quantises by its own method and runs in several of its own settings. Measured is on how many images it
then predicts other digits than ours, and other digits or logits than in its own first setting.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import store
from pyapp.bench import framework_onnx, framework_torch
from pyapp.bench.framework_runs import ALONE, TOGETHER, Quantised, one_by_one
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.hosts import HostError, Node
from pyapp.machine import made_on
from pyapp.nets import mlp
from pyapp.quantized.fingerprint import usual
from pyapp.quantized.network import Settings, quantize_network

SETTINGS = Settings(bits=8, activations=8)
INSIDE = "/digits"  # where Pyodide sees the folder of images
FRAMEWORKS = {"ONNX Runtime": framework_onnx.networks, "torch": framework_torch.networks}
INSTALL = '`pip install -e ".[oracle]"`'


@dataclass(frozen=True)
class Apart:
    """On how many images two runs differ in the prediction, and in any logit; by how much logits differ at most."""

    predictions: int
    logits: int
    largest: float

    @classmethod
    def of(cls, one: np.ndarray, other: np.ndarray) -> "Apart":
        """From logits (N, 10) of both."""
        return cls(int(np.count_nonzero(one.argmax(axis=1) != other.argmax(axis=1))),
                   int(np.count_nonzero((one != other).any(axis=1))),
                   float(np.abs(one.astype(np.float64) - other).max()))


def compare(data: str | Path, images: int | None = None, web: Path | None = None, pyodide: bool = False,
            say: Callable[[str], None] = print) -> dict[str, Any]:
    """Compare on the first `images` test images of a folder, or on all. ValueError if no framework is installed."""
    digits = mnist.load(data)
    digits = Digits(digits.images[:images], digits.labels[:images])
    p, x = mlp.load(), digits.inputs()
    found: list[Quantised] = []
    versions, missing = {}, []
    for name, networks in FRAMEWORKS.items():
        try:
            made, version = networks(p, mnist.calibration(), web)
        except ImportError as error:
            missing.append(f"{error.name} is not installed, so the rows of {name} are left out; {INSTALL} brings it")
        else:
            found += made
            versions |= version
    if not found:
        raise ValueError("neither ONNX Runtime nor torch is installed, so there is nothing to compare with; "
                         f"run {INSTALL}")
    for sentence in missing:
        say(sentence)
    rows, predicted = [], None
    for network in (ours(p, data, len(x), pyodide), *found):
        say(f"running {network.name}")
        row, logits = measured(network, x, digits.labels)
        predicted = logits.argmax(axis=1) if predicted is None else predicted
        rows.append({**row, "other_than_ours": int(np.count_nonzero(logits.argmax(axis=1) != predicted))})
    return {"made_on": made_on(), "versions": versions, "weights": store.recipe(mlp.SHIPPED)["sha256"],
            "images": len(x), "calibration": len(mnist.calibration()), "rows": rows}


def ours(p: Parameters, data: str | Path, n: int, pyodide: bool) -> Quantised:
    """Our integers, from the pixels' codes to the logits' codes. Beside CPython, Pyodide in Node if asked."""
    network = quantize_network(p, SETTINGS, mnist.calibration())
    integer = network.integer()
    runs = {TOGETHER: integer.logits, ALONE: one_by_one(integer.logits)}
    if pyodide:
        runs["Pyodide in Node"] = lambda x: in_node(data, n)
    return Quantised("Bitladder, integers", network.nbytes, runs)


def in_node(data: str | Path, n: int) -> np.ndarray:
    """Our logits for the first n test images of a folder, computed by Pyodide in Node."""
    with Node({Path(data).resolve(): INSIDE}) as node:
        return np.array(node.run("pyapp.bench.frameworks", "logits", folder=INSIDE, n=n), np.float32)


def logits(folder: str, n: int) -> list[list[float]]:
    """Our logits for the first n test images of a folder, as plain data."""
    return usual().logits(mnist.load(folder).inputs()[:n]).tolist()


def measured(network: Quantised, x: np.ndarray, labels: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """A network's row, and its logits in the first of its settings."""
    runs: Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]] = iter(network.runs.items())
    _, run = next(runs)
    first = run(x)
    settings = {}
    for name, run in runs:
        try:
            settings[name] = vars(Apart.of(run(x), first))
        except HostError as error:
            settings[name] = {"failed": str(error)}
    right = int(np.count_nonzero(first.argmax(axis=1) == labels))
    return {"name": network.name, "bytes": network.nbytes, "accuracy": right / len(labels), "settings": settings}, first


def table(result: Mapping[str, Any]) -> str:
    """The result as two Markdown tables: each network's accuracy, and where its settings disagree."""
    rows = result["rows"]
    worth = [(row["name"], f"{row['bytes']:,}", f"{100 * row['accuracy']:.2f} %", str(row["other_than_ours"]))
             for row in rows]
    apart = [(row["name"], setting, *_cells(found)) for row in rows for setting, found in row["settings"].items()]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return "\n\n".join((
        _markdown(("network", "bytes", "accuracy", "other predictions than ours"), worth),
        _markdown(("network", "setting", "other predictions", "other logits", "largest difference"), apart),
        f"{result['images']:,} images, {result['calibration']:,} for calibration; {result['made_on']}; {versions}"))


def _cells(found: Mapping[str, Any]) -> tuple[str, str, str]:
    if "failed" in found:
        return (f"failed: {found['failed']}", "", "")
    return str(found["predictions"]), f"{found['logits']:,}", f"{found['largest']:.2g}"


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
