"""Files are whole or absent, whichever step fails."""

import errno
import gzip
import json
import os
import sys
import tracemalloc

import pytest

from pyapp import files
from pyapp.data.importers.source import of_path
from pyapp.files import NotWritten

browser = sys.platform == "emscripten"


def test_a_file_is_written_with_its_folder_and_nothing_else(tmp_path):
    path = tmp_path / "a" / "b" / "x.bin"
    files.write(path, b"one")
    files.write(str(path), b"two")
    assert path.read_bytes() == b"two" and os.listdir(path.parent) == ["x.bin"]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_write_that_fails_leaves_what_was_there(step, before, failing, tmp_path):
    path = tmp_path / "x.bin"
    if before:
        path.write_bytes(before)
    failing(step, 1)
    with pytest.raises(NotWritten, match=r"x\.bin could not be written \(No space left on device\)") as error:
        files.write(path, b"new")
    assert error.value.errno == errno.ENOSPC and ("unchanged" in str(error.value)) == bool(before)
    assert (path.read_bytes() if path.exists() else None) == before
    assert os.listdir(tmp_path) == (["x.bin"] if before else [])


def test_the_next_writer_reuses_what_a_killed_one_left(tmp_path):
    path = tmp_path / "x.bin"
    for kind in ("new", "lock"):
        files.beside(path, kind).write_bytes(b"left")
    files.write(path, b"whole")
    assert path.read_bytes() == b"whole" and os.listdir(tmp_path) == ["x.bin"]


@pytest.mark.skipif(browser, reason="one user, one file system")
def test_links_and_permissions_stay(tmp_path):
    path, link = tmp_path / "real.bin", tmp_path / "link.bin"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    files.write(link, b"new")
    assert link.is_symlink() and path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("place", ["folder", "file/below"])
def test_a_place_where_no_file_can_be_is_named(place, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotWritten, match=f"{place} could not be written"):
        files.write(tmp_path / place, b"")


@pytest.mark.skipif(browser or not os.path.exists("/dev/null"), reason="no devices here")
def test_a_device_is_written_to_and_stays_a_device():
    files.write(os.devnull, b"gone")
    assert not os.path.isfile(os.devnull)


def test_what_git_left_of_a_large_file_is_named(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n")
    with pytest.raises(OSError, match="`git lfs pull` fetches it"):
        files.read(path)


def test_a_file_is_read_up_to_a_size(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"12345")
    assert files.read(path, most=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        files.read(path, most=4)


def test_reading_sets_no_more_memory_aside_than_there_is_to_read(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"12345" * 1000)
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"12345" * 1000))
    tracemalloc.start()
    try:
        assert files.read(tmp_path / "x.bin") == b"12345" * 1000
        assert files.gunzipped((tmp_path / "x.gz").read_bytes()) == b"12345" * 1000
        assert of_path(tmp_path / "x.gz").files[0].read() == b"12345" * 1000
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("text", "message"), [
    (b"[" * 100_000, "more than 100 deep"), (b'{"a": ' * 2000, "more than 100 deep"),
    (b'{"a": NaN}', "NaN is not JSON"), (b"-Infinity", "Infinity is not JSON"),
    (b"\xff{}", "decode"), (b"1" * 5000, "digits"), (b"", "Expecting value"), (b'{"a"', "Expecting ':'"),
], ids=["deep", "objects", "nan", "infinity", "not UTF-8", "digits", "empty", "cut short"])
def test_invalid_json_is_a_value_error(text, message):
    with pytest.raises(ValueError, match=message):
        files.json_of(text)


def test_json_is_read_whatever_its_strings_say():
    assert files.json_of(b'\xef\xbb\xbf{"a": [1.5]}') == {"a": [1.5]}
    told = {"brackets": "[{" * 1000 + '"\\', "deep": [[[[1]]]] * 200}
    assert files.json_of(json.dumps(told).encode()) == told


def test_a_gzip_file_is_unpacked_up_to_a_size():
    packed = gzip.compress(bytes(2**20))
    assert files.gunzipped(packed, most=2**20) == bytes(2**20)
    with pytest.raises(ValueError, match="one that unpacks to more than 1,048,575 bytes"):
        files.gunzipped(packed, most=2**20 - 1)
    for damaged in (packed[:-9], packed[:4], b"\x1f\x8b" + bytes(20), packed[:12] + b"\xff" + packed[13:]):
        with pytest.raises(ValueError, match="a damaged one"):
            files.gunzipped(damaged)
