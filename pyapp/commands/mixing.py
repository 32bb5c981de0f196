"""Commands for mixed precision: which layers are sensitive, and bits for each layer under a budget."""

import argparse
from typing import Any

from pyapp.commands import matrices
from pyapp.commands.common import TITLES, add_data, add_json, add_weights, command, networks, now_and_then, show
from pyapp.commands.quantisation import add_settings, settings_of
from pyapp.data import mnist
from pyapp.measure.measure import calibration, measure
from pyapp.nets import mlp
from pyapp.quant.alone import HQQ, OWN
from pyapp.quant.mixed import Width
from pyapp.quantized.mixing import mix
from pyapp.quantized.preparation import parsed
from pyapp.quantized.saved import classes_of
from pyapp.quantized.sensitivity import BITS, sensitivity
from pyapp.quantized.settings import AFTER_TRAINING, OF_GRIDS, Settings

BEST = {"per": "channel", "clip": "mse", "method": "gptq"}  # what did best after training, on the shipped digits
USUAL = "by default with GPTQ on grids per channel, clipped for the least squared error"


def add(commands: Any) -> None:
    models = networks(commands, "sensitivity", "measure what each layer or matrix loses at each number of bits, or in "
                                               "each of some number formats")
    sub = command(models, "mlp", find_sensitive, f"the {TITLES['mlp']}, {USUAL}")
    add_weights(sub)
    add_data(sub, "calibrate a network of other classes than the ten digits: ")
    _add_settings(sub, activations=False)
    add_json(sub)
    matrices.add(models, matrices.find_sensitive)
    models = networks(commands, "mixed", "choose the bits of each layer or matrix under a budget, or its format, and "
                                         "measure")
    sub = command(models, "mlp", mixed, f"the {TITLES['mlp']}, {USUAL}")
    for each in (sub, *matrices.add(models, matrices.mixed)):
        each.add_argument("--budget", type=int, required=True, metavar="BYTES",
                          help="bytes for everything: codes, scales, and what stays float32, as biases")
    add_weights(sub)
    add_data(sub)
    _add_settings(sub)
    add_json(sub)


def _add_settings(sub: argparse.ArgumentParser, activations: bool = True) -> None:
    add_settings(sub, AFTER_TRAINING, activations)
    sub.set_defaults(**dict.fromkeys(BEST))
    sub.add_argument("--format", dest="formats", metavar="LIST",
                     help="number formats to choose from, in place of 2 to 8 bits, as in int4:32,mxfp4,mxfp8; their "
                          "weights are rounded to nearest")


def _asked(args: argparse.Namespace) -> tuple[Settings, tuple[Width, ...]]:
    """The settings, and the bits or the formats that a layer can have."""
    if args.formats is None:
        usual = BEST if args.method != HQQ else {name: BEST[name] for name in BEST if name not in OWN}
        return settings_of(args, usual=usual), BITS
    formats = tuple(name.strip() for name in args.formats.split(","))
    settings = settings_of(args)
    for name in formats:
        settings.at(name)
    return settings, formats


def find_sensitive(args: argparse.Namespace) -> None:
    """KL, loss and accuracy on the calibration split, and bytes, for each layer at each bit width, with only that layer
    quantised. Its codes come from a network whose layers all have these bits."""
    if parsed(args.prepare)[0] == "smooth":
        raise ValueError("sensitivity measures weights beside float32 activations, and --prepare smooth moves outliers "
                         "of rounded activations into the weights; use --prepare equalise or awq, or measure the whole "
                         "network with evaluate mlp --bits 4 --activations 8 --prepare smooth")
    (settings, widths), (inputs, labels) = _asked(args), calibration(args.data, classes_of(args.weights))
    table = sensitivity(mlp.load(args.weights), settings, inputs, labels, widths,
                        watch=now_and_then("layers and bit widths"))
    kind, wide = _kind(args), max(4, *(len(str(width)) for width in widths))
    lines = [f"{'layer':16} {kind:>{wide}} {'KL (nats)':>11} {'loss':>9} {'accuracy':>9} {'bytes':>8}"]
    lines += [f"{name:16} {width!s:>{wide}} {row['kl']:11.2e} {row['loss']:9.4f} {row['accuracy']:9.2%} "
              f"{row['bytes']:8,}" for name, rows in table.items() for width, row in rows.items()]
    show({"n": len(labels), "split": "calibration", "layers": table}, args.json, "\n".join(lines))


def mixed(args: argparse.Namespace) -> None:
    """Bits or a format for each layer within --budget bytes, chosen on the calibration split, measured on --data."""
    settings, widths = _asked(args)
    digits = mnist.load(args.data, "test").among(classes_of(args.weights), args.weights.name)
    found = mix(mlp.load(args.weights), settings, args.budget, *calibration(args.data, digits.classes), widths,
                watch=now_and_then("layers and bit widths"))
    network, kind, chosen = found.network, _kind(args), list(found.chosen.bits.values())
    used = {**vars(settings), **dict.fromkeys(OF_GRIDS if kind == "format" else ())}
    result = {**used, kind: chosen, "budget": args.budget, **measure(network, digits),
              "kl": found.kl, "predicted_kl": found.chosen.cost,
              "front": [{kind: list(c.bits.values()), "bytes": c.nbytes, "kl": c.cost} for c in found.front]}
    show(result, args.json, f"{kind} {' '.join(map(str, chosen))}: {result['accuracy']:.2%} of {result['n']} images "
                            f"right, {result['bytes']:,} of {args.budget:,} bytes; KL {found.kl:.5f} nats on the "
                            f"calibration split, {found.chosen.cost:.5f} predicted")


def _kind(args: argparse.Namespace) -> str:
    """The setting that is chosen for each layer."""
    return "bits" if args.formats is None else "format"
