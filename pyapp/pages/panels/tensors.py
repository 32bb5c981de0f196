"""What the page Tensors shows: the list, one tensor in every format, where a format errs, and two files compared."""

from pyapp.experiment.panels import (
    Beside,
    Column,
    Fact,
    Facts,
    Panel,
    Progress,
    Table,
    Together,
    Words,
)
from pyapp.experiment.pictures import Axis, Chart, Heatmap, Histogram
from pyapp.pages.base import tensor_exports, tensor_outputs

LIST = Panel("list", "The tensors in {file}", (
    Words(text="Formats: the highest [SQNR](?sqnr) within {params.bits:fixed:2} bits per number, scales counted."),
    Table(name="tensors", rows="rows", pick="tensor", sort="sort", best="largest", caption="Tensors", tall=True,
          columns=(
              Column("tensor", "{title}", about="{note}", sort="name"),
              Column("format", "format", role="quant", sort="format"),
              Column("bits", "bits:fixed:2", sort="bits", largest=True),
              Column("SQNR", "sqnr:text", "sqnr_db", role="quant", sort="sqnr_db", largest=True),
              Column("mean |x|", "mean_magnitude:small", sort="mean_magnitude", largest=True),
              Column("max |x|", "maximum:small", sort="maximum", largest=True),
              Column("kurtosis", "kurtosis:fixed:2", sort="kurtosis", largest=True),
              Column("zeros", "zeros:percent:2", sort="zeros", largest=True),
              Column("beyond 4\u00a0σ", "outliers:percent:2", sort="outliers", largest=True),
              Column("shape", "shape", sort="shape"), Column("type", "dtype", sort="dtype"))),
    Progress(done="done", of="of", text="{done:count} of {of:count} measurements"),
    Words(role="note", text="{cut}", when="cut"),
), empty="The list appears when Python has started.")
PAIRS = Panel("pairs", "{file} and {other}", (
    Words(text="Tensors that have the same name and shape in both files, the worst first: x is from {file}, y from "
               "{other}. Codes with scales of their own are decoded first."),
    Progress(done="paired", of="pairs_of", text="{paired:count} of {pairs_of:count} tensors compared"),
    Table(name="pairs", rows="pairs", caption="Differences of two files", tall=True, when="pairs_of", columns=(
        Column("tensor", "{title}", about="{note}"), Column("SQNR", "sqnr:text", "sqnr_db", role="quant"),
        Column("mean |x − y|", "mean_difference:small"), Column("max |x − y|", "maximum_difference:small"),
        Column("shape", "shape"), Column("type", "dtype"), Column("other", "other_dtype"))),
    Words(role="note", text="{alone}", when="alone"),
    Words(text="Perhaps these are the same: their numbers correlate.", when="candidates"),
    Table(name="candidates", rows="candidates", key="first", when="candidates", caption="Renamed or transposed",
          columns=(Column("tensor", "{first_title}"), Column("in the other file", "{second_title}", prose=True),
                   Column("how", "how"), Column("correlation", "correlation:fixed:3"))),
), when="other")
ONE = Panel("one", "One tensor in every format", (
    Table(name="formats", rows="formats", pick="format", caption="This tensor in every format", tall=True, columns=(
        Column("format", "title"), Column("bits per number", "bits:fixed:3", role="quant"),
        Column("SQNR", "sqnr:text", "sqnr_db"), Column("", bar=("share",), roles=("quant",)),
        Column("largest error", "maximum:small"), Column("bytes", "bytes:bytes"))),
    Words(text="**{chosen.name}**: {chosen.shape}, {chosen.dtype}, {chosen.bytes:bytes} in the file{chosen.because}. "
               "Choose a format to see below where its errors lie."),
    Facts(cards=True, live=True, facts=(Fact("mean |x|", ("chosen.mean_magnitude:small",)),
                             Fact("max |x|", ("chosen.maximum:small",)),
                             Fact("kurtosis", ("chosen.kurtosis:fixed:2",)),
                             Fact("zeros", ("chosen.zeros:percent:2",)),
                             Fact("beyond 4\u00a0σ", ("chosen.outliers:percent:3",)),
                             Fact("NaN, infinite", ("chosen.not_finite:count",)))),
), empty="Measured when Python has started.")
MAP = Panel("map", "Where {form} errs", (
    Words(role="note", text="{refused}", when="refused"),
    Beside(width=320, when="pictured", blocks=(
        Together(blocks=(
            Words(role="caption", text="its numbers [before, upwards](.float), and [after, downwards](.quant), each "
                                       "scaled to its own height (square-root scale)"),
            Histogram(name="histogram", label="Histogram before and after {form}.", edges="edges?", before="before?",
                      after="after?", height=200),
            Chart(name="levels", label="The numbers of {form} on the axis of the histogram.", x="levels?",
                  lines="level_rows", across=Axis(ends="axis_ends", ticks="level_ticks"),
                  up=Axis(ends="level_ends", ticks="level_ticks"), height=72, read="{form} has {levels}"),
            Words(role="caption", text="the values that {form} can represent, on the same axis: {level_words}"))),
        Together(blocks=(
            Heatmap(name="error-map", array="lost?", label="Error of {form} by channel and block.", limit="map_limit",
                    caption="error by channel and block: a row is {row_is}, a cell {cell_is}; full colour is "
                            "{limit_shown:percent:1} of the tensor's root mean square",
                    height=320, read="row {channels.@row:count}, from number {starts.@column:count} on: error "
                                     "{lost:percent:2} of the root mean square"),)))),
    Words(text="{shown_part}", when="pictured"),
), empty="The pictures appear when Python has started.")
WEIGHT = Panel("weight", "What {file} would weigh", (
    Facts(cards=True, live=True, facts=(
        Fact("tensors", ("tensors:count",), "tensor-count"), Fact("numbers", ("numbers:count",)),
        Fact("the file now", ("bytes:bytes",), "now"),
        Fact("in these formats", ("then:bytes",), "then", "quant"),
        Fact("share of its bytes", ("ratio:percent:1",), "ratio"),
        Fact("kept as they are", ("kept:count",)))),
    Words(role="finding", text="These tensors lose most, the worst first: {worst}.", when="worst"),
), empty="The sizes appear when Python has started.")
PANELS = (LIST, PAIRS, ONE, MAP, tensor_outputs.PANEL, WEIGHT, tensor_exports.PANEL)
