"""What commands share."""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pyapp import places
from pyapp.commands.outputs import readable
from pyapp.commands.saying import say
from pyapp.core.clamps import CLAMPS
from pyapp.core.optim import OPTIMISERS
from pyapp.core.watching import Watch
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.parameters import UNPREPARED
from pyapp.quant.schemes import GRID, MAX_BITS, MIN_BITS
from pyapp.quantized.preparation import PREPARATIONS
from pyapp.sweep.grid import NONE, whole, whole_or_none
from pyapp.training import recipes

TITLES = {"mlp": "digits network", "vit": "Vision Transformer", "gpt": "GPT", "generator": "digit generator",
          "encoder": "encoder of short stories"}
SHIPPED_LEFT_OUT = "DIR: MNIST's four files, less the 5,000 images that the page ships"  # what recipes say of --data
DATA = "labelled images: a folder with MNIST's IDX files, or any file or folder that the command `data` can read"
EVERY = 5.0  # seconds between two lines of progress
BITS_OR_NONE = f"{MIN_BITS} to {MAX_BITS}, or {NONE} for float32"
NAMED = 5  # fields that a note lists
Recipe = TypeVar("Recipe")  # a frozen dataclass whose fields were made by pyapp.training.recipes.option


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Help that names a default only if it is a value, because "(default: None)" tells a reader nothing."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        told = action.default not in (None, []) and action.nargs != 0  # a flag takes no value
        if not told:
            return action.help
        return super()._get_help_string(action).replace("%(default)s", shown(action.default).replace("%", "%%"))


def shown(default: Any) -> str:
    """A default as help shows it: shipped files by name, not by their path on this machine."""
    text = str(default).replace(f"{places.WEIGHTS}{os.sep}", "the shipped ")
    return "the shipped digits" if text == str(places.DIGITS) else text


def command(commands: Any, name: str, function: Callable, doc: str, model: bool = False) -> argparse.ArgumentParser:
    """Declare a command; `model` gives it the network's name as first argument."""
    sub = commands.add_parser(name, help=doc, description=doc, formatter_class=Help)
    sub.set_defaults(command=function)
    if model:
        sub.add_argument("model", choices=["mlp"], help="which network")
    return sub


def networks(commands: Any, name: str, doc: str) -> Any:
    """Declare a command whose first argument is a network, each with options of its own: `command` adds one."""
    sub = commands.add_parser(name, help=doc, description=doc)
    return sub.add_subparsers(required=True, dest="model", metavar="NETWORK")


def add_json(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")


def add_weights(sub: argparse.ArgumentParser, what: str = "the network") -> None:
    sub.add_argument("--weights", type=readable, default=mlp.SHIPPED, metavar="FILE",
                     help=f"{what}: a file that a command or a page saved, or an .npz, .safetensors or .onnx file with "
                          "a chain of dense layers, 784 inputs to one score per class; ReLU is between them, unless an "
                          ".onnx file, or the name activation in the others, says ReLU6 or hard tanh")


def add_data(sub: argparse.ArgumentParser, what: str = "") -> None:
    sub.add_argument("--data", default=mnist.SHIPPED, metavar="DIR", help=f"{what}{DATA}")


def add_confusion(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--confusion", action="store_true",
                     help="also the mistakes, in float32 and quantised: confusion matrix, precision and recall per "
                          "class, expected calibration error, and the worst mistakes")


def add_format(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--format", default=GRID, metavar=f"NAME|{GRID}",
                     help=f"number format of the weights in place of a grid of --bits: {', '.join(FORMATS)}; a block "
                          "size may follow, as in int4:32 or nf4:128")


def add_prepare(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--prepare", default=UNPREPARED, metavar="P",
                     help=f"how the float32 network is changed first, so that it is easier to quantise: "
                          f"{', '.join(PREPARATIONS)}; smooth:A sets its exponent")


def show(result: dict | list, as_json: bool, text: str) -> None:
    """Print the result as JSON or as words."""
    print_json(result) if as_json else print(text)


def print_json(result: Any, indent: int | None = None) -> None:
    """Print data as JSON. JSON has no NaN or infinity: they become null, and a line on stderr names them."""
    found: list[str] = []
    text = json.dumps(_finite(result, "", found), indent=indent, allow_nan=False)
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        say(f"not finite, so written as null: {', '.join(found[:NAMED])}{more}")
    print(text)


def _finite(value: Any, where: str, found: list[str]) -> Any:
    """The data with None for numbers that are not finite; their paths are appended to `found`."""
    if isinstance(value, Mapping):
        return {key: _finite(item, f"{where}.{key}" if where else str(key), found) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item, f"{where}[{i}]", found) for i, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        found.append(where)
        return None
    return value


def progress(line: str) -> None:
    """Report the progress of a long command on stderr, apart from its result."""
    print(line, file=sys.stderr, flush=True)


def now_and_then(what: str) -> Watch:
    """Progress of work in pieces: a line every five seconds, so quick work says nothing."""
    start = told = time.monotonic()

    def watch(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= EVERY:
            told = now
            progress(f"{done} of {total} {what}, {now - start:.0f} s")
    return watch


def reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """`read` as the type of an option: argparse then reports what its ValueError says."""
    def converted(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    return converted


def whole_or_list(text: str) -> int | tuple[int, ...]:
    """A whole number, or several with commas between."""
    numbers = tuple(whole(part.strip()) for part in text.split(","))
    return numbers if len(numbers) > 1 else numbers[0]


def bits_or_zero(text: str) -> int:
    """A number of bits, or 0, by which recipes mean that nothing is quantised."""
    return whole_or_none(text) or 0


# By a recipe's field, or the type of it; others read themselves.
READERS = {int | tuple[int, ...]: reader(whole_or_list), "activations": reader(bits_or_zero)}


def add_recipe(sub: argparse.ArgumentParser, recipe: type[Recipe]) -> None:
    """An option for each field of a recipe, with its default and its sentence."""
    for field in fields(recipe):
        choices = {"optimiser": list(OPTIMISERS), "activation": list(CLAMPS)}.get(field.name)
        kind = READERS.get(field.name) or READERS.get(field.type, type(field.default))
        sub.add_argument(f"--{field.name}", type=kind, default=field.default, choices=choices,
                         help=field.metadata["doc"])


def recipe_of(args: argparse.Namespace, recipe: type[Recipe]) -> Recipe:
    """The recipe that the options ask for. ValueError if it cannot be used."""
    made = recipe(**{field.name: getattr(args, field.name) for field in fields(recipe)})
    recipes.check(made)
    return made


def options_of(recipe: Any) -> list[str]:
    """The options that give this recipe, without those at their defaults."""
    given = {f.name: getattr(recipe, f.name) for f in fields(recipe) if getattr(recipe, f.name) != f.default}
    return [f"--{name} {','.join(map(str, value)) if isinstance(value, tuple) else value}"
            for name, value in given.items()]
