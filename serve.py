"""Provision, build and serve Bitladder; needs Python 3.11 and nothing else.

    python serve.py                 fetch what is missing, serve the site on 127.0.0.1, open the page
    python serve.py --build DIR     write the complete site into a folder, for any static host
    python serve.py --provision     only make web/vendor, web/data and web/app

provision   web/lock.json names every third-party file; each is fetched once into a per-user cache,
            checked against its sha256 and copied into web/
build       the Python package and its weights become web/app/pyapp.zip; a manifest lists the whole site
serve       web/ as it is

The first two are in pyapp/site/; the server and the command line are here.
"""

import argparse
import contextlib
import errno
import functools
import http.server
import json
import os
import signal
import socketserver
import sys
import threading
import webbrowser
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (who runs this file need not have installed the project)
    sys.exit(f"Bitladder needs Python 3.11 or newer, and this is {sys.version.split()[0]}: use a newer one.")

from pyapp.places import cache_folder
from pyapp.site.build import build, export
from pyapp.site.provision import provision
from pyapp.site.terminal import Failure, clear_line

ROOT = Path(__file__).resolve().parent
TYPES = {  # anything else is application/octet-stream; .gz too, because the page unpacks it, not the browser
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True  # or the body of a small reply waits until its headers are acknowledged

    def guess_type(self, path):
        return TYPES.get(Path(path).suffix, "application/octet-stream")

    def send_head(self):
        web = Path(self.directory).resolve()
        try:
            inside = Path(self.translate_path(self.path)).resolve().is_relative_to(web)
        except (OSError, ValueError):  # a link to itself, a NUL
            inside = False
        return super().send_head() if inside else self.send_error(404)

    def list_directory(self, path):
        self.send_error(404)

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # ask each time; the answer may be 304
        super().end_headers()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = os.name != "nt"  # on Windows this would let two servers share a port

    def server_bind(self):  # HTTPServer also asks the DNS for a name, which can hang without a network
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):  # a closed tab is no error
            super().handle_error(request, client_address)


def make_server(port, web=ROOT / "web"):
    """A server of web on 127.0.0.1, bound but not yet running; port 0 takes a free one."""
    try:
        return Server(("127.0.0.1", port), functools.partial(Handler, directory=str(web)))
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        other = port + 1 if 1024 <= port < 65535 else 8001
        raise Failure(f"Port {port} {why}: choose another one, for example --port {other}.") from None


def arguments(argv):
    parser = argparse.ArgumentParser(description="Fetch what Bitladder needs, build its site, serve it.")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port on 127.0.0.1 (8000)")
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")
    parser.add_argument("--build", type=Path, metavar="DIR", help="write the complete site into DIR and exit")
    parser.add_argument("--provision", action="store_true", help="only make web/vendor, web/data and web/app")
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: expected 0 to 65535")
    return options


def run(options):
    server = None  # bound first: a taken port is said before anything is fetched
    if not (options.build or options.provision):
        server = make_server(options.port)
    lock = json.loads((ROOT / "web" / "lock.json").read_text(encoding="utf-8"))
    provision(lock, ROOT / "web", cache_folder())
    manifest = build(ROOT)
    if options.build:
        export(ROOT, manifest, options.build)
        print(f"The site is in {options.build}, version {manifest['version']}.")
    if server is None:
        return
    url = f"http://127.0.0.1:{server.server_port}/"
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"Bitladder is at {url} (Ctrl-C stops it)", flush=True)
        if not options.no_open:  # in a thread, as some browsers block until they are closed
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()
        server.serve_forever()


def main(argv=None):
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill cleans up like Ctrl-C
    try:
        run(arguments(argv))
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again: what has arrived whole is kept.", file=sys.stderr)
        return 130
    except OSError as error:
        message = f"{error.filename}: {error.strerror}. Make it readable and writable"
        if error.errno == errno.ENOSPC:
            message = "The disk is full. Make room (a first run needs 400 MB for a while)"
        message += ", or name another folder for downloads in BITLADDER_CACHE, and run this again."
    except Failure as failure:
        message = str(failure)
    print(f"{clear_line()}{message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
