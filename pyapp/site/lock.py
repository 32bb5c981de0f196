"""web/lock.json: every third-party file, where it can come from, and what it must be."""

import json
from typing import NamedTuple

from pyapp.site.sources import Source


class File(NamedTuple):
    path: str  # below web/
    bytes: int
    sha256: str
    sources: list


def read_lock(web):
    return json.loads((web / "lock.json").read_text(encoding="utf-8"))


def locked_files(group):
    """The files of one group of the lock. A file inherits the entries of its group, and may override them."""
    for name, own in group["files"].items():
        entry = {**group, **own}
        inside, sources = entry.get("from", name), []
        for source in entry["sources"]:
            if "url" in source:
                sources.append(Source("url", source["url"] + inside, "", 0))
            else:
                client = "npm" if "npm" in source else "pip"
                sources.append(Source(client, source[client], source["member"] + inside, source["bytes"]))
        yield File(entry["to"] + name, entry["bytes"], entry["sha256"], sources)


def locked_paths(lock):
    """Where the lock's files lie below web/, and those that are made from the digits."""
    return {file.path for group in lock["packages"] for file in locked_files(group)} | {
        file["path"] for file in lock["digits"]["makes"]}
