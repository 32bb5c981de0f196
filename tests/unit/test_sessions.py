"""Sessions: every page opens as it was left, goes back, is compared; damaged files are refused."""

import contextlib
import inspect
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from fuzz_sessions import QUICK as QUICK_TO_TRY
from fuzz_sessions import try_all

from pyapp import npz, pages, sessions
from pyapp.checkpoint import packed_json, unpacked_json
from pyapp.curves import MOST, Curve
from pyapp.experiment.frame import Experiment
from pyapp.experiment.params import Param
from pyapp.parity.check import SEVEN
from pyapp.runner import Runner
from pyapp.store import StoreError

TRAINING = [name for name in pages.names() if pages.page(name).WORK == "train"]
RECEIVING = [name for name in pages.names() if pages.page(name).receive is not Experiment.receive]
QUICK = {"learn": {"size": "small"}, "text": {"tokens": "40"}, "qat": {"network": "784-32-10"},
         "vision": {"weights": "own"}, "rung7": {"choice": "sampled", "temperature": "3"}}
TINY = "rung1"  # whose sessions are small
SLOW = ("start", "arena", "mixed", "guidelines", "encoder", "keywords", "generator", "gestures", "check")  # to the end
DRAWN = {"digits": {"strokes": SEVEN}, "inference": {"strokes": SEVEN}, "vision": {"index": 7}}


def other(param: Param):
    """Another value than the default that any page takes."""
    if param.kind == "choice":
        return next(choice for choice in reversed(param.choices) if choice != param.default)
    if param.kind == "bool":
        return not param.default
    if param.kind == "text":
        return param.default
    return param.lo if param.default != param.lo else param.hi


def plain(value):
    """Data without the values that a clock has measured."""
    return sessions.plain(value)


def same(one: dict, two: dict) -> None:
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def flat(history: dict) -> dict:
    return {f"{name}.{part}": array for name, both in history.items() for part, array in both.items()}


def drive(runner: Runner, page: str, **more) -> int:
    """A page on which something was done."""
    run = runner.open(page, QUICK.get(page, {}) | more)["run"]
    if page in TRAINING:
        runner.advance(run, steps=12)
    for param in pages.page(page).PARAMS[:3]:
        if param.live and param.kind in ("float", "bool"):
            runner.change(run, param.name, other(param))
    if page in TRAINING:
        runner.advance(run, steps=3)
    if page in DRAWN:
        runner.predict(run, DRAWN[page])
    return run


def whole(runner: Runner, run: int) -> dict:
    """Everything of a run that a session has to keep."""
    saved = sessions.unpack(bytes(runner.save(run)["file"]), "it")
    return {"params": saved.params, "step": saved.step, "drawn": plain(saved.drawn), "log": saved.log,
            "curves": {name: each.array().tolist() for name, each in saved.curves.items()},
            "arrays": {name: array.tolist() for name, array in saved.arrays.items()}}


@pytest.mark.in_pyodide(4, "the parity sessions open every page as it was left")
@pytest.mark.parametrize("page", pages.names())
def test_every_page_opens_as_it_was_left_and_goes_on_as_it_would_have(page):
    runner = Runner()
    run = drive(runner, page)
    saved = runner.save(run)
    again = runner.open(page, {}, file=saved["file"], name=saved["name"])
    assert again["notes"] == [] and again["restored"] == saved["step"]
    assert saved["step"] == (again["frame"].step if page in TRAINING else 0)
    assert whole(runner, again["run"]) == whole(runner, run)
    assert (again["drawn"] != {}) == (page in DRAWN)
    if page in TRAINING:
        same(flat(again["history"]), flat(runner._whole(runner._get(run), [])["history"]))
        after = [runner.advance(each, steps=5) for each in (run, again["run"])]
        same(*(flat(answer["history"]) for answer in after))
        assert whole(runner, again["run"])["arrays"] == whole(runner, run)["arrays"]
    reopened = runner.open(page, {}, file=saved["file"], name=saved["name"])["run"]
    runner.background(reopened, ms=1)  # a page measures in the background before anything is done on it again


