"""The page Anomaly: it learns, a stream runs, and a recording of the reader's takes the motor's place."""

import json

import numpy as np
import pytest
from opened import Opened

from pyapp import safetensors, store
from pyapp.runner import Runner
from pyapp.store import StoreError


class Anomaly(Opened):
    name = "anomaly"


def recording(rows: int = 1200) -> bytes:
    """A wave whose last part has a fault that a column names."""
    t = np.arange(rows)
    x = np.sin(t / 3) + 0.05 * np.sin(t * 7.7)
    faulty = (t >= rows - 200) & (t < rows - 100)
    x[faulty] = -x[faulty] ** 3
    lines = [f"{i * 0.01:.2f},{x[i]:.4f},7,{int(faulty[i])}" for i in range(rows)]
    return "\n".join(["time,shake,still,fault", *lines]).encode()


def test_it_learns_then_the_stream_runs_and_a_moment_can_be_looked_at():
    page = Anomaly(bits=8)
    assert page.opened["frame"].scalars["bar"] == "learning what is healthy"
    scalars = page.advance(steps=3)["frame"].scalars
    assert scalars["done"] == scalars["of"] and not scalars["training"]
    arrays = page.look().arrays
    assert len(arrays["score_quant"]) == len(arrays["times"]) == 3
    whole = page.advance(ms=600_000)
    assert whole["done"] and len(whole["frame"].arrays["score_quant"]) == whole["frame"].scalars["windows"]
    rows = {row["name"]: row for row in whole["frame"].scalars["rows"]}
    assert list(rows) == ["float32", "8 bits", "4 bits", "3 bits", "2 bits"] and rows["float32"]["changed"] == 0
    assert rows["float32"]["detected"] > 0.7 > rows["2 bits"]["detected"] and rows["8 bits"]["changed"] < 15
    kept = {row["name"]: row for row in page.change("limit", "float")["frame"].scalars["rows"]}
    assert kept["2 bits"]["false_alarms"] > 0.5 > rows["2 bits"]["false_alarms"]
    at = page.change("at", 30.0)["frame"].scalars
    assert abs(at["now"] - 30) < 0.2 and at["now_float"] == pytest.approx(
        float(page.look().arrays["score_float"][at["at"]]), rel=1e-6)
    assert page.change("false_alarms", 20.0)["frame"].scalars["limit_float"] < at["limit_float"]


def test_a_recording_of_ones_own_is_learned_from_and_compared_with_its_labels():
    runner = Runner()
    run = runner.open("anomaly", {"width": "32"})["run"]
    answer = runner.restore(run, np.frombuffer(recording(), np.uint8), "mine.csv")
    assert answer["params"]["recording"] == "own" and "1,200 rows of 2 columns are read here" in answer["notes"][0]
    scalars = runner.change(run, "columns", "shake")["frame"].scalars
    assert scalars["columns_there"] == "shake" and scalars["inputs"] == 32
    scalars = runner.background(run, ms=600_000)["frame"].scalars
    assert scalars["rows"][0]["detected"] > 0.8 and scalars["kinds"] == []
    assert any("no column 'wrong'" in note for note in runner.change(run, "columns", "wrong")["frame"].notes)
    with pytest.raises(StoreError, match=r"b\.csv has 1 row of 2 cells"):
        runner.restore(run, np.frombuffer(b"a,b\n1,2\n", np.uint8), "b.csv")
    with pytest.raises(StoreError, match="windows of 32 rows need at least"):
        runner.restore(run, np.frombuffer(recording(300), np.uint8), "c.csv")
    assert runner.change(run, "columns", "")["frame"].scalars["name"] == "mine.csv"
    assert any("drop a CSV file" in note for note in runner.open("anomaly", {"recording": "own"})["frame"].notes)


def test_a_recording_of_ones_own_lasts_in_a_session():
    runner = Runner()
    run = runner.open("anomaly", {"width": "32", "bits": "8"})["run"]
    notes = runner.restore(run, np.frombuffer(recording(), np.uint8), "mine.csv")["notes"]
    assert "A session file holds it" in notes[1]
    runner.advance(run, steps=4)
    before = runner.background(run, ms=600_000)["frame"].scalars
    left = runner.save(run)
    file = runner.act(run, "network")
    tensors, about = safetensors.unpack(bytes(file["file"]))
    x = np.genfromtxt(recording().decode().splitlines(), delimiter=",", names=True)
    told = json.loads(about["bitladder"])
    assert told["inputs"]["doc"].startswith("inputs: 32 rows of each of shake, still, one column after the other")
    assert told["command"] == ("python -m pyapp export anomaly --data PATH --width 32 --seed 1 --false-alarms 1.0 "
                               "--bits none --format safetensors --out FILE")
    assert told["measured"]["threshold"] == pytest.approx(before["limit_float"], abs=1e-4)
    assert file["name"] == "anomaly-float32.safetensors"
    integers = runner.act(run, "export-c")
    assert integers["name"] == "anomaly-w8a8.zip" and "run again here, and holds" in integers["notes"][0]
    assert tensors["layer1.weight"].shape == (32, 64) and tensors["normal.mean"].shape == (64,)
    assert tensors["normal.mean"][0] == pytest.approx(x["shake"][:480].mean())
    assert tensors["normal.mean"][-1] == 7
    again = Runner()
    opened = again.open("anomaly", {}, file=left["file"], name=left["name"])
    after = again.background(opened["run"], ms=600_000)["frame"].scalars
    assert after == before and after["name"] == "mine.csv" and opened["params"]["recording"] == "own"
    with pytest.raises(StoreError, match="holds no run of this page"):
        again.restore(opened["run"], np.frombuffer(store.pack({"x": np.ones(2)}), np.uint8), "x.npz")
