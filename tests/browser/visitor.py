"""A person at the site: a browser tab, and what is done in it.

A console error, a failed request, a request to another host or a breach of the page's Content-Security-Policy is a
complaint, which fails any test; those of a service worker too, which no page hears.
"""

import os
import re
from pathlib import Path

import pytest

ENGINE = os.environ.get("BITLADDER_BROWSER")  # chromium, firefox or webkit, as `playwright install` brings them
START = 180_000  # milliseconds that Python may take to start on a slow machine
LOOK = {"polling": 40}  # milliseconds; by default a page is looked at in each frame, and so has to draw all of them
# By WINDOW of conftest.py; else no tab could be taken over.
PROVOKED = ("Service Worker registration blocked by Playwright",)
HOME = "#digits"
# Where tabs wait for their next test: a page that is soon there and, embedded, neither keeps nor restores anything.
REST, AWAY = "#exponential?embed=1", "#digits?embed=1"
# Of what a person has chosen or trained, nothing stays, nor comes late from the page that was left.
FORGET = """async (page) => {
    const { lastOf } = await import("./ui/keep.js");
    await lastOf(page.slice(1));
    localStorage.clear();
    delete document.documentElement.dataset.theme;
    for (const { name } of await indexedDB.databases()) {
        await new Promise((done) => (indexedDB.deleteDatabase(name).onsuccess = done));
    }
}"""
# The browser's functions that a test has replaced by its own: the next test would have those.
REPLACED = """() => {
    const functions = (object) => Object.entries(Object.getOwnPropertyDescriptors(object))
        .flatMap(([name, { value }]) => (typeof value === "function" ? [[name, value]] : []));
    const replaced = (all) => all.filter(([, f]) => !Function.prototype.toString.call(f).includes("[native code]"));
    const own = functions(window);
    const methods = own.flatMap(([kind, { prototype }]) =>
        functions(prototype ?? {}).map(([name, f]) => [`${kind}.prototype.${name}`, f]));
    return replaced([...own, ...methods]).map(([name]) => name);
}"""
PLAYWRIGHTS = ["ServiceWorkerContainer.prototype.register"]  # by which it blocks service workers
BREACHES = """addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample, sourceFile }) =>
    console.error(`against the policy: ${violatedDirective} ${blockedURI} ${sample} ${sourceFile}`));"""
# After a wait that failed: the element that it looked at, and the one that has the focus.
INSTEAD = """(arg) => {
    const [where] = [arg].flat();
    const all = [typeof where === "string" ? document.querySelector(where) : null, document.activeElement];
    return all.map((element) => element?.outerHTML.slice(0, 500));
}"""
FUNCTION = re.compile(r"\s*(async\s+)?(\([^()]*\)|\w+)\s*=>")  # ({ a }) => ... is one too
# As a link does, which the shell hears of a moment later.
FOLLOW = "(link) => { document.documentElement.dataset.state = 'following'; location.hash = link; }"


def only_chromium_has(what: str) -> None:
    """Skip the test that runs, in a browser in which Playwright does not offer this."""
    if ENGINE not in (None, "chromium"):
        pytest.skip(f"only Chromium has {what}")


def as_function(expression: str) -> str:
    """The page's policy forbids eval, by which Playwright looks at a plain expression for the second time."""
    return expression if FUNCTION.match(expression) else f"() => ({expression})"


def where(name: str) -> str:
    """The selector of an element by its data-test name; "{entry}" is a number within words."""
    return f"[data-entry='{name[1:-1]}']" if name.startswith("{") else f"[data-test='{name}']"


def page_of(request):
    """The page that asked; None if a service worker did, or a page that has no frame yet."""
    return None if request.service_worker or request.is_navigation_request() else request.frame.page


