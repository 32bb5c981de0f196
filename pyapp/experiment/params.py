"""Parameters of a page: one declaration gives the form, the URL, the command line and the documentation."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Value = float | int | str | bool
Values = dict[str, Any]  # of parameters by their names, parsed: each has the type that its Param declares
WIDGETS = {"choice": "select", "bool": "switch", "text": "text"}  # numbers have sliders
SHOWN = 60  # characters of a value that a message quotes
EXACT = 2 ** 53  # below it a float is a whole number to its last digit


class ParamError(ValueError):
    """A value that cannot be understood; `param` is the name of the control that it was meant for."""

    def __init__(self, param: str, message: str, hint: str = ""):
        super().__init__(message)
        self.param, self.hint = param, hint


@dataclass(frozen=True)
class Param:
    """One parameter. `kind` is float, int, choice, bool or text; one that is not `live` restarts the run.

    A text may have up to `hi` characters; what it means is for the page to say. `usual` lets the default follow another
    parameter: ("optimiser", {"sgd": 0.1, "adam": 0.001}); `default` is then the one for that parameter's own default.
    """

    name: str
    label: str
    kind: str
    default: Value
    doc: str
    lo: float | None = None
    hi: float | None = None
    step: float | None = None  # 1 for whole numbers unless given
    log: bool = False
    choices: tuple[str, ...] | None = None
    unit: str = ""
    live: bool = True
    usual: tuple[str, Mapping[Value, Value]] | None = None
    titles: Mapping[str, str] | None = None  # of choices that a reader does not see as a link and a command write them
    widget: str = ""  # slider, select, segments, number, switch, text or line; "": the usual one of its kind

    def __post_init__(self):
        if not self.widget:
            object.__setattr__(self, "widget", WIDGETS.get(self.kind, "slider"))
        if self.kind == "int" and self.step is None:
            object.__setattr__(self, "step", 1)

    def parse(self, value: Any) -> tuple[Value, str | None]:
        """The value as its kind, and a note if it had to be clamped. ParamError if it makes no sense at all."""
        if self.kind == "choice":
            if str(value) not in self.choices:
                raise ParamError(self.name, f"{self.name} is {_quoted(value)}", f"use one of {', '.join(self.choices)}")
            return str(value), None
        if self.kind == "bool":
            text = str(value).lower()
            if text not in ("true", "false", "1", "0"):
                raise ParamError(self.name, f"{self.name} is {_quoted(value)}", "use true or false")
            return text in ("true", "1"), None
        if self.kind == "text":
            if len(str(value)) > self.hi:
                raise ParamError(self.name, f"{self.name} has {len(str(value))} characters", f"use at most {self.hi}")
            return str(value), None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if math.isnan(number) or (self.kind == "int" and math.isfinite(number) and number != int(number)):
            raise ParamError(self.name, f"{self.name} is {_quoted(value)}", self.limits)
        clamped = min(max(number, self.lo), self.hi)
        note = None
        if clamped != number:
            side = "above" if number > clamped else "below"
            note = f"{self.name} {_text(number)} is {side} {_text(clamped)}; using {_text(clamped)}"
        return (int(clamped) if self.kind == "int" else float(clamped)), note

    def title(self, choice: str) -> str:
        """A choice as the page names it."""
        return (self.titles or {}).get(choice, choice)

    @property
    def limits(self) -> str:
        """The allowed numbers in words, for an error's hint."""
        what = "a whole number" if self.kind == "int" else "a number"
        return f"use {what} from {_text(self.lo)} to {_text(self.hi)}"

    def as_dict(self) -> dict:
        """The declaration as the page reads it; what is not declared is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _quoted(value: Any) -> str:
    """A value as it was given, cut short: a link may bring thousands of characters."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def _text(number: float) -> str:
    """A number as a person writes it: 4294967295, 0.0001; 1e+308 instead of its 309 digits."""
    return str(int(number)) if abs(number) < EXACT and number == int(number) else f"{number:g}"


def find(params: Iterable[Param], name: str) -> Param:
    """The parameter of that name; ParamError if there is none."""
    by_name = {param.name: param for param in params}
    if name not in by_name:
        hint = f"use one of {', '.join(by_name)}" if by_name else "leave it out: nothing can be set here"
        raise ParamError(name, f"there is no parameter {_quoted(name)}", hint)
    return by_name[name]


def neighbours(params: Iterable[Param], name: str, value: int) -> list[int]:
    """The values of a parameter of whole numbers, the nearest to `value` first: where its slider may go next."""
    param = find(params, name)
    return sorted(range(param.lo, param.hi + 1), key=lambda other: abs(other - value))


def parse_all(params: Iterable[Param], given: Mapping[str, Any], strict: bool,
              clamp: bool = True) -> tuple[Values, list[str]]:
    """Values for all parameters, with defaults where none is given, and notes about them.

    An unknown name or an invalid value raises ParamError if `strict` (command line, controls), and otherwise (in a
    link) is ignored with a note. A number beyond its limits is clamped with a note, or with `clamp` off
    (command line) refused.
    """
    params, notes = tuple(params), []
    values = {param.name: param.default for param in params}
    said = set()
    for name, value in given.items():
        try:
            values[name], note = find(params, name).parse(value)
            said.add(name)
            if note and not clamp:
                raise ParamError(name, note.partition(";")[0], find(params, name).limits)
            if note:
                notes.append(note)
        except ParamError as error:
            if strict:
                raise
            known = name in values
            notes.append(f"{error}; {error.hint}; using {values[name]}" if known else f"{error}; it is ignored")
    for name, value in list(values.items()):
        values |= {key: usual for key, usual in followers(params, name, value).items() if key not in said}
    return values, notes


def followers(params: Iterable[Param], name: str, value: Value) -> dict[str, Value]:
    """{parameter whose default follows the parameter `name`: its default when that has this value}."""
    return {param.name: param.usual[1][value] for param in params if param.usual and param.usual[0] == name}


def number(choice: str) -> int | None:
    """A choice such as "8" as a whole number; None for one in words, such as "off"."""
    return int(choice) if choice.isdecimal() else None
