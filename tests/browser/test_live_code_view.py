"""What a person does with a page's code: edit it, break it, and go on."""

import io
import json
import re
import zipfile

import pytest

from pyapp.ladder import line

RAISED = 'def predict(x, w, b):\n    print("raised")\n    return w * x + b + 1\n'
ENDLESS = "def predict(x, w, b):\n    while True:\n        pass\n"
BODY = "def predict(x, w, b):\n    {}\n    return w * x + b\n"
# What a text can do to Python itself, and what Python looks like afterwards.
MISCHIEF = """import builtins, os, sys, warnings, random
from pyapp.ladder import line, toy
np.exp = np.zeros_like
builtins.sum = lambda *values: 7
sys.modules["json"] = None
line.loss = line.predict = toy.forward = None
os.environ["EDITED"] = "1"
open("/tmp/edited", "w").close()
np.seterr(all="raise")
np.random.seed(3); random.seed(3)
np.set_printoptions(precision=1)
warnings.simplefilter("error")
sys.setrecursionlimit(77_777)
kept = builtins.kept = np.ones(1000)
def predict(x, w, b):
    return w * x + b + 1
"""
PROBE = """import builtins, os, sys, warnings
from pyapp.ladder import line, toy
print(np.exp.__name__, sum([1, 2]), sys.modules.get("json") is None, line.loss is None, toy.forward is None,
      os.environ.get("EDITED"), os.path.exists("/tmp/edited"), np.geterr()["over"], np.get_printoptions()["precision"],
      warnings.filters[0][0] == "error" and warnings.filters[0][1] is None, sys.getrecursionlimit() == 77_777,
      hasattr(builtins, "kept"))
"""
CHANGED = "zeros_like 7 True True True 1 True raise 1 True True True"
SHIPPED = "exp 3 False False False None False warn 8 False False False"
HUGE = [("np.zeros((10**6, 10**6))", "array is too big"), ("'x' * 10**10", "OverflowError"),
        ("rows = []\n    while True: rows.append(np.ones(10**6))", "Stopped|MemoryError")]


def write(tab, text: str) -> None:
    """Replace the text in the editor."""
    tab["code-text"].fill(text)


def run(tab, text: str) -> None:
    write(tab, text)
    tab["code-run"].click()


def elsewhere(tab, answer) -> None:
    """Play all other hosts than the site."""
    tab.page.context.route(lambda url: not url.startswith(tab.url), answer)


