"""What the page of two writing networks shows: both texts, what follows a character, what it looked at, and losses."""

from pyapp.experiment.panels import (
    Beside,
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
    Together,
    Words,
)
from pyapp.experiment.pictures import Axis, Bars, Chart, Line

HEADS = (Head("float32", "float", "float"), Head("quantised", "quant", "quant"))


def text(side: str, about: str) -> Together:
    return Together(blocks=(
        Words(role="text-about", name=f"about-{side}", text=about),
        Custom(module="text-block", name=side, entries=(
            f"texts.{side}", "prompt", "difference", "live", "read.side?", "read.start?", "read.at?",
            "read.limits.attention?", f"read.attention_{side}?"))))


def bars(name: str, source: str, **more: str | int) -> Bars:
    """A bar per character for both networks; the arrays are those of the frame or of what was read."""
    return Bars(name=f"{name}-bars", lanes=(Line(f"{source}_float", "float", "float32"),
                                            Line(f"{source}_quant", "quant", "quantised")), **more)


def following(source: str, **more: str | int) -> Bars:
    return bars("next", source, label="Probability of each next character: float32, quantised.", labels="labels",
                height=176, read=f"{{labels.@i:text}}  float32 {{{source}_float:percent:3}}, quantised "
                                 f"{{{source}_quant:percent:3}}", **more)


WRITING = Panel("writing", "One prompt, two networks", (
    Beside(width=280, blocks=(
        text("float", "[**Float32**](.float), {bytes.float:megabytes} MB"),
        text("quant", "[**Quantised**](.quant), {bytes.quant:megabytes} MB: {settings}"))),
    Words(role="doc", name="empty", when="empty",
          text="The prompt is empty, so both continue from the start of a line, ↵."),
    Words(role="verdict-words", name="words", text="{words}", when="words"),
    Facts(cards=True, live=True, facts=(
        Fact("characters written, of {tokens:count}", ("step:count",), "written"),
        Fact("float32, characters per second of computing", ("speed.float:fixed:0",), "speed-float", "float",
             when="speed"),
        Fact("quantised, characters per second of computing", ("speed.quant:fixed:0",), "speed-quant", "quant",
             when="speed"),
        Fact("float32, keys and values of {cache.tokens:count} characters", ("cache.float:bytes",), "cache-float",
             "float"),
        Fact("quantised, keys and values of {cache.tokens:count} characters", ("cache.quant:bytes",), "cache-quant",
             "quant"))),
), empty="The network’s weights, 1.7 MB, are being loaded.")
NEXT = Panel("next", "What follows", (
    Together(when="live", blocks=(
        Words(text="How likely each of the {labels_count} characters is, after temperature and top-k. Once the texts "
                   "have diverged, each network continues its own."),
        following("next", limit="full", caption="What the newest characters were drawn from"))),
    Together(when="!live", blocks=(Together(when="read", blocks=(
        Words(name="next-about",
              text="How likely each of the {labels_count} characters is, after temperature and top-k. Both networks "
                   "see the same text here. The float32 network finds "
                   "[**{read.likeliest.float.character:text}**](.float) likeliest "
                   "([{read.likeliest.float.chance:percent}](.float)), the quantised one "
                   "[**{read.likeliest.quant.character:text}**](.quant) "
                   "([{read.likeliest.quant.chance:percent}](.quant)).{read.follows_words}"),
        following("read.next", limit="read.limits.next", picked="read.follows",
                  caption="What follows “…{read.tail:text}”"))),)),
), empty="The networks have not read anything yet.")
LOOK = Panel("look", "Attention", (
    Words(role="empty", when="!read",
          text="Computed when the writing stops, or at the character that you point at."),
    Together(when="read", blocks=(
        Words(name="look-about",
              text="Character number {read.number:count} of the {read.title} text saw {read.seen:count} "
                   "character{read.seen:s}, itself included. They are shaded in the text above and drawn here, full at "
                   "{read.limits.attention:fixed:3}. Point at another character, or move there with the arrow keys."),
        bars("look", "read.attention", label="Attention to each character: float32, quantised.", labels="read.labels",
             limit="read.limits.attention", picked="read.last", height=144,
             caption="What “{read.character:text}” looked at: layer {read.layer}, head {read.head}",
             read="{read.labels.@i:text} (number {read.numbers.@i:count})  float32 {read.attention_float:fixed:4}, "
                  "quantised {read.attention_quant:fixed:4}"),
        Table(name="most", rows="read.most", key="number", caption="The characters with the most attention", columns=(
            Column("looked at most", "[{before:text}](.muted)**{character:text}**", name="character"),
            Column("number", "number:count"), Column("float32", "float:fixed:4", role="float"),
            Column("quantised", "quant:fixed:4", role="quant"))))),
))
LOSSES = Panel("losses", "What quantising costs", (
    Words(text="The validation text is not included; its losses were measured beforehand with CPython, the quantised "
               "ones for 8-bit weights, one [scale](?scale) per tensor, and 8-bit activations. Both networks are "
               "measured here, now, on {losses.n:count} character{losses.n:s} that the float32 network wrote itself "
               "from a fixed seed: there the difference estimates the [Kullback–Leibler divergence](?kl-divergence) "
               "from float32 to quantised, whatever the text is about. All losses are in nats per character."),
    Facts(name="losses", caption="Losses in nats per character", corner="nats per character",
          heads=(*HEADS, Head("difference", "", "cost")), facts=(
        Fact("{validation_words}", ("validation.float:fixed:3", "validation.quant:fixed:3", "validation.cost:signed:3"),
             "validation"),
        Fact("own text, measured here", ("losses.float:fixed:3", "losses.quant:fixed:3", "losses.cost:signed:3"),
             "own"))),
    Buttons(buttons=(Button("{losses.button}", act="measure", name="measure", off="losses.known"),)),
    Progress(done="losses.progress", when="losses.measuring"),
    Chart(name="ladder", when="losses.drawn", label="Loss in nats per character for 2 to 8 logit bits.",
          caption="Loss by logit bits, without a shift and with {losses.rule:text}", x="ladder_bits", height=200,
          up=Axis(ends="losses.ends"), marks="losses.marks",
          read="{ladder_bits:fixed:0} logit bits: no shift {ladder_plain:fixed:3}, {losses.rule:text} "
               "{ladder_shifted:fixed:3} nats", lines=(
              Line("ladder_plain", "quant", "no shift", dash=True), Line("ladder_plain", "quant", shape="dots"),
              Line("ladder_shifted", "quant", "{losses.rule:text}"), Line("ladder_shifted", "quant", shape="dots"))),
    Words(role="note", name="verdict", text="{losses.verdict}", when="losses.verdict"),
))
PANELS = (WRITING, NEXT, LOOK, LOSSES)
