"""What the tests need from outside: the provisioned site, Node, Chromium, a C compiler.

Several workers run the tests, a contiguous part each; the site is provisioned once, before they start.

Without one of the last three, the tests that need it skip and say what to install; under CI=true that is a failure.
"""

import itertools
import os
import shutil
import subprocess
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one a worker, before NumPy starts more

import pytest
from silent import Silent

from pyapp.hosts import ROOT, find_chromium

CI = os.environ.get("CI", "").lower() in ("1", "true")
COMPILERS = ("cc", "gcc", "clang")
# Of one test so many cases run inside Pyodide, unless it is marked otherwise; the parity sessions ask for the rest.
CASES, THOROUGH_CASES = 2, 4

LONG = {f"test_{name}.py" for name in (
    "offline", "lasting", "faults", "every_file", "single", "leaving", "live_code_view")}


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true",
                     help="also the tests that are marked thorough, and everywhere what is otherwise tried on some")


@pytest.fixture(scope="session")
def some(pytestconfig):
    """One in four of a list's items, always the same ones; all of them with --thorough."""
    every = 1 if pytestconfig.getoption("--thorough") else 4
    return lambda items: list(items)[::every]


def pytest_sessionstart(session):
    """web/vendor, web/data and web/app, made by serve.py; the second time this takes no network and a moment."""
    is_worker = hasattr(session.config, "workerinput")
    if sys.platform != "emscripten" and not is_worker:
        subprocess.run([sys.executable, str(ROOT / "serve.py"), "--provision"], check=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Half as many again as there are processors: in a browser test they are idle for a good part of the time, while
    frames and answers are waited for. Twice as many took longer."""
    processors = os.cpu_count() or 1
    return processors + processors // 2


def keep_bytecode():
    """Containers often forbid it. Then each worker, and each of the hundreds of commands that tests start, would
    compile everything again: half of what a command costs."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


keep_bytecode()  # before workers start and test files are read


def pytest_configure(config):
    if sys.platform == "emscripten":
        config.pluginmanager.register(Silent())


def pytest_collection_modifyitems(config, items):
    """The tests that take longest come first, so that at the end no worker is alone with one; of the parts that
    run inside Pyodide each comes first among the tests that one worker is given."""
    if not config.getoption("--thorough"):
        leave_out(config, items, [item for item in items if item.get_closest_marker("thorough")])
    if sys.platform == "emscripten":
        sample(config, items)
        return
    items.sort(key=lambda item: (item.path.parent.name != "parity", item.path.name not in LONG))
    longest = [item for item in items if item.originalname == "test_the_unit_tests_pass_inside_pyodide"]
    rest = [item for item in items if item not in longest]
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for i, item in enumerate(longest):
        rest.insert(i * len(items) // workers, item)
    items[:] = rest


def sample(config, items):
    """Of each test keep some cases, or as many as it is marked with, in_pyodide(cases, because): all of them run
    natively, and what differs there differs for many. They are spread evenly from first to last."""
    usual = THOROUGH_CASES if config.getoption("--thorough", False) else CASES
    kept, left_out = [], []
    for _, group in itertools.groupby(items, key=lambda item: item.nodeid.partition("[")[0]):
        cases = list(group)
        mark = cases[0].get_closest_marker("in_pyodide")
        n = min(mark.args[0] if mark else usual, len(cases))
        places = {round(i * (len(cases) - 1) / max(n - 1, 1)) for i in range(n)}
        for i, case in enumerate(cases):
            (kept if i in places else left_out).append(case)
    leave_out(config, items, left_out)


def leave_out(config, items, left_out):
    """Deselect some of the items."""
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_make_parametrize_id(val, argname):
    """Bytes are named by their number: a zip file made for a case holds the time, and workers must agree on names."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None


def need(found: str | None, message: str) -> None:
    if not found:
        (pytest.fail if CI else pytest.skip)(message)


@pytest.fixture(scope="session")
def needs_node():
    need(shutil.which("node"), "Node is not installed: install Node.js 18 or newer (Debian: apt-get install nodejs)")


@pytest.fixture(scope="session")
def needs_chromium():
    need(os.environ.get("BITLADDER_BROWSER") or find_chromium(),
         "Chromium is not installed (Debian: apt-get install chromium)")


@pytest.fixture(scope="session")
def compiler():
    found = next((path for name in COMPILERS if (path := shutil.which(name))), None)
    need(found, "there is no C compiler (Debian: apt-get install gcc libc6-dev)")
    return found
