"""Driving pages: a small page of the test's own stands in for a real one."""

import io
import zipfile

import numpy as np
import pytest

from pyapp import npz, pages, store
from pyapp.experiment.frame import Action, Experiment, Frame, Outcome
from pyapp.experiment.params import Param, ParamError
from pyapp.runner import HERE, WHERE, Runner
from pyapp.store import StoreError


class Counter(Experiment):
    title = summary = "counts"
    PARAMS = (Param("by", "By", "int", 1, "how much", lo=1, hi=5),
              Param("start", "Start", "int", 0, "from where", lo=0, hi=100, live=False))

    ACTIONS = (Action("print", "Print", "The total as a file", (Param("copies", "Copies", "int", 1, "how many", lo=1,
                                                                      hi=3),)),
               Action("faster", "Faster", "Count by more"))

    def __init__(self, params):
        super().__init__(params)
        self.step, self.total, self.seen = 0, params["start"], 0

    def background(self):
        while self.seen < 4:
            self.seen += 1
            yield

    def act(self, name, values):
        if name == "faster":
            return Outcome(["faster now"], {"by": self.params["by"] + 1})
        return Outcome(file=np.frombuffer(str(self.total).encode() * values["copies"], np.uint8), name="total.txt")

    def steps(self):
        while self.step < 10:
            yield None  # work with nothing to show
            self.step += 1
            self.total += self.params["by"]
            yield Frame(self.step, {"total": self.total, "word": "text is no curve"})

    def frame(self):
        return Frame(self.step, {"total": self.total, "seen": self.seen})

    def change(self, name, value):
        return [f"{name} is now {value}"]

    def predict(self, inputs):
        return Frame(self.step, {"twice": 2 * inputs["x"]})

    def snapshot(self):
        return {"state": np.array([self.step, self.total])}

    def restore(self, arrays, name):
        if "state" not in arrays:
            raise StoreError(f"{name}: expected state")
        self.step, self.total = (int(v) for v in arrays["state"])
        return ["loaded"]


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(pages, "page", lambda name: Counter)
    return Runner()


def test_a_run_advances_by_steps_and_ends(runner):
    run = runner.open("counter", {"by": "2"})["run"]
    answer = runner.advance(run, steps=3)
    assert answer["frame"].scalars["total"] == 6 and not answer["done"]
    assert answer["history"]["total"]["step"].tolist() == [1, 2, 3]
    assert answer["history"]["total"]["value"].tolist() == [2, 4, 6] and "word" not in answer["history"]
    assert runner.advance(run, steps=100)["done"]
    assert runner.advance(run, ms=1000)["history"] == {}


def test_a_deadline_ends_the_work_but_something_is_always_done(runner):
    run = runner.open("counter")["run"]
    runner.advance(run, ms=0)
    runner.advance(run, ms=0)
    assert runner.advance(run, ms=0)["frame"].step == 1


def test_a_live_parameter_is_obeyed_and_another_restarts(runner):
    run = runner.open("counter")["run"]
    runner.advance(run, steps=2)
    live = runner.change(run, "by", 9)
    assert live["params"]["by"] == 5 and not live["restarted"]
    assert live["notes"] == ["by 9 is above 5; using 5", "by is now 5"]
    assert runner.advance(run, steps=1)["frame"].scalars["total"] == 7
    restarted = runner.change(run, "start", 50)
    assert restarted["restarted"] and restarted["frame"].step == 0 and restarted["params"] == {"by": 5, "start": 50}
    assert runner.advance(run, steps=1)["frame"].scalars["total"] == 55


def test_a_change_brings_what_is_read_after_it_and_not_an_error_of_reading(runner, monkeypatch):
    monkeypatch.setattr(Counter, "predict", lambda self, inputs: Frame(0, {"read": inputs["x"] * self.params["by"]}))
    run = runner.open("counter")["run"]
    assert "read" not in runner.change(run, "by", 2)
    assert runner.change(run, "by", 3, {"x": 5})["read"].scalars == {"read": 15}
    assert runner.change(run, "start", 8, {"x": 5})["read"].scalars == {"read": 15}  # of the run that was started again
    wrong = runner.change(run, "by", 4, {"y": 5})
    assert wrong["read"] is None and wrong["params"]["by"] == 4


def test_reset_keeps_the_parameters(runner):
    run = runner.open("counter", {"by": 3})["run"]
    runner.advance(run, steps=4)
    answer = runner.reset(run)
    assert answer["frame"].step == 0 and answer["params"]["by"] == 3
    assert runner.advance(run, steps=1)["frame"].scalars["total"] == 3


