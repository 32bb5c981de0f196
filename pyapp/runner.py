"""Runs by number: open a page, advance it for some milliseconds, change a parameter, predict, save, close.

Plain Python in, plain Python and NumPy out; it knows neither browser nor command line.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import pages, store
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.live import blame
from pyapp.experiment.params import ParamError, find, followers, parse_all

# Bytes of a file that goes on with a run: its arrays are stored as they are, so the page takes none that is larger.
MOST_UNPACKED = 100_000_000


class Run:
    """One opened page and how far it has come."""

    def __init__(self, page: str, params: dict[str, Any]):
        self.page = page
        self.experiment: Experiment | None = None
        self.start(params)

    def start(self, params: dict[str, Any]) -> None:
        """From the beginning; edited functions stay edited."""
        before, self.experiment = self.experiment, pages.page(self.page)(params)
        if before:
            self.experiment.live = before.live
        self.renew()

    def renew(self) -> None:
        """There may be new work."""
        self.work: Iterator[Frame | None] = self.experiment.steps()
        self.rest = self.experiment.background()
        self.done = False

    def answer(self, notes: list[str], restarted: bool = True, **more: Any) -> dict:
        """What every call that changes a run gives back: the parameters as they are now, notes, the frame, where the
        curves begin if they do, and what edited functions have printed."""
        frame, points = self.experiment.frame(), Points()
        if restarted:
            points.add(Frame(frame.step, self.experiment.beginning()))
        return {"params": dict(self.experiment.params), "notes": notes, "frame": frame, "restarted": restarted,
                "history": points.arrays(), "printed": self.experiment.live.printed(), **more}


class Points:
    """For every scalar that a unit of work reported, its steps and values."""

    def __init__(self):
        self._points: dict[str, tuple[list, list]] = defaultdict(lambda: ([], []))

    def add(self, item: Frame | None) -> None:
        for name, value in item.scalars.items() if item else ():
            if isinstance(value, (int, float)):
                self._points[name][0].append(item.step)
                self._points[name][1].append(value)

    def arrays(self) -> dict[str, dict[str, np.ndarray]]:
        return {name: {"step": np.array(at, np.float64), "value": np.array(values, np.float64)}
                for name, (at, values) in self._points.items()}


class Runner:
    """All open runs of a session."""

    def __init__(self):
        self._runs: dict[int, Run] = {}
        self._ids = itertools.count(1)

    def open(self, page: str, params: Mapping[str, Any] | None = None, strict: bool = False) -> dict:
        """Start a page. A value that cannot be used is noted and replaced by the nearest or the default; with `strict`,
        for the command line, it raises a ParamError."""
        given = params or {}
        values, notes = parse_all(pages.page(page).PARAMS, given, strict, clamp=not strict)
        run, number = Run(page, values), next(self._ids)
        for name, error in run.experiment.refused.items() if strict else ():
            if name in given:
                raise ParamError(name, f"{name} cannot be used: {error}", error.hint)
        self._runs[number] = run
        standard = {} if strict else {param.name: param.default for param in pages.page(page).PARAMS}
        asked = [name for name in given if name not in standard or values[name] != standard[name]]  # pages give all
        return run.answer(notes + run.experiment.unused(asked), run=number)

    def advance(self, run: int, ms: float | None = None, steps: int | None = None) -> dict:
        """Work for about `ms` milliseconds, or until the step count has grown by `steps`.

        Returns the frame and `history`: for every scalar that a unit of work reported, its new steps and values.
        """
        if (ms is None) == (steps is None):
            raise ValueError("advance needs either ms or steps")
        current = self._get(run)
        deadline = None if ms is None else time.perf_counter() + ms / 1000
        target = None if steps is None else current.experiment.frame().step + steps
        points = Points()
        for item in current.work:
            points.add(item)
            if item is not None and target is not None and item.step >= target:
                break
            if deadline is not None and time.perf_counter() >= deadline:
                break
        else:
            current.done = True
        current.rest = current.experiment.background()
        frame = current.experiment.frame()
        return {"frame": frame, "history": points.arrays(), "done": current.done,
                "printed": current.experiment.live.printed()}

    def background(self, run: int, ms: float) -> dict:
        """Measure what the page measures while nothing else is asked for, for about `ms` milliseconds."""
        current, points = self._get(run), Points()
        deadline = time.perf_counter() + ms / 1000
        done = True
        for item in current.rest:
            points.add(item)
            if time.perf_counter() >= deadline:
                done = False
                break
        return {"frame": current.experiment.frame(), "history": points.arrays(), "done": done}

    def act(self, run: int, name: str, values: Mapping[str, Any] | None = None) -> dict:
        """Do one of the page's actions. What it gives back is that of a change, and the bytes and the name of a file if
        the action makes one."""
        current = self._get(run)
        action = next((each for each in current.experiment.ACTIONS if each.name == name), None)
        if action is None:
            there = ", ".join(each.name for each in current.experiment.ACTIONS)
            raise ValueError(f"this page has no action {name!r}; it has {there or 'none'}")
        parsed, _ = parse_all(action.params, values or {}, strict=True)
        outcome = current.experiment.act(name, parsed)
        notes = list(outcome.notes)
        for param, value in outcome.params.items():
            notes += self.change(run, param, value)["notes"]
        current.rest = current.experiment.background()
        file = {} if outcome.file is None else {"file": outcome.file, "name": outcome.name}
        return current.answer(notes, restarted=False, **file)

    def change(self, run: int, name: str, value: Any) -> dict:
        """Set one parameter, and what follows it. A live one is obeyed at once, another restarts the run with it."""
        current = self._get(run)
        param = find(current.experiment.PARAMS, name)
        parsed, note = param.parse(value)
        notes = [note] if note else []
        usual = followers(current.experiment.PARAMS, name, parsed)
        notes += [f"{key} set to {value:g}, the usual value for {parsed}" for key, value in usual.items()]
        before = dict(current.experiment.params)
        current.experiment.params |= {name: parsed, **usual}
        if param.live:
            try:
                notes += current.experiment.change(name, parsed)
            except ValueError:
                current.experiment.params |= before
                raise
            current.rest = current.experiment.background()
            if current.done:
                current.renew()
        else:
            current.start(current.experiment.params)
        return current.answer(notes, restarted=not param.live)

    def reset(self, run: int) -> dict:
        """Start again from the same parameters and seed."""
        current = self._get(run)
        current.start(current.experiment.params)
        return current.answer([])

    def edit(self, run: int, name: str, source: str | None = None) -> dict:
        """Replace the function `name` of this run by `source`; without a source, restore the shipped one.

        `error` is None or says why the text was not taken: {type, message, line, function}; then the function that was
        there before stays. An error that shows later, in another call, is an EditError: it has a line as well.
        """
        current = self._get(run)
        live = current.experiment.live
        live.check(name)
        error = None
        try:
            with live.trial():
                live.reset(name)
                if source is not None:
                    live.edit(name, source)
                current.experiment.frame()
        except BaseException as problem:
            edited = blame(problem)
            if edited:
                error = {"type": edited.kind, "message": edited.message, "line": edited.line,
                         "function": edited.function}
            elif isinstance(problem, Exception):  # the function runs, but what it returns makes no sense to the page
                error = {"type": type(problem).__name__, "message": str(problem), "line": None, "function": name}
            else:
                raise
        current.renew()
        return current.answer([], restarted=False, edited=sorted(live.edits), error=error)

    def predict(self, run: int, inputs: Mapping[str, Any]) -> Frame:
        return self._get(run).experiment.predict(inputs)

    def snapshot(self, run: int) -> dict:
        """The run as a file: its bytes and a name for it."""
        current = self._get(run)
        data = store.pack(current.experiment.snapshot())
        name = f"bitladder-{current.page}-step{current.experiment.frame().step}.npz"
        return {"file": np.frombuffer(data, np.uint8), "name": name}

    def restore(self, run: int, file: bytes, name: str = "the file") -> dict:
        """Continue from a snapshot or from weights. If the file does not fit, nothing is changed."""
        current = self._get(run)
        notes = current.experiment.restore(store.unpack(bytes(file), name, MOST_UNPACKED), name)
        current.renew()
        return current.answer(notes)

    def close(self, run: int) -> None:
        self._get(run)
        del self._runs[run]

    def _get(self, run: int) -> Run:
        if run not in self._runs:
            raise ValueError(f"run {run} is not open; open a page first")
        return self._runs[run]
