"""Commands for networks: train one, measure it in float or quantised, read a picture with it."""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import store
from pyapp.commands.common import add_json, add_weights, command, show
from pyapp.core.losses import softmax
from pyapp.core.optim import OPTIMISERS
from pyapp.data import drawing, mnist
from pyapp.models import mlp
from pyapp.models.mlp import MLP
from pyapp.models.recipes import MLPRecipe, accuracies, facts, train_mlp
from pyapp.quant.parameters import quantize_parameters
from pyapp.quant.schemes import MAX_BITS, MIN_BITS

NOTHING = "none"
FLOAT_BITS = 32


def add(commands: Any) -> None:
    sub = command(commands, "train", train, "train a network and save its weights with their recipe", model=True)
    sub.add_argument("--data", required=True, metavar="DIR", help="folder with MNIST's four IDX files")
    sub.add_argument("--out", required=True, metavar="FILE", type=Path, help="the .npz to write; a .json beside it")
    sub.add_argument("--exclude", default=str(mnist.SHIPPED), metavar="DIR",
                     help=f"leave out images that are in this folder; {NOTHING!r} leaves out nothing")
    for field in fields(MLPRecipe):
        choices = list(OPTIMISERS) if field.name == "optimiser" else None
        sub.add_argument(f"--{field.name}", type=type(field.default), default=field.default, choices=choices,
                         help=field.metadata["doc"])

    sub = command(commands, "predict", predict, "read the digit in a picture file")
    sub.add_argument("image", metavar="IMAGE", help="a picture of one digit, dark on light or light on dark")
    add_weights(sub)
    sub.add_argument("--bits", type=int, metavar="B", help=f"quantise the weights to {MIN_BITS} to {MAX_BITS} bits")
    add_json(sub)


def train(args: argparse.Namespace) -> None:
    """Train on a folder's training images less those of --exclude, and measure on its test images."""
    recipe = MLPRecipe(**{field.name: getattr(args, field.name) for field in fields(MLPRecipe)})
    digits = mnist.load(args.data, "train")
    if args.exclude != NOTHING:
        for split in mnist.FILES:
            digits = mnist.without(digits, mnist.load(args.exclude, split))
    if not len(digits.images):
        raise ValueError(f"{args.data}: no training images are left after leaving out those of {args.exclude}")
    print(f"{len(digits.images)} images to train on", file=sys.stderr)
    p = train_mlp(recipe, digits, lambda line: print(line, file=sys.stderr, flush=True))
    metrics = {"test": accuracies(p, mnist.load(args.data, "test")), "shipped": accuracies(p, mnist.load())}
    command = [f"python -m pyapp train mlp --data DIR --out weights/{args.out.name}"]
    if args.exclude != str(mnist.SHIPPED):
        command.append(f"--exclude {args.exclude}")
    command += [f"--{f.name} {getattr(recipe, f.name)}" for f in fields(recipe) if getattr(recipe, f.name) != f.default]
    store.save(args.out, store.arrays_of(p), {
        "command": " ".join(command), "data": "DIR: MNIST's four files; --exclude: by default what the page ships",
        **facts(recipe, digits), "metrics": metrics,
    })
    print(json.dumps(metrics))


def predict(args: argparse.Namespace) -> None:
    """Read the digit in a picture file."""
    try:  # only this command needs Pillow, and the page does not ship it
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise ValueError("reading a picture file needs Pillow; pip install pillow") from None
    try:
        with Image.open(args.image) as picture:
            flat = Image.new("RGBA", picture.size, "white")  # transparent parts are paper
            flat.alpha_composite(picture.convert("RGBA"))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(f"{args.image}: expected a picture such as a PNG, found something else ({error})") from None
    x = drawing.to_mnist(drawing.ink_of_picture(np.asarray(flat.convert("L"))))
    if x is None:
        raise ValueError(f"{args.image}: there is no ink in this picture")
    p = mlp.load(args.weights)
    if args.bits is not None:
        p = quantize_parameters(p, args.bits).parameters
    probabilities = softmax(MLP().forward(p, x.reshape(1, -1)))[0]
    digit = int(probabilities.argmax())
    result = {"digit": digit, "confidence": float(probabilities[digit]), "bits": args.bits or FLOAT_BITS,
              "probabilities": [float(v) for v in probabilities]}
    show(result, args.json, f"{digit}  ({result['confidence']:.1%})")
