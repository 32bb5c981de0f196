"""Other places that run Bitladder: Node and Chromium, driven from CPython by the tests and the benchmark."""

import base64
import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.places import INSTALLED, ROOT, SERVE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic",
         # Else each new tab draws, unseen, the address bar's suggestions: three quarters of what the tab costs.
         "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup")


class HostError(RuntimeError):
    """The other place is missing or answered with an error; `type` is the error's name there."""

    def __init__(self, message: str, type: str = "HostError", hint: str = ""):
        super().__init__(message)
        self.type, self.hint = type, hint


class Node:
    """Bitladder in Pyodide in Node, started by the page's own boot (web/node.mjs). Use it in a `with` block."""

    def __init__(self, mount: dict[Path, str] | None = None, path: tuple[str, ...] = ()):
        node = shutil.which("node")
        if not node:
            raise HostError("Node is not installed", hint="install Node.js 18 or newer (Debian: apt install nodejs)")
        mounts = [f"--mount={host}:{inside}" for host, inside in (mount or {}).items()]
        self._process = subprocess.Popen(
            [node, str(ROOT / "web" / "node.mjs"), *mounts, *(f"--path={folder}" for folder in path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def call(self, method: str, **args: Any) -> Any:
        """A method of the bridge; arrays go in and come out as NumPy arrays. HostError if it answers with an error."""
        print(json.dumps({"id": 1, "method": method, "args": _encode(args)}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise HostError(f"Node stopped with exit status {self._process.wait()}")
        reply = json.loads(line)
        if error := reply.get("error"):
            raise HostError(error["message"], error.get("type"), error.get("hint"))
        return _decode(reply["result"])

    def run(self, module: str, function: str, **kwargs: Any) -> Any:
        """Any Python function, run there; its result must be plain data."""
        return self.call("$run", module=module, function=function, kwargs=kwargs)


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value)).decode()
        return {"shape": list(value.shape), "dtype": value.dtype.name, "base64": data}
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    return [_encode(item) for item in value] if isinstance(value, (list, tuple)) else value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if "base64" in value:
            return np.frombuffer(base64.b64decode(value["base64"]), value["dtype"]).reshape(value["shape"])
        return {key: _decode(item) for key, item in value.items()}
    return [_decode(item) for item in value] if isinstance(value, list) else value


def find_chromium() -> str | None:
    """The path of the system's Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A headless Chromium as a Playwright browser, started with these flags as well. HostError if it is missing."""
    executable = find_chromium()
    if not executable:
        raise HostError("Chromium is not installed", hint="install it (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise HostError("Playwright is not installed", hint='pip install -e ".[test]"') from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*QUIET, *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def site(root: Path = ROOT) -> Iterator[str]:
    """The address of the site, served on a free port by the serve.py of this or of another checkout. HostError if it
    cannot be served."""
    serve = ["-m", "pyapp", "serve"] if INSTALLED else [str(root / "serve.py")]
    server = subprocess.Popen([sys.executable, *serve, "--no-open", "--port", "0"],
                              stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            for word in line.split():
                if word.startswith("http://127.0.0.1:"):
                    yield word
                    return
        raise HostError(f"the site could not be served; run `{SERVE}` to see why")
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
