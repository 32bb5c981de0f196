"""The command that measures a whole grid of settings."""

import argparse
from typing import Any

from pyapp.commands.common import BITS_OR_NONE, add_data, add_json, add_weights, command, show
from pyapp.commands.outputs import add_out
from pyapp.commands.saying import option
from pyapp.data import mnist
from pyapp.quant.adaround import RECONSTRUCTIONS
from pyapp.quant.calibrate import CLIPS, RANGES
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, SCHEMES
from pyapp.quantized.preparation import PREPARATIONS
from pyapp.quantized.settings import METHODS
from pyapp.sweep.backends import BACKENDS
from pyapp.sweep.grid import DEFAULTS, read, written
from pyapp.sweep.run import sweep

DOCS = {
    "bits": f"bits per weight, {MIN_BITS} to {MAX_BITS}", "scheme": f"grid of the weights: {', '.join(SCHEMES)}",
    "per": "which weights share a scale: tensor, channel or group:N",
    "activations": f"bits of the activations: {BITS_OR_NONE}",
    "calibrate": f"how the ranges of the activations are found: {', '.join(RANGES)}",
    "method": f"how weights become codes: {', '.join(METHODS)}", 
    "clip": f"how the ranges of the weights are found: {', '.join(CLIPS)}",
    "bias_correction": "correct the biases for the mean error of rounding: yes, no",
    "seed": "seed of methods that draw random numbers",
    "reconstruction": f"the output that AdaRound aims at: {', '.join(RECONSTRUCTIONS)}",
    "prepare": f"how the float network is changed first: {', '.join(PREPARATIONS)}",
    "format": f"number formats of the weights, or grid for the bits above: {', '.join(FORMATS)}",
}
DOC = ("measure every combination of lists of settings (8,4,3), one row each, into a CSV file; equivalent "
       "settings share one row, with those that have no effect left empty; the same "
       "command again resumes a stopped sweep")


def add(commands: Any) -> None:
    sub = command(commands, "sweep", run, DOC, model=True)
    for name, default in DEFAULTS.items():
        sub.add_argument(option(name), default=written(default), metavar="LIST", help=DOCS.get(name))
    add_weights(sub)
    add_data(sub)
    sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")
    add_out(sub, "the CSV file; its rows are kept, and several sweeps may write to it", required=True)
    sub.add_argument("--jobs", type=int, metavar="N", help="number of workers (default: one per core)")
    sub.add_argument("--backend", choices=BACKENDS, default="loky",
                     help="joblib backend of the workers; loky starts processes")
    add_json(sub)


def values_of(name: str, text: str) -> list[Any]:
    """The values of a setting in a list such as "8,4,3". ValueError names option and list."""
    try:
        return [read(name, part.strip()) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{option(name)} {text}: {error}") from None


def run(args: argparse.Namespace) -> None:
    """Measure what the file has not got yet, and say how many rows it has."""
    grid = {name: values_of(name, getattr(args, name)) for name in DEFAULTS}
    rows = sweep(grid, args.out, args.weights, args.data, args.split, args.jobs, args.backend)
    refused = sum(row["error"] is not None for row in rows)
    show(rows, args.json, f"{len(rows)} combinations in {args.out}"
                          f"{f', {refused} of them refused: see its column error' if refused else ''}")
