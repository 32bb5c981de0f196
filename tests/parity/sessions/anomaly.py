"""The page Anomaly: trained once on the motor and once on a small recording, with every live parameter moved."""

import numpy as np


def recording() -> bytes:
    t = np.arange(900)
    lines = [f"2024-05-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02};{str(value).replace('.', ',')}"
             for i, value in enumerate((np.sin(t / 3) + (t > 800) * np.sin(t / 2)).round(3).tolist())]
    return "\n".join(["time;shake", *lines]).encode()


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="anomaly", params={"noise": "2", "drift": "0.5", "seed": "7"})}
    run = said["opened"]["run"]
    said["worked"] = call("advance", run=run, steps=40)
    for name, value in (("bits", 8), ("false_alarms", 5.0), ("limit", "float"), ("at", 31.0)):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)
    said["to the end"] = call("advance", run=run, steps=1000)
    said["network"] = call("act", run=run, name="network", values={})["notes"]  # last bits of weights may differ
    said["integers"] = call("act", run=run, name="export-onnx-qlinear", values={})["notes"]
    said["shorter"] = call("change", run=run, name="width", value="32")
    said["own"] = call("restore", run=run, file=np.frombuffer(recording(), np.uint8), name="mine.csv")
    said["own heard"] = call("advance", run=run, steps=5)
    said["other columns"] = call("change", run=run, name="columns", value="nothing")
    left = call("save", run=run)
    said["as left"] = call("open", page="anomaly", params={}, file=left["file"], name=left["name"])
    said["closed"] = call("close", run=run)
    return said
