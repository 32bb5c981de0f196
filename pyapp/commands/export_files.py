"""The files that an export writes: which format, where, and their proof run once at once."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyapp import files, store
from pyapp.commands.common import show
from pyapp.commands.outputs import ordinary, writable
from pyapp.core.words import is_utf8
from pyapp.export.formats import Format, written
from pyapp.export.subject import Subject
from pyapp.export.verify import verify
from pyapp.quant.formats.catalogue import FORMATS as NUMBER_FORMATS
from pyapp.quant.schemes import GRID


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
    if not is_utf8(first):
        raise ValueError(f"the name {first!a} is not UTF-8, and an export says its own name; use another one")
    for name in (folder / first, *(folder / (stem + suffix) for suffix in form.beside or {})):
        if "weights" in args and name.resolve() == args.weights.resolve():
            raise ValueError(f"{args.weights} would be overwritten by its own export; name another file")
        if store.is_recipe(name):
            raise ValueError(f"{name} is the recipe of weights, which do not open without it; name another file")
        if name.suffix.lower() == ".npz" and store.is_recipe(recipe := name.with_suffix(".json")):
            raise ValueError(f"{name} has the recipe {recipe.name}, beside which only the weights that it describes "
                             "open; name another file")
        try:
            writable(str(name))
        except argparse.ArgumentTypeError as error:
            raise ValueError(str(error)) from None


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
