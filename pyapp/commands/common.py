"""What commands share."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyapp.data import mnist
from pyapp.models import mlp


def command(commands: Any, name: str, function: Callable, doc: str, model: bool = False) -> argparse.ArgumentParser:
    """Declare a command; `model` gives it the network's name as first argument."""
    sub = commands.add_parser(name, help=doc, description=doc, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    sub.set_defaults(command=function)
    if model:
        sub.add_argument("model", choices=["mlp"], help="which network")
    return sub


def add_json(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")


def add_weights(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--weights", type=Path, default=mlp.SHIPPED, metavar="FILE", help="float weights, an .npz")


def add_data(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--data", default=mnist.SHIPPED, metavar="DIR", help="folder with MNIST's IDX files")


def show(result: dict | list, as_json: bool, text: str) -> None:
    """Print the result as JSON or as words."""
    print(json.dumps(result) if as_json else text)
