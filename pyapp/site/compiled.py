"""Python files compiled by the site's own Python, in Node; cached, so that Node only runs when they change."""

import hashlib
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from pyapp.site import compiling
from pyapp.site.lock import read_lock
from pyapp.site.parts import held
from pyapp.site.terminal import clear_line
from pyapp.site.tree import save, unzipped, zipped

KEPT = 12  # of the newest results
MINUTES, MOST_SAID = 10, 2000  # of Node's run; characters of what it says when it fails


def compiled(root, batches, own, cache):
    """{path of a source: its compiled bytes} of batches of {path: bytes}, those below the folder `own` with all they
    have. Where that cannot be done it prints why and returns {}. The first batch is third-party, and the lock has its
    hash."""
    try:
        results = [_batch(root / "web", batch, own, cache) for batch in batches]
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"Node could not compile Python's files ({error})" if shutil.which("node") else "Node is not installed")
        return {}
    locked, found = read_lock(root / "web").get("compiled"), hashlib.sha256(results[0].read_bytes()).hexdigest()
    if locked and found != locked:
        _say(f"Node compiled Python's files to sha256 {found}, and web/lock.json expects {locked}")
        return {}
    return {path.removesuffix("c"): code for result in results for path, code in unzipped(result)}


def _say(why):
    print(f"{clear_line()}{why}: the page works, but compiles Python's files at every start, which takes longer.",
          flush=True)


def _batch(web, files, own, cache):
    """The archive in the cache with a batch's result."""
    sources = {path: content for path, content in sorted(files.items()) if path.endswith(".py")}
    archive = zipped(sources)
    digest = hashlib.sha256(archive)
    for what in (compiling.__file__, web / "vendor/pyodide/pyodide.asm.wasm", web / "vendor/pyodide/python_stdlib.zip"):
        digest.update(Path(what).read_bytes())
    result = cache / f"compiled-{digest.hexdigest()}.zip"
    if result.is_file():
        result.touch()  # the newest are kept
        return result
    cache.mkdir(parents=True, exist_ok=True)  # provisioning makes it only if something is missing
    with tempfile.TemporaryDirectory(".part", dir=cache) as folder, held(folder):
        given, made = Path(folder) / "sources.zip", Path(folder) / "compiled.zip"
        given.write_bytes(archive)
        print(f"Compiling {len(sources)} Python files", flush=True)
        command = ["node", web / "compile.mjs", compiling.__file__, given, made, own]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=MINUTES * 60)
        if ran.returncode:
            raise ChildProcessError(ran.stderr.decode(errors="replace").strip()[-MOST_SAID:])
        save(result, [made.read_bytes()])
    for old in sorted(cache.glob("compiled-*.zip"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return result
