"""Where the project's files lie: in a checkout, in an installed package, in the page; and which errors say
that there is no room for more. Standard library only.

A checkout, and the page, have pyapp/, weights/ and web/ side by side below ROOT. A wheel carries weights/ and web/
inside of the package, in SHARE, where nothing may be written: there ROOT is a folder of the user's cache, which
`bitladder serve` fills from the package.
"""

import errno
import hashlib
import os
import sys
from pathlib import Path

from pyapp import __version__

NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # a full disk, a full quota (not on Windows)


def cache_folder() -> Path:
    """The folder for downloads and built files: BITLADDER_CACHE, or the user's usual one."""
    if own := os.environ.get("BITLADDER_CACHE"):
        return Path(os.path.realpath(os.path.expanduser(own)))
    home = os.path.expanduser("~")
    if home == "~":  # a user without a home, as in some containers
        home = os.environ.get("TMPDIR") or "/tmp"
    usual = os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or usual
    return Path(os.path.realpath(base)) / "bitladder"


def installed_root(package: Path) -> Path:
    """The folder in the cache for one version of the package at one place: others may be in use at the same time."""
    place = hashlib.sha256(str(package).encode()).hexdigest()[:8]
    return cache_folder() / f"installed-{__version__}-{place}"


PACKAGE = Path(__file__).resolve().parent
SHARE = PACKAGE / "share"  # only in a wheel
INSTALLED = SHARE.is_dir()
ROOT = installed_root(PACKAGE) if INSTALLED else PACKAGE.parent
WEIGHTS = (SHARE if INSTALLED else ROOT) / "weights"
DIGITS = ROOT / "web" / "data" / "digits"  # the shipped ones, which provisioning makes
SERVE = "bitladder serve" if INSTALLED else "python serve.py"  # how the person at the terminal starts the site
