"""What runs inside Pyodide: of every module at least a case, unless it says why not."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CONFTEST = """
from silent import Silent
from conftest_of_the_tests import sample

def pytest_configure(config):
    config.addinivalue_line("markers", "in_pyodide(cases, because): as there")
    config.pluginmanager.register(Silent())

def pytest_collection_modifyitems(config, items):
    sample(config, items)
"""
CASES = """
import pytest

@pytest.mark.{mark}
@pytest.mark.parametrize("n", {cases})
def test_it(n):
    assert n < 9
"""
SKIP = "skipif(True, reason='there are no threads')"
MODULES = {  # text, whether it is silent
    "sampled": (CASES.format(mark="in_pyodide(2, 'slow')", cases="range(5)"), False),
    "sampled_away": (CASES.format(mark="in_pyodide(0, 'slow')", cases="range(5)"), True),
    "without_cases": (CASES.format(mark="filterwarnings", cases="[]"), True),
    "empty": ("def helper():\n    pass\n", True),
    "says_why": (CASES.format(mark=SKIP, cases="[1]"), False),
    "says_why_at_its_head": ("import pytest\npytest.skip('no Pillow there', allow_module_level=True)\n", False),
    "lacks_a_module": ("import pytest\npytest.importorskip('there_is_no_such_module')\n", False),
}


def run(folder: Path, *names: str) -> subprocess.CompletedProcess:
    """pytest on modules of these names."""
    for name in names:
        (folder / f"test_{name}.py").write_text(MODULES[name][0])
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "conftest_of_the_tests.py").write_text((TESTS / "conftest.py").read_text())
    path = [str(TESTS), str(TESTS.parent), str(folder)]
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; import pytest; sys.exit(pytest.main(['-q', '-p', "
                               "'no:cacheprovider', '-c', 'none.ini', '--rootdir', '.']))"],
        cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("silent", [True, False])
def test_a_module_that_runs_nothing_fails_unless_it_says_why(tmp_path, silent):
    (tmp_path / "none.ini").write_text("[pytest]\n")
    names = [name for name, (_, is_silent) in MODULES.items() if is_silent == silent]
    done = run(tmp_path, "sampled", *names)
    assert done.returncode == (1 if silent else 0), done.stdout + done.stderr
    for name in MODULES:
        told = f"test_{name}.py runs no test here and does not say why" in done.stdout
        assert told == (silent and name in names), name
    assert "failed" not in done.stdout
