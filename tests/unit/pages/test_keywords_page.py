"""The page Keywords: it learns, hears made words and files, and takes the reader's classes."""

import io
import wave

import numpy as np
import pytest
from fuzz_importers import zipped
from opened import Opened

from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.importers import wav
from pyapp.store import StoreError


class Keywords(Opened):
    name = "keywords"


def file(name: str, seed: int = 1) -> bytes:
    return wav.written(speech.word(name, generator(seed, name)), speech.RATE)


def test_it_learns_and_hears_and_the_sound_can_be_taken_home():
    page = Keywords()
    assert page.opened["frame"].scalars["verdict"] == "The network is still learning."
    scalars = page.done()
    assert [row["name"] for row in scalars["rows"]] == ["float32", "8 bits", "4 bits", "3 bits", "2 bits"]
    assert scalars["rows"][0]["accuracy"] > 0.75 > scalars["rows"][-1]["accuracy"] > 1 / 8
    answer = page.change("word", "left")["frame"]
    assert "Said: “left”. Float32 hears **left" in answer.scalars["verdict"] and answer.arrays["p_quant"].shape == (8,)
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
