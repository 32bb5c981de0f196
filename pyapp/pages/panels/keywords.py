"""What the page Keywords shows: the sound as a wave and as log-mel features, and what both networks hear."""

from pyapp.experiment.panels import Button, Buttons, Column, Panel, Progress, Table, Words
from pyapp.experiment.pictures import Axis, Bars, Chart, Heatmap, Line
from pyapp.pages.base import mistakes, own_network

SOUND = Panel("sound", "What the network hears", (
    Progress(done="done", of="of", text="Making words and learning them", when="working"),
    Words(text="{verdict}", name="verdict", role="sentence"),
    Heatmap(name="mel", array="mel", limit="limit", height=180, map="grey",
            caption="log-mel features, above the median",
            label="Loudness in {bands} bands of frequencies over one second.",
            read="{milliseconds.@column} ms, {frequencies.@row} Hz: {mel:fixed:2} above the median, log₁₀"),
    Bars(name="probabilities", labels="classes", limit="full", height=160, caption="probabilities",
         label="What each network takes the sound for.", when="ready",
         read="{classes.@i}: float32 {p_float?:percent}, quantised {p_quant?:percent}",
         lanes=(Line("p_float?", "float", "float32"), Line("p_quant?", "quant", "{named}"))),
    Chart(name="wave", x="wave_time", height=110, caption="wave", label="The sound as a wave.",
          read="{wave_time:fixed:3} s: {wave:signed:3}", lines=(Line("wave", "faint"),),
          across=Axis("s"), up=Axis(ends="wave_ends")),
    Buttons(buttons=(Button("Save as WAV", act="wav", name="wav"),)),
), empty="The sound appears when Python has started.")
BITS = Panel("bits", "How many bits are enough?", (
    Table(name="by-bits", rows="rows", key="key", pick="bits", chosen="chosen", caption="Networks of other bits",
          columns=(Column("weights", "{name}"), Column("bytes", "bytes:bytes"),
                   Column("right", "accuracy:percent"), Column("changed", "changed:count"))),
    Words(text="Share of the held-out sounds that are recognised, and answers that differ from float32. "
               "{sounds_there:count} sounds are in use, for learning and for testing. Weights have a [scale](?scale) "
               "per output, [activations](?activation) 8 bits, and everything after the features is computed in "
               "integers."),
), place="readouts")
PANELS = (SOUND, BITS, mistakes.WITHOUT_PAD,
          own_network.panel("log-mel features", "the scores of the classes", "sounds"))
