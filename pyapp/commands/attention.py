"""Commands that measure a quantised transformer: `evaluate vit|gpt`, and the table of bits, methods and shifts."""

import argparse
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from pyapp.commands.common import (
    BITS_OR_NONE,
    TITLES,
    add_confusion,
    add_data,
    add_format,
    add_json,
    add_prepare,
    command,
    networks,
    now_and_then,
    progress,
    reader,
    show,
)
from pyapp.commands.outputs import add_out, readable
from pyapp.core.watching import Watch, unwatched
from pyapp.data import mnist
from pyapp.measure.mistakes import each_in_words
from pyapp.nets import gpt, vit
from pyapp.quant.alone import ALONE, HQQ, OWN
from pyapp.quant.calibrate import CLIPS, RANGES
from pyapp.quant.schemes import SCHEMES
from pyapp.quantized.integer_transformer import check
from pyapp.quantized.transformer import TransformerSettings
from pyapp.softmax.compare import BITS
from pyapp.softmax.methods import INTEGER, METHODS
from pyapp.softmax.shift import RULES
from pyapp.sweep.grid import NONE, whole, whole_or_none, written
from pyapp.sweep.transformers import Subject, attention_rows, gpt_subject, vit_subject

DOC = ("measure what quantised attention scores cost a transformer, by logit bits, softmax and shift, into a CSV file; "
       "the same command again resumes a stopped table")
ALL = ",".join(METHODS)  # in integers: all that are
FLOAT32 = TransformerSettings()
FLOAT = f"{BITS_OR_NONE} (default: {NONE})"


def add(commands: Any) -> None:
    for name, sub in _both(networks(commands, "attention-table", DOC), attention_table).items():
        add_subject(sub, name)
        _add_base(sub)
        sub.add_argument("--logit-bits", default=",".join(map(str, BITS)), metavar="LIST",
                         help="bits of the attention scores")
        sub.add_argument("--softmax", default=ALL, metavar="LIST", help="softmax methods")
        sub.add_argument("--shift", default=",".join(RULES), metavar="LIST",
                         help="what is subtracted from the scores before they are rounded")
        add_integers(sub)
        add_out(sub, "the CSV file; its rows are kept, and several commands may write to it", ".csv", required=True)
        add_json(sub)


def add_evaluate(models: Any) -> None:
    """`evaluate vit` and `evaluate gpt`."""
    for name, sub in _both(models, evaluate).items():
        add_subject(sub, name)
        add_transformer_settings(sub)
        add_weight_settings(sub)
        add_format(sub)
        add_prepare(sub)
        add_integers(sub)
        if name == "vit":
            add_confusion(sub)
        add_json(sub)


def _both(models: Any, function: Any) -> dict[str, argparse.ArgumentParser]:
    return {name: command(models, name, function, f"the {TITLES[name]}") for name in ("vit", "gpt")}


def add_subject(sub: argparse.ArgumentParser, name: str) -> None:
    """Options for the weights and for the data that they are measured on."""
    module, data = {"vit": (vit, "images"), "gpt": (gpt, "windows")}[name]
    sub.add_argument("--weights", type=readable, default=module.SHIPPED, metavar="FILE",
                     help="the network, an .npz that a command or a page saved")
    sub.add_argument(f"--{data}", type=int, metavar="N", help=f"number of {data} to measure on (default: all)")
    if name == "gpt":
        sub.add_argument("--data", required=True, metavar="FILE", help="a text in UTF-8; its last 10 %% are measured")
    else:
        add_data(sub)
        sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")


def add_transformer_settings(sub: argparse.ArgumentParser) -> None:
    """Options for every field of `TransformerSettings`."""
    _add_base(sub)
    sub.add_argument("--logit-bits", type=reader(whole_or_none), metavar=f"L|{NONE}",
                     help=f"bits of the attention scores: {FLOAT}")
    sub.add_argument("--softmax", metavar="M", default="exact", help=f"softmax method: {', '.join(METHODS)}")
    sub.add_argument("--shift", metavar="RULE", default="none",
                     help=f"what is subtracted from the scores before they are rounded: {', '.join(RULES)}")


def add_weight_settings(sub: argparse.ArgumentParser, seed: bool = True) -> None:
    """Options for weights on uniform grids; without `seed` where another option has this name."""
    sub.add_argument("--scheme", choices=SCHEMES, default="symmetric", help="grid of the weights")
    sub.add_argument("--clip", choices=CLIPS, default="minmax",
                     help="how the ranges of the weights are found: from all of them, or by least squares")
    sub.add_argument("--method", choices=ALONE, default="round", help="how weights become codes")
    if seed:
        sub.add_argument("--seed", type=int, default=1, help="seed of stochastic rounding")


