"""What the page that trains in float32 shows: the pad, the first layer, the training, and float beside quantised."""

from pyapp.experiment.panels import Beside, Button, Buttons, Fact, Facts, Head, Panel, Words
from pyapp.experiment.pictures import Curves, Goal, Heatmap, Line, Scale, loss_curves
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.digit_input import DRAW
from pyapp.pages.base.measured import measured
from pyapp.pages.base.own_data import PANEL as OWN_DATA

BITS = (8, 6, 4, 3, 2)  # that the recipe was measured with
VERSUS = (Head("float32", "float", "float"), Head("{bits_head}", "quant", "quant"))
WEIGHTS = Panel("weights", "What the first layer looks for", (
    Words(text="One image for each of the {neurons} neurons: orange pixels excite it, blue ones inhibit it. "
               "{weights_words}"),
    Beside(width=240, blocks=tuple(Heatmap(
        name=name.replace("_", "-"), array=f"{name}?", when=f"{name}?", limit="filter_limit", caption=caption,
        role=role, height=600, loupe=True, label=f"First-layer weights, {{neurons}} images of 28 by 28, {caption}.",
        read=f"neuron {{@tile}}, row {{@row}}, column {{@column}}: {{filters:signed:4}}{more}")
        for name, caption, role, more in (
            ("filters", "float32", "float", ""),
            ("filters_quant", "{bits_head}", "quant", ", quantised {filters_quant:signed:4}")))),
    Words(role="empty", text="The images appear when Python has started.", when="!filters?"),
    Scale(limit="filter_limit", what="weight", when="filters?"),
))
WITH = ("weights just rounded, one scale per layer", "float32 activations")
SHIPPED = Panel("shipped", "Shipped results", (
    Words(text="Accuracy of the pretrained weights on MNIST’s {shipped.mlp.metrics.test.n:count} official test "
               "images."),
    Facts(name="shipped", caption="Accuracy of the shipped weights",
          heads=(Head("float32", "float", "float"), *(Head(f"{bits} bits", "quant") for bits in BITS)),
          facts=(Fact("", ("shipped.mlp.metrics.test.float:percent:2",
                           *(f"shipped.mlp.metrics.test.{bits}:percent:2" for bits in BITS)), "shipped"),)),
    measured("the official images", *WITH),
), when="shipped.mlp")
TRAINING = Panel("training", "Training", (
    Words(text="Loss on each batch, and on the {held_out:count} test images after each pass over the "
               "{trained_on:count} training images."),
    loss_curves(Line("loss", "faint", "batch", thin=True), Line("test_loss", "float", "test")),
    Curves(name="accuracy-curves", label="Accuracy.", caption="accuracy", format="percent", ticks="percent:0",
           floor=0.0, ceiling=1.0,
           goals=(Goal("shipped weights on digits", "shipped.mlp.metrics.shipped.float:percent"),), lines=(
               Line("train_accuracy", "faint", "training", thin=True), Line("test_accuracy", "float", "test"),
               Line("quant_accuracy", "quant", "quantised"))),
    Facts(facts=(
        Fact("step", ("step:count",), "step-count"), Fact("epoch", ("epoch:fixed:2",)),
        Fact("batch loss", ("loss:fixed:4",)), Fact("training accuracy", ("train_accuracy:percent",), "train-accuracy"),
        Fact("test loss", ("test_loss:fixed:4",), "held-out-loss"),
        Fact("test accuracy", ("test_accuracy:percent",), "held-out-accuracy"))),
    Words(role="doc", text="Test results are for the pretrained weights.", when="pretrained"),
), place="readouts")
QUANTISE = Panel("quantise", "Float32 and quantised", (
    Words(text="{quantise_words} Accuracy is on the {held_out:count} test images."),
    Facts(name="versus", caption="Float32 and quantised network", heads=VERSUS, facts=(
        Fact("accuracy", ("test_accuracy:percent:2", "quant_accuracy:percent:2"), "accuracy"),
        Fact("size", ("bytes_float:bytes", "bytes_quant:bytes"), "bytes"),
        Fact("your digit", ("read.digit_words:text", "read.quant_digit_words?:text"), "digit"),
        Fact("largest weight error", ("", "weight_error:fixed:4"), "weight-error"),
        Fact("changed predictions", ("", "{changed:count} of {held_out:count}"), "changed", when="changed"),
        Fact("changed predictions", ("", "changed:count"), "changed", when="!changed"))),
    measured("the {held_out:count} test images", *WITH),
), place="readouts")
MEASURED = Panel("measured", "Measured here", (
    Words(text="Accuracy and size are for the network shown now. The times are means over many "
               "predictions in this browser, on this machine; nothing is shown before it is measured. Here the "
               "rounded weights are still multiplied as float32: they save memory, not time."),
    Facts(name="measured", caption="Measured in this browser", heads=VERSUS, facts=(
        Fact("accuracy on {held_out:count} test images", ("test_accuracy:percent:2", "quant_accuracy:percent:2")),
        Fact("size of the parameters", ("bytes_float:bytes", "bytes_quant:bytes")),
        Fact("one image", ("times.image_ms?:milliseconds", "times.image_quant_ms?:milliseconds")),
        Fact("{batch_of} images at once", ("times.batch_ms?:milliseconds", "times.batch_quant_ms?:milliseconds")))),
    Buttons(buttons=(Button("Measure in this browser", act="measure", name="measure"),)),
), place="wide")
PANELS = (DRAW, OWN_DATA, WEIGHTS, SHIPPED, TRAINING, QUANTISE, mistakes.PANEL, MEASURED, export_buttons.panel())
