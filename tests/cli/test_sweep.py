"""Sweeps: the same bytes whoever works and however often it is stopped; nothing measured twice, no data mixed."""

import csv
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pyapp import store
from pyapp.__main__ import main
from pyapp.data import mnist
from pyapp.hosts import ROOT
from pyapp.machine import made_on
from pyapp.measure.measure import measure, network_for
from pyapp.nets import mlp
from pyapp.quantized.network import Settings
from pyapp.sweep import blas, run
from pyapp.sweep.grid import DEFAULTS, cells, combinations
from pyapp.sweep.run import COLUMNS, NEWER, sweep
from pyapp.sweep.table import Table

GRID = {"bits": [8, 3], "per": ["group:16"], "activations": [None, 8], "calibrate": ["minmax", "mse"],
        "method": ["round", "gptq"], "bias_correction": [False, True], "seed": [1, 2]}
ROWS = 24  # without activations there is one way to calibrate, not two; the seed has no effect: 2·1·(1+2)·2·2·1
OPTIONS = ["--bits", "8,3", "--per", "group:16", "--activations", "none,8", "--calibrate", "minmax,mse",
           "--method", "round,gptq", "--bias-correction", "no,yes", "--seed", "1,2"]
COMMAND = [sys.executable, "-m", "pyapp", "sweep", "mlp", *OPTIONS]
NEEDS = {"dask": "distributed", "ray": "ray"}


def pack(folder: Path, count: int) -> Path:
    """The first of the shipped images, as a folder of IDX files."""
    folder.mkdir()
    for split, names in mnist.FILES.items():
        digits = mnist.load(split=split)
        for name, array in zip(names, (digits.images[:count], digits.labels[:count]), strict=True):
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            (folder / name).write_bytes(head + array.astype(np.uint8).tobytes())
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("sweep") / "data", 200)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The file of a sweep by one worker that nothing stopped."""
    out = tmp_path_factory.mktemp("sweep") / "whole.csv"
    with blas.threads(2):  # a sweep must not mind, and must put them back
        sweep(GRID, out, data=data, jobs=1)
        assert blas.set_threads(2) in (2, None)
    return out.read_bytes()


@pytest.fixture
def counted(monkeypatch):
    """The combinations that are measured in this process."""
    seen = []

    def measured(combination, source):
        seen.append(combination)
        return original(combination, source)

    original = run.measured
    monkeypatch.setattr(run, "measured", measured)
    return seen


def refusal(capsys, *argv: str) -> str:
    assert main(["sweep", "mlp", *map(str, argv)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("bitladder: ") and error.count("\n") == 1
    return error


@pytest.mark.parametrize("backend", ["loky", "threading", pytest.param("multiprocessing", marks=pytest.mark.thorough),
                                     "dask", "ray"])
def test_two_workers_give_the_same_bytes(whole, data, tmp_path, backend):
    if backend in NEEDS:
        pytest.importorskip(NEEDS[backend], reason=f"pip install {NEEDS[backend]}")
    subprocess.run([*COMMAND, "--data", data, "--out", tmp_path / "two.csv", "--jobs", "2", "--backend", backend],
                   cwd=ROOT, check=True, timeout=300)  # a process of its own: forks of one with threads may hang
    assert (tmp_path / "two.csv").read_bytes() == whole
    assert os.listdir(tmp_path) == ["two.csv"]


def test_rows_are_the_grid_in_order_with_what_evaluate_measures(whole, data):
    lines = whole.decode().splitlines()
    assert lines[0] == ",".join(COLUMNS) and len(lines) == 1 + ROWS
    rows = [dict(zip(COLUMNS, line.split(","), strict=True)) for line in lines[1:]]
    assert [row["bits"] for row in rows] == ["8"] * 12 + ["3"] * 12
    assert [row["bias_correction"] for row in rows] == ["no", "yes"] * 12
    settings = Settings(bits=3, per="group:16", activations=8, calibrate="mse", method="gptq",
                        bias_correction=True)
    assert rows[-1] | cells(vars(settings)) == rows[-1]
    digits = mnist.load(data)
    with blas.threads(1):
        expected = measure(network_for(mlp.load(), settings, data, print), digits)
    assert expected["arithmetic"] == "integer" and expected["n"] == 200
    assert {name: rows[-1][name] for name in expected} == {name: str(value) for name, value in expected.items()}
    assert rows[-1]["weights"] == store.recipe(mlp.SHIPPED)["sha256"][:12]


def test_blas_threads_are_set_and_put_back():
    """More threads than one change the order of sums: the last bits would depend on the machine's cores."""
    if (before := blas.set_threads(2)) is None:
        pytest.skip("this NumPy's BLAS has no call for its threads")
    with blas.threads(1):
        assert blas.set_threads(1) == 1
    assert blas.set_threads(before) == 2


