"""The network that a page has trained on signals, as a file of tensors."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from pyapp import safetensors, store
from pyapp.core.parameters import Parameters
from pyapp.experiment.frame import Action, Outcome
from pyapp.experiment.panels import Button, Buttons, Panel, Words

ACTION = Action("network", "Save as safetensors", "Save the float32 network, and how its inputs are normalised")


def panel(reads: str, gives: str) -> Panel:
    """The panel with the button, and the reason why there are no other formats."""
    return Panel("export", "Take the network with you", (
        Words(text=f"The file holds the float32 weights, and the mean and deviation that normalise {reads}: "
                   "(x − normal.mean) / normal.deviation enters layer 1, every layer computes x Wᵀ + b, and ReLU "
                   f"follows all but the last, which gives {gives}. JSON, JavaScript, ONNX and C are refused here: "
                   "these files prove themselves on ten pictures of 28 × 28, and this network reads none."),
        Buttons(buttons=(Button(ACTION.label, act=ACTION.name, name=ACTION.name),))))


class Trained(Protocol):
    """A network that may be trained already."""

    trained: bool
    weights: Parameters  # only when it is trained


def saved(page: str, network: Trained, normal: Callable[[], tuple[np.ndarray, np.ndarray]],
          about: Mapping[str, str]) -> Outcome:
    """The file: layer1.weight (out, in) and so on as float32; normal.mean and normal.deviation float64 (in,).
    ValueError while it is still training."""
    if not network.trained:
        raise ValueError("the network is still learning; save it when that is done")
    tensors = store.arrays_of(network.weights) | dict(zip(("normal.mean", "normal.deviation"), normal(), strict=True))
    data = safetensors.pack(tensors, about)
    return Outcome([f"{page}.safetensors: {len(data):,} bytes"], file=np.frombuffer(data, np.uint8),
                   name=f"{page}.safetensors")
