"""Weights on disk: an .npz of plain arrays beside a .json that says how it was made and what it measured."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files, npz, safetensors, seal
from pyapp.core.parameters import Parameters, Shapes
from pyapp.machine import made_on
from pyapp.places import WEIGHTS

LARGEST_RECIPE = 2**20  # bytes
EXPORT = b'{"manifest"'  # begins the JSON of an export, which is no recipe: it may lie beside weights of its name
ZIP_END = b"PK\x05\x06"  # begins a zip file's last record
ABOUT = "about"  # in a file: what it says of itself, see pyapp/checkpoint.py


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
    return npz.pack(arrays)


def unpack(data: bytes, name: str, most: int = files.LARGEST,
           look: Callable[[dict[str, np.ndarray]], object] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz or .safetensors file. Nothing but plain arrays is read, so a file cannot run code.
    StoreError says what is wrong with one that is damaged, or that would unpack to more than `most` bytes, before it is
    unpacked. `look` gets the outline of an .npz before that, and may raise one too."""
    if safetensors.recognises(data):
        try:
            arrays, _ = safetensors.unpack(data, most)
        except safetensors.Damaged as error:
            raise StoreError(f"{name}: expected a .safetensors file, found {error}") from None
        check_seal(data, name)
        return arrays
    if ZIP_END not in data:  # not zipfile.is_zipfile: what that asks for, and raises, differs between Pythons
        raise StoreError(f"{name}: expected an .npz file, found {_instead(data)}")
    try:
        if look:
            look(npz.outline(data, most))
        return npz.unpack(data, most)
    except npz.Damaged as error:
        raise StoreError(f"{name}: expected an .npz file of plain arrays, found {error}") from None
    except MemoryError:
        raise StoreError(f"{name}: there is not enough memory to unpack this file") from None


def check_seal(data: bytes, name: str) -> None:
    """StoreError if a file that was exported here is no longer as it was: neither safetensors nor ONNX has a checksum
    of its own, as the zip file of an .npz has."""
    try:
        if seal.MARK in data:
            seal.check(data)
    except seal.Broken as error:
        raise StoreError(f"{name}: expected an export as it was written, found {error}; export it again, or, if a "
                         "program changed it on purpose, take out of its metadata what is named bitladder") from None


def _instead(data: bytes) -> str:
    """A sentence about bytes that are no zip file: what they seem to be."""
    if not data:
        return "an empty one"
    if data.startswith(b"PK\x03\x04"):  # as every .npz file begins; its table of contents is at its end
        return f"only the first {len(data):,} bytes of one: copy or download it again"
    return f"{len(data):,} bytes that begin with {data[:8]!r}"


def save(path: str | Path, arrays: Mapping[str, np.ndarray], recipe: Mapping[str, Any]) -> None:
    """Write `path` (.npz) and beside it its recipe (.json, with the file's sha256 and the machine): both or neither. If
    neither, the pair that was there is unchanged.

    StoreError if a number is not finite, or if the name is the recipe's; NotWritten if the disk is full, for example.
    """
    path = Path(path)
    if path == _recipe_of(path):
        raise StoreError(f"{path} is the name of a recipe; name an .npz file")
    data = pack(arrays)
    facts = {**recipe, "made_on": made_on(), "bytes": len(data), "sha256": _sha256(data)}
    try:
        words = json.dumps(facts, indent=2, allow_nan=False) + "\n"
    except ValueError:
        words = None
    if words is None or not all(np.isfinite(array).all() for array in arrays.values()):
        raise StoreError(f"{path}: not written, because NaN or infinity is among its numbers; a training that ends so "
                         "needs a smaller rate")
    with files.locked(path):
        _save_pair(path, data, words.encode())


def _save_pair(path: Path, data: bytes, words: bytes) -> None:
    """Two files cannot be renamed in one step, so the recipe comes first: from then on it says which weights belong to
    it, and `load` finds them even if a kill has left them under their new name."""
    beside, new = _recipe_of(path), _new(path)
    before = beside.read_bytes() if beside.is_file() else None
    try:
        files.put(new, data, like=path)
        files.place(beside, words)
    except BaseException:
        files.discard(new)
        raise
    try:
        os.replace(new, files.real(path))
    except BaseException:
        with suppress(OSError):  # if not even this can be done, the new pair stays as after a kill
            beside.unlink() if before is None else files.place(beside, before)
            files.discard(new)
        raise


