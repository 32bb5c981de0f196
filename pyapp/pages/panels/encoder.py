"""What the page of the encoder shows: the answer, where its heads look, and what bits of the scores are worth."""

from pyapp.experiment.panels import Beside, Column, Fact, Facts, Head, Panel, Progress, Table, Words
from pyapp.experiment.pictures import Axis, Bars, Chart, Heatmap, Line, Scale
from pyapp.measure import published
from pyapp.softmax.compare import BITS

ANSWER = Panel("answer", "Who is it?", (
    Words(name="answers", text="In float32: [{float_says}](.float). With {bits}-bit scores: [{quant_says}](.quant)."),
    Bars(name="classes", label="Probability of each person, float32 and quantised.", labels="people", limit="full",
         picked="answer", height=200, read="{people.@i}: float32 {p_float:percent:2}, quantised {p_quant:percent:2}",
         lanes=(Line("p_float", "float", "float32"), Line("p_quant", "quant", "quantised"))),
    Words(role="note", name="unknown", text="{unknown}", when="unknown"),
), empty="The answer appears when Python has started.")


def matrix(name: str, caption: str, role: str = "") -> Heatmap:
    """The picked head's attention: float, quantised, or the difference."""
    error = name == "error"
    number = f"map_{name}:{'signed' if error else 'fixed'}:4"
    return Heatmap(name=f"map-{name}", label=f"Attention of the picked head, {caption}.", caption=caption, role=role,
                   array=f"map_{name}", limit="limits.error" if error else "limits.map", height=300,
                   map="signed" if error else "grey", read=f"{{tokens.@row}} → {{tokens.@column}}: {{{number}}}")


def all_heads(side: str, caption: str) -> Heatmap:
    """One picture per head, a line per layer."""
    return Heatmap(name=f"heads-{side}", label=f"Attention of all heads, {caption}.", caption=caption, role=side,
                   array=f"heads_{side}", limit="limits.heads", map="grey", tiles_across="heads", gap=4,
                   read=f"head {{names.@tile}}: {{tokens.@row}} → {{tokens.@column}}: {{heads_{side}:fixed:4}}",
                   pick=(("layer", "layers.@tile"), ("head", "numbers.@tile")), kept=("kept",))


MAPS = Panel("maps", "Layer {layer}, head {head}: who looks at whom", (
    Beside(width=88, blocks=(matrix("float", "float32", "float"), matrix("quant", "quantised", "quant"),
                              matrix("error", "quantised − float32"))),
    Words(name="looks", text="The answer is read from [CLS], a mark put before the story; it is the first row. In "
                             "float32 it looks at [{float_looks}](.float), with {bits}-bit scores at "
                             "[{quant_looks}](.quant)."),
    Scale(limit="limits.error", what="Differences"),
    Words(role="doc", text="Each row is a word that looks, each column one that is looked at; rows sum to 1. Few bits "
                           "make steps out of attention: if the steps are too coarse, the network attends to the wrong "
                           "word."),
), empty="The maps appear when Python has started.")
EXAMPLES = Panel("stories", "Other stories", (
    Words(text="A small encoder with the blocks of MobileBERT reads your story and names one of six people. Others in "
               "the story do the same to somebody else, or something else to the same person, so the answer needs "
               "attention: counting words is right in "
               "{shipped.encoder.metrics.held_out.bag_of_words:percent} of held-out stories, this network in "
               "{shipped.encoder.metrics.held_out.accuracy:percent:2}."),
    Table(name="examples", caption="Held-out stories to try", rows="examples", key="text", pick="text",
          columns=(Column("story", "text", prose=True), Column("answer", "answer"))),
), empty="The stories appear when Python has started.")
HEADS = Panel("heads", "All heads", (
    Words(text="One line per layer. Click a head to see it large."),
    Beside(width=200, blocks=(all_heads("float", "float32"), all_heads("quant", "quantised"))),
    Table(name="l1", caption="L1 per row of each head, 0 to 2", rows="rows", key="name", chosen="chosen", columns=(
        Column("head", "name"), Column("this story", "here:fixed:4", role="quant"),
        Column("held-out stories: {compared:count}", "mean:fixed:4", role="quant"))),
), place="readouts", empty="The heads appear when Python has started.")
CURVE = Panel("curve", "Accuracy against bits", (
    Words(text="Share of {count_of:count} held-out stories that are answered correctly, by bits per attention score. "
               "[Scales](?scale) come from other stories. In grey, the same method without a [shift](?shift), and the "
               "float [softmax](?softmax) of the rounded scores."),
    Chart(name="accuracy", label="Accuracy at 2 to 8 bits.", caption="{curve_words}", x="widths", lines="lines",
          up=Axis(ends="range", format="percent:0"), marks="marks", height=240, read="{readings.@i}",
          pick="logit_bits", at="at"),
    Progress(name="counted", done="done", of="all", text="{counted_words}"),
    Facts(name="chosen", caption="The chosen settings", heads=(
        Head("float32", "float", "float"), Head("quantised", "quant", "quant")), facts=(
            Fact("accuracy", ("float_accuracy:percent:2", "accuracy:percent:2"), "accuracy"),
            Fact("stories counted", ("float_counted:count", "counted:count"), "stories"),
            Fact("changed answers", ("", "changed:count"), "changed"),
            Fact("L1 per row, mean of heads", ("", "mean_l1:fixed:4"), "mean-l1"))),
), empty="The curve appears when Python has started.")
METHOD = Panel("method", "Softmax: {method.title}", (
    Words(name="method-about", text="{method.about}"), Words(role="note", text="{method.breaks}", when="method.breaks"),
), place="readouts", when="method")
MEASURED = Panel("measured", "Measured so far: method × shift × bits", (
    Words(text="Every method and shift that you choose stays here."),
    Table(name="measured", caption="Accuracy by method, shift and bits", rows="measured", chosen="chosen", columns=(
        Column("method", "title"), Column("shift", "shift"),
        *(Column(f"{bits} bits", f"accuracies.{i}:percent", name=str(bits), role="quant")
          for i, bits in enumerate(BITS)))),
), place="wide", empty="The table appears when Python has started.")
PUBLISHED = Panel("published", "Published: MobileBERT on SST-2", (
    Words(text="Accuracy of the 25-million-parameter model on film reviews, from the logs of a semester project at ETH "
               f"Zürich (2024): float32 {100 * published.FLOAT:.1f} %, chance {100 * published.CHANCE:.1f} %. In those "
               "logs 6 bits are enough; at 4 bits the method matters. Each figure is one run. The shift there is one "
               "constant for the whole tensor, and I-BERT’s range reduction has an error that the 12-bit ln 2 row does "
               "not."),
    Table(name="published", caption="Published accuracy by method and bits", rows="published", columns=(
        Column("method", "name"), *(Column(f"{bits} bits", f"accuracies.{i}:percent", name=str(bits))
                                    for i, bits in enumerate(published.BITS)))),
), place="wide", empty="The table appears when Python has started.")
PANELS = (ANSWER, MAPS, EXAMPLES, CURVE, HEADS, METHOD, MEASURED, PUBLISHED)
