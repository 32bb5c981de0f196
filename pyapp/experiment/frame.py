"""What a page shows, and what a page module has to provide."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from pyapp.experiment.live import Live
from pyapp.experiment.panels import Panel, Work
from pyapp.experiment.params import Param, ParamError, Value, Values, parse_all

BUTTONS = {"play": "Play", "pause": "Pause", "step": "Step", "reset": "Reset", "load": "Load checkpoint",
           "save": "Save checkpoint"}


@dataclass
class Frame:
    """One state of a page: scalars as plain data, arrays as NumPy arrays, notes as sentences for the reader."""

    step: int = 0
    scalars: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Action:
    """Something that a reader may ask of a page: a button in the shell, --do on the command line. `params` are
    declared like those of a page."""

    name: str
    label: str
    doc: str
    params: tuple[Param, ...] = ()


@dataclass(frozen=True)
class Idle:
    """Parameters that have no effect while another one "is", or "is not", one of `values`: their controls are then
    disabled, and say `why`."""

    names: tuple[str, ...]
    other: str
    how: str
    values: tuple[Value, ...]
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The declaration as plain data, for the shell."""
        return {"other": self.other, "how": self.how, "values": self.values, "why": self.why}


@dataclass
class Outcome:
    """The result of an action: notes, parameters that are to change, and a file for the reader."""

    notes: list[str] = field(default_factory=list)
    params: Values = field(default_factory=dict)
    file: np.ndarray | None = None  # its bytes
    name: str = ""  # of the file
    drawn: dict[str, Any] | None = None  # what the pad shows from now on, as `predict` takes it


