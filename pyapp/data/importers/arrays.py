"""NumPy's files: an .npz with arrays for images and labels, .npy files of such names, or one .npy file per class."""

import re
from collections import Counter
from collections.abc import Callable

import numpy as np

from pyapp import npz
from pyapp.data.digits import DataError
from pyapp.data.importers.found import SPLITS, Found, split_named, words_of
from pyapp.data.importers.images import few, of_array, shaped
from pyapp.data.importers.source import File, Source

IMAGES = {"x", "images", "image", "data", "pixels", "inputs", "input", "features"}
LABELS = {"y", "labels", "label", "targets", "target", "class", "answers"}
NAMES = {"classes", "class_names", "names", "label_names", "target_names"}
BY_PLACE = {"arr_0": "x", "arr_1": "y", "arr_2": "x_test", "arr_3": "y_test"}  # of numpy.savez without names
PART = re.compile(rf"(?i)(?<![^\W_])({'|'.join(SPLITS)})(?![^\W\d_])")  # a whole word of a name
MOST = 2**29  # bytes of all arrays
Unpack = Callable[[bytes, int], dict[str, np.ndarray]]


def read(source: Source) -> Found | None:
    """Images from arrays; None if there are no such files. DataError says why they cannot be used."""
    files = [file for file in source.files if file.ending in (".npz", ".npy")]
    if not files:
        return None
    for file in source.files:
        if file not in files:
            source.skip(file, "it is not a NumPy file")
    outline = _all(source, files, npz.outline)  # what cannot be images is refused before it is unpacked
    if not outline:
        raise DataError(f"{source.name}: it holds no arrays; use a file with images and labels")
    pairs = _paired(source, outline)
    if not pairs and not _apart(source, outline):
        return None
    arrays = _all(source, files, npz.unpack)
    return _pairs(source, arrays, pairs) if pairs else _by_class(source, arrays)


def _all(source: Source, files: list[File], unpack: Unpack) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for file in files:
        arrays |= _arrays(file, unpack)
        if sum(array.nbytes for array in arrays.values()) > MOST:
            raise DataError(f"{source.name} holds more than {MOST:,} bytes of numbers; use fewer images, or uint8")
    return arrays


