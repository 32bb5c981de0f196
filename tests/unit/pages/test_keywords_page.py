"""The page Keywords: it learns, hears made words and files, and takes the reader's classes."""

import io
import json
import wave

import numpy as np
import pytest
from fuzz_importers import zipped
from opened import Opened

from pyapp import safetensors, store
from pyapp.core.losses import softmax
from pyapp.core.rng import generator
from pyapp.data import mel, speech
from pyapp.data.importers import wav
from pyapp.data.importers.wav import Sound
from pyapp.measure.keywords import one_second
from pyapp.pages.base import kept
from pyapp.runner import Runner
from pyapp.store import StoreError


class Keywords(Opened):
    name = "keywords"


def file(name: str, seed: int = 1) -> bytes:
    return wav.written(speech.word(name, generator(seed, name)), speech.RATE)


def test_it_learns_and_hears_and_the_sound_can_be_taken_home():
    page = Keywords()
    assert page.opened["frame"].scalars["verdict"] == "The network is still learning."
    with pytest.raises(ValueError, match="still learning"):
        page.act("network")
    scalars = page.done()
    assert [row["name"] for row in scalars["rows"]] == ["float32", "8 bits", "4 bits", "3 bits", "2 bits"]
    assert scalars["rows"][0]["accuracy"] > 0.75 > scalars["rows"][-1]["accuracy"] > 1 / 8
    answer = page.change("word", "left")["frame"]
    assert "Said: “left”. Float32 hears **left" in answer.scalars["verdict"] and answer.arrays["p_quant"].shape == (8,)
    tensors, about = safetensors.unpack(bytes(page.act("network")["file"]))
    word = speech.word("left", generator(1, "heard left 1"), 20.0)
    features = mel.log_mel(one_second(Sound(word, speech.RATE)), speech.RATE)
    x = (features.reshape(-1) - tensors["normal.mean"]) / tensors["normal.deviation"]
    hidden = np.maximum(x @ tensors["layer1.weight"].T + tensors["layer1.bias"], 0)
    scores = hidden @ tensors["layer2.weight"].T + tensors["layer2.bias"]
    np.testing.assert_allclose(softmax(scores), answer.arrays["p_float"], atol=1e-4)
    assert json.loads(about["bitladder"])["classes"] == list(speech.CLASSES)
    assert "run again here, and holds" in page.act("export-json")["notes"][0]
    given = page.act("wav")
    with wave.open(io.BytesIO(bytes(given["file"]))) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnframes()) == (8000, 2, 8000)
    heard = page.restore(given["file"], "mine.wav")
    assert "1.00 s at 8,000 samples per second" in heard["notes"][0]
    assert "Said: mine.wav" in heard["frame"].scalars["verdict"]
    np.testing.assert_allclose(heard["frame"].arrays["p_float"], answer.arrays["p_float"], atol=0.02)
    with pytest.raises(StoreError, match=r"x\.wav: expected a WAV file"):
        page.restore(np.frombuffer(b"hello", np.uint8), "x.wav")


def test_classes_of_ones_own_take_the_place_of_the_words():
    page = Keywords()
    data = zipped({f"{name}/{i}.wav": file(name, i) for name in ("go", "yes") for i in range(6)})
    answer = page.restore(np.frombuffer(data, np.uint8), "mine.zip")
    assert "12 sounds of 2 classes are read here" in answer["notes"][0] and answer["params"]["sounds"] == "own"
    scalars = page.done()
    assert scalars["classes"] == ["go", "yes"] and scalars["rows"][0]["held_out"] == 2
    assert page.change("sounds", "made")["frame"].scalars["classes"] == list(speech.CLASSES)

def test_ones_own_sounds_last_in_a_session_and_what_is_too_large_does_not(monkeypatch):
    page = Keywords()
    data = zipped({f"{name}/{i}.wav": file(name, i) for name in ("go", "yes") for i in range(6)})
    assert "A session file holds them" in page.restore(np.frombuffer(data, np.uint8), "mine.zip")["notes"][1]
    page.restore(np.frombuffer(file("no"), np.uint8), "one.wav")
    before = page.done()
    left = page.save()
    assert not left["shipped"] and len(left["file"]) < 13 * 20_000  # 16 bits per sample
    runner = Runner()
    again = runner.open("keywords", {}, file=left["file"], name=left["name"])
    assert left["step"] == again["frame"].step == 0 and "step" not in left["name"]  # it learns again
    assert "loss" not in again["history"]  # whose points come again too
    after = runner.advance(again["run"], ms=600_000)["frame"].scalars
    assert after["rows"] == before["rows"] and after["verdict"] == before["verdict"]
    assert "Said: one.wav" in after["verdict"]
    snapshot = runner.snapshot(again["run"])
    assert Keywords().restore(snapshot["file"], snapshot["name"])["notes"] == []
    with pytest.raises(StoreError, match="holds no sounds"):
        runner.restore(again["run"], np.frombuffer(store.pack({"x": np.ones(2)}), np.uint8), "x.npz")
    monkeypatch.setattr(kept, "MOST", 50_000)
    runner = Runner()
    run = runner.open("keywords", {})["run"]
    assert "are not kept" in runner.restore(run, np.frombuffer(data, np.uint8), "mine.zip")["notes"][1]
    left = runner.save(run)
    again = runner.open("keywords", {}, file=left["file"], name=left["name"])
    assert again["params"]["sounds"] == "own" and "No sounds of your own" in again["frame"].notes[0]
