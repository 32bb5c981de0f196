"""The site without its server, after a change of release, and where no offline copy can be made.

Each host is a process of its own that is killed, so that nothing of it answers any more.
"""

import itertools
import json
import os
import subprocess
import sys
import urllib.request

import pytest
from faults import FAULTS
from small_release import change, release

from pyapp import pages
from pyapp.hosts import ROOT
from pyapp.parity.check import SEVEN
from pyapp.site.build import LISTS

ENDED = ("net::ERR_ABORTED",)  # a reload ends what is under way
GONE = (*ENDED, "sw.js", "release.js", "ERR_CONNECTION_REFUSED", "unknown error occurred when fetching the script")
TEXT = "(path) => fetch(path).then((response) => response.text())"
LOOKED_AT = "() => { document.dispatchEvent(new Event('visibilitychange')); }"
CACHES = "() => caches.keys().then((keys) => keys.map((key) => key.split(' ').at(-1)).sort())"

# Python's file was compiled once more from the copy, with which Chromium keeps the code for the next visit.
FROM_THE_COPY = """() => performance.getEntriesByType("resource")
    .some(({ name, workerStart }) => name.endsWith("pyodide.asm.wasm") && workerStart > 0)"""

# Whether the first worker was started before main.js, which takes the element away.
EARLY = """globalThis.Worker = class extends Worker {
    constructor(...given) {
        super(...given);
        globalThis.early ??= Boolean(document.getElementById("unserved"));
    }
}"""