def test_a_file_that_unpacks_to_hundreds_of_megabytes_is_refused_before_it_is_unpacked(runner, monkeypatch):
    opened = runner.open("counter")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.npy", "w") as member:
        for _ in range(101):
            member.write(bytes(1_000_000))
    file = np.frombuffer(buffer.getvalue(), np.uint8)
    monkeypatch.setattr(npz, "_array", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(StoreError, match=r"big\.npz: .* one that unpacks to 101,000,000 bytes, more than 100,000,000"):
        runner.restore(opened["run"], file, "big.npz")


def test_a_snapshot_is_a_file_that_goes_on(runner):
    run = runner.open("counter")["run"]
    runner.advance(run, steps=4)
    saved = runner.snapshot(run)
    assert saved["name"] == "bitladder-counter-step4.npz"
    other = runner.open("counter")["run"]
    answer = runner.restore(other, saved["file"], saved["name"])
    assert answer["frame"].step == 4 and answer["notes"] == ["loaded"]
    assert runner.advance(other, steps=1)["frame"].step == 5


def test_a_wrong_file_changes_nothing(runner):
    run = runner.open("counter")["run"]
    runner.advance(run, steps=4)
    with pytest.raises(StoreError, match=r"picture\.png") as error:
        runner.restore(run, b"\x89PNG", "picture.png")
    assert error.value.hint == WHERE.format(HERE[True])
    with pytest.raises(StoreError, match="expected state") as error:  # weights, but of another network
        runner.restore(run, store.pack({"a": np.ones(1, np.float32)}), "other.npz")
    assert error.value.hint == WHERE.format(HERE[True])
    with pytest.raises(StoreError, match=r"^my\.txt is empty: it has no bytes; choose another file"):
        runner.restore(run, b"", "my.txt")
    assert runner.advance(run, steps=1)["frame"].step == 5


def test_a_page_that_trains_nothing_says_where_networks_go(runner, monkeypatch):
    monkeypatch.delattr(Counter, "snapshot")
    with pytest.raises(StoreError) as error:
        runner.restore(runner.open("counter")["run"], b"\x89PNG", "picture.png")
    assert error.value.hint == WHERE.format(HERE[False])


def test_mistakes_are_named(runner):
    run = runner.open("counter")["run"]
    with pytest.raises(ParamError, match="no parameter 'speed'"):
        runner.change(run, "speed", 1)
    with pytest.raises(ParamError, match="by is 'x'"):
        runner.change(run, "by", "x")
    with pytest.raises(ValueError, match="either ms or steps"):
        runner.advance(run)
    runner.close(run)
    with pytest.raises(ValueError, match=f"run {run} is not open"):
        runner.advance(run, steps=1)


def test_a_run_that_is_opened_instead_of_another_closes_it(runner):
    first, other = runner.open("counter")["run"], runner.open("counter")["run"]
    with pytest.raises(ParamError):
        runner.open("counter", {"by": "x"}, strict=True, instead=first)
    file = runner.save(first)["file"]
    for again in (runner.open("counter", instead=first)["run"], runner.open("counter", file=file)["run"]):
        assert runner.look(again).step == 0
    with pytest.raises(ValueError, match=f"run {first} is not open"):
        runner.look(first)
    last = runner.open("counter", file=file, instead=other)["run"]
    with pytest.raises(ValueError, match=f"run {other} is not open"):
        runner.look(other)
    assert runner.look(last).step == 0


def test_unknown_pages_are_named():
    with pytest.raises(pages.UnknownPage, match="'nothing'; there are start, simulator"):
        Runner().open("nothing")


def test_strict_refuses_a_given_value_that_a_page_cannot_use(monkeypatch):
    class Picky(Counter):
        def __init__(self, params):
            super().__init__(params)
            self.refused["by"] = ParamError("by", "not today", "use tomorrow's")

        def unused(self, names):
            return [f"{name} plays no part" for name in names]

    monkeypatch.setattr(pages, "page", lambda name: Picky)
    runner = Runner()
    with pytest.raises(ParamError, match=r"^by cannot be used: not today$") as error:
        runner.open("picky", {"by": 2}, strict=True)
    assert error.value.hint == "use tomorrow's"
    assert runner.open("picky", {"start": 1}, strict=True)["notes"] == ["start plays no part"]
    assert runner.open("picky", {"by": 2})["frame"].step == 0


def test_a_page_that_gives_all_parameters_hears_only_of_those_that_were_chosen(monkeypatch):
    class Idle(Counter):
        def unused(self, names):
            return [f"{name} plays no part" for name in names]

    monkeypatch.setattr(pages, "page", lambda name: Idle)
    runner = Runner()
    assert runner.open("idle", {"by": 1, "start": 0})["notes"] == []
    assert runner.open("idle", {"by": "1", "start": "3"})["notes"] == ["start plays no part"]
    assert runner.open("idle", {"by": 1}, strict=True)["notes"] == ["by plays no part"]


@pytest.mark.parametrize("name", ["simulator", "methods", "learn"])  # those with something to say of unused parameters
def test_a_page_opens_with_its_defaults_and_nothing_to_say(name):
    params = {param.name: param.default for param in pages.page(name).PARAMS}
    assert Runner().open(name, params)["notes"] == []


def test_background_work_goes_on_from_what_is_known_until_it_is_done(runner):
    run = runner.open("counter")["run"]
    answer = runner.background(run, ms=0)
    assert answer["frame"].scalars["seen"] == 1 and not answer["done"]
    runner.change(run, "by", 2)
    answer = runner.background(run, ms=1e9)
    assert answer["frame"].scalars["seen"] == 4 and answer["done"]


def test_an_action_makes_a_file_or_changes_parameters(runner):
    run = runner.open("counter", {"start": 7})["run"]
    made = runner.act(run, "print", {"copies": "2"})
    assert bytes(made["file"]) == b"77" and made["name"] == "total.txt"
    faster = runner.act(run, "faster")
    assert faster["params"]["by"] == 2 and faster["notes"] == ["faster now", "by is now 2"] and "file" not in faster
    with pytest.raises(ParamError, match="copies"):
        runner.act(run, "print", {"copies": "many"})
    with pytest.raises(ValueError, match="no action 'sing'; it has print, faster"):
        runner.act(run, "sing")
