"""Sound from WAV files (RIFF): PCM of 8, 16, 24 or 32 bits and floats, mixed to one channel, at any rate asked for.

Microsoft, "Multiple Channel Audio Data and WAVE Files" (2007); RIFF: IBM and Microsoft, "Multimedia Programming
Interface and Data Specifications 1.0" (1991).
"""

import struct
from dataclasses import dataclass
from math import gcd

import numpy as np

from pyapp.core.words import counted
from pyapp.data.digits import DataError

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # of a format chunk
OTHERS = {2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "ADPCM", 80: "MPEG", 85: "MP3"}
SAVE_AS = "save it as PCM with 16 bits"
LOWEST, HIGHEST = 1000, 768_000  # samples per second
MOST_CHANNELS = 32
MOST = 20_000_000  # samples of one channel: seven minutes at 48 kHz
LOUDEST = 2.0**32  # floats may be scaled as integers of 32 bits are, but no microphone hears more
ZEROS = 16  # of the filter's sinc on each side of its middle
AT_ONCE = 4096  # samples that are resampled together


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples float64 (N,), -1 to 1, of one channel, `rate` per second; `notes` say how they were read."""

    samples: np.ndarray
    rate: int
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def at(self, rate: int) -> "Sound":
        """The sound resampled to another rate, in samples per second."""
        return Sound(resampled(self.samples, self.rate, rate), rate, self.notes)


def read(data: bytes, name: str) -> Sound:
    """The sound in a WAV file's bytes. DataError says why there is none."""
    if data[:4] in (b"RF64", b"RIFX") or data[8:12] != b"WAVE" or data[:4] != b"RIFF":
        kind = {b"RF64": "an RF64 file", b"RIFX": "a big-endian RIFX file"}.get(data[:4], "something else")
        raise DataError(f"{name}: expected a WAV file, found {kind}; {SAVE_AS}")
    form, body, notes = _chunks(data, name)
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if kind not in (PCM, FLOAT):
        raise DataError(f"{name} is compressed as {OTHERS.get(kind, f'format {kind}')}; {SAVE_AS}")
    if bits not in ((8, 16, 24, 32) if kind == PCM else (32, 64)):
        raise DataError(f"{name} has {bits} bits per sample; {SAVE_AS}")
    if not 1 <= channels <= MOST_CHANNELS or not LOWEST <= rate <= HIGHEST:
        raise DataError(f"{name} has {counted(channels, 'channel')} of {rate:,} samples per second; expected 1 to "
                        f"{MOST_CHANNELS} of {LOWEST:,} to {HIGHEST:,}")
    frame = channels * bits // 8
    if block != frame:
        notes.append(f"its header says that a frame has {block} bytes; {channels} channels of {bits} bits have {frame}")
    frames = len(body) // frame
    if not frames:
        raise DataError(f"{name} holds no samples; record it again")
    if frames > MOST:
        raise DataError(f"{name} has {frames:,} samples; at most {MOST:,} are read: cut it")
    if len(body) % frame:
        notes.append("its last frame is cut off and left out")
    values = _values(body[: frames * frame], kind, bits).reshape(frames, channels)
    if not (np.abs(values) <= LOUDEST).all():
        raise DataError(f"{name} has samples that are NaN, infinite or larger than {LOUDEST:,.0f}; {SAVE_AS}")
    if channels > 1:
        notes.append(f"its {channels} channels are averaged")
    return Sound(values.mean(axis=1), rate, tuple(notes))


def _chunks(data: bytes, name: str) -> tuple[bytes, bytes, list[str]]:
    """The bytes of the format and of the samples. A size that goes past the end of the file is that of the file: who
    streams a sound does not know its length when the header is written."""
    form, notes, at = None, [], 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        part = data[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            form = part
        if kind == b"data":
            if form is None or len(form) < 16:
                raise DataError(f"{name}: its samples come before a whole format chunk; {SAVE_AS}")
            rest = len(data) - at - 8
            if size in (0, 0xFFFFFFFF) and rest:
                part = data[at + 8 :]
                notes.append("its header gives no size, so it is read to its end")
            elif size > rest:
                notes.append(f"its header says {size:,} bytes of sound, and {rest:,} are there")
            return form, part, notes
        at += 8 + size + size % 2
    raise DataError(f"{name} has no chunk of samples: it is cut off or damaged; record it again")


def _values(body: bytes, kind: int, bits: int) -> np.ndarray:
    """Samples float64, -1 to 1: 8 bits are unsigned, 24 bits the upper three bytes of an int32."""
    if kind == FLOAT:
        with np.errstate(over="ignore"):
            return np.frombuffer(body, f"<f{bits // 8}").astype(np.float64)
    if bits == 8:
        return (np.frombuffer(body, np.uint8).astype(np.float64) - 128) / 128
    if bits == 24:
        wide = np.zeros((len(body) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float64) / 2**31
    return np.frombuffer(body, f"<i{bits // 8}").astype(np.float64) / 2.0 ** (bits - 1)


def written(x: np.ndarray, rate: int) -> bytes:
    """A WAV file of samples x (N,), -1 to 1, as PCM with 16 bits; what lies beyond is clipped."""
    body = np.rint(np.clip(x, -1, 1) * (2**15 - 1)).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", PCM, 1, rate, 2 * rate, 2, 16)
    return b"".join([b"RIFF", struct.pack("<I", 36 + len(body)), b"WAVEfmt ", struct.pack("<I", 16), form, b"data",
                     struct.pack("<I", len(body)), body])


def resampled(x: np.ndarray, rate: int, to: int) -> np.ndarray:
    """x (N,) at another rate, float64 (ceil(N·to/rate),): sums with a sinc that cuts off at the lower Nyquist
    frequency, times a Hann window of ZEROS zero crossings on each side (Smith, "Digital Audio Resampling", 2002).

    y_m = c Σ_n x_n sinc(c (n - t_m)) hann(c (n - t_m) / ZEROS) with t_m = m·rate/to, c = min(1, to/rate); x is 0
    outside. ValueError for a rate below 1.
    """
    if rate < 1 or to < 1:
        raise ValueError(f"rates are {rate} and {to}; use whole numbers from 1")
    if rate == to:
        return np.asarray(x, np.float64)
    up, down = to // gcd(rate, to), rate // gcd(rate, to)
    cut = min(1.0, to / rate)
    reach = int(np.ceil(ZEROS / cut))
    padded = np.pad(np.asarray(x, np.float64), reach + 1)
    taps, found = np.arange(-reach, reach + 1), np.empty(-(-len(x) * up // down))
    for start in range(0, len(found), AT_ONCE):
        m = np.arange(start, min(start + AT_ONCE, len(found)), dtype=np.int64)
        whole, part = m * down // up, (m * down % up) / up
        apart = cut * (taps - part[:, None])
        window = np.where(np.abs(apart) < ZEROS, 0.5 + 0.5 * np.cos(np.pi * apart / ZEROS), 0.0)
        near = padded[np.minimum(whole, len(x))[:, None] + taps + reach + 1]
        found[m] = cut * (near * np.sinc(apart) * window).sum(axis=1)
    return found
