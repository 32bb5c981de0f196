"""What happens at the end of a command: pipes that nobody reads, full disks, numbers that JSON does not have."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pyapp import files, loading, store
from pyapp.__main__ import GONE, main
from pyapp.commands import tools
from pyapp.commands.common import print_json
from pyapp.hosts import ROOT
from pyapp.nets import mlp


def run(stdout: int, *argv: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "pyapp", *argv], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE,
                          text=True)


@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows end otherwise")
@pytest.mark.parametrize(("argv", "status"), [(["pages"], GONE), (["generate", "gpt", "--tokens", "2"], GONE),
                                              (["--help"], 0)])  # argparse itself minds no broken pipe
def test_a_closed_pipe_ends_a_command_silently(argv, status):
    """As in `python -m pyapp pages | head -1`; small outputs are written when Python ends."""
    read, write = os.pipe()
    os.close(read)
    done = run(write, *argv)
    os.close(write)
    assert (done.returncode, done.stderr) == (status, "")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no Ctrl-C to one process")
def test_ctrl_c_while_modules_are_loading_is_one_line():
    """The command itself presses Ctrl-C, when the last of its modules begins to load and when its options are read."""
    press = "import os, signal, sys; os.kill(os.getpid(), signal.SIGINT)"
    loads = f"""
import sys
class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == 'pyapp.commands.keywords':
            {press}
sys.meta_path.insert(0, Presses())
import pyapp.__main__"""
    reads = f"""
import argparse, sys
from pyapp.__main__ import main
def parse(self, argv):
    {press}
argparse.ArgumentParser.parse_args = parse
sys.exit(main(['pages']))"""
    for code in (loads, reads):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (loading.STOPPED, "", "bitladder: stopped\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_a_full_disk_behind_the_output_is_reported():
    with open("/dev/full", "w") as full:
        done = run(full, "pages")
    assert done.returncode == 2
    assert done.stderr == "bitladder: the output cannot be written (No space left on device)\n"


def test_a_full_disk_behind_a_file_is_reported_with_its_name(capsys, monkeypatch):
    def fail():
        raise files.NotWritten("a.png", OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(tools.pages, "describe", fail)
    assert main(["pages"]) == 2
    assert capsys.readouterr().err == "bitladder: a.png could not be written (No space left on device)\n"


def test_numbers_that_are_not_finite_are_null_and_named_on_stderr(capsys):
    print_json({"loss": float("nan"), "n": 3, "rows": [{"kl": float("inf")}, 1.5, (float("-inf"), True)],
                "more": [float("nan")] * 4})
    said = capsys.readouterr()
    assert json.loads(said.out) == {"loss": None, "n": 3, "rows": [{"kl": None}, 1.5, [None, True]], "more": [None] * 4}
    assert said.err == ("bitladder: not finite, so written as null: loss, rows[0].kl, rows[2][0], more[0], "
                        "more[1] and 2 more\n")


def strict(text: str):
    """JSON as JavaScript reads it."""
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_network_whose_loss_is_not_finite_prints_json(capsys, tmp_path):
    p = mlp.load()
    p["layer3.weight"][:] = np.where(p["layer3.weight"] > 0, 3e38, -3e38)
    store.save(tmp_path / "w.npz", store.arrays_of(p), {})
    with np.errstate(all="ignore"):
        assert main(["evaluate", "mlp", "--weights", str(tmp_path / "w.npz"), "--json"]) == 0
    said = capsys.readouterr()
    assert strict(said.out)["loss"] is None and "written as null: loss" in said.err


def test_a_proof_of_another_shape_prints_json(capsys, monkeypatch):
    row = {"name": "random", "what": "x", "difference": float("inf"), "bound": 0.0, "exact": True, "relative": False,
           "ok": False}
    monkeypatch.setattr(tools.check, "rows", lambda: [row])
    assert main(["check", "--json"]) == 2
    said = capsys.readouterr()
    assert strict(said.out)[0]["difference"] is None and "outside their bounds" in said.err


@pytest.mark.parametrize(("error", "message"), [
    (MemoryError(), "this needs more memory than is available; use a smaller size"),
    (MemoryError("Unable to allocate 29 GiB"), "this needs more memory than is available (Unable to allocate 29 GiB);"),
    (OverflowError("int too large"), "int too large"), (ValueError("two\nlines"), "two lines"),
    (IsADirectoryError(21, "Is a directory", "x.png"), "x.png cannot be used (Is a directory)"),
    (ConnectionError("gone"), "gone"),
])
def test_an_error_is_one_sentence(error, message, capsys, monkeypatch):
    def fail():
        raise error

    monkeypatch.setattr(tools.pages, "describe", fail)
    assert main(["pages"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"bitladder: {message}") and said.count("\n") == 1


def test_a_file_name_that_is_not_text_is_printed(capsys):
    assert main(["evaluate", "mlp", "--data", "\udcff"]) == 2
    assert "\\udcff" in capsys.readouterr().err