class Host:
    """A web server of a folder, started and killed; it keeps its port."""

    def __init__(self, *command: str):
        self.command, self.port, self.process = command, 0, None

    def start(self, folder) -> str:
        command = [part.format(folder=folder, port=self.port) for part in self.command]
        self.process = subprocess.Popen([sys.executable, "-u", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)
        line = next(line for line in self.process.stdout if "http://" in line)
        url = next(word.strip("()") for word in line.split() if word.strip("()").startswith("http://"))
        self.port = url.rstrip("/").rpartition(":")[2]
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/")


@pytest.fixture
def host():
    """host(command) is a server that ends with the test."""
    hosts = []

    def make(*command: str) -> Host:
        hosts.append(Host(*command))
        return hosts[-1]

    yield make
    for each in hosts:
        if each.process.poll() is None:
            each.stop()


OURS = ("serve.py", "--site", "{folder}", "--port", "{port}", "--no-open")
PLAIN = ("-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory", "{folder}")


def another(tab, link: str):
    """A new tab of the same browser."""
    return type(tab)(tab.page.context, tab.url).open(link)


def test_everything_works_when_the_server_is_gone(visit, host, tmp_path, some):
    """From a sub-path of a plain static host; every page, a link opened cold, a reload, training, drawing, weights."""
    release(tmp_path / "deep/down")
    server = host(*PLAIN)
    tab = visit(None, service_workers="allow")
    tab.url = server.start(tmp_path) + "deep/down/"
    tab.open("#exponential")
    tab.wait_text("offline", "Works offline, except for large files: rest.pack, check.npz, encoder.npz, generator.npz, "
                             "gpt.npz")
    tab.wait_text("status", "partly offline")
    assert tab.page.evaluate("caches.keys().then((keys) => keys.length)") == 2
    tab.page.wait_for_function(FROM_THE_COPY)
    tab.page.evaluate("""() => {
        navigator.storage.persist = async () => { navigator.storage.persisted = async () => true; };
    }""")
    tab["offline-keep"].click()
    tab.wait_text("offline", "All of it works offline")
    assert "may delete it" not in tab.text("offline"), "the browser was asked to keep it, and agreed"
    tab.wait_text("status", "works offline")
    server.stop()
    tab.follow("#digits")
    tab["play"].click()
    tab.wait_number("step-count", "x > 3")
    tab.draw(SEVEN)
    tab.wait_number("bar-7", "x >= 0")
    tabs = [tab, another(tab, "?from=mail#text?logit_bits=4")]
    cold = tabs[1]
    cold["play"].click()
    cold.wait_number("written", "x > 3")
    assert "logit_bits=4" in cold.page.url
    cold.page.add_init_script(EARLY)
    cold.page.goto(cold.url + "index.html#vision")
    cold.wait_ready()
    assert cold.page.evaluate("early"), "Python waits for the page's program, though all is here"
    for name in some(pages.names()):
        cold.follow(f"#{name}")
        assert cold["error"].count() == 0 and cold["part-trouble"].count() == 0, name
    whole = cold.page.evaluate("""() => fetch("style.css", { headers: { Range: "bytes=0-3" } })
        .then((response) => response.arrayBuffer().then(({ byteLength }) => [response.status, byteLength]))""")
    assert whole == [200, (tmp_path / "deep/down/style.css").stat().st_size]
    cold["offline-remove"].click()
    cold.wait_text("offline", "Works only while connected: there is no offline copy.")
    assert cold.page.evaluate("caches.keys()") == []
    for each in tabs:
        each.expected = GONE
        each.check()


def test_a_new_release_is_offered_and_two_are_never_mixed(visit, host, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    versions = [release(old), release(new)]
    versions[1] = change(new, {"ui/tour.js": "\n// new\n", "app/pages/digits.md": "\nNew.\n",
                               "app/weights/vit.npz": "changed"})
    server = host(*OURS)
    tab = visit(None, service_workers="allow")
    tab.url = server.start(old)
    tab.open("#digits")
    tab.wait_text("offline", "Works offline, except")
    other = another(tab, "#digits")
    tab.expected = other.expected = ENDED
    server.stop()
    server.start(new)
    for each in (tab, other):
        each.page.evaluate(LOOKED_AT)
        each.wait_text("release", "A new version of Bitladder is ready.")
    assert tab.page.evaluate(CACHES) == sorted([*versions, "notes"])
    for each in (tab, other):
        assert "// new" not in each.page.evaluate(TEXT, "ui/tour.js")
    tab.page.reload()  # does not take it
    tab.wait_ready()
    tab.wait_text("release", "A new version")
    assert json.loads(tab.page.evaluate(TEXT, "app/manifest.json"))["version"] == versions[0]
    with tab.page.expect_navigation():
        tab["release-use"].click()
    tab.wait_ready()
    tab.wait_text("offline", "Works offline, except")
    assert "// new" in tab.page.evaluate(TEXT, "ui/tour.js") and tab["release"].count() == 0
    assert tab.page.evaluate(CACHES) == sorted([*versions, "notes"])  # the other tab needs the old one
    assert "// new" not in other.page.evaluate(TEXT, "ui/tour.js")
    assert json.loads(other.page.evaluate(TEXT, "app/manifest.json"))["version"] == versions[0]
    other.page.evaluate("import('./ui/tour.js').then(() => 1)")
    other["play"].click()  # its Python runs on
    other.wait_number("step-count", "x > 3")
    tab.expected = (*ENDED, "vit.npz")  # which the worker of both says
    other.expected = (*tab.expected, "Failed to load resource", "ERR_FAILED")
    other.page.evaluate("location.hash = '#vision'")
    other.wait_text("notes", "vit.npz")  # the host has only the new one's
    other.follow("#digits")
    other.page.reload()
    other.wait_ready()
    other.wait_text("offline", "Works offline, except")
    assert "// new" in other.page.evaluate(TEXT, "ui/tour.js")
    tab.page.wait_for_function(f"async (keys) => String(await ({CACHES})()) === String(keys)",
                               arg=[versions[1], "notes"])
    server.stop()
    server.start(old)  # a host may go back: then the old one is what is new
    tab.page.evaluate(LOOKED_AT)
    tab.wait_text("release", "A new version of Bitladder is ready.")
    assert "// new" in tab.page.evaluate(TEXT, "ui/tour.js")
    with tab.page.expect_navigation():
        tab["release-use"].click()
    tab.wait_ready()
    tab.wait_text("offline", "Works offline, except")
    assert "// new" not in tab.page.evaluate(TEXT, "ui/tour.js") and tab["release"].count() == 0
    assert json.loads(tab.page.evaluate(TEXT, "app/manifest.json"))["version"] == versions[0]
    other["step"].click()  # its Python is the new one's, and runs on
    assert "// new" in other.page.evaluate(TEXT, "ui/tour.js")
    other.check()


@pytest.mark.thorough
def test_a_copy_that_cannot_be_made_harms_nobody_and_is_made_later(visit, host, tmp_path):
    """A file that is missing, cut off or wrong, no room: the page says so and works, and keeps what has come."""
    release(tmp_path)
    path, name = tmp_path / "vendor/temml/LICENSE", "vendor/temml/LICENSE"
    content = path.read_bytes()
    server = host(*OURS)
    tab = visit(None, service_workers="allow")
    tab.url = server.start(tmp_path)
    send = tab.devtools()
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/"), "quotaSize": 2_000_000})
    tab.open("#digits")
    tab.wait_text("offline", "storage is full")
    tab["play"].click()
    tab.wait_number("step-count", "x > 3")
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/")})
    for wrong, said in ((None, f"{name}: 404"), (content[:-9], "bytes instead of"),
                        (content[::-1], f"{name} is not the file")):
        path.unlink(missing_ok=True)  # it may be a link
        if wrong is not None:
            path.write_bytes(wrong)
        tab["offline-retry"].click()
        tab.wait_text("offline", said)
        assert "Works only while connected" in tab.text("offline") and "offline" not in tab.text("status")
    path.write_bytes(content)
    others = [each for each in tmp_path.rglob("*") if each.is_file() and each.suffix not in (".json",)
              and each.name not in ("LICENSE", "sw.js", "release.js")]
    for each in others:  # all else is there and is not fetched again
        os.rename(each, each.with_name(each.name + ".away"))
    tab["offline-retry"].click()
    tab.wait_text("offline", "Works offline, except")
    server.stop()
    tab.page.reload()
    tab.wait_ready()
    tab.expected = (*GONE, f"{name}: 404")


# Ask the service worker to keep everything, one file of which it has lost. Answers { missing } or { trouble }.
KEEP = """async (path) => {
    for (const key of await caches.keys()) {
        await (await caches.open(key)).delete(new URL(path, document.baseURI).href);
    }
    const { active } = await navigator.serviceWorker.getRegistration();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((done) => (port1.onmessage = ({ data }) => done(data)));
    active.postMessage({ ask: "keep" }, [port2]);
    return answer;
}"""


@pytest.mark.thorough
def test_each_file_of_the_copy_in_turn_is_missing_cut_off_or_wrong(visit, host, tmp_path):
    release(tmp_path)
    files = json.loads((tmp_path / LISTS[0]).read_text())["files"]
    tab = visit(None, service_workers="allow")
    tab.url = host(*OURS).start(tmp_path)
    tab.open("#exponential")
    tab.wait_text("offline", "Works offline, except")
    tab.expected = (*ENDED, *files, "404")
    said = {"missing": ": 404", "cut off": "bytes instead of", "wrong": "is not the file that this release should have"}
    assert len(files) > 200
    for path, how in itertools.product(files, FAULTS):
        content = (tmp_path / path).read_bytes()
        damaged = FAULTS[how](content)
        (tmp_path / path).unlink()  # a link to the site's own file
        if damaged is not None:
            (tmp_path / path).write_bytes(damaged)
        trouble = tab.page.evaluate(KEEP, path)["trouble"]["message"]
        assert trouble.startswith(path) and said[how] in trouble, (path, how, trouble)
        (tmp_path / path).write_bytes(content)
    assert tab.page.evaluate(KEEP, path)["missing"] == []


def test_a_full_disk_keeps_no_one_out_and_a_copy_that_lacks_files_or_was_deleted_is_completed(visit, host, tmp_path):
    release(tmp_path)
    name = "vendor/temml/LICENSE"
    away = (tmp_path / name).rename(tmp_path / "away")
    tab = visit(None, service_workers="allow")
    tab.expected = (*ENDED, f"{name}: 404")
    tab.url = host(*OURS).start(tmp_path)
    tab.open("#exponential")
    tab.wait_text("offline", f"{name}: 404")
    assert "Works only while connected" in tab.text("offline") and "offline" not in tab.text("status")
    away.rename(tmp_path / name)
    tab["offline-retry"].click()
    tab.wait_text("offline", "Works offline, except")
    send = tab.devtools()
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/"), "quotaSize": 1000})
    tab.page.reload()
    tab.wait_ready()
    send("Storage.overrideQuotaForOrigin", {"origin": tab.url.rstrip("/")})
    tab.page.evaluate("caches.keys().then((keys) => Promise.all(keys.map((key) => caches.delete(key))))")
    tab.follow("#affine")
    tab.wait_text("offline", "there is no offline copy")
    assert "offline" not in tab.text("status")
    tab.page.reload()
    tab.wait_ready()
    tab["offline-keep"].click()
    tab.wait_text("offline", "All of it works offline")
    tab.check()
    tab.expected = (*tab.expected, "heard", "nothing.js")
    tab.page.context.service_workers[0].evaluate("() => fetch('nothing.js').then(() => console.error('heard'))")
    tab.page.wait_for_function("() => 1")  # in which what the worker said arrives
    assert {"heard", f"{tab.url}nothing.js: 404"} <= set(tab.complaints), "what a service worker says fails no test"


@pytest.mark.thorough
def test_without_service_workers_or_storage_the_page_says_so_and_works(visit):
    tab = visit(None, service_workers="allow")
    forbid = "throw new DOMException('storage is forbidden', 'SecurityError')"
    tab.page.add_init_script(f"""
        if (name) delete Navigator.prototype.serviceWorker;
        else ServiceWorkerContainer.prototype.register = async () => {{ {forbid}; }};
        for (const at of ["localStorage", "caches"]) Object.defineProperty(window, at, {{ get() {{ {forbid}; }} }});""")
    tab.open("#digits")
    tab.wait_text("offline", "Works only while connected: service workers are blocked here")
    tab.page.evaluate("name = 'none'")
    tab.page.reload()
    tab.wait_ready()
    tab.wait_text("offline", "Works only while connected: this browser, or this private window, has no service workers")
    assert tab["offline-retry"].count() == 0 and "offline" not in tab.text("status")
    tab["play"].click()
    tab.wait_number("step-count", "x > 3")
