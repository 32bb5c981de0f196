"""Gestures: the examples are learned, a class is added, taken back, saved and opened again."""

import numpy as np
from parity.sessions.digits import refusal

from pyapp.nets import gpt
from pyapp.parity.check import SEVEN


def session(call) -> dict:
    said = {"opened": call("open", page="gestures", params={"variants": "1", "hidden": "8"})}
    run = said["opened"]["run"]
    said["five steps"] = call("advance", run=run, steps=5)
    said["held out"] = call("predict", run=run, inputs={"index": 3})
    said["bits"] = call("change", run=run, name="bits", value="2")
    said["picked"] = call("change", run=run, name="picked", value=4)
    said["a name"] = call("change", run=run, name="gesture", value="seven")
    said["drawn"] = call("predict", run=run, inputs={"strokes": SEVEN})
    said["added"] = call("act", run=run, name="add", values={})
    said["five more"] = call("advance", run=run, steps=5)
    saved, file = call("save", run=run), call("act", run=run, name="save", values={})
    said["undone"] = call("act", run=run, name="undo", values={})
    said["empty"] = call("act", run=run, name="empty", values={})
    said["nothing to do"] = call("advance", run=run, steps=2)
    said["opened again"] = call("restore", run=run, file=file["file"], name=file["name"])
    said["as saved"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["and on"] = call("advance", run=run, steps=3)
    said["picture"] = call("change", run=run, name="features", value="picture")
    said["read as a picture"] = call("predict", run=run, inputs={"strokes": SEVEN})
    said["not ours"] = refusal(call, run=run, file=np.frombuffer(gpt.SHIPPED.read_bytes(), np.uint8), name="gpt.npz")
    said["closed"] = call("close", run=run)
    return said
