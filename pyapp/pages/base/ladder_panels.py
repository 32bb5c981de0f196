"""What the pages of the ladder show: around each rung the same panels, and the pictures that some of them share."""

from dataclasses import replace

from pyapp.experiment.panels import Beside, Code, Column, Custom, Fact, Facts, Panel, Table, Words
from pyapp.experiment.pictures import Axis, Chart, Curves, Line

EMPTY = "The picture appears when Python has started."


def rung(*panels: Panel, pictures: int = 1) -> tuple[Panel, ...]:
    """A rung's pictures, the code that makes them, what is new, the other panels, what was left out."""
    return (
        *panels[:pictures],
        Panel("code", "The Python that runs here", (
            Code(),
            Words(text="These are the functions behind the picture. Change one and run it: the picture follows at "
                       "once, on this page only. Your code is kept in this browser. An endless loop is stopped; "
                       "imports beyond NumPy need a connection.")), place="wide"),
        Panel("new", "What is new here", told=True, place="wide"),
        *(replace(panel, place="wide") for panel in panels[pictures:]),
        Panel("left", "What we left out", told=True, place="wide"))


def fit(lines: tuple[Line, ...] | str = (Line("curve_y", label="ŷ"),), read: str = "", when: str = "") -> Chart:
    """Points with an ink ring, the curve, and threads from each point to the curve: its errors."""
    return Chart(
        name="fit", label="The four points and the fitted curve.", height=320, x="curve_x", lines=lines, marks="marks",
        caption="Four points, the curve ŷ, and its errors in red", up=Axis(ends="fit_range"), when=when,
        read="x {curve_x:fixed:2}: ŷ {curve_y}" + read)


SURFACE = Custom(name="surface", module="surface", entries=(
    "shades", "surface_w", "surface_b", "here", "next", "trail", "best?", "w", "b", "loss", "dw", "db"))


def picture(title: str, about: str) -> Panel:
    """The curve beside the loss over w and b."""
    return Panel("picture", title, (
        Words(text=about), Beside(width=320, blocks=(fit(), SURFACE))), empty=EMPTY)


REACHED = Facts(name="reached", caption="By descent", facts=(
    Fact("steps", ("step:count",), name="step-count"), Fact("w by descent", ("w:small",), name="w-now"),
    Fact("b by descent", ("b:small",), name="b-now"), Fact("MSE", ("loss:small",)),
    Fact("∂MSE/∂w", ("dw:signed",)), Fact("∂MSE/∂b", ("db:signed",))))
LOSS = Panel("loss-curve", "Loss", (
    Curves(name="loss-curve", label="Loss.", lines=(Line("loss", label="MSE"),), format="small",
           floor=0.0, least=1e-3, empty="Press Play: the loss goes down here."),))


def vectors(name: str, *beside: Table) -> Beside:
    """Arrows, with their numbers beside them."""
    return Beside(width=320, blocks=(Custom(name=name, module="vectors", entries=("vectors",)), *beside))


SUM = Table(name="sum", rows="sum", chosen="chosen", caption="The vectors and their sum", columns=(
    Column("", "[{title}](.{role})"),
    *(Column(f"number {i + 1}", f"vector.{i}:signed:3", name=str(i + 1), role="{role}") for i in range(3))))
