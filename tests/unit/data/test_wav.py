"""WAV files: written by the standard library and read back exactly, and what others write; resampling."""

import struct

import numpy as np
import pytest
from fuzz_importers import zipped
from fuzz_recordings import sound

from pyapp.data.digits import DataError
from pyapp.data.importers import sounds
from pyapp.data.importers.source import of_bytes
from pyapp.data.importers.wav import read, resampled


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_what_wave_writes_is_read_back_exactly(width):
    data = sound(width, 1)
    raw = data[44:]
    codes = [int.from_bytes(raw[i : i + width], "little", signed=width > 1) for i in range(0, len(raw), width)]
    expected = [(code - 128) / 128 if width == 1 else code / 2 ** (8 * width - 1) for code in codes]
    found = read(data, "s.wav")
    assert found.samples.tolist() == expected and found.rate == 8000 and not found.notes


def test_stereo_is_averaged():
    both = np.frombuffer(sound(2, 2)[44:], "<i2").reshape(-1, 2) / 2**15
    found = read(sound(2, 2), "s.wav")
    assert found.samples.tolist() == both.mean(axis=1).tolist() and found.notes == ("its 2 channels are averaged",)


def riff(form: bytes, body: bytes, size: int | None = None, before: bytes = b"") -> bytes:
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack(
        "<I", len(body) if size is None else size) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def form(kind: int, bits: int, channels: int = 1, more: bytes = b"") -> bytes:
    return struct.pack("<HHIIHH", kind, channels, 8000, 8000 * bits // 8, channels * bits // 8, bits) + more


X = np.array([0.5, -0.25, 1.5], np.float32)


def test_floats_extensible_formats_other_chunks_and_sizes_that_streams_leave_open():
    guid = struct.pack("<HHIH", 22, 32, 4, 3) + bytes.fromhex("000000001000800000aa00389b71")
    for data in (riff(form(3, 32), X.tobytes()), riff(form(0xFFFE, 32, more=guid), X.tobytes()),
                 riff(form(3, 32), X.tobytes(), before=b"LIST" + struct.pack("<I", 3) + b"abc\0"),
                 riff(form(3, 32), X.tobytes(), 0xFFFFFFFF), riff(form(3, 32), X.tobytes() + b"\1")):
        assert read(data, "s.wav").samples.tolist() == X.tolist()
    assert read(riff(form(3, 32), X.tobytes(), 99), "s.wav").notes == (
        "its header says 99 bytes of sound, and 12 are there",)


@pytest.mark.parametrize(("data", "said"), [
    (b"", "expected a WAV file"), (b"RF64" + bytes(40), "an RF64 file; save it as PCM"),
    (riff(form(85, 16), b"ab"), "is compressed as MP3"), (riff(form(1, 12), b"ab"), "12 bits per sample"),
    (riff(form(1, 16, 0), b"ab"), "0 channels"), (riff(form(1, 16), b""), "holds no samples"),
    (sound()[:40], "no chunk of samples"),
    (riff(form(3, 32), X.tobytes()[:8] + b"\0\0\xc0\x7f"), "NaN, infinite or larger"),
    (riff(form(3, 64, 2), np.full(4, 1.7e308).tobytes()), "NaN, infinite or larger"),
], ids=lambda part: part if isinstance(part, str) else "")
def test_what_is_no_sound_is_refused_in_one_sentence(data, said):
    with pytest.raises(DataError) as error:
        read(data, "s.wav")
    assert said in str(error.value) and "s.wav" in str(error.value) and "\n" not in str(error.value)


def test_resampling_keeps_a_tone_below_both_nyquist_frequencies_and_removes_one_above():
    t = np.arange(4000) / 8000
    for to in (16000, 11025, 5000):
        there = np.arange(int(np.ceil(4000 * to / 8000))) / to
        inner = slice(to // 16, -to // 16)
        tone = resampled(np.sin(2 * np.pi * 440 * t), 8000, to)
        assert len(tone) == len(there)
        np.testing.assert_allclose(tone[inner], np.sin(2 * np.pi * 440 * there)[inner], atol=2e-3)
    assert np.abs(resampled(np.sin(2 * np.pi * 3500 * t), 8000, 5000)[300:-300]).max() < 2e-3
    assert resampled(t, 8000, 8000).tolist() == t.tolist()


def test_folders_name_classes_and_what_is_no_sound_is_skipped():
    files = {"top/yes/a.wav": sound(), "top/no/b.wav": sound(1), "top/no/c.wav": b"hello", "top/readme.md": b"x"}
    found = sounds.read(of_bytes(zipped(files), "my.zip"))
    assert found.classes == ("no", "yes") and found.names == ["no", "yes"]
    assert dict(found.skipped) == {"top/readme.md": "it is not a WAV file", "top/no/c.wav": (
        "expected a WAV file, found something else; save it as PCM with 16 bits")}
    assert found.report()["sounds"] == 2 and found.report()["longest"] == 200 / 8000
    with pytest.raises(DataError, match=r"x\.zip: no WAV file in it can be read \(a\.wav"):
        sounds.read(of_bytes(zipped({"a.wav": b""}), "x.zip"))
