"""What needs the shipped digits, and what does not: every kind of command where nothing is provisioned."""

import gzip
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from pyapp import places
from pyapp.data import mnist

SCRIPT = """
import contextlib, io, json, sys
from pyapp.__main__ import main
found = []
for argv in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(argv)
        except SystemExit as end:
            status = end.code
    found.append((status, err.getvalue().strip().splitlines()))
print(json.dumps(found))
"""
EVALUATE = ["evaluate", "mlp", "--data", "own"]
VIT = ["evaluate", "vit", "--data", "own", "--images", "2"]
TRAIN = ["--data", "own", "--epochs", "1", "--out", "new.npz"]
NEEDLESS = [
    EVALUATE, [*EVALUATE, "--bits", "8"], [*EVALUATE, "--bits", "4", "--per", "channel", "--clip", "mse"],
    [*EVALUATE, "--bits", "4", "--scheme", "affine"], [*EVALUATE, "--bits", "4", "--method", "qat"],
    [*EVALUATE, "--bits", "4", "--activations", "4", "--method", "qat"],
    VIT, [*VIT, "--bits", "8"],
    ["sweep", "mlp", "--data", "own", "--bits", "8,3", "--out", "a.csv", "--jobs", "1"],
    ["train", "mlp", "--exclude", "none", *TRAIN],
    ["digits"], ["digits", "--generator", "teacher", "--bits", "4"], ["digits", "--fields", "means"],
    ["generate", "gpt", "--tokens", "2", "--bits", "8"], ["ladder", "rollout"], ["softmax-table", "--rows", "2"],
    ["pages"], ["run", "simulator"], ["run", "rung7"], ["run", "attention"], ["run", "learn"],
]
NEEDED = [  # the command, and for what it needs them
    (["evaluate", "mlp"], "measuring"), (["evaluate", "vit"], "measuring"), (["run", "digits"], "training"),
    ([*EVALUATE, "--bits", "8", "--activations", "8"], "calibration"),
    ([*EVALUATE, "--bits", "4", "--method", "gptq"], "calibration"),
    ([*EVALUATE, "--bits", "4", "--method", "adaround"], "calibration"),
    ([*EVALUATE, "--bits", "4", "--bias-correction"], "calibration"),
    ([*EVALUATE, "--bits", "4", "--activations", "8", "--method", "qat"], "calibration"),
    ([*VIT, "--activations", "8"], "calibration"), (["sensitivity", "mlp"], "calibration"),
    (["mixed", "mlp", "--data", "own", "--budget", "45000"], "calibration"),
    (["sweep", "mlp", "--data", "own", "--bits", "8", "--activations", "8", "--out", "b.csv", "--jobs", "1"],
     "calibration"),
    (["train", "mlp", *TRAIN], "leaving the shipped images out of training"),
    (["qat", "mlp", *TRAIN], "measuring"), (["distill", "mlp", *TRAIN], "measuring"),
    (["judge-digits", "--bits", "4"], "comparing with real digits"), (["check"], "the proof"),
    (["bench"], "the benchmark"),
]


class Answers(NamedTuple):
    folder: Path
    found: dict

    def __call__(self, argv):
        return self.found[tuple(argv)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Status and lines of stderr of each command, in a copy of the package without web/data."""
    root = tmp_path_factory.mktemp("fresh")
    shutil.copytree(places.PACKAGE, root / "pyapp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(places.WEIGHTS, root / "weights")
    (root / "own").mkdir()
    for split, (images, labels) in mnist.FILES.items():
        digits = mnist.load(split=split)
        some = np.arange(0, len(digits.labels), len(digits.labels) // 60)
        pixels, classes = digits.images[some], digits.labels[some].astype(np.uint8)
        for name, header, data in ((images, (0x803, len(some), 28, 28), pixels), (labels, (0x801, len(some)), classes)):
            content = struct.pack(f">{len(header)}I", *header) + data.tobytes()
            (root / "own" / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    asked = [*NEEDLESS, *(argv for argv, _ in NEEDED)]
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=json.dumps(asked), cwd=root, capture_output=True,
                          text=True, check=True)
    found = {tuple(argv): answer for argv, answer in zip(asked, json.loads(done.stdout), strict=True)}
    return Answers(root, found)


@pytest.mark.parametrize("argv", NEEDLESS, ids=" ".join)
def test_commands_that_need_no_digits_run_without_them(answers, argv):
    status, lines = answers(argv)
    assert status == 0, lines


@pytest.mark.parametrize(("argv", "what"), NEEDED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_commands_that_need_digits_say_why(answers, argv, what):
    status, lines = answers(argv)
    assert status == 2
    assert lines[-1].startswith(f"bitladder: {what} needs the shipped digits, but ")
    assert lines[-1].endswith(".gz is missing; run `python serve.py --provision` once to fetch them")


def test_a_sweep_without_digits_writes_no_error_row(answers):
    """It would stay refused when they are there."""
    assert "needs the shipped" in str(answers(NEEDED[11][0])) and not (answers.folder / "b.csv").exists()
