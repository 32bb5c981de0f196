"""The command line: every page and every measurement without a browser. `python -m pyapp --help`."""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

from pyapp import __version__, bench, check, pages, store
from pyapp.core.losses import softmax
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import drawing, mnist
from pyapp.hosts import HostError
from pyapp.models import mlp
from pyapp.models.mlp import MLP
from pyapp.models.recipes import MLPRecipe, accuracies, facts, train_mlp
from pyapp.models.trainer import evaluate
from pyapp.params import ParamError
from pyapp.quant.parameters import float_nbytes, quantize_parameters
from pyapp.quant.schemes import MAX_BITS, MIN_BITS
from pyapp.runner import Runner

FLOAT_BITS = 32
NOTHING = "none"


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 2 with one sentence on stderr for input that cannot be used."""
    args = _parser().parse_args(argv)
    try:
        args.command(args)
    except (ValueError, OSError, HostError) as error:
        hint = getattr(error, "hint", "")
        print(f"bitladder: {error}{f'; {hint}' if hint else ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bitladder: stopped", file=sys.stderr)
        return 130
    return 0


def train(args: argparse.Namespace) -> None:
    """Train on a folder's training images less those of --exclude, and measure on its test images."""
    recipe = MLPRecipe(**{field.name: getattr(args, field.name) for field in fields(MLPRecipe)})
    digits = mnist.load(args.data, "train")
    if args.exclude != NOTHING:
        for split in mnist.FILES:
            digits = mnist.without(digits, mnist.load(args.exclude, split))
    if not len(digits.images):
        raise ValueError(f"{args.data}: no training images are left after leaving out those of {args.exclude}")
    print(f"{len(digits.images)} images to train on", file=sys.stderr)
    p = train_mlp(recipe, digits, lambda line: print(line, file=sys.stderr, flush=True))
    metrics = {"test": accuracies(p, mnist.load(args.data, "test")), "shipped": accuracies(p, mnist.load())}
    command = [f"python -m pyapp train mlp --data DIR --out weights/{args.out.name}"]
    if args.exclude != str(mnist.SHIPPED):
        command.append(f"--exclude {args.exclude}")
    command += [f"--{f.name} {getattr(recipe, f.name)}" for f in fields(recipe) if getattr(recipe, f.name) != f.default]
    store.save(args.out, store.arrays_of(p), {
        "command": " ".join(command), "data": "DIR: MNIST's four files; --exclude: by default what the page ships",
        **facts(recipe, digits), "metrics": metrics,
    })
    print(json.dumps(metrics))


def evaluate_weights(args: argparse.Namespace) -> None:
    """Accuracy on a folder's test images, in float or with quantised weights."""
    model, p, nbytes = _network(args)
    digits = mnist.load(args.data, args.split)
    scores = evaluate(model, p, digits.inputs(), digits.labels)
    result = {"accuracy": scores["accuracy"], "loss": scores["loss"], "n": len(digits.labels),
              "bits": args.bits or FLOAT_BITS, "bytes": nbytes}
    _print(result, args.json, f"{result['accuracy']:.2%} of {result['n']} images right, loss {result['loss']:.4f}; "
                              f"{result['bits']} bits a weight, {nbytes:,} bytes")


def predict(args: argparse.Namespace) -> None:
    """Read the digit in a picture file."""
    try:  # only this command needs Pillow, and the page does not ship it
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise ValueError("reading a picture file needs Pillow; pip install pillow") from None
    try:
        with Image.open(args.image) as picture:
            flat = Image.new("RGBA", picture.size, "white")  # transparent parts are paper
            flat.alpha_composite(picture.convert("RGBA"))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(f"{args.image}: expected a picture such as a PNG, found something else ({error})") from None
    x = drawing.to_mnist(drawing.ink_of_picture(np.asarray(flat.convert("L"))))
    if x is None:
        raise ValueError(f"{args.image}: there is no ink in this picture")
    model, p, _ = _network(args)
    probabilities = softmax(model.forward(p, x.reshape(1, -1)))[0]
    digit = int(probabilities.argmax())
    result = {"digit": digit, "confidence": float(probabilities[digit]), "bits": args.bits or FLOAT_BITS,
              "probabilities": [float(v) for v in probabilities]}
    _print(result, args.json, f"{digit}  ({result['confidence']:.1%})")


