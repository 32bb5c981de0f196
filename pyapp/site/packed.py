"""Packed files beside those of a built site, for hosts that send them: .gz always, .br where there is a packer for it.

A file is packed only if that saves bytes. Packed files are no part of the site: its manifest lists unpacked ones.
"""

import gzip
import hashlib
import importlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyapp.site.terminal import Failure, clear_line, show
from pyapp.site.tree import put, save

WORTH = 0.95  # of the size of a file, at most
CODINGS = {"br": ".br", "gzip": ".gz"}  # as HTTP calls them, the best first
IN_NODE = """const z = require("zlib"), c = z.constants, whole = require("fs").readFileSync(0);
process.stdout.write(z.brotliCompressSync(whole, { params: { [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_LGWIN]: 24,
  [c.BROTLI_PARAM_SIZE_HINT]: whole.length } }));"""


def pack(files, site, cache):
    """Write packed files beside the `files` of a site, as its manifest has them.

    Returns the bytes that a host sends of the whole site: as it is, with gzip, with brotli (None without a packer).
    What brotli has packed is kept in the cache, because that takes a minute, where gzip takes seconds.
    """
    brotli = brotli_packer()
    total = sum(entry["bytes"] for entry in files.values())
    plain = packed = best = 0

    def work(name):
        content = (site / name).read_bytes()
        return name, content, gzipped(content), brotli and kept(cache, content, brotli)

    with ThreadPoolExecutor() as pool:
        for name, content, small, smaller in pool.map(work, files):
            sizes = [beside(site / f"{name}{CODINGS['gzip']}", content, small),
                     beside(site / f"{name}{CODINGS['br']}", content, smaller)]
            plain, packed, best = plain + len(content), packed + sizes[0], best + min(sizes)
            show("packed with gzip and brotli" if brotli else "packed with gzip", plain, total)
    return plain, packed, best if brotli else None


def sizes(contents, cache):
    """The bytes that a host sends of a list of contents, as `pack` returns them."""
    brotli = brotli_packer()
    plain, small = ([len(worthy(each, way(each))) for each in contents] for way in (bytes, gzipped))
    if not brotli:
        return sum(plain), sum(small), None
    return sum(plain), sum(small), sum(min(size, len(worthy(each, kept(cache, each, brotli))))
                                       for size, each in zip(small, contents, strict=True))


def worthy(content, packed):
    """What a host sends: the packed content, if that saves bytes enough."""
    return packed if packed is not None and len(packed) <= WORTH * len(content) else content


def beside(path, content, packed):
    """Put a packed file at path, or see that none is there. Returns the bytes that a host sends."""
    if worthy(content, packed) is packed:
        put(path, packed)
        return len(packed)
    path.unlink(missing_ok=True)
    return len(content)


def gzipped(content):
    """The content packed with gzip, without date and name, so that equal contents give equal bytes."""
    return gzip.compress(content, 9, mtime=0)


def kept(cache, content, packer, kind="br"):
    place = cache / f"{hashlib.sha256(content).hexdigest()}.{kind}"
    if not place.is_file():
        save(place, [packer(content)])
    return place.read_bytes()


def brotli_packer():
    """A function that packs bytes with brotli: the Python package, or Node's; None if neither is there."""
    try:
        brotli = importlib.import_module("brotli")  # which nobody has to have
        return lambda content: brotli.compress(content, quality=11, lgwin=24)
    except ModuleNotFoundError:
        node = shutil.which("node")
        return node and (lambda content: in_node(node, content))


def in_node(node, content):
    done = subprocess.run([node, "-e", IN_NODE], input=content, capture_output=True)
    if done.returncode:
        raise Failure(f"{clear_line()}Node could not pack a file: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def packed_beside(path: Path, accepted):
    """The packed file beside a file that the best of the accepted codings has, and the coding; itself and None if there
    is none, or none as new as the file."""
    for coding, suffix in CODINGS.items():
        other = path.with_name(path.name + suffix)
        if accepted(coding) and other.is_file() and not other.is_symlink() and (
                other.stat().st_mtime_ns >= path.stat().st_mtime_ns):
            return other, coding
    return path, None
