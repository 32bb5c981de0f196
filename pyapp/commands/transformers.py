"""Commands that train the two transformers and save their weights with their recipes, and that write with the GPT."""

import argparse
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pyapp import store
from pyapp.checkpoint import described
from pyapp.commands.attention import (
    add_integers,
    add_transformer_settings,
    add_weight_settings,
    transformer_settings_of,
)
from pyapp.commands.common import (
    SHIPPED_LEFT_OUT,
    add_format,
    add_prepare,
    add_recipe,
    command,
    networks,
    now_and_then,
    progress,
    recipe_of,
)
from pyapp.commands.outputs import add_checkpoint, add_weights_out, readable
from pyapp.commands.saving import counted, save_trained
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data import mnist, text
from pyapp.data.mnist import Digits
from pyapp.data.text import Vocabulary
from pyapp.measure.measure import training_images
from pyapp.nets import gpt, next_token
from pyapp.nets.generate import Sampling, Writer
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quantized.integer_transformer import integer_gpt
from pyapp.quantized.transformer import quantize_gpt
from pyapp.training.gpt_recipe import GPTRecipe, train_gpt
from pyapp.training.trainer import evaluate
from pyapp.training.vit_recipe import ViTRecipe, train_vit


def add(commands: Any) -> None:
    sub = networks(commands, "generate", "continue a text, character by character")
    add_writing(command(sub, "gpt", generate, "the GPT, in float32 or quantised"))


def add_training(sub: argparse.ArgumentParser, recipe: type, data: str) -> None:
    """The options of a training: a recipe's fields, `data` as said, the file to write and the checkpoint."""
    sub.add_argument("--data", required=True, metavar="PATH", help=data)
    add_weights_out(sub, required=True)
    add_checkpoint(sub)
    add_recipe(sub, recipe)


def train_vision(args: argparse.Namespace) -> None:
    """Train the Vision Transformer on a folder's training images less the shipped 5,000; measure on its test images."""
    recipe, test, shipped = recipe_of(args, ViTRecipe), mnist.load(args.data, "test"), mnist.load()
    digits = counted(training_images(args.data).among(TEN, "the Vision Transformer"))
    model, p = train_vit(recipe, digits, progress, shipped, args.checkpoint)
    save_trained(args, "train vit --data DIR", recipe, described(store.arrays_of(p), "train vit", model.size.heads),
                 digits, data=SHIPPED_LEFT_OUT, parameters=p.vector.size,
                 metrics={"test": _accuracy(model, p, test), "shipped": _accuracy(model, p, shipped)})


def train_text(args: argparse.Namespace) -> None:
    """Train the GPT on the first 90 % of a text file; measure on the last 10 %, with the weights as they are saved."""
    recipe, written = recipe_of(args, GPTRecipe), text.read(args.data)
    vocabulary = Vocabulary(written)
    training, validation = text.split(vocabulary.encode(written), gpt.SIZE.context)
    progress(f"{len(training)} characters to train on, {len(vocabulary)} different ones")
    model, p = train_gpt(recipe, training, len(vocabulary), progress, validation, args.checkpoint,
                         vocabulary=vocabulary)
    arrays = described(gpt.arrays_of(p, vocabulary), "train gpt", model.size.heads)
    save_trained(
        args, "train gpt --data FILE", recipe, arrays, data="FILE: a text; its last 10 % only measure",
        characters=len(written), text_sha256=hashlib.sha256(written.encode()).hexdigest(), parameters=p.vector.size,
        metrics={"validation": _loss(model, gpt.parameters(arrays, model, args.out.name), validation),
                 "validation_float32": _loss(model, p, validation),
                 "training": _loss(model, p, training[: len(validation)])})


TRAININGS: Mapping[str, tuple[type, Callable[[argparse.Namespace], None], str]] = {
    "vit": (ViTRecipe, train_vision, "folder with MNIST's four IDX files"),
    "gpt": (GPTRecipe, train_text, "a text file in UTF-8"),
}


def add_writing(sub: argparse.ArgumentParser) -> None:
    """The options of `generate`."""
    sub.add_argument("--weights", type=readable, default=gpt.SHIPPED, metavar="FILE", help="a GPT's weights, an .npz")
    sub.add_argument("--prompt", metavar="TEXT", help="beginning of the text (default: a line break, or a space)")
    sub.add_argument("--tokens", type=int, default=300, metavar="N", help="number of characters to write")
    sub.add_argument("--seed", type=int, default=1, help="seed of the draws, and of stochastic rounding")
    sub.add_argument("--greedy", action="store_true", help="always take the likeliest character instead of drawing one")
    sub.add_argument("--temperature", type=float, default=1.0, metavar="T",
                     help="divides the logits: below 1 careful, above 1 daring")
    sub.add_argument("--top-k", type=int, default=0, metavar="K",
                     help="draw from the K likeliest characters; 0 from all")
    add_transformer_settings(sub)
    add_weight_settings(sub, seed=False)
    add_format(sub)
    add_prepare(sub)
    add_integers(sub)


def generate(args: argparse.Namespace) -> None:
    """Print the prompt and what the GPT writes after it, each character as soon as it is there."""
    model, p, vocabulary = gpt.load(args.weights)
    sampling = Sampling(args.temperature, args.top_k, args.greedy)
    if args.tokens < 0:
        raise ValueError(f"tokens is {args.tokens}; use 0 or more")
    network = (integer_gpt if args.integer else quantize_gpt)(model, p, transformer_settings_of(args))
    prompt = vocabulary.beginning if args.prompt is None else text.lines(args.prompt)
    writer = Writer(network.model, network.parameters, vocabulary.encode(prompt), sampling, args.seed)
    print(prompt, end="")
    for _ in range(args.tokens):
        print(vocabulary.characters[writer.write().token], end="", flush=True)
    print()


def _accuracy(model: ViT, p: Parameters, digits: Digits) -> dict[str, Any]:
    scores = evaluate(model, p, digits.inputs(), digits.labels)
    return {"n": len(digits.labels), "accuracy": scores["accuracy"], "loss": scores["loss"]}


def _loss(model: GPT, p: Parameters, tokens: np.ndarray) -> dict[str, Any]:
    return next_token.evaluate(model, p, tokens, now_and_then("pieces of the text measured"))
