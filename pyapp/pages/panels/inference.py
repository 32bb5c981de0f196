"""What the page about float and integer inference shows: a digit through both networks, then all that differ."""

from pyapp.experiment.panels import Beside, Column, Fact, Facts, Head, Panel, Table, Together, Words
from pyapp.experiment.pictures import Heatmap, Images
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.digit_input import DRAW
from pyapp.pages.base.measured import measured

LAYERS = (("input", "pixels", 168, "row {@row}, column {@column}"), ("hidden1", "after layer 1", 96, "neuron {@i}"),
          ("hidden2", "after layer 2", 48, "neuron {@i}"),
          ("logits", "scores", 24, "digit {read.outputs.@column.digit}"))


def codes(i: int, name: str, title: str, height: int, place: str) -> Together:
    """The codes of one activation, and its grid."""
    return Together(blocks=(
        Heatmap(name=f"codes-{name}", caption=title, label=f"Codes, {title}.", array=f"read.codes_{name}",
                map="grey", limit=f"read.layers.{i}.high", height=height,
                read=f"{place}: code {{read.codes_{name}:fixed:0}}"),
        Words(role="doc", name=f"grid-{name}", text=f"{{read.layers.{i}.words}}")))


CODES = Panel("codes", "Codes between the layers", (
    Words(text="Draw a digit, and its codes appear here.", when="!read"),
    Words(text="{read.codes_words}", when="read"),
    Beside(when="read.layers?", width=140, blocks=tuple(codes(i, *layer) for i, layer in enumerate(LAYERS))),
))
GAP = Panel("gap", "Difference of the outputs", (
    Words(text="The scores before softmax, from the float32 network and from the [quantised](?quantisation) one, for "
               "the digit on the pad."),
    Words(when="read", text="Largest difference: {read.logit_difference:fixed:3} in a score, "
                            "{read.difference:percent:2} in a probability."),
    Table(name="gap", rows="read.outputs", key="digit", when="read", caption="Scores of both networks", columns=(
        Column("digit", "digit"), Column("float32", "float:fixed:3", role="float"),
        Column("quantised", "quantised:fixed:3", role="quant"), Column("score", "score:signed:3"),
        Column("probability", "{points:signed:2} %", name="probability"))),
), place="readouts")
COUNT = Panel("count", "On {held_out:count} test digits", (
    Words(text="{counted_words} {done:count} compared so far."),
    Facts(name="count", caption="Float32 and quantised network on the test digits",
          heads=(Head("float32", "float", "float"), Head("quantised", "quant", "quant")), facts=(
              Fact("accuracy", ("float_accuracy:percent:2", "accuracy:percent:2"), name="accuracy"),
              Fact("size", ("bytes_float:bytes", "bytes:bytes"), name="bytes"))),
    measured("{done:count} shipped test images", "{weights_words}", "{activations_words}"),
    Facts(name="differences", caption="What differs", facts=(
        Fact("changed predictions", ("changed:count",)), Fact("right before, wrong now", ("lost:count",)),
        Fact("wrong before, right now", ("won:count",)),
        Fact("wrong both times, but differently", ("other:count",)),
        Fact("mean difference of a score", ("mean_gap:fixed:4",)),
        Fact("largest difference of a score", ("largest_gap:fixed:3",)))),
    Words(role="note", name="refusal", text="{refusal_words}", when="refusal_words"),
    Words(role="note", name="agreement", when="agreement", good="agree",
          text="Integers versus simulation: {agreement}; the logit codes differ for {logits_differ:count} of "
               "{done:count} digit{done:s}, by at most {code_difference:count}."),
), place="readouts")
CHANGED = Panel("changed", "Changed predictions", (
    Words(text="{changed_words}"),
    Images(name="changed-digit", when="listed", pictures="changed_images", size="changed", puts="changed_index",
           label="Its label is {changed_label}: float32 says {changed_float}, quantised says {changed_quant}.",
           words="[{changed_float}](.float) → [{changed_quant}](.quant) [label {changed_label}](.doc)"),
), place="wide")
PANELS = (DRAW, CODES, GAP, COUNT, CHANGED, mistakes.PANEL, export_buttons.panel())
