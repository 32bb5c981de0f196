"""The mini decoder's routing is distilled from the teacher: it learns the teacher's answers to many latents."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.core.losses import softmax_and_log
from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.core.schedule import warm_cosine
from pyapp.digitgen import mini
from pyapp.digitgen.mini import one_hot
from pyapp.digitgen.painter import Painter, styles
from pyapp.digitgen.teacher import CLASSES, LATENTS
from pyapp.training.recipes import option

MEAN_OF = 200  # pictures per class in a mean picture


@dataclass(frozen=True)
class RoutingRecipe:
    """Everything that decides the routing besides the teacher. The defaults are the shipped recipe."""

    seed: int = option(1, "sets the first weights and the latents", least=0)
    steps: int = option(2000, "batches of latents")
    rate: float = option(0.05, "learning rate at the start; it falls to zero along half a cosine")
    batch: int = option(512, "latents averaged in one step")
    temperature: float = option(30.0, "softens the teacher's coefficients, so that the second choice counts")


def distil(recipe: RoutingRecipe, teacher: Painter, report: Callable[[str], None]) -> tuple[Parameters, float]:
    """The routing, and its last loss: KL(t ‖ s) in nats with t = softmax(r(u) / T) of the teacher, s = softmax(W u + b)
    (Hinton et al. 2015, section 2). d KL / d(W u + b) = s - t.

    A teacher that is certain says nothing about the other nine digits. At a high temperature it does, so the student,
    whose own temperature slider ends at 1.5, gets coefficients that really blend.
    """
    p, rng = Parameters(mini.SHAPES, np.float64), generator(recipe.seed, "routing")
    optimiser, losses = Adam(p, recipe.rate), []
    for step in range(1, recipe.steps + 1):
        u = rng.uniform(-1, 1, (recipe.batch, LATENTS))
        target = teacher.coefficients(u, recipe.temperature)
        answer, log_answer = softmax_and_log(u @ p[mini.WEIGHT].T + p[mini.BIAS])
        error = (answer - target) / recipe.batch
        p.grad[mini.WEIGHT][:], p.grad[mini.BIAS][:] = error.T @ u, error.sum(axis=0)
        optimiser.rate = recipe.rate * warm_cosine(step - 1, recipe.steps)
        optimiser.step(p)
        log_target = np.log(np.where(target > 0, target, 1.0))  # 0 log 0 = 0: a sure teacher's coefficients underflow
        losses.append(float((target * (log_target - log_answer)).sum(axis=1).mean()))
        if step % max(1, recipe.steps // 10) == 0:
            report(f"step {step}/{recipe.steps}  loss {np.mean(losses[-recipe.steps // 10 :]):.5f} nats")
    return p.astype(np.float32), float(np.mean(losses[-recipe.steps // 10 :]))


def mean_pictures(teacher: Painter) -> np.ndarray:
    """The mean of the teacher's pictures of each digit, uint8 (10, 784)."""
    style = styles(np.arange(MEAN_OF, dtype=np.uint32))
    sums = [teacher.paint(one_hot(digit, MEAN_OF), style).sum(axis=0, dtype=np.int64) for digit in range(CLASSES)]
    return ((np.stack(sums) + MEAN_OF // 2) // MEAN_OF).astype(np.uint8)
