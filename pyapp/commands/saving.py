"""Trained weights are saved with the command that made them, and their metrics printed."""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp import store
from pyapp.commands.common import options_of, print_json, progress
from pyapp.data.mnist import Digits
from pyapp.training.recipes import facts


def counted(digits: Digits) -> Digits:
    """The images to train on, after reporting how many there are."""
    progress(f"{len(digits.labels)} images to train on")
    return digits


def save_trained(args: argparse.Namespace, command: str, recipe: Any, arrays: Mapping[str, np.ndarray],
                 digits: Digits | None = None, options: Iterable[str] = (), **more: Any) -> None:
    """Weights to --out and their recipe beside it; `more` goes into the recipe, and its metrics to standard output.

    command: what makes these weights again, without --out and the options that `options` and the recipe's fields are.
    digits: what they were trained on.
    """
    words = [f"python -m pyapp {command} --out weights/{args.out.name}", *options, *options_of(recipe)]
    made = facts(recipe, digits) if digits else asdict(recipe)
    store.save(args.out, arrays, {"command": " ".join(words), **made, **more})
    print_json(more["metrics"])
