"""What the vision page can be asked: drawings read under every kind of setting, counting, training, files."""

import numpy as np

from pyapp import store
from pyapp.data import mnist
from pyapp.nets.vit import ViT
from pyapp.parity.check import SEVEN
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="vision", params={"seed": "4", "layer": "9"})}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)
        said[f"{name} {value}, read"] = call("predict", run=run, inputs={"index": 11})

    said["drawn"] = call("predict", run=run, inputs={"strokes": SEVEN})
    said["picture"] = call("predict", run=run, inputs={"image": 255 - mnist.load().images[100]})
    said["empty"] = call("predict", run=run, inputs={"strokes": np.empty((0, 3), np.float32)})
    said["counted"] = [call("background", run=run, ms=0) for _ in range(12)]  # after the slider's other networks
    for name, value in (("layer", 1), ("head", "mean"), ("token", 24), ("head", "4")):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)
    for name, value in (("per", "group:8"), ("bits", "3")):
        change(name, value)
    for rule in RULES:
        change("logit_shift", rule)
    for method in METHODS:
        change("softmax", method)
    for name in ("activations", "logit_bits", "bits"):
        for value in ("2", "5", "off"):
            change(name, value)
    change("weights", "own")
    said["five steps"] = call("advance", run=run, steps=5)
    for name, value in (("rate", 0.001), ("batch", "64"), ("shift", 2), ("optimiser", "sgd")):
        change(name, value)
    said["five more"] = call("advance", run=run, steps=5)
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    weights = np.frombuffer(store.pack(store.arrays_of(ViT().initial(seed=3))), np.uint8)
    said["weights"] = call("restore", run=run, file=weights, name="mine.npz")
    said["weights, one step"] = call("advance", run=run, steps=1)
    said["size"] = call("change", run=run, name="size", value="small")
    said["closed"] = call("close", run=run)
    return said
