"""What a run makes from the lock and the cache, and what a person reads when it cannot."""

import errno
import io
import json
import os
import re
from pathlib import Path

import pytest
from small_site import A, B, leftovers, lock, pinned, provision, whole

from pyapp.places import ROOT, cache_folder
from pyapp.site.lock import locked_files
from pyapp.site.parts import clear, held
from pyapp.site.sources import download
from pyapp.site.terminal import show
from pyapp.site.tree import save


def test_first_run_fetches_and_second_touches_no_network(site, origin, capsys, monkeypatch):
    assert provision() == 0
    assert whole(site)
    assert sorted(origin.requests) == ["a", "b", "digits.csv.gz"]
    assert f"vendor/x/a ({len(A):,} bytes)" in capsys.readouterr().out
    monkeypatch.setattr("pyapp.site.provision.Fetcher.fetch", None)
    monkeypatch.setattr("pyapp.site.provision.save", None)  # nothing is written either
    monkeypatch.setattr("pyapp.site.tree.save", None)
    assert provision() == 0
    assert capsys.readouterr().out == "Everything that the page and the commands need is in place.\n"


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: b"!" + content[1:]])
def test_damaged_files_are_mended(site, origin, tmp_path, damage):
    provision()
    vendored = site / "web/vendor/x/a"
    for path in (vendored, site / "web/data/digits/ti.gz"):
        path.write_bytes(damage(path.read_bytes()))
    origin.requests.clear()
    assert provision() == 0
    assert whole(site)
    assert origin.requests == []  # the cache had them
    for path in (vendored, tmp_path / "cache" / pinned(A)["sha256"]):
        path.write_bytes(damage(A))
    assert provision() == 0
    assert whole(site)
    assert origin.requests == ["a"]


def test_files_of_an_older_lock_go(site):
    stale = site / "web/vendor/old/lib.js"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    provision()
    assert not stale.parent.exists()


def test_files_of_a_killed_run_are_removed(site, tmp_path):
    killed, held_folder = tmp_path / "cache/killed.part", tmp_path / "cache/held.part"
    for folder in (killed, held_folder):
        folder.mkdir(parents=True)
        (folder / "archive.whl").write_text("")
    for name in ("cache/.a.1.part", "project/web/vendor/x/.a.1.part", "project/web/app/.pyapp.zip.1.part"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half")
    held_file = tmp_path / "cache/.b.1.part"
    held_file.write_text("half")
    with held(held_folder), held(held_file):  # as a run that is not killed does
        assert provision() == 0
        assert set(leftovers(tmp_path)) == {held_folder, held_file}
    assert provision() == 0
    assert leftovers(tmp_path) == []


def test_files_that_a_client_of_a_killed_run_still_writes_are_removed(site, tmp_path, monkeypatch):
    def meanwhile(source):
        (tmp_path / "cache/orphan.part").mkdir(parents=True, exist_ok=True)
        return download(source)

    monkeypatch.setattr("pyapp.site.provision.download", meanwhile)
    assert provision() == 0
    assert leftovers(tmp_path) == []


def test_a_part_is_held_while_it_is_written(tmp_path):
    def chunks():
        yield b"first"
        (part,) = leftovers(tmp_path)
        clear([part])
        assert part.exists()
        yield b"last"

    save(tmp_path / "file", chunks())
    assert (tmp_path / "file").read_bytes() == b"firstlast"


def test_where_files_cannot_be_locked_a_part_goes_after_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr("pyapp.site.parts.fcntl", None)
    for name in ("old.part", "new.part"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / "old.part", (1e9, 1e9))
    with held(tmp_path / "new.part"):
        clear(tmp_path.glob("*.part"))
    assert leftovers(tmp_path) == [tmp_path / "new.part"]


def test_a_terminal_sees_bytes_and_percent(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show("a file", 1_500_000, 3_000_000)
    said = capsys.readouterr().out
    assert said.startswith("\r")
    assert said.endswith(" 1,500,000 of 3,000,000 bytes 50%")


def test_interrupted_run_is_run_again(site, origin, tmp_path, monkeypatch, capsys):
    def interrupted(source):
        for chunk in download(source):
            yield chunk
            if source.spec.endswith("/b"):
                raise KeyboardInterrupt

    monkeypatch.setattr("pyapp.site.provision.download", interrupted)
    assert provision() == 130
    assert "run it again" in capsys.readouterr().err.lower()
    assert leftovers(tmp_path) == []
    monkeypatch.setattr("pyapp.site.provision.download", download)
    origin.requests.clear()
    assert provision() == 0
    assert whole(site)
    assert origin.requests == ["b", "digits.csv.gz"]  # a had arrived whole


@pytest.mark.parametrize("short", [False, True])
def test_wrong_or_half_file_falls_to_the_next_source(site, origin, tmp_path, capsys, short):
    origin.files |= {"bad/a": A if short else A[::-1], "bad/b": B, "good/a": A}
    origin.short = {"bad/a"} if short else set()
    lock(site, [{"url": origin.url + "bad/"}, {"url": origin.url + "good/"}])
    assert provision() == 0
    assert whole(site)
    assert leftovers(tmp_path) == []
    assert origin.requests == ["bad/a", "good/a", "bad/b", "digits.csv.gz"]
    said = capsys.readouterr().out
    expected = f"{len(A) // 2:,} bytes for vendor/x/a, expected {len(A):,}" if short else pinned(A)["sha256"]
    assert said.count("passed over") == 1
    assert expected in said


def test_full_disk_is_one_sentence(site, tmp_path, monkeypatch, capsys):
    class Full(io.BytesIO):
        def write(self, chunk):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pyapp.site.tree.open", lambda *args: Full(), raising=False)
    assert provision() == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"The disk is full\. Make room where .* is .* run this again\.\n", said)
    assert str(tmp_path / "cache") in said
    assert leftovers(tmp_path) == []


def test_unwritable_cache_is_one_sentence(site, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BITLADDER_CACHE", str(tmp_path / "file" / "cache"))
    assert provision() == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path}/file/cache: ")
    assert "BITLADDER_CACHE" in said
    assert said.count("\n") == 1


def test_cache_folder_is_the_users(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("BITLADDER_CACHE", "/b")
    assert cache_folder() == Path("/b")
    monkeypatch.delenv("BITLADDER_CACHE")
    assert cache_folder() == Path("/x/bitladder")


def test_lock_is_complete():
    held = json.loads((ROOT / "web/lock.json").read_text())
    files = {}
    for group in [*held["packages"], held["digits"]]:
        for entry in ({**group, **own} for own in group["files"].values()):
            assert all(entry[key] for key in ("name", "version", "licence", "bytes"))
        for file in locked_files(group):
            files[file.path] = file
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.sources[0].spec.startswith("https://cdn.jsdelivr.net/")
            assert len(file.sources) > 1
            assert all(re.fullmatch(".+(@|==)[0-9.]+", source.spec) for source in file.sources[1:])
    vendor = ROOT / "web/vendor/pyodide"
    if not (vendor / "pyodide-lock.json").exists():
        pytest.skip("run `python serve.py --provision` to compare with Pyodide's own lock file")
    own = json.loads((vendor / "pyodide-lock.json").read_text())["packages"]
    for name in ("numpy", "micropip", "packaging"):
        assert files[f"vendor/pyodide/{own[name]['file_name']}"].sha256 == own[name]["sha256"]
