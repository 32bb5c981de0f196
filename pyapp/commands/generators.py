"""Commands of the two digit generators: draw a sheet, train the teacher, distil its routing."""

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import store
from pyapp.commands.common import TITLES, add_recipe, command, options_of, progress, recipe_of
from pyapp.digitgen import measures, mini
from pyapp.digitgen.painter import Painter, styles
from pyapp.digitgen.recipe import TeacherRecipe, train_teacher
from pyapp.models import mlp
from pyapp.models.measure import training_images

SAMPLES = 1000  # seeds 0 to 999 are what is measured


def add_training(models: Any) -> None:
    """`train generator`, beside the other networks."""
    sub = command(models, "generator", train, f"the {TITLES['generator']}: the teacher")
    sub.add_argument("--data", required=True, metavar="DIR", help="folder with MNIST's four IDX files")
    sub.add_argument("--out", required=True, metavar="FILE", type=Path, help="the .npz to write; a .json beside it")
    add_recipe(sub, TeacherRecipe)


def train(args: argparse.Namespace) -> None:
    """Train on a folder's training images less the shipped 5,000; measure 1,000 samples on the shipped digits."""
    recipe, digits = recipe_of(args, TeacherRecipe), training_images(args.data)
    progress(f"{len(digits.labels)} images to train on")
    p = train_teacher(recipe, digits, progress)
    metrics = judge(Painter(p))
    drawn = sample(Painter(p))
    _, distances = measures.nearest(drawn.pixels, digits.images.reshape(len(digits.images), -1))
    metrics["nearest_training"] = float(distances.min())
    words = f"python -m pyapp train generator --data DIR --out weights/{args.out.name}"
    store.save(args.out, store.arrays_of(p), {
        "command": " ".join([words, *options_of(recipe)]), **asdict(recipe),
        "data": "DIR: MNIST's four files, less the 5,000 images that the page ships", "images": len(digits.labels),
        "images_sha256": hashlib.sha256(digits.images.tobytes()).hexdigest(), "parameters": p.vector.size,
        "metrics": metrics})
    print(json.dumps(metrics))


def sample(painter: Painter) -> mini.Drawn:
    """The pictures of the first thousand seeds."""
    seeds = np.arange(SAMPLES, dtype=np.uint32)
    return painter.draw(mini.latents(seeds), styles(seeds))


def judge(painter: Painter) -> dict[str, Any]:
    """What `measures` says of a thousand samples, held against all shipped digits."""
    drawn = sample(painter)
    return measures.measure(drawn, drawn.labels, mlp.load(), measures.shipped())
