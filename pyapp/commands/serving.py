"""The command that serves the page, as serve.py does in a checkout."""

import argparse
from typing import Any

from pyapp import places
from pyapp.commands.common import command


def add(commands: Any) -> None:
    try:
        from pyapp.site.options import add_options, check_options
    except ModuleNotFoundError:  # in the page, which does not ship pyapp.site and cannot use the command
        return
    sub = command(commands, "serve", serve, "fetch what the page needs, build it and serve it")
    add_options(sub)
    sub.set_defaults(check=lambda options: check_options(sub, options))


def serve(args: argparse.Namespace) -> int:
    """Serve the page, or --build or --provision it. Returns the exit status."""
    from pyapp.site import cli, installed  # not at the top: other commands need no server

    args.check(args)

    def work() -> None:
        if places.INSTALLED:
            installed.fill(places.ROOT, places.PACKAGE, places.SHARE)
        cli.run(args, places.ROOT, own=(places.PACKAGE,))

    return cli.attempt(work)
