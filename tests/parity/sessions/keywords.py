"""The page Keywords: learned once from made words and once from a small zip file, with every live parameter moved."""

import io
import zipfile

import numpy as np

from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.importers import wav


def sounds() -> bytes:
    """Two classes of a few sounds at a rate that has to be changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("go", "yes"):
            for i in range(4):
                archive.writestr(zipfile.ZipInfo(f"{name}/{i}.wav"), wav.written(
                    speech.word(name, generator(i, name)).round(4), 11025))
    return buffer.getvalue()


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="keywords", params={"seed": "5"})}
    run = said["opened"]["run"]
    said["learned"] = call("advance", run=run, steps=10_000)
    for name, value in (("bits", 3), ("word", "stop"), ("take", 4), ("decibels", 3.0)):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)
    said["measured"] = call("advance", run=run, steps=10)
    said["network"] = call("act", run=run, name="network", values={})["notes"]  # last bits of weights may differ
    said["integers"] = call("act", run=run, name="export-onnx-qlinear", values={})["notes"]
    said["own"] = call("restore", run=run, file=np.frombuffer(sounds(), np.uint8), name="mine.zip")
    said["own learned"] = call("advance", run=run, steps=1000)
    left = call("save", run=run)
    said["as left"] = call("open", page="keywords", params={}, file=left["file"], name=left["name"])
    said["closed"] = call("close", run=run)
    return said
