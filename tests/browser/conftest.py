"""The site in headless Chromium, or in the browser that BITLADDER_BROWSER names; what fails a test is in visitor.py.

Starting Python in a tab takes seconds, and a test seldom is about that: tests take over the tab of an earlier one,
as a person does who goes on to another page. What that left in the browser is cleared before.
"""

import contextlib

import pytest
from visitor import ENGINE, REST, START, Visitor, only_chromium_has

from pyapp.hosts import chromium, site

WINDOW = {"viewport": {"width": 1280, "height": 900}, "service_workers": "block"}  # which would answer for the network
CHROMIUMS = {"permissions", "is_mobile"}  # options of a context that not all browsers have
# A tab of a test lives for seconds: what Chromium would optimise meanwhile costs more than it saves, so only what runs
# for long is. The bytes that are executed before a function of WebAssembly is compiled for the second time.
THRIFTY = "--js-flags=--wasm-tiering-budget=1000000000"


@pytest.fixture(scope="session")
def url(needs_chromium):
    with site() as address:
        yield address


@pytest.fixture(scope="session")
def browser(needs_chromium):
    with other(ENGINE) if ENGINE else chromium(THRIFTY) as found:
        yield found


@contextlib.contextmanager
def other(engine: str):
    """A browser that Playwright has fetched."""
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        yield getattr(playwright, engine).launch()


@pytest.fixture(scope="session")
def tabs(browser, url):
    """Tabs in which Python is running and that no test uses, by the kind of device."""
    free = {}
    yield free
    for visitor in free.values():
        visitor.page.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tells `visit` of a failed test: what that left undone in its tab no other shall find there."""
    report = yield
    item.failed = report.failed
    return report


@pytest.fixture
def visit(request, browser, url, tabs):
    """visit(link, **context options) opens a link in a tab where nothing was done before; at the end all tabs must have
    stayed without complaint. With cold=True Python starts there; visit(None) opens nothing yet."""
    own, shared = [], {}

    def open_(link: str | None = "", cold: bool = False, **options) -> Visitor:
        for name in CHROMIUMS & options.keys():
            only_chromium_has(name)
        options = {**WINDOW, **options}
        device = repr(sorted((name, options[name]) for name in options.keys() - {"viewport", "color_scheme"}))
        if link is None or cold or device in shared:
            own.append(Visitor(browser.new_context(**options), url))
            return own[-1] if link is None else own[-1].open(link)
        tab = shared[device] = tabs.pop(device, None) or Visitor(browser.new_context(**options), url).open(REST)
        tab.page.set_default_timeout(START)
        tab.page.set_viewport_size(options["viewport"])
        tab.page.emulate_media(color_scheme=options.get("color_scheme", "light"))
        return tab.follow(link)

    yield open_
    for visitor in own:
        visitor.page.context.close()
    for device, visitor in shared.items():
        if visitor.complaints or request.node.failed:
            visitor.page.context.close()
        else:
            visitor.clear()
            tabs[device] = visitor
    for visitor in (*own, *shared.values()):
        visitor.check()


@pytest.fixture
def alone(visit):
    """A tab for what needs no Python: the worker that starts it is an empty file, which never answers."""
    tab = visit(None)
    tab.page.context.route("**/worker.js*", lambda route: route.fulfill(content_type="text/javascript", body=""))
    return tab
