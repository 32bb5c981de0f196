"""What the page where a GPT learns to write shows: its samples, how bits cost it, the training, and the text."""

from pyapp.experiment.panels import (
    Beside,
    Button,
    Buttons,
    Column,
    Fact,
    Facts,
    Heading,
    Panel,
    Table,
    Text,
    Together,
    Words,
)
from pyapp.experiment.pictures import Curves, Goal, Line, loss_curves


def samples(i: int, name: str, when: str = "") -> Together:
    """What one of the two networks writes."""
    at = f"writing.{i}"
    return Together(when=when, blocks=(
        Heading(name=f"title-{name}", text=f"[{{{at}.title}}](.{name}) {{{at}.score:percent:0}}"),
        Table(name=f"samples-{name}", rows=f"{at}.samples", caption="Samples", columns=(
            Column("{mark_title}", "[{mark}](.{role})"), Column("sample", "`{text:text}`", prose=True))),
        Words(role="doc", name=f"read-{name}", text=f"{{{at}.words}}")))


WRITING = Panel("writing", "What it writes", (
    Words(text="The first of {samples:count} samples, written with the same random numbers by both. {mark_words}"
               "{reading_words}"),
    Beside(blocks=(samples(0, "float"), samples(1, "quant", "quantised")))),
    empty="The first samples appear when Python has started.")
WIDTHS = Panel("widths", "As bits are taken away", (
    Words(text="The same network with its dense layers rounded, one scale per output channel; the tables of "
               "characters and positions stay float32."),
    Buttons(name="pending", words="{pending_words}",
            buttons=(Button("Measure at all widths", act="widths", name="widths", off="pending"),)),
    Table(name="by-width", rows="readings", caption="Score, loss and size by bits per weight", columns=(
        Column("weights", "[{title}](.{role})"), Column("", bar=("score",), roles=("{role}",)),
        Column("score", "score:percent:0", role="{role}"), Column("loss", "loss:fixed:3", role="{role}"),
        Column("bytes", "bytes:count", role="{role}"), Column("step", "step:count", role="muted"))),
    Words(role="doc", text="Score: {corpus.scored}, of {samples:count} samples. Loss: nats per character on "
                           "{held_out:count} held-out characters.")))
TRAINING = Panel("training", "Training", (
    Words(text="Loss in [nats](?nats) per character, on each batch and from time to time on held-out text; and an "
               "automatic score."),
    loss_curves(Line("loss", "faint", "batch", thin=True), Line("held_out_loss", "float", "held-out"),
                Line("quant_loss", "quant", "quantised", aside=True),
                goals=(Goal("frequencies alone", "by_frequency:fixed:2", "muted"),)),
    Curves(name="score-curves", label="Score.", caption="score: share of the samples that are right", floor=0.0,
           ceiling=1.0, format="percent:0", ticks="percent:0",
           lines=(Line("score", "float", "float32"), Line("quant_score", "quant", "quantised"))),
    Facts(facts=(
        Fact("step", ("step:count",), "step-count"), Fact("epoch", ("epoch:fixed:2",)),
        Fact("batch loss", ("loss:fixed:4",)), Fact("learning rate now", ("rate:fixed:5",), "rate-now"),
        Fact("measured at step", ("last.step:count",), "read-step"),
        Fact("held-out loss", ("last.loss:fixed:4",), "held-out-loss"),
        Fact("held-out, quantised", ("last.quant_loss:fixed:4",), "quant-loss"),
        Fact("score", ("last.score:percent",)), Fact("score, quantised", ("last.quant_score:percent",), "quant-score"),
        Fact("parameters", ("parameters:count",))))), place="readouts")
CORPUS = Panel("corpus", "The text", (
    Words(name="corpus-facts", text="{corpus.title}: {corpus.characters:count} characters, {corpus.different:count} "
                                    "different ones. The last tenth is held out."),
    Text(name="excerpt", label="Beginning of the text", text="corpus.beginning", wraps=True),
    Words(role="doc", text="To learn a text of your own, open or drop a text file, or choose it under **Corpus** and "
                           "paste it into **Your text**. It stays in this browser. Learning another text restarts the "
                           "run."),
), place="wide", empty="The text appears when Python has started.")
PANELS = (WRITING, WIDTHS, TRAINING, CORPUS)
