"""What the simulator shows: where each number lands, histograms, the tensor as pictures, and what is lost."""

from pyapp.experiment.panels import (
    Beside,
    Button,
    Buttons,
    Column,
    Custom,
    Each,
    Fact,
    Facts,
    Head,
    Heading,
    More,
    Panel,
    Table,
    Text,
    Words,
)
from pyapp.experiment.pictures import Axis, Chart, Heatmap, Histogram, Line

LANDING = ("{cell_values} → code {cell_codes:fixed:0} → {cell_after}, error {cell_error:signed:5} "
           "({fates.@cell_clipped})")
CELL = "row {@row}, column {@column}: {values} → code {codes:fixed:0} → {after}, error {error:signed:5}{clips.@clipped}"
IMAGES = (("values", "float32", "float", "limits.value"), ("after", "{form}", "quant", "limits.value"),
          ("error", "error, after − before", "", "limits.error"))
DRAWN = ("cell", "cell_values", "cell_after", "cell_clipped", "line_codes", "line_values", "window", "zoom")


def number_line(name: str, label: str, when: str = "") -> Custom:
    return Custom(name=name, module="number-line", label=label, read=LANDING, entries=DRAWN, when=when)


LINE = Panel("line", "Where each number lands", (
    Words(text="{owner} {cell.count:count} number{cell.count:s}{of_grid} (top), on the nearest of its orange "
               "lines{too_many}; below, each code and its real number. Red lines are clipped: those numbers lie "
               "outside the grid (shaded)."),
    Buttons(name="grid-shown", words="one of {grids:count} grids: {cell.place}", when="many", buttons=(
        Button("Previous", (("part", "cell.previous"),), name="grid-previous", off="cell.is_first"),
        Button("Next", (("part", "cell.next"),), name="grid-next", off="cell.is_last"))),
    number_line("number-line", "Number line: {cell.count:count} number{cell.count:s} on a grid from {cell.lowest} to "
                "{cell.highest}; the largest error is {cell.maximum}."),
    Words(role="caption", text="the framed piece, enlarged (move it with “Zoom position”)", when="cell.fine"),
    number_line("zoom-line", "Enlarged piece of the number line, at {params.zoom:count} % of the numbers; each error "
                "is at most {cell.maximum}.", when="cell.fine"),
    Words(role="caption", text="error of each number, over the same line: rounding stays within {half}, "
                               "±{cell.half_step}; clipping is red; the largest is {cell.maximum}"),
    Chart(name="error-line", label="Error of each number.", x="cell_values", across=Axis(ends="window"),
          up=Axis(ends="error_ends"), marks="half_steps", read=LANDING, height=200, lines=(
              Line("rounded_error?", "quant", x="rounded_x?", shape="dots"),
              Line("clipped_error?", "error", x="clipped_x?", shape="dots"))),
    Buttons(buttons=(Button("Back to random numbers", (("values", "nothing"),), name="unpaste", when="pasted"),
                     Button("New random numbers", (("seed", "next_seed"),), name="draw-anew", when="!pasted"))),
), empty="The number line appears when Python has started.")
BEFORE = Panel("histogram", "Before and after", (
    Words(text="How the numbers are distributed: [before, upwards](.float), and [after, downwards](.quant), each "
               "scaled to its own height (square-root scale)."),
    Histogram(name="histogram", label="Histogram before and after, {form}.", edges="edges", before="before",
              after="histogram"),
), empty="The histogram appears when Python has started.")


def at_a_glance(name: str, title: str, value: str, when: str) -> Each:
    """Other settings side by side: what each loses, and a button that chooses it."""
    return Each(over="glance", width=140, when=when, blocks=(
        Buttons(name=f"glance-sqnr-{{{name}}}", words="[{sqnr_db:decibels:1}](.quant)", buttons=(
            Button(title, ((value, name),), name=f"choose-{{{name}}}", pressed="chosen"),)),
        Histogram(name=f"glance-{{{name}}}", label=f"Histogram, {title}.", edges="edges", before="before",
                  after="landed", height=88, bare=True),
        Words(role="doc", text="max error {maximum}"), Words(role="doc", text="{bytes:bytes}")))