@pytest.mark.in_pyodide(2, "the arithmetic is one runtime's own")
@pytest.mark.parametrize("page", TRAINING)
def test_back_to_an_earlier_step_the_same_seed_gives_the_same_future(page):
    runner = Runner()
    run = runner.open(page, QUICK.get(page, {}))["run"]
    straight = runner.open(page, QUICK.get(page, {}))["run"]
    runner.advance(straight, steps=60)
    recorded = runner.advance(run, steps=60)["recorded"]
    at = recorded[min(2, len(recorded) - 1)]
    back = runner.rewind(run, at + 3)
    assert back["frame"].step == at and back["params"] == runner._get(straight).first
    assert all(each["step"].max(initial=0) <= at for each in back["history"].values())
    reached = runner.look(straight).step
    if reached > at:
        runner.advance(run, steps=reached - at)
    found, expected = whole(runner, run), whole(runner, straight)
    assert found == expected and found["step"] == reached
    for at in (recorded[0], recorded[-1], recorded[0]):
        assert runner.rewind(run, at)["frame"].step == at
    with pytest.raises(ValueError, match="no state is recorded at or before step -1"):
        runner.rewind(run, -1)


def test_a_run_goes_back_over_a_change_and_then_takes_another_way():
    runner = Runner()
    run = runner.open("digits")["run"]
    runner.advance(run, steps=30)
    runner.change(run, "rate", 0.5)
    runner.advance(run, steps=30)
    assert runner.rewind(run, 20)["params"]["rate"] == 0.1
    runner.change(run, "optimiser", "adam")
    answer = runner.advance(run, steps=15)
    assert answer["recorded"] == [0, 10, 20, 30] and answer["frame"].step == 35
    assert runner.change(run, "seed", 5)["restarted"] and runner.advance(run, steps=1)["recorded"] == [0]


@pytest.mark.in_pyodide(0, "what is kept does not differ between runtimes")
def test_what_is_recorded_is_bounded_and_grows_sparser_backwards():
    runner = Runner()
    run = runner.open(TINY)["run"]
    recorded = runner.advance(run, steps=5000)["recorded"]
    gaps = np.diff(recorded)
    assert len(recorded) <= 32 and recorded[0] == 0 and 5000 - recorded[-1] < 5000 / 32
    assert gaps[:3].mean() > 2 * gaps[-3:].mean()


def test_what_is_recorded_has_a_bound_in_bytes_too(monkeypatch):
    """Room for five states: the first, the newest and three between them stay, and one can still go back to each."""
    runner = Runner()
    run = runner.open(TINY)["run"]
    runner.advance(run, steps=1)
    size = runner._get(run).states[0].nbytes
    monkeypatch.setattr("pyapp.run.MOST_BYTES", 5 * size)
    recorded = runner.advance(run, steps=300)["recorded"]
    assert size > 0 and len(recorded) == 5 and recorded[0] == 0 and recorded[-1] > 280
    assert sum(state.nbytes for state in runner._get(run).states) <= 5 * size
    assert all(runner.rewind(run, step)["frame"].step == step for step in reversed(recorded))


@pytest.mark.parametrize("points", [1, MOST - 1, MOST + 1, 3 * MOST + 7])
def test_a_curve_that_is_cut_goes_on_as_if_it_had_never_been_longer(points):
    straight, cut = Curve(), Curve()
    for step in range(4 * MOST):
        for curve in (straight, cut):
            curve.add(step, step**0.5)
        if step == points - 1:
            mark = cut.seen, cut.newest
    cut = cut.until(*mark)
    assert cut.array()[:, -1].tolist() == [points - 1, (points - 1) ** 0.5]
    again = Curve.of(cut.array(), cut.stride, cut.seen)
    for step in range(points, 4 * MOST):
        again.add(step, step**0.5)
    np.testing.assert_array_equal(again.array(), straight.array())
    assert len(straight.steps) <= MOST


