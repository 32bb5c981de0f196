"""Files that are complete or absent: written beside their place and renamed into it, by one writer at a time; and read
only up to a size that fits into memory."""

import errno
import gzip
import io
import json
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows, and the browser, where there is no second process
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None

LARGEST = 2**29  # bytes that are read from a file or unpacked from it at most; memory holds a few copies
PIECE = 2**20  # bytes that are read at once
DEEPEST = 100  # brackets in each other, in JSON
LONGEST = 4000  # digits of a number in JSON, fewer than those at which Python stops
LFS = b"version https://git-lfs"  # begins what Git leaves in place of a large file that it has not fetched
NOT_FETCHED = "it only says where Git LFS keeps the file; `git lfs pull` fetches it"
MARKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)  # strings too: brackets in them do not count


class NotWritten(OSError):
    """A file could not be written; a file that had its name before is still there, complete."""

    def __init__(self, path: str | Path, error: OSError):
        kept = "; the file that was there before is unchanged" if os.path.isfile(path) else ""
        super().__init__(f"{path} could not be written ({error.strerror or error}){kept}")
        self.errno = error.errno


def read(path: str | Path, most: int = LARGEST) -> bytes:
    """Read a file. OSError says why it cannot be read, that it is larger than `most` bytes, of which no more is read,
    or that Git has not fetched it."""
    with open(path, "rb") as file:  # the size that the system tells is 0 for pipes and devices
        data = up_to(file, most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    if data.startswith(LFS):
        raise OSError(errno.EIO, NOT_FETCHED, str(path))
    return data


def up_to(stream: BinaryIO, most: int) -> bytes:
    """The rest of a stream, or its first `most` bytes, read in pieces: a buffered stream that is asked for more than it
    has sets memory aside for all of it, and the browser's never shrinks."""
    found = io.BytesIO()
    while piece := stream.read(min(PIECE, most - found.tell())):
        found.write(piece)
    return found.getvalue()


def gunzipped(data: bytes, most: int = LARGEST) -> bytes:
    """Unpack a gzip file. ValueError if it is damaged, or holds more than `most` bytes: no more is unpacked."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = up_to(file, most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"a damaged one ({error})") from None
    if len(found) > most:
        raise ValueError(f"one that unpacks to more than {most:,} bytes")
    return found


def json_of(data: bytes) -> Any:
    """Decode a JSON text in UTF-8. ValueError if it is not JSON (NaN and infinity are not), has numbers of thousands of
    digits, or is nested too deeply: Pyodide would overflow its stack and stop for good."""
    depth = 0
    for mark in MARKS.finditer(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse, parse_int=_whole)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST:
        raise ValueError(f"it has a number of {len(digits):,} digits")
    return int(digits)


def write(path: str | Path, data: bytes) -> None:
    """Write a file, and its folder if needed, in one step: a reader finds either the old bytes or the new ones, even
    after a kill or on a full disk. NotWritten says why it failed."""
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():  # a terminal or a pipe is not replaced
        try:
            path.write_bytes(data)
        except OSError as error:
            raise NotWritten(path, error) from error
        return
    with locked(path):
        place(path, data)


def place(path: Path, data: bytes) -> None:
    """Like `write`, for a caller that has already locked the path."""
    part = beside(path, "new")
    try:
        put(part, data, like=path)
        os.replace(part, real(path))
    finally:
        discard(part)


def put(part: Path, data: bytes, like: Path) -> None:
    """Write data through to the disk, with the permissions of the file that it will replace."""
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if like.exists():
        shutil.copymode(like, part)


def beside(path: Path, kind: str) -> Path:
    """The hidden name of a file's `new` bytes, or of its `lock`: always the same, so that the next writer
    reuses what a killed one left."""
    path = real(path)
    return path.with_name(f".{path.name}.{kind}")


def real(path: Path) -> Path:
    """Where a symbolic link leads: a file renamed to the link's own name would replace the link."""
    return Path(os.path.realpath(path))


def discard(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other Bitladder processes from writing this file, and make its folder. Do not nest it for one file.

    The lock is on a file beside it; the system releases it when a process dies. A file system without locks is
    reported once. Every OSError on the way becomes NotWritten, which names this path.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError(f"it is {'a folder' if path.is_dir() else 'not an ordinary file'}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock(beside(path, "lock")):
            yield
    except NotWritten:
        raise
    except OSError as error:
        raise NotWritten(path, error) from error


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    file = _locked_file(path)
    try:
        yield
    finally:
        discard(path)  # before unlocking: afterwards it may be another process's
        os.close(file)
        if msvcrt:  # Windows removes no file that is open, so this can only be our own
            discard(path)


def _locked_file(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _wait_for(file, path.parent)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), path.stat()):
                    return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # the one we waited for has removed it


def _wait_for(file: int, folder: Path) -> None:
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        elif msvcrt:
            _wait_on_windows(file)
    except OSError as error:
        _say_that_there_are_no_locks(str(folder), str(error.strerror))


def _wait_on_windows(file: int) -> None:
    while True:
        try:
            return msvcrt.locking(file, msvcrt.LK_LOCK, 1)
        except OSError as error:  # after ten seconds
            if error.errno not in (errno.EACCES, errno.EDEADLK):
                raise


@cache
def _say_that_there_are_no_locks(folder: str, why: str) -> None:
    print(f"bitladder: files cannot be locked in {folder} ({why}); let only one command at a time write there",
          file=sys.stderr)
