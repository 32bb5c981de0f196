"""One open page: its work, its curves, its pinned runs, the states that it can go back to, its session."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from pyapp import pages, sessions
from pyapp.curves import Curves, told
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.live import Live
from pyapp.experiment.params import parse_all
from pyapp.naming import unused_name
from pyapp.sessions import MOST_LOG, MOST_PINS, OtherPage, Saved
from pyapp.store import StoreError

MOST_STATES, MOST_BYTES = 32, 48_000_000  # that are recorded for going back
EVERY, PART = 10, 100  # a state is recorded after so many steps, or after this part of all steps, where that is more
DRAWN = ("strokes", "input", "index")  # what `predict` may be given that a reader has drawn or chosen


class State(NamedTuple):
    """A recorded state of a run, to which it can go back."""

    step: int
    params: dict[str, Any]
    arrays: dict[str, np.ndarray]
    marks: dict[str, tuple]
    log: list[list]
    base: int

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())


class Run:
    def __init__(self, page: str, params: dict[str, Any]):
        self.page, self.pins = page, []
        self.drawn: dict[str, Any] = {}
        self.experiment: Experiment | None = None
        self.start(params)

    def start(self, params: dict[str, Any]) -> None:
        """Start from the beginning. Edited functions stay edited, and pinned runs stay pinned."""
        before, experiment = self.experiment, pages.page(self.page)(params)
        if before:
            experiment.live = before.live
            experiment.inherit(before)
        self._begin(experiment)

    def _begin(self, experiment: Experiment) -> None:
        self.experiment, self.curves, self.states = experiment, Curves(), []
        self.ahead: Curves | None = None  # the curves of what was gone back from, until another way is taken
        self.step = self.base = 0
        self.curves.add(Frame(0, experiment.beginning()))
        self.first = dict(experiment.params)
        self.log: list[list] = [["edit", name, text] for name, text in experiment.live.edits.items()]
        self.renew()

    def renew(self) -> None:
        """Look for work again, because a change may have made some."""
        self.work: Iterator[Frame | None] = self.experiment.steps()
        self.rest = self.experiment.background()
        self.done = False

    @property
    def trains(self) -> bool:
        """Whether the page has a run that can be saved and resumed."""
        return type(self.experiment).snapshot is not Experiment.snapshot

    def items(self) -> Iterator[Frame | None]:
        """Do the work unit by unit; numbers become points of the curves, and some states are recorded."""
        if self.trains and not self.states:
            self.record()
        for item in self.work:
            if item is not None:
                self.step, self.ahead = item.step, None
                self.curves.add(item)
                self._drop_later()
                if self.trains and item.step >= self.states[-1].step + max(EVERY, item.step // PART):
                    self.record()
            yield item
        self.done = True

    def _drop_later(self) -> None:
        while self.states and self.states[-1].step >= self.step and len(self.states) > 1:
            self.states.pop()

    def record(self) -> None:
        """Record the present state; if there are many, older ones are thinned out."""
        self.states.append(State(self.step, dict(self.experiment.params), self.arrays(), self.curves.marks(),
                                 list(self.log), self.base))
        while len(self.states) > 2 and (len(self.states) > MOST_STATES
                                        or sum(state.nbytes for state in self.states) > MOST_BYTES):
            at = [state.step for state in self.states]
            gaps = [(at[i + 1] - at[i - 1]) / (1 + at[-1] - at[i]) for i in range(1, len(at) - 1)]
            del self.states[1 + int(np.argmin(gaps))]

    def rewind(self, step: int) -> None:
        """Go back to the newest recorded state at or before a step. ValueError if there is none."""
        found = next((state for state in reversed(self.states) if state.step <= step), None)
        if found is None:
            raise ValueError(f"no state is recorded at or before step {step}; recorded steps: "
                             f"{', '.join(map(str, self.recorded)) or 'none'}")
        resume(self.experiment, found.params, found.arrays, f"step {found.step}")
        self.ahead = self.ahead or self.curves
        self.curves = self.ahead.until(found.marks)
        self.step, self.base, self.log = found.step, found.base, list(found.log)
        self.renew()

    @property
    def recorded(self) -> list[int]:
        """The steps that `rewind` can go back to."""
        return [state.step for state in self.states]

    def note(self, kind: str, name: str, value: Any, step: int) -> None:
        """Log what was done to the run at this step, for the text that reproduces it."""
        if self.step > self.base:
            self.log.append(["steps", "", self.step - self.base])
        if self.log and self.log[-1][:2] == [kind, name] and kind != "act":
            self.log.pop()
        self.log.append([kind, name, value])
        self.step = self.base = step

    def took(self, name: str) -> None:
        """Log that the page continued from a file of its own kind, a checkpoint or weights."""
        self.curves, self.states, self.ahead = Curves(), [], None
        self.renew()
        self.first, self.log = dict(self.experiment.params), [["file", name, None]]
        self.step = self.base = self.experiment.frame().step
        self.curves.add(Frame(self.step, self.experiment.beginning()))

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.array(array) for name, array in self.experiment.snapshot().items()} if self.trains else {}

    def asked(self, inputs: Mapping[str, Any], answer: Frame) -> None:
        """Remember what was drawn or opened; a picture is kept in the form that the network reads."""
        if "image" in inputs and "input" in answer.arrays:
            inputs = {"input": answer.arrays["input"].astype(np.float32)}
        if drawn := {key: value for key, value in inputs.items() if key in DRAWN}:
            self.drawn = drawn if np.size(next(iter(drawn.values()))) else {}

    def save(self, pins: bool = True, **more: Any) -> Saved:
        """The session of this run. A run whose numbers have become nan keeps its settings and curves."""
        arrays = self.arrays() if self.begun else {}
        finite = all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f")
        return Saved(self.page, dict(self.experiment.params), self.step, arrays if finite else {},
                     self.curves.by_name, dict(self.drawn), dict(self.experiment.live.edits), self.told(),
                     list(self.pins) if pins else [], first=dict(self.first), **more)

    def pinned(self) -> list[dict]:
        """The pinned runs as the page gets them: their names, parameters, frames and curves."""
        return [{"name": pin.name, "params": pin.params, "frame": pin.frame,
                 "history": told((name, curve.array()) for name, curve in pin.curves.items())} for pin in self.pins]

    @property
    def begun(self) -> bool:
        """Whether the run is not where its settings start it: steps were made, or a reader has brought something."""
        return bool(self.step or self.experiment.brought) or any(kind == "file" for kind, *_ in self.log)

    @property
    def as_shipped(self) -> bool:
        """Whether the page is exactly as it ships."""
        standard = parse_all(self.experiment.PARAMS, {}, strict=False)[0]
        drawn = self.drawn and self.drawn != {"index": self.experiment.frame().scalars.get("first")}
        by_itself = self.experiment.WORK == "auto" and not self.experiment.brought
        begun = self.trains and self.begun and not by_itself
        return not (self.pins or drawn or begun or self.experiment.live.edits or self.experiment.params != standard)

    def told(self) -> list[list]:
        """The log of all that was done up to now; [] if it is longer than what is kept."""
        log = [*self.log, *([["steps", "", self.step - self.base]] if self.step > self.base else [])]
        return log if len(log) <= MOST_LOG else []

    def become(self, saved: Saved, name: str) -> list[str]:
        """Continue a session as it was left, and return notes. If it cannot be used nothing is changed, and StoreError
        says why. Edited code in it is not run."""
        experiment, notes = continued(self.page, saved, name, self.experiment.live)
        self._take(experiment, saved)
        return notes

    @classmethod
    def left(cls, page: str, file: bytes, name: str) -> tuple["Run", list[str], dict[str, str]]:
        """A page as it was left in a session, notes, and texts of edited functions, which are not in force."""
        saved = sessions.unpack(file, name)
        experiment, notes = continued(page, saved, name)
        run = cls.__new__(cls)
        run.page = page
        run._take(experiment, saved)
        return run, notes, saved.edits

    def _take(self, experiment: Experiment, saved: Saved) -> None:
        self._begin(experiment)
        self.pins, self.drawn = saved.pins, saved.drawn
        if experiment.RESUMES:
            self.curves.by_name = saved.curves
        self.step = self.base = experiment.frame().step if self.trains else 0
        self.log = [each for each in saved.log if each[0] != "edit"]
        self.first = parse_all(experiment.PARAMS, saved.first or saved.params, strict=False)[0]

    def pin(self, name: str) -> str:
        """Keep this run as it is now beside later ones, under a name that no other has, which is returned. ValueError
        if too many are pinned."""
        if len(self.pins) >= MOST_PINS:
            raise ValueError(f"{MOST_PINS} runs are pinned already; unpin one first")
        frame = self.experiment.frame()
        saved = self.save(pins=False, frame=Frame(frame.step, frame.scalars,
                                                  {key: np.array(array) for key, array in frame.arrays.items()}))
        saved.name = unused_name(name, self.experiment, saved, self.pins)
        self.pins = [*self.pins, saved]
        return saved.name

    def rename(self, name: str, to: str) -> str:
        """Give a pinned run another name, which no other has and is returned. ValueError if none has the old one."""
        pin, others = self.split(name)
        pin.name = unused_name(to, self.experiment, pin, others)
        return pin.name

    def split(self, name: str) -> tuple[Saved, list[Saved]]:
        """The run that is pinned under a name, and the others. ValueError if there is none of that name."""
        for i, pin in enumerate(self.pins):
            if pin.name == name:
                return pin, [*self.pins[:i], *self.pins[i + 1 :]]
        raise ValueError(f"no run is pinned as {name!r}")


def continued(page: str, saved: Saved, name: str, live: Live | None = None) -> tuple[Experiment, list[str]]:
    """A page's experiment as a session left it, and notes. StoreError says why it cannot be used."""
    if saved.page != page:
        raise OtherPage(name, saved.page)
    try:
        params, notes = parse_all(pages.page(page).PARAMS, saved.params, strict=False)
        experiment = pages.page(page)(dict(params))
        experiment.live = live or experiment.live
        if saved.arrays:
            resume(experiment, params, saved.arrays, name)
        experiment.frame()
        return experiment, notes
    except StoreError:
        raise
    except Exception as error:  # what a damaged file brings is anything
        if getattr(error, "file", None):  # nothing is damaged: the host brings what is missing, and asks again
            raise
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise StoreError(f"{name}: the run in it cannot be continued ({why}); use another copy") from None


def resume(experiment: Experiment, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], name: str) -> None:
    """A page's run from its snapshot, with parameters that may have been changed since they were part of it."""
    before = dict(experiment.params)
    experiment.params |= params
    try:
        experiment.restore(arrays, name)
    except BaseException:
        experiment.params |= before
        raise
    for param in experiment.PARAMS:
        if param.live and experiment.params[param.name] != params[param.name]:
            experiment.params[param.name] = params[param.name]
            experiment.change(param.name, params[param.name])
