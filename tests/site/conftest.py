"""Local stand-ins, so that nothing here needs a network: a host with files, and a small project."""

import contextlib
import http.client
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # for serve.py, which is no part of the package

from small_site import CSV, IDX, KINDS, PACKED, A, B, litter, lock, pinned, running

import serve
from pyapp.site.server import make_server


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
    for name in ("web/index.html", "web/ui/pad.js", "web/bench/plain.js", "web/node.mjs", "web/package.json",
                 "pyapp/core/ops.py", "pyapp/site/build.py", "pyapp/__init__.py", "pyapp/__pycache__/ops.pyc",
                 "weights/mlp.npz", "weights/mlp.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    lock(root, [{"url": origin.url}], {
        "to": "", "sources": [{"url": origin.url}], "files": {"digits.csv.gz": pinned(CSV)},
        "makes": [pinned(content, path=name) for name, content in zip(PACKED, IDX, strict=True)],
    })
    monkeypatch.setattr(serve, "ROOT", root)
    monkeypatch.setenv("BITLADDER_CACHE", str(tmp_path / "cache"))
    return root


@pytest.fixture
def get(site):
    """Ask the running server for a path, exactly as written."""
    lock = json.loads((site / "web/lock.json").read_text())
    lock["packages"][0]["files"] |= {name: pinned(b"") for name in KINDS}
    (site / "web/lock.json").write_text(json.dumps(lock))
    litter(site / "web", *(f"vendor/x/{name}" for name in KINDS), "style.css")
    server = make_server(0, site / "web")
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)

    def ask(path, method="GET", body=None, **headers):
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        reply.body = reply.read()
        return reply

    ask.connection, ask.port = connection, server.server_port
    with running(server), contextlib.closing(connection):
        yield ask