def _arrays(file: File, unpack: Unpack) -> dict[str, np.ndarray]:
    """The arrays of a file by name. DataError says what is wrong with it."""
    data = file.read(MOST)
    try:
        if file.ending == ".npz" and not data.startswith(npz.MAGIC):
            return unpack(data, MOST)
        dtype, fortran, shape, start = npz.form(data[: npz.BEGINNING], len(data), file.path)
        flat = np.frombuffer(data, dtype, int(np.prod(shape, dtype=np.int64)), start)
        return {file.stem: flat.reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="))}
    except npz.Damaged as error:
        raise DataError(f"{file.path}: expected an {file.ending} file, found {error}") from None


def _paired(source: Source, arrays: dict[str, np.ndarray]) -> dict[str, tuple[str, str]]:
    """The names of images and of the labels that belong to them by name, by part. DataError if their shapes do not
    fit."""
    roles = {name: _role(name) for name in arrays}
    labels = {split_named(BY_PLACE.get(name, name)): name for name, role in roles.items() if role == "labels"}
    images = {split_named(BY_PLACE.get(name, name)): name for name, role in roles.items() if role == "images"}
    for role, chosen in (("images", images), ("labels", labels)):
        if lost := [name for name in arrays if roles[name] == role and name not in chosen.values()]:
            raise DataError(f"{source.name}: {lost[0]} is a second array of {role} of the same part; keep one of each, "
                            "or put them together")
    pairs = {split: (images[split], labels[split]) for split in sorted(images.keys() & labels.keys(), reverse=True)}
    for name, label in pairs.values():
        x, y = arrays[name], arrays[label]
        if len(x.shape) < 2 or (len(x) != y.size and not _one_hot(y, len(x))):
            raise DataError(f"{source.name}: {name} has shape {x.shape} and {label} {y.shape}; expected as many labels "
                            "as images")
        few(len(x), name)
        shaped(x.shape, name)
    return pairs


def _pairs(source: Source, arrays: dict[str, np.ndarray], pairs: dict[str, tuple[str, str]]) -> Found:
    """Arrays of images with their labels."""
    found, roles = Found("NumPy arrays"), {name: _role(name) for name in arrays}
    names = next((arrays[name] for name, role in roles.items() if role == "names"), None)
    for split, (name, label) in pairs.items():
        x, y = arrays[name], arrays[label]
        told = [_text(each) for each in (y.argmax(axis=1) if _one_hot(y, len(x)) else y.reshape(-1)).tolist()]
        if names is not None and all(each.isdecimal() and int(each) < len(names) for each in set(told)):
            told = [_text(names.reshape(-1)[int(each)]) for each in told]
        read, rows, notes = of_array(x, name, lambda i, why, name=name: source.skip(f"{name}, {i + 1}", why))
        named = np.array([y.dtype.kind != "f" or told[i] != "nan" for i in rows], bool)
        for i in rows[~named].tolist():
            source.skip(f"{label}, {i + 1}", "its label is NaN")
        if named.any():
            found.add(split, read[named], [told[i] for i in rows[named]])
        found.notes += [f"{name} has the images and {label} their labels", *notes]
    for name in arrays:
        if not roles[name]:
            source.skip(name, "its name says neither images (x, images, data) nor labels (y, labels, target)")
    return found


def _apart(source: Source, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One array of images per class, as Quick, Draw! has its drawings; none of arrays of another kind, as weights.
    DataError if their shapes do not fit."""
    if not any(map(_role, arrays)) and not all(_has_images(array) for array in arrays.values()):
        return {}
    fitting = {name: array for name, array in arrays.items() if array.ndim >= 2 and _role(name) != "labels"}
    if len(fitting) < 2 or any(_role(name) == "images" for name in fitting):
        raise DataError(f"{source.name} holds the arrays {_listed(arrays)}; expected two that are named like x and y "
                        "or like images and labels, or one array of images per class")
    few(sum(map(len, fitting.values())), source.name)
    for name, array in fitting.items():
        shaped(array.shape, name)
    return fitting


def _by_class(source: Source, arrays: dict[str, np.ndarray]) -> Found:
    found, fitting = Found("NumPy arrays, one per class"), _apart(source, arrays)
    placed = _placed(list(fitting))
    for name, array in fitting.items():
        read, _, notes = of_array(array, name, lambda i, why, name=name: source.skip(f"{name}, {i + 1}", why))
        split, label = placed[name]
        found.add(split, read, [label] * len(read))
        found.notes += [note for note in notes if note not in found.notes]
    return found


def _placed(names: list[str]) -> dict[str, tuple[str, str]]:
    """The part and the class of each array by its name. A word is a part only if another array has the same class
    without it or with another part."""
    bare = {name: PART.sub("", name, count=1).strip("_- .") for name in names}
    several = Counter(bare.values())
    return {name: (split_named(name), bare[name]) if bare[name] and split_named(name) and several[bare[name]] > 1
            else ("", name.removeprefix("full_numpy_bitmap_")) for name in names}


def _has_images(array: np.ndarray) -> bool:
    try:
        shaped(array.shape, "")
    except DataError:
        return False
    return True


def _role(name: str) -> str:
    """What an array is by its name: "images", "labels", "names" of classes, or ""."""
    name = BY_PLACE.get(name.lower(), name.lower())
    if name in NAMES:
        return "names"
    words = set(words_of(name))
    return "images" if words & IMAGES else "labels" if words & LABELS else ""


def _one_hot(y: np.ndarray, n: int) -> bool:
    return y.ndim == 2 and y.shape[0] == n and y.shape[1] > 1 and y.dtype.kind in "buif"


def _text(value: object) -> str:
    """A label as the name of a class: 3.0 is 3."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _listed(arrays: dict[str, np.ndarray]) -> str:
    told = [f"{name[:40]} {array.shape}" for name, array in list(arrays.items())[:4]]
    return ", ".join(told) + (f" and {len(arrays) - 4} more" if len(arrays) > 4 else "")
