"""Which files of web/ are the site. A list of what belongs, so that a stray file is neither served nor published."""

import re
from fnmatch import fnmatchcase

from pyapp.site.lock import locked_paths, read_lock

SITE = {  # our own files, by folder; third-party files are those that the lock names
    "": ("index.html", "*.js", "*.css", "pages.json", "manifest.webmanifest"),
    "ui": ("*.js",), "ui/kinds": ("*.js",), "views": ("*.js",),
    "app": ("manifest.json", "release.js", "*.pack", "python.zip", "pyodide-lock.json"),
    "app/icons": ("*.png",), "app/weights": ("*.json", "*.npz"),
    "app/pages": ("*.md",), "recorded": ("*.json",),
}
# Served, for `bench --browser`, and not published: the benchmark, and what the packs and the single file are made of.
DEVELOPERS = {"bench": ("*.html", "*.js"), "bench/peers": ("*.js",)}
PACKED = re.compile(r"vendor/pyodide/(.+\.whl|python_stdlib\.zip|pyodide-lock\.json)|vendor/xz/.+|single\.js")


def published(web):
    """A function that says whether a name below web/ belongs to the published site."""
    belongs = _among(web, SITE)
    return lambda name: belongs(name) and not PACKED.fullmatch(name)


def served(web):
    """A function that says whether the local server shows a name below web/: the site, and what the lock names."""
    return _among(web, SITE | DEVELOPERS)


def _among(web, kinds):
    locked = locked_paths(read_lock(web)) if (web / "lock.json").is_file() else set()

    def belongs(name):
        folder, _, file = name.rpartition("/")
        own = not file.startswith(".") and any(fnmatchcase(file, kind) for kind in kinds.get(folder, ()))
        return own or name in locked

    return belongs
