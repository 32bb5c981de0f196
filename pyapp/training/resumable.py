"""Long trainings that can be resumed: a warm start, a falling rate, a line now and then, and a checkpoint."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files, store
from pyapp.checkpoint import DATA, FLAT, RECIPE, TRAINER, Contents, described, packed_json, training, unpacked_json
from pyapp.core.schedule import warm_cosine
from pyapp.store import StoreError
from pyapp.training.trainer import Trainer

Arrays = Mapping[str, np.ndarray]
SHORT = 12  # hexadecimal digits of a hash that an error shows


class Checkpoint:
    """A file with everything that decides the rest of a training, written completely or not at all.

    It belongs to a recipe and to data, of which it keeps the hash; `extra` arrays are kept too, such as a vocabulary.
    """

    def __init__(self, path: Path, recipe: Any, data: str = "", by: str = "", extra: Arrays | None = None):
        self.path, self.data, self.by, self.extra = path, data, by, dict(extra or {})
        self.recipe = json.loads(json.dumps(asdict(recipe)))

    def save(self, trainer: Trainer) -> None:
        arrays = {**training(trainer.p, trainer.state()), **self.extra, RECIPE: packed_json(self.recipe),
                  DATA: packed_json(self.data)}
        files.write(self.path, store.pack(described(arrays, self.by, trainer.model.size.heads)))

    def restore(self, trainer: Trainer, report: Callable[[str], None] = print) -> None:
        """Resume from the file, if there is one. StoreError if it belongs to another recipe, network or data, and says
        which. An older file that does not record its data is trusted, and that is reported."""
        if not self.path.is_file():
            return
        saved = Contents(store.unpack(files.read(self.path), str(self.path)), str(self.path))
        self._check_recipe(saved)
        if DATA in saved.arrays:
            self._check_data(saved)
        else:
            report(f"{self.path} does not record what it was trained on; resuming with the data given here")
        older = FLAT in saved.weights
        try:
            p = saved.weights[FLAT] if older else saved.parameters(trainer.p.shapes).vector
            if p.shape != trainer.p.vector.shape or not np.isfinite(p).all():
                raise ValueError(f"expected {trainer.p.vector.size:,} finite weights")
            trainer.load_state(saved.weights if older else saved.under(TRAINER))
        except (ValueError, TypeError, OverflowError) as error:
            raise self._refused(f"holds {saved.words}, which this training cannot resume ({error})") from None
        trainer.p.vector[:] = p

    def _check_recipe(self, saved: Contents) -> None:
        try:
            known = unpacked_json(saved.arrays[RECIPE])
            if set(known) != set(self.recipe):
                raise ValueError("another recipe")
            other = [name for name in self.recipe if known[name] != self.recipe[name]]
        except (KeyError, ValueError, TypeError):
            raise self._refused(f"holds {saved.words}, not an unfinished training of this kind") from None
        if other:
            theirs, ours = (", ".join(f"{name}={json.dumps(recipe[name])}" for name in other)
                            for recipe in (known, self.recipe))
            raise self._refused(f"holds a training with {theirs}, but this one has {ours}: give it what it started "
                                "with")

    def _check_data(self, saved: Contents) -> None:
        try:
            known = str(unpacked_json(saved.arrays[DATA]))
        except ValueError as error:
            raise self._refused(f"does not record what it was trained on ({error})") from None
        if known != self.data:
            raise self._refused(f"was trained on other data (sha256 {known[:SHORT]}..., this has "
                                f"{self.data[:SHORT]}...): give the data that it started with")

    def _refused(self, why: str) -> StoreError:
        return StoreError(f"{self.path} {why}; or name another file, or remove this one to start again")


def hash_of(*arrays: np.ndarray) -> str:
    """The sha256 of the dtypes, shapes and numbers of arrays, to recognise data."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return found.hexdigest()


def train_resumable(trainer: Trainer, steps: int, rate: float, warmup: int, report: Callable[[str], None],
                    before: Callable[[int], None] = lambda step: None, judge: Callable[[], str] = lambda: "",
                    every: int = 500, checkpoint: Checkpoint | None = None) -> None:
    """Train up to `steps` steps with the rate of `warm_cosine`.

    `before` is told the number of each step. After `every` steps `report` is given a line that ends with what `judge`
    says, and the checkpoint is written; a training that is started again goes on from it, to the same weights.
    ValueError as soon as the loss is not a number.
    """
    if checkpoint:
        checkpoint.restore(trainer, report)
    found = []
    while trainer.steps < steps:
        trainer.optimiser.rate = rate * warm_cosine(trainer.steps, steps, warmup)
        before(trainer.steps)
        found.append(trainer.step())
        if not np.isfinite(found[-1][0]):
            raise ValueError(f"the loss is not a finite number after step {trainer.steps}; train with a lower rate "
                             f"than {rate:g}")
        if trainer.steps % every == 0 or trainer.steps == steps:
            loss, accuracy = np.mean(found, axis=0)
            report(f"step {trainer.steps}/{steps}  loss {loss:.4f}  accuracy {accuracy:.4f}  {judge()}".rstrip())
            found = []
            if checkpoint:
                checkpoint.save(trainer)
