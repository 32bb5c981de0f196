"""Weights and their recipe when the process dies, or the disk is full, at any moment of a save."""

import subprocess
import sys

import numpy as np
import pytest

from pyapp import store
from pyapp.hosts import ROOT

OLD = {"a": np.zeros(100, np.float32)}
SAVE = """
import numpy as np
from pyapp import store
store.save(sys.argv[1], {'a': np.ones(5000, np.float32)}, {'seed': 2})
"""
# The process ends, as if it were killed, when it is about to touch the disk for the n-th time.
KILLED = """
import sys, os, io, builtins
calls = 0
def deadly(function):
    def call(*args, **options):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os._exit(9)
        return function(*args, **options)
    return call
""" + SAVE.replace("store.save", "for name in ('open', 'fsync', 'replace', 'unlink', 'close'):\n"
                   "    setattr(os, name, deadly(getattr(os, name)))\n"
                   "builtins.open = deadly(open)\nstore.save")
FULL = """
import sys, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
""" + SAVE


def run(code: str, path, number: int) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code, str(path), str(number)], cwd=ROOT, capture_output=True,
                          text=True)


def test_a_kill_at_any_moment_leaves_a_whole_pair(tmp_path):
    path, seeds = tmp_path / "w.npz", []
    for n in range(1, 40):
        store.save(path, OLD, {"seed": 1})
        done = run(KILLED, path, n)
        found, recipe = store.load(path), store.recipe(path)
        assert len(found["a"]) == {1: 100, 2: 5000}[recipe["seed"]] and store.digest(path) == recipe["sha256"]
        seeds.append(recipe["seed"])
        if done.returncode == 0:
            break
        assert done.returncode == 9, done.stderr
    assert done.returncode == 0 and seeds == sorted(seeds) and seeds.count(1) > 3 and seeds.count(2) > 1
    store.save(path, OLD, {"seed": 1})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["w.json", "w.npz"]


def test_a_kill_during_the_first_save_leaves_nothing_or_a_whole_pair(tmp_path):
    for n in range(1, 40):
        path = tmp_path / f"{n}" / "w.npz"
        done = run(KILLED, path, n)
        if path.with_suffix(".json").exists():
            assert len(store.load(path)["a"]) == 5000 and store.digest(path) == store.recipe(path)["sha256"]
        else:
            assert not path.exists()
        if done.returncode == 0:
            return
    raise AssertionError("the save never ended")


@pytest.mark.parametrize("room", [0, 10, 200, 10_000])
def test_a_disk_that_is_full_leaves_the_old_pair(room, tmp_path):
    pytest.importorskip("resource", reason="this system has no limits on files")
    path = tmp_path / "w.npz"
    store.save(path, OLD, {"seed": 1})
    before = path.read_bytes(), path.with_suffix(".json").read_bytes()
    done = run(FULL, path, room)
    assert done.returncode == 1 and "w.npz could not be written (File too large); the file that was th" in done.stderr
    assert (path.read_bytes(), path.with_suffix(".json").read_bytes()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["w.json", "w.npz"]
