"""Training as a page drives it: one batch at a time, judged after each epoch, saved as arrays and resumed."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import store
from pyapp.checkpoint import PARAMS, TRAINER, Contents, described, packed_json, training
from pyapp.core.optim import OPTIMISERS, SGD, Adam
from pyapp.core.parameters import Parameters
from pyapp.data import augment, mnist
from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param, Values
from pyapp.pages.base import controls
from pyapp.training.trainer import Trainer

DIVERGED = "The training has diverged: the loss is no longer a number. Lower the learning rate and reset."

RECENT = TRAINER + "recent"  # float64: 1 while the last batch is judged; its loss; accuracies up to an epoch back
SHOWN_AGAIN = "Training uses your own weights, so they are shown again."

BATCH = controls.batch("32", (8, 16, 32, 64, 128), "images", "Number of images averaged in one step")
SHIFT = Param("shift", "Translation augmentation", "int", 0, lo=0, hi=3, unit="px",
              doc="Each training image is moved by up to this many pixels, differently each time")
SEED = controls.seed("Decides the first weights and the order of the images: the same seed gives the same run",
                     live=False)


class DigitsTraining:
    """A Trainer on the shipped digits, or on other inputs and labels, that obeys a page's parameters: seed, optimiser,
    rate, batch, shift."""

    def __init__(self, model, p: Parameters, params: Values, data: tuple[np.ndarray, np.ndarray] | None = None):
        self.trainer = Trainer(model, p, optimiser_of(p, params), *(data or mnist.shipped("train")), params["seed"])
        self.batch: dict[str, float | None] = {"loss": None, "train_accuracy": None}  # of the last batch; over an epoch
        self._accuracies: list[float] = []  # of the batches that make up one pass over the data
        self._untold = False  # whether a batch was trained on whose numbers have not been yielded yet
        self.obey(params)

    def obey(self, params: Values, changed: str = "") -> None:
        """Apply the parameters that may change while training; a new optimiser starts without memory."""
        if changed == "optimiser":
            self.trainer.optimiser = optimiser_of(self.trainer.p, params)
        self.trainer.optimiser.rate, self.trainer.batch = params["rate"], int(params["batch"])
        pixels = params["shift"]
        self.trainer.augment = (lambda x, rng: augment.shift(x, rng, pixels)) if pixels else None

    def steps(self, judge: Callable[[], Iterator[dict | None]]) -> Iterator[Frame | None]:
        """One training batch per item; after each epoch what `judge` finds, in pieces. Ends when the loss is NaN.

        `judge` yields None after each piece of its work, and last its scores. If this is left while it judges, the next
        call judges again before it trains on.
        """
        while self._untold or math.isfinite(self.batch["loss"] or 0.0):
            if not self._untold:
                self._step()
            scores = {}
            if self.trainer.epoch_ended:
                for item in judge():
                    scores = item or {}
                    if item is None:
                        yield None
            self._untold = False
            yield Frame(self.trainer.steps, self.batch | scores)

    def _step(self) -> None:
        loss, accuracy = self.trainer.step()
        in_an_epoch = -(-len(self.trainer.images) // self.trainer.batch)
        self._accuracies = [*self._accuracies, accuracy][-in_an_epoch:]
        self._read(loss, self._accuracies)
        self._untold = True

    def _read(self, loss: float, accuracies: list[float]) -> None:
        self._accuracies = accuracies
        self.batch = {"loss": loss, "train_accuracy": sum(accuracies) / len(accuracies)}

    def arrays(self, params: Values, by: str, **more: Any) -> dict[str, np.ndarray]:
        """A checkpoint of the page `by`, as `arrays_of` makes it."""
        extra = more.pop("extra", {})
        if self._accuracies:
            extra = extra | {RECENT: np.array([self._untold, self.batch["loss"], *self._accuracies], np.float64)}
        return arrays_of(self.trainer, params, by, extra=extra, **more)

    def go_on(self, saved: Contents) -> None:
        """Restore the state that the checkpoint saved. StoreError if part of it is missing. Older ones do not have the
        numbers of the last batches."""
        go_on(self.trainer, saved)
        if RECENT not in saved.arrays:
            return
        untold, loss, *accuracies = recent = np.ravel(saved.arrays[RECENT]).tolist()
        if len(recent) < 3 or untold not in (0, 1) or not all(0 <= each <= 1 for each in accuracies):
            raise store.StoreError(f"{saved.name}: expected the loss and accuracies of the last batches in {RECENT}")
        self._read(loss, accuracies)
        self._untold = bool(untold)


def optimiser_of(p: Parameters, params: Values) -> SGD | Adam:
    return OPTIMISERS[params["optimiser"]](p, params["rate"])


def arrays_of(trainer: Trainer, params: Values, by: str, extra: Mapping[str, np.ndarray] | None = None,
              **more: Any) -> dict[str, np.ndarray]:
    """A checkpoint: the network, the state of its training, and the page's parameters; `more` as for
    `described`."""
    arrays = training(trainer.p, trainer.state())
    arrays |= {**(extra or {}), PARAMS: packed_json(params)}
    return described(arrays, by, activation=trainer.p.activation, **more)


def go_on(trainer: Trainer, saved: Contents) -> None:
    """Restore a training that a page has saved. StoreError if part of it is missing."""
    try:
        trainer.load_state(saved.under(TRAINER))
    except (ValueError, OverflowError) as error:
        raise store.StoreError(f"{saved.name}: {error}; the file is not a complete snapshot of this page") from None
