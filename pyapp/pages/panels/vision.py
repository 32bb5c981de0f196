"""What the page of the Vision Transformer shows: the drawing as patches, where heads look, what quantising costs."""

from pyapp.experiment.panels import (
    Beside,
    Block,
    Button,
    Buttons,
    Fact,
    Facts,
    Head,
    Heading,
    Panel,
    Progress,
    Together,
    Words,
)
from pyapp.experiment.pictures import Curves, Goal, Heatmap, Line, Scale, loss_curves
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.digit_input import DRAW

COUNTED = "{counted:count} images: [{float_accuracy:percent}](.float) → [{quant_accuracy:percent}](.quant)"
SIDES = (("", "float32", "float"), ("_quant", "quantised", "quant"), ("_error", "quantised − float32", ""))
PATCHES = Panel("patches", "The drawing as tokens", (
    Words(text="A transformer reads a row of tokens, so the drawing is cut into patches, and each becomes one. A class "
               "token is put before them: it has no pixels, gathers what it needs by attention, and the answer is read "
               "from it alone. Pick the token whose attention you want to see."),
    Words(role="empty", text="The patches appear with a drawing.", when="!read"),
    Beside(when="read", width=200, blocks=(
        Heatmap(name="patches", array="read.patches", map="grey", tiles_across="read.side", gap=4, height=240,
                label="The drawing as {read.n_patches} patches of {read.patch} by {read.patch} pixels.",
                read="token {read.numbers.@tile}, patch {read.patch_names.@tile}\nrow {@row}, column {@column}: "
                     "{read.patches:fixed:3}", pick=(("token", "read.numbers.@tile"),), kept=("read.marked",)),
        Together(blocks=(
            Words(name="token-about", role="plain", text="{read.token_words}"),
            Buttons(buttons=(Button("Class token", (("token", "read.class_token"),), name="class-token",
                                    pressed="read.is_class"),)))))),
))


def looks(name: str, title: str) -> tuple[Block, ...]:
    """Attention to each patch in float, quantised, and the difference, laid over the drawing."""
    pictures = tuple(Heatmap(
        name=f"{name}{suffix.replace('_', '-')}", array=f"read.{name}{suffix}?", when=f"read.{name}{suffix}?",
        limit=f"read.limits.{name}{'_error?' if suffix == '_error' else ''}", caption=words, role=role, height=224,
        over="read.input", label=f"Attention to each patch, {words}.",
        read=f"patch {{read.patch_names.@i}}: {{read.{name}{suffix}:{'signed' if suffix == '_error' else 'fixed'}:4}}")
        for suffix, words, role in SIDES)
    return (Heading(name=f"{name}-title", text=title, when="read"), Beside(blocks=pictures, width=88, when="read"),
            Words(role="doc", name=f"{name}-limits", when="read", text=f"{{read.{name}_limits}}"))


