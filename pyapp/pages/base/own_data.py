"""The reader's own data on the page that trains: read in the browser, shown before training starts, never sent."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from pyapp.checkpoint import TRAINER, Contents, packed_json, unpacked_json
from pyapp.core.classes import TEN, unnamed
from pyapp.data import mnist
from pyapp.data.digits import DataError, Digits, named
from pyapp.experiment.panels import Column, Panel, Table, Words
from pyapp.experiment.params import Param
from pyapp.experiment.pictures import Heatmap
from pyapp.store import StoreError

SHIPPED, OWN = "shipped", "own"
DATA = Param("data", "Images", "choice", SHIPPED, choices=(SHIPPED, OWN), widget="segments", live=False,
             titles={SHIPPED: "shipped digits", OWN: "your own"},
             doc="Images to train on: a zip file of IDX files or folders named by class, CSV, .npz or a sprite sheet")
KEEP = Param("keep", "Save images too", "bool", True,
             doc="Saved files hold the images that you opened; without them, a file opens again only after the images")
ENDINGS = (".zip", ".csv", ".tsv", ".gz", ".npz", ".npy")
ACCEPTS = ".npz,.safetensors,.onnx,.zip,.csv,.tsv,.gz,.npy,.png"
ONE_DIGIT = "{}. To have one drawn digit read, drop its picture on the pad"
MOST = 20_000  # images that a page trains on: its snapshots hold them
LISTED = 30  # classes, notes and skipped files
ARRAYS = TRAINER + "own."  # of a snapshot: images and labels of both parts, and JSON
FILES = "files"  # in the JSON: of each held-out image the path, if it was a file of its own
LEFT_OUT = ARRAYS + "left_out"  # in their place, if the reader wants no images in files
NONE_YET = "No data of your own is loaded; drop a file on the page. Until then, the shipped digits are used."
RECEIVED = ("{}: {:,} images of {} classes are read here and sent nowhere; training starts at step 0. The panel Your "
            "data shows what was understood.")
NEEDS = "{} holds a network for {}; first open the data it was trained on (for digits: set Images to shipped digits)"
PANEL = Panel("own-data", "Your data", (
    Words(text="{own.name}: {own.kind}. It was read in your browser and is sent nowhere. Check that it was read as you "
               "intended, then press Play. “Images” switches back to the shipped digits."),
    Table(name="own-classes", rows="own.classes", caption="Images of each class", tall=True, columns=(
        Column("class", "{name}"), Column("to train on", "train:count"), Column("held out", "test:count"))),
    Heatmap(name="own-images", array="own_images?", limit="own.limit", map="grey", height=200,
            label="The first images of your classes, {own.shown} of 28 by 28.", caption="the first of each class",
            read="image {@tile}, row {@row}, column {@column}: {own_images:fixed:2}"),
    Words(role="note", over="own.notes", text="{text}"),
), when="own?")


def few_enough(n: int, name: str) -> None:
    """StoreError if a file has more images, `n`, than the page trains on."""
    if n > MOST:
        raise StoreError(f"{name} has {n:,} images; the page trains on at most {MOST:,}: use a part of them, or the "
                         "command train")


class OwnData:
    """The images in use, the shipped digits or those of a file, and what was understood of it."""

    def __init__(self, parts: Mapping[str, Digits] | None = None, told: Mapping[str, Any] | None = None):
        self.parts, self._told = parts, told

    def __bool__(self) -> bool:
        return self.parts is not None

    @classmethod
    def read(cls, data: bytes, name: str) -> "OwnData | None":
        """The data in a file, or None if it is something else: weights, a session. StoreError says why data cannot be
        used."""
        from pyapp.data.idx import NAME, begins  # what follows is imported when there is a file
        from pyapp.data.importers.opening import NotRecognised, imported
        from pyapp.data.importers.pictures import pictures
        from pyapp.data.importers.source import PICTURES, of_bytes

        picture = name.lower().endswith(PICTURES)
        named = picture or name.lower().endswith(ENDINGS) or NAME.fullmatch(name.lower()) or begins(data[:16])
        if not named or _is_checkpoint(data, name):
            return None
        try:
            source = of_bytes(data, name)
            few_enough(len(pictures(source)), name)  # before any is decoded, which the page would wait for
            found = imported(source)
            parts = {split: found.part(split) for split in ("train", "test")}
        except NotRecognised as error:
            if name.lower().endswith(".npz"):
                return None  # weights, perhaps of another network
            raise StoreError(str(error)) from None
        except DataError as error:
            raise StoreError(ONE_DIGIT.format(error) if picture else str(error)) from None
        few_enough(sum(len(part.labels) for part in parts.values()), name)
        report = found.report()
        skipped = [f"skipped {each['file']}: {each['reason']}" for each in report["skipped"]]
        notes = [*report["notes"], *skipped]
        more = [f"and {len(notes) - LISTED:,} more"] * (len(notes) > LISTED)
        return cls(parts, {"name": name, "kind": found.kind, "notes": [*notes[:LISTED], *more]})

    @classmethod
    def saved(cls, found: Contents) -> "OwnData | None":
        """The data that a snapshot holds, or None. StoreError if it is damaged."""
        arrays = found.under(ARRAYS)
        if not arrays or LEFT_OUT in found.arrays:
            return None
        try:
            told = unpacked_json(arrays["told"])
            parts = {split: Digits(arrays[f"{split}.images"], arrays[f"{split}.labels"].astype(np.int64), found.classes)
                     for split in ("train", "test")}
            if files := told.get(FILES):
                parts["test"] = replace(parts["test"], files=np.array(list(map(str, files)), object))
                if len(files) != len(parts["test"].labels):
                    raise ValueError("images and files do not fit together")
            for part in parts.values():
                if part.images.shape != (len(part.labels), 28, 28) or part.images.dtype != np.uint8 or not len(
                        part.labels) or not 0 <= part.labels.min() <= part.labels.max() < len(part.classes):
                    raise ValueError("images and labels do not fit together")
            return cls(parts, {"name": str(told["name"]), "kind": str(told["kind"]),
                               "notes": list(map(str, told["notes"]))})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise StoreError(f"{found.name}: expected images to train on, found something else ({error})") from None

    @classmethod
    def of_file(cls, found: Contents, own: bool, brought: "OwnData") -> "OwnData":
        """The data that a file's network is trained on: what the file holds; what was `brought`, if the file left it
        out or, with `own`, in any case; else the shipped digits. StoreError if it has other classes, or is missing."""
        left_out = LEFT_OUT in found.arrays
        data = cls.saved(found) or (brought if own or left_out else cls())
        unnamed_ones = unnamed(found.classes) and len(found.classes) == len(data.classes)
        if (found.classes != data.classes and not unnamed_ones) or (left_out and not data):
            raise StoreError(NEEDS.format(found.name, named(found.classes)))
        return data

    def arrays(self, keep: bool) -> dict[str, np.ndarray]:
        """What `saved` reads, or with `keep` false only a mark that there was something; nothing of the shipped digits.
        """
        if not self:
            return {}
        if not keep:
            return {LEFT_OUT: np.ones(1, np.uint8)}
        found = {f"{ARRAYS}{split}.{name}": array for split, part in self.parts.items()
                 for name, array in (("images", part.images), ("labels", part.labels))}
        files = self.parts["test"].files
        told = self._told if files is None else {**self._told, FILES: files.tolist()}
        return {**found, f"{ARRAYS}told": packed_json(told)}

    @property
    def count(self) -> int:
        """How many images the reader has brought."""
        return sum(len(part.labels) for part in self.parts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        return self.parts["train"].classes if self else TEN

    @cached_property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs float32 (N, 784) and labels int64 (N,) to train on."""
        return _pair(self.parts["train"]) if self else mnist.shipped("train")

    @cached_property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs float32 (N, 784) and labels int64 (N,) that are held out."""
        return _pair(self.parts["test"]) if self else mnist.shipped("test")

    @property
    def files(self) -> np.ndarray | None:
        """The paths of the held-out images, if each was a file of its own."""
        return self.parts["test"].files if self else None

    def frame(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Scalars and arrays that PANEL shows; none of the shipped digits."""
        if not self:
            return {}, {}
        train, test = (self.parts[split] for split in ("train", "test"))
        counts = [np.bincount(part.labels, minlength=len(self.classes)) for part in (train, test)]
        rows = [np.flatnonzero(train.labels == i)[:2] for i in range(len(self.classes))]
        first = np.concatenate(rows)[:LISTED]
        classes = [{"name": name, "train": int(a), "test": int(b)} for name, a, b in zip(
            self.classes, *counts, strict=True)]
        own = {**self._told, "notes": [{"text": f"{note}."} for note in self._told["notes"]], "limit": 1.0,
               "classes": classes, "shown": len(first)}
        return {"own": own}, {"own_images": self.train[0][first].reshape(-1, 28, 28)}


def _pair(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    return digits.inputs(), digits.labels


def _is_checkpoint(data: bytes, name: str) -> bool:
    """Whether an .npz file holds weights, or a session: they have arrays of parameters or say what they are."""
    return name.lower().endswith(".npz") and any(mark in data for mark in (b"about.npy", b".weight", b".codes"))
