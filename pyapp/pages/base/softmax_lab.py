"""What the pages of the softmax lab share: their entry in the rail, and one bar of settings that goes from tab to tab.

The strip of each tab has logits, bits, shift and softmax, in this order and under these names, as far as it has them:
Exponential shows one exponential, and Staircase one short row, so they have no choice of logits and no shift; Shift
measures all bits and all kinds of drawn logits at once, so what it lets choose is the trained network.
"""

from collections.abc import Mapping
from typing import ClassVar

from pyapp.experiment.frame import Experiment


class SoftmaxLab(Experiment):
    """A page of the lab. Its parameters have the shared names, or it says which of its own stand for them."""

    entry = "Softmax lab"
    SHARES: ClassVar[Mapping[str, str]] = {name: name for name in ("logits", "bits", "shift", "method")}
    SHARED = "Logits, bits, shift and softmax stay as you set them."
