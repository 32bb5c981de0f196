"""Commands of the two digit generators: draw a sheet, train the teacher, distil its routing."""

import argparse
from typing import Any

import numpy as np

from pyapp import checkpoint, files, store
from pyapp.checkpoint import Contents, described
from pyapp.commands.common import (
    BITS_OR_NONE,
    SHIPPED_LEFT_OUT,
    TITLES,
    add_json,
    add_recipe,
    command,
    progress,
    reader,
    recipe_of,
    show,
)
from pyapp.commands.outputs import add_out, add_weights_out, readable
from pyapp.commands.saving import counted, save_trained
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.digitgen import measures, mini, mulberry, strokes, teacher
from pyapp.digitgen.batch import FIELDS, GENERATORS, GLYPHS, MINI, NINE, TEACHER, Asked, saved, shipped
from pyapp.digitgen.distillation import RoutingRecipe, distil, mean_pictures
from pyapp.digitgen.painter import Painter, styles
from pyapp.digitgen.recipe import TeacherRecipe, train_teacher
from pyapp.digitgen.sheet import png, sheet
from pyapp.measure.measure import training_images
from pyapp.nets import mlp
from pyapp.quant.schemes import check_bits
from pyapp.sweep.grid import NONE, whole_or_none

SAMPLES = 1000  # seeds 0 to 999 are what is measured


def add_training(models: Any) -> None:
    """Declare `train generator`."""
    sub = command(models, "generator", train, f"the {TITLES['generator']}: the teacher")
    sub.add_argument("--data", required=True, metavar="DIR", help="folder with MNIST's four IDX files")
    add_weights_out(sub, required=True)
    add_recipe(sub, TeacherRecipe)


def train(args: argparse.Namespace) -> None:
    """Train on a folder's training images less the shipped 5,000; measure 1,000 samples on the shipped digits."""
    recipe, reader, real = recipe_of(args, TeacherRecipe), mlp.load(), mnist.load().images[::3].reshape(SAMPLES, -1)
    measures.shipped()  # cached for `judge`, so that missing digits are reported before the training
    digits = counted(training_images(args.data).among(TEN, "the digit generator"))
    p = train_teacher(recipe, digits, progress)
    metrics = judge(Painter(p), reader)
    for name, pixels in (("", sample(Painter(p)).pixels), ("_of_real", real)):
        _, distances = measures.nearest(pixels, digits.images.reshape(len(digits.images), -1))
        metrics[f"nearest_training{name}"] = float(distances.min())
    save_trained(args, "train generator --data DIR", recipe, described(store.arrays_of(p), "train generator"), digits,
                 data=SHIPPED_LEFT_OUT, parameters=p.vector.size, metrics=metrics)


def sample(painter: Painter | mini.MiniDecoder) -> mini.Drawn:
    """The pictures of the first thousand seeds."""
    seeds = np.arange(SAMPLES, dtype=np.uint32)
    return painter.draw(mini.latents(seeds), styles(seeds))


def judge(painter: Painter | mini.MiniDecoder, reader: Parameters) -> dict[str, Any]:
    """The `measures` of a thousand samples, classified by a digits network and compared with all shipped digits."""
    return measures.measure(sample(painter), reader, measures.shipped())


def add(commands: Any) -> None:
    sub = command(commands, "digits", draw, "draw handwritten digits from a seed: same seed, same pixels, everywhere")
    sub.add_argument("--seed", default=str(mulberry.DEFAULT_SEED), metavar="S",
                     help="seed of the first picture, any number or word; the next ones count up")
    sub.add_argument("--temperature", type=float, default=mini.USUAL, metavar="T",
                     help=f"{mini.COOLEST} to {mini.HOTTEST}; lower is sharper")
    sub.add_argument("--generator", choices=GENERATORS,
                     help=f"mini decoder (blended glyphs) or trained network (default: {MINI})")
    _add_saved(sub)
    sub.add_argument("--fields", choices=FIELDS, default=GLYPHS,
                     help="what the mini decoder blends: glyphs of strokes, or the teacher's mean pictures")
    sub.add_argument("--digit", type=int, metavar="D", help="digit to draw, 0 to 9 (default: the latents decide)")
    sub.add_argument("--bits", type=reader(whole_or_none), metavar=f"B|{NONE}",
                     help=f"bits per weight: {BITS_OR_NONE} (default: {NONE})")
    sub.add_argument("--count", type=int, default=NINE, metavar="N", help="number of pictures")
    add_out(sub, "the PNG file to write the sheet to", ".png")
    add_json(sub)

    sub = command(commands, "distill-digits", distil_routing,
                  "distil the mini decoder's routing from the teacher, and make the teacher's mean pictures")
    sub.add_argument("--teacher", type=readable, default=teacher.SHIPPED, metavar="FILE", help="the teacher, an .npz")
    add_weights_out(sub, required=True)
    add_recipe(sub, RoutingRecipe)

    sub = command(commands, "judge-digits", table, "measure how readable and how varied generated digits are")
    sub.add_argument("--bits", default=f"{NONE},8,6,5,4,3,2", metavar="LIST",
                     help=f"bits per weight, or {NONE} for float32")
    _add_saved(sub)
    add_json(sub)


