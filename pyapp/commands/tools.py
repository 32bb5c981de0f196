"""Commands around the page: run an experiment, prove this runtime, list the pages."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pyapp import files, modules, pages
from pyapp.commands.common import EVERY, add_json, command, print_json, progress, show
from pyapp.commands.outputs import add_out, add_weights_out
from pyapp.commands.saying import say
from pyapp.experiment.frame import Frame
from pyapp.experiment.params import ParamError
from pyapp.parity import check
from pyapp.recorded import record
from pyapp.runner import Runner


def add(commands: Any) -> None:
    sub = command(commands, "run", run_page, "run the experiment behind a page")
    sub.add_argument("page", metavar="PAGE", help=f"name of the page: {', '.join(pages.names())}")
    sub.add_argument("--steps", type=int, metavar="N",
                     help="number of steps to run; by default a page that measures runs to its end, others take none")
    sub.add_argument("--background", action="store_true", help="also measure what the page measures while idle")
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
    sub.add_argument("--do", metavar="ACTION", help="do one of the page's actions")
    sub.add_argument("--with", action="append", default=[], metavar="NAME=VALUE", dest="given",
                     help="set a parameter of the action")
    add_out(sub, "the file to write what the action makes into", "")
    add_json(sub)

    sub = command(commands, "pages", list_pages, "print every page with its parameters, as web/pages.json holds them")
    only = sub.add_mutually_exclusive_group()
    only.add_argument("--recorded", metavar="PAGE", help="print only the frames of this page that web/recorded holds")
    only.add_argument("--modules", action="store_true",
                      help="print only what Pyodide imports for them, as web/modules.json holds it (needs Node)")

    sub = command(commands, "check", check_runtime, "run the parity fixtures and compare with what CPython recorded")
    add_weights_out(sub, "--record", "save this runtime's results to an .npz file instead of comparing them")
    add_json(sub)


def run_page(args: argparse.Namespace) -> None:
    """Run a page's experiment for some steps and print where it stands."""
    given, values = pairs(args.set, "--set"), pairs(args.given, "--with")
    if (args.out or values) and args.do is None:
        raise ValueError(f"{'--out is for the file of an action' if args.out else '--with is for an action'}; name the "
                         "action with --do")
    if (args.steps or 0) < 0:
        raise ValueError(f"steps is {args.steps}; use 0 or more")
    if args.do is not None:  # before the work
        pages.page(args.page).values_of(args.do, values)
    runner = Runner()
    opened = runner.open(args.page, given, strict=True)
    frame, notes = opened["frame"], opened["notes"] + opened["frame"].notes
    if args.steps is None and pages.page(args.page).WORK == "auto":
        frame = finished(partial(runner.advance, opened["run"]))
    if args.steps:
        start, frame = frame.step, runner.advance(opened["run"], steps=args.steps)["frame"]
        if frame.step < start + args.steps:
            notes.append(f"The page finished after {frame.step - start} of {args.steps} steps.")
    if args.do is not None:
        outcome = runner.act(opened["run"], args.do, values)
        frame, notes = outcome["frame"], notes + outcome["notes"]
        opened["params"] = outcome["params"]
        if "file" in outcome:
            made = Path(outcome["name"])
            path = args.out or made
            files.write(path, bytes(outcome["file"]))
            notes.append(f"{args.do} wrote {path}{f', a {made.suffix} file' * (path.suffix.lower() != made.suffix)}.")
    if args.background:
        frame = finished(partial(runner.background, opened["run"]))
    notes = list(dict.fromkeys(notes + frame.notes))
    for note in notes:
        say(note)
    result = {"page": args.page, "params": opened["params"], "step": frame.step, "scalars": frame.scalars,
              "notes": notes}
    show(result, args.json, "\n".join([f"step {frame.step}"] + [f"{k} {v}" for k, v in frame.scalars.items()]))


def finished(work: Callable[..., dict[str, Any]]) -> Frame:
    """The frame after all of a page's work, with a line of progress every five seconds until then."""
    while not (answer := work(ms=1000 * EVERY))["done"]:
        progress(f"working, step {answer['frame'].step}")
    return answer["frame"]


def pairs(items: list[str], option: str) -> dict[str, str]:
    """{NAME: VALUE} of all uses of an option. ParamError for one without a value, or set twice."""
    given: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals:
            raise ParamError(name, f"{option} {item} has no value", f"write {option} name=value")
        if name in given:
            raise ParamError(name, f"{name} is set twice, to {given[name]} and to {value}", "set it once")
        given[name] = value
    return given


def check_runtime(args: argparse.Namespace) -> None:
    """Run the proof on this machine, or record it. ValueError if a result is outside its bound."""
    if args.record:
        check.record(args.record)
        return
    rows = check.rows()
    show(rows, args.json, check.table(rows))
    if not all(row["ok"] for row in rows):
        raise ValueError("some results are outside their bounds; the table says which")


def list_pages(args: argparse.Namespace) -> None:
    """Print what web/pages.json holds: every page with its parameters."""
    if args.modules:
        return print_json(modules.listed(), indent=1)
    print_json(record(args.recorded) if args.recorded else pages.describe(), indent=1)
