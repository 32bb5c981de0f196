"""Hosts that are away, and npm and pip: stand-ins that hand out an archive and write down that they were called."""

import io
import json
import os
import re
import signal
import socket
import sys
import tarfile
import types
import urllib.request
import zipfile
from pathlib import Path

import pytest
from small_site import A, B, leftovers, lock, provision, whole

from pyapp.site.terminal import disk_is_full


def npm():
    return {"npm": "x@1.0", "member": "package/", "bytes": 1000}


def pip():
    return {"pip": "x==1.0", "member": "x/", "bytes": 1000}


def fake(path, script):
    path.write_text(f"#!/bin/sh\necho call >> '{path}.calls'\n{script}\n")
    path.chmod(0o755)
    return str(path)


def calls(path):
    return Path(f"{path}.calls").read_text().count("call") if Path(f"{path}.calls").exists() else 0


@pytest.fixture
def clients(tmp_path, monkeypatch):
    def make(npm_files, pip_files):
        with tarfile.open(tmp_path / "x-1.0.tgz", "w:gz") as archive:
            for name, content in npm_files.items():
                entry = tarfile.TarInfo("package/" + name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        with zipfile.ZipFile(tmp_path / "x-1.0-py3-none-any.whl", "w") as archive:
            for name, content in pip_files.items():
                archive.writestr("x/" + name, content)
        fake(tmp_path / "npm", f"cp '{tmp_path}/x-1.0.tgz' .")
        python = fake(tmp_path / "python", f"cp '{tmp_path}'/*.whl .")
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(sys, "executable", python)
        return tmp_path / "npm", tmp_path / "python"

    return make


def test_unreachable_host_is_tried_and_said_once(site, origin, capsys, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{closed.getsockname()[1]}"
    asked, urlopen = [], urllib.request.urlopen

    def recorded(request, timeout):
        asked.append(request.host)
        return urlopen(request, timeout=timeout)

    monkeypatch.setattr(urllib.request, "urlopen", recorded)
    lock(site, [{"url": f"http://{nowhere}/"}, {"url": origin.url}])
    assert provision() == 0
    assert asked.count(nowhere) == 1
    assert re.findall("passed over: (.*) cannot be reached", capsys.readouterr().out) == [nowhere]


def test_without_any_source_the_error_names_file_tries_and_remedy(site, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    python = fake(tmp_path / "python", "echo 'No module named pip'; exit 1")
    monkeypatch.setattr(sys, "executable", python)
    missing = (tmp_path / "none").as_uri() + "/"
    lock(site, [{"url": missing}, npm(), pip()])
    assert provision() == 1
    said = capsys.readouterr().err
    for part in ("vendor/x/a", missing, "npm is not installed", "No module named pip", "run this again"):
        assert part in said
    assert "Traceback" not in said


def test_a_package_is_fetched_once_for_all_its_members(site, tmp_path, clients, capsys):
    npm_client, pip_client = clients({"a": A, "b": B}, {})
    lock(site, [npm(), pip()])
    assert provision() == 0
    assert whole(site)
    assert (calls(npm_client), calls(pip_client)) == (1, 0)
    assert re.findall(r"npm x@1.0 \([\d,]+ bytes\), which contains (\w)", capsys.readouterr().out) == ["a"]
    assert len(list((tmp_path / "cache").iterdir())) == 3  # a, b and the digits: the package is not kept


def several(root, *specs):
    """Lock the first file to npm packages of these specs, in turn, and the second to x@1.0."""
    lock(root, [npm()])
    path = root / "web/lock.json"
    held = json.loads(path.read_text())
    held["packages"][0]["files"]["a"]["sources"] = [npm() | {"npm": spec} for spec in specs]
    path.write_text(json.dumps(held))


def test_a_client_runs_once_for_all_packages(site, tmp_path, clients, capsys):
    npm_client, _ = clients({"a": A[::-1], "b": B}, {})  # y has its own a, and x another one
    with tarfile.open(tmp_path / "of-y-2.0.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo("package/a")
        entry.size = len(A)
        archive.addfile(entry, io.BytesIO(A))
    fake(npm_client, f"echo $* > '{tmp_path}/said'; cp '{tmp_path}'/*.tgz .")
    several(site, "@of/y@2.0")
    assert provision() == 0
    assert whole(site)
    assert calls(npm_client) == 1
    assert (tmp_path / "said").read_text().split()[-2:] == ["@of/y@2.0", "x@1.0"]
    assert "passed over: x" not in capsys.readouterr().out


def test_an_absent_package_costs_no_other(site, tmp_path, clients):
    npm_client, _ = clients({"a": A, "b": B}, {})
    fake(npm_client, f"case $* in *y@2.0*) echo npm error code E404; exit 1;; esac; cp '{tmp_path}'/*.tgz .")
    several(site, "y@2.0", "x@1.0")
    assert provision() == 0
    assert whole(site)
    assert calls(npm_client) == 3  # both, and each by itself


def test_a_client_that_brings_something_else_is_passed_over(site, tmp_path, clients, capsys):
    npm_client, _ = clients({"a": A, "b": B}, {"a": A, "b": B})
    fake(npm_client, f"cp '{tmp_path}/x-1.0.tgz' z-1.0.tgz")
    lock(site, [npm(), pip()])
    assert provision() == 0
    assert whole(site)
    assert "passed over: npm brought something else than x@1.0" in capsys.readouterr().out


@pytest.mark.parametrize("npm_files", [{"a": A[::-1], "b": B}, {"b": B}])
def test_wrong_or_missing_member_falls_to_pip(site, clients, capsys, npm_files):
    npm_client, pip_client = clients(npm_files, {"a": A, "b": B})
    lock(site, [npm(), pip()])
    assert provision() == 0
    assert whole(site)
    assert (calls(npm_client), calls(pip_client)) == (1, 1)
    assert capsys.readouterr().out.count("passed over: x@1.0 ") == 1


def test_a_damaged_package_falls_to_pip(site, tmp_path, clients):
    clients({"a": A, "b": B}, {"a": A, "b": B})
    (tmp_path / "x-1.0.tgz").write_bytes((tmp_path / "x-1.0.tgz").read_bytes()[:100])
    lock(site, [npm(), pip()])
    assert provision() == 0
    assert whole(site)


def test_a_client_that_finds_no_network_is_not_asked_again(site, tmp_path, clients, capsys):
    npm_client, _ = clients({}, {"a": A})
    fake(npm_client, "echo 'npm error network request failed, reason: getaddrinfo ENOTFOUND'; exit 1")
    lock(site, [npm(), {"npm": "y@2.0", "member": "", "bytes": 9}, pip()])
    assert provision() == 1  # b is nowhere
    assert calls(npm_client) == 1
    assert "has no member x/b" in capsys.readouterr().err


def test_a_polite_kill_ends_the_client_too(site, tmp_path, clients, monkeypatch):
    npm_client, _ = clients({}, {})
    fake(npm_client, f"echo $$ > '{tmp_path}/pid'; exec tail -f /dev/null")
    lock(site, [npm()])

    def killed(*progress):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("pyapp.site.sources.show", killed)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert provision() == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("said", [
    "npm error code ENOSPC", "npm error nospc no space left on device, write",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "OSError: [Errno 122] Disk quota exceeded", "gzip: stdout: No space left on device",
    "sqlite3.OperationalError: database or disk is full", "[WinError 112] There is not enough space on the disk",
    "FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp']",
])
@pytest.mark.parametrize("client", ["npm", "pip"])
def test_full_disk_is_recognised_whatever_a_client_says(site, clients, capsys, client, said):
    npm_client, pip_client = clients({}, {})
    fake(npm_client if client == "npm" else pip_client, f'cat <<END\nbegin\n{said}\nend\nEND\nexit 1')
    lock(site, [npm() if client == "npm" else pip()])
    assert provision() == 1
    assert capsys.readouterr().err.startswith("The disk is full. Make room where ")


def test_full_disk_is_recognised_when_a_client_cannot_even_say_it(site, clients, capsys, monkeypatch):
    npm_client, _ = clients({}, {})
    fake(npm_client, "exit 1")
    lock(site, [npm()])
    monkeypatch.setattr("shutil.disk_usage", lambda folder: types.SimpleNamespace(free=4096))
    assert provision() == 1
    assert capsys.readouterr().err.startswith("The disk is full. Make room where ")


def test_other_errors_are_not_a_full_disk():
    assert not any(map(disk_is_full, [OSError(13, "Permission denied"), "npm error 404 Not Found", "disk", ""]))
