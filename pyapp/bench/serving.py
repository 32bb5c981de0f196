"""The benchmark's own server: the site, with material and other libraries beside it, isolated from other origins.

Isolation gives the page a clock that ticks every 5 microseconds, and lets it ask how much memory each worker has.
Other libraries evaluate code, which the site's policy forbids: it is not sent here.
"""

import contextlib
import gzip
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyapp.places import ROOT, cache_folder
from pyapp.site.packed import sizes
from pyapp.site.published import served
from pyapp.site.server import Handler, Server, name_of

ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
DATA = ("bench/material/", "data/", "app/weights/")  # what every contestant needs: no part of what starting it costs


class BenchHandler(Handler):
    def answer(self, status, facts):
        allowed = {name: value for name, value in facts.items() if name != "Content-Security-Policy"}
        super().answer(status, allowed | ISOLATED)


class BenchServer(Server):
    """`mounts` are folders by the prefix of what they hold, below web/. `asked` lists what was sent, by name."""

    def __init__(self, mounts: Mapping[str, Path]):
        web = ROOT / "web"
        super().__init__("127.0.0.1", 0, web, served(web))
        self.RequestHandlerClass = BenchHandler
        self.mounts = {prefix: folder.resolve() for prefix, folder in mounts.items()}
        self.asked: dict[str, Path] = {}

    def open(self, target, accepted):
        name = name_of(target)
        for prefix, folder in self.mounts.items():
            if name and name.startswith(prefix):
                path = (folder / name.removeprefix(prefix)).resolve()
                if path.is_file() and path.is_relative_to(folder):
                    self.asked[name] = path
                    return name, open(path, "rb"), None
                return name, None, None
        name, file, coding = super().open(target, accepted)
        if file:
            self.asked[name] = Path(file.name)
        return name, file, coding

    def bytes_sent(self) -> int:
        """Bytes of the files requested since the last call, each once, compressed with gzip and without data."""
        asked, self.asked = self.asked, {}
        return sum(len(gzip.compress(path.read_bytes(), 6)) for name, path in asked.items()
                   if not name.startswith(DATA))


def sent(names: Iterable[str]) -> dict[str, int]:
    """Bytes of these files of the site as a host sends them: plain, packed with gzip, and with brotli if there is a
    packer for it (pyapp/site/packed.py)."""
    found = sizes([(ROOT / "web" / name).read_bytes() for name in sorted(set(names))], cache_folder())
    return {way: size for way, size in zip(("plain", "gzip", "brotli"), found, strict=True) if size is not None}


@contextlib.contextmanager
def serving(mounts: Mapping[str, Path]) -> Iterator[tuple[str, BenchServer]]:
    """The address of the site, while it is served, and the server."""
    with BenchServer(mounts) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", server
        finally:
            server.shutdown()
            thread.join()
