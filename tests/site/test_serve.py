"""The server on 127.0.0.1 and the command line; and that serve.py needs no more than a Python, old or bare."""

import ast
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from small_site import pinned, running

import serve
from pyapp.hosts import ROOT


def test_old_python_is_told_in_one_line():
    ast.parse((ROOT / "serve.py").read_text(), feature_version=(3, 8))  # else it would say SyntaxError
    script = "import runpy, sys; sys.version_info = (3, 10, 1); sys.modules['pyapp'] = None; runpy.run_path('serve.py')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"Bitladder needs Python 3\.11 or newer.*\n", done.stderr)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def test_a_bare_python_is_enough():
    """The standard library and pyapp.site, also where an import hides in a function."""
    files = [ROOT / "serve.py", *(ROOT / "pyapp" / name for name in ("__init__.py", "places.py")),
             *(ROOT / "pyapp/site").rglob("*.py")]
    found = {(path.name, name) for path in files for name in imports(path)}
    assert ("serve.py", "pyapp.site.provision.provision") in found
    assert {(path, name) for path, name in found if name.split(".")[0] not in sys.stdlib_module_names
            and not re.match(r"pyapp\.(site|places|__version__)\b", name)} == set()
    bare = [sys.executable, "-ES", "serve.py", "--help"]  # -S: no packages but the standard library
    assert "--provision" in subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_page_needs_nothing_of_what_makes_it():
    """app/pyapp.zip carries no pyapp.site."""
    files = set((ROOT / "pyapp").rglob("*.py")) - set((ROOT / "pyapp/site").rglob("*.py"))
    assert [path for path in files for name in imports(path) if name.startswith("pyapp.site")] == []


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
        files = json.loads(urllib.request.urlopen(base + "app/manifest.json").read())["files"]
        for name, entry in files.items():
            assert pinned(urllib.request.urlopen(base + name).read()) == entry


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
