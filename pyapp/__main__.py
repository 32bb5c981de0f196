"""The command line: every page and every measurement without a browser. `python -m pyapp --help`."""

from pyapp import __version__, loading  # first, as loading the others takes a second

# isort: split
import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pyapp.commands import (
    anomaly,
    attention,
    benching,
    beside,
    budgeting,
    caching,
    data,
    encoder,
    exporting,
    fitting,
    formatting,
    generators,
    inspecting,
    keywords,
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
from pyapp.commands.saying import data_warnings, in_options, say, shortened
from pyapp.hosts import HostError
from pyapp.places import NO_SPACE

loading.loaded()

GONE = 128 + 13  # the exit status of a program whose output is no longer read, as in `... | head`


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 2 with one sentence on stderr for input that cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # a file's name may not fit the terminal's encoding
    try:
        try:
            return _run(argv)
        finally:
            if sys.stdout:
                sys.stdout.flush()  # here, where an error can still be reported
    except KeyboardInterrupt:
        say("stopped")
        return loading.STOPPED
    except BrokenPipeError:
        _stop_writing()
        return GONE
    except OSError as error:
        _stop_writing()
        return _refuse(f"the output cannot be written ({error.strerror})")


def _run(argv: list[str] | None) -> int:
    args = _parser().parse_args(argv)
    try:
        check_apart(args)
        with data_warnings():
            return args.command(args) or 0
    except BrokenPipeError:
        raise
    except OSError as error:
        return _refuse(_told(error))
    except MemoryError as error:
        return _refuse(f"this needs more memory than is available{f' ({error})' if str(error) else ''}; "
                       "use a smaller size")
    except (ValueError, OverflowError, HostError) as error:
        hint = getattr(error, "hint", "")
        return _refuse(in_options(f"{error}{f'; {hint}' if hint else ''}", vars(args)))


def _told(error: OSError) -> str:
    if error.filename:
        return f"{error.filename} cannot be used ({error.strerror})"
    if error.strerror and error.errno in NO_SPACE:  # errors of files name them, so this is what is printed
        return f"the output cannot be written ({error.strerror})"
    return f"reading or writing failed ({error.strerror})" if error.strerror else str(error)


def _refuse(why: str) -> int:
    say(shortened(" ".join(why.split())))
    return 2


def _stop_writing() -> None:
    """Discard output that is still buffered: when Python exits it would try to write it again, and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Parser(argparse.ArgumentParser):
    """A parser whose errors have a length that can be read."""

    def error(self, message: str) -> NoReturn:
        super().error(shortened(message))


def _parser() -> argparse.ArgumentParser:
    name = "bitladder" if Path(sys.argv[0]).stem.startswith("bitladder") else "python -m pyapp"
    parser = Parser(prog=name, description=__doc__.split(".")[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (training, data, quantisation, mixing, predict, exporting, budgeting, transformers, encoder, softmax,
                 formatting, inspecting, fitting, attention, caching, ladder, generators, sweep, tools, benching,
                 beside, anomaly, keywords, serving):
        part.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
