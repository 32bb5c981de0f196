"""Build web/app from the package, list the site in a manifest, copy the site into a folder."""

import contextlib
import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

from pyapp.site.parts import OURS, clear, held, parts_below
from pyapp.site.published import published
from pyapp.site.terminal import Failure

ON_DEMAND = {"generator.npz", "gpt.npz", "vit.npz"}  # of weights/: comes when a page asks for it
OWN = {"pyapp", "tests", "weights", "web"}  # of the project's folders: no place for a build, nor is a hidden one


def build(root):
    """Write web/app/ (the package, its weights and stories, the manifest of the site) and return the manifest."""
    web = root / "web"
    clear(parts_below(web))
    package = [name for name in visible(root, "pyapp")
               if not name.startswith("pyapp/site/")]  # the page does not provision itself
    weights = sorted((root / "weights").glob("*"))
    needed = [name for name in visible(root, "weights") if name.removeprefix("weights/") not in ON_DEMAND]
    made = {"app/pyapp.zip": zipped(root, [*package, *needed])}
    made |= {f"app/weights/{path.name}": path.read_bytes() for path in weights
             if path.suffix == ".json" or path.name in ON_DEMAND}
    made |= {f"app/pages/{path.name}": path.read_bytes() for path in sorted((root / "pyapp" / "pages").glob("*.md"))}
    for name, content in made.items():
        put(web / name, content)
    remove(web / name for name in set(visible(web, "app")) - {*made, "app/manifest.json"})
    files, belongs = {}, published(web)
    for name in visible(web):
        if name != "app/manifest.json" and belongs(name) and (web / name).resolve().is_relative_to(web.resolve()):
            content = (web / name).read_bytes()
            files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest = {"version": version_of(files), "files": files}
    put(web / "app" / "manifest.json", json.dumps(manifest, indent=1).encode())
    return manifest


def version_of(files):
    """The version of a site: it changes with every byte, and distinguishes our manifests from other programs'."""
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


def visible(root, folder="."):
    """The files of a folder below root, sorted, as paths from root; no hidden files, no caches."""
    for path in sorted((root / folder).rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            yield inside.as_posix()


def zipped(root, names):
    """The same bytes for the same files, whatever their dates."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED
            archive.writestr(entry, (root / name).read_bytes())
    return content.getvalue()


def check_target(root, target, own=()):
    """Refuse a folder that no site may be written into: one of the project's own or of `own`, one that holds them, one
    that cannot be written, one with other files. Returns the names of an earlier build there."""
    home, place = root.resolve(), Path(os.path.realpath(target))
    inside = place.relative_to(home).parts if place.is_relative_to(home) else ()
    named = any(part.casefold() in OWN or part.startswith(".") for part in inside[:1])
    folders = [*(home / name for name in OWN), *own]
    within = any(same_folder(above, folder) for above in (place, *place.parents) for folder in folders)
    around = any(same_folder(place, folder) for folder in (home, *home.parents))
    if named or within or around or ".git" in (part.casefold() for part in place.parts):
        raise Failure(f"{target} is one of Bitladder's own folders, or holds them: choose another folder, for example "
                      "build/site.")
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise Failure(f"{target} cannot be written, because of {nearest}: choose another folder.")
    old = set(earlier_build(place))
    if not old and any(path.is_file() and not OURS.fullmatch(path.name) for path in place.rglob("*")):
        raise Failure(f"{target} is not empty, and no earlier build of Bitladder: choose another folder.")
    return old


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
    remove(path for path, sha256 in gone.items() if target in path.parents and path.is_file()
           and hashlib.sha256(path.read_bytes()).hexdigest() == sha256)
    for name in ("app/manifest.json", *manifest["files"]):  # first: marks a build, even a broken-off one
        put(target / name, (web / name).read_bytes())


def save(path, chunks):
    """Write chunks under a temporary name and rename it when whole: path is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file, held(part):
            for chunk in chunks:
                file.write(chunk)
        os.replace(part, path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def put(path, content):
    if not path.is_file() or path.read_bytes() != content:  # else its date would change for nothing
        save(path, [content])


def remove(paths):
    """Delete files, and the folders that are empty without them."""
    for path in paths:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.removedirs(path.parent)
