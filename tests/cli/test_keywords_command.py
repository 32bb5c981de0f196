"""`keywords`: made words, own folders, and files that are heard."""

import json
import wave

import numpy as np
from answers import refusal

from pyapp.__main__ import main


def tone(path, hertz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.sin(2 * np.pi * hertz * np.arange(4000) / 8000) * np.hanning(4000)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 4000, "NONE", ""))
        file.writeframes((x * 20_000).astype("<i2").tobytes())


def test_folders_of_sounds_are_learned_and_a_file_is_heard(tmp_path, capsys):
    for i in range(6):
        tone(tmp_path / "data" / "low" / f"{i}.wav", 300 + 5 * i)
        tone(tmp_path / "data" / "high" / f"{i}.wav", 2000 + 20 * i)
    tone(tmp_path / "new.wav", 310)
    argv = ["keywords", "--data", str(tmp_path / "data"), "--wav", str(tmp_path / "new.wav"), "--bits", "8"]
    assert main([*argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classes"] == ["high", "low"] and (found["learned"], found["held_out"]) == (10, 2)
    assert [row["accuracy"] for row in found["rows"]] == [1, 1]
    assert [each["class"] for each in found["files"][0]["heard"]] == ["low", "low"]
    assert main(argv) == 0
    assert "new.wav: float32 low (" in capsys.readouterr().out
    (tmp_path / "bad.wav").write_bytes(b"?")
    said = refusal(capsys, "keywords", "--wav", str(tmp_path / "bad.wav"))
    assert "bad.wav: no WAV file in it can be read (bad.wav: expected a WAV file" in said
    assert "cannot be read" in refusal(capsys, "keywords", "--data", str(tmp_path / "none"))