def begun(data, out, lines: int) -> subprocess.Popen:
    """A sweep in processes of its own that has written some lines of its file."""
    process = subprocess.Popen([*COMMAND, "--data", data, "--out", out, "--jobs", "2"], cwd=ROOT,
                               stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # ignored in background
    while process.poll() is None and (not out.exists() or out.read_bytes().count(b"\n") < lines):
        time.sleep(0.01)
    return process


def test_a_killed_sweep_goes_on(whole, data, tmp_path, counted):
    out = tmp_path / "sweep.csv"
    process = begun(data, out, lines=4)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = out.read_bytes().count(b"\n") - 1
    assert process.returncode == -signal.SIGKILL and 3 <= kept < ROWS
    sweep(GRID, out, data=data, jobs=2, backend="threading")
    assert out.read_bytes() == whole and len(counted) == ROWS - kept


def test_control_c_stops_the_workers_and_keeps_the_rows(data, tmp_path):
    out = tmp_path / "sweep.csv"
    process = begun(data, out, lines=2)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=300)[1].decode()
    assert process.returncode == 130 and "bitladder: stopped" in error and "Traceback" not in error
    assert 1 <= len(Table(out, COLUMNS, len(DEFAULTS)).rows) < ROWS


@pytest.mark.parametrize(("lines", "more", "missing"), [(20, 30, 5), (24, 1, 1), (0, 5, 24), (1, 0, 24), (25, 0, 0)])
def test_a_last_line_that_is_not_whole_is_measured_again(whole, data, tmp_path, counted, lines, more, missing):
    out, parts = tmp_path / "sweep.csv", whole.splitlines(keepends=True)
    out.write_bytes(b"".join(parts[:lines]) + (parts[lines][:more] if more else b""))
    sweep(GRID, out, data=data, jobs=1)
    assert out.read_bytes() == whole and len(counted) == missing


def test_rows_of_earlier_sweeps_stay_behind_those_of_this_one(whole, data, tmp_path, counted):
    out = tmp_path / "sweep.csv"
    out.write_bytes(whole)
    rows = sweep({**GRID, "bits": [3]}, out, data=data, jobs=1)
    assert [row["bits"] for row in rows] == [3] * 12
    header, *lines = whole.splitlines(keepends=True)
    assert out.read_bytes() == b"".join([header, *lines[12:], *lines[:12]])
    sweep(GRID, out, data=data, jobs=1)
    assert out.read_bytes() == whole and not counted


def test_other_weights_or_images_are_refused(whole, data, tmp_path, capsys, counted):
    out = tmp_path / "sweep.csv"
    out.write_bytes(whole)
    other = pack(tmp_path / "other", 199)
    weights = tmp_path / "w.npz"
    p = mlp.load()
    p["layer1.bias"][0] += 1
    store.save(weights, store.arrays_of(p), {})
    assert "measured with other images" in refusal(capsys, "--out", out, "--data", other)
    assert "measured with other weights" in refusal(capsys, "--out", out, "--data", data, "--weights", weights)
    assert out.read_bytes() == whole and not counted


def test_methods_that_train_are_bound_to_their_training_images(data, tmp_path, monkeypatch, counted):
    monkeypatch.setattr(run, "TRAINED", ("gptq",))  # stands for one: what a row is bound to is what is tested
    out, other = tmp_path / "sweep.csv", tmp_path / "other"
    rows = sweep({"method": ["round", "gptq"]}, out, data=data, jobs=1)
    assert rows[0]["training"] is None and len(rows[1]["training"]) == 12
    shutil.copytree(data, other)
    for path in pack(tmp_path / "few", 100).glob("train*"):
        shutil.copy(path, other)
    with pytest.raises(ValueError, match="measured with other training images"):
        sweep({"method": ["gptq"]}, out, data=other, jobs=1)
    sweep({"method": ["round"]}, out, data=other, jobs=1)
    assert len(counted) == 2


