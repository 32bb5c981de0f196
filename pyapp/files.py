"""Files that are whole or absent: written beside their place and renamed into it, one writer at a time; and read only
up to a size that memory can bear."""

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
from typing import Any

try:
    import fcntl
except ImportError:  # Windows, and the browser, where there is no second process
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None

LARGEST = 2**29  # bytes of a file that is read, and of what unpacks from it: memory holds it a few times
DEEPEST = 100  # brackets in each other, in JSON
MARKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)  # brackets, and strings, whose do not count


class NotWritten(OSError):
    """A file could not be written; whatever had its name before is still there, whole."""

    def __init__(self, path: str | Path, error: OSError):
        kept = "; the file that was there before is unchanged" if os.path.isfile(path) else ""
        super().__init__(f"{path} could not be written ({error.strerror or error}){kept}")
        self.errno = error.errno


def read(path: str | Path, most: int = LARGEST) -> bytes:
    """The bytes of a file. OSError says why there are none, and that there are too many before they fill memory."""
    with open(path, "rb") as file:  # the size that the system tells is 0 for pipes and devices
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return data


def gunzipped(data: bytes, most: int = LARGEST) -> bytes:
    """What a gzip file holds. ValueError if it is damaged, or holds more than `most` bytes: no more is unpacked."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"a damaged one ({error})") from None
    if len(found) > most:
        raise ValueError(f"one that unpacks to more than {most:,} bytes")
    return found


def json_of(data: bytes) -> Any:
    """What a JSON text in UTF-8 says. ValueError if it is none, for NaN and infinity, which are not JSON, for numbers
    of thousands of digits, and for what is nested too deeply: Pyodide would overflow its stack and stop for good."""
    depth = 0
    for mark in MARKS.findall(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark, 0)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def write(path: str | Path, data: bytes) -> None:
    """Write a file, and its folder if need be, in one step: whoever reads it finds the old bytes or the new ones, also
    after a kill or on a full disk. NotWritten says why the new ones are not there."""
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():  # nothing is renamed into the place of a terminal
        path.write_bytes(data)
        return
    with locked(path):
        place(path, data)


def place(path: Path, data: bytes) -> None:
    """What `write` does, for those who have locked the path already."""
    part = beside(path, "new")
    try:
        put(part, data, like=path)
        os.replace(part, real(path))
    finally:
        discard(part)


def put(part: Path, data: bytes, like: Path) -> None:
    """Write data until the disk has it, with the permissions of the file that it will replace."""
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if like.exists():
        shutil.copymode(like, part)


def beside(path: Path, kind: str) -> Path:
    """The hidden name of a file's `new` bytes, or of its `lock`: always the same, so that what a kill leaves is used up
    by the next writer."""
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
    """Keep every other process of ours from writing this file; makes its folder. Not to be nested for one file.

    The lock is on a file beside it; the system takes it from a process that dies. Where a file system has no locks that
    is said, once. Every OSError on the way becomes NotWritten, which names this path.
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
        discard(path)  # before it is unlocked: afterwards the name may be another's
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
