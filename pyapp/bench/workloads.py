"""The work that the benchmark times, the same in every runtime: an epoch, one image, five hundred images."""

from collections.abc import Callable
from typing import Any

from pyapp.core.losses import softmax
from pyapp.core.optim import SGD
from pyapp.data import mnist
from pyapp.measure.timing import times_ms
from pyapp.nets.mlp import MLP
from pyapp.training.trainer import Trainer

BATCH, RATE = 32, 0.1


def _epoch() -> Callable[[], Any]:
    model = MLP()
    p = model.initial(seed=1)
    trainer = Trainer(model, p, SGD(p, RATE), *mnist.shipped("train"), seed=1, batch=BATCH)

    def epoch() -> None:
        trainer.step()
        while not trainer.epoch_ended:
            trainer.step()

    return epoch


def _predict(n: int) -> Callable[[], Any]:
    model, x = MLP(), mnist.shipped("test")[0][:n]
    p = model.initial(seed=1)
    return lambda: softmax(model.forward(p, x))


WORKLOADS: dict[str, Callable[[], Callable[[], Any]]] = {
    "epoch": _epoch,  # 2,000 images, batches of 32, SGD
    "image": lambda: _predict(1),
    "batch": lambda: _predict(500),
}


def timed(name: str, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each of `repeats` runs of a workload, after one that is not counted."""
    return {"ms": times_ms(WORKLOADS[name](), repeats)}