def test_a_refused_combination_is_a_row_and_the_sweep_goes_on(data, tmp_path):
    """A weight from each end of float32: their distance is no float32, so only the affine grid is impossible."""
    p = mlp.load()
    p["layer1.weight"][:2, 0] = 3e38, -3e38  # of a pixel that is never inked
    store.save(tmp_path / "w.npz", store.arrays_of(p), {})
    grid = {"scheme": ["affine", "symmetric"], "bits": [4, 8], "per": ["tensor", "channel"]}
    rows = sweep(grid, tmp_path / "sweep.csv", tmp_path / "w.npz", data, jobs=2)
    refused = [(row["scheme"], row["per"]) for row in rows if row["error"]]
    assert refused == [("affine", "tensor")] * 2
    for row in rows:
        assert (row["accuracy"] is None) == (row["error"] is not None)
    assert "range is beyond float32" in rows[0]["error"] and rows[0]["n"] is None
    assert sweep(grid, tmp_path / "sweep.csv", tmp_path / "w.npz", data, jobs=1) == rows


def test_a_row_says_why_it_was_simulated(data, tmp_path):
    (row,) = sweep({"bits": [16], "activations": [16]}, tmp_path / "sweep.csv", data=data, jobs=1)
    assert row["arithmetic"] == "simulated" and "int32" in row["note"] and row["error"] is None


def test_equal_meanings_are_one_combination():
    assert len(combinations(GRID)) == ROWS
    assert len(combinations({"bits": [4, 8, 4]})) == 2
    assert len(combinations({"calibrate": ["mse", "ema"], "seed": [1, 2]})) == 1
    chance = combinations({"method": ["gptq", "adaround"], "seed": [3, 4], "activations": [8, None]})
    assert [(c["method"], c["activations"], cells(c)["seed"]) for c in chance] == [
        ("gptq", 8, ""), ("adaround", 8, "3"), ("adaround", 8, "4"),
        ("gptq", None, ""), ("adaround", None, "3"), ("adaround", None, "4")]


def test_what_training_finds_itself_is_not_asked_of_it():
    grid = {"method": ["qat", "round"], "activations": [8], "calibrate": ["mse", "ema"], "clip": ["mse"],
            "bias_correction": [True]}
    trained, *rounded = sorted(combinations(grid), key=lambda one: one["method"])
    assert [one["calibrate"] for one in rounded] == ["mse", "ema"] and all(one["bias_correction"] for one in rounded)
    assert Settings(**trained) == Settings(method="qat", activations=8)
    assert [cells(trained)[name] for name in ("calibrate", "clip", "bias_correction")] == ["", "", ""]


def test_the_command_prints_rows_and_draws_a_bar(data, tmp_path, capsys):
    argv = ["sweep", "mlp", "--bits", "8, 3", "--data", str(data), "--out", str(tmp_path / "s.csv"), "--jobs", "1"]
    assert main([*argv, "--json"]) == 0
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert [row["bits"] for row in rows] == [8, 3] and rows[0]["accuracy"] > rows[1]["accuracy"] > 0
    assert rows[0]["activations"] is None and rows[0]["bias_correction"] is False and rows[0]["bytes"] == 110_004
    assert "2/2" in said.err
    assert main(argv) == 0
    assert capsys.readouterr().out.startswith("2 combinations in")
    argv[3], argv[7] = "8", str(tmp_path / "one.csv")
    assert main(argv) == 0 and capsys.readouterr().out.startswith("1 combination in")


