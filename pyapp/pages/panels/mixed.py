"""What the page of mixed precision shows: what each layer loses, what it gets, the front, and whether mixing helps."""

from collections.abc import Mapping
from typing import Any

from pyapp.experiment.panels import Button, Buttons, Column, Fact, Facts, Head, Panel, Progress, Table, Words
from pyapp.experiment.pictures import Axis, Chart
from pyapp.pages.base import export_buttons, mistakes
from pyapp.pages.base.measured import measured

LAYERS = ("layer1", "layer2", "layer3")
EMPTY = "The search begins when Python has started."


def headline(chosen: Mapping[str, Any] | None, refusal: str) -> str:
    """A template that says what the mixture costs in accuracy, once it is measured; before that how far the search is.
    """
    if not chosen:
        return "too small" if refusal else "searching: {found:count} of {findings:count}"
    cost = ("accuracy [{float_accuracy:percent}](.float) → [{chosen.accuracy:percent}](.quant)"
            if chosen["accuracy"] is not None else "{chosen.bytes:count} bytes")
    return cost + " with {chosen.bits:words} bits"


def network(point: str) -> str:
    """A template that says how a whole network was measured."""
    return (f"{{{point}.bytes:count}} bytes · KL {{{point}.kl:scientific}} · {{{point}.accuracy:percent:2}}")


def mixture(point: str, title: str) -> Column:
    """What the search chose beside a uniform network."""
    told = f"[**{{{point}.bits:words}} bits**](.quant) {network(point)}"
    return Column(title, told, name=point, blocks=(
        Words(role="muted", text="the same network", when=f"{point}.same"),
        Words(role="plain", text=told, when=f"{point}.other"),
        Words(role="number", text=f"{{{point}.gain}}", when=f"{point}.gain")))


SENSITIVITY = Panel("sensitivity", "What each layer loses", (
    Words(text="One layer has few bits, all others stay float32: how far do the answers on {calibration:count} "
               "calibration images move? Lower is better, and the steeper a line, the more a bit is worth. The ring "
               "on each line marks the bits that the layer got."),
    Progress(name="found", done="found", of="findings", text="{found:count} of {findings:count} sensitivities"),
    Chart(name="sensitivity", caption="{sensitivity.title}, by bits per weight of the one layer",
          label="Sensitivity of the three layers: {sensitivity.title} by bits.", x="sensitivity.bits",
          lines="sensitivity.lines", marks="sensitivity.marks", height=330, read_lines=3,
          across=Axis("bits", ends="sensitivity.across", ticks="sensitivity.ticks"),
          up=Axis(ends="sensitivity.ends", log=True),
          read="\n".join(
              f"{name} at {{sensitivity.bits.@i}} bits: KL {{layers.{i}.rows.@i.kl:scientific}} nats, loss "
              f"{{layers.{i}.rows.@i.loss:scientific}}, {{layers.{i}.rows.@i.accuracy:percent:2}} of the calibration "
              f"images, {{layers.{i}.rows.@i.bytes:bytes}}" for i, name in enumerate(LAYERS))),
    Words(role="doc", text=", ".join(f"{name} has {{layers.{i}.weights:count}} weights"
                                     for i, name in enumerate(LAYERS)) + "."),
    Words(role="doc", name="sunk", when="sensitivity.sunk",
          text="A hollow mark at the lower edge is not above 0, which a logarithm cannot show: the loss fell by "
               "chance."),
), empty=EMPTY)
ALLOCATION = Panel("allocation", "Bits for each layer", (
    Words(role="note", name="refusal", text="Nothing fits: {refusal}.", when="refusal"),
    Words(text="Predicted to be closest to the float32 network within {params.budget:bytes}: "
               "[**{chosen.bits:words}**](.quant) bits, {chosen.bytes:count} bytes.", when="chosen"),
    Words(text="The choice appears when every sensitivity is known.", when="searching"),
    Table(name="parts", caption="Bits and bytes of each layer, and its share of the budget", rows="parts",
          when="parts", columns=(
              Column("layer", "title"), Column("bits", "bits"), Column("bytes", "bytes:count"),
              Column("", bar=("share",), roles=("{role}",)), Column("share", "share:percent"),
              Column("KL alone", "kl:scientific"))),
    Facts(name="outcome", caption="The float32, the mixed and the uniform network", when="!refusal",
          heads=(Head("float32", "float", "float"), Head("mixed", "quant", "mixed"),
                 Head("{rival_title}", name="uniform")),
          facts=(
              Fact("bytes", ("bytes_float:count", "chosen.bytes:count", "rival.bytes:count"), name="bytes"),
              Fact("KL, sum of the layers", ("", "chosen.predicted:scientific", "rival.predicted:scientific")),
              Fact("KL, whole network measured", ("", "chosen.kl:scientific", "rival.kl:scientific")),
              Fact("accuracy on test digits", ("float_accuracy:percent:2", "chosen.accuracy:percent:2",
                                       "rival.accuracy:percent:2"), name="accuracy"))),
    Words(role="doc", text="Bits were chosen on {calibration:count} of the shipped training images, the calibration "
                           "split; the {held_out:count} test digits only measure, and no choice used them. KL is "
                           "in nats on the calibration split."),
    measured("{held_out:count} shipped test images", "weights by {picks.method}, one scale per {picks.per}",
             "{activations_words}"),
))
KEEP = Panel("keep", "The smallest network that keeps the accuracy", (
    Words(when="measured",
          text="{measured:count} of {points_count:count} networks have been measured, each as a whole."),
    Words(name="smallest", when="smallest",
          text="The smallest that gets at least {params.keep:percent} of the {held_out:count} test digits right: "
               "[**{smallest.bits:words} bits**](.quant), {smallest.bytes:count} bytes, "
               "{smallest.accuracy:percent:2}."),
    Words(name="none-keeps", when="none_keeps", text="None of them keeps {params.keep:percent}. Ask for less."),
    Buttons(when="smallest", buttons=(Button("Take these bytes as the budget", (("budget", "smallest.bytes"),),
                                             name="take-smallest"),)),
    Words(role="doc", text="It was chosen on these digits, so it may keep a little less on others. "
                           "`bitladder budget mlp --bytes {params.budget} --keep {params.keep}` also tries networks "
                           "trained with quantisation, and proves the export."),
), empty=EMPTY)
BYTES = Axis(ends="front.sizes", ticks="front.size_ticks")
READ = ("{points.@i.bits:words} bits{points.@i.off}: {points.@i.bytes:count} bytes, KL "
        "{points.@i.predicted:scientific} predicted, {points.@i.kl:scientific} measured, "
        "{points.@i.accuracy:percent:2}")
