"""`bench`: the committed results and the README's tables of them, comparisons, absent peers, refusals."""

import copy
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from answers import refusal

from pyapp.__main__ import main
from pyapp.bench import bench, compare, litert_file, models, peers, results, table
from pyapp.bench.contestants import OWN, PEERS
from pyapp.bench.workloads import PRODUCTS, checked, held_out, operands
from pyapp.hosts import ROOT
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.quant import matmul

COMMITTED = results.load(results.COMMITTED)


def test_the_readme_of_the_weights_has_the_tables_of_the_committed_results(capsys):
    """`python -m pyapp bench --table` prints them; they stand between two marks."""
    text = (ROOT / "weights" / "README.md").read_text(encoding="utf-8")
    assert table.filled(text, table.markdown(COMMITTED)) == text
    assert main(["bench", "--table"]) == 0
    assert capsys.readouterr().out.strip() in text


def test_the_committed_results_are_of_one_run_that_did_the_same_work():
    plain = results.row(COMMITTED, "plain")["works"]
    for one in COMMITTED["rows"]:
        for name, cell in one["works"].items():
            yardstick = plain.get(name, plain["batch"])["ms"]["median"]
            assert cell["ratio"] == pytest.approx(yardstick / cell["ms"]["median"], rel=2e-3)
            assert cell["ms"]["least"] <= cell["ms"]["median"] <= cell["ms"]["most"]
            assert cell["agrees"] is (True if one["precision"] == "float32" else None), f"{one['name']}: {name}"
    known = {one.name for one in (*OWN, *PEERS)}
    assert {one["name"] for one in COMMITTED["rows"]} | COMMITTED["absent"].keys() == known
    assert COMMITTED["made"]["packages"].items() <= peers.VERSIONS.items()


def test_a_comparison_names_what_got_slower_and_exits_with_1(capsys, tmp_path):
    path, worse = tmp_path / "now.json", copy.deepcopy(COMMITTED)
    path.write_bytes(results.encoded(worse))
    assert main(["bench", "--results", str(path), "--compare"]) == 0
    assert "0 of " in capsys.readouterr().out
    results.row(worse, "numpy")["works"]["text"]["ratio"] /= 1.3
    path.write_bytes(results.encoded(worse))
    assert main(["bench", "--results", str(path), "--compare", "--json"]) == 1
    (slower,) = json.loads(capsys.readouterr().out)["slower"]
    assert (slower["who"], slower["work"]) == ("Bitladder, NumPy", "text")
    assert slower["times"] == pytest.approx(1.3, rel=1e-3)
    assert main(["bench", "--results", str(results.COMMITTED), "--compare", str(path)]) == 0  # it got faster


def grown(figures, at) -> None:
    figures[at] = 2 * figures[at]


@pytest.mark.parametrize("who, work, worsen", [
    ("jax-js", "start", lambda now: grown(results.row(now, "jax")["start"], "ms")),
    ("Bitladder", "memory",
     lambda now: [one.update(memory=10**9) for one in now["rows"] if "Bitladder" in one["title"]]),
    ("jax-js", "sent", lambda now: grown(results.row(now, "jax")["start"], "bytes")),
    ("Bitladder, kernels", "epoch, hidden width 1,024",
     lambda now: grown(now["growth"][0]["rows"]["kernels"]["ms"], -1)),
    ("The page's start, to that of Pyodide as published", "later visit",
     lambda now: grown(now["page"], "later_visit_to_published")),
])
def test_starts_memory_and_growth_are_compared_too(who, work, worsen):
    worse = copy.deepcopy(COMMITTED)
    worsen(worse)
    found = compare.compare(worse, COMMITTED)
    assert [(each["who"], each["work"]) for each in found["slower"]] == [(who, work)]
    assert (" bytes as before" in compare.text(found)) == (work in ("memory", "sent"))
    assert not compare.compare(COMMITTED, worse)["slower"]
    assert found["compared"] == len(list(compare._figures(COMMITTED))) and not found["missing"]


@pytest.mark.parametrize(("words", "why"), [
    (["--peers"], "--peers needs a measurement in Chromium; add --browser"),
    (["--rounds", "3"], "--rounds needs"), (["--out", "r.json"], "--out needs"),
    (["--browser", "--rounds", "0"], "rounds is 0; use 1 or more"),
    (["--browser", "--pyodide"], "use one of them"), (["--table", "--json"], "--table prints Markdown"),
    (["--results", "absent.json", "--browser"], "--results takes what was measured before"),
    (["--results", "absent.json"], "absent.json cannot be used (No such file or directory)"),
    (["--compare", "absent.json"], "absent.json cannot be used"), (["--compare", "README.md"], "holds no results"),
    (["--results", "package.json"], "package.json holds no results of the benchmark: expected kind 'bench'")])
def test_bad_input_is_refused_before_anything_is_measured(capsys, monkeypatch, tmp_path, words, why):
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("no JSON")
    Path("package.json").write_text("{}")
    assert why in refusal(capsys, "bench", *words)


def test_what_npm_cannot_bring_is_absent_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)
    assert set(peers.install(tmp_path).values()) == {"npm is not installed"}
    monkeypatch.setattr(peers.shutil, "which", lambda name: "npm")
    failed = subprocess.CompletedProcess([], 1, "", "npm warn old\nnpm error 404 Not Found\nnpm error more")
    monkeypatch.setattr(peers.subprocess, "run", lambda *_, **__: failed)
    absent = peers.install(tmp_path)
    assert absent.keys() == peers.VERSIONS.keys()
    assert absent["onnxruntime-web"] == "npm could not install onnxruntime-web@1.30.0: 404 Not Found"
    folder = tmp_path / "node_modules" / "onnxruntime-web"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "1.30.0"}')
    assert "onnxruntime-web" not in peers.install(tmp_path)  # it is there: npm is not asked


