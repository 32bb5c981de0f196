"""Damaged copies of recordings, CSV files of sensors, WAV files and archives of these: each is refused in a clear
sentence, or read.

    PYTHONPATH=. python tests/unit/fuzz_recordings.py 10000
"""

import io
import wave

import numpy as np
from fuzz_importers import damaged, zipped
from fuzzing import told, tried

from pyapp.data.digits import DataError
from pyapp.data.importers import sensor_csv, sounds, wav
from pyapp.data.importers.source import of_bytes


def sensors() -> bytes:
    rows = [f"2024-05-01T12:00:{i:02},{i * 0.5},{i % 7}" for i in range(30)]
    return "\n".join(["time,a,b", *rows]).encode()


def sound(width: int = 2, channels: int = 1, frames: int = 200) -> bytes:
    """A WAV file as the standard library writes it, of random bytes."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(8000)
        values = np.random.default_rng(3).integers(0, 256, frames * channels * width)
        file.writeframes(values.astype(np.uint8).tobytes())
    return buffer.getvalue()


def words() -> bytes:
    """An archive of two words with a sound each."""
    return zipped({"yes/1.wav": sound(), "no/1.wav": sound(1)})


KINDS = {"sensors": (sensors, sensor_csv.read), "sound": (sound, wav.read),
         "words": (words, lambda data, name: sounds.read(of_bytes(data, f"{name}.zip")))}


def try_all(count: int, seed: int = 0) -> dict:
    """Try `count` damaged copies of each kind: how many were refused, how many read, and what was wrong."""
    rng = np.random.default_rng(seed)
    cases = [((seed, i, kind), kind, damaged(KINDS[kind][0](), rng)) for kind in KINDS for i in range(count)]
    return tried(cases, _read, DataError, 700)


def _read(kind: str, data: bytes) -> None:
    found = KINDS[kind][1](data, "x")
    arrays = {"sensors": lambda: [found.values], "sound": lambda: [found.samples],
              "words": lambda: [each.samples for each in found.sounds]}[kind]()
    assert arrays
    for values in arrays:
        assert values.dtype == np.float64 and len(values) and np.isfinite(values).all()
        assert values.nbytes < 2**26


if __name__ == "__main__":
    told(try_all)