def wheel(name: str, source: str) -> bytes:
    """A pure-Python package as its index would serve it."""
    info = f"{name}-1.0.dist-info"
    files = {f"{name}.py": source, f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return packed.getvalue()


def test_an_edit_changes_the_curve_at_once_and_reset_brings_it_back(visit):
    tab = visit("#rung1")
    before = tab.number("loss")
    run(tab, RAISED)
    tab.wait_text("code-state", "Your text is running.")
    assert tab.number("loss") == pytest.approx(float(line.loss(line.predict(line.X, 1, -1) + 1, line.Y)))
    assert "raised" in tab.text("code-printed")
    tab["play"].click()
    tab.wait_number("loss", "x < 0.2501")
    assert tab.number("b-now") < 0  # one lower, as the curve is one higher
    tab["play"].click()
    tab["reset"].click()
    tab.wait_number("step-count", "x === 0")
    assert tab.number("loss") != before, "the same run from its start, still edited"
    tab["code-reset"].click()
    tab.wait_number("loss", f"x === {before}")
    assert "+ 1" not in tab.text("code-text")


def test_a_mistake_stands_at_its_line_and_the_last_good_function_stays(visit):
    tab = visit("#rung1")
    before = tab.number("loss")
    run(tab, "def predict(x, w, b):\n    return w * x +\n")
    tab.wait_text("code-error", "Line 2: SyntaxError")
    assert "return w * x +" in tab.text("broken-line") and tab.number("loss") == before
    run(tab, "def predict(x, w, b):\n    y = w * x\n    return y + c\n")
    tab.wait_text("code-error", "Line 3: NameError")
    assert "return y + c" in tab.text("broken-line")
    run(tab, "def predict(x, w, b):\n    return [1]\n")
    tab.wait_text("code-error", "an array of shape")
    write(tab, "def predict(x, w, b):\n    return w * x + b\n")
    tab["broken-line"].wait_for(state="detached")


def test_an_endless_loop_is_survived_and_the_run_goes_on(visit):
    tab = visit("#rung1?rate=0.02")
    for step in (1, 2):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    loss = tab.text("loss")
    run(tab, ENDLESS)
    tab.wait_text("code-error", "was still running after")
    tab.wait_text("code-error", "run is as it was before")
    tab.wait_ready()
    assert tab.text("loss") == loss and tab.number("step-count") == 2
    assert "while True" in tab.text("code-text"), "what was written is not lost"
    tab["step"].click()
    tab.wait_number("step-count", "x === 3")
    run(tab, RAISED)
    tab.wait_text("code-state", "Your text is running.")


@pytest.mark.thorough
def test_a_loop_that_only_a_later_call_enters_is_survived_too(visit):
    tab = visit("#rung1")
    tab["code-tab-step"].click()
    run(tab, "def step(x, y, w, b, rate):\n    while rate > 1:\n        pass\n    return w, b\n")
    tab.wait_text("code-state", "Your text is running.")
    tab.slide("rate", "End")
    tab.wait_text("code-error", "with the shipped functions")
    tab.wait_ready()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")


@pytest.mark.thorough
def test_too_much_memory_is_survived(visit):
    tab = visit("#rung1")
    for step, (body, words) in enumerate(HUGE, 1):
        run(tab, BODY.format(body))
        tab["code-error"].filter(has_text=re.compile(words)).wait_for()
        tab.wait_ready()
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")


@pytest.mark.thorough
def test_nobody_waits_for_a_loop_on_a_page_that_was_left(visit):
    tab = visit("#rung1")
    tab.wait_text("code-state", "The shipped function is running.")
    run(tab, ENDLESS)
    tab.page.get_by_role("button", name="Running").wait_for()
    tab["next-page"].locator("a").click()
    tab["chain"].locator("td").first.wait_for()
    tab.wait_ready()
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab.page.go_back()
    tab.wait_text("code-state", "The shipped function is running.")
    assert tab.number("closed-b") == 0.5 and "while True" not in tab.text("code-text")


def test_python_is_as_shipped_after_a_reset_and_on_every_other_page(visit):
    tab = visit("#rung1", cold=True)  # with no Python that an earlier test had started ahead
    tab.wait_text("code-state", "The shipped function is running.")
    tab["code-tab-loss"].click()
    tab["code-tab-predict"].click()
    assert len(tab.page.workers) == 1, "nobody who only looks pays for a second Python"
    with tab.page.expect_worker():  # is started ahead
        tab["code-text"].focus()
    run(tab, MISCHIEF)
    tab.wait_text("code-state", "Your text is running.")
    assert len(tab.page.workers) == 2
    run(tab, PROBE + MISCHIEF)
    tab.wait_text("code-printed", CHANGED)
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    tab["code-reset"].click()
    tab.wait_text("code-state", "The shipped function is running.")
    tab.wait_ready()
    assert tab.number("step-count") == 1 and len(tab.page.workers) == 1
    run(tab, PROBE + RAISED)
    tab.wait_text("code-printed", SHIPPED)
    run(tab, MISCHIEF)
    tab.wait_text("code-state", "Your text is running.")
    tab.follow("#rung2")
    assert len(tab.page.workers) == 1
    tab["code-text"].wait_for()
    run(tab, PROBE + "def predict(x, w, b):\n    return 0 * x")
    tab.wait_text("code-printed", SHIPPED)


def test_an_edit_is_kept_where_it_was_made(visit):
    tab = visit("#rung1")
    tab.expected = ("ERR_ABORTED",)  # a reload ends the Python that is being started ahead
    shipped, edited = tab.number("loss"), float(line.loss(line.predict(line.X, 1, -1) + 1, line.Y))
    run(tab, RAISED)
    tab.wait_text("code-state", "Your text is running.")
    tab["next-page"].locator("a").click()
    tab["chain"].locator("td").first.wait_for()
    tab.page.go_back()
    tab.wait_text("code-state", "Your text is running.")
    assert tab.number("loss") == pytest.approx(edited) and tab["code-offer"].count() == 0
    tab["code-tab-loss"].click()
    write(tab, "def loss(")
    tab.page.reload()
    tab.wait_text("code-offer", "predict, loss")
    tab.wait_text("code-state", "The shipped function is running.")
    assert tab.number("loss") == shipped
    tab["code-bring-back"].click()
    tab.wait_text("code-state", "This text is not running yet.")
    assert tab.text("code-text").startswith("def loss(") and tab.number("loss") == pytest.approx(edited)
    tab["code-reset"].click()
    tab["code-tab-predict"].click()
    tab.wait_text("code-state", "Your text is running.")
    tab["code-reset"].click()
    tab.wait_text("code-state", "The shipped function is running.")
    write(tab, "x" * 20_001)
    tab.wait_text("code-unkept", "longer than the 20,000 characters")
    write(tab, "y")
    tab["code-unkept"].wait_for(state="detached")
    tab.page.reload()
    tab["code-discard"].click()
    tab["code-offer"].wait_for(state="detached")
    assert tab.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('code'))") == []


