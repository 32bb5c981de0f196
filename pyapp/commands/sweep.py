"""The command that measures a whole grid of settings."""

import argparse
from collections.abc import Mapping
from typing import Any

from pyapp.commands.attention import add_subject
from pyapp.commands.common import BITS_OR_NONE, TITLES, add_data, add_json, add_weights, command, networks, show
from pyapp.commands.outputs import add_out
from pyapp.commands.saying import option
from pyapp.core.words import counted
from pyapp.data import mnist
from pyapp.quant.adaround import RECONSTRUCTIONS
from pyapp.quant.alone import ALONE
from pyapp.quant.calibrate import CLIPS, RANGES
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.quant.schemes import MAX_BITS, MIN_BITS, SCHEMES
from pyapp.quantized.preparation import PREPARATIONS
from pyapp.quantized.settings import METHODS
from pyapp.softmax.methods import METHODS as SOFTMAX
from pyapp.softmax.shift import RULES
from pyapp.sweep import transformer_sweep
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
    "prepare": f"how the float32 network is changed first: {', '.join(PREPARATIONS)}",
    "format": f"number formats of the weights, or grid for the bits above: {', '.join(FORMATS)}",
}
OF_TRANSFORMERS = DOCS | {
    "bits": f"bits per weight: {BITS_OR_NONE}", "method": f"how weights become codes: {', '.join(ALONE)}",
    "logit_bits": f"bits of the attention scores: {BITS_OR_NONE}", "softmax": f"softmax methods: {', '.join(SOFTMAX)}",
    "shift": f"what is subtracted from the scores before they are rounded: {', '.join(RULES)}",
    "seed": "seed of stochastic rounding",
}
DOC = ("measure every combination of lists of settings (8,4,3), one row each, into a CSV file; equivalent "
       "settings share one row, with those that have no effect left empty; the same "
       "command again resumes a stopped sweep")


def add(commands: Any) -> None:
    models = networks(commands, "sweep", DOC)
    sub = command(models, "mlp", run, f"the {TITLES['mlp']}")
    add_weights(sub)
    add_data(sub)
    sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")
    _add_settings(sub, DEFAULTS, DOCS)
    for name in ("vit", "gpt"):
        sub = command(models, name, run_transformer, f"the {TITLES[name]}")
        add_subject(sub, name)
        _add_settings(sub, transformer_sweep.DEFAULTS, OF_TRANSFORMERS)


def _add_settings(sub: argparse.ArgumentParser, defaults: Mapping[str, Any], docs: Mapping[str, str]) -> None:
    for name, default in defaults.items():
        sub.add_argument(option(name), default=written(default), metavar="LIST", help=docs.get(name))
    add_out(sub, "the CSV file; its rows are kept, and several sweeps may write to it", ".csv", required=True)
    sub.add_argument("--jobs", type=int, metavar="N", help="number of workers (default: one per core)")
    sub.add_argument("--backend", choices=BACKENDS, default="loky",
                     help="joblib backend of the workers; loky starts processes")
    add_json(sub)


def grid_of(args: argparse.Namespace, defaults: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values of each setting in lists such as "8,4,3". ValueError names option and list."""
    return {name: _values(name, getattr(args, name), defaults) for name in defaults}


def _values(name: str, text: str, defaults: Mapping[str, Any]) -> list[Any]:
    try:
        return [read(name, part.strip(), defaults) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{option(name)} {text}: {error}") from None


def run(args: argparse.Namespace) -> None:
    """Measure the rows that the file lacks, and say how many it has."""
    _tell(args, sweep(grid_of(args, DEFAULTS), args.out, args.weights, args.data, args.split, args.jobs, args.backend))


def run_transformer(args: argparse.Namespace) -> None:
    """`run` for a transformer."""
    parts = (args.images, args.split) if args.model == "vit" else (args.windows,)
    source = transformer_sweep.Source(args.model, args.weights, args.data, *parts)
    grid = grid_of(args, transformer_sweep.DEFAULTS)
    _tell(args, transformer_sweep.sweep_transformer(grid, args.out, source, args.jobs, args.backend))


def _tell(args: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    refused = sum(row["error"] is not None for row in rows)
    show(rows, args.json, f"{counted(len(rows), 'combination')} in {args.out}"
                          f"{f', {refused} of them refused: see its column error' if refused else ''}")
