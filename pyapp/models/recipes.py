"""How the shipped weights are made."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import augment
from pyapp.data.mnist import Digits
from pyapp.models.mlp import MLP
from pyapp.models.trainer import Trainer, anneal, evaluate
from pyapp.quant.parameters import quantize_parameters


def option(default: Any, doc: str) -> Any:
    """A recipe's field with the sentence that the command line shows for it."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class MLPRecipe:
    """Everything that decides the weights besides the images. The defaults are the shipped recipe."""

    seed: int = option(1, "decides first weights, order and augmentation")
    epochs: int = option(80, "passes over the images")
    optimiser: str = option("adam", "how a gradient becomes a step")
    rate: float = option(0.001, "learning rate at the start; it falls to zero along half a cosine")
    batch: int = option(64, "images that one step averages over")
    degrees: float = option(10.0, "augmentation: rotation up to this many degrees")
    scale: float = option(0.1, "augmentation: each axis stretched by up to this share")
    pixels: float = option(1.5, "augmentation: shift up to this many pixels")


def train_mlp(recipe: MLPRecipe, digits: Digits, report: Callable[[str], None]) -> Parameters:
    """Train the digits network; `report` is given a line an epoch."""
    model = MLP()
    p = model.initial(recipe.seed)
    optimiser = OPTIMISERS[recipe.optimiser](p, recipe.rate)
    trainer = Trainer(model, p, optimiser, digits.inputs(), digits.labels, recipe.seed, recipe.batch,
                      lambda x, rng: augment.affine(x, rng, recipe.degrees, recipe.scale, recipe.pixels))
    anneal(trainer, recipe.epochs, recipe.rate, report)
    return p


def facts(recipe: MLPRecipe, trained_on: Digits) -> dict[str, Any]:
    """The recipe and its data, as they go into the file beside the weights."""
    return {
        **asdict(recipe), "parameters": sum(math.prod(shape) for shape in MLP().shapes.values()),
        "images": len(trained_on.images), "images_sha256": hashlib.sha256(trained_on.images.tobytes()).hexdigest(),
    }


def accuracies(p: Parameters, digits: Digits, bits: tuple[int, ...] = (8, 6, 4, 3, 2)) -> dict[str, Any]:
    """Accuracy in float and at each number of bits, symmetric per tensor."""
    model, inputs = MLP(), digits.inputs()
    sets = {"float": p, **{str(b): quantize_parameters(p, b).parameters for b in bits}}
    scores = {name: evaluate(model, q, inputs, digits.labels)["accuracy"] for name, q in sets.items()}
    return {"n": len(inputs), **scores}
