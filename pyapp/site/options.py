"""The options of serve.py and of `bitladder serve`."""

import argparse
from pathlib import Path


def named(text):
    """The type of an option that is a name: "" would mean the folder in which this runs, or every address."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; give one, or leave the option out")
    return text


def folder(text):
    """The type of an option that names a folder."""
    return Path(named(text))


def add_options(parser):
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port to listen on (default: %(default)s)")
    parser.add_argument("--host", type=named, default="127.0.0.1", metavar="ADDRESS",
                        help="address to listen on (default: %(default)s, for this machine only; for all: 0.0.0.0)")
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")
    parser.add_argument("--build", type=folder, metavar="DIR", help="write the complete site into DIR and exit")
    parser.add_argument("--single-file", type=Path, metavar="FILE",
                        help="write the complete site into one .html file, which opens by double-click, and exit")
    parser.add_argument("--site", type=folder, metavar="DIR", help="serve what --build has written into DIR")
    parser.add_argument("--provision", action="store_true",
                        help="only fetch and build what the page and the commands need")


def check_options(parser, options):
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: expected 0 to 65535")
    if options.site and (options.build or options.single_file or options.provision):
        parser.error("--site serves what is there: give it alone, after --build has written the site")