def run_page(args: argparse.Namespace) -> None:
    """Run a page's experiment for some steps and print where it stands."""
    given = {}
    for item in args.set:
        name, equals, value = item.partition("=")
        if not equals:
            raise ParamError(name, f"--set {item} has no value", "write --set name=value")
        given[name] = value
    if args.steps < 0:
        raise ValueError(f"steps is {args.steps}; use 0 or more")
    runner = Runner()
    opened = runner.open(args.page, given, strict=True)
    for note in opened["notes"]:
        print(f"bitladder: {note}", file=sys.stderr)
    frame = opened["frame"]
    if args.steps:
        frame = runner.advance(opened["run"], steps=args.steps)["frame"]
    result = {"page": args.page, "params": opened["params"], "step": frame.step, "scalars": frame.scalars,
              "notes": opened["notes"] + frame.notes}
    _print(result, args.json, "\n".join([f"step {frame.step}"] + [f"{k} {v}" for k, v in frame.scalars.items()]))


def check_runtime(args: argparse.Namespace) -> None:
    """The proof, run here."""
    if args.record:
        check.record(args.record)
        return
    rows = check.rows()
    _print(rows, args.json, check.table(rows))
    if not all(row["ok"] for row in rows):
        raise ValueError("some results are outside of their bounds; see the table")


def benchmark(args: argparse.Namespace) -> None:
    """Ratios against plain JavaScript in the same run."""
    result = bench.compare(args.pyodide, args.browser)
    _print(result, args.json, bench.table(result))


def list_pages(args: argparse.Namespace) -> None:
    """Print what web/pages.json holds: every page with its parameters."""
    print(json.dumps(pages.describe(), indent=1))


def _network(args: argparse.Namespace) -> tuple[MLP, Parameters, int]:
    """The digits network with the weights and bits that were asked for, and its size in bytes."""
    model, p = MLP(), mlp.load(args.weights)
    if args.bits is None:
        return model, p, float_nbytes(p)
    quantised = quantize_parameters(p, args.bits)
    return model, quantised.parameters, quantised.nbytes


def _print(result: dict | list, as_json: bool, text: str) -> None:
    print(json.dumps(result) if as_json else text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pyapp", description=__doc__.split(".")[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command, doc: str, model: bool = False, **defaults) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=doc, description=doc,
                                  formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        sub.set_defaults(command=command, **defaults)
        if model:
            sub.add_argument("model", choices=["mlp"], help="which network")
        return sub

    def add_weights(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--weights", type=Path, default=mlp.SHIPPED, metavar="FILE", help="an .npz")
        sub.add_argument("--bits", type=int, metavar="B", help=f"quantise to {MIN_BITS} to {MAX_BITS} bits")
        sub.add_argument("--json", action="store_true", help="print one JSON object")

    sub = add("train", train, "train a network and save its weights with their recipe", model=True)
    sub.add_argument("--data", required=True, metavar="DIR", help="folder with MNIST's four IDX files")
    sub.add_argument("--out", required=True, metavar="FILE", type=Path, help="the .npz to write; a .json beside it")
    sub.add_argument("--exclude", default=str(mnist.SHIPPED), metavar="DIR",
                     help=f"leave out images that are in this folder; {NOTHING!r} leaves out nothing")
    for field in fields(MLPRecipe):
        choices = list(OPTIMISERS) if field.name == "optimiser" else None
        sub.add_argument(f"--{field.name}", type=type(field.default), default=field.default, choices=choices,
                         help=field.metadata["doc"])

    sub = add("evaluate", evaluate_weights, "accuracy, loss and size of a network, in float or quantised", model=True)
    sub.add_argument("--data", default=mnist.SHIPPED, metavar="DIR", help="folder with MNIST's IDX files")
    sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")
    add_weights(sub)

    sub = add("predict", predict, "read the digit in a picture file")
    sub.add_argument("image", metavar="IMAGE", help="a picture of one digit, dark on light or light on dark")
    add_weights(sub)

    sub = add("run", run_page, "run the experiment behind a page")
    sub.add_argument("page", metavar="PAGE", help=f"one of {', '.join(pages.names())}")
    sub.add_argument("--steps", type=int, default=0, metavar="N", help="how many steps")
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
    sub.add_argument("--json", action="store_true", help="print one JSON object")

    add("pages", list_pages, "print every page with its parameters, as web/pages.json holds them")

    sub = add("bench", benchmark, "time an epoch, one image and 500 images beside plain JavaScript, in one run")
    sub.add_argument("--pyodide", action="store_true", help="in Pyodide in Node too")
    sub.add_argument("--browser", action="store_true", help="in Pyodide in Chromium too, with the time to ready")
    sub.add_argument("--json", action="store_true", help="print one JSON object")

    sub = add("check", check_runtime, "run the fixtures of the proof and compare them with what CPython recorded")
    sub.add_argument("--record", type=Path, metavar="FILE", help="keep this runtime's results instead")
    sub.add_argument("--json", action="store_true", help="print one JSON array")
    return parser


if __name__ == "__main__":
    sys.exit(main())
