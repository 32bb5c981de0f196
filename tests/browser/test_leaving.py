"""Leaving a page frees it: whoever goes round all pages for an hour needs the memory of one."""

import pytest

from pyapp import pages

TITLES = {page["name"]: page["title"] for page in pages.describe()}
REST = "exponential"  # where it is counted: a page where nothing moves
# Counts the elements that are observed.
COUNT = """(() => {
    globalThis.observed = 0;
    for (const kind of ["ResizeObserver", "IntersectionObserver", "MutationObserver"]) {
        globalThis[kind] = class extends globalThis[kind] {
            #targets = new Set();
            #now(targets) {
                observed += targets.size - this.#targets.size;
                this.#targets = targets;
            }
            observe(target, options) {
                super.observe(target, options);
                this.#now(new Set([...this.#targets, target]));
            }
            unobserve(target) {
                super.unobserve(target);
                this.#now(new Set([...this.#targets].filter((each) => each !== target)));
            }
            disconnect() {
                super.disconnect();
                this.#now(new Set());
            }
        };
    }
})()"""
# As a link does; the shell hears of it a moment later.
FOLLOW = "(link) => { document.documentElement.dataset.state = 'following'; location.hash = link; }"
PLAY = "document.querySelector('[data-test=play]:enabled')?.click()"  # with no focus, which holds what it was on
ON_THE_PAGE = """(() => {
    const all = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let nodes = 1;
    while (all.nextNode()) nodes += 1;
    return nodes;
})()"""
LESS = {"nodes": 300, "listeners": 40, "observed": 5}  # than any page has: what is here may be drawn in part, or in use
FRAME = "() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)))"


@pytest.fixture
def round_(some):
    """The pages of a round, which ends where is counted."""
    return [*(name for name in some(TITLES) if name != REST), REST]


@pytest.fixture
def tab(visit, round_):
    """A tab that has seen the pages once, so that all that is loaded only once is there."""
    tab = visit(None)
    tab.page.add_init_script(COUNT)
    tab.open(f"#{REST}")
    tab.send = tab.devtools()
    tab.send("Performance.enable")
    calmly(tab, round_)
    return tab


def go(tab, name: str) -> None:
    tab.page.evaluate(FOLLOW, f"#{name}")


def calmly(tab, names) -> None:
    """See each page's first picture."""
    for name in names:
        go(tab, name)
        tab.wait_ready()
        tab.page.evaluate(FRAME)


def hurriedly(tab, names) -> None:
    """Leave each page as soon as it is there, before Python has answered."""
    for name in names:
        go(tab, name)
        tab.page.wait_for_function("(title) => document.querySelector('h1')?.textContent === title", arg=TITLES[name])
    tab.wait_ready()


def at_work(tab) -> None:
    """Leave pages while they train."""
    for name in ("digits", "qat", "rung1", REST):
        go(tab, name)
        tab.wait_ready()
        tab.page.evaluate(PLAY)


def count(tab) -> dict[str, int]:
    tab.send("HeapProfiler.collectGarbage")
    tab.page.evaluate(FRAME)
    found = {item["name"]: int(item["value"]) for item in tab.send("Performance.getMetrics")["metrics"]}
    apart = found["Nodes"] - tab.page.evaluate(ON_THE_PAGE)  # from the page: of those left, and the browser's
    return {"nodes": apart, "listeners": found["JSEventListeners"], "observed": tab.page.evaluate("observed")}


def settled(tab) -> dict[str, int]:
    """The counts when they no longer fall."""
    now, before = count(tab), None
    while now != before:
        now, before = count(tab), now
    return now


def canvases(tab) -> int:
    """How many are in memory, on the page or not."""
    send = tab.send
    kind = send("Runtime.evaluate", {"expression": "HTMLCanvasElement.prototype"})["result"]["objectId"]
    found = send("Runtime.queryObjects", {"prototypeObjectId": kind})["objects"]["objectId"]
    size = {"objectId": found, "functionDeclaration": "function () { return this.length; }"}
    return send("Runtime.callFunctionOn", size)["result"]["value"]


def freed(tab, before: dict[str, int]) -> None:
    for _ in range(20):  # what is under way at this moment, such as the check of a file, is freed a little later
        after = settled(tab)
        if all(after[name] < before[name] + LESS[name] for name in before):
            return
    raise AssertionError((before, after))


def test_a_round_through_the_pages_leaves_nothing_behind(tab, round_):
    before = settled(tab)
    assert before["observed"] and before["listeners"]
    calmly(tab, round_)
    freed(tab, before)
    hurriedly(tab, round_)
    freed(tab, before)
    at_work(tab)  # leaves an offer to go on from there, which the next round has
    at_work(tab)
    freed(tab, before)
    assert canvases(tab) == tab.page.locator("canvas").count() == 0
