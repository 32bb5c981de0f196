"""What the server answers: the site's files, by their content, to this machine, and nothing else."""

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from small_site import KINDS, STRAY, pinned, running

import serve
from pyapp.hosts import ROOT
from pyapp.site import server as server_module
from pyapp.site.build import LISTS, lists, version_of
from pyapp.site.server import Handler, make_server, name_of
from pyapp.site.terminal import Failure


@pytest.mark.parametrize(("path", "expected"), [
    ("/", "text/html; charset=utf-8"), ("/?v=1", "text/html; charset=utf-8"),
    ("/ui/pad.js", "text/javascript; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
    ("/ui/%70ad.js", "text/javascript; charset=utf-8"), ("/bench/plain.js", "text/javascript; charset=utf-8"),
    *((f"/vendor/x/{name}", kind) for name, kind in KINDS.items()),
])
def test_types(get, path, expected):
    reply = get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, expected)
    assert reply.headers["Content-Encoding"] is None
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_unchanged_is_304_on_a_kept_connection(get):
    first = get("/index.html")
    socket_used = get.connection.sock
    assert socket_used is not None
    assert first.headers["Last-Modified"] is None
    again = get("/index.html", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert get.connection.sock is socket_used
    assert get("/index.html", "HEAD").headers["ETag"] == first.headers["ETag"]
    assert get("/index.html", "HEAD").body == b""


def test_the_tag_follows_the_content_not_the_date(get, site):
    page = site / "web/index.html"
    page.write_text("one")
    os.utime(page, (1e9, 1e9))
    tag = get("/").headers["ETag"]
    os.utime(page, (2e9, 2e9))
    assert get("/", If_None_Match=tag).status == 304
    for content in (b"two", b"six", b"ten"):  # as long, at once, with the old date
        page.write_bytes(content)
        os.utime(page, (1e9, 1e9))
        reply = get("/", If_None_Match=tag, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
        assert (reply.status, reply.body) == (200, content)
        tag = reply.headers["ETag"]


def test_another_checkout_on_the_same_port_shows_its_own_files(tmp_path):
    def answer(name, port, **headers):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name)
        os.utime(tmp_path / name / "index.html", (2e9 if name == "new" else 1e9,) * 2)
        server = make_server(port, tmp_path / name)
        with running(server) as url:
            return server.server_port, urllib.request.urlopen(urllib.request.Request(url, headers=headers))

    port, first = answer("new", 0)
    kept = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Date"]}
    _, second = answer("old", port, **kept)
    assert second.read() == b"old"


@pytest.mark.parametrize(("asked", "status"), [
    ("{}", 304), ("W/{}", 304), ("*", 304), (" * ", 304), ('"a", {}', 304), ('W/"a",W/{} , "b"', 304),
    ('"a,b", {}', 304),
    ('"a"', 200), ("", 200), ("a", 200), ('"*"', 200), ('"', 200), ('W/"a"', 200),
])
def test_if_none_match(get, asked, status):
    tag = get("/").headers["ETag"]
    assert tag == f'"{hashlib.sha256(b"web/index.html").hexdigest()[:32]}"'
    reply = get("/", If_None_Match=asked.format(tag))
    assert (reply.status, reply.body == b"") == (status, status == 304)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert get("/missing", If_None_Match="*").status == 404


def test_a_tag_is_counted_once_for_a_file_that_rests(get, site, monkeypatch):
    monkeypatch.setattr(server_module, "SETTLED", 0)
    tag = get("/").headers["ETag"]
    monkeypatch.setattr(server_module.hashlib, "file_digest", None)
    assert get("/").headers["ETag"] == tag
    monkeypatch.undo()
    (site / "web/index.html").write_text("other")
    assert get("/").headers["ETag"] != tag


@pytest.mark.parametrize("path", [
    "/../pyapp/__init__.py", "/%2e%2e/pyapp/__init__.py", "/ui/../../pyapp/__init__.py", "//etc/passwd",
    "/link.js", "/loop.js", "/..%5cpyapp%5c__init__.py", "/%00", "/ui/", "/ui", "/missing", "/ui%2fpad.js",
    "/ui%2F..%2findex.html", "/ui/../index.html", "/./index.html", "/ui//pad.js", "/index.html/", "/index.html%00.js",
    "/%ff.js", "/INDEX.HTML", "/Lock.json", "/lock.json", "/node.mjs", "/package.json", "/index.html::$DATA",
    "/C:/x.js", "index.html", "*", *(f"/{name}" for name in STRAY),
])
def test_nothing_else_is_served(get, path):
    reply = get(path)
    assert (reply.status, reply.headers["X-Content-Type-Options"]) == (404, "nosniff")
    assert b"__init__" not in reply.body


@pytest.mark.parametrize(("host", "status"), [
    ("127.0.0.1:{}", 200), ("localhost:{}", 200), ("LOCALHOST:{}", 200), ("[::1]:{}", 200),
    ("evil.example:{}", 421), ("evil.example", 421), ("127.0.0.1", 421), ("localhost:1", 421), ("", 421),
    ("localhost.evil.example:{}", 421), ("127.0.0.1:{}.evil.example", 421), ("127.0.0.1:{}@evil.example", 421),
    ("127.0.0.2:{}", 421), ("localhost:{}, evil.example", 421), ("0.0.0.0:{}", 421), ("127.1:{}", 421),
])
def test_only_its_own_name_is_answered(get, host, status):
    for method in ("GET", "HEAD"):
        reply = get("/", method, Host=host.format(get.port))
        assert reply.status == status
    if status == 421:
        said = get("/", Host=host.format(get.port)).body
        assert said == f"This server answers to its own name only: open http://127.0.0.1:{get.port}/.\n".encode()


def test_it_listens_elsewhere_only_when_told(site):
    """Then to the address that was told and to that by which a client came; to names of others as little as before."""
    answers = {}
    for host, ways in {"127.0.0.1": ("127.0.0.1",), "0.0.0.0": ("127.0.0.1", "127.0.0.2")}.items():
        server = make_server(0, site / "web", host=host)
        with running(server):
            for way in ways:
                for name in (way, "evil.example", "127.0.0.3"):
                    request = f"GET / HTTP/1.1\r\nHost: {name}:{server.server_port}\r\nConnection: close\r\n\r\n"
                    answers[host, way, name] = raw(server.server_port, request.encode(), way).split()[1]
    assert answers == {(host, way, name): "200" if name == way else "421" for host, way, name in answers}
    with pytest.raises(Failure, match=r"This machine has no address 192\.0\.2\.1"):
        make_server(0, site / "web", host="192.0.2.1")


def raw(port, request, host="127.0.0.1"):
    """The first line of the answer to a request as it is."""
    with socket.create_connection((host, port), timeout=60) as client:
        client.sendall(request)
        return client.makefile("rb").readline().decode()


@pytest.mark.parametrize("hosts", ["", "Host: localhost:{0}\r\nHost: evil.example\r\n",
                                   "Host: localhost:{0}\r\nHost: localhost:{0}\r\n"])
def test_no_name_or_two_are_not_answered(get, hosts):
    request = f"GET / HTTP/1.1\r\n{hosts.format(get.port)}\r\n".encode()
    assert " 421 " in raw(get.port, request)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_it_only_shows_files(get, method):
    reply = get("/index.html", method, body=None if method == "TRACE" else b"x=1")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert get("/").status == 200


def test_unknown_methods_are_refused(get):
    assert " 501 " in raw(get.port, b"BREW / HTTP/1.1\r\n\r\n")
    reply = get("/", "BREW")
    assert (reply.status, reply.headers["Content-Type"]) == (501, "text/plain; charset=utf-8")
    assert reply.body == b"Unsupported method ('BREW').\n" and get("/").status == 200
    assert " 400 " in raw(get.port, b"GET / and more HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(("target", "host", "status"), [
    ("http://127.0.0.1:{0}/", "127.0.0.1:{0}", 200), ("HTTP://localhost:{0}/ui/pad.js?x", "127.0.0.1:{0}", 200),
    ("http://127.0.0.1:{0}", "127.0.0.1:{0}", 200), ("http://127.0.0.1:{0}/none", "127.0.0.1:{0}", 404),
    ("http://evil.example/", "127.0.0.1:{0}", 421), ("http://127.0.0.1:{0}/", "evil.example", 421),
    ("https://127.0.0.1:{0}/", "127.0.0.1:{0}", 421), ("http://me@127.0.0.1:{0}/", "127.0.0.1:{0}", 421)])