def load(path: str | Path, look: Callable[[dict[str, np.ndarray]], object] | None = None) -> dict[str, np.ndarray]:
    """Read an .npz; when its recipe lies beside it, the sha256 must match. StoreError says what is wrong; `look` is as
    in `unpack`."""
    return unpack(meant(Path(path)), str(path), look=look)


def digest(path: str | Path) -> str:
    """The sha256 of the file that `load` reads."""
    return _sha256(meant(Path(path)))


def meant(path: Path) -> bytes:
    """The bytes of the weights whose sha256 is in the recipe, or of the file itself if it has no recipe, as no
    safetensors or ONNX file has. StoreError if no file has that sha256."""
    beside = _recipe_of(path)
    if (path.suffix.lower() != ".npz" or not beside.is_file() or is_export(beside)
            or "sha256" not in recipe(path)):  # other programs too put files in JSON beside weights
        return _read(path)
    for place in (path, _new(path), path):  # twice: meanwhile the pair may have been saved again
        with suppress(NotHere):
            if _sha256(data := _read(place)) == recipe(path).get("sha256"):
                return data
    found = _sha256(_read(path))
    raise StoreError(f"{path}: expected sha256 {recipe(path).get('sha256')}, found {found}; the file is damaged or was "
                     f"replaced: restore it, or remove {beside.name} if you made it yourself")


def _new(path: Path) -> Path:
    return files.beside(path, "new")


def _read(path: Path) -> bytes:
    try:
        return files.read(path)
    except FileNotFoundError as error:
        raise NotHere(path, error.strerror) from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _recipe_of(path: Path) -> Path:
    return path.with_suffix(".json") if path.name else path  # "." and "/" have no name to change


def is_made(path: Path) -> bool:
    """Whether there are weights with a recipe; in the page they may still have to be brought."""
    return path.with_suffix(".json").is_file()


def is_export(path: Path) -> bool:
    """Whether an export in JSON has this name."""
    try:
        with path.open("rb") as file:
            return file.read(len(EXPORT)) == EXPORT
    except OSError:
        return False


def is_recipe(path: Path) -> bool:
    """Whether weights have their recipe under this name, and would be refused without it."""
    if path.suffix != ".json" or not path.is_file() or is_export(path):
        return False
    with suppress(StoreError):
        return "sha256" in recipe(path)
    return False


def recipe(path: str | Path) -> dict[str, Any]:
    """The recipe beside an .npz: command, data, seed, metrics, sha256. StoreError if it cannot be read."""
    path = _recipe_of(Path(path))
    try:
        facts = files.json_of(files.read(path, LARGEST_RECIPE))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: expected a recipe in JSON, found none that can be read ({error})") from None
    if not isinstance(facts, dict):
        raise StoreError(f"{path}: expected a JSON object, found {type(facts).__name__}")
    return facts


def parameters(arrays: Mapping[str, np.ndarray], shapes: Shapes, name: str) -> Parameters:
    """A network's float32 parameters from arrays; a description of them is ignored. StoreError names arrays that
    are missing, unknown, of the wrong shape or NaN."""
    if set(arrays) - {ABOUT} != set(shapes):
        first = next((f"{key} is missing" for key in shapes if key not in arrays), None) or next(
            f"{key} is not among them" for key in arrays if key not in {ABOUT, *shapes})
        raise StoreError(f"{name}: expected the arrays {', '.join(shapes)}; found "
                         f"{', '.join(sorted(set(arrays) - {ABOUT})) or 'none'}: {first}")
    for key, shape in shapes.items():
        found = arrays[key]
        if found.shape != tuple(shape) or found.dtype != np.float32:
            raise StoreError(f"{name}: expected {key} as float32 {tuple(shape)}, found {found.dtype} {found.shape}")
        if not np.isfinite(found).all():
            raise StoreError(f"{name}: expected finite numbers in {key}, found NaN or infinity")
    p = Parameters(shapes)  # not before, so that memory is asked for only as the file has it
    for key in shapes:
        p[key][...] = arrays[key]  # a scale may have no axes
    return p


def arrays_of(p: Parameters) -> dict[str, np.ndarray]:
    """A network's parameters as named arrays, the form in which they are saved."""
    return {name: p[name] for name in p}
