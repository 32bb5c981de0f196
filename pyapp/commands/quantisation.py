"""Commands for quantisation: measure any combination, find sensitive layers, mix precisions."""

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pyapp import store
from pyapp.commands.common import add_data, add_json, add_weights, command, show
from pyapp.data import mnist
from pyapp.models import mlp
from pyapp.models.measure import measure, measure_float, network_for, training_images
from pyapp.models.packed import arrays_of
from pyapp.models.qat_recipe import QATRecipe
from pyapp.models.quantized import CLIPS, METHODS, Settings
from pyapp.models.trained import train_network
from pyapp.quant.calibrate import CALIBRATIONS
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, SCHEMES

NONE = "none"


def add(commands: Any) -> None:
    sub = command(commands, "evaluate", evaluate, "accuracy, loss and size of a network, in float or quantised", True)
    add_weights(sub)
    add_data(sub)
    sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")
    sub.add_argument("--bits", type=int, metavar="B", help=f"weights of {MIN_BITS} to {MAX_BITS} bits; float if absent")
    add_settings(sub)
    sub.add_argument("--rounding", choices=ROUNDINGS, default="single", help="how integer sums are requantised")
    add_json(sub)


    sub = command(commands, "qat", train, "train a network with quantisation and save it packed, with its recipe", True)
    sub.add_argument("--data", required=True, metavar="DIR", help="folder with MNIST's four IDX files")
    sub.add_argument("--out", required=True, metavar="FILE", type=Path, help="the .npz to write; a .json beside it")
    for field in fields(QATRecipe):
        sub.add_argument(f"--{field.name}", type=type(field.default), default=field.default, help=field.metadata["doc"])


def add_settings(sub: argparse.ArgumentParser) -> None:
    """Everything of `Settings` but the bits of the weights."""
    sub.add_argument("--scheme", choices=SCHEMES, default="symmetric", help="of the weights")
    sub.add_argument("--per", metavar="tensor|channel|group:N", default="tensor", help="what shares a scale")
    sub.add_argument("--activations", metavar=f"BITS|{NONE}", type=bits_or_none, help="bits of the activations")
    sub.add_argument("--calibrate", choices=CALIBRATIONS, default="minmax", help="ranges of the activations")
    sub.add_argument("--method", choices=METHODS, default="round", help="how weights become codes")
    sub.add_argument("--clip", choices=CLIPS, default="minmax", help="range of the weights: all, or least squares")
    sub.add_argument("--bias-correction", action="store_true", help="give the biases what rounding took from the mean")
    sub.add_argument("--seed", type=int, default=1, help="of AdaRound and of training")


def bits_or_none(text: str) -> int | None:
    """Whole number, or None for "none"."""
    return None if text == NONE else int(text)


def settings_of(args: argparse.Namespace, bits: int | tuple[int, ...]) -> Settings:
    given = {field.name: getattr(args, field.name) for field in fields(Settings) if hasattr(args, field.name)}
    return Settings(**{**given, "bits": bits})


def train(args: argparse.Namespace) -> None:
    """Train with quantisation from the shipped float network, and measure on integers alone."""
    recipe = QATRecipe(**{field.name: getattr(args, field.name) for field in fields(QATRecipe)})
    digits = training_images(args.data)
    print(f"{len(digits.labels)} images to train on", file=sys.stderr)
    network = train_network(recipe, digits, lambda line: print(line, file=sys.stderr, flush=True))
    metrics = {"test": measure(network, mnist.load(args.data, "test")), "shipped": measure(network, mnist.load())}
    options = [f"--{f.name} {getattr(recipe, f.name)}" for f in fields(recipe) if getattr(recipe, f.name) != f.default]
    store.save(args.out, arrays_of(network), {
        "command": " ".join([f"python -m pyapp qat mlp --data DIR --out weights/{args.out.name}", *options]),
        "data": "DIR: MNIST's four files, less the 5,000 images that the page ships", **asdict(recipe),
        "images": len(digits.labels), "images_sha256": hashlib.sha256(digits.images.tobytes()).hexdigest(),
        "from_sha256": store.recipe(mlp.SHIPPED)["sha256"], "metrics": metrics,
    })
    print(json.dumps(metrics))


def evaluate(args: argparse.Namespace) -> None:
    """Accuracy on a folder's images, in float or quantised as asked."""
    p, digits = mlp.load(args.weights), mnist.load(args.data, args.split)
    if args.bits is None:
        result = measure_float(p, digits)
    else:
        settings = settings_of(args, args.bits)
        network = network_for(p, settings, args.data, lambda line: print(line, file=sys.stderr, flush=True))
        result = {**asdict(settings), **measure(network, digits, args.rounding)}
    if "note" in result:
        print(f"bitladder: {result['note']}", file=sys.stderr)
    show(result, args.json, f"{result['accuracy']:.2%} of {result['n']} images right, loss {result['loss']:.4f}; "
                            f"{result['bits']} bits a weight, {result['bytes']:,} bytes, {result['arithmetic']}")
