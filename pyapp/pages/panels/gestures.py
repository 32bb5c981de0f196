"""What the page Gestures shows: the pad, the classes, variants of a drawing, the training, how many drawings do."""

from dataclasses import replace

from pyapp.experiment.panels import (
    Button,
    Buttons,
    Column,
    Custom,
    Fact,
    Facts,
    Head,
    Panel,
    Progress,
    Table,
    Words,
)
from pyapp.experiment.pictures import Curves, Images, Line, loss_curves
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.digit_input import ASKED, IMAGE, TOLD
from pyapp.pages.base.measured import measured

VERSUS = (Head("float32", "float", "float"), Head("{bits_head}", "quant", "quant"))
NUMBERS = (1, 2, 5, 10)  # drawings of each class, in the order of the recipe
KINDS = (("picture", "plain picture"), ("directions", "directions"))
WITH = ("weights just rounded, one scale per layer", "float32 activations")
GROW = "The curves grow while the network learns."
DRAW = Panel("draw", "Draw", (
    Custom(module="draw", shape=IMAGE, what="gesture", entries=ASKED, blocks=TOLD,
           label="The {} by {} numbers that the network reads.".format(*IMAGE),
           caption="{} × {}, as the network reads it".format(*IMAGE)),
    Buttons(name="add", buttons=(
        Button("Add this drawing to “{chosen}”", act="add", name="add", primary=True),
        Button("New class", act="new", name="new"),
        Button("Undo last change", act="undo", name="undo-drawing", off="no_past"),
        Button("Start empty", act="empty", name="empty"))),
))
CLASSES = Panel("classes", "Classes", (
    Table(name="classes", rows="classes", pick="gesture", caption="Drawings and recognised held-out ones", columns=(
        Column("class", "{name}"), Column("drawings", "drawings:count"),
        Column("float32", "float:text", role="float"),
        Column("{bits_head}", "quant:text", role="quant"))),
    Words(role="doc", text="Every fifth drawing of a class is held out: the network does not learn it. The last two "
                           "columns count how many of these each network, float32 and [quantised](?quantisation), gets "
                           "right. Press a class to see its drawings and to add to it."),
    Images(name="drawings", pictures="drawings?", when="!absent", pick="picked", picked="one.at?", size="small",
           label="drawing {@i} of {chosen}"),
    Words(when="absent", name="no-drawings", text="There is no drawing of “{chosen}” yet: draw one and add it."),
    Buttons(buttons=(Button("Delete “{chosen}”", act="delete", name="delete", off="absent"),
                     Button("Save drawings", act="save", name="save-drawings", off="!count"))),
    Words(role="doc", text="Your drawings stay in this browser; nothing is uploaded. **Save drawings** writes a file "
                           "that **Open drawings** reads again, and that commands take: `python -m pyapp train mlp "
                           "--data gestures.npz`."),
), empty="The classes appear when Python has started.")
VARIANTS = Panel("variants", "One drawing and its variants", (
    Images(name="variants", pictures="variants_shown?", size="small", label="variant {@i} of the drawing"),
    Words(when="!params.variants", text="No variants: the network learns the drawings as they are."),
    Words(when="params.variants",
          text="Drawing {one.number} of “{chosen}”, and how it might have come out as well: rotated, stretched, "
               "slanted, with another wobble. Nobody draws a gesture a hundred times; variants let the network see "
               "what does not matter. Place and size need none: every drawing is moved to the middle and scaled "
               "first."),
    Images(name="pens", pictures="pens?", size="large",
           label="the points of the drawing, as the pen reported them and evenly spaced"),
    Words(text="Left, the {one.reported:count} points that the pen reported, close together where it was slow. Right, "
               "{one.even:count} points at equal distances: quick or slow, the same line gives the same numbers."),
), when="one?")
TRAINING = Panel("training", "Training", (
    Progress(name="learning", done="learning", of="of", text="{learning:count} of {of:count} steps"),
    Curves(name="accuracy-curves", label="Accuracy.", caption="accuracy on held-out drawings", format="percent",
           ticks="percent:0", floor=0.0, ceiling=1.0, empty=GROW, lines=(
               Line("float_accuracy", "float", "float32"), Line("quant_accuracy", "quant", "quantised"))),
    replace(loss_curves(Line("loss", "faint", "batch", thin=True)), empty=GROW),
    Facts(name="versus", caption="Float32 and quantised network", heads=VERSUS, facts=(
        Fact("accuracy", ("float_accuracy:percent:0", "quant_accuracy:percent:0"), "accuracy"),
        Fact("size", ("bytes_float:bytes", "bytes_quant:bytes"), "bytes"))),
    measured("the {held_out:count} held-out drawing{held_out:s}", *WITH),
), place="readouts")


def _row(i: int, number: int) -> Fact:
    """Accuracies with `number` drawings of each class."""
    at = "shipped.gestures.accuracies"
    return Fact(f"{number}", tuple(f"{at}.{kind}.{variants}.{i}.float:percent:1"
                                   for kind, _ in KINDS for variants in ("0", "6")))


ENOUGH = Panel("enough", "How many drawings are enough?", (
    Facts(name="enough", corner="drawings per class", caption="Accuracy by number of drawings",
          heads=tuple(Head(f"{title}{more}", name=f"{kind}-{i}") for kind, title in KINDS
                      for i, more in enumerate((", as drawn", ", with variants"))),
          facts=tuple(_row(i, number) for i, number in enumerate(NUMBERS))),
    Words(text="Accuracy in float32 on {shipped.gestures.n:count} other drawings of the six example classes. With "
               "directions, variants halve the mistakes from five drawings on, and do not help a single drawing. The "
               "plain picture cannot tell clockwise from anticlockwise, however many there are."),
), place="wide", when="shipped.gestures")
PANELS = (DRAW, CLASSES, VARIANTS, TRAINING, mistakes.PANEL, ENOUGH, export_buttons.panel(proven="drawings"))