GLANCE = Panel("glance", "At a glance", (
    Words(text="Your settings at 2, 4, 8 and 16 bits. Choose one to see it in detail.", when="on_grid"),
    Words(text="The same numbers in formats with codes of 4 bits. Choose one to see it in detail.", when="!on_grid"),
    at_a_glance("bits", "{bits} bits", "bits", "on_grid"), at_a_glance("name", "{title}", "format", "!on_grid"),
    Words(name="db-a-bit", when="db_known",
          text="From 4 to 8 bits each bit brings **{db_a_bit:fixed:2} dB** here. Halving the step would bring 6.02 dB; "
               "{db_rest}"),
), empty="Four histograms appear when Python has started.")
ERRORS = Panel("errors", "What is lost", (
    Words(text="Signal to noise ([SQNR](?sqnr)) in decibels, and the error |x − x̂| over {count:count} "
               "number{count:s}."),
    Words(text="Exact: every number lies on the grid{lone}.", when="errors.exact"),
    Facts(facts=(Fact("SQNR", ("errors.sqnr_db:decibels:2",), "sqnr", "quant"),
                 Fact("mean error", ("errors.mean",), "mean-error"),
                 Fact("maximum error", ("errors.maximum",), "max-error"),
                 Fact("mean squared error", ("errors.mse:scientific",), "mse"))),
    Heading(text="Rounding and clipping separately"),
    Words(text="Their parts of the mean error and of the mean squared error add up to the numbers above."),
    Table(name="shares", rows="shares", caption="Their shares of the squared error", when="!errors.exact", columns=(
        Column("of the squared error", "name"), Column("share", "share:percent"),
        Column("", bar=("share",), roles=("{role}",)))),
    Facts(heads=(Head("rounding", "quant"), Head("clipping", "bad")), facts=tuple(
        Fact(label, tuple(f"errors.{cause}.{value}" for cause in ("rounding", "clipping")))
        for label, value in (("numbers", "count:count"), ("mean error", "mean"), ("maximum", "maximum"),
                             ("squared", "mse:scientific")))),
    Words(text="{clip_words}", when="clip_words"),
), place="readouts", empty="Measured when Python has started.")
GRIDS = Panel("grids", "{grids_title}", (
    Words(text="{grids_words}"),
    Facts(facts=(
        Fact("codes", ("{low:fixed:0} to {high:fixed:0}",), "code-range"),
        Fact("codes in use", ("{codes_used:count} of {codes_there:count}",), "codes-used"),
        Fact("scale{shown}", ("cell.scale",), "scale", "quant"),
        Fact("zero point{shown}", ("cell.zero_point:fixed:0",), "zero-point", "quant", when="on_grid"),
        Fact("smallest scale", ("scale_min",), "scale-min", when="many"),
        Fact("largest scale", ("scale_max",), "scale-max", when="many"),
        Fact("numbers that became 0", ("zeros:count",)))),
    Words(text="The groups do not divide a row: its last one has {short_group:count} number{short_group:s}.",
          when="short_group"),
), place="readouts", when="cell")
SIZE = Panel("size", "Size", (
    Words(text="Codes are packed bit by bit and each [scale](?scale) takes four bytes; [zero points](?zero-point) are "
               "stored only if one is not 0.", when="on_grid"),
    Words(text="Codes are packed bit by bit, and the format says how its scales are stored.",
          when="!on_grid"),
    Facts(facts=(
        Fact("codes", ("bytes.codes:bytes",), "bytes-codes"),
        Fact("scales{and_zeros}", ("bytes.grids:bytes",), "bytes-grids"),
        Fact("total", ("bytes.all:bytes",), "bytes-all", "quant"),
        Fact("bits per number", ("bytes.each:fixed:2",), "bits-each"),
        Fact("as float32", ("bytes.float:bytes",), "bytes-float", "float"),
        Fact("share of float32", ("bytes.ratio:percent",), "bytes-ratio"))),
), place="readouts", when="bytes")
TENSOR = Panel("tensor", "The tensor, number by number", (
    Words(text="Rows are output channels. Point at a cell, or focus a picture and use the arrow keys, to read the "
               "float32 value, its code, and the value after. Values share one scale of colours; errors have their "
               "own, as wide as the largest error."),
    Beside(width=280, blocks=tuple(
        Heatmap(name=f"matrix-{array}", array=array, label=f"{title}.", limit=limit, role=role,
                caption=f"{title}, full colour at ±{{limit_shown}}", read=CELL)
        for array, title, role, limit in IMAGES)),
    More(summary="All {count:count} codes as text", blocks=(
        Text(name="codes-text", label="Codes, one row per line", text="codes_text"),)),
), place="wide", empty="Three pictures appear when Python has started.")
PANELS = (LINE, BEFORE, GLANCE, ERRORS, GRIDS, SIZE, TENSOR)
