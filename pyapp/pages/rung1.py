"""Rung 1: a line through four points."""

from pyapp.experiment.frame import Frame
from pyapp.ladder import line
from pyapp.pages.base.descent import Sliders, bias, rate, weight


class Page(Sliders):
    title = "Line"
    summary = ("Move a line by hand, then let gradient descent move it: the two gradients point uphill, each step goes "
               "down, and it ends where the formula says.")
    order = 60
    y = line.Y
    SURFACE = (2.0, 6.0)
    PARAMS = (weight(1.0, SURFACE[0]), bias(-1.0, SURFACE[1]), rate(line.RATE))
    LIVE = (line.predict, line.loss, line.gradients, line.step, line.closed_form)

    def show(self, frame: Frame) -> None:
        w, b = (float(each) for each in self.live.closed_form(line.X, self.y))
        frame.scalars |= {**self.gradients(), "closed_w": w, "closed_b": b, "closed_loss": self.loss(w, b)}
