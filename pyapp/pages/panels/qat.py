"""What the page of quantisation-aware training shows: curves, weights on their grid, scales, integer arithmetic."""

from pyapp.experiment.panels import Beside, Button, Buttons, Column, Fact, Facts, Head, Panel, Table, Words
from pyapp.experiment.pictures import Curves, Heatmap, Histogram, Line, loss_curves
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.measured import measured

SHIPPED = ("mlp", "mlp-qat4", "mlp-qat3", "mlp-qat2")
EMPTY = "The picture appears when Python has started."
TRAINING = Panel("training", "Training", (
    Words(text="The quantised network, trained on 2,000 images: loss on each batch, and on the 3,000 test images "
               "after each pass. The float32 network and the same weights, just rounded, stay as they are."),
    Beside(width=300, blocks=(
        loss_curves(Line("loss", "faint", "batch", thin=True), Line("test_loss", "quant", "test")),
        Curves(name="accuracy-curves", label="Accuracy.", caption="accuracy", format="percent", ticks="percent:0",
               ends="accuracy_range", lines=(
                   Line("train_accuracy", "faint", "batches", thin=True), Line("float_accuracy", "float", "float32"),
                   Line("quant_accuracy", "quant", "trained"),
                   Line("rounded_accuracy", "muted", "rounded", thin=True)))))))
GATHERING = Panel("gathering", "Where the weights lie on their grid", (
    Words(text="The weights of {layer}, in units of their scale: [the float32 weights behind the codes, "
               "upwards](.float), and [the codes that the network computes with, downwards](.quant) (square-root "
               "scale). The outermost bars include everything beyond the picture.", when="layer"),
    Words(role="empty", text="There are no codes, because the training has diverged: choose a lower learning rate.",
          when="diverged"),
    Histogram(name="gathering", label="Weights and their codes.", edges="edges", before="weights", after="codes",
              lines="few_lines?", used="counts", ends="ends", height=168, when="layer"),
    Words(role="doc", name="code-counts", text="{code_counts}", when="code_counts"),
    Facts(cards=True, live=True, when="layer", facts=(
        Fact("within a quarter of a step of a code (50 % if spread evenly)", ("near:percent:2",)),
        Fact("clipped to the outermost codes", ("clipped:percent:2",)),
        Fact("codes changed since the start", ("changed:percent:2",)))),
), empty=EMPTY)
CODES = Panel("codes", "The first layer, in codes", (
    Words(text="One image for each neuron: orange codes excite it, blue ones inhibit it, paper is code 0. "
               "Watch how few of them change when the training starts from pretrained weights."),
    Heatmap(name="codes", label="First-layer codes, {neurons} images of 28 by 28.", array="filters",
            limit="largest_code",
            read="neuron {@tile}, row {@row}, column {@column}: code {filters}", loupe=True, height=520,
            when="layer"),
), empty=EMPTY)
COMPARE = Panel("compare", "Float32, rounded and trained", (
    Words(text="Accuracy on {held_out:count} test images: the shipped float32 network, the same weights [just "
               "rounded](?ptq) to these bits, and the network that trains here."),
    Facts(caption="Float32, rounded and trained network",
          heads=(Head("float32", "float", "float"), Head("rounded"), Head("{now}", "quant", "trained")), facts=(
              Fact("accuracy", ("float_accuracy:percent:2", "rounded_accuracy:percent:2", "quant_accuracy:percent:2"),
                   "accuracy"),
              Fact("size, bytes", ("bytes_float:count", "bytes_rounded:count", "bytes_quant:count"), "bytes"))),
    Words(role="doc", name="start-words", text="{start_words}", when="start_words"),
    Words(role="doc", text="{size_words}"),
    measured("{held_out:count} shipped test images", "{sharing_words}", "{activations_words}"),
), place="readouts")
NUMBERS = Panel("numbers", "Numbers of this run", (
    Facts(facts=(
        Fact("step", ("step:count",), "step-count"), Fact("epoch", ("epoch:fixed:2",)),
        Fact("batch loss", ("loss:fixed:4",)), Fact("accuracy on batches", ("train_accuracy:percent",)),
        Fact("test loss", ("test_loss:fixed:4",), "held-out-loss"),
        Fact("test accuracy", ("quant_accuracy:percent:2",), "held-out-accuracy"))),
), place="readouts")
INTEGERS = Panel("integers", "Integer arithmetic only", (
    Words(text="{integers_words}"),
    Buttons(buttons=(Button("{measure_label}", act="integers", name="measure-integers", off="cannot_measure"),)),
    Facts(when="integers.integer_accuracy?", caption="The trained network in integer arithmetic and simulated", facts=(
        Fact("measured at step", ("integers.measured_step:count",), "measured-step"),
        Fact("integer arithmetic only", ("integers.integer_accuracy:percent:2",), "integer-accuracy", "quant"),
        Fact("simulated in floating point", ("integers.simulated_accuracy:percent:2",), "simulated-accuracy", "quant"),
        Fact("different predictions", ("{integers.differ:count} of {held_out:count}",), "differ"))),
), place="readouts")


def _reached(name: str) -> Fact:
    """A shipped network's line: the float32 network rounded to these bits, and the network trained with them."""
    bits, facts = name.removeprefix("mlp-qat"), f"shipped.{name}"
    return Fact(f"{{{facts}.bits}} bits, {{{facts}.activations}} bits",
                (f"shipped.mlp.metrics.test.{bits}:percent:2", f"{facts}.metrics.test.accuracy:percent:2",
                 f"{facts}.metrics.test.bytes:count"), name, when=facts)


REACHED = Panel("shipped", "What a long run reached", (
    Words(text="The shipped networks: {shipped.mlp-qat4.epochs} epochs over {shipped.mlp-qat4.images:count} images, "
               "tested in integer arithmetic only on MNIST’s {shipped.mlp-qat4.metrics.test.n:count} official test "
               "images. The float32 network gets [{shipped.mlp.metrics.test.float:percent:2}](.float) of them right."),
    Facts(name="shipped", caption="Accuracy of the shipped trained networks", corner="weights, activations",
          heads=(Head("rounded"), Head("trained", "quant"), Head("bytes")),
          facts=tuple(_reached(name) for name in SHIPPED[1:])),
    Words(role="doc", text="Rounded: only the float32 network’s weights are rounded; its activations stay float32."),
), place="readouts", when="shipped.mlp-qat4")
SCALES = Panel("scales", "Scales, layer by layer", (
    Words(text="{estimator_words} On a uniform grid, a scale is the distance between two lines. The last column "
               "says how many codes have changed since the start; from pretrained weights, a few changes do a lot."),
    Table(name="scales", caption="Scales of every layer", rows="layers", chosen="chosen", columns=(
        Column("layer", "name"), Column("weights", "weights:count"), Column("scales", "scales:count"),
        Column("weight scale at the start", "{scale_start.0}{start_to}", name="start"),
        Column("weight scale now", "{scale.0}{now_to}", name="now", role="quant"),
        Column("activation scale at the start", "activation_start"),
        Column("activation scale now", "activation", role="quant"),
        Column("codes changed", "changed:percent:2"))),
), place="wide", empty="The scales appear when Python has started.")
PANELS = (TRAINING, GATHERING, CODES, COMPARE, NUMBERS, INTEGERS, REACHED, SCALES, mistakes.WITHOUT_PAD,
          export_buttons.panel())