class Visitor:
    """A browser tab and what a person does in it."""

    def __init__(self, context, url: str):
        self.url, self.page, self.complaints = url, context.new_page(), []
        self.page.set_default_timeout(START)
        self._wait = self.page.wait_for_function
        self.page.wait_for_function = self._wait_for
        self.page.add_init_script(BREACHES)
        self.expected = ()  # complaints that a test provokes
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        context.on("console", lambda m: m.type in ("error", "warning") and m.text not in PROVOKED
                   and self._is_mine(m.page) and self.complaints.append(m.text))
        context.on("requestfailed", lambda r: self._is_mine(page_of(r))
                   and self.complaints.append(f"{r.url}: {r.failure}"))
        context.on("response", lambda r: r.status >= 400 and self._is_mine(page_of(r.request))
                   and self.complaints.append(f"{r.url}: {r.status}"))
        context.on("request", lambda r: self._check_host(r.url))

    def _is_mine(self, page) -> bool:
        """Whether it is about this tab, or about a service worker, which has no page."""
        return page in (self.page, None)

    def _wait_for(self, expression: str, **options) -> None:
        """A failure says what was there instead."""
        try:
            self._wait(as_function(expression), **(LOOK | options))
        except Exception as error:
            error.add_note(f"There is instead: {self.page.evaluate(INSTEAD, options.get('arg'))}")
            raise

    def _check_host(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"another host: {address}")

    def open(self, link: str = "") -> "Visitor":
        """Open a link of the site and wait until Python is ready."""
        self.page.goto(self.url + link)
        return self.wait_ready()

    def follow(self, link: str) -> "Visitor":
        """Go on to another page of the site, where Python is running; to the page that is there by way of another."""
        page = link.partition("?")[0] or HOME
        if self.place == page:
            self.follow(AWAY if REST.startswith(page) else REST)
        self.page.evaluate(FOLLOW, link)
        return self.wait_ready()

    @property
    def place(self) -> str:
        """The page of the site where the tab is, as its link begins."""
        return self.page.evaluate("location.hash").partition("?")[0]

    def clear(self) -> None:
        """Leave the page, and leave nothing behind for who takes over the tab."""
        left = self.place
        self.follow(REST)
        self.page.evaluate(FORGET, left)
        self.page.mouse.move(0, 0)
        replaced = [name for name in self.page.evaluate(REPLACED) if name not in PLAYWRIGHTS]
        assert not replaced, f"the test leaves its own {replaced} in the tab"

    def wait_ready(self) -> "Visitor":
        self.page.wait_for_function("document.documentElement.dataset.state === 'ready'")
        return self

    def __getitem__(self, name: str):
        """An element by its name, see `where`."""
        return self.page.locator(where(name))

    def text(self, name: str) -> str:
        return self[name].first.inner_text()

    def boxes(self, *names: str) -> list[dict[str, float]]:
        """Where elements are, all at one moment: a page that is still growing moves them between two questions."""
        for name in names:
            self[name].wait_for(state="attached")
        return self.page.evaluate("""(all) => all.map((where) => {
            const { x, y, width, height } = document.querySelector(where).getBoundingClientRect();
            return { x, y, width, height };
        })""", [where(name) for name in names])

    def number(self, name: str) -> float:
        """A shown number; a percentage as it stands."""
        return float(self.text(name).replace(",", "").replace("−", "-").rstrip("% ").split()[0])

    def wait_number(self, name: str, condition: str) -> None:
        """Wait until the number x at `name` fulfils a JavaScript condition, for example "x > 85"."""
        self.page.wait_for_function(f"""(selector) => {{
            const x = parseFloat(document.querySelector(selector)?.textContent.replace(/,/g, "").replace("−", "-"));
            return {condition};
        }}""", arg=where(name))

    def wait_text(self, name: str, text: str) -> None:
        self.page.wait_for_function("([where, text]) => document.querySelector(where)?.textContent.includes(text)",
                                    arg=[where(name), text])

    def save(self, name: str, folder: Path) -> Path:
        """Click what saves a file; it is put into a folder, under the name that the page gives it."""
        with self.page.expect_download() as download:
            self[name].click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def slide(self, name: str, position: int | str) -> None:
        """Move a slider to a position, or by keys "Home" and "End"."""
        slider = self[name]
        if isinstance(position, str):
            slider.press(position)
        else:
            slider.fill(str(position))

    def wait_kept(self) -> None:
        """Wait until the run is kept in the browser at the step that is shown."""
        self.page.wait_for_function("""() => {
            const text = (name) => document.querySelector(`[data-test='${name}']`)?.textContent ?? "";
            return text("step-count") !== "" && text("kept").includes(`step ${text("step-count")},`);
        }""")

    def pause(self) -> None:
        """Pause the run and wait until it is kept as it stands."""
        self["play"].click()
        self.page.locator(where("play") + "[aria-busy=false]", has_text="Play").wait_for()  # no step comes any more
        self.wait_kept()

    def allow_clipboard(self) -> None:
        """Let the page read and write the clipboard without asking."""
        only_chromium_has("permissions for the clipboard")
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def devtools(self):
        """A function that sends a command of Chromium's DevTools protocol."""
        only_chromium_has("DevTools")
        return self.page.context.new_cdp_session(self.page).send

    def paste(self, name: str, piece: str, times: int) -> None:
        """Paste a piece of text repeated so often, which is made in the page, over all that a field holds."""
        self.allow_clipboard()
        self.page.evaluate("([piece, times]) => navigator.clipboard.writeText(piece.repeat(times))", [piece, times])
        self[name].press("ControlOrMeta+A")
        self[name].press("ControlOrMeta+V")

    def draw(self, points) -> None:
        """Draw strokes on the pad with the mouse: rows (x, y, stroke number)."""
        pad = self["pad"]
        pad.scroll_into_view_if_needed()
        box, previous = pad.bounding_box(), None
        for x, y, stroke in points:
            place = box["x"] + float(x) * box["width"], box["y"] + float(y) * box["height"]
            if stroke != previous:
                if previous is not None:
                    self.page.mouse.up()
                self.page.mouse.move(*place)
                self.page.mouse.down()
            self.page.mouse.move(*place, steps=4)
            previous = stroke
        self.page.mouse.up()

    def draw_by_finger(self, points) -> None:
        """Draw one stroke on the pad as touch input."""
        self["pad"].scroll_into_view_if_needed()
        box = self["pad"].bounding_box()
        send = self.devtools()
        for i, (x, y, _) in enumerate(points):
            place = {"x": box["x"] + float(x) * box["width"], "y": box["y"] + float(y) * box["height"]}
            send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": [place]})
        send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def check(self) -> None:
        left = [text for text in self.complaints if not any(part in text for part in self.expected)]
        assert not left, left
