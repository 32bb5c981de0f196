"""The table of a sweep under several writers, on a full disk, and spoiled."""

import os
import subprocess
import sys

import pytest

from pyapp.hosts import ROOT
from pyapp.sweep.run import COLUMNS, DEFAULTS, typed
from pyapp.sweep.table import Table, number

NAMES = ["a", "b", "result"]
ROWS = [{"a": str(i), "b": "x", "result": "1.5"} for i in range(6)]
ADDER = """
import sys
from pyapp.sweep.table import Table
table = Table(sys.argv[1], ["a", "b", "result"], 2)
print("ready", flush=True)
sys.stdin.readline()
with table:
    for i in range(150):
        table.add({"a": str(i), "b": sys.argv[2], "result": "1"})
        if i % 50 == 49:
            table.rewrite([(str(i), sys.argv[2])])
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.csv"


def keys(path) -> list[str]:
    return [line.split(",")[0] for line in path.read_text().splitlines()[1:]]


def test_two_writers_take_turns(path):
    one, two = Table(path, NAMES, 2), Table(path, NAMES, 2)
    with one, two:
        for i, row in enumerate(ROWS):
            (one, two)[i % 2].add(row)
        assert keys(path) == list("012345") and len(two.rows) == 6
        one.rewrite([("4", "x"), ("2", "x")])
        assert keys(path) == list("420135")
        two.add({"a": "9", "b": "x", "result": "2"})
        two.rewrite([("9", "x")])
    assert keys(path) == list("9420135") and os.listdir(path.parent) == ["t.csv"]
    assert Table(path, NAMES, 2).rows == two.rows


def test_processes_that_write_at_the_same_time_lose_no_row(path):
    adders = [subprocess.Popen([sys.executable, "-c", ADDER, str(path), name], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True) for name in "xyz"]
    for adder in adders:
        assert adder.stdout.readline() == "ready\n"
    for adder in adders:
        adder.stdin.write("go\n")
        adder.stdin.flush()
    assert [adder.wait(timeout=300) for adder in adders] == [0, 0, 0]
    for adder in adders:
        adder.communicate()
    expected = {(str(i), name) for i in range(150) for name in "xyz"}
    assert set(Table(path, NAMES, 2).rows) == expected and len(path.read_text().splitlines()) == 1 + len(expected)
    assert os.listdir(path.parent) == ["t.csv"]


def test_a_file_in_another_order_is_read_from_its_beginning(path):
    """Also where the system gives it the number of the file that it replaces."""
    one, other = Table(path, NAMES, 2), Table(path, NAMES, 2)
    with one, other:
        for row in ROWS:
            one.add(row)
        other.rewrite([("5", "x")])
        lines = path.read_text().splitlines(keepends=True)
        other.rewrite([("3", "x"), ("4", "x")])
        with open(path, "r+") as same:  # the same file, as far as its number tells
            same.writelines([lines[0], "longer,x,1\n", *lines[1:]])
        one.add({"a": "9", "b": "x", "result": "2"})
    assert len(one.rows) == len(Table(path, NAMES, 2).rows) == 8


def test_a_file_that_is_removed_meanwhile_comes_back_whole(path):
    with Table(path, NAMES, 2) as table:
        table.add(ROWS[0])
        path.unlink()
        table.add(ROWS[1])
    assert keys(path) == ["0", "1"] and path.read_text().startswith("a,b,result\n")


def test_a_row_that_does_not_fit_on_the_disk_leaves_nothing(path):
    """A limit of the system on the size of files, which is refused as a full disk is: in the middle of a write."""
    resource = pytest.importorskip("resource", reason="this system has no limits on files")
    code = ("import resource, sys\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))\n{ADDER}")
    done = subprocess.run([sys.executable, "-c", code, str(path), "long name " * 3], cwd=ROOT, input="go\n", text=True,
                          capture_output=True)
    assert resource and done.returncode == 1 and "NotWritten" in done.stderr and "could not be written" in done.stderr
    text = path.read_text()
    assert 100 < len(text) <= 200 and text.endswith("\n")
    assert keys(path) == [str(i) for i in range(len(keys(path)))] and os.listdir(path.parent) == ["t.csv"]


def test_a_row_that_others_spoil_meanwhile_is_named_and_nothing_is_added(path):
    with Table(path, NAMES, 2, lambda row: number(row, "result", float)) as table:
        table.add(ROWS[0])
        with open(path, "a") as file:
            file.write("1,x,many\n")
        before = path.read_bytes()
        with pytest.raises(ValueError, match=r"t\.csv, line 3: result is 'many', which is not a value of this column"):
            table.add(ROWS[2])
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["folder", "device"])
def test_only_an_ordinary_file_can_be_a_table(path, kind):
    if kind == "device" and not os.path.exists("/dev/null"):
        pytest.skip("no devices here")
    path.mkdir()
    with pytest.raises(ValueError, match="is not an ordinary file; name another"):
        Table(path if kind == "folder" else os.devnull, NAMES, 2)


@pytest.mark.parametrize(("column", "cell"), [("bits", "four"), ("bits", "4.0"), ("accuracy", "0,9"), ("n", "3e3"),
                                              ("bias_correction", "TRUE"), ("activations", "nine")])
def test_a_cell_that_a_spreadsheet_has_changed_is_named(path, column, cell):
    row = dict.fromkeys(COLUMNS, "") | {"bits": "4", "bias_correction": "no", "accuracy": "0.9", column: cell}
    with Table(path, COLUMNS, len(DEFAULTS)) as table:
        table.add(row)
    with pytest.raises(ValueError, match=rf"t\.csv, line 2: {column} is '{cell}', which is not a value"):
        Table(path, COLUMNS, len(DEFAULTS), typed)


def test_windows_line_ends_are_read(path):
    path.write_bytes(b"a,b,result\r\n0,x,1\r\n")
    with Table(path, NAMES, 2) as table:
        table.add(ROWS[1])
    assert list(Table(path, NAMES, 2).rows) == [("0", "x"), ("1", "x")]
