"""Rung 1: a line through four points."""

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Beside, Fact, Facts, Panel, Together, Words
from pyapp.ladder import line
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.descent import Sliders, bias, rate, weight


class Page(Sliders):
    title = "Line"
    summary = "Move a line by hand, then let gradient descent move it to where the formula says."
    tab = "1 Line"
    order = 70
    NEXT = ("rung2", "A line fits no hill: bend it.")
    y = line.Y
    SURFACE = (2.0, 6.0)
    MAIN = ("w", "b")
    RECORDED = ()
    PARAMS = (weight(1.0, SURFACE[0]), bias(-1.0, SURFACE[1]), rate(line.RATE))
    GROUPS = (("Line", ("w", "b")), ("Descent", ("rate",)))
    PANELS = ladder.rung(
        ladder.picture("The line and its loss", "Move w and b with the sliders, or drag the point at the right. The "
                                                "cross marks the formula's solution."),
        Panel("numbers", "Descent and formula", (Beside(width=320, blocks=(ladder.REACHED, Together(blocks=(
            Facts(name="formula", caption="By the formula", facts=(
                Fact("w by the formula", ("closed_w:small",), name="closed-w"),
                Fact("b by the formula", ("closed_b:small",), name="closed-b"),
                Fact("its MSE", ("closed_loss:small",), name="closed-loss"))),
            Words(role="doc", text="A line has a formula for its best w and b, and it needs no steps. Bend the line "
                                   "once and there is no formula any more, but there is still a gradient. That is why "
                                   "everything above this rung goes down step by step."))))),)),
        ladder.LOSS)
    LIVE = (line.predict, line.loss, line.gradients, line.step, line.closed_form)

    def show(self, frame: Frame) -> None:
        w, b = (float(each) for each in self.live.closed_form(line.X, self.y))
        frame.scalars |= {**self.gradients(), "closed_w": w, "closed_b": b, "best": [w, b],
                          "closed_loss": self.loss(w, b)}
