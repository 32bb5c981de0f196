"""Runs by number: open a page, advance it for some milliseconds, change a parameter, go back, pin, save, close.

Plain Python in, plain Python and NumPy out; it knows neither browser nor command line.
"""

import itertools
import time
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from pyapp import pages, replay, sessions, store
from pyapp.data.digits import DataWarning
from pyapp.experiment.frame import Frame
from pyapp.experiment.live import blame
from pyapp.experiment.params import ParamError, find, followers, parse_all
from pyapp.nets import chain
from pyapp.parts import Parts
from pyapp.run import Run

HERE = {True: "this page opens Bitladder's sessions and weights", False: "this page opens only Bitladder's sessions"}
WHERE = ("{}; networks and images of your own go to the page Train and to the commands evaluate, qat and mixed, "
         "tensors to the page Tensors, a picture to a pad")
NOT_USED = "What was kept of this page cannot be used, so it is left aside: {}."


class Runner:
    """All open runs of a session."""

    def __init__(self):
        self._runs: dict[int, Run] = {}
        self._ids = itertools.count(1)

    def open(self, page: str, params: Mapping[str, Any] | None = None, strict: bool = False,
             file: bytes | None = None, name: str = "what was kept", instead: int | None = None) -> dict:
        """Start a page. A value that cannot be used is noted and replaced by the nearest or the default; with `strict`,
        for the command line, it raises a ParamError.

        With the bytes of a session, `file`, the page opens as it was left, whatever `params` say; `restored` is then
        the step. A session that cannot be used is noted, and the page opens as if there were none. When the page is
        open, the run `instead` of which it was opened is closed.
        """
        given, notes = params or {}, []
        if file is not None:
            try:
                run, found, texts = Run.left(page, bytes(file), name)
                number = self._hold(run, instead)
                return self._whole(run, found, run=number, restored=run.step, texts=texts)
            except store.StoreError as error:
                if getattr(error, "file", None):
                    raise
                notes = [NOT_USED.format(error)]
        values, said = parse_all(pages.page(page).PARAMS, given, strict, clamp=not strict)
        run = Run(page, values)
        for name, error in run.experiment.refused.items() if strict else ():
            if name in given:
                raise ParamError(name, f"{name} cannot be used: {error}", error.hint)
        number = self._hold(run, instead)
        standard = {} if strict else {param.name: param.default for param in pages.page(page).PARAMS}
        asked = [name for name in given if name not in standard or values[name] != standard[name]]  # pages give all
        return self._whole(run, notes + said + run.experiment.unused(asked), run=number)

    def advance(self, run: int, ms: float | None = None, steps: int | None = None) -> dict:
        """Work for about `ms` milliseconds, or until the step count has grown by `steps`.

        Returns the frame and `history`: for every scalar that a unit of work reported, its curve up to now.
        ValueError unless exactly one of `ms` and `steps` is given.
        """
        if (ms is None) == (steps is None):
            raise ValueError("advance needs either ms or steps")
        current = self._get(run)
        deadline = None if ms is None else time.perf_counter() + ms / 1000
        target = None if steps is None else current.experiment.frame().step + steps
        for item in current.items():
            if item is not None and target is not None and item.step >= target:
                break
            if deadline is not None and time.perf_counter() >= deadline:
                break
        current.rest = current.experiment.background()
        frame = current.experiment.frame()
        current.step = frame.step  # of a batch that is still being judged, too
        return {"frame": frame, "history": current.curves.news(), "done": current.done, "recorded": current.recorded,
                "printed": current.experiment.live.printed()}

    def background(self, run: int, ms: float) -> dict:
        """Measure what the page measures while nothing else is asked for, for about `ms` milliseconds."""
        current = self._get(run)
        deadline = time.perf_counter() + ms / 1000
        done = True
        for item in current.rest:
            current.curves.add(item)
            if time.perf_counter() >= deadline:
                done = False
                break
        return {"frame": current.experiment.frame(), "history": current.curves.news(), "done": done,
                "preparing": current.experiment.preparing}

    def act(self, run: int, name: str, values: Mapping[str, Any] | None = None) -> dict:
        """Do one of the page's actions. Returns what `change` does, and the bytes and the name of a file if the action
        makes one. ValueError if the page has no such action."""
        current = self._get(run)
        parsed = current.experiment.values_of(name, values or {})
        outcome = current.experiment.act(name, parsed)
        if not outcome.params and outcome.file is None:
            current.note("act", name, parsed, current.step)
        notes, restarted = list(outcome.notes), False
        for param, value in outcome.params.items():
            answer = self.change(run, param, value)
            notes, restarted = notes + answer["notes"], restarted or answer["restarted"]
        current.rest = current.experiment.background()
        more = {} if outcome.file is None else {"file": outcome.file, "name": outcome.name}
        if outcome.drawn is not None:
            current.drawn, more = {}, more | {"drawn": outcome.drawn}
        return self._answer(current, notes, restarted=restarted, **more)

    def change(self, run: int, name: str, value: Any, reads: Mapping[str, Any] | None = None) -> dict:
        """Set one parameter, and those that follow it. A live one takes effect at once, another restarts the run.

        With `reads`, inputs for `predict`, the answer has what the page makes of them now as `read`; None if it cannot:
        the error is that of `predict`, which can be asked alone.
        """
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
        read = {} if reads is None else {"read": self._read(run, reads)}
        answer = self._answer(current, notes, restarted=not param.live, **read)
        if param.live:
            for key in (name, *usual):
                current.note("set", key, current.experiment.params[key], answer["frame"].step)
        return answer

    def reset(self, run: int) -> dict:
        """Start again from the same parameters and seed."""
        current = self._get(run)
        current.start(current.experiment.params)
        return self._answer(current, [], restarted=True)

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
        answer = self._answer(current, [], restarted=False, edited=sorted(live.edits), error=error)
        if error is None:
            current.note("edit", name, source, answer["frame"].step)
        return answer

    def predict(self, run: int, inputs: Mapping[str, Any]) -> Frame:
        current = self._get(run)
        answer = current.experiment.predict(inputs)
        current.asked(inputs, answer)
        return answer

    def _read(self, run: int, inputs: Mapping[str, Any]) -> Frame | None:
        try:
            return self.predict(run, inputs)
        except Exception as error:
            if getattr(error, "file", None):
                raise
            return None

    def look(self, run: int) -> Frame:
        """The frame: everything that the page shows now."""
        return self._get(run).experiment.frame()

    def rewind(self, run: int, step: int) -> dict:
        """Go back to the newest recorded state at or before a step, and on from there."""
        (current := self._get(run)).rewind(step)
        return self._whole(current, [])

    def pin(self, run: int, name: str = "") -> dict:
        """Keep the run as it is now to compare others with it, under a name that no other has: `pinned`."""
        current = self._get(run)
        return {"pinned": current.pin(name), "pins": current.pinned()}

    def rename(self, run: int, name: str, to: str) -> dict:
        """Give a pinned run another name, or without letters one made of its settings; `pinned` is what it has then."""
        current = self._get(run)
        return {"pinned": current.rename(name, to), "pins": current.pinned()}

    def unpin(self, run: int, name: str) -> dict:
        """Forget a pinned run. ValueError if there is none of that name."""
        current = self._get(run)
        _, current.pins = current.split(name)
        return {"pins": current.pinned()}

    def script(self, run: int) -> dict:
        """Python that reproduces the run."""
        return {"text": replay.script(self._get(run))}

    def save(self, run: int) -> dict:
        """The session, which is the page as it is now with its run, curves, drawing, edits and pinned runs, as a file's
        bytes and name. `shipped`: it is exactly as the page ships; `step`: the one that it goes on from."""
        current = self._get(run)
        data = sessions.pack(current.save())
        step = current.step if current.trains and current.experiment.RESUMES else 0
        name = f"bitladder-{current.page}{f'-step{step}' if step else ''}{sessions.ENDING}"
        return {"file": np.frombuffer(data, np.uint8), "name": name, "shipped": current.as_shipped, "step": step}

    def snapshot(self, run: int) -> dict:
        """The run as a file: its bytes and a name for it."""
        current = self._get(run)
        data = store.pack(current.experiment.snapshot())
        name = f"bitladder-{current.page}-step{current.experiment.frame().step}.npz"
        return {"file": np.frombuffer(data, np.uint8), "name": name}

    def restore(self, run: int, file: bytes | Parts, name: str = "the file") -> dict:
        """Continue from a session, a snapshot or weights, or show a file of the page's own kind. If the file does not
        fit, nothing is changed."""
        current = self._get(run)
        data = file if isinstance(file, Parts) else bytes(file)
        if not len(data):
            raise store.StoreError(f"{name} is empty: it has no bytes; choose another file, or save this one again")
        if not sessions.begins(data, name) and (notes := current.experiment.receive(data, name)) is not None:
            current.took(name)
            return self._whole(current, notes)
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always", DataWarning)
                arrays = chain.unpack(bytes(data), name, sessions.MOST_UNPACKED)
            saved = sessions.read(arrays, name) if sessions.is_session(arrays) or not current.trains else None
            notes = [] if saved else current.experiment.restore(arrays, name)
        except store.StoreError as error:
            error.hint = getattr(error, "hint", WHERE.format(HERE[bool(current.trains)]))
            raise
        if saved:
            at = f", at step {saved.step:,}" if saved.step else ""
            notes = [f"{name}: the page is as it was saved{at}", *current.become(saved, name)]
            return self._whole(current, notes, restored=current.step, texts=saved.edits)
        current.took(name)
        return self._whole(current, [*notes, *(f"{each.message}." for each in warned)])

    def close(self, run: int) -> None:
        self._get(run)
        del self._runs[run]

    def _hold(self, run: Run, instead: int | None) -> int:
        """The number of a new run; the one that it takes the place of is closed."""
        self._runs.pop(instead, None)
        self._runs[number := next(self._ids)] = run
        return number

    def _get(self, run: int) -> Run:
        if run not in self._runs:
            raise ValueError(f"run {run} is not open; open a page first")
        return self._runs[run]

    def _answer(self, current: Run, notes: list[str], **more: Any) -> dict:
        """What every call that changes a run returns: the present parameters, notes, the frame, new points of the
        curves, and what edited functions have printed."""
        return {"params": dict(current.experiment.params), "notes": notes, "frame": current.experiment.frame(),
                "history": current.curves.news(), "printed": current.experiment.live.printed(), **more}

    def _whole(self, current: Run, notes: list[str], **more: Any) -> dict:
        """`_answer`, with everything that a page has to draw again: curves, pinned runs, the drawing."""
        return self._answer(current, notes, restarted=True, history=current.curves.all(), recorded=current.recorded,
                            pins=current.pinned(), drawn=dict(current.drawn), **more)
