"""Digits: training, drawing, saving and going on."""

import numpy as np
from parity.sessions.exporting import exports

from pyapp import npz, store
from pyapp.checkpoint import described
from pyapp.data import drawing, mnist
from pyapp.hosts import HostError
from pyapp.nets import gpt
from pyapp.nets.mlp import MLP, trained_path
from pyapp.parity.check import SEVEN

STUDENT = np.frombuffer(store.pack(described(store.arrays_of(MLP((784, 20, 10)).initial(3)), "distill mlp")), np.uint8)
OWN = np.frombuffer(npz.pack({"x": mnist.load().images[:600:10], "y": np.repeat(["ring", "line"], 30)}), np.uint8)


def refusal(call, **args) -> str:
    """The error for a file that cannot be used."""
    try:
        call("restore", **args)
    except (ValueError, HostError) as error:
        return str(error)
    raise AssertionError("it was used")


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
    said["shaded picture"] = call("predict", run=run, inputs={"image": shaded()})
    said["read before"] = call("predict", run=run, inputs={"input": mnist.load().inputs()[100].reshape(28, 28)})
    said["empty"] = call("predict", run=run, inputs={"strokes": np.empty((0, 3), np.float32)})
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    said["pretrained"] = call("change", run=run, name="weights", value="pretrained")
    said["two bits"] = call("change", run=run, name="bits", value="2")
    said["judged"] = call("background", run=run, ms=600_000)
    said["exported"] = exports(call, run, "digits", exact=False)
    said["no bits"] = call("change", run=run, name="bits", value="off")
    said["exported, float"] = exports(call, run, "digits", exact=False)
    codes = np.frombuffer(trained_path(4).read_bytes(), np.uint8)
    said["codes"] = call("restore", run=run, file=codes, name="mlp-qat4.npz")
    said["student"] = call("restore", run=run, file=STUDENT, name="student.npz")
    said["student, five steps"] = call("advance", run=run, steps=5)
    other = call("open", page="qat", params={"bits": "3"})["run"]
    call("advance", run=other, steps=2)
    trained = call("snapshot", run=other)
    said["of the page qat"] = call("restore", run=run, file=trained["file"], name=trained["name"])
    said["not ours"] = refusal(call, run=run, file=np.frombuffer(gpt.SHIPPED.read_bytes(), np.uint8), name="gpt.npz")
    said["hard tanh"] = call("change", run=run, name="activation", value="hard-tanh")
    said["hard tanh, reset"] = call("reset", run=run)
    said["hard tanh, four steps"] = call("advance", run=run, steps=4)
    said["own data"] = call("restore", run=run, file=OWN, name="mine.npz")
    said["own data, an epoch"] = call("advance", run=run, steps=4)
    said["own data, exported"] = exports(call, run, "digits", exact=False)
    said["closed other"] = call("close", run=other)
    said["seed"] = call("change", run=run, name="seed", value=2**32 - 1)
    said["closed"] = call("close", run=run)
    return said


def shaded() -> np.ndarray:
    """A photograph of a seven whose light falls to a half, as a canvas has it."""
    ink = drawing.Raster(150).draw(SEVEN)
    light = 1 - 0.5 * np.add.outer(np.arange(150), np.arange(150)) / 300
    grey = (235 - 215 * ink) * light
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)]).astype(np.uint8)
