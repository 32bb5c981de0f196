"""Synthetic words, made with a seed: a source, a buzz or a hiss, shaped by the resonances of a mouth.

Source and filter are Fant's ("Acoustic Theory of Speech Production", 1960). The vowels' resonances (formants) are
the men's averages of Peterson and Barney ("Control methods used in a study of the vowels", 1952, table II).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pyapp.core.rng import generator

RATE = 8000  # samples per second
SECONDS = 1.0
FRAME = 256  # samples that are shaped at once; windows overlap by three quarters
WIDTHS = (80.0, 110.0, 160.0)  # Hz, of the first three formants
OTHER, NOISE = "other", "noise"  # another word, and nothing but noise


class Phone(NamedTuple):
    """A stretch of sound: formants in Hz at its beginning and end, milliseconds, and how loud buzz and hiss are."""

    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    ms: float
    buzz: float
    hiss: float


IY, EH, AA = (270.0, 2290.0, 3010.0), (530.0, 1840.0, 2480.0), (730.0, 1090.0, 2440.0)
AO, UH, AE, UW = (570.0, 840.0, 2410.0), (440.0, 1020.0, 2240.0), (660.0, 1720.0, 2410.0), (300.0, 870.0, 2240.0)
N, L, R = (250.0, 1300.0, 2300.0), (360.0, 1000.0, 2700.0), (420.0, 1100.0, 1550.0)
SHARP, FLAT, HIGH, BACK = (2900.0, 3400.0, 3800.0), (1200.0, 2200.0, 3300.0), (1800.0, 2900.0, 3700.0), (400.0, 900.0,
                                                                                                        2200.0)


def _voiced(begin: tuple, end: tuple, ms: float, buzz: float = 1.0) -> Phone:
    return Phone(begin, end, ms, buzz, 0.02)


def _noise(at: tuple, ms: float, hiss: float) -> Phone:
    return Phone(at, at, ms, 0.0, hiss)


PAUSE = _noise(FLAT, 45, 0.0)
STOP_T, STOP_P, STOP_G = (PAUSE, _noise(HIGH, 30, 0.5)), (PAUSE, _noise(BACK, 20, 0.4)), (_noise(FLAT, 25, 0.5),)
S, F = _noise(SHARP, 130, 0.4), _noise(FLAT, 90, 0.12)
WORDS: dict[str, tuple[Phone, ...]] = {
    "yes": (_voiced(IY, EH, 120), _voiced(EH, EH, 110), S),
    "no": (_voiced(N, N, 90, 0.5), _voiced(AO, UH, 260)),
    "left": (_voiced(L, L, 70, 0.6), _voiced(EH, EH, 130), F, *STOP_T),
    "right": (_voiced(R, R, 70, 0.6), _voiced(AA, IY, 240), *STOP_T),
    "stop": (S, *STOP_T, _voiced(AA, AA, 160), *STOP_P),
    "go": (*STOP_G, _voiced(AO, UW, 270)),
}
CLASSES = (*WORDS, OTHER, NOISE)
PARTS = (*(phone for word in WORDS.values() for phone in word), _voiced(AE, AE, 150), _voiced(UW, IY, 200))


def word(name: str, rng: np.random.Generator, decibels: float | None = None) -> np.ndarray:
    """SECONDS of sound of a class in CLASSES, float64 (N,) within -1 to 1. Pitch, speed, size of the mouth, start and
    loudness vary. `decibels` is the signal's level above the noise; None draws 8 to 30. The class OTHER is two to four
    random phones."""
    level = float(rng.uniform(8, 30))
    level = level if decibels is None else decibels
    noise = rng.standard_normal(round(RATE * SECONDS))
    if name == NOISE:
        return 0.5 * noise / np.abs(noise).max() * 10 ** (-level / 20)
    phones: Sequence[Phone] = WORDS.get(name, ())
    if name == OTHER:
        phones = [PARTS[i] for i in rng.integers(len(PARTS), size=int(rng.integers(2, 5, dtype=np.int64)),
                                                 dtype=np.int64)]
    spoken = _spoken(phones, rng)[: len(noise)]
    start = int(rng.integers(len(noise) - len(spoken) + 1, dtype=np.int64))
    sound = np.zeros(len(noise))
    sound[start : start + len(spoken)] = spoken
    power = np.square(spoken).mean()
    sound += noise * np.sqrt(power * 10 ** (-level / 10))
    return float(rng.uniform(0.3, 0.9)) * sound / np.abs(sound).max()


def _spoken(phones: Sequence[Phone], rng: np.random.Generator) -> np.ndarray:
    """The phones one after the other, float64."""
    pitch, speed, mouth = rng.uniform(95, 230), rng.uniform(0.8, 1.25), rng.uniform(0.88, 1.15)
    counts = [max(FRAME // 4, round(phone.ms / 1000 / speed * RATE)) for phone in phones]
    n = sum(counts)
    falling = pitch * np.linspace(1.1, 0.85, n)
    turns = np.cumsum(falling) / RATE
    pulses = np.diff(np.floor(turns), prepend=0.0) * np.sqrt(RATE / pitch)  # one per opening of the vocal cords
    hiss = rng.standard_normal(n)
    buzzes, hisses = (np.repeat([getattr(phone, name) for phone in phones], counts) for name in ("buzz", "hiss"))
    formants = np.concatenate([np.linspace(phone.begin, phone.end, count) for phone, count in zip(
        phones, counts, strict=True)]) / mouth  # n, 3
    return _shaped(_smooth(buzzes) * pulses + _smooth(hisses) * hiss, formants)


def _smooth(x: np.ndarray, over: int = 80) -> np.ndarray:
    """Each number the mean of its neighbours: a mouth takes 10 ms to move."""
    sums = np.cumsum(np.pad(x, (over // 2 + 1, over - over // 2), mode="edge"))
    return (sums[over:] - sums[:-over])[: len(x)] / over


def _shaped(source: np.ndarray, formants: np.ndarray) -> np.ndarray:
    """The source through resonances that move, frame by frame in the frequency domain, added where they overlap."""
    hop = FRAME // 4
    padded = np.pad(source, FRAME)
    starts = np.arange(0, len(padded) - FRAME + 1, hop)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    at = formants[np.clip(starts - FRAME // 2, 0, len(formants) - 1)]  # the formants in the middle of each frame
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[starts] * window
    made = np.fft.irfft(np.fft.rfft(frames, axis=1) * response(np.fft.rfftfreq(FRAME, 1 / RATE), at), FRAME, axis=1)
    out = np.zeros(len(padded))
    for start, frame in zip(starts.tolist(), made * window, strict=True):
        out[start : start + FRAME] += frame
    return out[FRAME : FRAME + len(source)]


def response(frequencies: np.ndarray, formants: np.ndarray) -> np.ndarray:
    """How much the resonances let through, (T, K) for frequencies (K,) in Hz and formants (T, 3).

    Π_j (F_j² + b_j²) / √(((f - F_j)² + b_j²) ((f + F_j)² + b_j²)), b_j half of a formant's width: 1 at f = 0.
    """
    f, centre = frequencies[None, :, None], formants[:, None, :]
    half = np.array(WIDTHS) / 2
    return np.prod((centre**2 + half**2) / np.sqrt(((f - centre) ** 2 + half**2) * ((f + centre) ** 2 + half**2)),
                   axis=2)


def words(seed: int, each: int, stream: str) -> list[tuple[str, np.random.Generator]]:
    """What to make: every class `each` times, each with a generator of its own, so that one can be made alone."""
    return [(name, generator(seed, f"{stream} {name} {i}")) for i in range(each) for name in CLASSES]
