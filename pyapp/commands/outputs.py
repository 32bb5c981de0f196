"""Files that a command will write: a name that cannot be written is an error before any work."""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from pyapp import files, store

WRITTEN = ("out", "checkpoint", "record", "csv", "html", "npy")  # options that name a file to write
READ = ("weights", "data", "teacher", "exclude", "image", "own_logits", "reads", "path", "web", "results",
        "compare", "gpt_data", "other", "inputs")  # to read
KINDS = (".npz", ".npy", ".json", ".csv", ".html", ".png", ".safetensors", ".onnx", ".h")  # of what is written
PROBE = bytes(4096)  # a full disk has no room for it


def add_out(sub: argparse.ArgumentParser, doc: str, kind: str, name: str = "--out", **options: Any) -> None:
    """An option that names a file to write, of a kind such as ".csv"; "" is any."""
    sub.add_argument(name, type=partial(writable, kind=kind), metavar="FILE", help=doc, **options)


def add_checkpoint(sub: argparse.ArgumentParser) -> None:
    """The option that names a file in which a training keeps its progress."""
    sub.add_argument("--checkpoint", type=ordinary, metavar="FILE",
                     help="file for saving progress; the same command resumes from it")


def add_weights_out(sub: argparse.ArgumentParser, name: str = "--out",
                    doc: str = "the .npz file to write; its recipe goes beside it", **options: Any) -> None:
    """An option that names the weights file to write; its recipe is written beside it."""
    sub.add_argument(name, type=weights_file, metavar="FILE", help=doc, **options)


def weights_file(text: str) -> Path:
    """The type of an option that names weights to write: a name that ends in .npz."""
    path = ordinary(text)
    if path.suffix.lower() != ".npz":
        raise argparse.ArgumentTypeError(f"{text} does not end in .npz, as a weights file must; use "
                                         f"{path.stem}.npz (the recipe will be {path.stem}.json)")
    recipe = path.with_suffix(".json")
    ordinary(str(recipe))
    if recipe.exists() and not store.is_recipe(recipe):
        what = "an export" if store.is_export(recipe) else "no recipe of weights"
        raise argparse.ArgumentTypeError(f"{recipe} is {what}, and the recipe of {path.name} would overwrite it; name "
                                         "another file")
    return path


def readable(text: str) -> Path:
    """The type of an option that names a file or folder to read. Only an empty or impossible name is an error here."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("the name is empty; name a file" if not text.strip() else
                                         f"{text!r} is no name of a file; name a file")
    return Path(text)


def ordinary(text: str) -> Path:
    """The type of an option that names a file to write and to read again, or with another: no device and no pipe."""
    path = writable(text)
    if path.exists() and not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is not an ordinary file; name another one")
    return path


def writable(text: str, kind: str = "") -> Path:
    """The type of an option that names a file to write. A name that promises another kind than is written would be
    opened by the wrong program, and is an error."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; name a file")
    path = Path(text)
    try:
        if text.endswith(("/", os.sep)) or path.is_dir():
            raise argparse.ArgumentTypeError(f"{text} is a folder; name a file in it")
        if path.exists() and not os.access(path, os.W_OK):
            raise argparse.ArgumentTypeError(f"{text} is write-protected; name another file")
        _probe(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise argparse.ArgumentTypeError(f"{text} cannot be written ({why}); name a file elsewhere") from None
    if kind and path.suffix.lower() in KINDS and path.suffix.lower() != kind:
        raise argparse.ArgumentTypeError(f"{text} ends in {path.suffix}, and {kind[1:].upper()} is written; use "
                                         f"{path.stem}{kind}")
    return path


def _probe(path: Path) -> None:
    """OSError if the file cannot be created. Leaves nothing behind; missing folders are made later, with the file."""
    if path.exists() and not path.is_file():
        return  # a terminal or a pipe, whose real name may be none: /dev/stdout in `... | less`
    path = files.real(path)
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise NotADirectoryError(0, f"{folder} is not a folder")
    for part in files.beside(path, "lock").relative_to(folder).parts:
        (folder / part).exists()  # raises if the name is too long for this file system
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(PROBE)


def check_apart(args: argparse.Namespace) -> None:
    """ValueError if two outputs of a command are the same file, one would overwrite an input, or an input has an empty
    name, which Python takes for this folder, or is a named pipe: with nobody at its other end a command would wait for
    ever. A shell's <(...) has no name and is read."""
    given = {name: value for name, value in vars(args).items() if value is not None}
    if not all(str(given.get(name, name)).strip() for name in READ):
        raise ValueError("the name of a file to read is empty; name a file or folder")
    written = {}
    for name in WRITTEN:
        for path in _with_recipe(given[name]) if name in given else ():
            if (other := written.setdefault(files.real(path), name)) != name:
                raise ValueError(f"--{name} {given[name]} would overwrite what --{other} writes; name another file")
    for name in (*READ, "checkpoint"):
        if name in given and (path := Path(given[name])).is_fifo() and files.real(path).exists():
            raise ValueError(f"{path} is a named pipe, which is not read; name an ordinary file")
    for name in READ:
        if name in given and (other := written.get(files.real(Path(given[name])))):
            raise ValueError(f"--{other} {given[other]} would overwrite {given[name]}, which this command reads; name "
                             "another file")


def _with_recipe(path: Path) -> tuple[Path, ...]:
    return (path, path.with_suffix(".json")) if path.suffix.lower() == ".npz" else (path,)
