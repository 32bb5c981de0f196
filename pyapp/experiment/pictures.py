"""Panels' charts and pictures; `panels` explains entries, values and templates."""

from pyapp.experiment.declarations import Plain, declaration
from pyapp.experiment.panels import Block, Entry, Template, Value


@declaration
class Axis(Plain):
    """ends: an entry with the two ends of the axis; ticks: one with [{at, text}], else round numbers are chosen."""

    title: Template = ""
    ends: Entry = ""
    log: bool = False
    ticks: Entry = ""
    format: str = "scalar"


@declaration
class Line(Plain):
    """A line of a chart. shape: line, steps or dots. In `Curves`, y is a name of the history.

    `aside`: it does not stretch the axis. `hollow`: an entry with truths, one per point. `dash`: true, or the lengths
    of dashes and gaps, so that lines of one colour can be told apart.
    """

    y: Entry
    role: str = "float"
    label: Template = ""
    x: Entry = ""
    shape: str = "line"
    thin: bool = False
    dash: bool | str = False
    aside: bool = False
    hollow: Entry = ""


@declaration
class Picture(Block):
    """What all charts have: words for those who do not see it, words above it, and a height in pixels."""

    label: Template = ""
    caption: Template = ""
    height: int = 220


@declaration
class Chart(Picture):
    """Lines over the numbers `x`, read by pointer and arrow keys.

    lines: declared here, or an entry with such lines as data (y and x may be lists of numbers there)
    marks: an entry with [{kind, x, y, to, text, role, hollow}]; kinds: vertical, horizontal, band, point, ring, square,
        thread
    read: the exact values of the element @i in words, in `read_lines` lines
    pick: a parameter that a drag along x sets; `at` is the element where its point is
    told: what stands below it where how the lines go says nothing
    """

    x: Entry = ""
    lines: tuple[Line, ...] | Entry = ()
    read: Template = ""
    read_lines: int = 1
    across: Axis = Axis()
    up: Axis = Axis()
    marks: Entry = ""
    pick: str = ""
    at: Entry = ""
    told: Template = ""


@declaration
class Goal(Plain):
    """A dashed line across the curves, at a number that is known before they begin, such as a baseline."""

    text: Template
    value: Value
    role: str = "float"


@declaration
class Curves(Picture):
    """Lines that grow over training steps while the page works; those of a pinned run stay, dashed.

    goals: lines to compare with, there before the first point.
    ends: an entry with both ends of the axis; else floor and ceiling where they are fixed, and the data where not.
    least: the lowest ceiling that the data may have; empty: what is shown before the second point.
    """

    lines: tuple[Line, ...] = ()
    goals: tuple[Goal, ...] = ()
    format: str = "fixed:3"  # of the values
    ticks: str = "scalar"  # the format of the axis
    ends: Entry = ""
    floor: float | None = None
    ceiling: float | None = None
    least: float | None = None
    empty: Template = ""
    height: int = 168


@declaration
class Histogram(Picture):
    """How many numbers lie in each bin: `before` in ink upwards, `after` in orange downwards, square-root scale.

    edges: one more than the counts. lines, used: a grid's lines and whether a number lies on each; ends: of a grid that
    is too fine for lines.
    """

    edges: Entry = ""
    before: Entry = ""
    after: Entry = ""
    lines: Entry = ""
    used: Entry = ""
    ends: Entry = ""
    height: int = 160
    bare: bool = False  # without numbers below


@declaration
class Bars(Picture):
    """Rows of bars below each other, one bar per label, all on one scale; read by pointer and arrow keys.

    lanes: lines, of which y, role and label count; limit: the value of a full bar; picked: the label in bold
    read: the exact values of the bar @i in words
    """

    labels: Entry = ""
    lanes: tuple[Line, ...] = ()
    limit: Entry = ""
    picked: Entry = ""
    read: Template = ""
    height: int = 256


@declaration
class Heatmap(Picture):
    """An array [rows, columns] or [tiles, rows, columns] as an image, one colour per value.

    limit: the value that gets the full colour; images with the same limit share a scale. Beside a pinned run it is the
    larger one of both, which is limit_shown in `caption`. map: signed, grey or bands.
    read: a cell in words, with @row, @column and @tile.
    pick: parameters that a click or Enter sets; kept: what is marked, [tile, row, column] or [tile], or one entry with
    that.
    over: an array [rows, columns] of 0 to 1 laid over each tile as ink.
    """

    array: Entry = ""
    limit: Entry = ""
    read: Template = ""
    role: str = ""
    map: str = "signed"
    height: int = 320
    pick: tuple[tuple[str, Value], ...] = ()
    kept: tuple[Entry, ...] = ()
    over: Entry = ""
    tiles_across: Entry = ""
    gap: int = 2
    loupe: bool = False


@declaration
class Scale(Block):
    """The colour scale of heatmaps above it."""

    limit: Entry = ""
    what: Template = ""
    map: str = "signed"  # or "grey"


@declaration
class Images(Block):
    """Small pictures [N, rows, columns] of bytes, 255 is ink, with words below each. `pick` makes them buttons, and so
    does `puts`, an entry with numbers of held-out digits: a press puts that digit on the pad."""

    label: Template = ""  # of the picture @i
    pictures: Entry = ""
    words: Template = ""
    pick: str = ""
    puts: Entry = ""
    value: Value = "@i"  # what the parameter becomes
    picked: Entry = ""
    size: Template = ""


def loss_curves(*lines: Line, goals: tuple[Goal, ...] = ()) -> Curves:
    """The losses of a training that the reader plays, in nats."""
    return Curves(name="loss-curves", label="Loss.", caption="loss in nats", floor=0.0, least=0.1, ticks="scalar",
                  empty="Press Play: the curves grow here.", lines=lines, goals=goals)
