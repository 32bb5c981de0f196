"""How the shipped teacher is made. Spread and contrast were chosen on the shipped digits.

Why an autoencoder and not a GAN: it has one loss, which falls, and since each training image has to be drawn again, no
way of writing can be forgotten: a GAN's mode collapse has no place to begin. What it does worse, it is helped with:
blur by `contrast`, pictures between two digits by the classifier at its side, styles that no image has by `hands`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.core.optim import Adam
from pyapp.core.parameters import Parameters
from pyapp.data.mnist import Digits
from pyapp.digitgen.autoencoder import Autoencoder, Loss
from pyapp.digitgen.router import train_router
from pyapp.digitgen.teacher import CLASSES, STYLES, hands, shapes
from pyapp.training.recipes import option
from pyapp.training.resumable import train_resumable
from pyapp.training.trainer import Trainer

CHUNK = 1000  # images that the encoder sees at once


@dataclass(frozen=True)
class TeacherRecipe:
    """Everything that decides the weights besides the images. The defaults are the shipped recipe."""

    seed: int = option(1, "sets the first weights, order and noise", least=0)
    epochs: int = option(30, "passes over the images")
    rate: float = option(0.001, "peak learning rate, which then falls to zero along half a cosine")
    warmup: int = option(400, "steps in which the learning rate rises to its peak", least=0)
    batch: int = option(128, "images averaged in one step")
    beta: float = option(0.7, "weight of the divergence from N(0, 1): more is smoother, less is sharper", least=0)
    gamma: float = option(15.0, "weight of the classifier's opinion of pictures from styles that no image had", least=0)
    spread: float = option(0.75, "how far samples go from their digit's mean style: a share of the spread found",
                           least=0)
    contrast: float = option(1.6, "factor before the last sigmoid, against the blur of a mean")
    route: int = option(1500, "steps in which the router learns")
    edge: float = option(4.0, "factor of the router's logits: how thin the border between two digits is")


def train_teacher(recipe: TeacherRecipe, digits: Digits, report: Callable[[str], None]) -> Parameters:
    """Train router and decoder, then find the styles of each digit; `report` gets a line per epoch."""
    p = Parameters(shapes())
    shares = np.bincount(digits.labels, minlength=CLASSES).astype(np.float32) / np.float32(len(digits.labels))
    routed = train_router(recipe.seed, recipe.route, shares, report)
    for name in routed:
        last = name.startswith(("router", "bend2"))
        p[name][:] = routed[name] * np.float32(recipe.edge if last else 1.0)
    model, learned = _train_autoencoder(recipe, digits, report)
    for linear in model.decoder.linears:
        for name in linear.shapes:
            p[name][:] = learned[name] * np.float32(recipe.contrast if linear is model.decoder.linears[-1] else 1.0)
    _look_at_hands(recipe, model, learned, digits, p)
    return p


def _train_autoencoder(recipe: TeacherRecipe, digits: Digits,
                       report: Callable[[str], None]) -> tuple[Autoencoder, Parameters]:
    model = Autoencoder()
    p = model.initial(recipe.seed)
    rows = np.concatenate([digits.inputs(), np.eye(CLASSES, dtype=np.float32)[digits.labels]], axis=1)

    def with_noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([x, rng.standard_normal((len(x), 2 * STYLES), dtype=np.float32)], axis=1)

    trainer = Trainer(model, p, Adam(p, recipe.rate), rows, digits.labels, recipe.seed, recipe.batch, with_noise,
                      Loss(recipe.beta, recipe.gamma))
    epoch = -(-len(rows) // recipe.batch)  # steps
    train_resumable(trainer, recipe.epochs * epoch, recipe.rate, recipe.warmup, report, every=epoch)
    return model, p


def _look_at_hands(recipe: TeacherRecipe, model: Autoencoder, learned: Parameters, digits: Digits,
                   p: Parameters) -> None:
    """Mean and covariance of the styles that the encoder sees in each digit's images become the digit's own m_k + L_k ε
    (a density after the fact, Ghosh et al. 2020, section 4): cov = E[σ²] + cov μ = L Lᵀ, times the recipe's spread."""
    weight, bias = (p[name].reshape(CLASSES, STYLES, -1) for name in hands().shapes)
    images = digits.inputs()
    for k in range(CLASSES):
        own = images[digits.labels == k]
        x = np.concatenate([own, np.eye(CLASSES, dtype=np.float32)[np.full(len(own), k)]], axis=1)
        seen = np.concatenate([model.encoder.forward(learned, x[i : i + CHUNK]) for i in range(0, len(x), CHUNK)])
        mean, log_variance = np.split(seen.astype(np.float64), 2, axis=1)
        covariance = np.cov(mean.T) + np.diag(np.exp(log_variance).mean(axis=0))
        weight[k] = recipe.spread * np.linalg.cholesky(covariance)
        bias[k, :, 0] = mean.mean(axis=0)
