"""The server of the page: only files of the site, only to this machine, only under its own name."""

import contextlib
import errno
import hashlib
import http.server
import io
import os
import re
import socketserver
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from pyapp.site.published import served
from pyapp.site.terminal import Failure

IDLE = 60  # seconds until a connection ends on which no whole request arrives, or whose client does not read
HOSTS = ("127.0.0.1", "localhost", "[::1]")
TYPES = {  # anything else is application/octet-stream; .gz too, because the page unpacks it, not the browser
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
SETTLED = 2_000_000_000  # nanoseconds after which another write gives a file another time, on any file system


class Received(io.RawIOBase):
    """What a client sends, up to a deadline: a byte now and then does not keep a connection alive."""

    def __init__(self, connection):
        self.connection, self.deadline = connection, None

    def readable(self):
        return True

    def readinto(self, buffer):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        usual = self.connection.gettimeout()
        self.connection.settimeout(min(left, usual))
        try:
            return self.connection.recv_into(buffer)
        finally:
            self.connection.settimeout(usual)


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    server_version, sys_version = "Bitladder", ""
    disable_nagle_algorithm = True  # or the body of a small reply waits until its headers are acknowledged
    timeout = IDLE

    def setup(self):
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(Received(self.connection))

    def handle_one_request(self):
        self.rfile.raw.deadline = time.monotonic() + self.timeout
        super().handle_one_request()

    def parse_request(self):
        parsed = super().parse_request()
        if parsed and ("Content-Length" in self.headers or "Transfer-Encoding" in self.headers):
            self.close_connection = True  # the body is not read, and would be taken for the next request
        return parsed

    def send_head(self):
        port = self.server.server_port
        if not self.addressed_to(port):
            return self.refuse(HTTPStatus.MISDIRECTED_REQUEST,
                               f"This server answers to its own name only: open http://127.0.0.1:{port}/.")
        file = self.server.open(self.path)
        if file is None:
            return self.refuse(HTTPStatus.NOT_FOUND, "There is no such file in the site.")
        tag = self.server.tag(file)
        if same(self.headers.get_all("If-None-Match", []), tag):
            file.close()
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", tag)
            return self.end_headers()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", TYPES.get(Path(file.name).suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
        self.send_header("ETag", tag)
        self.end_headers()
        return file

    def addressed_to(self, port):
        """Whether the request names this server. A foreign page that has its own name point to this machine (DNS
        rebinding) comes with that name."""
        names = {f"{host}:{port}" for host in HOSTS} | (set(HOSTS) if port == 80 else set())
        return [host.strip().lower() in names for host in self.headers.get_all("Host", [])] == [True]

    def not_allowed(self):
        self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"This server only shows files: it has no {self.command}.",
                    Allow="GET, HEAD", Connection="close")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = not_allowed

    def refuse(self, status, sentence, **headers):
        body = f"{sentence}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # ask each time; the answer may be 304
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = os.name != "nt"  # on Windows this would let two servers share a port
    request_queue_size = 128  # a browser opens six at once; one that finds no room is tried again a second later

    def __init__(self, address, web, belongs):
        super().__init__(address, Handler)
        self.web, self.belongs, self.tags = web.resolve(), belongs, {}

    def server_bind(self):  # HTTPServer also asks the DNS for a name, which can hang without a network
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):  # a closed tab is no error
            super().handle_error(request, client_address)

    def open(self, target):
        """Open the file that the target of a request names; None if it is not part of the site."""
        name = name_of(target)
        if name and self.belongs(name):
            path = self.web / name
            with contextlib.suppress(OSError, RuntimeError):  # a link to itself
                if path.is_file() and path.resolve().is_relative_to(self.web):
                    return open(path, "rb")

    def tag(self, file):
        """The ETag of an open file, by its content: dates tell two checkouts on one port apart wrongly."""
        facts = os.fstat(file.fileno())
        key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        known, tag = self.tags.get(file.name, (None, None))
        if known != key:
            tag = f'"{hashlib.file_digest(file, "sha256").hexdigest()[:32]}"'
            file.seek(0)
            if time.time_ns() - max(facts.st_mtime_ns, facts.st_ctime_ns) > SETTLED:
                self.tags[file.name] = key, tag
        return tag


def name_of(target):
    """The path below web/ that a request asks for; None if no link of the page looks like it."""
    path = re.split("[?#]", target, maxsplit=1)[0]
    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")]
    except UnicodeDecodeError:
        return None
    root, *parts, last = parts if len(parts) > 1 else ("?", "")
    parts.append(last or "index.html")
    if root or any(part in ("", ".", "..") or set(part) & set("/\\:\0") for part in parts):
        return None
    return "/".join(parts)


def same(headers, tag):
    """Whether If-None-Match names the tag: a list of tags, weak or not, or *."""
    asked = ", ".join(headers)
    return asked.strip() == "*" or tag in re.findall(r'"[^"]*"', asked)


def make_server(port, web, belongs=None):
    """A server of the folder web on 127.0.0.1, bound but not yet running; port 0 takes a free one.

    `belongs` says of a path below web whether it may be shown: by default the site's own files and the lock's.
    """
    try:
        return Server(("127.0.0.1", port), Path(web), belongs or served(web))
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        other = port + 1 if 1024 <= port < 65535 else 8001
        raise Failure(f"Port {port} {why}: choose another one, for example --port {other}.") from None
