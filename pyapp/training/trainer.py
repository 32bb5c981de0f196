"""Training by mini-batches, and judging a trained network."""

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from pyapp.core.losses import softmax_cross_entropy
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.core.watching import Watch, last, unwatched

CHUNK = 500  # images that are judged at once
Augment = Callable[[np.ndarray, "np.random.Generator"], np.ndarray]
# (x, logits, labels) -> loss, dL/dlogits, probabilities; x is the batch as the network saw it, for a teacher to see too
Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray, np.ndarray]]


def cross_entropy(x: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The usual loss of a `Trainer`: softmax cross-entropy with the labels; the inputs x play no part."""
    return softmax_cross_entropy(logits, labels)


class Trainer:
    """Mini-batch training, one batch per `step()`.

    `batch`, `augment`, `loss` and `optimiser` may be changed between steps. All that decides the next step besides them
    is in `state()`, so a run that is saved and restored goes on exactly as if it had not been interrupted.
    """

    def __init__(self, model, p: Parameters, optimiser, images: np.ndarray, labels: np.ndarray, seed: int,
                 batch: int = 32, augment: Augment | None = None, loss: Loss = cross_entropy):
        self.model, self.p, self.optimiser = model, p, optimiser
        self.images, self.labels = images, labels  # float32 (N, 784), int64 (N,)
        self.batch, self.augment, self.loss = batch, augment, loss
        self.steps = self.seen = 0
        self._rng = generator(seed, "batches")
        self._order = np.empty(0, np.int64)
        self._next = 0

    def step(self) -> tuple[float, float]:
        """Train on the next batch; return its loss and accuracy before the update."""
        if self._next >= len(self._order):
            self._order, self._next = self._rng.permutation(len(self.images)).astype(np.int64), 0
        rows = self._order[self._next : self._next + self.batch]
        self._next += len(rows)
        x, labels = self.images[rows], self.labels[rows]
        if self.augment:
            x = self.augment(x, self._rng)
        loss, dlogits, probabilities = self.loss(x, self.model.forward(self.p, x), labels)
        self.model.backward(self.p, dlogits)
        self.optimiser.step(self.p)
        self.steps += 1
        self.seen += len(rows)
        return loss, float((probabilities.argmax(axis=1) == labels).mean())

    @property
    def epoch(self) -> float:
        """Passes over the data so far."""
        return self.seen / len(self.images)

    @property
    def epoch_ended(self) -> bool:
        return self._next >= len(self._order)

    def state(self) -> dict[str, np.ndarray]:
        """Everything besides the parameters that decides the next step, as arrays."""
        pcg = self._rng.bit_generator.state
        words = [pcg["state"]["state"] >> shift & 0xFFFFFFFF for shift in (0, 32, 64, 96)]
        return {
            "order": self._order,
            "counters": np.array([self.steps, self.seen, self._next, pcg["has_uint32"]], np.int64),
            "rng": np.array([*words, pcg["uinteger"]], np.uint32),
            **{f"optimiser.{name}": value for name, value in self.optimiser.state.items()},
        }

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from an earlier `state()` of a trainer with the same model, data, seed and optimiser.

        ValueError if an array is missing, has another shape, or points outside of the data.
        """
        for name, found in {"order": (len(self.images),), "counters": (4,), "rng": (5,),
                            **{f"optimiser.{k}": v.shape for k, v in self.optimiser.state.items()}}.items():
            if name not in state or state[name].shape not in (found, (0,) if name == "order" else found):
                raise ValueError(f"expected the array {name} with shape {found}")
            if state[name].dtype.kind not in "fiu" or not np.isfinite(state[name]).all():
                raise ValueError(f"expected finite numbers in {name}")
        order, counters = state["order"].astype(np.int64), [int(n) for n in state["counters"]]
        if state["rng"].dtype != np.uint32 or counters[3] > 1 or (state.get("optimiser.t", order) < 0).any():
            raise ValueError("expected random words uint32, a flag of 0 or 1, and a time from 0")
        if min(counters) < 0 or (order.size and not 0 <= order.min() <= order.max() < len(self.images)):
            raise ValueError("expected counters from 0 and an order of the training images")
        self._order = order
        self.steps, self.seen, self._next, has_uint32 = counters
        *words, uinteger = (int(n) for n in state["rng"])
        pcg = self._rng.bit_generator.state
        pcg["state"]["state"] = sum(word << 32 * i for i, word in enumerate(words))
        pcg["has_uint32"], pcg["uinteger"] = has_uint32, uinteger
        self._rng.bit_generator.state = pcg
        for name, value in self.optimiser.state.items():
            value[:] = state[f"optimiser.{name}"]


def anneal(trainer: Trainer, epochs: int, rate: float, report: Callable[[str], None]) -> None:
    """Train for some epochs while the learning rate falls from `rate` to zero along half a cosine (Loshchilov and
    Hutter 2017, eq. 5, without restarts); `report` gets a line per epoch. ValueError as soon as the loss is not
    finite: later weights could not be saved."""
    for epoch in range(1, epochs + 1):
        losses, accuracies = [], []
        while trainer.epoch < epoch:
            trainer.optimiser.rate = rate * (1 + math.cos(math.pi * trainer.epoch / epochs)) / 2
            loss, accuracy = trainer.step()
            if not math.isfinite(loss):
                raise ValueError(f"the loss is not a finite number after step {trainer.steps}; train with a lower rate "
                                 f"than {rate:g}")
            losses.append(loss)
            accuracies.append(accuracy)
        report(f"epoch {epoch}/{epochs}  loss {np.mean(losses):.4f}  accuracy {np.mean(accuracies):.4f}")


def judge(model, p: Parameters, images: np.ndarray, labels: np.ndarray, chunk: int = CHUNK) -> Iterator[dict | None]:
    """Loss, accuracy and predictions over a data set, as a generator that yields None after each chunk of work.

    The last item is {"loss": nats, "accuracy": 0..1, "predictions": int64 (N,), "answers": probabilities,
    float32 (N, K)}, so a page can stay responsive between.
    """
    loss, predictions, answers = 0.0, np.empty(len(images), np.int64), []
    for start in range(0, len(images), chunk):
        rows = slice(start, min(start + chunk, len(images)))
        part, _, probabilities = softmax_cross_entropy(model.forward(p, images[rows]), labels[rows])
        loss += part * (rows.stop - rows.start)
        predictions[rows] = probabilities.argmax(axis=1)
        answers.append(probabilities.astype(np.float32))
        yield None
    yield {"loss": loss / len(images), "accuracy": float((predictions == labels).mean()), "predictions": predictions,
           "answers": np.concatenate(answers)}


def evaluate(model, p: Parameters, images: np.ndarray, labels: np.ndarray, watch: Watch = unwatched) -> dict:
    """`judge` run to its end: the last item."""
    return last(judge(model, p, images, labels), -(-len(images) // CHUNK), watch)
