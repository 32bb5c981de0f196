"""Releases of the site in folders, as `serve.py --build` writes them but for packed files: links, made in a moment."""

import hashlib
import json
import os
from pathlib import Path

from pyapp.places import ROOT, cache_folder
from pyapp.site.build import LISTS, build, lists, version_of


def release(folder: Path) -> str:
    """The site as it is, in a folder. Returns its version."""
    manifest = build(ROOT, cache_folder())
    for name in (*LISTS, *manifest["files"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(ROOT / "web" / name, folder / name)
    return manifest["version"]


def change(folder: Path, more: dict[str, str]) -> str:
    """Another release: to these files something is added. Returns its version."""
    files = json.loads((folder / LISTS[0]).read_text())["files"]
    for name, text in more.items():
        content = (folder / name).read_bytes() + text.encode()
        files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        write(folder / name, content)
    manifest = {"version": version_of(files), "files": files}
    for name, content in zip(LISTS, lists(manifest), strict=True):
        write(folder / name, content)
    return manifest["version"]


def write(path: Path, content: bytes) -> None:
    path.unlink()  # a link to the site's own file
    path.write_bytes(content)
