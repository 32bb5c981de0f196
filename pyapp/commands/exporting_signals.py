"""`export anomaly` and `export keywords`: a network learned from signals, and written with a proof on ten of them."""

import argparse
from shlex import quote
from typing import Any

from pyapp.commands import anomaly, keywords
from pyapp.commands.common import add_json, command
from pyapp.commands.export_files import add_target, check_target, save
from pyapp.commands.saying import option
from pyapp.export import names
from pyapp.export.kinds import FORMATS
from pyapp.export.signals import of_detector, of_spotter
from pyapp.export.subject import Subject
from pyapp.sweep.grid import whole_or_none
from pyapp.sweep.grid import written as as_text

SEEN = ("data", "columns", "width", "false_alarms", "seed", "bits")  # options that an export depends on


def add(models: Any) -> None:
    forms = {form.name: FORMATS[form.name] for form in names.SIGNALS}
    for model, doc, more in (("anomaly", "a detector of anomalies in a recording of sensors", anomaly.add_recording),
                             ("keywords", "a network that tells words apart", keywords.add_sounds)):
        sub = command(models, model, export, f"{doc}; it is trained first, which takes seconds")
        more(sub)
        sub.add_argument("--bits", type=whole_or_none, default=8, metavar="N",
                         help="bits per weight, with activations of 8; none: float32")
        add_target(sub, forms)
        add_json(sub)
        sub.set_defaults(usual={name: sub.get_default(name) for name in SEEN})


def export(args: argparse.Namespace) -> int:
    """Train the network, write it, and say what was written."""
    form = FORMATS[args.form]
    check_target(args, form, args.model)
    return save(args, subject_of(args), form)


def subject_of(args: argparse.Namespace) -> Subject:
    """The trained network with its measurements."""
    if args.model == "anomaly":
        return of_detector(anomaly.detector_of(args), args.false_alarms / 100, args.bits, command_of(args))
    return of_spotter(keywords.spotter_of(args), args.bits, command_of(args))


def command_of(args: argparse.Namespace) -> str:
    """The command that makes this export again: the options that are not at their defaults."""
    given = [f"{option(name)} {quote(as_text(value))}" for name in SEEN
             if (value := getattr(args, name, None)) != args.usual.get(name)]
    return " ".join([f"python -m pyapp export {args.model}", *given, f"--format {args.form}",
                     f"--out {quote(args.out.name)}"])
