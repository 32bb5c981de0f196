"""The site in headless Chromium. A console error, a failed request or a request to another host fails any test."""

import pytest

from pyapp.hosts import chromium, site

START = 60_000  # milliseconds that Python may take to start on a slow machine


@pytest.fixture(scope="session")
def url(needs_chromium):
    with site() as address:
        yield address


@pytest.fixture(scope="session")
def browser(needs_chromium):
    with chromium() as found:
        yield found


class Visitor:
    """A browser tab and what a person does in it."""

    def __init__(self, context, url: str):
        self.url, self.page, self.complaints = url, context.new_page(), []
        self.page.set_default_timeout(START)
        self.expected = ()  # complaints that a test provokes
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda r: self.complaints.append(f"{r.url}: {r.failure}"))
        self.page.on("response", lambda r: r.status >= 400 and self.complaints.append(f"{r.url}: {r.status}"))
        context.on("request", lambda r: self._check_host(r.url))

    def _check_host(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"another host: {address}")

    def open(self, link: str = "") -> "Visitor":
        """Open a link of the site and wait until Python is ready."""
        self.page.goto(self.url + link)
        return self.wait_ready()

    def wait_ready(self) -> "Visitor":
        self.page.wait_for_function("document.documentElement.dataset.state === 'ready'")
        return self

    def __getitem__(self, name: str):
        """An element by its data-test name."""
        return self.page.locator(f"[data-test='{name}']")

    def text(self, name: str) -> str:
        return self[name].first.inner_text()

    def number(self, name: str) -> float:
        """A shown number; a percentage as it stands."""
        return float(self.text(name).replace(",", "").replace("−", "-").rstrip("% ").split()[0])

    def wait_number(self, name: str, condition: str) -> None:
        """Wait until the number x at `name` fulfils a JavaScript condition, for example "x > 85"."""
        self.page.wait_for_function(f"""(selector) => {{
            const x = parseFloat(document.querySelector(selector)?.textContent.replace(/,/g, "").replace("−", "-"));
            return {condition};
        }}""", arg=f"[data-test='{name}']")

    def wait_text(self, name: str, text: str) -> None:
        self.page.wait_for_function("([where, text]) => document.querySelector(where)?.textContent.includes(text)",
                                    arg=[f"[data-test='{name}']", text])

    def slide(self, name: str, position: int | str) -> None:
        """Move a slider to a position, or by keys "Home" and "End"."""
        slider = self[name]
        if isinstance(position, str):
            slider.press(position)
        else:
            slider.fill(str(position))

    def paste(self, name: str, piece: str, times: int) -> None:
        """Paste a piece of text repeated so often, which is made in the page, over all that a field holds."""
        self[name].evaluate("""(field, [piece, times]) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", piece.repeat(times));
            field.focus();
            field.select();
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""", [piece, times])

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
        send = self.page.context.new_cdp_session(self.page).send
        for i, (x, y, _) in enumerate(points):
            place = {"x": box["x"] + float(x) * box["width"], "y": box["y"] + float(y) * box["height"]}
            send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": [place]})
        send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def check(self) -> None:
        left = [text for text in self.complaints if not any(part in text for part in self.expected)]
        assert not left, left


@pytest.fixture
def visit(browser, url):
    """visit(link, **context options) opens a tab of its own; at the end all tabs must have stayed without complaint."""
    visitors, contexts = [], []

    def open_(link: str | None = "", **options) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        visitors.append(Visitor(context, url))
        return visitors[-1] if link is None else visitors[-1].open(link)

    yield open_
    for context in contexts:
        context.close()
    for visitor in visitors:
        visitor.check()
