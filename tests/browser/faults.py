"""Files of the site that are at fault: they are missing, cut off or wrong, or do not come at all."""

import itertools
import mimetypes

import pytest

from pyapp.places import ROOT

CALM = ("net::ERR_", "404", "MIME type", "SyntaxError", "Unexpected token", "Failed to load", "preload", "aborted",
        "'integrity' attribute")
FAULTS = {"missing": lambda content: None, "cut off": lambda content: content[: len(content) // 2],
          "wrong": lambda content: content[::-1]}
TICK = 5000  # milliseconds between two looks of the page at a connection that is silent


class Broken:
    """While `now`, a file of the site is answered in this way."""

    def __init__(self, tab, path: str, how: str):
        self.now, self.how = True, how
        tab.expected = (*CALM, path)
        tab.page.context.route(f"**/{path}*", self._answer)

    def _answer(self, route):
        if not self.now:
            route.continue_()
        elif self.how == "lost":
            route.abort()
        elif self.how == "hung":
            pass
        elif self.how == "missing":
            route.fulfill(status=404)
        elif self.how == "a web page":
            route.fulfill(content_type="text/html", body="<!doctype html><title>Welcome</title>")
        else:
            route.fulfill(content_type="text/javascript", body="export const damaged = ;")


class Hung(Broken):
    """A file that is requested and never comes. The page's clock is wound on until the page gives up."""

    def __init__(self, tab, path: str):
        tab.page.clock.install()
        super().__init__(tab, path, "hung")
        self.page, self.path, self.under_way = tab.page, path, set()
        tab.page.context.on("request", lambda request: self.under_way.add(request))
        for end in ("requestfinished", "requestfailed"):
            tab.page.context.on(end, lambda request: self.under_way.discard(request))

    def wind(self, place) -> None:
        """Time passes until `place` is there, but only while everything else that was requested has come."""
        for _ in range(100):
            while any(self.path not in request.url for request in self.under_way):
                self.page.request.get(self.page.url)
            self.page.request.get(self.page.url)  # takes as long as a request that the page may be about to make
            if place.count():
                return
            self.page.clock.run_for(TICK)
        pytest.fail(f"the page does not give up waiting for {self.path}")


def faults_from(turn: int):
    """The faults again and again, beginning with this one."""
    return itertools.islice(itertools.cycle(FAULTS), turn, None)


class Faulty:
    """The site, but for one file that is at fault."""

    def __init__(self, tab):
        self.tab, self.context, self.path, self.how, self.asked = tab, tab.page.context, "", "", []
        self.context.on("request", lambda request: self.asked.append(self.name(request)))

    def name(self, request) -> str:
        return request.url.removeprefix(self.tab.url).partition("#")[0] or "index.html"

    def be(self, path: str = "", how: str = "") -> None:
        """From now on this file has this fault and no other has any; only this one is asked of Python."""
        print(path, how)  # is shown with a failure
        self.context.unroute(self.tab.url + self.path)
        self.path, self.how = path, how
        if path:
            self.tab.expected = (*self.tab.expected, path)
            self.context.route(self.tab.url + path, self._answer)

    def _answer(self, route):
        body = FAULTS[self.how]((ROOT / "web" / self.path).read_bytes())
        kind = mimetypes.guess_type(self.path)[0] or "application/octet-stream"
        return route.fulfill(status=404) if body is None else route.fulfill(body=body, content_type=kind)
