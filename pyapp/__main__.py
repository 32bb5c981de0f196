"""The command line: every page and every measurement without a browser. `python -m pyapp --help`."""

import argparse
import sys

from pyapp import __version__
from pyapp.commands import (
    attention,
    generators,
    ladder,
    mixing,
    predict,
    quantisation,
    serving,
    softmax,
    sweep,
    tools,
    training,
    transformers,
)
from pyapp.commands.outputs import check_apart
from pyapp.hosts import HostError


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 2 with one sentence on stderr for input that cannot be used."""
    args = _parser().parse_args(argv)
    try:
        check_apart(args)
        return args.command(args) or 0
    except (ValueError, OSError, HostError) as error:
        hint = getattr(error, "hint", "")
        print(f"bitladder: {error}{f'; {hint}' if hint else ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bitladder: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pyapp", description=__doc__.split(".")[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (training, quantisation, mixing, predict, transformers, softmax, attention, ladder, generators, sweep,
                 tools, serving):
        part.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
