"""What the page Anomaly shows: the sensors, the stream's scores with alarms, and what other bits find."""

from pyapp.experiment.panels import Column, Each, Fact, Facts, Head, Panel, Progress, Table, Words
from pyapp.experiment.pictures import Axis, Chart, Line
from pyapp.pages.base import own_network

SENSORS = Panel("sensors", "What the sensors say", (
    Words(text="Grey is the sensor. Its last window is drawn again as [float32](.float) and [{named}](.quant) "
               "rebuild it."),
    Each(over="channels", width=280, blocks=(
        Chart(name="sensor-{name}", caption="{name}", height=110, x="x", read="{x.@i:fixed:1} {unit}: {y.@i:fixed:3}",
              label="{name} over time, and the last window as both networks rebuild it.",
              lines=(Line("y", "faint"), Line("float", "float", x="x_rebuilt"),
                     Line("quant", "quant", x="x_rebuilt", dash=True)),
              across=Axis("{unit}")),)),
), empty="The sensors appear when Python has started.")
SCORES = Panel("scores", "Score of each window", (
    Progress(done="done", of="of", text="Learning what is healthy", when="training"),
    Chart(name="scores", x="times", height=352, pick="at", at="at", marks="marks",
          label="Scores of all windows of the stream, float32 and quantised, with thresholds and alarms.",
          read="at {times:fixed:1} {unit}: float32 {score_float?:fixed:3}, quantised {score_quant?:fixed:3}",
          lines=(Line("score_float?", "float", "float32"), Line("score_quant?", "quant", "{named}"),
                 Line("alarms?", "quant", x="alarm_times?", shape="dots")),
          across=Axis("{unit}", ends="ends"), up=Axis("score", log=True)),
    Words(role="caption", text="Shaded: a fault is present. A dot is an alarm of the quantised network. Drag along the "
                               "chart to look at a moment, or press **Run the stream**.", when="known"),
    Words(role="caption", text="A dot is an alarm of the quantised network. Drag along the chart to look at a moment, "
                               "or press **Run the stream**.", when="!known"),
), empty="The scores appear when Python has started.")
NOW = Panel("now", "At {now:fixed:1} {unit}", (
    Facts(name="now", caption="The current window, float32 and quantised", heads=(
        Head("float32", "float", "float"), Head("{named}", "quant", "quant")), live=True, facts=(
        Fact("score", ("now_float?:fixed:3", "now_quant?:fixed:3"), "score"),
        Fact("threshold", ("limit_float?:fixed:3", "limit_quant?:fixed:3"), "threshold"),
        Fact("verdict", ("verdict_float?:text", "verdict_quant?:text"), "verdict"),
        Fact("alarms so far", ("alarms_float?:count", "alarms_quant?:count"), "alarms"))),
    Words(role="doc", text="{name}: the network learns from {learned:count} windows of {params.width} rows "
                           "({inputs:count} numbers each), {held_out:count} healthy ones set the threshold, and "
                           "{windows:count} form the stream. Columns: {columns_there}."),
), place="readouts")
BITS = Panel("bits", "Does rounding move the alarms?", (
    Table(name="by-bits", rows="rows", key="key", pick="bits", chosen="chosen", caption="Networks of other bits",
          columns=(
              Column("weights", "{name}"), Column("bytes", "bytes:bytes"), Column("threshold", "limit:fixed:3"),
              Column("faulty found", "detected:percent", when="known"),
              Column("false alarms", "false_alarms:percent", when="known"),
              Column("alarms", "alarms:count", when="!known"),
              Column("alarms changed", "changed:count"))),
    Words(text="All figures count windows of the stream. An alarm is right if its window has a faulty row, else false. "
               "Weights have a [scale](?scale) per output, [activations](?activation) 8 bits, and all is computed in "
               "integers. A threshold kept from float32 makes rounding errors look like faults; a threshold of its "
               "own trades them for faults that are missed.", when="known"),
), when="ready")
KINDS = Panel("kinds", "Which faults are found", (
    Table(name="kinds", rows="kinds", caption="Kinds of faults", columns=(
        Column("fault", "{name}", about="{doc}"),
        Column("float32", "float:percent:0", role="float"), Column("{named}", "quant:percent:0", role="quant"))),
    Words(text="Share of each fault’s windows that raise an alarm. The belt’s slip is visible in neither sensor alone: "
               "only their difference in phase changes."),
), when="kinds", place="readouts")
PANELS = (SCORES, SENSORS, BITS, NOW, KINDS,
          own_network.panel("the rows of each sensor", "the rows as rebuilt", "windows"))
