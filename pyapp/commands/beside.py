"""The command `frameworks`: compare our integers with those of other frameworks."""

import argparse
import json
from typing import Any

from pyapp import files
from pyapp.bench import frameworks
from pyapp.commands.common import add_data, add_json, command, progress, reader, show
from pyapp.commands.outputs import add_out, readable
from pyapp.sweep.grid import whole


def add(commands: Any) -> None:
    sub = command(commands, "frameworks", compare,
                  "compare our 8-bit digits network with those that ONNX Runtime and torch make from the same weights")
    add_data(sub)
    sub.add_argument("--images", type=reader(whole), metavar="N", help="only the first N test images (default: all)")
    sub.add_argument("--web", type=readable, metavar="DIR",
                     help="a folder in which `npm install onnxruntime-web` was run, to compare its WebAssembly as well")
    sub.add_argument("--pyodide", action="store_true", help="also run ours in Pyodide in Node")
    add_out(sub, "the JSON file for the measurements", ".json")
    add_json(sub)


def compare(args: argparse.Namespace) -> None:
    """Measure all frameworks, write the result and print it as Markdown. ValueError if none is installed,
    and for less than one image."""
    if args.images is not None and args.images < 1:
        raise ValueError(f"images is {args.images}; use 1 or more")
    found = frameworks.compare(args.data, args.images, args.web, args.pyodide, progress)
    if args.out:
        files.write(args.out, (json.dumps(found, indent=1) + "\n").encode())
    show(found, args.json, frameworks.table(found))
