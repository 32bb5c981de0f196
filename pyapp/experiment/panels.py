"""Panels: what a page shows, declared as plain data. They name entries of the frame; the shell draws them.

An entry is a dotted path: "logits.rows" is frame.scalars["logits"]["rows"]. Its first name is looked up in the item
that is being drawn (a row of a table, an item of `Each`), then in the frame's scalars, its arrays and `params`; "step"
is the frame's step. "@i", "@row", "@column" and "@tile" are the position of the element that is read or picked, counted
from 1; inside a path they are its index: "keys.@column" is the element of keys at that column. "@mask", where mask is
an array, is that array's value at the element: "fates.@mask". While an element is read, the name of an array means that
element. "@index" is the position of an item. "shipped.mlp" is the recipe of shipped weights (Page.SHIPPED), known
before Python has started. An entry that may be missing ends in "?"; any other missing entry is an error.

A value is an entry with a format: "errors.mean:fixed:4". Formats: scalar (the default), count, fixed:n, percent:n,
signed:n (plain signed turns scientific where it is tiny), bytes, megabytes, scientific, small, decibels:n,
milliseconds, words (a list with commas; words:n writes each with n digits), text, s ("s", or nothing after a lone 1).

A template is a sentence with values in braces: "{logits.rows:count} row{logits.rows:s} of **N** = {logits.n}". It may
have **bold**, `code`, $z_a$ (TeX, without braces) and [words](#page), a link;
[words](?zero-point) are explained by the glossary, pyapp/pages/base/glossary.py; [words](.quant) have the colour of a
role: float, quant, good, bad, faint, muted. A role may be an entry: [words](.{role}).
"""

from typing import Any, NewType

from pyapp.experiment.declarations import Plain, declaration

Entry = NewType("Entry", str)  # a dotted path, "" for none; as a condition, "!path" means the opposite
Value = NewType("Value", str)  # an entry with a format
Template = NewType("Template", str)


@declaration(kw_only=True)
class Block(Plain):
    """A part of a panel. `name` is for tests and links; with `when` it is only shown while that entry is true."""

    name: str = ""
    when: Entry = ""

    @property
    def kind(self) -> str:
        """The name by which the shell knows how to draw it."""
        return type(self).__name__.lower()

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **super().as_dict()}


@declaration
class Panel(Plain):
    """Blocks below a heading, if it has a title. place: "stage", "readouts" (at the right) or "wide" (below both).

    `empty` is shown until Python has answered; with `when` the panel is only shown while that entry is true. With
    `told` it is the section of the story that has this title.
    """

    name: str
    title: Template
    blocks: tuple[Block, ...] = ()
    place: str = "stage"
    empty: Template = ""
    when: Entry = ""
    told: bool = False


@declaration
class Words(Block):
    """One or more sentences. role: about, doc, note, finding, caption, summary, sentence or plain; `good`, a truth,
    colours them."""

    text: Template = ""
    role: str = "about"
    good: Entry = ""
    over: Entry = ""  # one paragraph for each item of a list


@declaration
class Heading(Block):
    """A heading within a panel."""

    text: Template = ""


@declaration
class Fact(Plain):
    """A line of `Facts`: its label and its values, one per head. An empty value leaves its cell empty."""

    label: Template
    values: tuple[Value | Template, ...]
    name: str = ""
    role: str = ""  # of a lone value's colour
    when: Entry = ""
    chosen: Entry = ""  # marks the line


@declaration
class Head(Plain):
    """A column of `Facts` with several values per line; `role` gives its colour."""

    title: Template
    role: str = ""
    name: str = ""


@declaration
class Facts(Block):
    """Named values. With `heads` each has several, side by side; with `cards` they form a row, a label above each.

    The values of a pinned run that the reader compares with stand beside them. `corner` heads the column of labels.
    """

    facts: tuple[Fact, ...] = ()
    heads: tuple[Head, ...] = ()
    corner: Template = ""
    caption: Template = ""
    cards: bool = False
    live: bool = False  # a change is read out