@pytest.mark.parametrize(("argv", "message"), [
    (["--bits", "8,1"], "bits is 1; use a whole number from 2 to 16"),
    (["--bits", "8,few"], "--bits 8,few: 'few' is not a whole number"),
    (["--bits", ""], "--bits : '' is not a whole number"),
    (["--scheme", "symmetric,odd"], "scheme is 'odd'; use one of symmetric, affine"),
    (["--per", "group:0"], "granularity is 'group:0'"),
    (["--activations", "none,17"], "activations is 17"),
    (["--activations", "none,few"], "'few' is not a whole number, nor 'none'"),
    (["--bias-correction", "maybe"], "'maybe' is neither yes nor no"),
    (["--jobs", "0"], "jobs is 0; use 1 or more"),
    (["--data", "nowhere"], "name a folder with MNIST's four IDX files"),
    (["--weights", "no.npz"], "no.npz: cannot be read"),
])
def test_nonsense_is_refused_before_any_work(capsys, tmp_path, argv, message):
    assert message in refusal(capsys, "--out", tmp_path / "s.csv", *argv)
    assert not os.listdir(tmp_path)


def test_unknown_settings_and_empty_lists_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no setting wings"):
        sweep({"wings": [2]}, tmp_path / "s.csv")
    with pytest.raises(ValueError, match="bits is an empty list"):
        sweep({"bits": []}, tmp_path / "s.csv")
    with pytest.raises(ValueError, match="backend is 'mpi'"):
        sweep({}, tmp_path / "s.csv", backend="mpi")


@pytest.mark.parametrize("content", [b"hello", b"name,size\nx,3\n", b"\n", b"\x89PNG\r\n\x1a\n\x00"])
def test_a_file_that_is_no_sweep_is_not_touched(capsys, tmp_path, content):
    out = tmp_path / "s.csv"
    out.write_bytes(content)
    assert "name another file with --out" in refusal(capsys, "--out", out)
    assert out.read_bytes() == content


def test_a_sweep_resumes_a_file_without_the_newer_columns(whole, data, tmp_path):
    """Its rows stay, with empty cells; only those whose meaning a new setting decides are measured again."""
    out, dropped = tmp_path / "old.csv", [COLUMNS.index(name) for name in NEWER]
    rows = list(csv.reader(io.StringIO(whole.decode())))[:3]
    out.write_text("".join(",".join(cell for i, cell in enumerate(row) if i not in dropped) + "\n" for row in rows))
    found = sweep({"bits": [8], "per": ["tensor"]}, out, data=data)
    lines = out.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS) and [line.count(",") for line in lines] == [len(COLUMNS) - 1] * len(lines)
    assert found[0]["made_on"] == made_on() and lines[-1].endswith(",") and len(lines) == 4


def test_a_row_that_was_spoiled_is_named(capsys, tmp_path, whole, data):
    out = tmp_path / "s.csv"
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join([*lines[:3], lines[3].replace(b",", b";"), *lines[4:]]))
    assert f"line 4: expected {len(COLUMNS)} cells, found 1" in refusal(capsys, "--out", out, "--data", data)


@pytest.mark.parametrize(("module", "argv", "command"), [
    ("joblib", [], "pip install joblib tqdm"), ("tqdm", [], "pip install joblib tqdm"),
    ("distributed", ["--backend", "dask"], "pip install joblib tqdm dask distributed"),
    ("ray", ["--backend", "ray"], "pip install joblib tqdm ray"),
])
def test_what_is_not_installed_is_named_with_the_command(capsys, monkeypatch, tmp_path, module, argv, command):
    if module == "distributed":
        monkeypatch.setitem(sys.modules, "dask", sys)  # there, for this test
    monkeypatch.setitem(sys.modules, module, None)
    said = refusal(capsys, "--out", tmp_path / "s.csv", *argv)
    assert f"needs {module}, which is not installed" in said and command in said
    assert not os.listdir(tmp_path)


def test_two_sweeps_into_one_file_at_the_same_time_lose_no_row(data, tmp_path):
    out = tmp_path / "sweep.csv"
    command = [sys.executable, "-m", "pyapp", "sweep", "mlp", "--data", data, "--out", out, "--jobs", "1", "--json"]
    sweeps = [subprocess.Popen([*command, "--bits", bits], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
              for bits in ("2,3,4,5,6,7,8", "8,9,10,11,12,13,14,15,16")]
    said = [each.communicate(timeout=300) for each in sweeps]
    assert [each.returncode for each in sweeps] == [0, 0], said
    assert [len(json.loads(rows)) for rows, _ in said] == [7, 9]
    bits = sorted(int(key[0]) for key in Table(out, COLUMNS, len(DEFAULTS)).rows)
    assert bits == list(range(2, 17)) and os.listdir(tmp_path) == ["sweep.csv"]
