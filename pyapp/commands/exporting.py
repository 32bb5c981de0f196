"""Commands for exports: a network as a file that carries its proof, and that proof run again."""

import argparse
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from shlex import quote
from typing import Any

from pyapp import checkpoint, files, store
from pyapp.commands.attention import add_subject, add_transformer_settings, add_weight_settings, transformer_settings_of
from pyapp.commands.common import TITLES, add_data, add_json, add_weights, command, networks, now_and_then, show
from pyapp.commands.outputs import ordinary, readable, writable
from pyapp.commands.quantisation import add_bits, add_settings, quantised_as_asked
from pyapp.commands.saying import option, say
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.export.formats import Format, refuse, written
from pyapp.export.kinds import FORMATS
from pyapp.export.subject import Subject, measured_of, pixels_of, scheme_of
from pyapp.export.verify import verify
from pyapp.measure.measure import measure, measure_float
from pyapp.nets import mlp, vit
from pyapp.quant.formats.catalogue import FORMATS as NUMBER_FORMATS
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.parameters import UNPREPARED
from pyapp.quant.schemes import GRID
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
    sub = command(commands, "verify", verify_export, "run the proof of an exported file again")
    sub.add_argument("path", metavar="PATH", type=readable, help="the file that export wrote")
    add_json(sub)


def add_target(sub: argparse.ArgumentParser, formats: Mapping[str, Format], required: bool = True) -> None:
    """Options for the format to write, and for where to write it."""
    sub.set_defaults(format=GRID)  # of the weights: files hold uniform grids
    sub.add_argument("--format", dest="form", type=file_format, choices=list(formats), required=required,
                     help="; ".join(f"{form.name}: {form.doc}" for form in formats.values()))
    sub.add_argument("--out", type=target, required=required, metavar="PATH",
                     help="the file to write, or an existing folder to write it into")


def file_format(text: str) -> str:
    """The type of --format, which elsewhere names a number format of the weights."""
    if text.partition(":")[0] in NUMBER_FORMATS:
        raise argparse.ArgumentTypeError(f"{text} is a number format, and exported files hold uniform grids; choose "
                                         "--bits for the weights, and json for example for the file")
    return text


def target(text: str) -> Path:
    """The type of --out: a file that can be written, or a folder, in which the file is named after the network."""
    path = Path(text)
    if text.strip() and path.is_dir():
        return path
    return ordinary(text)


def check_target(args: argparse.Namespace, form: Format, model: str) -> None:
    """ValueError, before any work, if a file of the export cannot be written or may not be overwritten."""
    stem, folder = (model, args.out) if args.out.is_dir() else (args.out.stem, args.out.parent)
    first = stem + form.suffix if args.out.is_dir() else args.out.name
    for name in (folder / first, *(folder / (stem + suffix) for suffix in form.beside or {})):
        if name.resolve() == args.weights.resolve():
            raise ValueError(f"{args.weights} would be overwritten by its own export; name another file")
        if store.is_recipe(name):
            raise ValueError(f"{name} is the recipe of weights, which do not open without it; name another file")
        try:
            writable(str(name))
        except argparse.ArgumentTypeError as error:
            raise ValueError(str(error)) from None


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
    classes = classes_of(args.weights)
    digits = mnist.load(args.data).among(classes, args.weights.name)
    exact = isinstance(network, Parameters)
    found = measure_float(network, digits) if exact else measure(network, digits, form.rounding or args.rounding)
    subject = Subject("mlp", network, source_of(args.weights), scheme_of(scheme, DEFAULTS),
                      measured_of(found, as_given(args.data)),
                      command_of(args, mlp.SHIPPED, {**DEFAULTS, "bits": None, "rounding": ROUNDINGS[0]}),
                      args.rounding, classes, pixels_of(digits))
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


def save(args: argparse.Namespace, subject: Subject, form: Format, more: Mapping[str, Any] | None = None,
         text: str = "") -> int:
    """Write an export's files and print what they hold, after `text`; `more` goes into the JSON. The exit status is 1
    if an engine here computes something else."""
    if args.out.is_dir():
        folder, made = args.out, written(subject, form, subject.model)
    else:  # as it was typed, whatever its suffix
        folder, made = args.out.parent, written(subject, form, args.out.stem, args.out.name)
    names = [folder / name for name in made]
    _write(dict(zip(names, made.values(), strict=True)))
    found = verify(names[0])
    sizes = {str(name): len(data) for name, data in zip(names, made.values(), strict=True)}
    result = {**(more or {}), "files": sizes, "fingerprint": found.manifest["fingerprint"], "manifest": found.manifest}
    lines = [text] * bool(text) + [f"wrote {name}, {size:,} bytes" for name, size in sizes.items()]
    show({**result, "ok": found.ok}, args.json, "\n".join([*lines, found.text]))
    return 0 if found.ok else 1


def _write(made: Mapping[Path, bytes]) -> None:
    """Write all files of an export, the main one last, or leave none that was not there before."""
    fresh = [name for name in made if not name.exists()]
    try:
        for name in reversed(made):
            files.write(name, made[name])
    except BaseException:
        for name in fresh:
            files.discard(name)
        raise


def as_given(data: Any) -> str:
    return "the shipped digits" if mnist.is_shipped(data) else str(data)


def source_of(path: Path) -> dict[str, str]:
    """A file of weights, by its name and the sha256 of its bytes."""
    return {"file": path.name, "sha256": hashlib.sha256(files.read(path)).hexdigest()}


def command_of(args: argparse.Namespace, shipped: Path, defaults: Mapping[str, Any]) -> str:
    """The command that makes this export again: the options that are not at their defaults."""
    words = [f"python -m pyapp export {args.model}"]
    if args.weights != shipped:
        words.append(f"--weights {quote(str(args.weights))}")
    if not mnist.is_shipped(args.data):
        words.append(f"--data {quote(str(args.data))}")
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