def test_natively_int8_has_rows_of_its_own_and_says_what_it_is(capsys, monkeypatch):
    """Each row does the work of its name in its precision, and every ratio is that of the times shown."""
    asked, plain = [], {name: 60.0 for name in bench.REPEATS}
    monkeypatch.setattr(bench, "timed", lambda name, repeats, precision: asked.append((name, precision)) or {
        "ms": [3.0 if precision == "int8" else 2.0] * repeats})
    monkeypatch.setattr(bench, "plain_in_node", lambda: {"engine": "Node", "ms": plain})
    assert main(["bench", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["plain_node", "native", "native_int8"]
    assert set(asked) == {*((name, "float32") for name in bench.REPEATS),
                          *((name, "int8") for name in ("image", "batch", "product 256x256x256"))}
    assert set(found["native"]["ratio"].values()) == {30} and set(found["native_int8"]["ratio"].values()) == {20}
    assert main(["bench"]) == 0
    *_, int8, empty, said, _, _ = capsys.readouterr().out.splitlines()
    assert int8.split()[:5] == ["native_int8", "–", "3.000", "3.000", "3.000"] and not empty
    assert said.startswith(f"int8 natively: from {matmul.FEW} rows on, the integer products are float products")


def test_plain_javascript_does_the_same_work(needs_node):
    """The yardstick: each of its results is NumPy's, the loss after an epoch too."""
    found = bench.plain_in_node(times=False)["checks"]
    assert found.keys() == {"epoch", "image", "batch", *(f"product {size}" for size in PRODUCTS)}
    for name, each in found.items():
        said = results.agreement(name, "float32", each, checked(name))
        assert said["agrees"], f"{name}: {said}"


def test_onnx_runtime_computes_the_models_that_it_is_timed_with():
    onnxruntime = pytest.importorskip("onnxruntime", reason='pip install -e ".[test]" brings ONNX Runtime')
    files, options = models.files(), onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")  # without VNNI sums saturate
    network = MLP()
    expected = {"mlp": (held_out(), network.forward(mlp.load(), held_out())),
                **{size: (operands(size).x, operands(size).x @ operands(size).w.T) for size in PRODUCTS}}
    for name, (x, y) in expected.items():
        for kind, bound in (("float", 1e-5), ("dynamic", 0.03), ("qdq", 0.15)):
            session = onnxruntime.InferenceSession(files[f"{name}.{kind}.onnx"], options,
                                                   providers=["CPUExecutionProvider"])
            (found,) = session.run(None, {"pixels": x})
            assert np.abs(found - y).max() <= bound * np.abs(y).max(), f"{name}.{kind}"


def test_a_litert_file_holds_the_network():
    """Read back by the rules of FlatBuffers; LiteRT itself is compared in the benchmark."""
    w = [np.arange(6, dtype=np.float32).reshape(2, 3), np.full((1, 2), 7, np.float32)]
    b = [np.array([8, 9], np.float32), np.array([1], np.float32)]
    data = litert_file.network(list(zip(w, b, strict=True)), rows=5)
    assert data[4:8] == b"TFL3"
    root = Read(data, int.from_bytes(data[:4], "little"))
    (graph,), buffers = root.tables(2), root.tables(4)
    shapes = [each.numbers(0).tolist() for each in graph.tables(0)]
    assert shapes == [[5, 3], [2, 3], [2], [5, 2], [1, 2], [1], [5, 1]]
    assert [each.numbers(1).tolist() for each in graph.tables(3)] == [[0, 1, 2], [3, 4, 5]]
    assert [each.scalar(2, "<u4") for each in graph.tables(0)] == [0, 1, 2, 0, 3, 4, 0]
    assert [each.table(4).scalar(0, "i1") for each in graph.tables(3)] == [1, 0]  # ReLU, none
    held = [buffers[i].numbers(0, "u1").view("<f4").tolist() for i in (1, 2, 3, 4)]
    assert held == [w[0].ravel().tolist(), b[0].tolist(), w[1].ravel().tolist(), b[1].tolist()]


class Read:
    """A FlatBuffers table, read."""

    def __init__(self, data: bytes, start: int):
        assert start % 4 == 0
        self.data, self.start = data, start
        self.vtable = start - self.number(start, "<i4")

    def number(self, at: int, kind: str = "<u4") -> int:
        return int(np.frombuffer(self.data, kind, 1, at)[0])

    def at(self, field: int) -> int:
        place = self.number(self.vtable + 4 + 2 * field, "<u2")
        assert place
        return self.start + place

    def scalar(self, field: int, kind: str) -> int:
        return self.number(self.at(field), kind)

    def follow(self, at: int) -> int:
        return at + self.number(at)

    def table(self, field: int) -> "Read":
        return Read(self.data, self.follow(self.at(field)))

    def tables(self, field: int) -> list["Read"]:
        start = self.follow(self.at(field))
        return [Read(self.data, self.follow(start + 4 + 4 * i)) for i in range(self.number(start))]

    def numbers(self, field: int, kind: str = "<i4") -> np.ndarray:
        start = self.follow(self.at(field))
        assert (start + 4) % 16 == 0
        return np.frombuffer(self.data, kind, self.number(start), start + 4)
