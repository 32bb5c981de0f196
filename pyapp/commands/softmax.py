"""Commands for softmax in integers: the error of one method, and of all."""

import argparse
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.commands.common import add_json, command, show
from pyapp.commands.outputs import readable
from pyapp.commands.saying import say
from pyapp.data.numerals import NumbersError
from pyapp.data.pasted import read
from pyapp.softmax.compare import compare, methods_table
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

KEYS = ("l1_per_row", "mae", "n", "max_error", "row_sum", "top1", "broken_rows")


def add(commands: Any) -> None:
    sub = command(commands, "softmax-error", softmax_error,
                  "measure how far a softmax method is from the float softmax")
    sub.add_argument("--method", metavar="M", default="exact", help=f"softmax method: {', '.join(METHODS)}")
    add_logits(sub)
    sub = command(commands, "softmax-table", softmax_table,
                  "measure how far every softmax method is from the float softmax")
    add_logits(sub)


def add_logits(sub: argparse.ArgumentParser) -> None:
    """Options for the logits, and for how they become codes."""
    sub.add_argument("--bits", type=int, default=8, metavar="B", help="bits of the logits")
    sub.add_argument("--shift", choices=RULES, default="none", help="what is subtracted before the logits are rounded")
    sub.add_argument("--logits", choices=FAMILIES, default="centred", help="distribution of the logits")
    sub.add_argument("--rows", type=int, default=512, help="number of softmaxes")
    sub.add_argument("--length", type=int, default=64, help="logits per softmax")
    sub.add_argument("--seed", type=int, default=0, help="seed of the logits")
    sub.add_argument("--own", dest="own_logits", type=readable, metavar="FILE",
                     help="a text file with logits of your own, one row per line, instead of drawn ones")
    add_json(sub)


def logits_of(args: argparse.Namespace) -> np.ndarray:
    """The logits that are asked for, float64 (rows, N): drawn, or read from --own. ValueError if it holds none."""
    if not args.own_logits:
        return draw(args.logits, args.rows, args.length, args.seed)
    try:
        z, notes = read(args.own_logits.read_text(encoding="utf-8-sig"))
    except NumbersError as error:
        raise ValueError(f"{args.own_logits} holds no logits: {error}; {error.hint}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{args.own_logits} is not a text file; expected numbers, one row per line") from None
    for note in notes:
        say(note)
    return z.astype(np.float64)


def softmax_error(args: argparse.Namespace) -> None:
    """Print L1 per row, MAE and other distances of a method's probabilities from those of the unrounded logits."""
    z = logits_of(args)
    found = row(asdict(compare(z, args.method, args.bits, args.shift)))
    show(found, args.json, f"L1 {number(found['l1_per_row'])} per row, MAE {number(found['mae'])} with N = {found['n']}"
                           f", row sum {number(found['row_sum'])}, {found['broken_rows']} of {len(z)} rows broken")


def softmax_table(args: argparse.Namespace) -> None:
    """Print all methods' errors on the same codes."""
    z = logits_of(args)
    rows = [{"method": each["method"], **row(each)} for each in methods_table(z, args.bits, args.shift)]
    lines = [f"N = {z.shape[1]}", f"{'method':24} {'L1/row':>8} {'MAE':>9} {'max':>8} {'sum':>7} {'top-1':>7} broken"]
    lines += [f"{each['method']:24} {number(each['l1_per_row']):>8} {number(each['mae'], 6):>9} "
              f"{number(each['max_error']):>8} {number(each['row_sum']):>7} {number(each['top1']):>7} "
              f"{each['broken_rows']:6}" for each in rows]
    show(rows, args.json, "\n".join(lines))


def row(found: dict[str, Any]) -> dict[str, Any]:
    """A result with None for NaN and infinity, which JSON lacks."""
    return {key: found[key] if math.isfinite(found[key]) else None for key in KEYS}


def number(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