def _add_base(sub: argparse.ArgumentParser) -> None:
    """Options for what is quantised besides attention scores."""
    bits = reader(whole_or_none)
    sub.add_argument("--bits", type=bits, metavar=f"B|{NONE}", help=f"bits per weight: {FLOAT}")
    sub.add_argument("--per", metavar="tensor|channel|group:N", default="tensor", help="which weights share a scale")
    sub.add_argument("--activations", type=bits, metavar=f"A|{NONE}", help=f"bits of the activations: {FLOAT}")
    sub.add_argument("--calibrate", choices=RANGES, default="minmax",
                     help="how the ranges of the activations are found; token finds one for each row at run time")


def add_integers(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--integer", action="store_true",
                     help="compute in integers from end to end, LayerNorm, GELU and the residual stream included; the "
                          "default simulates with floats. Needs bits of weights, activations and scores, and an "
                          "integer softmax")


def transformer_settings_of(args: argparse.Namespace, others: Container[str] = ()) -> TransformerSettings:
    """The settings that the options ask for; `others` are options of the same name that mean something else."""
    return TransformerSettings(**{field.name: getattr(args, field.name, field.default)
                                  for field in fields(TransformerSettings) if field.name not in others})


def evaluate(args: argparse.Namespace) -> None:
    """Accuracy or loss of a transformer, in float or quantised as asked."""
    settings = transformer_settings_of(args)
    subject = subject_of(args, now_and_then("pieces of the data"), args.integer)
    if args.integer:
        check(settings)
    simulated = "float32" if settings == FLOAT32 else "simulated in float32"
    arithmetic = "integer" if args.integer else simulated
    unused = dict.fromkeys(OWN if settings.method == HQQ else ())
    result = {"model": args.model, **asdict(settings), **unused, "arithmetic": arithmetic, **subject.measure(settings)}
    wrong = {}
    if getattr(args, "confusion", False):
        asked = {"float32": FLOAT32} | ({} if settings == FLOAT32 else {"quantised": settings})
        wrong = {name: subject.mistakes(each) for name, each in asked.items()}
        result["mistakes"] = {name: found.told() for name, found in wrong.items()}
    show(result, args.json, f"accuracy {result['accuracy']:.2%}, loss {result['loss']:.4f} nats on {subject.on}; "
                            f"{result['bytes']:,} bytes, {result['bits_per_weight']:.4g} bits per weight; arithmetic: "
                            f"{arithmetic}{each_in_words(wrong)}")


def attention_table(args: argparse.Namespace) -> None:
    """Measure the rows that the file lacks, and print all that was asked for as Markdown."""
    bits = [whole(each) for each in args.logit_bits.split(",")]
    some = ",".join(INTEGER) if args.integer and args.softmax == ALL else args.softmax
    methods, rules = some.split(","), args.shift.split(",")
    subject = subject_of(args, integers=args.integer)
    base = TransformerSettings(args.bits, args.per, args.activations, args.calibrate)
    rows = list(attention_rows(subject, bits, methods, rules, args.out, progress, base))
    made = " and ".join(sorted({row["made_on"] or "a machine that was not recorded" for row in rows}))
    head = f"{subject.score} on {subject.on}; float32 {_number(rows[0], subject.score)}; made on {made}"
    show(rows, args.json, "\n\n".join([head, *tables(rows, subject.score, bits, methods, rules)]))


def subject_of(args: argparse.Namespace, watch: Watch = unwatched, integers: bool = False) -> Subject:
    """The subject that the options of `add_subject` name."""
    if args.model == "vit":
        return vit_subject(args.weights, args.data, args.split, args.images, watch, integers)
    return gpt_subject(args.weights, args.data, args.windows, watch, integers)


def tables(rows: Sequence[Mapping[str, Any]], score: str, bits: Sequence[int], methods: Sequence[str],
           rules: Sequence[str]) -> list[str]:
    """Markdown tables, one for each rule: methods down, logit bits across."""
    found = {tuple(row[name] for name in ("shift", "softmax", "logit_bits")): _number(row, score) for row in rows}
    parts = []
    for rule in rules:
        lines = [["shift " + rule, *map(written, bits)], ["---"] * (len(bits) + 1)]
        lines += [[method, *(found[rule, method, b] for b in bits)] for method in methods]
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return parts


def _number(row: Mapping[str, Any], score: str) -> str:
    """A score with only the digits that other processors reproduce: the last bits of their sums change one image in a
    thousand, and the fourth decimal of a loss. The CSV file has all digits."""
    return f"{100 * row[score]:.1f} %" if score == "accuracy" else f"{row[score]:.3f}"
