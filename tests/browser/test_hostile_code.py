"""What edited code can do to its worker and to the Python there: the page goes on, and no training is lost."""

import pytest

from pyapp.runner import Runner

BODY = "    return w * x + b\n"
FORGED = """import js
from pyodide.ffi import to_js
def send(message):
    js.postMessage(to_js(message, dict_converter=js.Object.fromEntries))
for message in (None, 3, "ready", [], {}, {"event": None}, {"event": "ready"}, {"event": "progress"}, {"event": "beat"},
                {"event": "error"}, {"event": "error", "data": {"message": "forged"}}, {"event": "nothing"},
                {"event": "log", "data": None}, *({"id": number, "result": {"frame": 1}} for number in range(99))):
    send(message)
"""
LATE = """import js
from pyodide.ffi import create_proxy
def late():
    raise ValueError("too late")
js.setTimeout(create_proxy(late), 0)
"""
# Each leaves a Python that cannot answer, save, or even fail as it should.
PATCHES = {
    "json": "import json\njson.dumps = None\n",
    "json that lies": "import json\njson.dumps = lambda *values, **how: '{\"ok\": {\"frame\": {}}}'\n",
    "methods": "from pyapp import bridge\nbridge.METHODS.clear()\n",
    "numpy": "np.exp = np.mean = np.array = np.asarray = None\n",
    "builtins": "import builtins\nbuiltins.len = builtins.isinstance = builtins.dict = None\n",
    "modules": "import sys\nfor name in list(sys.modules):\n    if name != 'builtins': del sys.modules[name]\n",
    "huge frames": "from pyapp.pages import rung1\nshow = rung1.Page.show\ndef huge(page, frame):\n"
                   "    show(page, frame)\n    frame.arrays['more'] = np.zeros(10**7)\n"
                   "    frame.notes = ['n' * 10**7] * 9\nrung1.Page.show = huge\n",
}
USELESS = "from pyapp.pages import rung1\nrung1.Page.snapshot = lambda page: {'w': np.zeros(3)}\n"


def losses(steps: int) -> list[float]:
    """The losses of rung 1, from its start on."""
    runner = Runner()
    opened = runner.open("rung1")
    rest = [runner.advance(opened["run"], steps=1) for _ in range(steps)]
    return [answer["frame"].scalars["loss"] for answer in (opened, *rest)]


LOSSES = losses(20)


def run(tab, text: str) -> None:
    tab["code-text"].fill(text)
    tab["code-run"].click()
    tab.page.get_by_role("button", name="Run", exact=True).wait_for()


def predict(before: str = "", inside: str = "") -> str:
    return f"{before}def predict(x, w, b):\n{inside}{BODY}"


@pytest.fixture
def tab(visit):
    """A tab with rung 1 after three steps."""
    tab = visit("#rung1")
    for step in (1, 2, 3):
        tab["step"].click()
        tab.wait_number("step-count", f"x === {step}")
    return tab


def as_shipped(tab, *steps: int) -> None:
    """Reset code; then Python is as shipped, and the run is after one of these numbers of steps."""
    tab["code-reset"].click()
    tab.wait_text("code-state", "The shipped function is running.")
    tab.wait_ready()
    assert tab["error"].count() == 0 and tab["code-error"].count() == 0
    step = int(tab.number("step-count"))
    assert step in steps and tab.number("loss") == pytest.approx(LOSSES[step], abs=1e-3)
    tab["step"].click()
    tab.wait_number("step-count", f"x === {step + 1}")


def test_forged_messages_are_nothing_to_the_page(tab):
    run(tab, predict(FORGED))
    tab["step"].click()
    tab.wait_number("step-count", "x === 4")
    assert tab["error"].count() == 0 and tab.text("status").startswith("Python 3")
    as_shipped(tab, 4)


@pytest.mark.thorough
def test_an_error_that_comes_later_stands_at_the_code(tab):
    thrown = ("import js\nsignal = js.AbortSignal.abort(js.Error.new('thrown' + '!' * 10**6))\n"
              "js.setTimeout(signal.throwIfAborted.bind(signal), 0)\n")
    for text, words in ((LATE, "Line 4: ValueError: too late. Edited code had left this for later"),
                        (thrown, "Error: thrown!!!")):
        print(words)  # is shown with a failure
        run(tab, predict(text))
        tab.wait_text("code-error", words)
        assert len(tab.text("code-error")) < 1500 and tab["error"].count() == 0
    tab["step"].click()
    tab.wait_number("step-count", "x === 4")
    as_shipped(tab, 4)


@pytest.mark.thorough
def test_an_error_that_comes_after_the_page_was_left_comes_nowhere(tab):
    tab["code-text"].fill(predict(LATE.replace("late), 0)", "late), 200)")))
    tab["code-run"].click()
    tab.follow("#rung2")
    tab["step"].click()
    tab.wait_number("step-count", "x === 1")
    assert tab["error"].count() == 0 and tab["code-error"].count() == 0


def test_no_training_is_lost_to_a_broken_python(tab, some):
    for name, patch in some(PATCHES.items()):
        print(name)  # is shown with a failure
        before = int(tab.number("step-count"))
        run(tab, predict(patch))
        tab["step"].click()
        as_shipped(tab, before, before + 1)  # the step is taken, or not


@pytest.mark.thorough
def test_files_that_a_broken_python_saves_give_way_to_the_one_from_before(tab):
    run(tab, predict(USELESS))
    tab["step"].click()
    tab.wait_number("step-count", "x === 4")
    tab["code-reset"].click()
    tab.wait_text("notes", "goes on from step 3, where it was saved before the edit")
    tab.wait_ready()
    assert tab.number("step-count") == 3 and tab.number("loss") == pytest.approx(LOSSES[3], abs=1e-3)


@pytest.mark.thorough
def test_a_run_that_went_on_with_edited_code_stays_where_it_came_to(tab):
    run(tab, predict("", "    print('on')\n"))
    tab.wait_text("code-state", "Your text is running.")
    tab["step"].click()
    tab.wait_number("step-count", "x === 4")
    run(tab, predict(PATCHES["methods"]))
    tab["step"].click()
    tab.wait_text("code-error", "Reset code starts another")
    as_shipped(tab, 4)


@pytest.mark.thorough
def test_a_long_message_is_cut(tab):
    for inside, words in (("    raise ValueError('x' * 10**7)\n", "Line 2: ValueError: xxx"),
                          ("    raise ValueError([0] * 10**6)\n", "Line 2: ValueError: [0, 0"),
                          ("    raise type('y' * 10**7, (Exception,), {})\n", "Line 2: yyy")):
        print(words)
        run(tab, predict("", inside))
        tab.wait_text("code-error", words)
        assert len(tab.text("code-error")) < 2500 and "Stopped" not in tab.text("code-error")
    as_shipped(tab, 3)


@pytest.mark.thorough
def test_long_prints_are_cut(tab):
    run(tab, predict("print('x' * 10**7)\n"))
    tab.wait_text("code-printed", "… and more")
    assert len(tab.text("code-printed")) < 11_000
    as_shipped(tab, 3)


@pytest.mark.thorough
def test_a_text_that_clears_its_globals_hears_so_at_its_line(tab):
    run(tab, predict("", "    globals().clear()\n"))
    tab.wait_text("code-error", "Line 2: NameError: this would remove every name that the page needs")
    assert "__" not in tab.text("code-error")
    as_shipped(tab, 3)
