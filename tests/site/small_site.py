"""A small project to make and serve: two locked files, the digits, a page, a package and its weights."""

import contextlib
import gzip
import hashlib
import json
import threading

import serve
from pyapp.site.digits import digits_pack

A, B = b"first file " * 9000, b"second file " * 9000


def pinned(content, **more):
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}


def csv_gz(rows=500, last=b""):
    """Rows that can be told apart: pixel 0 is the class, pixels 1 and 2 the number in the class."""
    tail = b",0" * 781
    body = (b"%d,%d,%d%s,%d\n" % (c, n % 256, n // 256, tail, c) for c in range(10) for n in range(rows))
    return gzip.compress(b"".join(body) + last, 1)


CSV = csv_gz()
IDX = list(digits_pack(CSV))
PACKED = [f"data/digits/{name}.gz" for name in ("ti", "tl", "ei", "el")]
ICONS = ["app/icons/192.png", "app/icons/512.png", "app/icons/maskable.png"]
STRAY = ("notes.txt", ".env", ".env.js", "main.js.map", "backup.html", "secrets.json", "ui/notes.txt", "ui/.keys.js",
         "vendor/x/new.js", "data/own.csv", "app/weights/notes.txt", "deep/er.js", ".git/config", "ui/deep/pad.js")
KINDS = {"x.mjs": "text/javascript; charset=utf-8", "x.wasm": "application/wasm", "x.json": "application/json",
         "x.whl": "application/octet-stream", "x.gz": "application/octet-stream", "x.zip": "application/octet-stream"}


def litter(web, *more):
    """Files in web/ that are none of the site, and links out of it; and `more`."""
    for name in (*STRAY, *more):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(name)
    (web / "link.js").symlink_to(web.parent / "pyapp/__init__.py")
    (web / "loop.js").symlink_to("loop.js")


def lock(root, sources, digits=None):
    """Give the two files of the site other sources."""
    path = root / "web" / "lock.json"
    digits = digits or json.loads(path.read_text())["digits"]
    group = {"to": "vendor/x/", "sources": sources, "files": {"a": pinned(A), "b": pinned(B)}}
    path.write_text(json.dumps({"packages": [group], "digits": digits}))


def whole(root):
    vendored = [(root / "web/vendor/x" / name).read_bytes() for name in "ab"]
    packed = [(root / "web" / name).read_bytes() for name in PACKED]
    return vendored == [A, B] and [gzip.decompress(content) for content in packed] == IDX


def members(pack):
    """{path: bytes} of a pack."""
    start = 4 + int.from_bytes(pack[:4], "little")
    return {path: pack[start + at : start + at + size] for path, (at, size) in json.loads(pack[4:start]).items()}


def leftovers(tmp_path):
    return list(tmp_path.rglob("*.part"))


def everything(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def provision():
    return serve.main(["--provision"])


@contextlib.contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
