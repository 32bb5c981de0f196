"""Commands that train a network and save its weights with their recipe."""

import argparse
from typing import Any

from pyapp import store
from pyapp.checkpoint import described
from pyapp.commands import encoder, fine_tuning, generators
from pyapp.commands.common import (
    DATA,
    SHIPPED_LEFT_OUT,
    TITLES,
    add_recipe,
    add_weights,
    command,
    networks,
    progress,
    recipe_of,
)
from pyapp.commands.outputs import add_weights_out
from pyapp.commands.saving import counted, save_trained
from pyapp.commands.transformers import TRAININGS, add_training
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.measure.measure import calibration, measure, training_images
from pyapp.nets import mlp
from pyapp.quant.schemes import GRID
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.packed import arrays_of
from pyapp.quantized.qat_recipe import QATRecipe, StudentRecipe, train_qat, train_student
from pyapp.quantized.saved import classes_of
from pyapp.quantized.trained import train_network
from pyapp.sweep.grid import NONE
from pyapp.training.recipes import MLPRecipe, accuracies, train_mlp
from pyapp.training.trainer import evaluate


def add(commands: Any) -> None:
    models = networks(commands, "train", "train a network and save its weights with their recipe")
    sub = command(models, "mlp", train, f"the {TITLES['mlp']}")
    _add_files(sub)
    sub.add_argument("--exclude", default=str(mnist.SHIPPED), metavar="DIR",
                     help=f"folder of images that are left out of the training, or {NONE}")
    add_recipe(sub, MLPRecipe)
    for name, (recipe, function, data) in TRAININGS.items():
        add_training(command(models, name, function, f"the {TITLES[name]}"), recipe, data)
    encoder.add_training(models)
    generators.add_training(models)

    models = networks(commands, "qat", "train a network with quantisation (QAT) and save it with its recipe")
    sub = command(models, "mlp", train_quantised, f"the {TITLES['mlp']}, whose packed codes are saved; "
                  "with --format its float32 weights, which evaluate with the same --format and --activations rounds "
                  "to the trained codes")
    _add_files(sub)
    add_weights(sub, "the float32 network that training starts from")
    add_recipe(sub, QATRecipe)
    fine_tuning.add(models)

    sub = command(commands, "distill", distill,
                  "train a network of other layers with a trained one as its teacher", model=True)
    _add_files(sub)
    add_weights(sub, "the teacher, a float32 network")
    add_recipe(sub, StudentRecipe)


def train(args: argparse.Namespace) -> None:
    """Train on a folder's training images less those of --exclude, and measure on its test images."""
    recipe, test, shipped = recipe_of(args, MLPRecipe), mnist.load(args.data, "test"), _shipped_if_there()
    digits = counted(mnist.training_images(args.data, None if args.exclude == NONE else args.exclude))
    test = test.among(digits.classes, "its training part")
    p = train_mlp(recipe, digits, progress)
    on_shipped = {"shipped": accuracies(p, shipped)} if shipped and digits.classes == shipped.classes else {}
    exclude = [] if args.exclude == str(mnist.SHIPPED) else [f"--exclude {args.exclude}"]
    save_trained(
        args, "train mlp --data DIR", recipe,
        described(store.arrays_of(p), "train mlp", classes=digits.classes, activation=p.activation),
        digits, exclude, parameters=p.vector.size,
        data="DIR: MNIST's four files, or other images with labels; --exclude: by default what the page ships",
        metrics={"test": accuracies(p, test), **on_shipped})


def _shipped_if_there() -> Digits | None:
    """The shipped test images, or None if they are missing."""
    try:
        return mnist.load()
    except mnist.ShippedMissing:
        progress("the shipped digits are missing, so the network will not be measured on them")
        return None


def train_quantised(args: argparse.Namespace) -> None:
    """Quantisation-aware training from a float32 network, by default the shipped one, measured in integers only.

    With a number format the file has the float32 weights that make the trained codes: `evaluate mlp --format NAME` on
    it measures the same again.
    """
    recipe, test, shipped, start, p = recipe_of(args, QATRecipe), *_needed(args)
    digits = counted(training_images(args.data).among(test.classes, args.weights.name))
    inputs = calibration(args.data, test.classes)[0]
    if recipe.format == GRID:
        network = train_network(recipe, digits, progress, p, inputs)
        arrays = arrays_of(network)
    else:
        model, p = train_qat(recipe, digits, progress, p)
        network = quantize_network(model.plain(p), Settings(activations=recipe.activations or None).at(recipe.format),
                                   inputs)
        arrays = store.arrays_of(model.plain(p))
    about = described(arrays, "qat mlp", classes=digits.classes, activation=p.activation)
    save_trained(args, "qat mlp --data DIR", recipe, about, digits, _start(args), data=_data(digits), from_sha256=start,
                 metrics={name: measure(network, each) for name, each in {"test": test, **shipped}.items()})


def distill(args: argparse.Namespace) -> None:
    """Train a float32 network with other hidden layers, taught by a trained one; the file has float32 weights."""
    recipe, test, shipped, teacher, taught_by = recipe_of(args, StudentRecipe), *_needed(args)
    digits = counted(training_images(args.data).among(test.classes, args.weights.name))
    model, p = train_student(recipe, digits, progress, taught_by)

    def measured(on: Digits) -> dict[str, Any]:
        return {"n": len(on.labels), "float": evaluate(model, p, on.inputs(), on.labels)["accuracy"]}

    save_trained(args, "distill mlp --data DIR", recipe,
                 described(store.arrays_of(p), "distill mlp", classes=digits.classes, activation=p.activation), digits,
                 _start(args), data=_data(digits), parameters=p.vector.size, teacher_sha256=teacher,
                 metrics={name: measured(each) for name, each in {"test": test, **shipped}.items()})


def _needed(args: argparse.Namespace) -> tuple[Digits, dict[str, Digits], str, Parameters]:
    """Test images, under "shipped" the shipped ones if the network is of digits, sha256 and parameters of --weights:
    loaded first, so that a missing file is reported before the training."""
    classes = classes_of(args.weights)
    test = mnist.load(args.data, "test").among(classes, f"the network that this starts from, {args.weights.name},")
    shipped = {"shipped": mnist.load()} if classes == TEN else {}
    return test, shipped, store.digest(args.weights), mlp.load(args.weights)


def _data(digits: Digits) -> str:
    """What a recipe says about the folder --data."""
    return SHIPPED_LEFT_OUT if digits.classes == TEN else "DIR: other images with labels"


def _start(args: argparse.Namespace) -> list[str]:
    """--weights as the recipe's command names it."""
    return [] if args.weights == mlp.SHIPPED else [f"--weights {args.weights}"]


def _add_files(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--data", required=True, metavar="DIR", help=DATA)
    add_weights_out(sub, required=True)