def test_a_target_as_proxies_get_it_is_served_under_its_own_name_only(get, target, host, status):
    request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".format(get.port)
    assert f" {status} " in raw(get.port, request.encode())


def test_a_body_is_not_taken_for_a_request(get):
    inner = f"GET /ui/pad.js HTTP/1.1\r\nHost: localhost:{get.port}\r\n\r\n"
    request = f"GET / HTTP/1.1\r\nHost: localhost:{get.port}\r\nContent-Length: {len(inner)}\r\n\r\n{inner}"
    with socket.create_connection(("127.0.0.1", get.port), timeout=60) as client:
        client.sendall(request.encode())
        assert client.makefile("rb").read().count(b"HTTP/1.1 200") == 1


@pytest.fixture
def impatient(site, monkeypatch):
    monkeypatch.setattr(Handler, "timeout", 2)  # no client here is so slow to begin
    with running(make_server(0, site / "web")) as url:
        yield int(url.rsplit(":")[-1].strip("/"))


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n"])
def test_an_idle_connection_ends(impatient, sent):
    with socket.create_connection(("127.0.0.1", impatient), timeout=30) as client:
        client.sendall(sent.format(impatient).encode())
        answer = client.makefile("rb").read()  # until the server hangs up
    assert answer.startswith(b"HTTP/1.1 200") == sent.endswith("\r\n\r\n")