def test_pinned_runs_have_names_of_their_own_and_are_kept():
    runner = Runner()
    run = runner.open("digits", {"bits": "4"})["run"]
    first = runner.pin(run)
    assert first["pinned"] == "bits 4" or "4" in first["pinned"]
    runner.advance(run, steps=12)
    runner.change(run, "seed", 9)
    names = [runner.pin(run)["pinned"], runner.pin(run)["pinned"], runner.pin(run, "  mine ")["pinned"],
             runner.pin(run, "mine")["pinned"]]
    assert "seed 9" in names[0] and names[1:] == [f"{names[0]} (2)", "mine", "mine (2)"]
    saved = runner.save(run)
    runner.reset(run)
    assert [pin["name"] for pin in runner.unpin(run, "mine")["pins"]] == [first["pinned"], *names[:2], "mine (2)"]
    again = runner.open("digits", {}, file=saved["file"])
    assert [pin["name"] for pin in again["pins"]] == [first["pinned"], *names]
    pin = again["pins"][0]
    assert pin["params"]["bits"] == "4" and pin["frame"].scalars["bits_head"] == "4 bits"
    np.testing.assert_array_equal(pin["frame"].arrays["filters"], first["pins"][0]["frame"].arrays["filters"])
    assert runner.rename(run, "mine (2)", f" {names[0]} ")["pinned"] == f"{names[0]} (3)", "the nearest that is free"
    assert runner.rename(run, f"{names[0]} (3)", f"{names[0]} (3)")["pinned"] == f"{names[0]} (3)"
    assert runner.rename(run, f"{names[0]} (3)", "four bits")["pins"][-1]["name"] == "four bits"
    assert "bits per weight 4" in runner.rename(run, first["pinned"], "  ")["pinned"]
    for change in (runner.unpin, lambda run, name: runner.rename(run, name, "y")):
        with pytest.raises(ValueError, match="no run is pinned as 'x'"):
            change(run, "x")
    for _ in range(sessions.MOST_PINS - 4):
        runner.pin(run)
    with pytest.raises(ValueError, match="8 runs are pinned already"):
        runner.pin(run)


@pytest.mark.in_pyodide(0, "the parity sessions open every page as it was left")
def test_what_ships_is_told_from_what_a_reader_has_done():
    runner = Runner()
    for page in pages.names():
        run = runner.open(page)["run"]
        assert runner.save(run)["shipped"], page
    run = runner.open("digits")["run"]
    runner.predict(run, {"strokes": SEVEN})
    assert not runner.save(run)["shipped"]
    runner.predict(run, {"strokes": np.empty((0, 3), np.float32)})
    assert runner.save(run)["shipped"]
    runner.advance(run, steps=1)
    assert not runner.save(run)["shipped"]


def changed(saved: dict, about=None, **arrays) -> bytes:
    """The bytes of a saved session with another description or other arrays; None takes one away."""
    found = npz.unpack(bytes(saved["file"]))
    if about is not None:
        found["about"] = packed_json(unpacked_json(found["about"]) | about)
    return npz.pack({name: array for name, array in (found | arrays).items() if array is not None})


@pytest.fixture(scope="module")
def tiny():
    runner = Runner()
    run = runner.open(TINY)["run"]
    runner.advance(run, steps=25)
    runner.pin(run)
    return runner.save(run)


