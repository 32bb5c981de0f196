"""The command `bench`: time the same work in several engines, compare with earlier results, and draw the table."""

import argparse
from typing import Any

from pyapp import files
from pyapp.bench import bench, browser, compare, results, table
from pyapp.commands.common import add_json, command, progress, reader, show
from pyapp.commands.outputs import add_out, readable
from pyapp.data.mnist import needed_for, shipped
from pyapp.sweep.grid import whole

NEEDS_BROWSER = ("peers", "rounds", "out")


def add(commands: Any) -> None:
    sub = command(commands, "bench", benchmark,
                  "time training, inference, text and matrix products against plain JavaScript in the same run")
    sub.add_argument("--pyodide", action="store_true", help="also measure Pyodide in Node")
    sub.add_argument("--browser", action="store_true",
                     help="measure in Chromium: all engines, start, bytes, memory, and how cost grows")
    sub.add_argument("--peers", action="store_true",
                     help="also measure other libraries in Chromium, which npm installs into the cache folder")
    sub.add_argument("--rounds", type=reader(whole), metavar="N",
                     help=f"how often each is measured in Chromium, in turns (default: {browser.ROUNDS})")
    add_out(sub, "the JSON file for the results from Chromium", ".json")
    sub.add_argument("--results", type=readable, metavar="FILE",
                     help="use the results in this file, which --out wrote, instead of measuring")
    sub.add_argument("--compare", type=readable, nargs="?", const=results.COMMITTED, metavar="FILE",
                     help="name what got more than 20 %% slower than in this file (by default the committed results), "
                          "in ratios to plain JavaScript; exit with status 1 if anything did")
    sub.add_argument("--table", action="store_true",
                     help="print the tables of weights/README.md, by default of the committed results")
    add_json(sub)


def benchmark(args: argparse.Namespace) -> int:
    """Measure, or take results; then compare or draw."""
    check(args)
    before = results.load(args.compare) if args.compare else None  # a bad file is refused before anything is measured
    if args.results or (args.table and not args.browser):
        found = results.load(args.results or results.COMMITTED)
    elif args.browser or before:
        found = measured(args)
    else:
        native = bench.compare(args.pyodide)
        show(native, args.json, bench.table(native))
        return 0
    if before:
        slower = compare.compare(found, before)
        show(slower, args.json, compare.text(slower))
        return 1 if slower["slower"] else 0
    show(found, args.json, table.markdown(found))
    return 0


def check(args: argparse.Namespace) -> None:
    """ValueError for options that do not go together."""
    measuring = args.browser or args.compare
    if args.results and (args.browser or args.pyodide):
        raise ValueError("--results takes what was measured before; leave out --browser and --pyodide")
    if args.browser and args.pyodide:
        raise ValueError("--browser measures Pyodide in Chromium, --pyodide in Node; use one of them")
    for name in NEEDS_BROWSER:
        if getattr(args, name) and (args.results or not measuring):
            raise ValueError(f"--{name} needs a measurement in Chromium; add --browser")
    if args.rounds is not None and args.rounds < 1:
        raise ValueError(f"rounds is {args.rounds}; use 1 or more")
    if args.table and (args.json or args.compare):
        raise ValueError("--table prints Markdown; leave out --json and --compare")


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """Measure in Chromium, and save the results if they are to be saved."""
    with needed_for("the benchmark"):
        shipped("train")
    found = browser.measure(args.peers, args.rounds or browser.ROUNDS, progress)
    if args.out:
        files.write(args.out, results.encoded(found))
    return found