FRONT = Panel("front", "The Pareto front: bytes against what is lost", (
    Words(text="No other choice of bits is both smaller and predicted to be closer. Click a point, or walk along the "
               "front with the arrow keys, and its size becomes the budget. Squares have the same number of bits in "
               "every layer, the number beside them."),
    Progress(name="verified", done="verified", of="front.n", text="{verified:count} of {front.n:count} networks "
                                                                  "measured"),
    Chart(name="front", when="points", label="Bytes against divergence.", x="front.bytes", lines="front.costs",
          marks="front.cost_marks", read=READ, pick="budget", at="front.at", across=BYTES, height=300,
          up=Axis(ends="front.cost_ends", log=True),
          caption="KL divergence from the float32 network (nats), by total size in thousands of bytes: [●](.quant) "
                  "predicted, the sum of the layers’; [○](.quant) measured, the whole network"),
    Chart(name="accuracy-front", when="verified", label="Bytes against accuracy on test digits.", x="front.bytes",
          lines="front.wrong", marks="front.wrong_marks", read=READ, pick="budget", at="front.at", across=BYTES,
          up=Axis(ends="front.wrong_ends", log=True, ticks="front.wrong_ticks"), height=260,
          caption="Accuracy on {held_out:count} test digits, by total size in thousands of bytes"),
))
VERSUS = Panel("versus", "Does mixing beat the same bits everywhere?", (
    Words(name="verdict", text="{verdict.words}"),
    Table(name="rivals", caption="Uniform networks, and mixtures of their size", rows="rivals", key="uniform.uniform",
          columns=(
              Column("same bits everywhere", f"[**{{uniform.uniform}} bits**](.quant) {network('uniform')}",
                     prose=True),
              mixture("within", "for no more bytes"), mixture("near", "for up to {near_percent:fixed:0} % more"))),
    Words(role="doc", text="Closer means less measured [KL divergence](?kl-divergence) on the calibration split. On "
                           "{held_out:count} digits less than {noticeable:fixed:1} points of accuracy may be chance."),
    Words(name="ratios", when="largest_ratio",
          text="Sensitivities do not add: measured divided by predicted divergence goes from {least_ratio:fixed:2} to "
               "{largest_ratio:fixed:2} over the networks measured so far. Layers meet each other’s errors, so a sum "
               "can only rank the choices{unknown}."),
), place="wide", empty=EMPTY)
PANELS = (SENSITIVITY, ALLOCATION, KEEP, FRONT, VERSUS, mistakes.WITHOUT_PAD, export_buttons.panel())
