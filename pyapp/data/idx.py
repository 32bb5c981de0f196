"""IDX files of MNIST, EMNIST and their copies, under all their usual names and in either byte order."""

import math
import re
import struct
from pathlib import Path

import numpy as np

from pyapp import files
from pyapp.core.words import counted
from pyapp.data.digits import DataError as DataError

UNSIGNED_BYTE = 0x08
TYPES = {UNSIGNED_BYTE: "unsigned bytes", 0x09: "signed bytes", 0x0B: "16-bit integers", 0x0C: "32-bit integers",
         0x0D: "float32 numbers", 0x0E: "float64 numbers"}
# t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, T10K-IMAGES-IDX3-UBYTE.gz, emnist-digits-test-images-idx3-ubyte
NAME = re.compile(r"(?:q?mnist-|emnist-(?P<set>[a-z]+)-)?(?P<split>train|t10k|test)[-._](?P<kind>images|labels)"
                  r"(?:[-._]idx[13])?(?:[-._]ubyte)?(?:\.idx|\.bin)?(?: ?\(\d+\))?(?:\.gz)?")  # (1): a browser's copy
INSIDE = ("raw", "mnist", "emnist", "gzip")  # folders that torchvision and EMNIST's archive put around the files
HINT = "name a folder with MNIST's four IDX files"
KINDS = {3: "images", 1: "labels"}


def find(folder: Path, stem: str) -> Path:
    """The file of a folder, or of a folder in it, that has the IDX file `stem` ("t10k-images-idx3-ubyte"), plain or
    gzip-compressed, under any of its usual names. DataError says what is there instead."""
    wanted = NAME.fullmatch(stem)
    split, kind = wanted["split"].replace("test", "t10k"), wanted["kind"]
    found = []
    for path in _files(folder):
        name = NAME.fullmatch(path.name.lower())
        if name and name["split"].replace("test", "t10k") == split and name["kind"] == kind:
            found.append(((name["set"] or "") not in ("", "digits", "mnist"), bool(name["set"]), path.suffix != ".gz",
                          len(path.parts), str(path), path))
    if found:
        return min(found)[-1]
    raise DataError(f"{folder / stem}(.gz) is missing; {HINT}")


def _files(folder: Path) -> list[Path]:
    """The files of a folder and, two levels deep, of subfolders named like an IDX file or listed in INSIDE."""
    files, folders = [], [folder] if folder.is_dir() else []
    for depth in range(3):
        inner = []
        for path in (path for each in folders for path in sorted(each.iterdir())):
            if path.is_dir():
                inner += [path] if path.name.lower() in INSIDE or NAME.fullmatch(path.name.lower()) else []
            else:
                files.append(path)
        folders = inner if depth < 2 else []
    return files


def read(path: Path, axes: int) -> np.ndarray:
    """The unsigned bytes of an IDX file with 3 axes (images) or 1 (labels), as uint8.

    Two zeros, type, number of axes, sizes of four bytes each, then the data. The sizes are big-endian; where only the
    little-endian reading fits the length of the file, that one is taken. DataError names the file, what was expected
    and what was found.
    """
    return parsed(files.read(path), path, axes)


def parsed(data: bytes, path: Path | str, axes: int) -> np.ndarray:
    """`read` for the bytes of a file named `path`; DataError likewise."""
    data, kind = _unpacked(data, path), KINDS[axes]
    if not data:
        raise DataError(f"{path}: expected an IDX file of {kind}, found an empty file")
    magic = data[:4] if data[:2] == b"\0\0" else data[3::-1]  # some programs reverse it along with the sizes
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise DataError(f"{path}: expected an IDX file of {kind}, found a file that starts with {data[:4]!r}")
    if magic[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: expected unsigned bytes (type 0x08), found {TYPES[magic[2]]} (type "
                        f"0x{magic[2]:02X}); save whole numbers from 0 to 255 as bytes")
    if magic[3] != axes:
        other = f", as {KINDS[magic[3]]} have: are the two files swapped?" if magic[3] in KINDS else ""
        raise DataError(f"{path}: expected {kind}, which have {axes} axes, found {magic[3]} axes{other}"
                        .replace("1 axes", "1 axis"))
    header = 4 + 4 * axes
    if len(data) < header:
        raise DataError(f"{path}: expected an IDX header of {header} bytes, found {len(data)} bytes")
    shape = _shape(data[4:header], len(data) - header)
    if not shape[0]:
        raise DataError(f"{path}: there is no {'image' if axes == 3 else 'label'} in it")
    if math.prod(shape) != len(data) - header:
        raise DataError(f"{path}: expected {math.prod(shape)} bytes for {said(shape)}, found {len(data) - header}")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def begins(head: bytes) -> tuple[int, ...] | None:
    """The shape that the first 16 bytes of an IDX file of images (3 axes) or labels (1 axis) tell; None for others."""
    magic = head[:4] if head[:2] == b"\0\0" else head[3::-1]
    axes = magic[3] if len(magic) == 4 and magic[:3] == bytes([0, 0, UNSIGNED_BYTE]) else 0
    return _shape(head[4 : 4 + 4 * axes], 0) if axes in KINDS and len(head) >= 4 + 4 * axes else None


def _unpacked(data: bytes, path: Path | str) -> bytes:
    if data[:2] == b"\x1f\x8b":  # some web servers unpack .gz files on the way, so look at the bytes, not at the name
        try:
            data = files.gunzipped(data)
        except ValueError as error:
            raise DataError(f"{path}: expected a whole gzip file, found {error}") from None
    return data


def _shape(sizes: bytes, length: int) -> tuple[int, ...]:
    """The sizes in the byte order that fits the length of the data, or else in the one that comes closer."""
    both = [struct.unpack(f"{order}{len(sizes) // 4}I", sizes) for order in "><"]
    return min(both, key=lambda shape: abs(math.prod(shape) - length))


def said(shape: tuple[int, ...]) -> str:
    """A shape in words: 6 images of 28x28, 5 labels."""
    return f"{counted(shape[0], 'image')} of {shape[1]}x{shape[2]}" if len(shape) == 3 else counted(shape[0], "label")
