"""The server of the page: only the site's files, under its own name, to this machine alone unless told otherwise."""

import contextlib
import errno
import hashlib
import http.server
import io
import os
import re
import socket
import socketserver
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from pyapp.site.headers import accepts, part, same
from pyapp.site.packed import packed_beside
from pyapp.site.policy import policy_of
from pyapp.site.published import served
from pyapp.site.terminal import Failure

IDLE = 60  # seconds until a connection ends on which no whole request arrives, or whose client does not read
HOSTS = ("127.0.0.1", "localhost", "[::1]")
TYPES = {  # anything else is application/octet-stream; .gz too, because the page unpacks it, not the browser
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
ABSOLUTE = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)  # a target as proxies get it
CHUNK = 1 << 16  # bytes that are read and sent at a time
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
        self.rfile.raw.deadline, self.asked = time.monotonic() + self.timeout, []
        super().handle_one_request()

    def parse_request(self):
        parsed = super().parse_request()
        if parsed and ("Content-Length" in self.headers or "Transfer-Encoding" in self.headers):
            self.close_connection = True  # the body is not read, and would be taken for the next request
        if parsed and (absolute := ABSOLUTE.fullmatch(self.path)):
            scheme, name, path = absolute.groups()
            self.path = path if path.startswith("/") else f"/{path}"
            self.asked = [name if scheme.lower() == "http" else ""]
        return parsed

    def send_head(self):
        if not self.addressed_to():
            port = self.server.server_port
            return self.refuse(HTTPStatus.MISDIRECTED_REQUEST,
                               f"This server answers to its own name only: open http://127.0.0.1:{port}/.")
        name, file, coding = self.server.open(self.path, self.accepted)
        if file is None:
            return self.refuse(HTTPStatus.NOT_FOUND, "There is no such file in the site.")
        tag, size = self.server.tag(file), os.fstat(file.fileno()).st_size
        facts = {"ETag": tag, "Vary": "Accept-Encoding"}
        if same(self.headers.get_all("If-None-Match", []), tag):
            file.close()
            return self.answer(HTTPStatus.NOT_MODIFIED, facts)
        if_same = self.command == "GET" and self.headers.get("If-Range", tag) == tag
        asked = part(self.headers["Range"], size) if if_same else None
        if asked is not None and not asked:
            file.close()
            return self.refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"The file has {size} bytes.",
                               **{"Content-Range": f"bytes */{size}"})
        facts |= {"Content-Type": TYPES.get(Path(name).suffix, "application/octet-stream"), "Accept-Ranges": "bytes",
                  "Content-Security-Policy": policy_of(name, self.server.web)}
        if coding:
            facts["Content-Encoding"] = coding
        if asked:
            facts["Content-Range"] = f"bytes {asked.start}-{asked.stop - 1}/{size}"
            file.seek(asked.start)
        self.left = len(range(size) if asked is None else asked)
        self.answer(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK, facts | {"Content-Length": str(self.left)})
        return file

    def accepted(self, coding):
        """Whether the request accepts a coding; none, if it asks for a part, which is one of the unpacked file."""
        return "Range" not in self.headers and accepts(self.headers["Accept-Encoding"], coding)

    def copyfile(self, source, outputfile):
        """Send as many bytes as were announced; a file that has become shorter meanwhile ends the connection."""
        while self.left and (chunk := source.read(min(self.left, CHUNK))):
            outputfile.write(chunk)
            self.left -= len(chunk)
        self.close_connection |= self.left > 0

    def answer(self, status, facts):
        self.send_response(status)
        for name, value in facts.items():
            self.send_header(name, value)
        self.end_headers()

    def addressed_to(self):
        """Whether the request names this server, and its target too if that has a name (RFC 9112, section 3.2.2). A
        foreign page that has its own name point to this machine (DNS rebinding) comes with that name; the address to
        which this connection goes is no such name."""
        port, address = self.server.server_port, in_url(self.connection.getsockname()[0])
        own = {*HOSTS, address, self.server.told.lower()}
        names = {f"{host}:{port}" for host in own} | (own if port == 80 else set())
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and all(name.strip().lower() in names for name in [*hosts, *self.asked])

    def not_allowed(self):
        self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"This server only sends files: it does not answer {self.command}.",
                    Allow="GET, HEAD", Connection="close")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = not_allowed

    def send_error(self, code, message=None, explain=None):
        """Answer a malformed request or an unknown method with a sentence, and end the connection."""
        self.command = self.command or "GET"
        self.refuse(code, f"{message or HTTPStatus(code).phrase}.", Connection="close")

    def refuse(self, status, sentence, **headers):
        body = f"{sentence}\n".encode()
        self.answer(status, {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), **headers})
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

    def __init__(self, host, port, web, belongs):
        self.told, self.address_family = host, socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        self.web, self.belongs, self.tags = web.resolve(), belongs, {}

    def server_bind(self):  # HTTPServer also asks the DNS for a name, which can hang without a network
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):  # a closed tab is no error
            super().handle_error(request, client_address)

    def open(self, target, accepted):
        """Open the file that the target of a request names, or a packed one beside it whose coding is accepted. Returns
        its name below web/, the file (None if it is not part of the site) and the coding."""
        name = name_of(target)
        if name and self.belongs(name):
            path = self.web / name
            with contextlib.suppress(OSError, RuntimeError):  # a link to itself
                if path.is_file() and path.resolve().is_relative_to(self.web):
                    path, coding = packed_beside(path.resolve(), accepted)
                    return name, open(path, "rb"), coding
        return name, None, None

    def tag(self, file):
        """The ETag of an open file, a hash of its content: dates would confuse two checkouts on one port."""
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


def in_url(address):
    return f"[{address}]" if ":" in address else address


def make_server(port, web, belongs=None, host="127.0.0.1"):
    """A server of the folder web, bound but not yet running; port 0 takes a free one.

    `belongs` says of a path below web whether it may be shown: by default the site's own files and the lock's.
    `host` is the address or name that it listens on. Failure if the port or the address cannot be used.
    """
    try:
        return Server(host, port, Path(web), belongs or served(web))
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise Failure(f"This machine has no address {host}: use --host 0.0.0.0 for all of its addresses.") from None
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        other = port + 1 if 1024 <= port < 65535 else 8001
        raise Failure(f"Port {port} {why}: choose another one, for example --port {other}.") from None