def test_a_client_that_sends_a_byte_now_and_then_is_disconnected(impatient):
    with socket.create_connection(("127.0.0.1", impatient)) as client:
        client.settimeout(0.05)
        for _ in range(1000):  # 50 seconds, if nobody hangs up
            try:
                client.sendall(b"G")
                if client.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("the connection was kept")


def test_many_connections_at_once_find_room(site):
    """Before the server has looked at any of them: two tabs, on a machine that is busy."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.closing(make_server(0, site / "web").socket))
        for _ in range(24):
            stack.enter_context(socket.create_connection(server.getsockname(), timeout=30))


def test_names_of_targets():
    assert [name_of(target) for target in ("/", "/a/b.js?x#y", "/a%20b.js", "/bench/")] == [
        "index.html", "a/b.js", "a b.js", "bench/index.html"]
    assert {name_of(target) for target in ("", "a", "?", "//", "/a/../b", "/a%2fb", "/%e4", "/a\\b")} == {None}


def test_a_client_that_leaves_is_no_error(site, capfd):
    (site / "web/large.js").write_bytes(bytes(20_000_000))
    with running(make_server(0, site / "web")) as url:
        port = int(url.rsplit(":")[-1].strip("/"))
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET /large.js HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            client.recv(10)
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        other.request("GET", "/index.html")
        assert other.getresponse().status == 200
        other.close()
        for thread in threading.enumerate():  # the one that served the client has to end first
            if "process_request_thread" in thread.name:
                thread.join(10)
    assert capfd.readouterr().err == ""


def test_a_client_that_does_not_read_harms_nobody_and_is_disconnected(impatient, site):
    (site / "web/large.js").write_bytes(bytes(20_000_000))
    with socket.create_connection(("127.0.0.1", impatient), timeout=60) as client:
        client.sendall(f"GET /large.js HTTP/1.1\r\nHost: localhost:{impatient}\r\n\r\n".encode())
        with urllib.request.urlopen(f"http://127.0.0.1:{impatient}/index.html", timeout=60) as other:
            assert other.status == 200
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(60)
                assert not thread.is_alive(), "the server waits for who does not read"
        assert read_until_the_end(client) < 20_000_000


def read_until_the_end(client):
    """The bytes that still come; a connection that is reset ends too."""
    size = 0
    with contextlib.suppress(ConnectionError):
        while got := client.recv(1 << 20):
            size += len(got)
    return size


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal for Ctrl-C that goes to one process")
def test_ctrl_c_ends_it_while_clients_download(tmp_path):
    """In a process of its own; one client reads, the other does not."""
    content = bytes(20_000_000)
    files = {"large.js": pinned(content)}
    manifest = lists({"version": version_of(files), "files": files})
    for name, each in (("large.js", content), *zip(LISTS, manifest, strict=True)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(each)
    command = [sys.executable, "-u", ROOT / "serve.py", "--site", tmp_path, "--port", "0", "--no-open"]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)))  # a shell's background jobs ignore it
        stack.callback(server.kill)
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", server.stdout.readline())[1])
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(2)]
        for client in clients:
            client.sendall(f"GET /large.js HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        assert clients[0].recv(15) == b"HTTP/1.1 200 OK"
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0 and server.stderr.read() == ""
        assert read_until_the_end(clients[0]) < 20_000_000


def test_a_build_is_served_from_a_sub_path(site, tmp_path):
    serve.main(["--build", str(tmp_path / "host/deep/site")])
    with running(make_server(0, tmp_path / "host", lambda name: True)) as url:
        base = f"{url}deep/site/"
        files = json.loads(urllib.request.urlopen(base + "app/manifest.json").read())["files"]
        for name, entry in files.items():
            assert pinned(urllib.request.urlopen(base + name).read()) == entry