LOOKS = Panel("looks", "Where it looks", (
    Words(text="Each patch is coloured by how much attention it gets from {looks_from}; the colours of a row of "
               "pictures share a scale. Few bits make steps out of attention: look where the difference is coloured, "
               "and whether the answer changes."),
    Words(role="empty", text="Attention appears with a drawing.", when="!read"),
    *looks("look", "Layer {layer}, {head_words}"),
    Words(role="doc", when="read", text="The class token itself gets {read.to_class:fixed:3}{read.and_quantised}."),
    *looks("rollout", "Rollout: through all layers"),
    Words(role="note", when="!is_quantised",
          text="Nothing is quantised: choose bits for weights, activations or logits."),
))
HEADS = Panel("heads", "All heads", (
    Words(text="One line per layer and one picture per head, all of the same token. Some heads follow the stroke, "
               "others look at its surroundings or at one place whatever is drawn. Click one to see it large."),
    Words(role="empty", text="The heads appear with a drawing.", when="!read"),
    Beside(when="read", width=200, blocks=tuple(Heatmap(
        name=f"heads{suffix.replace('_', '-')}", array=f"read.heads{suffix}?", when=f"read.heads{suffix}?",
        limit="read.limits.heads", caption=words, role=role, tiles_across="heads", gap=4, over="read.input",
        label=f"Attention of all heads, {words}.",
        read=f"layer {{head_layers.@tile}}, head {{head_numbers.@tile}}\npatch {{read.tile_names.@i}}: "
             f"{{read.heads{suffix}:fixed:4}}",
        pick=(("layer", "head_layers.@tile"), ("head", "head_numbers.@tile")), kept=("head_kept",))
        for suffix, words, role in SIDES[:2])),
))
MATRIX = Panel("matrix", "The whole matrix", (
    Words(text="Each row is a token that looks, each column one that is looked at; the first of each is the class "
               "token, and rows sum to 1. A softmax needs an exponential for every cell, which fixed-point hardware "
               "has to build from shifts and tables. Click a row to see where its token looks."),
    Words(role="empty", text="The matrix appears when Python has read the drawing.", when="!read.matrix?"),
    Beside(when="read", width=200, blocks=tuple(Heatmap(
        name=f"matrix{suffix.replace('_', '-')}", array=f"read.matrix{suffix}?", when=f"read.matrix{suffix}?",
        map="signed" if suffix == "_error" else "grey", caption=words, role=role,
        limit=f"read.limits.matrix{'_error?' if suffix == '_error' else ''}", label=f"Attention matrix, {words}.",
        read=f"{{tokens.@row}} → {{tokens.@column}}: "
             f"{{read.matrix{suffix}:{'signed' if suffix == '_error' else 'fixed'}:4}}",
        pick=(("token", "token_numbers.@row"),), kept=("read.row_kept",)) for suffix, words, role in SIDES)),
    Scale(when="read.matrix?", limit="read.limits.matrix_error?", what="Differences"),
), place="wide")
COMPARE = Panel("compare", "Float32 and quantised", (
    Words(text="The same network, with its weights, its [activations](?activation) and the [logits](?logits) of its "
               "attention put on grids. Accuracy is counted on the {held_out:count} test images, with both networks, "
               "in the background."),
    Facts(caption="Float32 and quantised network",
          heads=(Head("float32", "float", "float"), Head("quantised", "quant", "quant")), facts=(
              Fact("your digit", ("read.digit_words:text", "read.quant_digit_words?:text"), "digit"),
              Fact("accuracy", ("float_accuracy:percent:2", "quant_accuracy:percent:2"), "accuracy"),
              Fact("size", ("bytes_float:bytes", "bytes_quant:bytes"), "bytes"),
              Fact("largest difference", ("", "read.difference?:fixed:4"), "difference"),
              Fact("changed predictions", ("", "changed:count"), "changed"))),
    Progress(name="counted", done="counted", of="count_of", text="{counted_words}"),
), place="readouts")
METHOD = Panel("method", "Softmax: {method.title}", (
    Words(name="method-about", text="{method.about}"), Words(role="note", text="{method.breaks}", when="method.breaks"),
), place="readouts", when="method")
TRAINING = Panel("training", "Training", (
    Words(text="Press Play, and a network of your own learns from 2,000 images: loss on each batch, and after each "
               "pass the first 500 test images, classified in float32 and with the chosen bits."),
    loss_curves(Line("loss", "faint", "batch", thin=True)),
    Curves(name="accuracy-curves", label="Accuracy.", caption="accuracy", format="percent", ticks="percent:0",
           floor=0.0, ceiling=1.0, goals=(Goal("shipped network", "shipped.vit.metrics.shipped.accuracy:percent"),),
           lines=(
               Line("train_accuracy", "faint", "batches", thin=True), Line("float_accuracy", "float", "float32"),
               Line("quant_accuracy", "quant", "quantised"))),
    Facts(facts=(
        Fact("step", ("step:count",), "step-count"), Fact("epoch", ("epoch:fixed:2",)),
        Fact("batch loss", ("loss:fixed:4",)), Fact("accuracy on batches", ("train_accuracy:percent",)),
        Fact("test {judged}, float32", ("judged_float:percent",)),
        Fact("test {judged}, quantised", ("judged_quant:percent",)))),
    Words(role="doc", text="The pretrained network is shown; training applies to your own.", when="pretrained"),
), place="readouts")
FILTERS = Panel("filters", "Patch embedding", (
    Words(text="One small image per column of the embedding: orange pixels excite it, blue ones inhibit it. They "
               "emerge from noise while your own network learns."),
    Heatmap(name="filters", array="filters", limit="filter_limit", height=200,
            label="Patch embedding, one image per column.",
            read="patch filter {@tile}, row {@row}, column {@column}: {filters:signed:4}"),
    Scale(limit="filter_limit", what="Weights"),
), place="readouts", empty="The images appear when Python has started.")
PANELS = (DRAW, PATCHES, LOOKS, HEADS, COMPARE, METHOD, TRAINING, FILTERS, MATRIX, mistakes.PANEL,
          export_buttons.panel(export_buttons.VISION))
