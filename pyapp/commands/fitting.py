"""`softmax-fit vit|gpt`: the constants of HCCS and EXAQ for every head of a transformer, with their recipe."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files, store
from pyapp.commands.common import TITLES, add_json, command, networks, progress, show
from pyapp.commands.outputs import add_out, readable
from pyapp.data import mnist
from pyapp.machine import made_on
from pyapp.measure.softmax_fit import BITS, FIT_ROWS, fitted
from pyapp.nets import gpt, vit
from pyapp.nets.vit import ViT
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.transformer import IMAGES

MODULES = {"vit": vit, "gpt": gpt}
OTHER_SEED = 2  # of the text that errors are measured on; the one that calibrates has seed 1
SOURCES = {"vit": (f"{IMAGES} shipped training images", f"{IMAGES} shipped test images"),
           "gpt": ("8 texts that the network writes from seed 1", f"8 texts that it writes from seed {OTHER_SEED}")}
DOC = "fit the constants of HCCS and EXAQ to every head of a transformer, and measure what that gains"


def add(commands: Any) -> None:
    each = networks(commands, "softmax-fit", DOC)
    for name, module in MODULES.items():
        sub = command(each, name, softmax_fit, f"the {TITLES[name]}")
        sub.add_argument("--weights", type=readable, default=module.SHIPPED, metavar="FILE",
                         help="the network, an .npz that a command or a page saved")
        add_out(sub, "a JSON file for the constants, the errors before and after, and how they were made", ".json")
        add_json(sub)


def softmax_fit(args: argparse.Namespace) -> None:
    """Constants and L1 per softmax of each head; the file also says on what they were fitted and measured."""
    model, p, calibration, held_out = _material(args.model, args.weights)
    heads = []
    for head in fitted(model, p, calibration, held_out):
        heads.append(head)
        progress(f"layer {head['layer']}, head {head['head']}")
    fitted_on, measured_on = SOURCES[args.model]
    recipe = {"command": f"python -m pyapp softmax-fit {args.model}", "weights": store.digest(args.weights)[:12],
              "logit_bits": BITS, "fitted_on": fitted_on, "measured_on": measured_on, "fit_rows": FIT_ROWS,
              "made_on": made_on(), "heads": heads}
    if args.out:
        files.write(args.out, json.dumps(recipe, indent=1).encode() + b"\n")
    show(recipe, args.json, table(heads))


def _material(name: str, weights: Path) -> tuple[Any, Any, np.ndarray, np.ndarray]:
    """Network, weights, inputs to fit on and inputs to measure on."""
    if name == "vit":
        return (ViT(), vit.load(weights), mnist.calibration()[:IMAGES].astype(np.float64),
                mnist.shipped("test")[0][:IMAGES].astype(np.float64))
    model, p, _ = gpt.load(weights)
    return model, p, own_text(model, p), own_text(model, p, seed=OTHER_SEED)


def table(heads: list[dict[str, Any]]) -> str:
    """Markdown: one line per head, and the means."""
    lines = ["| layer, head | HCCS before | after, as its code checks | after, down to 0 | σ | EXAQ 3 before | after | "
             "EXAQ 2 before | after |", "| --- |" + " ---: |" * 8]
    for each in heads:
        lines.append(_line(f"{each['layer']}, {each['head']}", each, f"{each['exaq3']['sigma']:.2f}"))
    means = {name: {when: float(np.mean([each[name][when] for each in heads])) for when in ("before", "after")}
             for name in ("hccs", "hccs_to_0", "exaq3", "exaq2")}
    return "\n".join([*lines, _line("mean", means, "")])


def _line(title: str, found: dict[str, Any], sigma: str) -> str:
    return (f"| {title} | {_pair(found['hccs'])} | {found['hccs_to_0']['after']:.3f} | {sigma} | "
            f"{_pair(found['exaq3'])} | {_pair(found['exaq2'])} |")


def _pair(found: dict[str, Any]) -> str:
    return f"{found['before']:.3f} | {found['after']:.3f}"
