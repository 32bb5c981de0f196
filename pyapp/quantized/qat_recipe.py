"""How networks are trained with quantisation, and small students with a teacher.

Epochs and rates were chosen on the 5,000 shipped digits, which are not among the images that recipes train on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.core.clamps import RELU, checked
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import augment, mnist
from pyapp.data.mnist import Digits
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.quant.schemes import GRID
from pyapp.quantized.qat import QATMLP
from pyapp.training.distill import Teacher
from pyapp.training.recipes import ACTIVATION, Recipe, option, train
from pyapp.training.trainer import Loss, Trainer, cross_entropy

NO_HIDDEN = "none"
CALIBRATION = 1024  # training images, the first ones, that set the scales before training


@dataclass(frozen=True)
class QATRecipe(Recipe):
    """Everything that decides the codes besides the images and the float32 network that training starts from."""

    bits: int | tuple[int, ...] = option(4, "bits per weight; or one number per layer, as in 8,3,4", least=2)
    activations: int = option(4, "bits of pixels and hidden activations, or none for float32", least=0)
    per: str = option("tensor", "which weights share a scale: tensor, channel or group:N")
    estimator: str = option("lsq", "where scales come from: ste (the largest value) or lsq (learned)")
    share: float = option(0.5, "the float32 network's share of the loss, as a teacher; 0 learns from the labels alone",
                          least=0)
    temperature: float = option(2.0, "softens the answers of teacher and student")
    format: str = option(GRID, "number format of the weights in place of a grid of bits, such as nf4, mxfp4 or "
                               "ternary; the file then has float32 weights, and evaluate needs the same --format")

    def __post_init__(self):
        if self.format != GRID:
            from pyapp.quant.formats.catalogue import check_choice  # here, because the first page has no formats
            check_choice(self.format, vars(self), {name: getattr(QATRecipe, name) for name in ("bits", "per")})


@dataclass(frozen=True)
class StudentRecipe(Recipe):
    """Everything that decides a small float32 network that learns from the shipped one."""

    epochs: int = option(20, "passes over the images")
    batch: int = option(64, "images averaged in one step")
    hidden: str = option("32", "sizes of the hidden layers, as in 64-32, or none")
    activation: str = option(RELU, ACTIVATION)
    share: float = option(0.5, "the teacher's share of the loss; 0 learns from the labels alone", least=0)
    temperature: float = option(2.0, "softens the answers of teacher and student")

    def __post_init__(self):
        checked(self.activation)

    def sizes(self, outputs: int = mlp.SIZES[-1]) -> tuple[int, ...]:
        """Inputs and outputs of all layers. ValueError if `hidden` does not list sizes."""
        hidden = () if self.hidden == NO_HIDDEN else mlp.read_sizes(self.hidden, "hidden", f"64-32, or {NO_HIDDEN}")
        return mlp.check_sizes((mlp.SIZES[0], *hidden, outputs), outputs=outputs)


def train_qat(recipe: QATRecipe, digits: Digits, report: Callable[[str], None],
              trained: Parameters | None = None) -> tuple[QATMLP, Parameters]:
    """Train the digits network with codes, from a float one (by default the shipped one), which also teaches it.

    `report` gets a line per epoch. `model.to_network(p)` of what comes back is the quantised network, and
    `model.plain(p)` has float32 weights that a number format turns into the trained codes.
    """
    trained = mlp.load() if trained is None else trained
    model = QATMLP(MLP.of(trained).sizes, recipe.bits, recipe.activations or None, recipe.per,
                   recipe.estimator, recipe.format)
    p = model.start(trained, digits.rows(np.arange(min(CALIBRATION, len(digits.labels)))).inputs())
    train(recipe, model, p, digits, report, _teaching(recipe, trained))
    return model, p


def train_student(recipe: StudentRecipe, digits: Digits, report: Callable[[str], None],
                  teacher: Parameters | None = None) -> tuple[MLP, Parameters]:
    """Train a float32 network of other sizes with a teacher, by default the shipped network."""
    model = MLP(recipe.sizes(len(digits.classes)))
    p = model.initial(recipe.seed, activation=recipe.activation)
    train(recipe, model, p, digits, report, _teaching(recipe, mlp.load() if teacher is None else teacher))
    return model, p


def _teaching(recipe: QATRecipe | StudentRecipe, teacher: Parameters) -> Loss:
    return Teacher(MLP.of(teacher), teacher, recipe.temperature, recipe.share) if recipe.share else cross_entropy


def five_qat_steps(estimator: str, bits: int = 4, activations: int = 4, seed: int = 1,
                   optimiser: str = "sgd") -> dict[str, np.ndarray]:
    """Codes and scales after five steps from the shipped weights, on shipped digits with augmentation: for the proof
    that they are the same in every runtime."""
    inputs, labels = mnist.shipped("train")
    model = QATMLP(bits=bits, activations=activations, estimator=estimator)
    p = model.start(mlp.load(), inputs[:CALIBRATION])
    method = OPTIMISERS[optimiser]
    trainer = Trainer(model, p, method(p, method.usual_rate), inputs, labels, seed,
                      augment=lambda x, rng: augment.shift(x, rng, 2))
    for _ in range(5):
        trainer.step()
    tensors, grids = model.weights(p), model.activations(p)
    return {**{f"{name}.codes": tensor.codes for name, tensor in tensors.items()},
            **{f"{name}.scale": tensor.scale.reshape(-1) for name, tensor in tensors.items()},
            **{f"{name}.scale": grid.scale.reshape(-1) for name, grid in grids.items()}}
