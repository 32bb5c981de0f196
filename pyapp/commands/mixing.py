"""Commands for mixed precision: which layers are sensitive, and bits for each layer under a budget."""

import argparse
from typing import Any

from pyapp.commands.common import add_data, add_json, add_weights, command, now_and_then, show
from pyapp.commands.quantisation import add_settings, settings_of
from pyapp.data import mnist
from pyapp.measure.measure import measure
from pyapp.nets import mlp
from pyapp.quantized.mixing import mix
from pyapp.quantized.network import AFTER_TRAINING
from pyapp.quantized.sensitivity import sensitivity

BEST = {"per": "channel", "clip": "mse", "method": "gptq"}  # what did best after training, on the shipped digits


def add(commands: Any) -> None:
    sub = command(commands, "sensitivity", find_sensitive,
                  "measure what each layer loses at each number of bits", model=True)
    add_weights(sub)
    add_settings(sub, AFTER_TRAINING, activations=False)
    sub.set_defaults(**BEST)
    add_json(sub)
    sub = command(commands, "mixed", mixed, "choose each layer's bits under a budget, and measure", model=True)
    sub.add_argument("--budget", type=int, required=True, metavar="BYTES",
                     help="bytes for everything: codes, scales and biases")
    add_weights(sub)
    add_data(sub)
    add_settings(sub, AFTER_TRAINING)
    sub.set_defaults(**BEST)
    add_json(sub)


def find_sensitive(args: argparse.Namespace) -> None:
    """KL, loss and accuracy on the calibration split, and bytes, for each layer at each bit width, with only that layer
    quantised. Its codes come from a network whose layers all have these bits."""
    inputs, labels = _calibration()
    table = sensitivity(mlp.load(args.weights), settings_of(args, 8), inputs, labels,
                        watch=now_and_then("layers and bit widths"))
    lines = [f"{'layer':16} {'bits':>4} {'KL (nats)':>11} {'loss':>9} {'accuracy':>9} {'bytes':>8}"]
    lines += [f"{name:16} {bits:4} {row['kl']:11.2e} {row['loss']:9.4f} {row['accuracy']:9.2%} {row['bytes']:8,}"
              for name, rows in table.items() for bits, row in rows.items()]
    show({"n": len(labels), "split": "calibration", "layers": table}, args.json, "\n".join(lines))


def mixed(args: argparse.Namespace) -> None:
    """Bits a layer within --budget bytes, chosen on the calibration split, measured on --data."""
    settings = settings_of(args, 8)
    found = mix(mlp.load(args.weights), settings, args.budget, *_calibration(),
                watch=now_and_then("layers and bit widths"))
    network, bits = found.network, list(found.chosen.bits.values())
    result = {**vars(settings), "bits": bits, "budget": args.budget, **measure(network, mnist.load(args.data, "test")),
              "kl": found.kl, "predicted_kl": found.chosen.cost,
              "front": [{"bits": list(c.bits.values()), "bytes": c.nbytes, "kl": c.cost} for c in found.front]}
    show(result, args.json, f"bits {' '.join(map(str, bits))}: {result['accuracy']:.2%} of {result['n']} images right, "
                            f"{result['bytes']:,} of {args.budget:,} bytes; KL {found.kl:.5f} nats on the calibration "
                            f"split, {found.chosen.cost:.5f} predicted")


def _calibration() -> tuple[Any, Any]:
    return mnist.calibration(), mnist.calibration_labels()
