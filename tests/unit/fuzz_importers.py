"""Damaged copies of data of every kind: each is refused in a clear sentence, or read.

    PYTHONPATH=. python tests/unit/fuzz_importers.py 10000

So many copies for each kind. A copy is cut, has bytes changed, moved or repeated, or has numbers replaced by hostile
ones; of a zip file often the bytes of a member are damaged and not the archive.
"""

import io
import struct
import warnings
import zipfile
from functools import cache

import numpy as np
from fuzzing import told, tried

from pyapp.data.digits import DataError
from pyapp.data.importers.opening import opened_bytes
from pyapp.digitgen.sheet import png

SIDE = 6  # of the pictures: few pixels, so that many copies are tried in little time
ODD = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
WORDS = (b"nan", b"inf", b"-1", b"1e400", b"", b"9" * 40, b'"', b"\xff\xfe", b"\0", b"label,pixel", b",,,,", b"1.5")
LARGE = 2**26  # bytes of the images of one file, of which there are a few


def images(n: int = 4, side: int = 28) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (n, side, side)).astype(np.uint8)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@cache
def members(kind: str) -> dict[str, bytes]:
    """The files of a small data set of a kind, by their names."""
    x, y = images(side=SIDE), np.array([0, 1, 0, 1], np.uint8)
    if kind == "idx":
        return {"raw/train-images-idx3-ubyte": idx(images()), "raw/train-labels-idx1-ubyte": idx(y)}
    if kind == "pictures":
        return {f"{'ab'[label]}/{i}.png": png(picture) for i, (picture, label) in enumerate(zip(x, y, strict=True))}
    if kind == "listed":
        return {f"images/{i}.png": png(picture) for i, picture in enumerate(x)} | {
            "labels.csv": "\n".join(["id,label", *(f"{i},{'ab'[label]}" for i, label in enumerate(y))]).encode()}
    if kind == "csv":
        rows = [",".join(map(str, (label, *image.reshape(-1)))) for image, label in zip(images(), y, strict=True)]
        return {"train.csv": "\n".join(rows).encode()}
    if kind == "sheet":
        return {"sheet-6x6.png": png(np.concatenate(x, axis=1)), "sheet-6x6.txt": b"a b a b"}
    buffer = io.BytesIO()
    np.savez(buffer, x_train=images(), y_train=y)
    return {"data.npz": buffer.getvalue()}


KINDS = ("idx", "pictures", "csv", "sheet", "arrays", "listed")


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    if not data:
        return b"\0"
    kind, changed = rng.integers(7), bytearray(data)
    at, end = sorted(rng.integers(len(data), size=2))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[end:] + data[at:end]
    if kind == 2:
        return data[:end] + data[at:]
    if kind == 3:
        form = ("<B", "<H", "<I", ">I")[rng.integers(4)]
        at = rng.integers(max(1, min(len(data), 64)))
        changed[at : at + struct.calcsize(form)] = struct.pack(form, ODD[rng.integers(len(ODD))] % 256 **
                                                               struct.calcsize(form))
        return bytes(changed)
    if kind == 4:
        return data[:at] + WORDS[rng.integers(len(WORDS))] + data[at:]
    for place in rng.integers(min(len(data), 100) if kind == 5 else len(data), size=rng.integers(1, 9)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def copy(kind: str, rng: np.random.Generator) -> tuple[bytes, str]:
    """A damaged data set and its name: one file of it, or the whole archive."""
    files = members(kind)
    if rng.integers(3) and kind != "arrays":
        name = list(files)[rng.integers(len(files))]
        return zipped({**files, name: damaged(files[name], rng)}, zipfile.ZIP_STORED), "own.zip"
    if len(files) == 1:
        (name, data), = files.items()
        return damaged(data, rng), name
    return damaged(zipped(files), rng), "own.zip"


def try_all(count: int, seed: int = 0) -> dict:
    """Try `count` damaged copies of each kind: how many were refused, how many read, and what was wrong."""
    rng = np.random.default_rng(seed)
    warnings.simplefilter("ignore")
    return tried((((seed, i, kind), *copy(kind, rng)) for kind in KINDS for i in range(count)), _read, DataError, 700)


def _read(bad: bytes, name: str) -> None:
    for part in opened_bytes(bad, name).parts.values():
        assert part.images.dtype == np.uint8 and part.images.shape == (len(part.labels), 28, 28)
        assert 0 <= part.labels.min() <= part.labels.max() < len(part.classes)
        assert part.images.nbytes < LARGE


if __name__ == "__main__":
    told(try_all)
