"""Runs whose functions a reader edits, in the runner and over the bridge."""

import json

import numpy as np
import pytest
from unit.experiment.curve import PARABOLA, Curve

from pyapp import bridge, pages
from pyapp.bridge import call_json
from pyapp.experiment.live import EditError
from pyapp.runner import Runner


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(pages, "page", lambda name: Curve)
    return Runner()


def test_a_run_obeys_an_edit_and_keeps_it(runner):
    run = runner.open("curve")["run"]
    runner.advance(run, steps=2)
    answer = runner.edit(run, "predict", PARABOLA.replace("return", "print(w); return"))
    assert answer["error"] is None and answer["edited"] == ["predict"] and not answer["restarted"]
    assert answer["frame"].arrays["y"].tolist() == [2, 8, 18] and answer["frame"].step == 2
    assert answer["printed"].startswith("2.0\n")
    assert runner.change(run, "w", 3)["frame"].arrays["y"].tolist() == [3, 12, 27]
    for again in (runner.change(run, "seed", 2), runner.reset(run)):
        assert again["frame"].arrays["y"].tolist() == [3, 12, 27] and again["printed"]
    other = runner.open("curve")
    assert other["frame"].arrays["y"].tolist() == [2, 4, 6] and other["printed"] == ""
    assert runner.edit(run, "predict")["frame"].arrays["y"].tolist() == [3, 6, 9]


@pytest.mark.parametrize("source, line, words", [
    ("def predict(x, w, b):\n    return (", 2, "never closed"), ("def predict(x, w, b):\n    return y", 2, "'y'"),
    ("def predict(x, w, b):\n    return 1.0", None, "predict returned a number")])
def test_a_run_goes_on_with_the_last_good_function(runner, source, line, words):
    run = runner.open("curve")["run"]
    runner.edit(run, "predict", PARABOLA)
    answer = runner.edit(run, "predict", source)
    assert answer["error"]["line"] == line and words in answer["error"]["message"]
    assert answer["frame"].arrays["y"].tolist() == [2, 8, 18] and answer["edited"] == ["predict"]


def test_what_was_in_force_comes_back_without_being_run_again(runner, monkeypatch):
    """A text may do on its second run what it did not on its first."""
    monkeypatch.setattr(np, "ran", [], raising=False)
    run = runner.open("curve")["run"]
    assert runner.edit(run, "predict", "if np.ran: raise SystemExit\nnp.ran.append(1)\n" + PARABOLA)["error"] is None
    answer = runner.edit(run, "predict", "raise KeyboardInterrupt")
    assert (answer["error"]["type"], answer["error"]["line"]) == ("KeyboardInterrupt", 1)
    assert answer["edited"] == ["predict"] and answer["frame"].arrays["y"].tolist() == [2, 8, 18]


def test_an_error_that_shows_later_ends_one_call_only(runner):
    run = runner.open("curve")["run"]
    assert runner.edit(run, "gradients", "def gradients(x, y, w, b):\n    return 1 / 0, b")["error"] is None
    with pytest.raises(EditError, match="line 2: ZeroDivisionError"):
        runner.advance(run, steps=1)
    runner.edit(run, "gradients")
    assert runner.advance(run, steps=1)["frame"].step == 1


def test_over_the_bridge(monkeypatch):
    monkeypatch.setattr(pages, "page", lambda name: Curve)
    opened = json.loads(call_json("open", '{"page": "curve"}')[0])["ok"]
    args = {"run": opened["run"], "name": "gradients", "source": "def gradients(x, y, w, b):\n    return a, b"}
    assert json.loads(call_json("edit", json.dumps(args))[0])["ok"]["error"] is None
    error = json.loads(call_json("advance", json.dumps({"run": opened["run"], "steps": 1}))[0])["error"]
    assert error["line"] == 2 and error["param"] == "code" and "'a' is not defined" in error["message"]
    wrong = json.loads(call_json("edit", json.dumps(args | {"name": "fly"}))[0])["error"]
    assert "no live function 'fly'" in wrong["message"]


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "SystemExit(3)", "GeneratorExit"])
def test_no_kind_of_error_passes_the_bridge(monkeypatch, raised):
    monkeypatch.setattr(pages, "page", lambda name: Curve)
    run = json.loads(call_json("open", '{"page": "curve"}')[0])["ok"]["run"]
    args = {"run": run, "name": "gradients", "source": f"def gradients(x, y, w, b):\n    raise {raised}"}
    assert json.loads(call_json("edit", json.dumps(args))[0])["ok"]["error"] is None
    error = json.loads(call_json("advance", json.dumps({"run": run, "steps": 1}))[0])["error"]
    assert error["line"] == 2 and error["function"] == "gradients" and raised.partition("(")[0] in error["message"]


def test_an_interrupt_from_the_keyboard_is_not_an_edit_error(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setitem(bridge.METHODS, "runtime", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call_json("runtime", "{}")


def install(source):
    """Run the coroutine without an event loop: here it never waits."""
    with pytest.raises(StopIteration) as done:
        bridge.install_json(source).send(None)
    return json.loads(done.value.value)


def test_nothing_to_install():
    assert install("import numpy") == {"ok": {"installed": []}}


def test_a_package_that_cannot_be_had(monkeypatch):
    monkeypatch.setattr(bridge.sys, "platform", "linux")
    error = install("import nowhere_at_all")["error"]
    assert error["type"] == "InstallError" and error["param"] == "code"
    assert "pip install nowhere_at_all" in error["hint"]
