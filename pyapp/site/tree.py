"""Files of a folder or of a zip file: listed, read, written whole, removed."""

import contextlib
import io
import os
import threading
import zipfile

from pyapp.site.parts import held


def visible(root, folder="."):
    """The files of a folder below root, sorted, as paths from root; no hidden files, no caches."""
    for path in sorted((root / folder).rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            yield inside.as_posix()


def save(path, chunks):
    """Write chunks under a temporary name and rename it when whole: path is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{threading.get_native_id()}.part")  # a process may save one file twice at once
    try:
        with open(part, "wb") as file, held(part):
            for chunk in chunks:
                file.write(chunk)
        os.replace(part, path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
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


def zipped(files):
    """A zip file of {name: bytes}, not compressed and without dates: equal files give equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.create_system = 3
            archive.writestr(entry, data)
    return content.getvalue()


def unzipped(archive):
    """(name, bytes) of the files in a zip file."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            if not entry.is_dir():
                yield entry.filename, opened.read(entry)
