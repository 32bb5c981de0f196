"""Panels: what a page shows, declared as plain data. They name entries of the frame; the shell draws them.

An entry is a dotted path: "logits.rows" is frame.scalars["logits"]["rows"]. It begins, in this order, in the item that
is being drawn (a row of a table, an item of `Each`), in the frame's scalars, in its arrays, in `params`, or is `step`.
"@i", "@row", "@column" and "@tile" say which element is read or picked, also inside a path: "keys.@column" is the
element of keys with the number of that column. "@mask", where mask is an array, is the number that it has there:
"fates.@mask". "shipped.mlp" is the recipe of shipped weights (Page.SHIPPED), known before Python is there. While an
element is read, the name of an array means that element. "@index" is the number of an item. An entry that is not
always there ends in "?"; any other that is missing is an error.

A value is an entry and how it is written: "errors.mean:fixed:4". Formats: scalar (the default), count, fixed:n,
percent:n, signed:n (signed alone is scientific where it is tiny), bytes, megabytes, scientific, small, decibels:n,
milliseconds, words (a list with commas; with words:n each has n digits), text.

A template is a sentence with values in braces: "{logits.rows:count} rows of **N** = {logits.n}". In it **bold**,
`code`, [words](#page) link, $z_a$ TeX (without braces), and [words](.quant) have the colour of a role: float, quant,
good, bad, faint, muted; a role may be an entry, too: [words](.{role}).
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, NewType

Entry = NewType("Entry", str)  # a dotted path, "" for none; as a condition, "!path" means the opposite
Value = NewType("Value", str)  # an entry with a format
Template = NewType("Template", str)


class Plain:
    """A declaration that the shell reads as JSON: what has its default is left out."""

    def as_dict(self) -> dict[str, Any]:
        told = {field.name: plain(getattr(self, field.name)) for field in fields(self)
                if getattr(self, field.name) != field.default}
        return {"kind": self.kind, **told} if isinstance(self, Block) else told


def plain(value: Any) -> Any:
    if isinstance(value, Plain):
        return value.as_dict()
    return [plain(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, kw_only=True)
class Block(Plain):
    """A part of a panel. `name` is for tests and links; with `when` it is only there while that entry is true."""

    kind: ClassVar[str]
    name: str = ""
    when: Entry = ""


@dataclass(frozen=True)
class Panel(Plain):
    """Blocks below a heading, if it has a title. place: "stage", "readouts" (at the right) or "wide" (below both).

    `empty` stands there until Python has answered; with `when` the panel is only there while that entry is true. With
    `told` it is the part of the story that has this title.
    """

    name: str
    title: Template
    blocks: tuple[Block, ...] = ()
    place: str = "stage"
    empty: Template = ""
    when: Entry = ""
    told: bool = False


@dataclass(frozen=True)
class Words(Block):
    """A sentence or more. role: about, doc, note, finding, caption, summary, sentence or plain; `good` colours it by
    a truth."""

    kind: ClassVar[str] = "words"
    text: Template = ""
    role: str = "about"
    good: Entry = ""
    over: Entry = ""  # one paragraph for each item of a list


@dataclass(frozen=True)
class Heading(Block):
    kind: ClassVar[str] = "heading"
    text: Template = ""


@dataclass(frozen=True)
class Fact(Plain):
    """A line of `Facts`: what it is called and its values, one a head. An empty value leaves its cell empty."""

    label: Template
    values: tuple[Value | Template, ...]
    name: str = ""
    role: str = ""  # of a lone value's colour
    when: Entry = ""
    chosen: Entry = ""  # marks the line


@dataclass(frozen=True)
class Head(Plain):
    title: Template
    role: str = ""
    name: str = ""


@dataclass(frozen=True)
class Facts(Block):
    """Named values. With `heads` several stand side by side; with `cards` they stand in a row, a label above each.

    `pin` lets the reader keep this run's values beside those of the next ones.
    """

    kind: ClassVar[str] = "facts"
    facts: tuple[Fact, ...] = ()
    heads: tuple[Head, ...] = ()
    caption: Template = ""
    cards: bool = False
    pin: bool = False
    live: bool = False  # a change is read out


@dataclass(frozen=True)
class Column(Plain):
    """A column of a table. `about` is a line below the value, `bad` colours it where true.

    With `blocks` these stand in its cells, named in their row; `value` is what is copied. With `bar`, a share from 0 to
    1 (several for bars below each other), a bar is drawn instead, in `roles`' colours.
    `sort` is what the parameter `Table.sort` becomes when the heading is pressed.
    """

    title: Template
    value: Value | Template = ""
    name: str = ""
    role: str = ""
    about: Template = ""
    flag: Template = ""  # a word in red beside the value
    flagged: Entry = ""  # when
    bad: Entry = ""
    bar: tuple[Entry, ...] = ()
    roles: tuple[Template, ...] = ("float", "quant")
    both: bool = False  # the bar, a share from -1 to 1, begins in the middle, and its sign says its colour
    sort: str = ""
    largest: bool = False  # the best is the largest
    order: str = ""  # of the sorted column in ARIA's terms, where it is neither ascending nor descending
    follows: bool = False  # the column is ordered by another one
    prose: bool = False  # words that may wrap, at the left
    blocks: tuple[Block, ...] = ()
    when: Entry = ""


@dataclass(frozen=True)
class Table(Block):
    """A row for each item of the list `rows`; the first column is the heading of its row.

    pick: the parameter that a press on a row sets to the row's `key`; that row is marked. `also`: what is set besides.
    sort, best: the parameters with the column that orders the rows and whether the best come first.
    groups: rows with one `group` stand below its name.
    """

    kind: ClassVar[str] = "table"
    rows: Entry = ""
    columns: tuple[Column, ...] = ()
    caption: Template = ""
    key: Entry = "name"
    chosen: Entry = ""  # marks a row; by default the picked one
    pick: str = ""
    also: tuple[tuple[str, Any], ...] = ()
    sort: str = ""
    best: str = ""
    group: Value | Template = ""


@dataclass(frozen=True)
class Button(Plain):
    """A button that sets parameters, each to a value, or does one of the page's actions, with values for its own
    parameters. It is shown as pressed while `pressed` is true, and cannot be pressed while `off` is."""

    label: Template
    sets: tuple[tuple[str, Value], ...] = ()
    act: str = ""
    name: str = ""
    pressed: Entry = ""
    off: Entry = ""
    primary: bool = False
    when: Entry = ""


@dataclass(frozen=True)
class Buttons(Block):
    """With `steps`, their name, those with `pressed` are steps: arrow keys go back and on."""

    kind: ClassVar[str] = "buttons"
    buttons: tuple[Button, ...] = ()
    words: Template = ""
    steps: str = ""


@dataclass(frozen=True)
class Work(Block):
    """A button that drives `steps` of a page with WORK "asked": start, stop, on (go on; while `begun` is true), again.

    Where the work begins by itself, it only runs it `again`.
    """

    kind: ClassVar[str] = "work"
    start: str = ""
    stop: str = ""
    on: str = ""
    again: str = ""
    begun: Entry = ""


@dataclass(frozen=True)
class Progress(Block):
    """How far a measurement has come; the bar goes when it is done."""

    kind: ClassVar[str] = "progress"
    done: Entry = ""
    of: Entry = ""
    text: Template = ""


@dataclass(frozen=True)
class Text(Block):
    """A text in its own letters and lines."""

    kind: ClassVar[str] = "text"
    label: Template = ""
    text: Entry = ""


@dataclass(frozen=True)
class Each(Block):
    """The same blocks for each item of a list, in columns that are at least `width` pixels wide."""

    kind: ClassVar[str] = "each"
    over: Entry = ""
    blocks: tuple[Block, ...] = ()
    width: int = 320


@dataclass(frozen=True)
class Beside(Block):
    """Blocks side by side, as many as there is room for."""

    kind: ClassVar[str] = "beside"
    blocks: tuple[Block, ...] = ()
    width: int = 260


@dataclass(frozen=True)
class Together(Block):
    """Blocks below each other: one column of `Beside`."""

    kind: ClassVar[str] = "together"
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class More(Block):
    """Blocks that open when the reader asks."""

    kind: ClassVar[str] = "more"
    summary: Template = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Code(Block):
    """The page's LIVE functions, which the reader may edit and run."""

    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Custom(Block):
    """The way out: what no kind draws is a component in web/views/<module>.js, which shows these entries. `sets`:
    parameters whose only control it is."""

    kind: ClassVar[str] = "custom"
    module: str = ""
    label: Template = ""
    read: Template = ""
    entries: tuple[Entry, ...] = ()
    sets: tuple[str, ...] = ()
