"""What the pages of the softmax lab share: their entry in the rail, and the settings that go along from tab to tab."""

from collections.abc import Mapping
from typing import ClassVar

from pyapp.experiment.frame import Experiment


class SoftmaxLab(Experiment):
    """A page of the lab. Its parameters have the shared names, or it says which of its own stand for them."""

    entry = "Softmax lab"
    SHARES: ClassVar[Mapping[str, str]] = {name: name for name in ("logits", "bits", "shift", "method")}
    SHARED = "Logits, bits, shift and method stay as you set them."
