"""What the page that trains with codes can be asked, for the comparison of two runtimes."""

import numpy as np
from parity.sessions.exporting import exports

from pyapp import store
from pyapp.nets.mlp import MLP, trained_path


def session(call) -> dict:
    """Every call that the page can make, once; each result under its name."""
    said = {"opened": call("open", page="qat", params={"bits": "3", "activations": "4", "rate": "7", "seed": "4"})}
    run = said["opened"]["run"]
    said["five steps"] = call("advance", run=run, steps=5)
    said["sgd"] = call("change", run=run, name="optimiser", value="sgd")
    said["rate"] = call("change", run=run, name="rate", value=0.02)
    said["shift"] = call("change", run=run, name="shift", value=2)
    said["teacher"] = call("change", run=run, name="share", value=0.5)
    said["layer"] = call("change", run=run, name="layer", value="layer2")
    said["five more"] = call("advance", run=run, steps=5)
    said["an epoch"] = call("advance", run=run, steps=53)
    said["nothing begun"] = call("background", run=run, ms=0)
    said["begun"] = call("act", run=run, name="integers")
    said["a piece"] = call("background", run=run, ms=0)
    said["integers"] = call("background", run=run, ms=1e9)
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    said["student"] = call("change", run=run, name="network", value="784-32-10")
    said["student, five steps"] = call("advance", run=run, steps=5)
    said["ste"] = call("open", page="qat", params={"estimator": "ste", "per": "channel", "activations": "none"})
    said["ste, five steps"] = call("advance", run=said["ste"]["run"], steps=5)
    said["format"] = call("change", run=said["ste"]["run"], name="format", value="nf4")
    said["format, five steps"] = call("advance", run=said["ste"]["run"], steps=5)
    weights = np.frombuffer(store.pack(store.arrays_of(MLP().initial(seed=3))), np.uint8)
    said["float file"] = call("restore", run=run, file=weights, name="float.npz")
    codes = np.frombuffer(trained_path(4).read_bytes(), np.uint8)
    said["file of codes"] = call("restore", run=run, file=codes, name="mlp-qat4.npz")
    said["exported"] = exports(call, run, "qat", exact=True)
    said["file of codes, five steps"] = call("advance", run=run, steps=5)
    said["closed"] = call("close", run=run)
    return said
