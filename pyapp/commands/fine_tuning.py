"""`qat vit` and `qat gpt`: a transformer fine-tuned with quantised attention, and measured before and after."""

import argparse
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp import checkpoint, store
from pyapp.checkpoint import described
from pyapp.commands.attention import (
    add_subject,
    add_transformer_settings,
    subject_of,
    transformer_settings_of,
)
from pyapp.commands.common import (
    SHIPPED_LEFT_OUT,
    TITLES,
    add_recipe,
    command,
    now_and_then,
    progress,
    recipe_of,
)
from pyapp.commands.outputs import add_weights_out
from pyapp.commands.saving import counted, save_trained
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data import text
from pyapp.measure.measure import training_images
from pyapp.nets import gpt, vit
from pyapp.nets.next_token import next_token
from pyapp.quantized.integer_transformer import check
from pyapp.quantized.transformer import TransformerSettings
from pyapp.quantized.transformer_qat import FineTuning, TextFineTuning, fine_tune
from pyapp.sweep.grid import written
from pyapp.sweep.transformers import FLOAT
from pyapp.training.vit_recipe import ViTRecipe

DEFAULTS = TransformerSettings(8, activations=8, logit_bits=4, softmax="ibert")
OF_TRAINING = ("seed", "clip")  # options that settings have too
Saved = tuple[Parameters, Mapping[str, np.ndarray], dict[str, Any]]  # weights, their arrays, and what the recipe says


def add(models: Any) -> None:
    for name, function, recipe in (("vit", fine_tune_vision, FineTuning), ("gpt", fine_tune_text, TextFineTuning)):
        sub = command(models, name, function, f"the {TITLES[name]}, fine-tuned with quantised attention; its "
                                              "float32 weights are saved, to be quantised in the same way")
        add_subject(sub, name)
        add_weights_out(sub, required=True)
        add_transformer_settings(sub)
        sub.set_defaults(**asdict(DEFAULTS))
        add_recipe(sub, recipe)
        sub.set_defaults(recipe=recipe)


def fine_tune_vision(args: argparse.Namespace) -> None:
    """Fine-tune on a folder's training images less the shipped 5,000, with the augmentation of the shipped recipe."""
    model, p = vit.parameters(checkpoint.load(args.weights))

    def train(settings: TransformerSettings, recipe: FineTuning) -> Saved:
        digits = counted(training_images(args.data).among(TEN, args.weights.name))
        trained = fine_tune(recipe, model, p, settings, digits.inputs(), digits.labels, progress,
                            ViTRecipe().augment)
        return trained, store.arrays_of(trained), {"data": SHIPPED_LEFT_OUT, "digits": digits}

    _measured(args, "DIR", train, model.size.heads)


def fine_tune_text(args: argparse.Namespace) -> None:
    """Fine-tune on the first 90 % of a text file; the weights are measured as they are saved, in float16."""
    model, p, vocabulary = gpt.load(args.weights)

    def train(settings: TransformerSettings, recipe: FineTuning) -> Saved:
        whole = text.read(args.data)
        tokens, _ = text.split(vocabulary.encode(whole), model.size.context)
        trained = fine_tune(recipe, model, p, settings, *text.windows(tokens, model.size.context), progress,
                            loss=next_token)
        arrays = gpt.arrays_of(trained, vocabulary)
        more = {"data": "FILE: a text; its last 10 % only measure",
                "text_sha256": hashlib.sha256(whole.encode()).hexdigest()}
        return gpt.parameters(arrays, model, args.out.name), arrays, more

    _measured(args, "FILE", train, model.size.heads)


def _measured(args: argparse.Namespace, data: str, train: Callable[[TransformerSettings, FineTuning], Saved],
              heads: int) -> None:
    """Train, with the quantised network measured before and after, simulated and in integers, on data held out."""
    settings, recipe = transformer_settings_of(args, OF_TRAINING), recipe_of(args, args.recipe)
    check(settings)
    watch = now_and_then("pieces of the data measured")
    subjects = {"simulated": subject_of(args, watch, False), "integer": subject_of(args, watch, True)}
    on = subjects["integer"].on
    metrics = {"on": on, "float32": subjects["integer"].measure(FLOAT),
               "before": {name: subject.measure(settings) for name, subject in subjects.items()}}
    progress(f"before, in integers: {_said(metrics['before']['integer'])} on {on}")
    trained, arrays, more = train(settings, recipe)
    metrics["after"] = {name: subject.measure(settings, other=trained) for name, subject in subjects.items()}
    progress(f"after, in integers: {_said(metrics['after']['integer'])}")
    start = [f"--weights {args.weights}"] if args.weights != {"vit": vit, "gpt": gpt}[args.model].SHIPPED else []
    options = [f"--{name.replace('_', '-')} {written(value)}" for name, value in asdict(settings).items()
               if value != getattr(DEFAULTS, name)]
    save_trained(args, f"qat {args.model} --data {data}", recipe, described(arrays, f"qat {args.model}", heads),
                 more.pop("digits", None), start + options, **more, from_sha256=store.digest(args.weights),
                 settings=asdict(settings), parameters=trained.vector.size, metrics=metrics)


def _said(scores: Mapping[str, Any]) -> str:
    return f"accuracy {scores['accuracy']:.4f}, loss {scores['loss']:.4f}"
