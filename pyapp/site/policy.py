"""The page's Content-Security-Policy and the hashes of what it imports, as they stand in web/index.html.

`python -m pyapp.site.policy` writes them there; the build refuses a page in which they are not true.

The page has the policy in its <meta>, for hosts that send no headers; serve.py sends it as a header too. A worker obeys
the header of its own file. No script, style or plug-in comes from elsewhere, and none stands in the page except the
import map: its hash allows exactly it. Pyodide compiles WebAssembly ('wasm-unsafe-eval') and evaluates no JavaScript.
"""

import base64
import contextlib
import hashlib
import html
import json
import re
from pathlib import Path

from pyapp.site.lock import locked_files, read_lock
from pyapp.site.terminal import Failure
from pyapp.site.tree import put

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",  # data: the favicon and charts on their way to a file; blob: pictures one brings
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
# What a text in the code box imports is fetched by micropip from the package index that Pyodide is set to, and whose
# hosts this project does not name: so the scheme stands for them. Nothing else of the site connects elsewhere.
IMPORTS_PACKAGES = {"worker.js"}
MAP = re.compile(r'(?<=<script type="importmap">)(.*?)(?=</script>)', re.DOTALL)
META = re.compile(r'(?<=<meta http-equiv="Content-Security-Policy" content=")([^"]*)(?=">)')


def policy(**wider):
    """The policy as a header; `script_src="..."` adds to a directive."""
    more = {name.replace("_", "-"): f" {sources}" for name, sources in wider.items()}
    return "; ".join(f"{name} {sources}{more.get(name, '')}" for name, sources in POLICY.items())


def policy_of(name, web):
    """The header for a file of the site, by its name below web/: for a page, what index.html says."""
    if name in IMPORTS_PACKAGES:
        return policy(connect_src="https:")
    with contextlib.suppress(OSError, ValueError):  # not there, or no text
        if name.endswith(".html") and (written := META.search((web / "index.html").read_text(encoding="utf-8"))):
            return html.unescape(written[0])
    return policy()


def sealed(page, lock):
    """The text of index.html with its policy and with the hash of each third-party module of its import map."""
    known = {file.path: file.sha256 for group in lock["packages"] for file in locked_files(group)}
    imports = json.loads(MAP.search(page)[0])["imports"]
    foreign = [url for url in imports.values() if url.startswith("./vendor/")]
    hashes = {url: in_base64(bytes.fromhex(known[url.removeprefix("./")])) for url in foreign}
    text = json.dumps({"imports": imports, "integrity": hashes}, indent=2).replace("\n", "\n    ")
    page = MAP.sub(lambda _: f"\n    {text}\n  ", page)
    allowed = in_base64(hashlib.sha256(MAP.search(page)[0].encode()).digest())
    return META.sub(lambda _: policy(script_src=f"'{allowed}'"), page)


def in_base64(sha256):
    return f"sha256-{base64.b64encode(sha256).decode()}"


def check_page(web):
    """Failure if the page's import map has other hashes than the lock, or the page another policy."""
    page = (web / "index.html").read_text(encoding="utf-8")
    if MAP.search(page) and page != sealed(page, read_lock(web)):
        raise Failure("web/index.html has a policy or hashes that do not match its import map and web/lock.json: run "
                      "python -m pyapp.site.policy, and review what it changes.")


if __name__ == "__main__":
    home = Path(__file__).resolve().parents[2] / "web"
    document = home / "index.html"
    put(document, sealed(document.read_text(encoding="utf-8"), read_lock(home)).encode())