def _add_saved(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--weights", type=readable, metavar="FILE",
                     help="a generator saved by train generator or distill-digits (default: a shipped one)")


def _saved(args: argparse.Namespace) -> tuple[Contents | None, str]:
    """The generator in the file of --weights, if any, and its kind. ValueError if --generator names the other."""
    asked = getattr(args, "generator", None)
    if args.weights is None:
        return None, asked or MINI
    found = checkpoint.load(args.weights)
    saved(found)
    kind = TEACHER if found.network == "generator" else MINI
    if asked not in (None, kind):
        raise ValueError(f"{args.weights} holds {found.words}, but --generator asks for {asked}; leave out --generator")
    return found, kind


def draw(args: argparse.Namespace) -> None:
    """Draw a sheet, and print its coefficients and how a seed that is not a number was read."""
    seed, note = mulberry.seed_of(args.seed)
    if note:
        progress(note)
    if not 1 <= args.count <= SAMPLES:
        raise ValueError(f"the count is {args.count}; use 1 to {SAMPLES}")
    found, kind = _saved(args)
    asked = Asked(seed, args.temperature, kind, args.fields, args.digit, args.bits, args.count, found)
    drawn = asked.draw()
    if args.out:
        files.write(args.out, png(sheet(drawn.pixels)))
    report = asked.report(drawn)
    lines = [f"seed {s['seed']:<10}  {s['label']}  " + " ".join(f"{k} {c:.2f}" for k, c in s["coefficients"].items())
             for s in report["samples"]]
    show({**report, "note": note}, args.json, "\n".join(lines))


def distil_routing(args: argparse.Namespace) -> None:
    """Distil, and measure for what share of a thousand seeds the student chooses the teacher's digit."""
    recipe, painter = recipe_of(args, RoutingRecipe), Painter(teacher.load(args.teacher))
    teacher_sha256 = store.digest(args.teacher)
    routing, loss = distil(recipe, painter, progress)
    u = mini.latents(np.arange(SAMPLES, dtype=np.uint32))
    student = mini.MiniDecoder(routing, strokes.glyphs())
    metrics = {"n": SAMPLES, "loss": loss, "agreement": measures.agreement(painter, student, u)}
    arrays = store.arrays_of(routing) | {mini.MEANS: mean_pictures(painter)}
    save_trained(args, "distill-digits", recipe, described(arrays, "distill-digits"), parameters=routing.vector.size,
                 teacher_sha256=teacher_sha256, metrics=metrics)


def _bits(word: str) -> int | None:
    bits = None if word == "off" else whole_or_none(word)  # as pages have it
    return None if bits is None else check_bits(bits)


def table(args: argparse.Namespace) -> None:
    """Judge both generators, or the one in a file, at each bit width, on a thousand samples each."""
    rows, reader = [], mlp.load()
    found, kind = _saved(args)
    for bits in [_bits(word) for word in args.bits.split(",")]:
        for generator in GENERATORS if found is None else (kind,):
            made = shipped(generator, bits=bits) if found is None else saved(found, bits=bits)
            rows.append({"generator": generator, "bits": bits, "bytes": made.nbytes, **judge(made, reader)})
    lines = [f"{r['generator']:8} {r['bits'] or 'float':>5} bits  {r['bytes']:>9,} bytes  read {r['read']:.3f}  "
             f"neighbour {r['neighbour']:.3f}  diversity {r['diversity']:.3f}  nearest {r['nearest']:.2f}"
             for r in rows]
    show(rows, args.json, "\n".join(lines))
