"""Build web/app from the package, list the site in a manifest, copy the site into a folder."""

import hashlib
import json
import os
from pathlib import Path

from pyapp.site.icons import icons
from pyapp.site.packs import packs
from pyapp.site.parts import OURS, clear, parts_below
from pyapp.site.policy import check_page
from pyapp.site.published import published
from pyapp.site.terminal import Failure
from pyapp.site.tree import put, remove, visible

LARGE = {"check.npz", "encoder.npz", "generator.npz", "gpt.npz", "mlp.npz", "vit.npz"}  # come when they are asked for
TABLES = {"gpt-attention.csv"}  # of the recorded ones: what pages read, beside weights and recipes
LISTS = ("app/manifest.json", "app/release.js")  # of the site's files, and its version for the service worker
OWN = {"pyapp", "tests", "weights", "web"}  # of the project's folders: no place for a build, nor is a hidden one


def build(root, cache):
    """Write web/app/ (packs for Python, weights, stories, icons, the manifest of the site) and return the manifest."""
    web = root / "web"
    check_page(web)
    clear(parts_below(web))
    package = [name for name in visible(root, "pyapp")
               if not name.startswith(("pyapp/site/", "pyapp/commands/"))]  # the page provisions and commands nothing
    weights = [path for path in sorted((root / "weights").glob("*"))
               if path.suffix in (".npz", ".json") or path.name in TABLES]
    made = packs(root, [*package, *(f"weights/{path.name}" for path in weights if path.name not in LARGE)], cache)
    made |= {f"app/weights/{path.name}": path.read_bytes() for path in weights
             if path.suffix == ".json" or path.name in LARGE}
    made |= {f"app/pages/{path.name}": path.read_bytes() for path in sorted((root / "pyapp" / "pages").glob("*.md"))}
    made |= icons()
    for name, content in made.items():
        put(web / name, content)
    remove(web / name for name in set(visible(web, "app")) - {*made, *LISTS})
    files, belongs = {}, published(web)
    for name in visible(web):
        if name not in LISTS and belongs(name) and (web / name).resolve().is_relative_to(web.resolve()):
            content = (web / name).read_bytes()
            files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest = {"version": version_of(files), "files": files}
    for name, content in zip(LISTS, lists(manifest), strict=True):
        put(web / name, content)
    return manifest


def lists(manifest):
    """The manifest, and a script that changes with it: browsers tell by the bytes of a service worker's script, and of
    what it imports, that there is another one."""
    return json.dumps(manifest, indent=1).encode(), f"const release = {json.dumps(manifest['version'])};\n".encode()


def version_of(files):
    """The version of a site: a hash that changes with every byte, and that tells our manifests from other programs'."""
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def earlier_build(place):
    """The files that a build has put into a folder, from its manifest: sha256 by name. Empty if there is no manifest,
    or one that no build has written."""
    try:
        manifest = json.loads((place / "app" / "manifest.json").read_text())
        if manifest["version"] != version_of(manifest["files"]):
            return {}
        return {name: entry["sha256"] for name, entry in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def written(place):
    """A function that says whether a name belongs to the site that a build has written into a folder. Failure if none
    has."""
    files = {*earlier_build(place), *LISTS}
    if files == {*LISTS}:
        raise Failure(f"{place} holds no site: write one there with --build {place}.")
    return files.__contains__


def check_target(root, target, own=()):
    """Refuse a folder that no site may be written into: one of the project's own or of `own`, one that holds them, one
    that cannot be written, one with other files. Returns the names of an earlier build there."""
    place = check_place(root, target, own)
    old = set(earlier_build(place))
    if not old and any(path.is_file() and not OURS.fullmatch(path.name) for path in place.rglob("*")):
        raise Failure(f"{target} is not empty, and is not an earlier build of Bitladder: choose another folder.")
    return old


def check_place(root, target, own=(), around=True):
    """Refuse a folder that cannot be written, and one of the project's own or of `own`; with `around` also one that
    holds them. Returns its real path."""
    home, place = root.resolve(), Path(os.path.realpath(target))
    inside = place.relative_to(home).parts if place.is_relative_to(home) else ()
    named = any(part.casefold() in OWN or part.startswith(".") for part in inside[:1])
    folders = [*(home / name for name in OWN), *own]
    within = any(same_folder(above, folder) for above in (place, *place.parents) for folder in folders)
    outside = around and any(same_folder(place, folder) for folder in (home, *home.parents))
    if named or within or outside or ".git" in (part.casefold() for part in place.parts):
        raise Failure(f"{target} is one of Bitladder's own folders, or contains one: choose another folder, for "
                      "example build/site.")
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise Failure(f"{target} cannot be written, because {nearest} is not a writable folder: choose another folder.")
    return place


def same_folder(a, b):
    """Whether two paths lead to one folder, also through links and names that differ in case only."""
    try:
        return a.samefile(b)
    except OSError:  # one of them is not there
        return False


def export(root, manifest, target):
    """Copy the site into target, where only what an earlier build has put there may go: a .git, a CNAME, or a file that
    has been changed since, stays."""
    check_target(root, target)
    target, web = target.resolve(), root / "web"
    clear(parts_below(target))
    gone = {(target / name).resolve(): sha256 for name, sha256 in earlier_build(target).items()
            if name not in manifest["files"]}
    gone = [path for path, sha256 in gone.items() if target in path.parents and path.is_file()
            and hashlib.sha256(path.read_bytes()).hexdigest() == sha256]
    remove(path.with_name(path.name + suffix) for path in gone for suffix in ("", ".gz", ".br"))
    for name in (*LISTS, *manifest["files"]):  # first: marks a build, even a broken-off one
        put(target / name, (web / name).read_bytes())