REFUSED = {
    "newer": ({"version": 3}, {}, "of version 3, but this Bitladder reads versions up to 2; open it with a newer"),
    "no version": ({"version": "one"}, {}, "damaged .its version is 'one'"),
    "another page": ({"page": "rung2"}, {}, "was saved by the page rung2"),
    "no page": ({"page": 3}, {}, "a text is not text"),
    "a step": ({"step": -3}, {}, "its step or its parameters are missing"),
    "no parameters": ({}, {"params": None}, "'params' is missing"),
    "a curve": ({}, {"curve.loss": np.zeros((2, 3))}, "a curve of 26 points, every 1th kept, cannot have 3"),
    "no curve": ({}, {"curve.loss": None}, "its curves are incomplete"),
    "log": ({"log": [["rm", "x", 1]]}, {}, "its list of changes is not readable"),
    "a pin": ({}, {"pin.0": np.zeros(9, np.uint8)}, "x.bitladder, a pinned run: expected an .npz file"),
    "two pins": ({}, {"pin.7": np.zeros(9, np.uint8)}, "its pinned runs are incomplete"),
    "drawn": ({"drawn": {"index": "1"}}, {}, "what was drawn is not readable as 'index'"),
    "no run": ({}, {"run.w": None}, "x.bitladder"),
    "nan": ({}, {"run.w": np.array(np.nan)}, "x.bitladder"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_and_changes_nothing(tiny, case):
    about, arrays, message = REFUSED[case]
    data = changed(tiny, about, **arrays)
    runner = Runner()
    run = runner.open(TINY)["run"]
    runner.advance(run, steps=3)
    before = whole(runner, run)
    if case != "nan":
        with pytest.raises(StoreError, match=message):
            runner.restore(run, data, "x.bitladder")
        assert whole(runner, run) == before
        opened = runner.open(TINY, {"rate": 0.5}, file=data, name="x.bitladder")
        assert "cannot be used, so it is left aside: x.bitladder" in opened["notes"][0]
        assert opened["params"]["rate"] == 0.5 and "restored" not in opened
    assert runner.advance(run, steps=1)["frame"].step == 4


def test_of_a_file_that_is_cut_anywhere_nothing_is_opened(tiny):
    runner, data = Runner(), bytes(tiny["file"])
    run = runner.open(TINY)["run"]
    for end in range(0, len(data), 97):
        with pytest.raises(StoreError):
            runner.restore(run, data[:end], "x.bitladder")


def test_a_session_of_another_page_says_which(tiny):
    runner = Runner()
    with pytest.raises(sessions.OtherPage) as error:
        runner.restore(runner.open("rung2")["run"], tiny["file"], tiny["name"])
    assert error.value.page == TINY


@pytest.mark.parametrize("page", RECEIVING)
def test_a_session_under_any_name_is_one_on_pages_that_take_other_files(tiny, page):
    """As one is called that was kept under a title, or that a browser or a person renamed."""
    runner = Runner()
    run = runner.open(page)["run"]
    for name in ("my best", "mine.npz", "mine.zip", "mine.csv"):
        with pytest.raises(sessions.OtherPage, match=name) as error:
            runner.restore(run, tiny["file"], name)
        assert error.value.page == TINY


def test_cut_and_mixed_bytes_are_refused_or_right():
    """A thousand damaged copies; `python tests/unit/fuzz_sessions.py 10000` tries all kinds of pages."""
    count = 50 if sys.platform == "emscripten" else 1000
    assert try_all(count, seed=1, pages=QUICK_TO_TRY)["wrong"] == []


def printed(text: str) -> str:
    """The output of a script that is run as it stands."""
    found = io.StringIO()
    with contextlib.redirect_stdout(found):
        exec(compile(text, "script", "exec"), {})
    return found.getvalue()


def untimed(frame, page) -> dict:
    """The scalars of a frame without what a clock has measured, and without words about it."""
    clocked = ("speed", "times", "losses", *(("best", "words") if page == "arena" else ()))
    scalars = {name: value for name, value in frame.scalars.items() if name not in clocked}
    if page == "guidelines":
        scalars["rows"] = [row for row in scalars["rows"] if row["name"] != "speed"]
    return scalars


def to_the_end(runner: Runner, run: int) -> None:
    """All that the page does by itself, or when it is asked to."""
    experiment = runner._get(run).experiment
    for work, there in ((runner.advance, experiment.WORK in ("auto", "asked")),
                        (runner.background, type(experiment).background is not Experiment.background)):
        while there and not work(run, ms=1000)["done"]:
            pass


def looked(runner: Runner, run: int, monkeypatch, folder=None) -> tuple:
    """The text of a run's script, what it prints, and the frame that it ends with."""
    frames, look = [], Runner.look
    text = runner.script(run)["text"]
    with monkeypatch.context() as patch:
        patch.setattr(Runner, "look", lambda self, run: frames.append(look(self, run)) or frames[-1])
        if folder:
            patch.chdir(folder)
        said = printed(text)
    return text, said, frames[-1]


@pytest.mark.in_pyodide(1, "the scripts are for CPython")
@pytest.mark.parametrize("page", [pytest.param(page, marks=[pytest.mark.thorough] if page in SLOW else [])
                                  for page in pages.names()])
def test_a_run_as_python_reproduces_what_the_page_shows(page, monkeypatch):
    runner = Runner()
    run = drive(runner, page)
    if pages.page(page).LIVE:
        live = pages.page(page).LIVE[0]
        runner.edit(run, live.__name__, inspect.getsource(live) + "# mine\n")
        runner.advance(run, steps=2)
    if pages.page(page).WORK == "asked":
        to_the_end(runner, run)
    text, said, frame = looked(runner, run, monkeypatch)
    to_the_end(runner, run)
    expected = runner.look(run)
    assert frame.step == expected.step and plain(untimed(frame, page)) == plain(untimed(expected, page))
    same(frame.arrays, expected.arrays)
    assert "#" not in text.replace("# mine", "").replace("# rows of x, y", ""), "nothing of it is missing in the text"
    if page in DRAWN:
        assert said.splitlines()[-1] == str(runner.predict(run, DRAWN[page]).scalars)


@pytest.mark.in_pyodide(0, "the scripts are for CPython")
def test_a_script_says_what_it_lacks(monkeypatch, tmp_path):
    """A file that it needs, a picture that it does not have, changes that are too many to repeat."""
    runner = Runner()
    run = drive(runner, TINY)
    file = runner.snapshot(run)
    (tmp_path / file["name"]).write_bytes(bytes(file["file"]))
    other = runner.open(TINY)["run"]
    runner.restore(other, bytes(file["file"]), file["name"])
    runner.advance(other, steps=4)
    text, _, frame = looked(runner, other, monkeypatch, tmp_path)
    assert f"# This run goes on from a file: put '{file['name']}' beside this script." in text
    assert frame.step == runner.look(run).step + 4 and frame.scalars == runner.look(other).scalars

    monkeypatch.setattr("pyapp.run.MOST_LOG", 3)
    for rate in (0.01, 0.02, 0.03, 0.04):
        runner.change(run, "rate", rate)
        runner.advance(run, steps=1)
    text, _, frame = looked(runner, run, monkeypatch)
    assert "this script starts with the settings that it has now" in text
    assert "'rate': 0.04" in text and frame.step == runner.look(run).step

    run = runner.open("digits")["run"]
    runner.predict(run, {"input": np.full((28, 28), 0.5, np.float32)})
    assert "# What was opened on the page is not in this script" in runner.script(run)["text"]


def test_a_session_of_the_first_version_is_read_forever():
    """rung1.bitladder was saved by version 1; rung1.npz by a page before there were sessions."""
    for name in ("rung1.bitladder", "rung1.npz"):
        data = (Path(__file__).parent / "sessions" / name).read_bytes()
        opened = Runner().open("rung1", {}, file=data, name=name)
        assert opened["notes"] == [] and opened["frame"].step == 12
        assert opened["frame"].scalars["loss"] == pytest.approx(0.5663386306551413, rel=1e-9)


def test_what_was_picked_in_version_1_which_counted_from_0_is_picked_still():
    """Of a run, of the changes to it, and of the run pinned before them; other parameters stay as they are."""
    runner = Runner()
    run = runner.open("matmul", {"row": 1, "column": 3, "step": 2})["run"]
    runner.pin(run)
    runner.change(run, "row", 2)
    now = npz.unpack(bytes(runner.save(run)["file"]))

    def older(arrays, **more):  # as version 1 wrote it: rows and columns 0 to 7
        about, params = (unpacked_json(arrays[name]) for name in ("about", "params"))
        params |= {name: params[name] - 1 for name in ("row", "column")}
        return npz.pack(arrays | more | {"params": packed_json(params), "about": packed_json(about | {
            "version": 1, "log": [[*event[:2], event[2] - 1] for event in about["log"]]})})

    pin = older(npz.unpack(now["pin.0"].tobytes()[::-1]))[::-1]
    saved = sessions.unpack(older(now, **{"pin.0": np.frombuffer(pin, np.uint8)}), "x")
    assert (saved.params["row"], saved.params["column"], saved.params["step"]) == (2, 3, 2)
    assert saved.pins[0].params["row"] == 1 and saved.log == [["set", "row", 2]]
    assert Runner().open("matmul", {}, file=npz.pack(now))["params"]["row"] == 2  # today's is not counted twice


def test_an_older_version_is_brought_to_the_present_one(tiny, monkeypatch):
    def renamed(about, arrays):
        return about | {"step": about.get("steps", about["step"])}, arrays

    monkeypatch.setattr(sessions, "VERSION", 3)
    monkeypatch.setitem(sessions.MIGRATIONS, 2, renamed)
    data = changed(tiny, {"steps": 25, "step": None})
    assert sessions.unpack(data, "x").step == 25
