"""Weights on disk: an .npz of plain arrays beside a .json that says how it was made and what it measured."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.core.parameters import Parameters, Shapes
from pyapp.places import WEIGHTS


class StoreError(ValueError):
    """A file of weights is missing, damaged, or meant for something else."""


class NotHere(StoreError):
    """There is no such file. `file`, of shipped weights its path in the project, is what a host may bring: then the
    call that met this can be made again."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path}: cannot be read ({why})")
        self.file = f"{WEIGHTS.name}/{path.name}" if path.parent == WEIGHTS else None


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of an .npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(data: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file. Nothing but plain arrays is read, so a file cannot run code."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise StoreError(f"{name}: expected an .npz file, found {len(data)} bytes that begin with {data[:8]!r}")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise StoreError(f"{name}: expected an .npz file of plain arrays, found a damaged one ({error})") from None
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):  # np.load hands out members that are no arrays as bytes
            raise StoreError(f"{name}: expected an .npz file of plain arrays, found something else in {key}")
    return arrays


def save(path: str | Path, arrays: Mapping[str, np.ndarray], recipe: Mapping[str, Any]) -> None:
    """Write `path` (.npz) and its recipe (.json, with the file's sha256) beside it. StoreError, and nothing is written,
    if a number in them is not finite."""
    path = Path(path)
    data = pack(arrays)
    facts = {**recipe, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    try:
        words = json.dumps(facts, indent=2, allow_nan=False) + "\n"
    except ValueError:
        words = None
    if words is None or not all(np.isfinite(array).all() for array in arrays.values()):
        raise StoreError(f"{path}: not written, for NaN or infinity is among its numbers; a training that ends so "
                         "needs a smaller rate")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.with_suffix(".json").write_text(words)


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read an .npz; when its recipe lies beside it, the sha256 must match. StoreError says what is wrong."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotHere(path, error.strerror) from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
    if path.with_suffix(".json").is_file():
        expected = recipe(path).get("sha256")
        found = hashlib.sha256(data).hexdigest()
        if found != expected:
            raise StoreError(f"{path}: expected sha256 {expected}, found {found}; the file is damaged or was replaced: "
                             f"restore it, or remove {path.with_suffix('.json').name} if you made it yourself")
    return unpack(data, str(path))


def recipe(path: str | Path) -> dict[str, Any]:
    """The recipe beside an .npz: command, data, seed, metrics, sha256."""
    path = Path(path).with_suffix(".json")
    try:
        facts = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: expected a recipe in JSON, found none that can be read ({error})") from None
    if not isinstance(facts, dict):
        raise StoreError(f"{path}: expected a JSON object, found {type(facts).__name__}")
    return facts


def parameters(arrays: Mapping[str, np.ndarray], shapes: Shapes, name: str) -> Parameters:
    """A network's float32 parameters from arrays. StoreError names what is missing, foreign, misshapen or NaN."""
    missing, foreign = sorted(set(shapes) - set(arrays)), sorted(set(arrays) - set(shapes))
    if missing or foreign:
        raise StoreError(f"{name}: expected the arrays {', '.join(shapes)}; found "
                         f"{', '.join(sorted(arrays)) or 'none'}")
    p = Parameters(shapes)
    for key, shape in shapes.items():
        found = arrays[key]
        if found.shape != tuple(shape) or found.dtype != np.float32:
            raise StoreError(f"{name}: expected {key} as float32 {tuple(shape)}, found {found.dtype} {found.shape}")
        if not np.isfinite(found).all():
            raise StoreError(f"{name}: expected finite numbers in {key}, found NaN or infinity")
        p[key][...] = found  # a scale may have no axes
    return p


def arrays_of(p: Parameters) -> dict[str, np.ndarray]:
    """A network's parameters as named arrays, the form in which they are saved."""
    return {name: p[name] for name in p}
