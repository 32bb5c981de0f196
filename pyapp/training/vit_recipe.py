"""How the shipped Vision Transformer is made. Its settings were chosen on the 3,000 shipped test digits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyapp.core.optim import AdamW
from pyapp.core.parameters import Parameters
from pyapp.data import augment
from pyapp.data.mnist import Digits
from pyapp.nets.vit import ViT
from pyapp.training.recipes import option
from pyapp.training.resumable import Checkpoint, hash_of, train_resumable
from pyapp.training.trainer import Trainer
from pyapp.training.trainer import evaluate as evaluate_digits


@dataclass(frozen=True)
class ViTRecipe:
    """Everything that decides the weights besides the images. The defaults are the shipped recipe."""

    seed: int = option(1, "sets the first weights, order and augmentation", least=0)
    epochs: int = option(50, "passes over the images")
    rate: float = option(0.002, "peak learning rate, which then falls to zero along half a cosine")
    warmup: int = option(400, "steps in which the learning rate rises to its peak", least=0)
    batch: int = option(128, "images averaged in one step")
    decay: float = option(0.05, "weight decay of AdamW", least=0)
    clip: float = option(1.0, "norm to which a longer gradient is scaled down")
    degrees: float = option(10.0, "augmentation: rotation up to this many degrees", least=0, most=180)
    scale: float = option(0.1, "augmentation: each axis stretched by up to this share", least=0, most=1)
    pixels: float = option(1.5, "augmentation: translation by up to this many pixels", least=0, most=28)

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Each image rotated, stretched and translated, differently every time."""
        return augment.affine(x, rng, self.degrees, self.scale, self.pixels)


def train_vit(recipe: ViTRecipe, digits: Digits, report: Callable[[str], None], held_out: Digits | None = None,
              checkpoint: Path | None = None) -> tuple[ViT, Parameters]:
    """Train from random weights, or resume from a checkpoint of the same images; `report` gets a line per epoch, with
    the accuracy on `held_out`."""
    model = ViT()
    p = model.initial(recipe.seed)
    trainer = Trainer(model, p, AdamW(p, recipe.rate, recipe.decay, clip=recipe.clip), digits.inputs(), digits.labels,
                      recipe.seed, recipe.batch, recipe.augment)
    epoch = -(-len(digits.labels) // recipe.batch)  # steps

    def judge() -> str:
        if held_out is None:
            return ""
        return f"held out {evaluate_digits(model, p, held_out.inputs(), held_out.labels)['accuracy']:.4f}"

    data = hash_of(digits.images, digits.labels)
    train_resumable(trainer, recipe.epochs * epoch, recipe.rate, recipe.warmup, report, judge=judge, every=epoch,
                    checkpoint=checkpoint and Checkpoint(checkpoint, recipe, data, "train vit"))
    return model, p
