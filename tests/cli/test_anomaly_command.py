"""`anomaly`, and `data` on sensors and sounds: reports of files as people have them, and refusals."""

import json
import wave

import numpy as np
import pytest
from answers import refusal

from pyapp.__main__ import main


@pytest.fixture
def sensors(tmp_path) -> str:
    t = np.arange(1000)
    rows = [f"{i / 50},{x:.4f},{int(i >= 900)}" for i, x in enumerate(np.sin(t / 3) * np.where(t < 900, 1, 2.5))]
    (tmp_path / "s.csv").write_text("\n".join(["time,shake,fault", *rows]))
    return str(tmp_path / "s.csv")


def test_alarms_of_a_recording_and_the_file_that_holds_them(sensors, tmp_path, capsys):
    out = tmp_path / "alarms.csv"
    assert main(["anomaly", "--data", sensors, "--width", "32", "--bits", "8,3", "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["bits"] for row in found["rows"]] == [None, 8, 3] and found["rows"][0]["detected"] > 0.8
    head, *lines = out.read_text().splitlines()
    assert head == "end,score_float32,alarm_float32,score_8,alarm_8,score_3,alarm_3"
    cells = [line.split(",") for line in lines]
    assert len(cells) == found["windows"] and sum(int(row[2]) for row in cells) == found["rows"][0]["alarms"]
    assert found["alarms_at"] == pytest.approx([float(row[0]) for row in cells if row[2] == "1"])


def test_a_detector_of_a_recording_is_exported_with_its_proof(sensors, tmp_path, capsys):
    out = str(tmp_path / "pump.json")
    asked = ["export", "anomaly", "--data", sensors, "--width", "32", "--bits", "4", "--format"]
    assert main([*asked, "json", "--out", out]) == 0
    assert "ten windows in Python" in capsys.readouterr().out
    told = json.loads((tmp_path / "pump.json").read_text())["manifest"]
    assert told["command"] == (f"python -m pyapp export anomaly --data {sensors} --width 32 --bits 4 --format json "
                               "--out pump.json") and told["measured"]["threshold"] > 0
    assert main(["verify", out]) == 0 and "PARITY OK" in capsys.readouterr().out
    said = refusal(capsys, "export", "anomaly", "--bits", "none", "--format", "c", "--out", str(tmp_path / "a.h"))
    assert said.endswith("it holds integers only, and this network has float32 activations; quantise it with --bits 8")


def test_data_says_how_sensors_and_sounds_are_read(sensors, tmp_path, capsys):
    assert main(["data", sensors]) == 0
    said = capsys.readouterr().out
    assert "1,000 rows, 50 per second, 20 s" in said and "100 rows labelled as faulty" in said and "shake" in said
    for name in ("yes", "no"):
        (tmp_path / "words" / name).mkdir(parents=True)
        with wave.open(str(tmp_path / "words" / name / "1.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 200, "NONE", ""))
            file.writeframes(bytes(400))
    (tmp_path / "words" / "no" / "2.wav").write_bytes(b"?")
    assert main(["data", str(tmp_path / "words")]) == 0
    said = capsys.readouterr().out
    assert "2 sounds of 2 classes, 0.03 to 0.03 s at 8,000 Hz" in said
    assert "skipped no/2.wav: expected a WAV file, found something else" in said


def test_what_cannot_be_listened_to_is_refused(sensors, tmp_path, capsys):
    assert "has no column 'x'; it has shake" in refusal(capsys, "anomaly", "--data", sensors, "--columns", "x")
    assert "need at least" in refusal(capsys, "anomaly", "--data", sensors, "--width", "256")
    for width in ("0", "-3"):
        assert f"--width {width} is no number of rows" in refusal(capsys, "anomaly", f"--width={width}")
    assert "use at least 0 and less than 100 percent" in refusal(capsys, "anomaly", "--false-alarms", "100")
    assert "cannot be read" in refusal(capsys, "anomaly", "--data", str(tmp_path / "none.csv"))
