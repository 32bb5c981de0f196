"""What the page about the shift shows: errors against bits, gains with their control, what was found, all numbers."""

from pyapp.experiment.panels import Column, Each, Panel, Progress, Table, Words
from pyapp.experiment.pictures import Axis, Chart
from pyapp.softmax.compare import BITS, CLEAR_BITS

KINDS = ("offset", "skewed", "centred", "trained")  # of logits, as the rows of the table of gains name them
ABOUT = {  # what each rule subtracts
    "none": "the logits as they are, on a symmetric grid",
    "tensor-mean": "one constant for the tensor: its mean",
    "row-mean": "each row's mean",
    "row-midrange": "the middle between each row's smallest and largest logit",
    "row-max": "each row's maximum; all codes lie below it, none is wasted above",
    "row-max-clip": "each row's maximum, keeping only the top few nats; the best number of nats is found by search",
}
EMPTY = "Four plots appear when Python has started."
CURVES = Panel("curves", "Error against bits", (
    Words(text="An exponential turns a rounding step of the logits into a factor, so in fixed point the step has to "
               "be small, and each bit that halves it must be paid for. The shift saves as many bits as the orange "
               "curve lies to the left of the ink one."),
    Words(role="caption", name="measure-name", text="{measure}, logarithmic; gains in bits always use L1"),
    Each(over="families", blocks=(
        Words(role="caption", name="gain-{name}", text="**{title}**{comma}: [{gain:signed:2} bits](.quant)"),
        Chart(name="curves-{name}", label="{title}: {measure} from 2 to 8 bits for every rule, with {method}.",
              x="bits", lines="lines", read="{read.@i}",
              across=Axis("bits"), up=Axis(ends="range", log=True), height=340),
    )),
    Words(role="note", name="guarded", text="{guarded}", when="guarded"),
), empty=EMPTY)
GAINS = Panel("gains", "What a rule is worth, in bits", (
    Words(name="gains-about",
          text="Without an exponential of its own, fixed point can only be exact about small ranges, and a shift makes "
               "the range smaller. Look at the control column: tensor mean and row mean only move the logits, and must "
               "be worth nothing there. Mid-range and maximum shorten the range of centred rows, too."),
    Table(name="gains", caption="Gain of every rule in bits, by kind of logits", rows="rules", pick="rule", columns=(
        Column("rule", "title", about="{about}"),
        *(Column(f"{{families.{i}.name}}{{families.{i}.comma}}", f"{{{kind}.mean:signed:2}}{{{kind}.range}}",
                 name=kind) for i, kind in enumerate(KINDS)))),
    Words(role="doc", text="Mean of log2(L1 without / L1 with) over "
                           f"{CLEAR_BITS[0]} to {CLEAR_BITS[-1]} bits"
                           "{over_batches}{answered}. One bit more halves the error."),
    Progress(name="progress", done="progress", text="{progress:percent:0} measured, seeds {batches:words}."),
))
FINDING = Panel("finding", "What this says", (
    Words(text="Subtracting a constant from a row does not change its softmax; it changes the rounding before it, "
               "which decides which exponentials can be told apart. Read the finding with its control, and try "
               "another method: the worse the method, the less the shift can help."),
    Words(role="finding", name="finding", text="{words.finding}", when="words"),
    Words(role="note", name="control", good="words.holds", when="words",
          text="[{words.verdict}](.verdict-word) {words.control} {words.unsigned}"),
    Words(role="empty", name="waiting", when="!words",
          text="With {method} there is nothing to say yet: it is being measured, or a row has no finite error."),
))
NUMBERS = Panel("numbers", "All numbers: {measure}, {method}", (
    Words(text="L1 is the probability that lies in the wrong place, twice: once where it is missing, once where it is "
               "too much. Half a nat of rounding is a factor of 1.65 in the exponential, so read these from right to "
               "left: there every bit halves them, until the few codes at the left end cannot tell the large logits "
               "apart."),
    Table(name="l1", caption="{measure} by logits, rule and bits", rows="numbers", chosen="chosen", group="title",
          columns=(Column("rule", "rule"),
                   *(Column(f"{bits} bits", f"{{errors.{i}:small}}{{stars.{i}}}", name=str(bits))
                     for i, bits in enumerate(BITS)))),
    Table(name="clips", caption="The best clip by logits and bits", rows="families", columns=(
        Column("nats kept by the best clip", "title", about="N = {n}"),
        *(Column(f"{bits} bits", f"clips.{i}:fixed:1") for i, bits in enumerate(BITS)))),
), place="wide")
PANELS = (CURVES, GAINS, FINDING, NUMBERS)
