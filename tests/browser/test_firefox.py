"""The page in Debian's Firefox, without a window: it starts, trains, takes a drawing, and opens without its server.

Playwright drives only a Firefox of its own; Debian's speaks Marionette, which is JSON over a socket: a request is
[0, number, command, parameters], its answer [1, number, error, result], each after its length and a colon.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time

import pytest
from small_release import release
from test_offline import OURS, Host

from pyapp.parity.check import SEVEN

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
LONG = 300  # seconds that something may take on a busy machine
PREFERENCES = {"marionette.port": 0, "browser.shell.checkDefaultBrowser": False, "datareporting.policy.firstRunURL": "",
               "app.update.enabled": False, "dom.storageManager.prompt.testing": True}
TEXT = "document.querySelector(`[data-test='${arguments[0]}']`)?.innerText ?? ''"


class Firefox:
    """A browser with one tab, whose profile lies in a folder."""

    def __init__(self, profile):
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines))
        self.process = subprocess.Popen([FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", profile],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self._until(lambda: (profile / "MarionetteActivePort").is_file()
                           and (profile / "MarionetteActivePort").read_text(), "Firefox has started")
        self.socket, self.number = socket.create_connection(("127.0.0.1", int(port)), timeout=LONG), 0
        self._read()  # who is there
        self.ask("WebDriver:NewSession", timeouts={"script": 1000 * LONG, "pageLoad": 1000 * LONG})

    def _read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.socket.recv(1)
        return json.loads(self.socket.recv(int(length[:-1]), socket.MSG_WAITALL))

    def ask(self, command: str, **parameters):
        self.number += 1
        content = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(content), content))
        _, _, error, result = self._read()
        assert not error, f"{command}: {error}"
        return result

    def run(self, script: str, *args):
        return self.ask("WebDriver:ExecuteScript", script=f"return {script}", args=args)["value"]

    def wait(self, script: str, *args):
        return self._until(lambda: self.run(script, *args), script)

    def wait_text(self, name: str, text: str) -> None:
        self.wait(f"({TEXT}).includes(arguments[1])", name, text)

    def _until(self, found, what: str):
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            if answer := found():
                return answer
            time.sleep(0.1)
        pytest.fail(f"it does not come to this: {what}")

    def press(self, name: str) -> None:
        self.run("document.querySelector(`[data-test='${arguments[0]}']`).click()", name)

    def draw(self, points) -> None:
        """Draw one stroke on the pad with the mouse: rows (x, y, stroke number)."""
        x, y, width, height = self.run("""(({ x, y, width, height }) => [x, y, width, height])((
            (pad) => (pad.scrollIntoView({ block: "center" }), pad))(document.querySelector("[data-test=pad]"))
            .getBoundingClientRect())""")
        moves = [{"type": "pointerMove", "x": int(x + px * width), "y": int(y + py * height), "duration": 0}
                 for px, py, _ in points]
        acts = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self.ask("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": acts}])

    def end(self) -> None:
        with contextlib.suppress(OSError, AssertionError):
            self.ask("Marionette:Quit", flags=["eForceQuit"])
        self.socket.close()
        self.process.wait(60)


@pytest.mark.skipif(not FIREFOX, reason="Firefox is not installed (Debian: apt-get install firefox-esr)")
def test_it_starts_trains_takes_a_drawing_and_opens_without_its_server(tmp_path):
    site, profile = tmp_path / "site", tmp_path / "profile"
    profile.mkdir()
    release(site)
    server = Host(*OURS)
    with contextlib.ExitStack() as stack:
        url = server.start(site)
        stack.callback(lambda: server.process.poll() is None and server.stop())
        firefox = Firefox(profile)
        stack.callback(firefox.end)
        firefox.ask("WebDriver:Navigate", url=f"{url}#digits")
        for visit in ("with the server", "without it"):
            firefox.wait("document.documentElement.dataset.state === 'ready'")
            firefox.press("play")
            firefox.wait(f"parseInt({TEXT}) > 3", "step-count")
            firefox.wait("document.querySelector('[data-test=pad]') !== null")  # which comes with a module of its own
            firefox.draw(SEVEN)
            firefox.wait(f"parseFloat({TEXT}) >= 0", "bar-7")
            assert firefox.run(TEXT, "error") == "", visit
            if visit == "with the server":
                firefox.wait_text("offline", "Works offline, except for large files")
                server.stop()
                firefox.ask("WebDriver:Navigate", url=f"{url}index.html#digits")
