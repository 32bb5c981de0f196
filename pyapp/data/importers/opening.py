"""Data of any kind, opened: images with labels in two parts, and a report of what was understood."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.core.classes import LONGEST, TEN, is_name
from pyapp.core.classes import MOST as MOST_CLASSES
from pyapp.core.rng import generator
from pyapp.core.words import counted
from pyapp.data.digits import DataError, Digits, named
from pyapp.data.importers import arrays, csv_table, idx_files, listed, pictures, sheet, source
from pyapp.data.importers.found import Found
from pyapp.data.importers.images import MOST
from pyapp.data.importers.source import Source, natural
from pyapp.data.orientation import as_mnist
from pyapp.data.picture import PictureError

# In this order: a folder of pictures may hold a CSV file besides, a sheet is one picture in no class.
IMPORTERS = (idx_files, arrays, pictures, listed, csv_table, sheet)
READ = ("IDX files, CSV with one image per line, folders of pictures named by class, pictures beside a CSV file with "
        "the columns id and label, a sprite sheet, or .npz or .npy; as a folder or a zip file; a CSV file, a sheet or "
        "an .npz may also come alone")
NETWORKS = (".onnx", ".safetensors", ".npz", ".gguf", ".tflite")  # what may hold one; only an .npz may hold images too
ARCHIVES = (".zip", ".exe", ".tar", ".tgz", ".tar.gz", ".7z", ".rar")
SEED = 1  # of the split: every command that opens the same data has to hold out the same images
HELD_OUT = 5  # one image in so many of a class
FIRST = 20  # images that the report points to


class NotRecognised(DataError):
    """Nothing here can be read as images with labels; `instead` says what can."""

    def __init__(self, name: str, inside: str = "", network: bool = False):
        archive = f"unpack {inside} first: archives of its kind, or within others, are not opened"
        tensors = (f"if it is a network, give it as --weights, for example to evaluate mlp; inspect {name} lists its "
                   "tensors. For images, ")
        self.instead = archive if inside else f"{tensors * network}use {READ}"
        super().__init__(f"{name}: no images with labels in it; {self.instead}")


@dataclass(frozen=True)
class Imported:
    """Images to train on and held-out ones, `parts` "train" and "test"; either may be missing where only the other was
    named. `notes` say what was understood, `changes` what was done to the images, `skipped` which files were not
    read and why."""

    name: str
    kind: str
    parts: dict[str, Digits]
    notes: tuple[str, ...]
    changes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return next(iter(self.parts.values())).classes

    def part(self, split: str) -> Digits:
        """The images of a split, "train" or "test". DataError if there are none."""
        if split not in self.parts:
            there, = self.parts
            raise DataError(f"{self.name} has only {counted(there, 'image')}; add {split} images")
        return self.parts[split]

    def report(self) -> dict[str, Any]:
        """What was understood, as plain data."""
        counts = {split: np.bincount(part.labels, minlength=len(part.classes)) for split, part in self.parts.items()}
        return {
            "name": self.name, "kind": self.kind, "images": sum(len(part.labels) for part in self.parts.values()),
            "classes": [{"name": name, **{split: int(count[i]) for split, count in counts.items()}}
                        for i, name in enumerate(self.classes)],
            **{split: {"images": len(part.labels), "smallest": int(part.images.min()),
                       "largest": int(part.images.max()), "mean": round(float(part.images.mean(dtype=np.float64)), 2)}
               for split, part in self.parts.items()},
            "notes": [*self.notes, *self.changes],
            "skipped": [{"file": file, "reason": why} for file, why in self.skipped]}

    def first(self, n: int = FIRST) -> Digits:
        """The first images of each class, n altogether, in the order of the classes."""
        part = next(iter(self.parts.values()))
        each = max(1, n // len(self.classes))
        rows = [np.flatnonzero(part.labels == i)[:each] for i in range(len(self.classes))]
        return part.rows(np.concatenate(rows)[:max(n, len(self.classes))])


def opened(path: str | Path) -> Imported:
    """The data at a path. DataError says why it cannot be used; NotRecognised that it is none of READ."""
    found = source.of_path(Path(path))
    return _kept(_Key(found, (str(path), *((file.path, file.stamp) for file in found.files))))


def opened_bytes(data: bytes, name: str) -> Imported:
    """The data in a file that was brought."""
    return imported(source.of_bytes(data, name))


class _Key:
    """A cache key for a source: equal until one of its files changes."""

    def __init__(self, found: Source, stamp: tuple):
        self.found, self.stamp = found, stamp

    def __hash__(self) -> int:
        return hash(self.stamp)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.stamp == other.stamp


@lru_cache(maxsize=1)  # a command asks for one part of it and then for the other
def _kept(key: _Key) -> Imported:
    return imported(key.found)


def imported(given: Source) -> Imported:
    """The images of a source, read by the first importer that knows its files. DataError if these cannot be used;
    NotRecognised if no importer knows them."""
    before = len(given.skipped)
    try:
        for importer in IMPORTERS:
            if (found := importer.read(given)) is not None:
                return _finished(found, given)
            del given.skipped[before:]
    except (DataError, PictureError) as error:
        named = str(error).startswith(given.name)
        raise DataError(str(error) if named else f"{given.name}: {error}") from None
    inside = next((file.path for file in given.files if file.name.lower().endswith(ARCHIVES)), "")
    raise NotRecognised(given.name, inside, [file.ending in NETWORKS for file in given.files] == [True])


def _finished(found: Found, given: Source) -> Imported:
    """Classes numbered, images the right way up, and a part held out."""
    images = {split: np.concatenate(parts) for split, parts in found.images.items()}
    if not images or not all(map(len, images.values())):
        first = f" ({given.skipped[0][0]}: {given.skipped[0][1]})" if given.skipped else ""
        raise DataError(f"{given.name}: no image in it can be read{first}")
    if (n := sum(map(len, images.values()))) > MOST:
        raise DataError(f"{given.name} has {n:,} images; at most {MOST:,} are read: use a part of them")
    classes = _classes({name for names in found.names.values() for name in names}, given.name)
    numbers = {name: i for i, name in enumerate(classes)}
    parts, changes = {}, []
    for split, part in images.items():
        labels = np.array([numbers[name] for name in found.names[split]], np.int64)
        upright, said = as_mnist(part, labels, found.emnist, classes)
        files = np.array(found.files[split], object) if found.files[split] else None
        parts[split] = Digits(upright, labels, classes, files)
        changes += [each for each in said if each not in changes]
    parts, how = (parts, []) if found.parted else _split(parts)
    changes += [*how, *_gaps(parts)]
    return Imported(given.name, found.kind, parts, tuple(found.notes), tuple(changes), tuple(given.skipped))


def _classes(names: set[str], where: str) -> tuple[str, ...]:
    """The classes in order: the ten digits if all are such, else as they are named. DataError if they cannot be."""
    if names <= set(TEN):
        return TEN
    if len(names) < 2:
        raise DataError(f"{where}: all images are of one class ({next(iter(names))[:LONGEST]}); give two or more")
    if len(names) > MOST_CLASSES:
        raise DataError(f"{where} has {len(names):,} classes; at most {MOST_CLASSES:,} are read. Is another column the "
                        "label?")
    if odd := [name for name in names if not is_name(name)]:
        raise DataError(f"{where}: the class {min(odd)[:LONGEST]!r} has no usable name; use 1 to {LONGEST} "
                        "printable characters")
    return tuple(sorted(names, key=natural))


def _split(parts: dict[str, Digits]) -> tuple[dict[str, Digits], list[str]]:
    """Two parts, and sentences about how they came about."""
    notes = []
    if "" in parts and "train" not in parts:
        parts = {"train": parts.pop(""), **parts}
    elif "" in parts:
        parts["train"] = _joined(parts["train"], parts.pop(""))
    if "val" in parts:
        val = parts.pop("val")
        if "train" not in parts or "test" not in parts:
            parts["test" if "train" in parts else "train"] = val
            notes.append("the validation images are read as the held-out ones" if "train" in parts and
                         parts.get("test") is val else "the validation images are trained on")
        else:
            parts["train"] = _joined(parts["train"], val)
            notes.append("the validation images are trained on too")
    if "test" in parts:
        return {split: parts[split] for split in ("train", "test") if split in parts}, notes
    whole = parts["train"]
    held = _held_out(whole.labels)
    if not 0 < held.sum() < len(held):
        raise DataError("there are too few images to hold some out; give at least two of a class")
    return {"train": whole.rows(~held), "test": whole.rows(held)}, [
        *notes, f"no part is named as held out, so one image in {HELD_OUT} of each class is, by the seed {SEED}"]


def _gaps(parts: dict[str, Digits]) -> list[str]:
    """Sentences about classes that only one of both parts has images of."""
    if len(parts) < 2:
        return []
    train, test = (set(parts[split].labels.tolist()) for split in ("train", "test"))
    return [f"{what}: {named([parts['train'].classes[label] for label in sorted(labels)])}" for labels, what in (
        (test - train, "no images to train on, so that a network cannot learn them"),
        (train - test, "no held-out images, so that nothing measures them")) if labels]


def _joined(one: Digits, other: Digits) -> Digits:
    files = None if one.files is None or other.files is None else np.concatenate([one.files, other.files])
    return Digits(*(np.concatenate(pair) for pair in zip(one, other, strict=True)), one.classes, files)


def _held_out(labels: np.ndarray) -> np.ndarray:
    """Which images are held out, bool (N,): one in HELD_OUT of each class, and at least one of two."""
    order, held = generator(SEED, "held out").permutation(len(labels)), np.zeros(len(labels), bool)
    counts = Counter(labels.tolist())
    for label in sorted(counts):
        mine = order[labels[order] == label]
        held[mine[: max(len(mine) // HELD_OUT, int(len(mine) > 1))]] = True
    return held
