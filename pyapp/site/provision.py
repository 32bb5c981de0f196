"""Make web/vendor and web/data what web/lock.json says, through a cache that the user's checkouts share."""

import gzip
import hashlib
import tempfile
import zlib
from pathlib import Path

from pyapp.site.digits import digits_pack
from pyapp.site.lock import File, locked_files
from pyapp.site.parts import clear, held
from pyapp.site.sources import Refused, download, pack, read
from pyapp.site.terminal import Failure, clear_line, show
from pyapp.site.tree import remove, save, visible


def provision(lock, web, cache):
    """Make web/vendor and web/data what the lock says; the network only gives what the cache has not got."""
    clear(cache.glob("*.part"))
    files = [file for group in lock["packages"] for file in locked_files(group)]
    wanted = [file for file in files if not holds(web / file.path, file)]
    (csv,), idx = locked_files(lock["digits"]), [File(**file, sources=[]) for file in lock["digits"]["makes"]]
    remake = not all(holds(web / file.path, file, gzip.decompress) for file in idx)
    Fetcher(cache, wanted + [csv] * remake).run()
    clear(cache.glob("*.part"))  # an npm that outlived a killed run may have written until now
    for file in wanted:
        save(web / file.path, [(cache / file.sha256).read_bytes()])
    if remake:
        for file, content in zip(idx, digits_pack((cache / csv.sha256).read_bytes()), strict=True):
            save(web / file.path, [gzip.compress(content, mtime=0)])
    remove(web / name for name in set(visible(web, "vendor")) - {file.path for file in files})


def holds(path, file, unpack=bytes):
    """Whether path has the locked content (the digits' unpacked, as compressors differ between machines)."""
    try:
        content = unpack(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return False
    return len(content) == file.bytes and hashlib.sha256(content).hexdigest() == file.sha256


class Fetcher:
    """Brings files into the cache; remembers what failed, so that nothing is tried or said twice in a run."""

    def __init__(self, cache, files):
        self.cache, self.failed, self.said = cache, {}, set()  # failed: scope -> Refused
        self.files = [file for file in files if not self.has(file)]

    def has(self, file):
        return holds(self.cache / file.sha256, file)

    def run(self):
        if not self.files:
            return
        total = sum(file.bytes for file in self.files)
        print(f"Fetching {len(self.files)} files ({total:,} bytes) into {self.cache}", flush=True)
        for file in self.files:
            if not self.has(file):  # a package may have brought it along
                self.fetch(file)

    def fetch(self, file):
        tried = []
        for source in file.sources:
            try:
                for scope in source.scopes:
                    if scope in self.failed:
                        raise self.failed[scope]
                take = self.from_url if source.client == "url" else self.from_package
                return take(file, source)
            except Refused as refused:
                self.failed[refused.scope] = refused
                tried.append(str(refused))
                if str(refused) not in self.said:
                    self.said.add(str(refused))
                    print(f"{clear_line()}  passed over: {refused}", flush=True)
        raise Failure(
            "\n  - ".join([f"{file.path} ({file.bytes:,} bytes) could not be fetched. What was tried:", *tried])
            + "\nConnect to the network (HTTPS_PROXY is respected), install npm and pip if they are missing,"
            f"\nand run this again; complete downloads are kept in {self.cache}."
        )

    def from_url(self, file, source):
        save(self.cache / file.sha256, checked(download(source), file, source.spec))

    def from_package(self, wanted, source):
        """Fetch source's package, and in the same run of its client all others whose turn it is: npm starts for longer
        than it downloads."""
        missing = [file for file in self.files if not self.has(file)]
        due = {source.spec: source}
        for file in missing:
            turn = next((one for one in file.sources if self.failed.keys().isdisjoint(one.scopes)), source)
            if turn.client == source.client:
                due.setdefault(turn.spec, turn)
        self.bring(list(due.values()), missing)
        if not self.has(wanted):
            raise next(self.failed[scope] for scope in source.scopes if scope in self.failed)

    def bring(self, packages, missing):
        """Fetch packages together, or each by itself if one of them cannot be had."""
        try:
            self.unpack(packages, missing)
        except Refused as refused:
            if len(packages) == 1 or refused.scope == packages[0].client:
                self.failed[refused.scope] = refused
            else:
                for package in packages:
                    self.bring([package], missing)

    def unpack(self, packages, missing):
        """Fetch packages and keep every member that is wanted; the packages themselves are not kept."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with (tempfile.TemporaryDirectory(".part", dir=self.cache, ignore_cleanup_errors=True) as folder,
              held(folder)):
            pack(packages, Path(folder))
            specs = {package.spec for package in packages}
            for wanted in missing:
                for source in (source for source in wanted.sources if source.spec in specs and not self.has(wanted)):
                    try:
                        save(self.cache / wanted.sha256, checked(read(Path(folder), source), wanted, source.spec))
                    except Refused as refused:
                        self.failed[source.scopes[-1]] = refused


def checked(chunks, file, origin):
    """Pass chunks on, showing progress, and refuse them at the end if they are not the locked file."""
    digest, done = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        done += len(chunk)
        if done > file.bytes:
            break
        show(file.path, done, file.bytes)
        yield chunk
    if done != file.bytes:
        raise Refused(f"{origin} gave {done:,} bytes for {file.path}, expected {file.bytes:,}")
    if digest.hexdigest() != file.sha256:
        raise Refused(f"{origin} gave sha256 {digest.hexdigest()} for {file.path}, expected {file.sha256}")
