"""Provision, build and serve Bitladder; needs Python 3.11 and nothing else.

    python serve.py                 fetch what is missing, serve the site on 127.0.0.1, open the page
    python serve.py --build DIR     write the complete site into a folder, for any static host
    python serve.py --single-file OUT.html   write it into one file, which opens by double-click
    python serve.py --site DIR      serve such a folder, with its packed files
    python serve.py --provision     only make web/vendor, web/data and web/app

provision   web/lock.json names every third-party file; each is fetched once into a per-user cache,
            checked against its sha256 and copied into web/
build       Python's library, NumPy and the package become the packs of web/app, compiled by the site's own Python
            in Node (without Node the page compiles them itself, which takes longer); a manifest lists the whole site
serve       the site's files in web/, to this machine alone (--host ADDRESS: to others too)

All of it is in pyapp/site/; `bitladder serve` of an installed package does the same.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (who runs this file need not have installed the project)
    sys.exit(f"Bitladder needs Python 3.11 or newer, and this is {sys.version.split()[0]}: use a newer one.")

from pyapp.site import cli
from pyapp.site.server import Server, make_server  # noqa: F401 (the tests' door)

ROOT = Path(__file__).resolve().parent


def main(argv=None):
    return cli.main(argv, ROOT)


if __name__ == "__main__":
    sys.exit(main())
