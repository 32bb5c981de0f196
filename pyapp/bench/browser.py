"""One run of the benchmark in Chromium: all contestants on one page, each in its worker, asked in turns."""

import contextlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pyapp import machine
from pyapp.bench import material, peers, results
from pyapp.bench.contestants import OWN, PEERS, Contestant
from pyapp.bench.growth import GROWTHS, grown
from pyapp.bench.serving import BenchServer, sent, serving
from pyapp.bench.workloads import PRODUCTS, checked
from pyapp.hosts import HostError, chromium, site

ROUNDS, VISITS, GROWTH_ROUNDS = 7, 3, 3
REPEATS = {  # in a round; short work is averaged
    "epoch": 1, "image": 200, "batch": 5, **dict(zip(PRODUCTS, (20, 20, 5, 1), strict=True)), "text": 1, "vit step": 1,
    "vit image": 5, "softmax": 5,
}
EAGER = "--enable-blink-features=ForceEagerMeasureMemory"  # else it answers at the next collection of garbage
LOAD_MS, WORK_MS = 180_000, 300_000  # at most, of a start and of one measurement
MARKS = """() => Object.fromEntries(performance.getEntriesByType("mark")
    .map(({ name, startTime }) => [name, startTime]))"""
Report = Callable[[str], None]
Times = dict[str, dict[str, list[float]]]  # milliseconds of each round, by contestant and work


def repeats(name: str) -> int:
    return REPEATS[name.split(", ")[0].removeprefix("product ")]


class Bench:
    """The page, and the workers that run on it."""

    def __init__(self, browser: Any, url: str, server: BenchServer):
        self.server, self.context = server, browser.new_context()
        self.page = self.context.new_page()
        self.page.set_default_timeout(WORK_MS)
        self.page.goto(f"{url}bench/")
        self.page.wait_for_function("() => window.benchmark", timeout=LOAD_MS)
        server.bytes_sent()

    def close(self) -> None:
        self.context.close()

    def start(self, one: Contestant) -> dict[str, Any]:
        """Start a contestant's worker: milliseconds until it answers, bytes loaded until then, and what it reports."""
        begun = self.call("start", {"key": one.key, "script": one.script, "settings": dict(one.settings)})
        return begun | {"bytes": self.server.bytes_sent()}

    def load(self, one: Contestant) -> None:
        """Send a contestant the material to work on."""
        self.call("ask", {"key": one.key, "method": "load", "args": {}})

    def ask(self, one: Contestant, method: str, **args: Any) -> Any:
        return self.call("ask", {"key": one.key, "method": method, "args": {**args, "how": dict(one.how)}})

    def call(self, function: str, argument: Any = None) -> Any:
        """Call a function of the page. HostError if a worker answers with an error."""
        answer = self.page.evaluate("""async ([name, argument]) => {
            try {
                return { found: await window.benchmark[name](argument) };
            } catch ({ message }) {
                return { error: String(message) };
            }
        }""", [function, argument])
        if "error" in answer:
            *_, last = answer["error"].strip().splitlines() or ["it does not say why"]  # of Python's the error itself
            raise HostError(last)
        return answer["found"]


@contextlib.contextmanager
def opened(browser: Any) -> Iterator[Callable[[], Bench]]:
    """A function that opens the page in a Playwright browser, without a cache."""
    with tempfile.TemporaryDirectory() as folder:
        material.write(Path(folder))
        mounts = {"bench/material/": Path(folder), "bench/peers/node_modules/": peers.folder() / "node_modules"}
        with serving(mounts) as (url, server):
            yield lambda: Bench(browser, url, server)


def measure(with_peers: bool, rounds: int, report: Report) -> dict[str, Any]:
    """Everything that the benchmark measures, in the form of results.py. HostError if there is no browser."""
    absent: dict[str, str] = {}
    if with_peers:
        report("installing other libraries")
        lacking = peers.install(peers.folder())
        absent = {peer.name: lacking[package] for peer in PEERS for package in peer.packages if package in lacking}
    contestants = [one for one in (*OWN, *(PEERS if with_peers else ())) if one.name not in absent]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with chromium(EAGER) as playwright, opened(playwright) as fresh:
        starts = visited(fresh, contestants, absent, report)
        contestants = [one for one in contestants if one.name not in absent]
        bench = fresh()
        works = ready(bench, contestants, absent, report)
        contestants = [one for one in contestants if one.name not in absent]
        checks, memory = compared(bench, contestants, works, report)
        times = turns(bench, contestants, works, rounds, report)
        growing = {one.name: [growth.name(size) for growth in GROWTHS for size in growth.sizes]
                   for one in contestants if one.name in ("numpy", "kernels")}
        costs = turns(bench, [one for one in contestants if one.name in growing], growing,
                      min(rounds, GROWTH_ROUNDS), report)
        browser, runtime = bench.page.evaluate("navigator.userAgent"), bench.ask(OWN[1], "start")
        bench.close()
    medians = {who: {name: statistics.median(ms) for name, ms in found.items()} for who, found in costs.items()}
    return results.assembled(
        contestants, times, checks, {name: checked(name) for name in works["numpy"]}, starts, memory, absent,
        growth=[grown(growth, medians) for growth in GROWTHS], page=page_starts(report),
        made={"machine": machine.processor(), "load": load, "browser": browser, "python": runtime["python"],
              "engine": runtime["engine"], "numpy": runtime["numpy"], "rounds": rounds,
              "packages": {package: peers.VERSIONS[package] for one in contestants for package in one.packages}})


