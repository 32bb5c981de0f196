"""The command `format-table`: what number formats cost the shipped networks."""

import argparse
import json
from typing import Any

from pyapp import files
from pyapp.commands.common import add_data, add_json, command, progress, reader, show
from pyapp.commands.outputs import add_out
from pyapp.quant.formats.catalogue import FORMATS
from pyapp.sweep.formats import compare, subjects, table
from pyapp.sweep.grid import whole


def add(commands: Any) -> None:
    sub = command(commands, "format-table", run,
                  "measure the shipped networks with their weights in each number format, all else in float32")
    sub.add_argument("--formats", default=",".join(FORMATS), metavar="LIST",
                     help="number formats; a block size may follow, as in int4:32 or nf4:128 (default: all)")
    add_data(sub)
    sub.add_argument("--gpt-data", metavar="FILE",
                     help="a text in UTF-8, on whose last 10 %% the GPT is measured; without it the GPT is left out")
    sub.add_argument("--images", type=reader(_some), default=2000, metavar="N",
                     help="only N test images, evenly spread")
    sub.add_argument("--windows", type=reader(_some), default=32, metavar="N",
                     help="only the first N windows of the text, of 128 characters")
    add_out(sub, "the JSON file for the measurements", ".json")
    add_json(sub)


def _some(written: str) -> int:
    if (n := whole(written)) < 1:
        raise ValueError(f"{n} is not 1 or more")
    return n


def run(args: argparse.Namespace) -> None:
    """Measure all formats, write the result and print it as Markdown."""
    networks = subjects(args.data, args.gpt_data, args.images, args.windows)
    found = compare([name.strip() for name in args.formats.split(",")], networks, progress)
    if args.out:
        files.write(args.out, (json.dumps(found, indent=1) + "\n").encode())
    show(found, args.json, table(found))
