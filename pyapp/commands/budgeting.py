"""The command `budget`: find the smallest network that keeps an accuracy, and export it with its proof."""

import argparse
from dataclasses import asdict
from shlex import quote
from typing import Any

from pyapp.commands.common import (
    BITS_OR_NONE,
    add_data,
    add_json,
    add_weights,
    command,
    now_and_then,
    progress,
    reader,
    show,
)
from pyapp.commands.export_files import add_target, check_target, save
from pyapp.commands.exporting import as_given, source_of
from pyapp.data import mnist
from pyapp.export.budget import Tried, candidates, decided, tried
from pyapp.export.formats import refuse, written
from pyapp.export.kinds import FORMATS
from pyapp.export.subject import Subject, measured_of, pixels_of, scheme_of
from pyapp.export.verify import proven
from pyapp.measure.measure import calibration
from pyapp.nets import mlp
from pyapp.quantized.network import Settings
from pyapp.quantized.saved import classes_of
from pyapp.sweep.grid import DEFAULTS, NONE, whole_or_none


def add(commands: Any) -> None:
    sub = command(commands, "budget", budget, "find the smallest network that keeps a given accuracy on --data within "
                                              "a given number of bytes, and prove its export; on other images it "
                                              "may keep a little less", model=True)
    sub.add_argument("--bytes", type=int, required=True, metavar="N",
                     help="the most bytes that codes, scales and biases may take together")
    sub.add_argument("--keep", type=reader(share), required=True, metavar="ACCURACY",
                     help="the least accuracy on --data, written as 0.99 or 99%%")
    add_weights(sub)
    add_data(sub)
    sub.add_argument("--activations", type=reader(whole_or_none), default=8, metavar=f"A|{NONE}",
                     help=f"bits per activation in mixed precision: {BITS_OR_NONE}")
    sub.add_argument("--per", metavar="tensor|channel|group:N", default="channel",
                     help="which weights share a scale in mixed precision")
    add_target(sub, FORMATS, required=False)
    sub.set_defaults(form="json")
    add_json(sub)


def share(text: str) -> float:
    """An accuracy from 0 to 1, as a number or in percent. ValueError if it is something else."""
    number, percent = (text[:-1].rstrip(), 100) if text.endswith("%") else (text, 1)
    try:
        found = float(number) / percent
    except ValueError:
        raise ValueError(f"{text!r} is not an accuracy; write it as 0.99 or 99%") from None
    if not 0 < found <= 1:
        raise ValueError(f"an accuracy of {text} is not between 0 and 1; write it as 0.99 or 99%")
    return found


def budget(args: argparse.Namespace) -> int:
    """Try networks, smallest first, until one keeps the accuracy; export it to --out, or only prove its export."""
    if args.bytes < 1:
        raise ValueError(f"bytes is {args.bytes}; give at least 1")
    if FORMATS[args.form].integers and args.activations is None:
        raise ValueError(f"{args.form} holds integers only, and activations are float32; give activations=8")
    if args.out:
        check_target(args, FORMATS[args.form], "mlp")
    form, p = FORMATS[args.form], mlp.load(args.weights)
    digits = mnist.load(args.data).among(classes_of(args.weights), args.weights.name)
    settings = Settings(per=args.per, activations=args.activations, clip="mse")
    found, seen = [], now_and_then("networks")
    listed = candidates(p, settings, *calibration(args.data, digits.classes), now_and_then("layers and bit widths"))
    for each in tried(listed, digits, args.keep):
        found.append(each)
        seen(len(found), len(listed))
    best = decided(found, args.bytes, args.keep)
    progress(f"tried {len(found)} of {len(listed)} networks, starting at {found[0].candidate.nbytes:,} bytes")
    scheme = scheme_of(asdict(best.candidate.settings), DEFAULTS)
    where = f" --format {args.form} --out {quote(args.out.name)}" if args.out else ""
    subject = Subject("mlp", best.network, source_of(args.weights), scheme,
                      measured_of(best.measured, as_given(args.data)),
                      f"python -m pyapp budget mlp --bytes {args.bytes} --keep {args.keep:g}{where}",
                      classes=digits.classes, pixels=pixels_of(digits))
    refuse(subject, form)
    text = told(best, len(digits.labels))
    if args.out:
        return save(args, subject, form, {"network": facts(best)}, text)
    verdict = proven(written(subject, form, "mlp"), form)
    show({"network": facts(best), "fingerprint": verdict.manifest["fingerprint"], "ok": verdict.ok,
          "tried": [facts(each) for each in found]}, args.json, f"{text}\n{verdict.text}")
    return 0 if verdict.ok else 1


def facts(each: Tried) -> dict[str, Any]:
    """A tried network's settings and measurements, as plain data."""
    layers = len(each.network.weights.tensors)
    settings = each.candidate.settings
    return {"bits": list(settings.layer_bits(layers)), "method": settings.method, "activations": settings.activations,
            "bytes": each.candidate.nbytes, "accuracy": each.accuracy, "arithmetic": each.measured["arithmetic"]}


def told(best: Tried, n: int) -> str:
    """The decision in words."""
    found = facts(best)
    activations = f"{found['activations']}-bit" if found["activations"] else "float32"
    return (f"{', '.join(map(str, found['bits']))} bits per weight (method {found['method']}), {activations} "
            f"activations: {found['bytes']:,} bytes, {found['accuracy']:.2%} of {n:,} images right, "
            f"{found['arithmetic']}")
