"""Commands for exports: a network as a file that carries its proof, and that proof run again."""

import argparse
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from shlex import quote
from typing import Any

from pyapp import checkpoint, files
from pyapp.commands import exporting_signals
from pyapp.commands.attention import add_subject, add_transformer_settings, add_weight_settings, transformer_settings_of
from pyapp.commands.common import TITLES, add_data, add_json, add_weights, command, networks, now_and_then, show
from pyapp.commands.export_files import add_target, check_target, save
from pyapp.commands.outputs import readable
from pyapp.commands.quantisation import add_bits, add_settings, quantised_as_asked
from pyapp.commands.saying import option, say
from pyapp.core.parameters import Parameters
from pyapp.core.words import utf8
from pyapp.data import mnist
from pyapp.export.formats import refuse
from pyapp.export.kinds import FORMATS
from pyapp.export.subject import Subject, measured_of, pixels_of, scheme_of
from pyapp.export.verify import verify
from pyapp.measure.measure import measure, measure_float
from pyapp.nets import mlp, vit
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.parameters import UNPREPARED
from pyapp.quantized.saved import classes_of
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.sweep.grid import DEFAULTS
from pyapp.sweep.grid import written as as_text
from pyapp.sweep.transformers import vit_subject

USUAL_ACTIVATIONS = 8  # bits, if a format holds integers only and no number was given


def add(commands: Any) -> None:
    models = networks(commands, "export", "write a network to a file for other programs, with a proof that it "
                                          "computes the same there")
    sub = command(models, "mlp", export_digits, f"the {TITLES['mlp']}")
    add_weights(sub)
    add_data(sub)
    add_bits(sub)
    add_settings(sub)
    sub.add_argument("--rounding", choices=ROUNDINGS, default=ROUNDINGS[0],
                     help="how integer sums are requantised: in fixed point, rounded once or twice, or in float32")
    add_target(sub, FORMATS)
    add_json(sub)
    sub = command(models, "vit", export_vision, f"the {TITLES['vit']}")
    add_subject(sub, "vit")
    add_transformer_settings(sub)
    add_weight_settings(sub)
    sub.set_defaults(prepare=UNPREPARED)
    add_target(sub, FORMATS)
    add_json(sub)
    exporting_signals.add(models)
    sub = command(commands, "verify", verify_export, "run the proof of an exported file again")
    sub.add_argument("path", metavar="PATH", type=readable, help="the file that export wrote")
    add_json(sub)


def export_digits(args: argparse.Namespace) -> int:
    """Write the digits network, in float or quantised as asked, and say what was written."""
    form = FORMATS[args.form]
    check_target(args, form, "mlp")
    if form.integers and args.bits is not None and args.activations is None:
        args.activations = USUAL_ACTIVATIONS
        say(f"{form.name} holds integers only, so activations get {args.activations} bits; choose another number with "
            "--activations")
    if form.rounding not in ("", args.rounding) and args.rounding != ROUNDINGS[0]:
        raise ValueError(f"--rounding {args.rounding} would have no effect: {form.name} has its own rounding; "
                         "leave it out")
    network, scheme = quantised_as_asked(args)
    digits = mnist.load(args.data).among(classes_of(args.weights), args.weights.name)
    exact = isinstance(network, Parameters)
    found = measure_float(network, digits) if exact else measure(network, digits, form.rounding or args.rounding)
    subject = Subject("mlp", network, source_of(args.weights), scheme_of(scheme, DEFAULTS),
                      measured_of(found, as_given(args.data)),
                      command_of(args, mlp.SHIPPED, {**DEFAULTS, "bits": None, "rounding": ROUNDINGS[0]}),
                      args.rounding, digits.classes, pixels_of(digits))
    return save(args, subject, form)


def export_vision(args: argparse.Namespace) -> int:
    """Write the Vision Transformer, in float or quantised as asked, and say what was written."""
    form, settings, defaults = FORMATS[args.form], transformer_settings_of(args), asdict(TransformerSettings())
    check_target(args, form, "vit")
    model, p = vit.parameters(checkpoint.load(args.weights))
    network = quantize_vit(p, settings, size=model.size)
    subject = Subject("vit", network, source_of(args.weights), scheme_of(asdict(settings), defaults), {},
                      command_of(args, vit.SHIPPED, {"images": None, "split": "test", **defaults}))
    refuse(subject, form)
    found = vit_subject(args.weights, args.data, args.split, args.images,
                        now_and_then("pieces of the data")).measure(settings)
    return save(args, replace(subject, measured=measured_of(found, as_given(args.data))), form)


def as_given(data: Any) -> str:
    return "the shipped digits" if mnist.is_shipped(data) else utf8(str(data))


def source_of(path: Path) -> dict[str, str]:
    """A file of weights, by its name and the sha256 of its bytes."""
    return {"file": utf8(path.name), "sha256": hashlib.sha256(files.read(path)).hexdigest()}


def command_of(args: argparse.Namespace, shipped: Path, defaults: Mapping[str, Any]) -> str:
    """The command that makes this export again: the options that are not at their defaults."""
    words = [f"python -m pyapp export {args.model}"]
    if args.weights != shipped:
        words.append(f"--weights {quote(utf8(str(args.weights)))}")
    if not mnist.is_shipped(args.data):
        words.append(f"--data {quote(utf8(str(args.data)))}")
    for name, default in defaults.items():
        if (value := getattr(args, name)) != default:
            words.append(option(name) if value is True else f"{option(name)} {as_text(value)}")
    return " ".join([*words, f"--format {args.form}", f"--out {quote(args.out.name)}"])


def verify_export(args: argparse.Namespace) -> int:
    """Run the proof again; the exit status is 1 if it does not hold."""
    verdict = verify(args.path)
    for name in verdict.missing:
        say(f"{name}, which belongs beside {args.path.name}, is not there and was not checked")
    result = {"ok": verdict.ok, "fingerprint": verdict.manifest["fingerprint"],
              "runs": [vars(run) | {"ok": run.ok} for run in verdict.runs]}
    show(result, args.json, verdict.text)
    return 0 if verdict.ok else 1