@pytest.mark.thorough
def test_every_kind_of_error_stands_at_its_line(visit):
    tab = visit("#rung1")
    for step, raised in enumerate(("KeyboardInterrupt", "SystemExit", "GeneratorExit"), 1):
        run(tab, BODY.format(f"raise {raised}"))
        tab.wait_text("code-error", f"Line 2: {raised}")
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")


@pytest.mark.thorough
@pytest.mark.parametrize("body", ["import os; os._exit(3)", "import js; js.close()"])
def test_a_python_that_was_stopped_comes_back(visit, body):
    tab = visit("#rung1")
    run(tab, BODY.format(body))
    tab["step"].click()
    tab.wait_text("code-error", "run is as it was before")
    tab.wait_ready()
    tab["step"].click()
    tab.wait_number("step-count", "x >= 1")


def test_an_import_that_cannot_be_had_says_so(visit):
    packages = ("sortedcontainers", "nowhere_at_all")  # Pyodide has a list with the first one
    tab = visit("#rung1")
    tab.expected = ("ERR_", "Failed to load resource", "another host", *(f"{package}-" for package in packages))
    elsewhere(tab, lambda route: route.abort())
    for package in packages:
        run(tab, f"import {package}\n" + RAISED)
        tab.wait_text("code-error", f"{package} could not be fetched")
        assert tab.number("loss") == pytest.approx(2.5)


def test_an_import_comes_from_the_package_index(visit):
    """With an index that this test plays itself."""
    tab = visit("#rung1")
    tab.expected = ("another host",)
    file = "uphill-1.0-py3-none-any.whl"
    listing = {"meta": {"api-version": "1.0"}, "name": "uphill", "files": [
        {"filename": file, "url": f"https://wheels.example/{file}", "hashes": {}}]}

    def answer(route):
        is_file = route.request.url.endswith(file)
        route.fulfill(body=wheel("uphill", "LIFT = 1.0\n") if is_file else json.dumps(listing), headers={
            "Access-Control-Allow-Origin": "*",
            "Content-Type": "application/zip" if is_file else "application/vnd.pypi.simple.v1+json"})

    elsewhere(tab, answer)
    run(tab, "import uphill\ndef predict(x, w, b):\n    return w * x + b + uphill.LIFT\n")
    tab.wait_text("code-state", "Your text is running.")
    assert tab.number("loss") == pytest.approx(float(line.loss(line.predict(line.X, 1, -1) + 1, line.Y)))


def test_the_keyboard_alone_suffices(visit):
    tab = visit("#rung1")
    tab["code-text"].wait_for()  # the editor comes after Python
    tab["code-tab-predict"].focus()
    keys = tab.page.keyboard
    for _ in range(7):
        keys.press("Tab")  # over the other functions and the buttons, into the editor
    assert tab.page.evaluate("document.activeElement.dataset.test") == "code-text"
    keys.press("Control+End")
    keys.type(" + 1")
    keys.press("Control+Enter")
    tab.wait_text("code-state", "Your text is running.")
    keys.press("Escape")
    assert tab.page.evaluate("document.activeElement.dataset.test") == "code-run"
    keys.press("Tab")
    keys.press("Enter")  # Reset code
    tab.wait_text("code-state", "The shipped function is running.")
    keys.press("Tab")
    assert tab.page.evaluate("document.activeElement.dataset.test") == "code-text"
    keys.press("Tab")  # past the editor, which was left
    assert not tab.page.evaluate("document.activeElement.matches('body, .cm-editor *')")
    tab.wait_text("code-state", "The shipped function is running.")
    tab["code-text"].focus()
    keys.press("ArrowRight")
    keys.press("Tab")  # is for the text again
    tab.wait_text("code-state", "This text is not running yet.")
    keys.press("Escape")
    tab.page.locator("h1").click()
    keys.press("s")
    tab.wait_number("step-count", "x === 1")
    keys.press(" ")
    tab.wait_number("step-count", "x > 3")
