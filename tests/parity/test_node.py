"""The same calls in Pyodide (Node) and here in CPython: integers agree exactly, floats within stated bounds."""

import importlib.metadata
import json
import math
import shutil

import numpy as np
import pytest
from parity import sessions

from pyapp import modules, pages
from pyapp.bridge import METHODS
from pyapp.experiment.frame import Frame
from pyapp.hosts import ROOT, HostError, Node
from pyapp.pages.base import text_losses
from pyapp.pages.base.export_buttons import PREFIX
from pyapp.parity import check
from pyapp.runner import Runner

BOUNDS = {
    "Ladder": 1e-9,  # float64, and no training long enough to amplify anything
    "Transformers": 1e-5,  # logits, attention and a few training steps; texts and codes of integer softmaxes are exact
}
SESSIONS = {"numpy": sessions.any_page.session, "kernels": sessions.run}  # by engine; the kernels stay, as on the page
RELATIVE = 5e-5  # after several Adam steps, whose m/√v amplifies the noise of gradients near zero; SGD stays below 1e-6
PYTEST = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")  # pure Python, so Pyodide runs this machine's copy

UNIT = "/repository/tests/unit"
NUMBERS = [f"{UNIT}/{name}" for name in ("core", "nets", "quant", "quantized", "softmax", "training")]
DRIVEN = f"{UNIT}/pages"  # every page is driven there by its session, above
PARTS = {"numbers": NUMBERS, "others": [UNIT, *(f"--ignore={folder}" for folder in (DRIVEN, *NUMBERS))]}


@pytest.fixture(scope="module")
def node(needs_node):
    with Node() as host:
        yield host


def test_the_proof_holds_between_the_runtimes(node, tmp_path, capsys):
    """The fixtures recorded by this CPython, now, against Pyodide: call, max difference, bound."""
    check.record(tmp_path / "check.npz")
    with Node(mount={tmp_path: "/recorded"}) as host:
        rows = host.run("pyapp.parity.check", "rows", path="/recorded/check.npz")
    with capsys.disabled():
        print(f"\nPyodide against this CPython\n{check.table(rows)}")
    assert [row["name"] for row in rows] == [fixture.name for fixture in check.FIXTURES]
    assert all(row["ok"] for row in rows)


def test_all_of_numpy_can_be_imported_at_once(node):
    """`from numpy import *`, with which numpy.matlib begins, asks for numpy.f2py too, with which a browser can do
    nothing."""
    assert node.run("numpy.matlib", "isscalar", element=1) is True


def natively(runner: Runner):
    """The bridge's methods on a runner of this test's own, with the results as plain data."""
    def call(method: str, **args):
        function = getattr(runner, method, None) or METHODS[method]
        return plain(function(**args))
    return call


def plain(value):
    if isinstance(value, Frame):
        value = vars(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.copy()  # the runner hands out views of weights that go on changing
    if isinstance(value, float) and not math.isfinite(value):
        return None  # as it crosses
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def differences(ours, theirs, where: str):
    """(place, difference) of every number; integers, texts and shapes must be equal."""
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys(), where
        for key in ours:
            if key != "run":  # a number of the runtime's own: a call that had to wait for weights has used one up
                yield from differences(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), where
        for i, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(*pair, f"{where}[{i}]")
    elif isinstance(ours, np.ndarray):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, where
        scale = max(1.0, float(np.abs(ours).max(initial=0)))
        yield where, float(np.abs(ours.astype(float) - theirs.astype(float)).max(initial=0)) / scale
    elif isinstance(ours, float):
        yield where, abs(ours - theirs) / max(1.0, abs(ours))
    else:
        assert ours == theirs, where


@pytest.fixture(scope="module")
def here():
    """One runner for all pages, as there is one in Node, which knows nothing that other tests have measured."""
    text_losses.of_shipped.cache_clear()
    return natively(Runner())


@pytest.mark.parametrize("page", pages.names())
def test_every_call_of_a_page_agrees(node, here, capsys, some, page):
    """With the kernels all that a person can do there; with NumPy alone, many times slower, every parameter once, on
    some pages and those that export."""
    exports = any(action.name.startswith(PREFIX) for action in pages.page(page).ACTIONS)
    for engine, session in SESSIONS.items():
        if engine == "numpy" and not exports and page not in some(pages.names()):
            continue
        node.run("pyapp.core.engine", "use", engine=engine)
        ours, theirs = session(here, page), session(node.call, page)
        bound = BOUNDS.get(pages.page(page).entry, RELATIVE)
        with capsys.disabled():
            print(f"\n{page + ', ' + engine:32} {'max difference':>15} {'bound':>7}")
            for name in ours:
                found = list(differences(ours[name], theirs[name], name))
                place, largest = max(found, key=lambda item: item[1], default=("", 0.0))
                print(f"{name:32} {largest:15.2e} {bound:7.0e}  {place if largest > bound else 'ok'}")
                assert largest <= bound, place


def test_measurements_are_made_there(node):
    run = node.call("open", page="digits", params={})["run"]
    assert node.call("act", run=run, name="measure")["frame"]["scalars"]["times"]["image_ms"] > 0
    assert node.run("pyapp.bench.workloads", "timed", name="image", repeats=2)["ms"]
    runtime = node.call("runtime")
    assert runtime["engine"].startswith("Pyodide 314.") and runtime["kernels"] == "SIMD kernels"


def test_an_integer_over_32_bits_is_right_natively_and_reported_in_pyodide(node, here):
    source = "def predict(x, w, b):\n    print(np.arange(1, 100001).sum())\n    return w * x + b\n"
    printed = [call("edit", run=call("open", page="rung1", params={})["run"], name="predict", source=source)["printed"]
               for call in (here, node.call)]
    assert set(printed[0].split()) == {"5000050000"}
    assert printed[1].startswith("line 2: an integer overflowed 32 bits: 705082704 here, 5000050000 with 64 bits")


def test_the_list_of_modules_is_true(needs_node):
    """What the packs are made from: `python -m pyapp pages --modules > web/modules.json`."""
    assert modules.listed() == json.loads((ROOT / "web" / "modules.json").read_text())


def test_errors_cross_as_data(node):
    with pytest.raises(HostError, match="there is no page 'x'") as error:
        node.call("open", page="x")
    assert error.value.type == "UnknownPage"


@pytest.mark.parametrize("part", PARTS)
def test_the_unit_tests_pass_inside_pyodide(needs_node, tmp_path, capfd, pytestconfig, part):
    """tests/unit but for the pages, on Pyodide's Python and NumPy, in parts that workers can run at once."""
    for distribution in map(importlib.metadata.distribution, PYTEST):
        for file in distribution.files:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = tmp_path / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
    with Node(mount={ROOT: "/repository", tmp_path: "/packages"}, path=("/repository", "/packages")) as host:
        host.run("shutil", "copytree", src="/repository/weights", dst="/bitladder/weights", dirs_exist_ok=True)
        options = ["-o", "addopts=-q", "-p", "no:cacheprovider",  # one worker: there is one Python
                   *["--thorough"] * pytestconfig.getoption("--thorough")]
        status = host.run("pytest", "main", args=[*PARTS[part], *options])
    assert status == 0, capfd.readouterr().err[-4000:]
