"""The options of serve.py and of `bitladder serve`."""

from pathlib import Path


def add_options(parser):
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port to listen on (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="address to listen on (default: %(default)s, for this machine only; for all: 0.0.0.0)")
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")
    parser.add_argument("--build", type=Path, metavar="DIR", help="write the complete site into DIR and exit")
    parser.add_argument("--single-file", type=Path, metavar="FILE",
                        help="write the complete site into one .html file, which opens by double-click, and exit")
    parser.add_argument("--site", type=Path, metavar="DIR", help="serve what --build has written into DIR")
    parser.add_argument("--provision", action="store_true",
                        help="only fetch and build what the page and the commands need")


def check_options(parser, options):
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: expected 0 to 65535")
