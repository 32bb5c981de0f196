"""Which files of web/ are the site. A list of what belongs, so that a stray file is neither served nor published."""

from fnmatch import fnmatchcase

from pyapp.site.lock import locked_paths, read_lock

SITE = {  # our own files, by folder; third-party files are those that the lock names
    "": ("index.html", "*.js", "*.css", "pages.json", "manifest.webmanifest"),
    "ui": ("*.js",), "ui/kinds": ("*.js",), "views": ("*.js",),
    "app": ("manifest.json", "release.js", "*.pack", "python.zip", "pyodide-lock.json"),
    "app/icons": ("*.png",), "app/weights": ("*.json", "*.npz"),
    "app/pages": ("*.md",), "recorded": ("*.json",),
}
DEVELOPERS = {"bench": ("*.html", "*.js")}  # served, for `bench --browser`, and not published


def published(web):
    """A function that says whether a name below web/ belongs to the published site."""
    return _among(web, SITE)


def served(web):
    """The same for what the local server shows."""
    return _among(web, SITE | DEVELOPERS)


def _among(web, kinds):
    locked = locked_paths(read_lock(web)) if (web / "lock.json").is_file() else set()

    def belongs(name):
        folder, _, file = name.rpartition("/")
        own = not file.startswith(".") and any(fnmatchcase(file, kind) for kind in kinds.get(folder, ()))
        return own or name in locked

    return belongs
