"""Digits: training, drawing, saving and going on."""

import numpy as np

from pyapp.check import SEVEN
from pyapp.data import mnist


def session(call) -> dict:
    said = {"opened": call("open", page="digits", params={"seed": "4", "shift": "9"})}
    run = said["opened"]["run"]
    said["five steps"] = call("advance", run=run, steps=5)
    said["rate"] = call("change", run=run, name="rate", value=0.02)
    said["adam"] = call("change", run=run, name="optimiser", value="adam")
    said["five more"] = call("advance", run=run, steps=5)
    said["bits"] = call("change", run=run, name="bits", value="4")
    said["drawn"] = call("predict", run=run, inputs={"strokes": SEVEN})
    said["drawn small"] = call("predict", run=run, inputs={"strokes": SEVEN * np.float32([0.12, 0.12, 1])})
    said["held out"] = call("predict", run=run, inputs={"index": 7})
    said["picture"] = call("predict", run=run, inputs={"image": 255 - mnist.load().images[100]})
    said["empty"] = call("predict", run=run, inputs={"strokes": np.empty((0, 3), np.float32)})
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    said["pretrained"] = call("change", run=run, name="weights", value="pretrained")
    said["two bits"] = call("change", run=run, name="bits", value="2")
    said["seed"] = call("change", run=run, name="seed", value=2**32 - 1)
    said["closed"] = call("close", run=run)
    return said