def visited(fresh: Callable[[], Bench], contestants: Iterable[Contestant], absent: dict[str, str],
            report: Report) -> dict[str, list[dict[str, Any]]]:
    """Starts by worker, each with an empty cache: {"ms", "first_ms", "bytes"}. One that fails becomes absent."""
    found: dict[str, list[dict[str, Any]]] = {}
    workers = {one.key: one for one in reversed(list(contestants))}
    for visit in range(VISITS):
        for key, one in reversed(workers.items()):
            if any(each.key == key and each.name in absent for each in contestants):
                continue
            report(f"start {visit + 1} of {VISITS}: {key}")
            bench = fresh()
            try:
                begun = bench.start(one)
                bench.load(one)
                first = bench.ask(one, "first", name="image")["ms"][0]
                found.setdefault(key, []).append({"ms": begun["ms"], "first_ms": first, "bytes": begun["bytes"]})
            except HostError as error:
                absent |= {each.name: str(error) for each in contestants if each.key == key}
            finally:
                bench.close()
    return found


def ready(bench: Bench, contestants: Iterable[Contestant], absent: dict[str, str],
          report: Report) -> dict[str, list[str]]:
    """Start every worker on one page. What each contestant can do; one that can do nothing becomes absent."""
    started, works = set(), {}
    for one in contestants:
        try:
            if one.key not in started:
                report(f"starting {one.key}")
                bench.start(one)
                bench.load(one)
                started.add(one.key)
            works[one.name] = [name for name in bench.ask(one, "works") if name in (*results.WORKS,)]
        except HostError as error:
            absent[one.name] = str(error)
    return works


def compared(bench: Bench, contestants: Iterable[Contestant], works: Mapping[str, Iterable[str]],
             report: Report) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """The results of each contestant's work, and bytes of memory by worker after the work that plain JavaScript does
    too: only our engines do texts and transformers."""
    checks: dict[str, dict[str, Any]] = {one.name: {} for one in contestants}
    memory: dict[str, int] = {}
    for shared in (True, False):
        for one in contestants:
            report(f"comparing results: {one.name}")
            for name in works[one.name]:
                if (name in works[OWN[0].name]) == shared:
                    checks[one.name][name] = bench.ask(one, "check", name=name)
        memory = memory or bench.call("memory")
    return checks, memory


def turns(bench: Bench, contestants: Iterable[Contestant], works: Mapping[str, Iterable[str]], rounds: int,
          report: Report) -> Times:
    """Milliseconds in each round, in which all contestants take turns at each work."""
    times: Times = {one.name: {} for one in contestants}
    names = dict.fromkeys(name for one in contestants for name in works[one.name])
    for number in range(rounds):
        for name in names:
            report(f"round {number + 1} of {rounds}: {name}")
            for one in contestants:
                if name in works[one.name]:
                    ms = bench.ask(one, "bench", name=name, repeats=repeats(name))["ms"]
                    times[one.name].setdefault(name, []).append(middle(ms))
    return times


def middle(ms: list[float]) -> float:
    """The mean of the middle half of times: finer than the clock's ticks, and unmoved by a pause of the machine."""
    cut = len(ms) // 4
    return statistics.fmean(sorted(ms)[cut:len(ms) - cut])


def page_starts(report: Report) -> dict[str, Any]:
    """The page's own start, from navigation to ready, beside that of Pyodide and NumPy as published; in turns. With the
    milliseconds at which each of its stages begins, and the bytes that a first visit loads until then."""
    asked: set[str] = set()
    with site() as url, chromium() as browser:
        visits = []
        for number in range(VISITS):
            report(f"start of the page, {number + 1} of {VISITS}")
            visits.append((_visits(browser, url, asked), _visits(browser, f"{url}bench/published.html")))
    found: dict[str, Any] = {"first_visit_bytes": sent(asked)}
    for number, name in enumerate(("first_visit", "later_visit")):
        ours, published = ({stage: statistics.median(pair[who][number][stage] for pair in visits)
                            for stage in visits[0][who][number]} for who in range(2))
        found |= {f"{name}_ms": ours["ready"], f"{name}_to_published": ours["ready"] / published["ready"],
                  f"{name}_stages": ours}
    return found


def _visits(browser: Any, url: str, asked: set[str] | None = None) -> list[dict[str, float]]:
    """Of a visit with an empty cache, and of another with a full one, the milliseconds from navigation to each mark of
    the page, the last of which is "ready". `asked` gets the names of the files that the first requests until then."""
    context = browser.new_context()
    requests: list[str] = []
    context.on("request", lambda request: request.service_worker or requests.append(request.url))
    times = []
    for _ in range(2):
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("() => performance.getEntriesByName('ready').length", timeout=LOAD_MS)
        times.append(page.evaluate(MARKS))
        if asked is not None and len(times) == 1:
            asked |= {each.removeprefix(url) or "index.html" for each in requests}
        page.close()
    context.close()
    return times
