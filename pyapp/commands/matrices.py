"""`sensitivity` and `mixed` for the Vision Transformer and the GPT, matrix by matrix."""

import argparse
from typing import Any

from pyapp.commands.attention import add_subject, add_weight_settings, subject_of
from pyapp.commands.common import TITLES, add_json, command, now_and_then, show
from pyapp.quant.formats.catalogue import find
from pyapp.quant.mixed import Width
from pyapp.quantized.sensitivity import BITS
from pyapp.quantized.transformer import TransformerSettings
from pyapp.quantized.transformer_mixing import Ways, mix_matrices, sensitivity_of_matrices
from pyapp.sweep.grid import whole

PIECES = "matrices and widths"
USUAL = ",".join(map(str, BITS))


def add(models: Any, function: Any) -> list[argparse.ArgumentParser]:
    """Declare `vit` and `gpt` of a command, with the options that both commands have."""
    return [_added(command(models, name, function, f"the {TITLES[name]}"), name) for name in ("vit", "gpt")]


def _added(sub: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    add_subject(sub, name)
    sub.add_argument("--bits", metavar="LIST", help=f"bits that a matrix can have (default: {USUAL})")
    sub.add_argument("--format", metavar="LIST", help="number formats in place of --bits, as in int4:32,mxfp4,mxfp8")
    sub.add_argument("--per", metavar="tensor|channel|group:N", default="tensor", help="which weights share a scale")
    add_weight_settings(sub)
    add_json(sub)
    return sub


def _ways(args: argparse.Namespace) -> Ways:
    """The settings of each number of bits or format that is asked for. ValueError if both are."""
    if args.format is not None and args.bits is not None:
        raise ValueError(f"--bits {args.bits} and --format {args.format} both say what a matrix can have; leave out "
                         "one of the two")
    kind = kind_of(args)
    parts = [part.strip() for part in (getattr(args, kind) or USUAL).split(",")]
    widths: list[Width] = [find(name) and name for name in parts] if kind == "format" else list(map(whole, parts))
    options = {name: getattr(args, name) for name in ("per", "scheme", "clip", "method", "seed")}
    return {width: TransformerSettings(**options, **{kind: width}) for width in widths}


def find_sensitive(args: argparse.Namespace) -> None:
    """Print KL, loss and accuracy on the data, and bytes, for each matrix quantised alone, in each way."""
    ways = _ways(args)
    subject = subject_of(args)
    judged = subject.judged()
    table = sensitivity_of_matrices(judged, ways, now_and_then(PIECES))
    wide = max(6, *(len(str(width)) for width in ways))
    lines = [f"on {subject.on}: float32 loss {judged.loss:.4f} nats; what each matrix adds to it:",
             f"{'matrix':28} {kind_of(args):>{wide}} {'KL (nats)':>11} {'loss':>9} {'accuracy':>9} {'bytes':>8}"]
    lines += [f"{name:28} {width!s:>{wide}} {row['kl']:11.2e} {row['loss']:+9.4f} {row['accuracy']:9.2%} "
              f"{row['bytes']:8,}" for name, rows in table.items() for width, row in rows.items()]
    show({"model": args.model, "n": len(judged.labels), "float_loss": judged.loss, "layers": table}, args.json,
         "\n".join(lines))


def mixed(args: argparse.Namespace) -> None:
    """Bits or a format for each matrix within --budget bytes, chosen on the calibration split, or on text that the GPT
    writes, and measured on the data."""
    ways, kind = _ways(args), kind_of(args)
    subject = subject_of(args)
    found = mix_matrices(subject.calibration(), ways, args.budget, now_and_then(PIECES))
    judged = subject.judged()
    seen = judged.scores(found.weights.parameters)
    chosen, loss = found.chosen.bits, judged.loss + seen["loss"]
    result = {"model": args.model, kind: chosen, "budget": args.budget, "accuracy": seen["accuracy"], "loss": loss,
              "n": len(judged.labels), "bytes": found.weights.nbytes,
              "bits_per_weight": found.weights.bits_per_weight, "kl": found.kl, "predicted_kl": found.chosen.cost,
              "front": [{kind: list(c.bits.values()), "bytes": c.nbytes, "kl": c.cost} for c in found.front]}
    lines = [f"{name:28} {width}" for name, width in chosen.items()]
    lines.append(f"accuracy {seen['accuracy']:.2%}, loss {loss:.4f} nats on {subject.on}; {result['bytes']:,} of "
                 f"{args.budget:,} bytes; KL {found.kl:.5f} nats on what it was chosen by, {found.chosen.cost:.5f} "
                 "predicted")
    show(result, args.json, "\n".join(lines))


def kind_of(args: argparse.Namespace) -> str:
    """The setting that is chosen for each matrix."""
    return "bits" if args.format is None else "format"