class Experiment:
    """What runs behind a page: the class named `Page` in `pyapp/pages/<name>.py`.

    The runner creates it with parsed parameters, drives `steps`, and asks for `frame` when something is to be drawn.
    Only `frame` must be written; the defaults of the others do nothing, or say that the page has no such thing.
    """

    title: ClassVar[str]
    summary: ClassVar[str]  # one sentence: what you can do here, and what to notice
    entry: ClassVar[str | None] = ""  # of the rail, with a tab for each of its pages; "": the title; None: at the foot
    tab: ClassVar[str] = ""  # the page's name among the tabs of its entry; "": the title
    order: ClassVar[int] = 100  # position among all pages; the first page of an entry is its place in the rail
    SHARES: ClassVar[Mapping[str, str]] = {}  # parameters by the names under which the tabs of the entry share values
    SHARED: ClassVar[str] = ""  # a sentence about that
    PARAMS: ClassVar[tuple[Param, ...]] = ()
    IDLE: ClassVar[tuple[Idle, ...]] = ()
    GROUPS: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = ()  # of controls: a title and names of parameters
    PANELS: ClassVar[tuple[Panel, ...]] = ()
    SHIPPED: ClassVar[tuple[str, ...]] = ()  # weights whose recipes panels name: "shipped.mlp.metrics.n"
    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    UNSHOWN: ClassVar[dict[str, str]] = {}  # entries of the frame that no panel names, and why
    WORK: ClassVar[str] = ""  # "auto": steps run until they end; "train": the reader plays, "asked": `Work` starts them
    SETTLED: ClassVar[bool] = False  # what is shown is settled without `background`, unless a change was made
    PLAYS: ClassVar[tuple[tuple[str, Value, str], ...]] = ()  # (parameter, value, note): set when training begins
    EAGER: ClassVar[tuple[str, ...]] = ()  # parameters that, when changed, rerun finished work at once
    LABELS: ClassVar[dict[str, str]] = {}  # of buttons, where they are not BUTTONS; save "": none; record: one more
    FILES: ClassVar[str] = ""  # the title of the controls that save and load the run, or a file; none without it
    ACCEPTS: ClassVar[str] = ".npz,.safetensors,.onnx"  # endings of the files that `restore` and `receive` take
    IN_PARTS: ClassVar[bool] = False  # `receive` takes Parts, too (pyapp/parts.py): files up to 2 GB, not read whole
    MAIN: ClassVar[tuple[str, ...]] = ()  # the few parameters whose controls stay in view; see `mains`
    RUN: ClassVar[Work | None] = None  # the button of "asked" work, beside them
    BAR: ClassVar[str] = ""  # a template for the headline beside them: the float result and the quantised one
    RECORDED: ClassVar[tuple[str, ...] | None] = None  # see pyapp/recorded.py: what is shown before Python is there
    REHEARSED: ClassVar[int | None] = None  # steps done before, and then what is measured in the background
    UNRECORDED: ClassVar[tuple[str, ...]] = ()  # large arrays of the frame or of what is read: Python brings them
    TOUR: ClassVar[tuple[tuple[str, str, str], ...]] = ()  # a guided path that begins here: links, titles, words
    NEXT: ClassVar[tuple[str, str]] = ()  # the page to go on to, and a sentence about why
    RESUMES: ClassVar[bool] = True  # a snapshot holds the step; else what it lacks is worked out again, from step 0
    preparing = False  # whether `background` makes what the next move of a control will need, and should not be put off
    brought: Any = None  # what a reader has brought, which a session holds even before the first step
    untold: ClassVar[str] = ""  # why the page has no story; else it is the file <name>.md beside its module
    LIVE: ClassVar[tuple[FunctionType, ...]] = ()  # functions that a reader may edit: call them as self.live.<name>

    def __init__(self, params: Values):
        self.params = params
        self.refused: dict[str, ParamError] = {}  # by parameter: why its value cannot be used
        self.live = Live(self.LIVE)

    def refuse(self, param: str, error: ParamError, what: str, instead: str) -> list[str]:
        """Remember why a link's value of a parameter cannot be used, and say what was not read and what is shown."""
        self.refused[param] = error
        return [f"The {what} cannot be read: {error}; {error.hint}. {instead}"]

    @classmethod
    def mains(cls) -> tuple[str, ...]:
        """The parameters of the strip that stays in view: MAIN, or else the first that has a small control."""
        return cls.MAIN or tuple(param.name for param in cls.PARAMS if param.widget != "text")[:1]

    def steps(self) -> Iterator[Frame | None]:
        """Work in units of a few milliseconds, one per item; none for a page whose `frame` does it all at once. A
        Frame's scalars become points of the curves; None means that nothing is to be drawn yet. A page that never ends
        yields forever; where the work has ended, this is called again after a change."""
        return iter(())

    def beginning(self) -> dict[str, float | None]:
        """Points of the curves that are known before the first step."""
        return {}

    def background(self) -> Iterator[Frame | None]:
        """What is measured while the page is idle, in units of a few milliseconds; the frame says how far it is, and a
        Frame's scalars become points of the curves. It is called again after every change and after every stretch of
        `steps`, and continues from what is known."""
        return iter(())

    @classmethod
    def values_of(cls, action: str, given: Mapping[str, Any]) -> Values:
        """The parameters of one of the page's actions, parsed. ValueError if it has no such action, or it no such
        parameter."""
        if (found := next((each for each in cls.ACTIONS if each.name == action), None)) is None:
            there = ", ".join(each.name for each in cls.ACTIONS)
            raise ValueError(f"this page has no action {action!r}; it has {there or 'none'}")
        return parse_all(found.params, given, strict=True)[0]

    def act(self, name: str, values: Values) -> Outcome:
        """Do the action of that name, with values for its parameters. ValueError if the page has none."""
        raise ValueError(f"this page has no action {name!r}")

    def frame(self) -> Frame:
        """Everything that the page shows now. Every page has to define it."""
        raise NotImplementedError(f"{type(self).__name__} has no frame")

    def unused(self, names: Iterable[str]) -> list[str]:
        """Sentences about the given parameters that have no effect because of other parameters."""
        return []

    def change(self, name: str, value: Any) -> list[str]:
        """Apply a changed live parameter (already in `self.params`); return notes. If this raises, the runner restores
        the parameter, and the page has to undo whatever else it changed."""
        return []

    def receive(self, data: bytes, name: str) -> list[str] | None:
        """Show a file that is neither a session nor weights, and return notes; None if the page takes no such files.
        StoreError says why it cannot be used; then nothing is changed."""
        return None

    def inherit(self, before: "Experiment") -> None:
        """Take over what a reader has brought to the run before this one, which began with other parameters."""

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """A frame that answers what a reader drew or typed. ValueError if the page predicts nothing."""
        raise ValueError("this page predicts nothing")

    def snapshot(self) -> dict[str, np.ndarray]:
        """Arrays from which `restore` continues exactly: the same next steps, the same points of the curves. Sessions
        hold them, and so do the recorded states that a reader can go back to. ValueError if there are none."""
        raise ValueError("this page has nothing to save")

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """Continue from the arrays of the file `name`, a snapshot or weights; ValueError if they do not fit.
        Returns notes."""
        raise ValueError("this page has nothing to load into")
