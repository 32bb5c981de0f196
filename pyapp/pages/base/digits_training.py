"""A training as a page drives it: a batch at a time, judged after each epoch, kept as arrays and taken up again."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import store
from pyapp.checkpoint import PARAMS, TRAINER, Contents, described, packed_json, training
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import augment, mnist
from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param, Value
from pyapp.training.trainer import Trainer

DIVERGED = "The training has diverged: the loss is no longer a number. Lower the learning rate and reset."

SHOWN_AGAIN = "Training is on your own weights, so these are shown again."

OPTIMISER = Param("optimiser", "Optimiser", "choice", "sgd", choices=tuple(OPTIMISERS),
                  doc="How a gradient becomes a step; changing it also sets the learning rate to its usual value")
BATCH = Param("batch", "Batch size", "choice", "32", choices=("8", "16", "32", "64", "128"), unit="images",
              doc="Images that one step averages its gradient over")
SHIFT = Param("shift", "Shift augmentation", "int", 0, lo=0, hi=3, unit="px",
              doc="Each training image is moved by up to this many pixels, anew every time")
SEED = Param("seed", "Seed", "int", 1, lo=0, hi=2**32 - 1, live=False, widget="number",
             doc="Decides the first weights and the order of the images: the same seed gives the same run")


def usual_rates(**rates: float) -> tuple[str, dict[str, float]]:
    """The optimiser parameter and the default learning rate for each optimiser; `rates` overrides some of them."""
    return OPTIMISER.name, {name: method.usual_rate for name, method in OPTIMISERS.items()} | rates


class DigitsTraining:
    """A Trainer on the shipped digits that obeys a page's parameters: seed, optimiser, rate, batch, shift."""

    def __init__(self, model, p: Parameters, params: Mapping[str, Value]):
        optimiser = OPTIMISERS[params["optimiser"]](p, float(params["rate"]))
        self.trainer = Trainer(model, p, optimiser, *mnist.shipped("train"), int(params["seed"]))
        self.batch: dict[str, float | None] = {"loss": None, "train_accuracy": None}  # of the last batch; over an epoch
        self._accuracies: list[float] = []  # of the batches that make up one pass over the data
        self.obey(params)

    def obey(self, params: Mapping[str, Value]) -> None:
        """Set what may change while training."""
        self.trainer.optimiser.rate, self.trainer.batch = float(params["rate"]), int(params["batch"])
        pixels = int(params["shift"])
        self.trainer.augment = (lambda x, rng: augment.shift(x, rng, pixels)) if pixels else None

    def renew_optimiser(self, params: Mapping[str, Value]) -> None:
        """Begin with another optimiser."""
        self.trainer.optimiser = OPTIMISERS[params["optimiser"]](self.trainer.p, float(params["rate"]))

    def steps(self, judge: Callable[[], Iterator[dict | None]]) -> Iterator[Frame | None]:
        """A training batch an item; after each epoch what `judge` finds, in pieces. Ends where the loss is no number.

        `judge` yields None after each piece of its work, and last its scores.
        """
        loss = 0.0
        while math.isfinite(loss):
            loss, accuracy = self.trainer.step()
            in_an_epoch = -(-len(self.trainer.images) // self.trainer.batch)
            self._accuracies = [*self._accuracies, accuracy][-in_an_epoch:]
            self.batch = {"loss": loss, "train_accuracy": sum(self._accuracies) / len(self._accuracies)}
            scores = {}
            if self.trainer.epoch_ended:
                for item in judge():
                    scores = item or {}
                    if item is None:
                        yield None
            yield Frame(self.trainer.steps, self.batch | scores)

    def arrays(self, params: Mapping[str, Value], by: str, **more: Any) -> dict[str, np.ndarray]:
        """A checkpoint of the page `by`, as `arrays_of` makes it."""
        return arrays_of(self.trainer, params, by, **more)

    def go_on(self, saved: Contents) -> None:
        """Restore the state that the checkpoint saved. StoreError if part of it is missing."""
        go_on(self.trainer, saved)


def arrays_of(trainer: Trainer, params: Mapping[str, Value], by: str, extra: Mapping[str, np.ndarray] | None = None,
              **more: Any) -> dict[str, np.ndarray]:
    """A checkpoint: the network, the state of its training, and the page's parameters; `more` as for
    `described`."""
    arrays = training(trainer.p, trainer.state())
    return described({**arrays, **(extra or {}), PARAMS: packed_json(params)}, by, **more)


def go_on(trainer: Trainer, saved: Contents) -> None:
    """Restore a training that a page has saved. StoreError if part of it is missing."""
    try:
        trainer.load_state(saved.under(TRAINER))
    except (ValueError, OverflowError) as error:
        raise store.StoreError(f"{saved.name}: {error}; the file is not a complete snapshot of this page") from None
