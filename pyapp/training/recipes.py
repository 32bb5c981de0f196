"""How the shipped weights are made."""

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from pyapp.core.clamps import RELU, checked
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import augment
from pyapp.data.mnist import Digits
from pyapp.nets.mlp import MLP, USUAL, read_sizes, sizes_of
from pyapp.quant.parameters import quantize_parameters
from pyapp.training.trainer import Loss, Trainer, anneal, cross_entropy, evaluate

MOST = 2**31 - 1  # of what is counted: steps, images; a seed may be larger
ACTIVATION = "what each hidden layer's sums go through"


def option(default: Any, doc: str, least: float | None = None, most: float = math.inf) -> Any:
    """A recipe's field with the sentence that the command line shows for it. A number has to be finite, at most `most`,
    and `least` or more; where that is None, more than 0."""
    return field(default=default, metadata={"doc": doc, "least": least, "most": most})


def check(recipe: Any) -> None:
    """ValueError if a number in a recipe, a dataclass of `option`s, is too small, too large to count, or not finite."""
    for f in fields(recipe):
        value, least = getattr(recipe, f.name), f.metadata["least"]
        if not isinstance(value, int | float):
            continue
        enough = value > 0 if least is None else value >= least  # NaN is not
        if not (enough and value < math.inf):
            raise ValueError(f"{f.name} is {value}; use {'more than 0' if least is None else f'{least} or more'}")
        most = MOST if isinstance(value, int) and f.name != "seed" else math.inf
        if value > (most := min(most, f.metadata["most"])):
            raise ValueError(f"{f.name} is {value}; use at most {most}")


@dataclass(frozen=True)
class Recipe:
    """What every training has in common: with the images, it decides the weights."""

    seed: int = option(1, "sets the first weights, order and augmentation", least=0)
    epochs: int = option(30, "passes over the images")
    optimiser: str = option("adam", "how a gradient becomes a step")
    rate: float = option(0.002, "learning rate at the start; it falls to zero along half a cosine")
    batch: int = option(128, "images averaged in one step")
    degrees: float = option(10.0, "augmentation: rotation up to this many degrees", least=0, most=180)
    scale: float = option(0.1, "augmentation: each axis stretched by up to this share", least=0, most=1)
    pixels: float = option(1.5, "augmentation: translation by up to this many pixels", least=0, most=28)

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Each image rotated, stretched and translated, differently every time."""
        return augment.affine(x, rng, self.degrees, self.scale, self.pixels)


@dataclass(frozen=True)
class MLPRecipe(Recipe):
    """The float digits network. The defaults are the shipped recipe."""

    layers: str = option(USUAL, "inputs, then the outputs of each dense layer, such as 784,32,10")
    activation: str = option(RELU, ACTIVATION)
    epochs: int = option(80, "passes over the images")
    rate: float = option(0.001, "learning rate at the start; it falls to zero along half a cosine")
    batch: int = option(64, "images averaged in one step")

    def __post_init__(self):
        checked(self.activation)
        sizes_of(self.layers, outputs=read_sizes(self.layers, "layers", USUAL)[-1])  # as many classes as the data have


def train(recipe: Recipe, model, p: Parameters, digits: Digits, report: Callable[[str], None],
          loss: Loss = cross_entropy) -> None:
    """Train p as the recipe says; `report` gets a line per epoch."""
    optimiser = OPTIMISERS[recipe.optimiser](p, recipe.rate)
    trainer = Trainer(model, p, optimiser, digits.inputs(), digits.labels, recipe.seed, recipe.batch, recipe.augment,
                      loss)
    anneal(trainer, recipe.epochs, recipe.rate, report)


def train_mlp(recipe: MLPRecipe, digits: Digits, report: Callable[[str], None]) -> Parameters:
    """Train the digits network from random weights."""
    model = MLP(sizes_of(recipe.layers, outputs=len(digits.classes)))
    p = model.initial(recipe.seed, activation=recipe.activation)
    train(recipe, model, p, digits, report)
    return p


def facts(recipe: Any, trained_on: Digits) -> dict[str, Any]:
    """The recipe and its data, as they go into the file beside the weights."""
    return {**asdict(recipe), "images": len(trained_on.images),
            "images_sha256": hashlib.sha256(trained_on.images.tobytes()).hexdigest()}


def accuracies(p: Parameters, digits: Digits, bits: Iterable[int] = range(8, 1, -1)) -> dict[str, Any]:
    """Accuracy of the float32 network and at each number of bits, weights symmetric per tensor, activations float."""
    model, inputs = MLP.of(p), digits.inputs()
    sets = {"float": p, **{str(b): quantize_parameters(p, b).parameters for b in bits}}
    scores = {name: evaluate(model, q, inputs, digits.labels)["accuracy"] for name, q in sets.items()}
    return {"n": len(inputs), **scores}
