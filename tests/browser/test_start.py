"""How the page starts: in which order, in a frame or without storage, and the log that opens whatever else does not."""

from faults import Broken


def test_a_frame_that_allows_too_little_is_reported_with_a_link(alone):
    tab = alone
    tab.expected = ("origin 'null'", "net::ERR_", "preload", "escape its sandboxing")
    allow = ["allow-scripts"]
    tab.page.route("**/framed", lambda route: route.fulfill(content_type="text/html", body=(
        f'<!doctype html><title>Framed</title><iframe sandbox="{" ".join(allow)}" src="./#affine?bits=3"></iframe>')))
    tab.page.goto(f"{tab.url}framed")
    frame = tab.page.frame_locator("iframe")
    said = frame.locator("[data-test='unstarted']")
    assert "This frame does not allow Bitladder to run" in said.inner_text()
    assert said.get_by_role("link").get_attribute("href") == f"{tab.url}#affine?bits=3"
    assert said.get_by_role("button").count() == 0, "another try would change nothing"
    allow.append("allow-same-origin")
    tab.page.reload()
    frame.locator("[data-test='bits']").wait_for(state="attached")


def test_the_log_opens_while_python_starts_and_when_it_cannot(visit):
    tab = visit(None)
    tab.expected = ("start.pack", "net::ERR_", "404", "fatal error", "DownloadError")
    tab.page.context.route("**/start.pack", lambda route: route.fulfill(status=404))
    tab.page.goto(tab.url + "#digits")
    tab["error"].wait_for()
    tab.page.get_by_role("button", name="Open the log").click()
    assert "start.pack could not be downloaded: 404" in tab.text("log-lines")
    tab["log-copy"].click()
    tab.page.locator("dialog [role=status]", has_text="opied").or_(
        tab.page.locator("dialog [role=status]", has_text="selected")).wait_for()
    tab["log-close"].click()
    tab.page.locator("dialog.log").wait_for(state="hidden")


def test_the_log_holds_what_python_printed(visit):
    tab = visit("#digits?rate=nonsense")
    tab["log"].click()
    lines = tab.text("log-lines")
    assert "Ready: Python 3" in lines and "#digits" in lines
    tab.page.keyboard.press("Escape")
    tab.page.locator("dialog.log").wait_for(state="hidden")


# As a browser does whose settings forbid pages to store anything.
FORBID = """const forbid = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
    indexedDB.open = forbid;
    for (const at of ["localStorage", "caches"]) Object.defineProperty(window, at, { get: forbid });"""


def test_python_starts_after_the_view_and_without_one_too(visit):
    """The view's bytes do not wait behind Python's; a view that never comes does not keep Python waiting, nor does a
    storage that is forbidden."""
    tab = visit(None)
    tab.page.add_init_script(FORBID)
    asked = []
    tab.page.context.on("request", lambda request: asked.append(request.url.removeprefix(tab.url)))
    with tab.page.expect_request("**/app/start.pack"):
        tab.page.goto(tab.url + "#digits")
    assert asked.index("app/start.pack") > max(map(asked.index, ("ui/page.js", "ui/kinds/charts.js")))
    broken = Broken(tab, "ui/page.js", "missing")
    asked.clear()
    tab.page.reload()
    tab["error"].wait_for()
    tab.page.locator("[data-test='status']", has_text="ready").wait_for()
    broken.now = False
    tab["retry"].click()
    tab.wait_ready()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab.wait_text("unkept", "does not let the page keep your work (The operation is insecure.)")
