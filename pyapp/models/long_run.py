"""Long trainings: a warm start, a falling rate, a line now and then, and checkpoints to go on from."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files, store
from pyapp.core.schedule import warm_cosine
from pyapp.models.trainer import Trainer

RECIPE, WEIGHTS = "recipe", "weights"  # in a checkpoint, beside the trainer's state


class Checkpoint:
    """A file with all that decides the rest of a training; it is written whole or not at all."""

    def __init__(self, path: Path, recipe: Any):
        self.path = path
        self._recipe = np.frombuffer(json.dumps(asdict(recipe)).encode(), np.uint8)

    def save(self, trainer: Trainer) -> None:
        files.write(self.path, store.pack({RECIPE: self._recipe, WEIGHTS: trainer.p.vector, **trainer.state()}))

    def restore(self, trainer: Trainer) -> None:
        """Go on where the file was written, if there is one. ValueError if it belongs to another recipe or network."""
        if not self.path.is_file():
            return
        arrays = store.unpack(files.read(self.path), str(self.path))
        known = arrays.get(RECIPE, np.empty(0, np.uint8)).tobytes()
        if known != self._recipe.tobytes() or arrays[WEIGHTS].shape != trainer.p.vector.shape:
            raise ValueError(f"{self.path}: expected a checkpoint of this recipe, found one of {known.decode()}; "
                             "remove it to start again")
        trainer.load_state(arrays)
        trainer.p.vector[:] = arrays[WEIGHTS]


def train_long(trainer: Trainer, steps: int, rate: float, warmup: int, report: Callable[[str], None],
               before: Callable[[int], None] = lambda step: None, judge: Callable[[], str] = lambda: "",
               every: int = 500, checkpoint: Checkpoint | None = None) -> None:
    """Train up to `steps` steps with the rate of `warm_cosine`.

    `before` is told the number of each step. Every so many steps `report` is given a line that ends with what `judge`
    says, and the checkpoint is written; a training that is started again goes on from it, to the same weights.
    ValueError as soon as the loss is no number.
    """
    if checkpoint:
        checkpoint.restore(trainer)
    found = []
    while trainer.steps < steps:
        trainer.optimiser.rate = rate * warm_cosine(trainer.steps, steps, warmup)
        before(trainer.steps)
        found.append(trainer.step())
        if not np.isfinite(found[-1][0]):
            raise ValueError(f"the loss is no number after step {trainer.steps}; train with a lower rate than {rate:g}")
        if trainer.steps % every == 0 or trainer.steps == steps:
            loss, accuracy = np.mean(found, axis=0)
            report(f"step {trainer.steps}/{steps}  loss {loss:.4f}  accuracy {accuracy:.4f}  {judge()}".rstrip())
            found = []
            if checkpoint:
                checkpoint.save(trainer)