@declaration
class Column(Plain):
    """A column of a table. Its title begins in lower case, as labels do, unless it begins with a name or a symbol.
    `about` is a line below the value; `bad`, where true, colours the value.

    With `blocks` the cells hold these, looked up in their row; `value` is then what is copied. With `bar`, a share from
    0 to 1 (several for bars below each other), the cells hold bars in the colours of `roles`. Pressing the heading sets
    the parameter `Table.sort` to `sort`.
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
    both: bool = False  # the bar, a share from -1 to 1, starts in the middle; its sign decides its colour
    sort: str = ""
    largest: bool = False  # the best is the largest
    order: str = ""  # of the sorted column in ARIA's terms, where it is neither ascending nor descending
    follows: bool = False  # the column is ordered by another one
    prose: bool = False  # words that may wrap, at the left
    blocks: tuple[Block, ...] = ()
    when: Entry = ""


@declaration
class Table(Block):
    """A row for each item of the list `rows`; the first column is the heading of its row.

    pick: the parameter that a press on a row sets to the row's `key`; that row is marked. `also`: what else it sets.
    sort, best: the parameters that hold the column by which rows are ordered, and whether the best come first.
    group: rows with the same value are listed below it.
    tall: a long list scrolls within the panel, so that what stands below it is not pushed away.
    """

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
    tall: bool = False


@declaration
class Button(Plain):
    """A button that sets parameters, or does one of the page's actions with values for that action's parameters. It
    shows as pressed while `pressed` is true, and is disabled while `off` is."""

    label: Template
    sets: tuple[tuple[str, Value], ...] = ()
    act: str = ""
    name: str = ""
    pressed: Entry = ""
    off: Entry = ""
    primary: bool = False
    when: Entry = ""


@declaration
class Buttons(Block):
    """Buttons in a row. With `steps`, their name, those with `pressed` are steps: arrow keys go back and forth."""

    buttons: tuple[Button, ...] = ()
    words: Template = ""
    steps: str = ""


@declaration
class Work(Block):
    """A button that drives `steps` of a page with WORK "asked"; its labels are start, stop, on (to continue, while
    `begun` is true) and again. Where the work starts by itself, the button only runs it `again`."""

    start: Template = ""
    stop: Template = ""
    on: Template = ""
    again: Template = ""
    begun: Entry = ""


@declaration
class Progress(Block):
    """How far a measurement has come; the bar disappears when it is done."""

    done: Entry = ""
    of: Entry = ""
    text: Template = ""


@declaration
class Text(Block):
    """Preformatted text; with `wraps` long lines are broken."""

    label: Template = ""
    text: Entry = ""
    wraps: bool = False


@declaration
class Each(Block):
    """Blocks that are repeated for each item of a list, in columns that are at least `width` pixels wide."""

    over: Entry = ""
    blocks: tuple[Block, ...] = ()
    width: int = 320


@declaration
class Beside(Block):
    """Blocks side by side, as many as there is room for."""

    blocks: tuple[Block, ...] = ()
    width: int = 260


@declaration
class Together(Block):
    """Blocks below each other: one column of `Beside`."""

    blocks: tuple[Block, ...] = ()


@declaration
class More(Block):
    """Blocks that open when the reader asks."""

    summary: Template = ""
    blocks: tuple[Block, ...] = ()


@declaration
class Code(Block):
    """The page's LIVE functions, which the reader may edit and run."""



@declaration
class Custom(Block):
    """A component in web/views/<module>.js, which shows these entries as no other kind does, and has a place for
    `blocks`. `shape`: that of the drawn array, to keep its place until it is there; `what`: the thing that a reader
    draws, if it is not a digit."""

    module: str = ""
    label: Template = ""
    caption: Template = ""
    shape: tuple[int, ...] = ()
    read: Template = ""
    entries: tuple[Entry, ...] = ()
    what: str = ""
    blocks: tuple[Block, ...] = ()
