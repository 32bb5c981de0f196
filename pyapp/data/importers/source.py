"""Where data comes from, a folder, a zip file or one file, as a list of files that are read one at a time."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pyapp import npz
from pyapp.data.digits import DataError
from pyapp.files import up_to

PICTURES = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".pgm", ".ppm",
            ".heic", ".heif")  # of which the last two are only recognised
MOST_FILES = 200_000
MOST_UNPACKED = 2**32  # bytes of all members of a zip file; they are unpacked one at a time
MOST_AT_ONCE = 2**28  # bytes of one file that is read whole
HIDDEN = ("__macosx", "thumbs.db", "desktop.ini")  # what systems leave beside one's files
EMPTY = "it is an empty folder"
SLASHES = ("/", "\\")  # of which some tools write the second into zip files
ZIP, NO_MEMBERS, GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"  # as files of these kinds begin
# What zipfile, gzip, NumPy and codecs raise for bytes that are not what they say.
WRONG = (ValueError, OSError, EOFError, RuntimeError, OverflowError, IndexError, KeyError, NotImplementedError,
         zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class File:
    """A file by its path from the source, with slashes; `open` gives its bytes as a stream."""

    path: str
    open: Callable[[], BinaryIO]
    stamp: tuple = ()  # differs if the file was changed

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def folders(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts[:-1]

    @property
    def ending(self) -> str:
        """The name's last part in lower case, such as .csv; a .gz after it does not count."""
        return PurePosixPath(self.name.lower().removesuffix(".gz")).suffix

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name.lower().removesuffix(".gz")).stem

    def read(self, most: int = MOST_AT_ONCE) -> bytes:
        """All bytes, unpacked where they are a gzip file. DataError if they cannot be read, or are more than `most`."""
        with self.stream() as stream:
            data = up_to(stream, most + 1)
        if len(data) > most:
            raise DataError(f"{self.path} has more than {most:,} bytes; use a smaller one")
        return data

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The bytes from the beginning, unpacked where they are a gzip file. What goes wrong within the context because
        the file is damaged becomes a DataError."""
        try:
            with self.open() as raw:
                packed = raw.read(2) == GZIP
                raw.seek(0)
                yield gzip.GzipFile(fileobj=raw) if packed else raw
        except DataError:
            raise
        except WRONG as error:
            raise DataError(f"{self.path} is damaged ({' '.join(str(error).split())[:100]})") from None


@dataclass
class Source:
    """The files of a folder, of a zip file, or one file, in the order of their names."""

    name: str
    files: list[File]
    skipped: list[tuple[str, str]] = field(default_factory=list)  # names of files, and why they are not read

    def skip(self, file: File | str, why: str) -> None:
        self.skipped.append((file if isinstance(file, str) else file.path, why))


def of_path(path: Path) -> Source:
    """A folder with all that is in it, a zip file, or one file; beside a picture the text file of its name belongs to
    it. DataError if there is nothing."""
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if _is_zip(head, path.name):
        return _zipped(partial(path.open, "rb"), str(path))
    beside = [each for ending in (".txt", ".csv") if path.suffix.lower() in PICTURES and (
        each := path.with_suffix(ending)).is_file()]
    return Source(str(path), [_file(path.parent, each) for each in (path, *beside)])


def of_bytes(data: bytes, name: str) -> Source:
    """A file that was brought: a zip file's members, or that one file."""
    if _is_zip(data[:4], name):
        return _zipped(lambda: io.BytesIO(data), name)
    return Source(name, [File(PurePosixPath(name).name or "file", lambda: io.BytesIO(data))])


def _is_zip(head: bytes, name: str) -> bool:
    """Whether a file that begins so is to be opened as a zip file: a program that unpacks it may stand before it."""
    name = name.lower()
    return name.endswith(".zip") or (head in (ZIP, NO_MEMBERS) and not name.endswith(".npz"))


def _file(folder: Path, path: Path) -> File:
    told = path.stat()
    return File(path.relative_to(folder).as_posix(), partial(path.open, "rb"), (told.st_size, told.st_mtime_ns))


def _folder(top: Path) -> Source:
    """All ordinary files below a folder, in the order of their names. Links are followed but for those to a folder
    around them, which would never end; these and what else is no file are skipped with the reason."""
    source, found, ahead = Source(str(top), []), [], [(top, (top.resolve(),))]
    while ahead:
        folder, around = ahead.pop()
        try:
            inside = [path for path in folder.iterdir() if not _hidden(path.name)]
        except OSError as error:
            if folder == top:
                raise
            source.skip(folder.relative_to(top).as_posix(), f"it cannot be read ({error.strerror})")
            continue
        for path in inside:
            if path.is_file():
                found.append(path)
            elif path.is_dir() and (real := path.resolve()) not in around:
                ahead.append((path, (*around, real)))
            else:
                source.skip(path.relative_to(top).as_posix(), "it is a link to a folder around it" if path.is_dir() else
                            "it is a link to nothing" if path.is_symlink() else "it is not an ordinary file")
        if not inside and folder != top:
            source.skip(folder.relative_to(top).as_posix(), EMPTY)
        if len(found) > MOST_FILES:
            raise DataError(f"{top} has more than {MOST_FILES:,} files; name a folder with fewer")
    found.sort(key=lambda path: natural(path.relative_to(top).as_posix()))
    source.files += [_file(top, path) for path in found]
    return source


def natural(name: str) -> list[str | int]:
    """A key that sorts names as people do: 2 before 10, and numbers before letters."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]{1,18})", name))]


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in HIDDEN


def _zipped(opened: Callable[[], BinaryIO], name: str) -> Source:
    """The members of a zip file, without folders. DataError if it is damaged or would unpack to too much."""
    try:
        archive = zipfile.ZipFile(opened())
        paths = {each: _within(each.filename) for each in npz.members_of(archive)}
        shown = {each: path for each, path in paths.items() if not any(map(_hidden, path.parts))}
        members = [each for each in shown if not each.filename.endswith(SLASHES)]
        if len(members) > MOST_FILES:
            raise DataError(f"{name} has more than {MOST_FILES:,} files; use one with fewer")
        npz.check(members, MOST_UNPACKED)
    except DataError:
        raise
    except (npz.Damaged, *WRONG) as error:
        found = str(error)[:200] if isinstance(error, npz.Damaged) else "a damaged one, or only a part of it"
        raise DataError(f"{name}: expected a zip file, found {found}; pack or download it again") from None
    if not shown:
        raise DataError(f"{name} is a zip file without files; pack or download it again")
    members.sort(key=lambda member: natural(str(shown[member])))
    around = {folder for path in shown.values() for folder in path.parents}
    empty = [path for each, path in shown.items() if each.filename.endswith(SLASHES) and path not in around]
    return Source(name, [File(str(shown[each]), partial(archive.open, each), (each.CRC, each.file_size))
                         for each in members], [(str(path), EMPTY) for path in empty])


def _within(name: str) -> PurePosixPath:
    """A member's path within its zip file: some tools write backslashes, and a path may begin at a root or go up."""
    return PurePosixPath(*(part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..")))
