import numpy as np
import pytest

from pyapp import store
from pyapp.pages.check import Page, told
from pyapp.parity import check
from pyapp.quantized.fingerprint import fingerprint
from pyapp.runner import Runner


def test_every_fixture_holds_here():
    rows = check.rows()
    print(check.table(rows))
    assert all(row["ok"] for row in rows) and len(rows) == len(check.FIXTURES)


def test_the_page_shows_all_rows_fills_one_a_step_and_ends():
    runner = Runner()
    run = runner.open("check")["run"]
    for i, fixture in enumerate(check.FIXTURES):
        scalars = runner.advance(run, steps=1)["frame"].scalars
        rows, there = scalars["rows"], [row["verdict"] for row in scalars["rows"]]
        assert rows[i]["name"] == fixture.name and there == ["holds"] * (i + 1) + ["to come"] * (len(rows) - i - 1)
        assert bool(scalars["proof"]) == scalars["proven"] == (i + 1 == len(check.FIXTURES))
    print_ = fingerprint([np.hstack(list(check.exported().values()))])
    assert scalars["proof"] == {"ok": True, "passed": i + 1, "total": i + 1, "fingerprint": print_}
    assert scalars["summary"].startswith("All") and print_ in scalars["summary"]
    assert scalars["done"] and runner.advance(run, steps=1)["done"]


@pytest.mark.parametrize("fixture", check.FIXTURES, ids=lambda fixture: fixture.name)
def test_a_wrong_number_is_noticed(fixture):
    """The proof can fail: move one recorded number by a little more than the bound."""
    recorded = dict(store.load(check.RECORDED))
    key = next(key for key in recorded if key.startswith(f"{fixture.name}."))
    wrong = recorded[key].copy()
    wrong.flat[0] += wrong.dtype.type(1 if fixture.bound == 0 else 3e-5)
    assert not check.compare(fixture, {**recorded, key: wrong})["ok"]
    assert not check.compare(fixture, {**recorded, key: wrong[:1]})["ok"]


def test_what_does_not_hold_is_said_and_nothing_is_proven():
    lost = told({"name": "x", "what": "", "difference": np.inf, "bound": 1e-6, "exact": False, "relative": True,
                 "ok": False})
    assert (lost["allowed"], lost["lost"], lost["verdict"], lost["tone"]) == ("1e−6 relative", True, "differs", "bad")
    page = Page({})
    page.rows = [check.compare(check.FIXTURES[0], store.load(check.RECORDED))] * len(check.FIXTURES)
    assert page.frame().scalars["proven"]
    page.rows[-1] = {**page.rows[-1], "ok": False}
    scalars = page.frame().scalars
    assert not scalars["proven"] and not scalars["proof"]["ok"] and " hold." in scalars["summary"]


def test_results_that_are_not_finite_never_hold():
    fixture = check.Fixture("x", "", lambda: {"y": np.array([np.nan])}, bound=1.0)
    assert not check.compare(fixture, {"x.y": np.array([0.0])})["ok"]
